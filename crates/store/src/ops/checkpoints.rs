//! Reading and assigning checkpoints. Opening and deciding is part of a commit.

use super::inbox::InboxRange;
use crate::database::{Statement, Write};
use crate::rows::{TableRow, params};
use crate::sql::BY_ID;
use crate::store::{audited, decode};
use crate::{
    Change, ChangeKind, CheckpointKind, CheckpointRow, CheckpointStatus, Conflict, NewAudit, NewOutbound,
    OutboundReason, OutboundRow, Result, Store, StoreError,
};

/// Which checkpoints; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct CheckpointFilter {
    /// Open or decided.
    pub status: Option<CheckpointStatus>,
    /// Any of these; empty means any.
    pub kind: Vec<CheckpointKind>,
    /// Workflow id.
    pub workflow: Option<String>,
    /// Step id.
    pub step: Option<String>,
    /// Run id.
    pub run: Option<String>,
    /// Any of these customers; empty means any. Who was merged is asked for by [`Store::customer_ids`].
    pub customer: Vec<String>,
    /// Part of what is asked and shown, in any case, or a run id.
    pub text: Option<String>,
    /// Customers the text stands for too.
    pub text_customers: Vec<String>,
    /// Only open ones in one of these ranges, no two of which have one in common.
    pub among: Option<Vec<InboxRange>>,
}

/// A hint that something about a checkpoint is new.
pub(super) fn changed(workspace: &str, id: &str) -> Change {
    Change { workspace: workspace.to_owned(), kind: ChangeKind::Checkpoint, id: id.to_owned() }
}

impl Store {
    /// One checkpoint.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_checkpoint(&self, workspace: &str, id: &str) -> Result<Option<CheckpointRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// One checkpoint of any workspace; only for personal decision links, whose token names the checkpoint.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_checkpoint(&self, id: &str) -> Result<Option<CheckpointRow>> {
        self.row("WHERE id = ?1", params![id]).await
    }

    /// Gives an open checkpoint to an operator, or back to everybody. Who gets it from somebody else is told.
    ///
    /// # Errors
    /// `NotFound`, `Conflict::AlreadyDecided`.
    pub async fn assign_checkpoint(
        &self,
        workspace: &str,
        id: &str,
        assigned_to: Option<&str>,
        audit: Vec<NewAudit>,
    ) -> Result<CheckpointRow> {
        let sql = format!(
            "UPDATE checkpoints SET assigned_to = ?3 WHERE workspace = ?1 AND id = ?2 AND status = 'open' RETURNING {}",
            CheckpointRow::column_list()
        );
        let statement = Statement::new(sql, params![workspace, id, assigned_to]).must_hit("checkpoint");
        let mut statements = Vec::new();
        let took = |entry: &&NewAudit| assigned_to.is_some_and(|to| entry.actor.ends_with(&format!(":{to}")));
        if let Some(entry) = audit.first().filter(|entry| !took(entry)) {
            let told = NewOutbound { checkpoint: id.to_owned(), reason: OutboundReason::Reassigned };
            statements.push(super::outbound::add(&OutboundRow::announcing(workspace, &told, (entry.at, entry.at))));
        }
        statements.push(statement);
        let changes = vec![changed(workspace, id)];
        let write = Write { statements, audit: audited(workspace, audit), changes };
        match self.write(write).await {
            Ok(mut done) => {
                let rows = decode(done.pop().unwrap_or_default().rows)?;
                rows.into_iter().next().ok_or(StoreError::NotFound("checkpoint"))
            }
            Err(StoreError::NotFound(what)) => match self.get_checkpoint(workspace, id).await? {
                Some(row) => Err(Conflict::AlreadyDecided(Box::new(row)).into()),
                None => Err(StoreError::NotFound(what)),
            },
            Err(error) => Err(error),
        }
    }
}
