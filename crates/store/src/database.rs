//! What a database must be able to do. Everything else is written once, above this trait.

use std::borrow::Cow;

use async_trait::async_trait;

use crate::rows::{Field, FieldOf, Param, Value};
use crate::{Change, Commit, CommitOutcome, NewAudit, Priority, Result, StoreError};

/// A query and its parameters.
pub(crate) type Question = (Cow<'static, str>, Vec<Param>);

/// One row of an answer.
pub(crate) type Row = Vec<Value>;

/// The database behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// One file, one process.
    Sqlite,
    /// Shared by a fleet.
    Postgres,
}

/// One statement of a write. Placeholders are `?1`, `?2`, … on both databases.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) params: Vec<Param>,
    /// When set, a statement that touches no row fails the write with `NotFound` of this thing.
    pub(crate) must_hit: Option<&'static str>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params, must_hit: None }
    }

    pub(crate) fn must_hit(mut self, what: &'static str) -> Self {
        self.must_hit = Some(what);
        self
    }
}

/// What a statement did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Rows changed (or returned).
    pub(crate) affected: u64,
    /// Rows of a `RETURNING` clause.
    pub(crate) rows: Vec<Row>,
}

/// One transaction: statements in order, then audit entries, then hints for subscribers once it is durable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Write {
    pub(crate) statements: Vec<Statement>,
    pub(crate) audit: Vec<(String, NewAudit)>,
    pub(crate) changes: Vec<Change>,
}

/// Implemented by SQLite and PostgreSQL.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    fn kind(&self) -> DatabaseKind;
    /// Whether other processes may use it too.
    fn shared(&self) -> bool {
        match self.kind() {
            DatabaseKind::Sqlite => false,
            DatabaseKind::Postgres => true,
        }
    }
    /// Runs one transaction; all or nothing.
    async fn write(&self, write: Write) -> Result<Vec<Done>>;
    /// Runs queries outside of any transaction, all on one trip; the answers in the same order.
    async fn read(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>>;
    /// Queues a commit for the group writer.
    async fn commit(&self, commit: Commit, priority: Priority) -> Result<CommitOutcome>;
    /// Applies missing migrations; returns their names.
    async fn migrate(&self) -> Result<Vec<String>>;
    /// Version and name of every applied migration.
    async fn applied_migrations(&self) -> Result<Vec<(i64, String)>>;
    /// Runs SQL text as it is.
    #[cfg(feature = "testing")]
    async fn raw(&self, sql: String) -> Result<()>;
    /// Accepts nothing new and waits for what is queued.
    async fn close(&self);
}

/// Reads one column of a row.
pub(crate) fn column<T: Field>(row: &mut std::vec::IntoIter<Value>, name: &str) -> Result<T> {
    crate::rows::next(row, name)
}

/// Reads one column that means something together with another.
pub(crate) fn column_of<K, T: FieldOf<K>>(row: &mut std::vec::IntoIter<Value>, name: &str, of: &K) -> Result<T> {
    crate::rows::next_of(row, name, of)
}

/// Names the thing a table holds, for `AlreadyExists`.
pub(crate) fn thing_in(table: &str) -> &'static str {
    match table {
        "workspaces" => "workspace",
        "users" => "user",
        "memberships" => "member",
        "sessions" => "session",
        "api_keys" => "API key",
        "one_time_tokens" => "token",
        "workflows" => "workflow",
        "workflow_versions" => "version",
        "activations" => "activation",
        "test_cases" => "test case",
        "triggers" => "trigger",
        "samples" => "sample",
        "inbound" => "inbound event",
        "runs" => "run",
        "saved_views" => "view",
        "canned_replies" => "canned reply",
        "delegations" => "delegation",
        "standing_approvals" => "standing approval",
        "run_events" => "event",
        "step_executions" => "step execution",
        "checkpoints" => "checkpoint",
        "customers" => "customer",
        "customer_merges" => "merge",
        "conversations" => "conversation",
        "messages" => "message",
        "message_refs" => "message reference",
        "notes" => "note",
        "connections" => "connection",
        "connection_tokens" => "connected account",
        "authorizations" => "authorization",
        "connectors" => "connector",
        "connector_revisions" => "connector revision",
        "channel_accounts" => "channel account",
        "nodes" => "node",
        "idempotency" => "idempotency key",
        "audit" => "audit entry",
        _ => "row",
    }
}

/// The error for a writer that is gone.
pub(crate) fn closed() -> StoreError {
    StoreError::Busy("the store is closed".to_owned())
}

/// Whether trying the jobs one by one could help: not when the disk or the file is the problem.
pub(crate) fn worth_retrying(error: &StoreError) -> bool {
    match error {
        StoreError::Full
        | StoreError::ReadOnly
        | StoreError::DiskFailed(_)
        | StoreError::Busy(_)
        | StoreError::InUse { .. }
        | StoreError::TooNew { .. }
        | StoreError::TooOld { .. }
        | StoreError::Config(_) => false,
        StoreError::Conflict(_)
        | StoreError::NotFound(_)
        | StoreError::AlreadyExists(_)
        | StoreError::Corrupt(_)
        | StoreError::Other(_) => true,
    }
}
