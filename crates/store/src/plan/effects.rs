//! What a batch writes.

use std::collections::HashMap;
use std::hash::Hash;

use super::Key;
use crate::rows::{Column, IdempotencyRow, InboundEndRow, ParamRef, TableRow, row};
use crate::{
    AuditRow, Change, CheckpointRow, Commit, ConversationStatus, MessageRow, OutboundRow, RunRow, StepExecutionRow,
    WaitingFor,
};

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
        pub waiting_for: Option<WaitingFor>,
        /// Number of the last committed event row.
        pub seq: u64,
        /// Time of the commit.
        pub updated_at: i64,
        /// Node that drives it.
        pub node: Option<String>,
    }
}

/// Anything with the values of a row, in the order of its table's columns.
pub(crate) trait Values {
    fn values(&self) -> Vec<ParamRef<'_>>;
}

impl<T: TableRow> Values for T {
    fn values(&self) -> Vec<ParamRef<'_>> {
        self.borrowed()
    }
}

/// A run as its commit leaves it; nothing is copied out of the commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunWrite<'c>(pub(super) &'c Commit);

impl RunWrite<'_> {
    fn seq(self) -> u64 {
        self.0.expected_seq + 1
    }
}

impl Values for RunWrite<'_> {
    fn values(&self) -> Vec<ParamRef<'_>> {
        let mut values = self.0.run.borrowed();
        for (value, (name, _)) in values.iter_mut().zip(RunRow::COLUMNS) {
            match *name {
                "id" => *value = self.0.run_id.as_param(),
                "workspace" => *value = self.0.workspace.as_param(),
                "seq" => *value = ParamRef::from(self.seq()),
                _ => {}
            }
        }
        values
    }
}

/// The columns of [`RunMoveRow`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunMove<'c>(pub(super) &'c Commit);

impl Values for RunMove<'_> {
    fn values(&self) -> Vec<ParamRef<'_>> {
        let Commit { workspace, run_id, run, .. } = self.0;
        let RunRow { step, step_kind, waiting_for, updated_at, node, .. } = run;
        vec![
            workspace.as_param(),
            run_id.as_param(),
            step.as_param(),
            step_kind.as_param(),
            waiting_for.as_param(),
            ParamRef::from(RunWrite(self.0).seq()),
            updated_at.as_param(),
            node.as_param(),
        ]
    }
}

/// The columns of [`RunEventsRow`](crate::RunEventsRow).
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventsWrite<'c>(pub(super) &'c Commit);

impl Values for EventsWrite<'_> {
    fn values(&self) -> Vec<ParamRef<'_>> {
        let Commit { workspace, run_id, at, events, .. } = self.0;
        let seq = ParamRef::from(RunWrite(self.0).seq());
        vec![workspace.as_param(), run_id.as_param(), seq, at.as_param(), events.as_param()]
    }
}

/// An attempt of the commit's run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepWrite<'c> {
    pub(super) commit: &'c Commit,
    pub(super) row: &'c StepExecutionRow,
}

impl Values for StepWrite<'_> {
    fn values(&self) -> Vec<ParamRef<'_>> {
        let mut values = self.row.borrowed();
        for (value, (name, _)) in values.iter_mut().zip(StepExecutionRow::COLUMNS) {
            match *name {
                "workspace" => *value = self.commit.workspace.as_param(),
                "run" => *value = self.commit.run_id.as_param(),
                _ => {}
            }
        }
        values
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
        /// New customer.
        pub customer: Option<String>,
        /// 0 where the customer said something: one that is put aside is back, any other stays as it is.
        pub snoozed_until: Option<i64>,
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

/// Workspace and id, of the commit.
type KeyOf<'c> = (&'c str, &'c str);

/// Everything one transaction writes for its commits.
#[derive(Debug, Default)]
pub(crate) struct Effects<'c> {
    pub(crate) new_runs: Keyed<KeyOf<'c>, RunWrite<'c>>,
    pub(crate) moved_runs: Keyed<KeyOf<'c>, RunMove<'c>>,
    pub(crate) changed_runs: Keyed<KeyOf<'c>, RunWrite<'c>>,
    pub(crate) events: Vec<EventsWrite<'c>>,
    pub(crate) step_executions: Keyed<(&'c str, &'c str, u32, u32, u32), StepWrite<'c>>,
    pub(crate) checkpoints: Keyed<Key, CheckpointRow>,
    pub(crate) messages: Vec<MessageRow>,
    pub(crate) conversations: Keyed<Key, ConversationChangeRow>,
    pub(crate) audit: Vec<AuditRow>,
    pub(crate) audit_heads: Keyed<String, AuditHeadRow>,
    pub(crate) idempotency: Vec<IdempotencyRow>,
    pub(crate) inbound: Vec<InboundEndRow>,
    pub(crate) outbound: Vec<OutboundRow>,
    pub(crate) changes: Vec<Change>,
}

impl Effects<'_> {
    /// The change of a conversation, begun when the batch has none yet.
    pub(super) fn conversation(&mut self, key: &Key, last_position: u64, at: i64) -> &mut ConversationChangeRow {
        let change = self.conversations.get_or_put(key.clone(), || ConversationChangeRow {
            workspace: key.0.clone(),
            id: key.1.clone(),
            last_position,
            last_message_at: None,
            updated_at: at,
            status: None,
            customer: None,
            snoozed_until: None,
        });
        change.updated_at = change.updated_at.max(at);
        change
    }
}
