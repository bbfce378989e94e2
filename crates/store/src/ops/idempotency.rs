//! Remembered answers for requests that create something other than a run.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::insert_sql;
use crate::{IdempotencyRow, Result, Store};

/// What a reservation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// The key is yours: do the work, then complete or release it.
    Fresh,
    /// The key was used before; without a status the first request is still being worked on.
    Known(Box<IdempotencyRow>),
}

impl Store {
    /// Takes a key; of any number of callers one gets `Fresh`.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn reserve_idempotency(&self, row: &IdempotencyRow) -> Result<Reservation> {
        use crate::rows::TableRow;
        let sql = format!("{} ON CONFLICT DO NOTHING", insert_sql::<IdempotencyRow>());
        if self.execute(Statement::new(sql, row.params())).await?.affected > 0 {
            return Ok(Reservation::Fresh);
        }
        let known = self.get_idempotency(&row.workspace, &row.scope, &row.key).await?;
        // Released between the two statements: the caller may try again, which is what Busy says.
        let gone = || crate::StoreError::Busy("the idempotency key was just released".to_owned());
        Ok(Reservation::Known(Box::new(known.ok_or_else(gone)?)))
    }

    /// What a key was used for.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn get_idempotency(&self, workspace: &str, scope: &str, key: &str) -> Result<Option<IdempotencyRow>> {
        self.row("WHERE workspace = ?1 AND scope = ?2 AND \"key\" = ?3", params![workspace, scope, key]).await
    }

    /// Remembers the answer of a reserved key.
    ///
    /// # Errors
    /// `NotFound` when the key is not reserved.
    pub async fn complete_idempotency(
        &self,
        workspace: &str,
        scope: &str,
        key: &str,
        status: u16,
        body: &str,
    ) -> Result<()> {
        let sql = "UPDATE idempotency SET response_status = ?4, response_body = ?5 \
                   WHERE workspace = ?1 AND scope = ?2 AND \"key\" = ?3";
        let values = params![workspace, scope, key, i64::from(status), body];
        self.execute(Statement::new(sql, values).must_hit("idempotency key")).await.map(|_| ())
    }

    /// Gives a reserved key back after a failure that the client may repeat; an answered key stays.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn release_idempotency(&self, workspace: &str, scope: &str, key: &str) -> Result<()> {
        let sql = "DELETE FROM idempotency WHERE workspace = ?1 AND scope = ?2 AND \"key\" = ?3 \
                   AND response_status IS NULL";
        self.execute(Statement::new(sql, params![workspace, scope, key])).await.map(|_| ())
    }

    /// Forgets answers older than this; returns how many.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn purge_idempotency(&self, before: i64) -> Result<u64> {
        let sql = "DELETE FROM idempotency WHERE created_at < ?1";
        Ok(self.execute(Statement::new(sql, params![before])).await?.affected)
    }
}
