//! The writer thread: takes what waits, writes it in one transaction, answers all.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::apply::{ApplySql, apply};
use super::load::{LoadSql, load};
use super::query::{run, store_error};
use crate::database::{Done, Write, worth_retrying};
use crate::feed::Feed;
use crate::plan::{Effects, Facts, Wanted, plan, write_audit};
use crate::queue::{Queue, Reply};
use crate::sql::SQLITE_NOW_MS;
use crate::{Change, Commit, CommitOutcome, Result, StoreConfig, StoreError};

/// A batch of so many commits says that more are on their way.
const BUSY_BATCH: usize = 16;
/// How long they are waited for, so that one transaction serves them too: each costs a sync of the disk, and writes every
/// page it touches. Looking in between whether all are there costs more than it wins (`bench/NOTES.md`).
const GATHER: Duration = Duration::from_millis(1);

/// Work that must have the connection to itself.
type Exclusive = Box<dyn FnOnce(&mut Connection) -> Result<Vec<String>> + Send>;

/// What the thread is asked to do.
pub(super) enum Work {
    Commit(Box<Commit>, Reply<CommitOutcome>),
    Write(Write, Reply<Vec<Done>>),
    Exclusive(Exclusive, Reply<Vec<String>>),
}

/// The thread and the queue in front of it.
pub(super) struct Writer {
    pub(super) queue: Queue<Work>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, config: &StoreConfig, feed: Feed) -> Result<Self> {
        let (queue, inbox) = Queue::new(config.queue_max);
        let batch_max = config.batch_max.max(1);
        let mut thread = WriterThread::new(connection, feed, batch_max);
        thread.load_sql.receipts.clone_from(&config.receipts);
        let thread = std::thread::Builder::new()
            .name("countersign-writer".to_owned())
            .spawn(move || thread.serve(inbox))
            .map_err(|error| StoreError::Other(format!("starting the writer thread: {error}")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Lets the thread finish what is queued and waits for its end.
    pub(super) async fn close(&self) {
        if let Some(thread) = self.stop()
            && !matches!(tokio::task::spawn_blocking(move || thread.join()).await, Ok(Ok(())))
        {
            tracing::error!("the writer thread ended in a panic");
        }
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        self.queue.close();
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Writer {
    /// A store dropped without `close`: the file is in use until the thread has ended, and its lock is held so long.
    fn drop(&mut self) {
        if let Some(thread) = self.stop()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended in a panic");
        }
    }
}

pub(super) struct WriterThread {
    pub(super) connection: Connection,
    feed: Feed,
    load_sql: LoadSql,
    apply_sql: ApplySql,
    batch_max: usize,
    /// SQL for the time of the database.
    pub(super) now: Cow<'static, str>,
}

/// A job of a batch, kept until the batch is durable so that it can be written again on its own.
pub(super) enum Job {
    Commit(Box<Commit>, Reply<CommitOutcome>),
    Write(Write, Reply<Vec<Done>>),
}

enum Outcome {
    Commit(Result<CommitOutcome>),
    Write(Result<Vec<Done>>),
}

impl Job {
    fn answer(self, outcome: Outcome) {
        // A caller that went away needs no answer.
        match (self, outcome) {
            (Self::Commit(_, reply), Outcome::Commit(result)) => drop(reply.send(result)),
            (Self::Write(_, reply), Outcome::Write(result)) => drop(reply.send(result)),
            (Self::Commit(..), Outcome::Write(_)) | (Self::Write(..), Outcome::Commit(_)) => {}
        }
    }

    fn fail(self, error: StoreError) {
        let outcome = match self {
            Self::Commit(..) => Outcome::Commit(Err(error)),
            Self::Write(..) => Outcome::Write(Err(error)),
        };
        self.answer(outcome);
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own, with a bound that is not about being right")]
fn pause() {
    std::thread::sleep(GATHER);
}

impl WriterThread {
    pub(super) fn new(connection: Connection, feed: Feed, batch_max: usize) -> Self {
        let now = Cow::Borrowed(SQLITE_NOW_MS);
        Self { connection, feed, load_sql: LoadSql::new(), apply_sql: ApplySql::new(), batch_max, now }
    }

    fn serve(&mut self, mut inbox: mpsc::Receiver<Work>) {
        let mut last_batch = 0;
        while let Some(first) = inbox.blocking_recv() {
            if last_batch >= BUSY_BATCH && inbox.len() < last_batch {
                pause();
            }
            let mut next = Some(first);
            let mut jobs = Vec::new();
            let mut exclusive = None;
            while let Some(work) = next {
                match work {
                    Work::Commit(commit, reply) => jobs.push(Job::Commit(commit, reply)),
                    Work::Write(write, reply) => jobs.push(Job::Write(write, reply)),
                    Work::Exclusive(run, reply) => exclusive = Some((run, reply)),
                }
                let full = jobs.len() >= self.batch_max || exclusive.is_some();
                next = if full { None } else { inbox.try_recv().ok() };
            }
            metrics::gauge!("countersign_store_queue_depth").set(inbox.len() as f64);
            last_batch = jobs.len();
            if !jobs.is_empty() {
                metrics::histogram!("countersign_store_batch_commits").record(jobs.len() as f64);
                self.write_batch(jobs);
            }
            if let Some((run, reply)) = exclusive {
                drop(reply.send(run(&mut self.connection)));
            }
        }
    }

    pub(super) fn write_batch(&mut self, jobs: Vec<Job>) {
        match self.transaction(&jobs) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    job.answer(outcome);
                }
            }
            Err(error) if jobs.len() > 1 && worth_retrying(&error) => {
                tracing::warn!(%error, jobs = jobs.len(), "a batch failed and is written one by one");
                for job in jobs {
                    match self.transaction(std::slice::from_ref(&job)).map(|mut outcomes| outcomes.pop()) {
                        Ok(Some(outcome)) => job.answer(outcome),
                        Ok(None) => job.fail(StoreError::Other("a job without an outcome".to_owned())),
                        Err(error) => job.fail(error),
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, jobs = jobs.len(), "a batch failed");
                jobs.into_iter().for_each(|job| job.fail(error.clone()));
            }
        }
    }

    fn transaction(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>> {
        self.sql("BEGIN IMMEDIATE")?;
        let rows_before = self.connection.total_changes();
        let mut changes = Vec::new();
        let written = self.write_jobs(jobs, &mut changes).and_then(|outcomes| {
            self.sql("COMMIT")?;
            Ok(outcomes)
        });
        match written {
            Ok(outcomes) => {
                let rows = self.connection.total_changes() - rows_before;
                metrics::counter!("countersign_store_rows_total").increment(rows);
                self.feed.publish(&changes);
                Ok(outcomes)
            }
            Err(error) => {
                // Some errors have already ended the transaction.
                if !self.connection.is_autocommit() {
                    self.sql("ROLLBACK")?;
                }
                Err(error)
            }
        }
    }

    fn sql(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| store_error(&error))
    }

    /// Neighbouring commits share facts and effects; any other write stands between two such groups.
    fn write_jobs(&self, jobs: &[Job], changes: &mut Vec<Change>) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut group: Vec<&Commit> = Vec::new();
        for job in jobs {
            match job {
                Job::Commit(commit, _) => group.push(commit),
                Job::Write(write, _) => {
                    self.write_commits(&mut group, &mut outcomes, changes)?;
                    outcomes.push(Outcome::Write(self.write_one(write, changes)?));
                }
            }
        }
        self.write_commits(&mut group, &mut outcomes, changes)?;
        Ok(outcomes)
    }

    fn write_commits(
        &self,
        group: &mut Vec<&Commit>,
        outcomes: &mut Vec<Outcome>,
        changes: &mut Vec<Change>,
    ) -> Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let mut facts = Facts::default();
        load(&self.connection, &self.load_sql, Wanted::of(group.iter().copied()), &mut facts)?;
        let mut effects = Effects::default();
        for commit in group.drain(..) {
            outcomes.push(Outcome::Commit(plan(commit, &mut facts, &mut effects)));
        }
        apply(&self.connection, &self.apply_sql, &effects)?;
        changes.append(&mut effects.changes);
        Ok(())
    }

    /// Its own savepoint: what it cannot do must not undo its neighbours. The outer error is for the whole batch.
    fn write_one(&self, write: &Write, changes: &mut Vec<Change>) -> Result<Result<Vec<Done>>> {
        self.sql("SAVEPOINT one")?;
        match self.write_statements(write) {
            Ok(done) => {
                self.sql("RELEASE one")?;
                changes.extend(write.changes.iter().cloned());
                Ok(Ok(done))
            }
            Err(error) if self.connection.is_autocommit() => Err(error),
            Err(error) => {
                self.sql("ROLLBACK TO one; RELEASE one")?;
                Ok(Err(error))
            }
        }
    }

    fn write_statements(&self, write: &Write) -> Result<Vec<Done>> {
        let done = write
            .statements
            .iter()
            .map(|statement| run(&self.connection, statement, &self.now))
            .collect::<Result<_>>()?;
        if write.audit.is_empty() {
            return Ok(done);
        }
        let mut wanted = Wanted::default();
        wanted.audit.extend(write.audit.iter().map(|(workspace, _)| workspace.clone()));
        let (mut facts, mut effects) = (Facts::default(), Effects::default());
        load(&self.connection, &self.load_sql, wanted, &mut facts)?;
        for (workspace, entry) in &write.audit {
            write_audit(workspace, std::slice::from_ref(entry), &mut facts, &mut effects);
        }
        apply(&self.connection, &self.apply_sql, &effects)?;
        Ok(done)
    }
}
