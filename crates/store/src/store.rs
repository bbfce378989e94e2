//! The store: opening, closing, and the few primitives the operations are written with.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::broadcast;

use crate::config::Target;
use crate::database::{Database, Done, Question, Row, Statement, Write};
use crate::feed::Feed;
use crate::health::Health;
use crate::rows::{Param, TableRow};
use crate::sql::Query;
use crate::{
    Change, Commit, CommitOutcome, Cursor, DatabaseKind, NewAudit, Page, PageRequest, Priority, ReceiptKeys, Result,
    StoreConfig, StoreError, migrations, shards, sql,
};

/// A handle to the database; cloning is cheap.
#[derive(Clone)]
pub struct Store {
    database: Arc<dyn Database>,
    feed: Feed,
    health: Arc<Health>,
    receipts: Option<ReceiptKeys>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database without changing its schema.
    ///
    /// # Errors
    /// `Config` when the URL makes no sense, `InUse` when another process has the SQLite file, `TooNew` when a newer
    /// build migrated it, `Busy` when PostgreSQL cannot be reached.
    pub async fn open(config: &StoreConfig) -> Result<Self> {
        let feed = Feed::new();
        let database: Arc<dyn Database> = match config.target()? {
            Target::Sqlite(target) => Arc::new(crate::sqlite::Sqlite::open(config, target, feed.clone()).await?),
            Target::Postgres => Arc::new(crate::postgres::Postgres::open(config, feed.clone()).await?),
        };
        let store =
            Self { database, feed, health: Arc::new(Health::new(config.place())), receipts: config.receipts.clone() };
        if let Err(error) = store.pending_migrations().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// A store over a database that is open.
    #[cfg(feature = "testing")]
    pub(crate) fn of(database: Arc<dyn Database>) -> Self {
        Self { database, feed: Feed::new(), health: Arc::new(Health::new("memory".to_owned())), receipts: None }
    }

    /// Brings the schema up to date and returns the names of what was applied.
    ///
    /// # Errors
    /// `TooNew` when a newer build migrated the database.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        self.database.migrate().await
    }

