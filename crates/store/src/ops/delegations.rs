//! Who decides for whom, and who is away.

use crate::database::{Statement, column};
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

    /// How many of one person to another, or to nobody, end after `after`.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn count_delegations(
        &self,
        workspace: &str,
        (from, to): (&str, Option<&str>),
        after: i64,
    ) -> Result<u64> {
        let sql = "SELECT count(*) FROM delegations WHERE workspace = ?1 AND from_user = ?2 \
                   AND coalesce(to_user, '') = ?3 AND ends_at > ?4";
        let params = params![workspace, from, to.unwrap_or_default(), after];
        let row = self.query(sql.to_owned(), params).await?.into_iter().next();
        row.map_or(Ok(0), |row| column(&mut row.into_iter(), "count"))
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
