//! PostgreSQL: a few group writers, a pool for everything else, notifications between processes.

mod apply;
mod connection;
mod feed;
mod group;
mod load;
mod pool;
mod query;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use tokio::task::JoinHandle;

use self::connection::{Connection, Server};
use self::feed::Announcer;
use self::group::{GroupWriter, Job, Shape, Sql};
use self::pool::Pool;
use self::query::Failed;
use crate::database::{Database, DatabaseKind, Done, Question, Row, Write, closed};
use crate::plan::{Effects, Wanted, write_audit};
use crate::queue::Queue;
use crate::{Commit, CommitOutcome, Priority, Result, StoreConfig, StoreError, migrations};

/// How often a read, or a write that is not a commit, is tried when the database asks for it.
const TRIES: u32 = 4;

/// Taken while migrating, so that nodes starting together do not migrate together. Any constant does.
const MIGRATION_LOCK: i64 = 0x636f_756e_7465_7273;

/// The statements of the group writer where the tables are divided, for the test that reads all.
#[cfg(test)]
pub(crate) fn group_statements() -> Vec<String> {
    let sql = Sql::new(None, Shape::RowByRow);
    sql.load.texts().into_iter().chain(sql.apply.texts()).cloned().collect()
}

/// With so many commits waiting for one writer, the next one helps. Fewer, and two small batches cost more than one.
const SWAMPED: usize = 128;

/// A PostgreSQL database.
pub(crate) struct Postgres {
    queues: Vec<Queue<Job>>,
    pool: Pool,
    sql: Arc<Sql>,
    /// `None` once closed.
    announcer: Mutex<Option<Announcer>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Postgres {
    pub(crate) async fn open(config: &StoreConfig, feed: crate::feed::Feed) -> Result<Self> {
        let server = Server::new(config)?;
        let (announcer, listener) = feed::start(server.clone(), feed).await?;
        let sql = Arc::new(Sql::new(config.receipts.clone(), Shape::of(&server).await?));
        let mut queues = Vec::new();
        let mut tasks = Vec::new();
        let writers = config.writers.clamp(1, 16);
        for _ in 0..writers {
            let (queue, inbox) = Queue::new(config.queue_max / writers);
            let writer = GroupWriter {
                server: server.clone(),
                sql: Arc::clone(&sql),
                announcer: announcer.clone(),
                batch_max: config.batch_max.max(1),
                connection: None,
            };
            queues.push(queue);
            tasks.push(tokio::spawn(writer.serve(inbox)));
        }
        tasks.push(listener);
        let pool = Pool::new(server, config);
        Ok(Self { queues, pool, sql, announcer: Mutex::new(Some(announcer)), tasks: Mutex::new(tasks) })
    }

    /// The first writer that is not swamped: one that shares its batches with nobody makes the largest, the next one helps when
    /// its batches are large anyway. Which of them writes a run makes no difference: `seq` is what keeps its commits in order.
    fn queue(&self) -> Result<&Queue<Job>> {
        let free = self.queues.iter().find(|queue| queue.waiting() < SWAMPED);
        free.or_else(|| self.queues.iter().min_by_key(|queue| queue.waiting())).ok_or_else(closed)
    }
}

/// Runs something in a transaction on a pooled connection. In a task of its own: a caller that goes away must not leave
/// a transaction open.
async fn in_transaction(pool: Pool, sql: Arc<Sql>, write: Arc<Write>) -> Result<Vec<Done>> {
    let task = tokio::spawn(async move {
        let mut last = None;
        for _ in 0..TRIES {
            let mut loan = pool.take().await?;
            let connection = loan.connection()?;
            match pool.server.answered(write_once(connection, &sql, &write)).await {
                Ok(done) => return Ok(done),
                Err(failed) => {
                    if failed.lost || !loan.connection()?.roll_back(&pool.server).await {
                        loan.discard();
                        pool.forget_idle();
                    }
                    if !failed.again {
                        return Err(failed.error);
                    }
                    last = Some(failed.error);
                }
            }
        }
        Err(last.unwrap_or_else(closed))
    });
    task.await.map_err(|error| StoreError::Other(error.to_string()))?
}

async fn write_once(connection: &mut Connection, sql: &Sql, write: &Write) -> Result<Vec<Done>, Failed> {
    // Nothing was sent before: a connection that died while idle is simply replaced.
    let begun = connection.client.batch_execute("BEGIN").await.map_err(Failed::from);
    begun.map_err(|failed| Failed { again: failed.again || failed.lost, ..failed })?;
    let mut done = Vec::with_capacity(write.statements.len());
    for statement in &write.statements {
        done.push(query::run(connection, statement).await?);
    }
    let mut effects = Effects::default();
    if !write.audit.is_empty() {
        let mut wanted = Wanted::default();
        wanted.audit.extend(write.audit.iter().map(|(workspace, _)| workspace.clone()));
        let mut facts = load::load(connection, &sql.load, wanted, false).await?;
        for (workspace, entry) in &write.audit {
            write_audit(workspace, std::slice::from_ref(entry), &mut facts, &mut effects);
        }
    }
    apply::apply_and_commit(connection, &sql.apply, &effects).await?;
    Ok(done)
}

#[async_trait]
impl Database for Postgres {
    fn kind(&self) -> DatabaseKind {
        DatabaseKind::Postgres
    }

