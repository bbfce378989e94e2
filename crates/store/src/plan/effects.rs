//! What a batch writes.

use std::collections::HashMap;
use std::hash::Hash;

use super::Key;
use crate::rows::{IdempotencyRow, row};
use crate::{AuditRow, Change, CheckpointRow, ConversationStatus, MessageRow, RunEventsRow, RunRow, StepExecutionRow};

row! {
    /// What changes in a run that goes on running: columns no index holds, so the indexes stay as they are.
    pub struct RunMoveRow in "runs" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// Run id.
        pub id: String,
        /// Current step id.
        pub step: Option<String>,
        /// Type of the current step.
        pub step_kind: Option<String>,
        /// What it waits for.
        pub waiting_for: Option<String>,
        /// Number of the last committed event row.
        pub seq: u64,
        /// Time of the commit.
        pub updated_at: i64,
        /// Node that drives it.
        pub node: Option<String>,
    }
}

row! {
    /// What a batch changes in a conversation; `None` leaves the column.
    pub struct ConversationChangeRow in "conversations" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// Conversation id.
        pub id: String,
        /// Position of the newest message.
        pub last_position: u64,
        /// Time of the newest message.
        pub last_message_at: Option<i64>,
        /// Time of the change.
        pub updated_at: i64,
        /// New status.
        pub status: Option<ConversationStatus>,
    }
}

row! {
    /// The end of a workspace's audit chain.
    pub struct AuditHeadRow in "audit_heads" key(workspace) {
        /// Workspace.
        pub workspace: String,
        /// Number of the last entry.
        pub seq: u64,
        /// Hash of the last entry.
        pub hash: String,
    }
}

/// Rows in order of first appearance, one per key: a set-based statement must not meet the same row twice.
#[derive(Debug)]
pub(crate) struct Keyed<K, T> {
    index: HashMap<K, usize>,
    rows: Vec<T>,
}

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Self { index: HashMap::new(), rows: Vec::new() }
    }
}

impl<K: Hash + Eq, T> Keyed<K, T> {
    /// Adds a row or replaces the one with this key.
    pub(crate) fn put(&mut self, key: K, row: T) {
        match self.index.get(&key) {
            Some(index) => self.rows[*index] = row,
            None => {
                self.index.insert(key, self.rows.len());
                self.rows.push(row);
            }
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.index.contains_key(key)
    }

    fn get_or_put(&mut self, key: K, row: impl FnOnce() -> T) -> &mut T {
        let index = *self.index.entry(key).or_insert_with(|| {
            self.rows.push(row());
            self.rows.len() - 1
        });
        &mut self.rows[index]
    }

    pub(crate) fn rows(&self) -> &[T] {
        &self.rows
    }
}

/// Everything one transaction writes for its commits.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) new_runs: Keyed<Key, RunRow>,
    pub(crate) moved_runs: Keyed<Key, RunMoveRow>,
    pub(crate) changed_runs: Keyed<Key, RunRow>,
    pub(crate) events: Vec<RunEventsRow>,
    pub(crate) step_executions: Keyed<(String, String, u32, u32, u32), StepExecutionRow>,
    pub(crate) checkpoints: Keyed<Key, CheckpointRow>,
    pub(crate) messages: Vec<MessageRow>,
    pub(crate) conversations: Keyed<Key, ConversationChangeRow>,
    pub(crate) audit: Vec<AuditRow>,
    pub(crate) audit_heads: Keyed<String, AuditHeadRow>,
    pub(crate) idempotency: Vec<IdempotencyRow>,
    pub(crate) changes: Vec<Change>,
}

impl Effects {
    /// The change of a conversation, begun when the batch has none yet.
    pub(super) fn conversation(&mut self, key: &Key, last_position: u64, at: i64) -> &mut ConversationChangeRow {
        let change = self.conversations.get_or_put(key.clone(), || ConversationChangeRow {
            workspace: key.0.clone(),
            id: key.1.clone(),
            last_position,
            last_message_at: None,
            updated_at: at,
            status: None,
        });
        change.updated_at = change.updated_at.max(at);
        change
    }
}
