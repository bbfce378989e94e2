//! What the planner must know about the database.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::audit::AuditHead;
use crate::rows::IdempotencyRow;
use crate::{CheckpointChange, CheckpointRow, Commit, ReceiptKeys, RunStatus};

/// Workspace and id.
pub(crate) type Key = (String, String);

/// Everything a batch looks at. Sorted, so that concurrent writers lock in the same order.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) runs: BTreeSet<Key>,
    pub(crate) pointers: BTreeSet<Key>,
    pub(crate) inbound: BTreeSet<Key>,
    pub(crate) checkpoints: BTreeSet<Key>,
    pub(crate) conversations: BTreeSet<Key>,
    pub(crate) messages: BTreeSet<Key>,
    /// Workspace, scope, key.
    pub(crate) idempotency: BTreeSet<(String, String, String)>,
    pub(crate) audit: BTreeSet<String>,
}

impl Wanted {
    pub(crate) fn of<'a>(commits: impl IntoIterator<Item = &'a Commit>) -> Self {
        let mut wanted = Self::default();
        for commit in commits {
            wanted.add(commit);
        }
        wanted
    }

    fn add(&mut self, commit: &Commit) {
        let key = |id: &String| (commit.workspace.clone(), id.clone());
        self.runs.insert(key(&commit.run_id));
        if let Some(pointed) = &commit.pointed {
            self.pointers.insert(key(&pointed.workflow));
        }
        if let Some(id) = &commit.inbound {
            self.inbound.insert(key(id));
        }
        for change in &commit.checkpoints {
            self.checkpoints.insert(match change {
                CheckpointChange::Open(row) => key(&row.id),
                CheckpointChange::Close { id, .. }
                | CheckpointChange::Ask { id, .. }
                | CheckpointChange::Find { id, .. }
                | CheckpointChange::Touch { id, .. }
                | CheckpointChange::Move { id, .. } => key(id),
            });
        }
        for message in &commit.messages {
            self.messages.insert(key(&message.id));
            self.conversations.insert(key(&message.conversation));
        }
        if let (Some(_), Some(id)) = (&commit.proven, &commit.run.conversation) {
            self.conversations.insert(key(id));
        }
        if let Some((id, _)) = &commit.conversation_status {
            self.conversations.insert(key(id));
        }
        if let Some(id) = commit.heard() {
            self.conversations.insert(key(id));
        }
        if let Some(new) = &commit.idempotency {
            self.idempotency.insert((commit.workspace.clone(), new.scope.clone(), new.key.clone()));
        }
        if !commit.audit.is_empty() {
            self.audit.insert(commit.workspace.clone());
        }
    }
}

/// Where a stored run stands, as far as a commit must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) seq: u64,
    pub(crate) status: RunStatus,
}

/// What the database holds, as far as wanted.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The runs that exist.
    pub(crate) runs: HashMap<Key, Standing>,
    /// `pointer_revision` of workflows.
    pub(crate) pointers: HashMap<Key, u64>,
    /// What came in and waits.
    pub(crate) inbound: HashSet<Key>,
    pub(crate) checkpoints: HashMap<Key, CheckpointRow>,
    /// Position of the newest message.
    pub(crate) conversations: HashMap<Key, u64>,
    /// Messages that are already stored.
    pub(crate) messages: HashSet<Key>,
    pub(crate) idempotency: HashMap<(String, String, String), IdempotencyRow>,
    pub(crate) audit_heads: HashMap<String, AuditHead>,
    /// What decisions are signed with.
    pub(crate) receipts: Option<ReceiptKeys>,
}