    async fn write(&self, write: Write) -> Result<Vec<Done>> {
        let announcer = self.announcer.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let write = Arc::new(write);
        let done = in_transaction(self.pool.clone(), Arc::clone(&self.sql), Arc::clone(&write)).await?;
        announcer.announce(write.changes.clone());
        Ok(done)
    }

    async fn read(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>> {
        let mut last = None;
        let begun = Instant::now();
        for _ in 0..TRIES {
            let mut loan = self.pool.take().await?;
            match self.pool.server.answered(query::query_all(loan.connection()?, &queries)).await {
                Ok(rows) => return Ok(rows),
                // The connection died while it was idle; a read can simply be sent again.
                Err(failed) if failed.lost => {
                    loan.discard();
                    self.pool.forget_idle();
                    last = Some(failed.error);
                    if self.pool.server.is_overdue(begun) {
                        break;
                    }
                }
                Err(failed) => return Err(failed.error),
            }
        }
        Err(last.unwrap_or_else(closed))
    }

    async fn commit(&self, commit: Commit, priority: Priority) -> Result<CommitOutcome> {
        let started = Instant::now();
        let queue = self.queue()?;
        let outcome = queue.submit(priority, |reply| Job { commit: Box::new(commit), reply }).await;
        metrics::histogram!("countersign_store_commit_seconds").record(started.elapsed().as_secs_f64());
        outcome
    }

    async fn migrate(&self) -> Result<Vec<String>> {
        let mut loan = self.pool.take().await?;
        let connection = loan.connection()?;
        match migrate(connection).await {
            Ok(names) => Ok(names),
            Err(failed) => {
                loan.discard();
                Err(failed.error)
            }
        }
    }

    async fn applied_migrations(&self) -> Result<Vec<(i64, String)>> {
        let mut loan = self.pool.take().await?;
        applied(loan.connection()?).await.map_err(|failed| failed.error)
    }

    #[cfg(feature = "testing")]
    async fn raw(&self, sql: String) -> Result<()> {
        let mut loan = self.pool.take().await?;
        let done = loan.connection()?.client.batch_execute(&sql).await;
        done.map_err(|error| query::store_error(&error))
    }

    async fn close(&self) {
        self.queues.iter().for_each(Queue::close);
        self.announcer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a writer ended in a panic");
            }
        }
        self.pool.close().await;
    }
}

async fn applied(connection: &mut Connection) -> Result<Vec<(i64, String)>, Failed> {
    let client = &connection.client;
    let exists = client.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[]).await?;
    if !exists.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let rows = client.query("SELECT version, name FROM schema_migrations ORDER BY version", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// All missing migrations in one transaction; the lock ends with it.
async fn migrate(connection: &mut Connection) -> Result<Vec<String>, Failed> {
    connection.client.batch_execute("BEGIN").await?;
    connection.client.batch_execute(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    let missing = migrations::missing(&applied(connection).await?)?;
    let mut names = Vec::new();
    for migration in missing {
        let client = &connection.client;
        client.batch_execute(migrations::TABLE).await?;
        client.batch_execute(migration.postgres).await?;
        let insert = "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)";
        client.execute(insert, &[&migration.version, &migration.name, &migrations::applied_at()]).await?;
        names.push(migration.name.to_owned());
    }
    connection.client.batch_execute("COMMIT").await?;
    Ok(names)
}
