//! The key that credentials are sealed with, itself sealed with one that is not in the database.

use crate::database::{Statement, Write};
use crate::rows::{TableRow, params};
use crate::sql::insert_sql;
use crate::{NewAudit, Result, Store, VaultKeyRow};

impl Store {
    /// Keeps a key unless there is one with this id.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_vault_key(&self, row: &VaultKeyRow) -> Result<()> {
        let sql = format!("{} ON CONFLICT DO NOTHING", insert_sql::<VaultKeyRow>());
        self.execute(Statement::new(sql, row.params())).await.map(|_| ())
    }

    /// The key with this id.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_vault_key(&self, id: &str) -> Result<Option<VaultKeyRow>> {
        self.row("WHERE id = ?1", params![id]).await
    }

    /// Keeps a key as it is sealed now, with the entries that say so, each of a workspace.
    ///
    /// # Errors
    /// `NotFound` when it was sealed anew since it was read.
    pub async fn reseal_vault_key(
        &self,
        read: &VaultKeyRow,
        now: &VaultKeyRow,
        audit: Vec<(String, NewAudit)>,
    ) -> Result<()> {
        let sql = "UPDATE vault_keys SET sealed = ?3, rotated_at = ?4 WHERE id = ?1 AND sealed = ?2";
        let params = params![&read.id, &read.sealed, &now.sealed, &now.rotated_at];
        let statements = vec![Statement::new(sql, params).must_hit("vault key")];
        self.write(Write { statements, audit, changes: Vec::new() }).await.map(|_| ())
    }
}
