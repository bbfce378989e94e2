//! Who decides for whom, and who is away.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::insert;
use crate::{DelegationRow, NewAudit, Result, Store};

/// Longest list.
const DELEGATIONS_MAX: u32 = 1000;

impl Store {
    /// Adds a delegation.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn create_delegation(&self, row: &DelegationRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// One delegation.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_delegation(&self, workspace: &str, id: &str) -> Result<Option<DelegationRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// Those that end after `after`, soonest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_delegations(&self, workspace: &str, after: i64) -> Result<Vec<DelegationRow>> {
        let tail = "WHERE workspace = ?1 AND ends_at > ?2 ORDER BY ends_at, id LIMIT ?3";
        self.rows(tail, params![workspace, after, DELEGATIONS_MAX]).await
    }

    /// Ends one at `at`, at once.
    ///
    /// # Errors
    /// `NotFound` when there is none that goes on.
    pub async fn end_delegation(&self, workspace: &str, id: &str, at: i64, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "UPDATE delegations SET ends_at = ?3 WHERE workspace = ?1 AND id = ?2 AND ends_at > ?3";
        let statement = Statement::new(sql, params![workspace, id, at]).must_hit("delegation");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}