    /// Names of the migrations this build needs and the database does not have.
    ///
    /// # Errors
    /// `TooNew` when a newer build migrated the database.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let applied = self.database.applied_migrations().await?;
        Ok(migrations::missing(&applied)?.iter().map(|migration| migration.name.to_owned()).collect())
    }

    /// Fails with `TooOld` unless the schema is what this build needs.
    ///
    /// # Errors
    /// `TooOld`, `TooNew`.
    pub async fn check_schema(&self) -> Result<()> {
        let applied = self.database.applied_migrations().await?;
        if migrations::missing(&applied)?.is_empty() {
            return Ok(());
        }
        let found = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
        Err(StoreError::TooOld { found, known: migrations::newest() })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `Busy` when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.database.read(vec![(Cow::Borrowed("SELECT 1"), Vec::new())]).await.map(|_| ())
    }

    /// Whether the database takes writes: as the last one said, or, when that is a while ago, as a small one does now.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `DiskFailed`, `Busy`.
    pub async fn writable(&self) -> Result<()> {
        if let Some(known) = self.health.known() {
            return known;
        }
        // Changes nothing, and is a write all the same.
        let probe =
            Statement::new("UPDATE schema_migrations SET applied_at = applied_at WHERE version = 1", Vec::new());
        self.execute(probe).await.map(|_| ())
    }

    /// Accepts nothing new, waits for what is queued and lets go of the file. Later calls fail with `Busy`.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Which database is behind this store.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.database.kind()
    }

    /// The key that a workspace's receipts are checked with, hex; none when this store signs nothing.
    #[must_use]
    pub fn receipt_key(&self, workspace: &str) -> Option<String> {
        self.receipts.as_ref()?.public_key(workspace)
    }

    /// Whether other processes may use the database too.
    #[must_use]
    pub fn shared(&self) -> bool {
        self.database.shared()
    }

    /// Hints about what changed from now on, also through other nodes on PostgreSQL. After `Lagged` or
    /// `ChangeKind::Resync`, read again.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.feed.subscribe()
    }

    /// Writes one decision of a run, completely or not at all.
    ///
    /// # Errors
    /// `Conflict` when the run moved or a checkpoint is decided, `NotFound` when the run, checkpoint or conversation is
    /// not in the workspace, `Busy` when the queue is full (only `Priority::Start`) or the database is away. If
    /// PostgreSQL went away in the middle it is not known whether the commit was written: load the run again.
    pub async fn commit(&self, commit: Commit, priority: Priority) -> Result<CommitOutcome> {
        let began = Instant::now();
        let outcome = self.database.commit(commit, priority).await;
        self.health.note(began, &outcome);
        outcome
    }

    /// Runs SQL as it is; for tests that break things.
    ///
    /// # Errors
    /// Whatever the database says.
    #[cfg(feature = "testing")]
    pub async fn raw(&self, sql: &str) -> Result<()> {
        self.database.raw(sql.to_owned()).await
    }

    pub(crate) async fn query(&self, sql: String, params: Vec<Param>) -> Result<Vec<Row>> {
        Ok(self.query_all(vec![(Cow::Owned(sql), params)]).await?.pop().unwrap_or_default())
    }

    /// Several queries on one trip.
    pub(crate) async fn query_all(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>> {
        debug_assert!(queries.iter().all(|(sql, _)| is_sound(sql)));
        self.database.read(queries).await
    }

    /// `SELECT … FROM <table of T> <tail>`.
    pub(crate) async fn rows<T: TableRow>(&self, tail: &str, params: Vec<Param>) -> Result<Vec<T>> {
        decode(self.query(sql::select::<T>(tail), params).await?)
    }

    /// A page of rows by the column of a time, the newest first.
    pub(crate) async fn newest<T: TableRow>(
        &self,
        mut query: Query,
        (time, page): (&str, &PageRequest),
        cursor: impl Fn(&T) -> Cursor,
    ) -> Result<Page<T>> {
        let limit = page.bounded();
        query.after(time, page.after.as_ref());
        query.newest_first(time, limit + 1);
        Ok(Page::cut(self.rows(&query.text, query.params).await?, limit, cursor))
    }

    /// The first of [`Store::rows`].
    pub(crate) async fn row<T: TableRow>(&self, tail: &str, params: Vec<Param>) -> Result<Option<T>> {
        Ok(self.rows(tail, params).await?.into_iter().next())
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Vec<Done>> {
        debug_assert!(write.statements.iter().all(|statement| is_sound(&statement.sql)));
        let began = Instant::now();
        let done = self.database.write(write).await;
        self.health.note(began, &done);
        done
    }

    /// One statement in a transaction of its own.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<Done> {
        let write = Write { statements: vec![statement], ..Write::default() };
        Ok(self.write(write).await?.pop().unwrap_or_default())
    }

    /// One statement together with its audit entries.
    pub(crate) async fn execute_audited(
        &self,
        workspace: &str,
        statement: Statement,
        audit: Vec<NewAudit>,
    ) -> Result<Done> {
        let write = Write { statements: vec![statement], audit: audited(workspace, audit), changes: Vec::new() };
        Ok(self.write(write).await?.pop().unwrap_or_default())
    }
}

/// Panics with the reason when a statement would not run on divided tables; for debug builds.
fn is_sound(sql: &str) -> bool {
    match shards::objection(sql) {
        Some(objection) => panic!("{objection}"),
        None => true,
    }
}

/// Pairs audit entries with their workspace.
pub(crate) fn audited(workspace: &str, audit: Vec<NewAudit>) -> Vec<(String, NewAudit)> {
    audit.into_iter().map(|entry| (workspace.to_owned(), entry)).collect()
}

/// Turns database rows into table rows.
pub(crate) fn decode<T: TableRow>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(|row| T::from_values(&mut row.into_iter())).collect()
}

/// As [`decode`], for work on the runs of all: a row that cannot be read holds up no other. Whoever asks for it by its id
/// is told.
pub(crate) fn readable<T: TableRow>(rows: Vec<Row>) -> Vec<T> {
    let read = |row: Row| match T::from_values(&mut row.into_iter()) {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::error!(%error, "a row is left out");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}
