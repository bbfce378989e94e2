//! Texts that operators reply with.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::{BY_ID, insert, update};
use crate::{CannedReplyRow, NewAudit, Result, Store};

/// Replies a workspace may keep.
const REPLIES_MAX: u32 = 200;

impl Store {
    /// A workspace's replies by name.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_canned_replies(&self, workspace: &str) -> Result<Vec<CannedReplyRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY name LIMIT ?2", params![workspace, REPLIES_MAX]).await
    }

    /// One reply.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_canned_reply(&self, workspace: &str, id: &str) -> Result<Option<CannedReplyRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// Keeps a reply; false when there are as many as there may be.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one of that name.
    pub async fn create_canned_reply(&self, row: &CannedReplyRow, audit: Vec<NewAudit>) -> Result<bool> {
        if self.list_canned_replies(&row.workspace).await?.len() >= REPLIES_MAX as usize {
            return Ok(false);
        }
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| true)
    }

    /// Replaces a reply's name and text.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_canned_reply(&self, row: &CannedReplyRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, update(row).must_hit("canned reply"), audit).await.map(|_| ())
    }

    /// Removes a reply.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_canned_reply(&self, workspace: &str, id: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM canned_replies WHERE workspace = ?1 AND id = ?2";
        let statement = Statement::new(sql, params![workspace, id]).must_hit("canned reply");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}
