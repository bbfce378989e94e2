//! Conversations that were put aside and come back.

use super::conversations::changed;
use crate::database::{Row, Statement, Write, column};
use crate::rows::params;
use crate::store::audited;
use crate::{NewAudit, Result, Store, StoreError};

/// A conversation whose time aside is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnoozeOver {
    /// Workspace.
    pub workspace: String,
    /// Conversation id.
    pub conversation: String,
    /// When it was to come back; 0 when its customer wrote first.
    pub until: i64,
}

impl Store {
    /// Conversations of all workspaces whose time aside is over. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn snoozes_over(&self, now: i64, limit: u32) -> Result<Vec<SnoozeOver>> {
        let sql = "SELECT workspace, id, snoozed_until FROM conversations WHERE snoozed_until <= ?1 ORDER BY snoozed_until \
                   LIMIT ?2";
        let read = |row: Row| {
            let mut values = row.into_iter();
            Ok(SnoozeOver {
                workspace: column(&mut values, "conversations.workspace")?,
                conversation: column(&mut values, "conversations.id")?,
                until: column(&mut values, "conversations.snoozed_until")?,
            })
        };
        self.query(sql.to_owned(), params![now, limit]).await?.into_iter().map(read).collect()
    }

    /// Ends a time aside that is over. `false` when it is not as it was found any more; then nothing is done.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn end_snooze(&self, over: &SnoozeOver, audit: NewAudit) -> Result<bool> {
        let sql =
            "UPDATE conversations SET snoozed_until = NULL WHERE workspace = ?1 AND id = ?2 AND snoozed_until = ?3";
        let statement = Statement::new(sql, params![&over.workspace, &over.conversation, over.until]);
        let write = Write {
            statements: vec![statement.must_hit("conversation")],
            audit: audited(&over.workspace, vec![audit]),
            changes: changed(&over.workspace, &over.conversation),
        };
        match self.write(write).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
