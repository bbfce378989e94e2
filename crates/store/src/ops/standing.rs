//! What people allowed in advance.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::insert;
use crate::{NewAudit, Result, StandingApprovalRow, Store};

/// Longest list.
const STANDING_MAX: u32 = 1000;
/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

impl Store {
    /// Adds a standing approval.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn create_standing_approval(&self, row: &StandingApprovalRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// One standing approval.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_standing_approval(&self, workspace: &str, id: &str) -> Result<Option<StandingApprovalRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// All of a workspace, newest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_standing_approvals(&self, workspace: &str) -> Result<Vec<StandingApprovalRow>> {
        let tail = "WHERE workspace = ?1 ORDER BY granted_at DESC, id DESC LIMIT ?2";
        self.rows(tail, params![workspace, STANDING_MAX]).await
    }

    /// Those that may allow something of a step after `now`, oldest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn standing_approvals_of(
        &self,
        workspace: &str,
        workflow: &str,
        step: &str,
        now: i64,
    ) -> Result<Vec<StandingApprovalRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 AND step = ?3 AND until > ?4 AND revoked_at IS NULL \
                    ORDER BY granted_at, id LIMIT ?5";
        self.rows(tail, params![workspace, workflow, step, now, STANDING_MAX]).await
    }

    /// Counts one use at `now`. `false` when it was revoked, has ended or was used often enough that day: then it allows
    /// nothing. However many count at the same moment, no more than the day's number are true.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn use_standing_approval(&self, workspace: &str, id: &str, now: i64) -> Result<bool> {
        let sql = "UPDATE standing_approvals SET used_that_day = CASE WHEN day = ?4 THEN used_that_day + 1 ELSE 1 END, \
                   day = ?4, used = used + 1 WHERE workspace = ?1 AND id = ?2 AND revoked_at IS NULL AND until > ?3 \
                   AND (day <> ?4 OR used_that_day < per_day)";
        let statement = Statement::new(sql, params![workspace, id, now, now.div_euclid(DAY_MS)]);
        Ok(self.execute(statement).await?.affected > 0)
    }

    /// Lets it allow nothing any more, at once.
    ///
    /// # Errors
    /// `NotFound` when there is none that is not revoked.
    pub async fn revoke_standing_approval(
        &self,
        workspace: &str,
        id: &str,
        at: i64,
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let sql =
            "UPDATE standing_approvals SET revoked_at = ?3 WHERE workspace = ?1 AND id = ?2 AND revoked_at IS NULL";
        let statement = Statement::new(sql, params![workspace, id, at]).must_hit("standing approval");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}
