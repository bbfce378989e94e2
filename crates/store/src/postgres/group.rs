//! A group writer: one task with one connection that writes what waits in one transaction.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_postgres::types::ToSql;

use super::apply::{ApplySql, apply_and_commit};
use super::connection::{Connection, Server};
use super::feed::Announcer;
use super::load::{LoadSql, load};
use super::query::{Failed, query};
use crate::database::{column, worth_retrying};
use crate::plan::{Effects, Wanted, plan};
use crate::queue::Reply;
use crate::rows::params;
use crate::{Change, Commit, CommitOutcome, Conflict, ReceiptKeys, Result, StoreError};

/// How often the same transaction is tried when the database or the connection asks for it.
const TRIES: u32 = 4;

/// A commit and where its answer goes.
pub(super) struct Job {
    pub(super) commit: Box<Commit>,
    pub(super) reply: Reply<CommitOutcome>,
}

/// How the rows of a batch are asked for and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One statement for all rows of a table, which come as arrays.
    Together,
    /// One statement for each row, so that each touches one row of one workspace: the tables are divided.
    RowByRow,
}

/// What goes with one statement.
pub(super) enum Bound<T> {
    Arrays(Vec<Vec<T>>),
    Row(Vec<T>),
}

impl<T: ToSql + Sync> Bound<T> {
    pub(super) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        match self {
            Self::Arrays(columns) => columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect(),
            Self::Row(values) => values.iter().map(|value| value as &(dyn ToSql + Sync)).collect(),
        }
    }
}

impl Shape {
    /// Columns as what goes with each statement, rows in their order.
    pub(super) fn cut<T>(self, columns: Vec<Vec<T>>) -> Vec<Bound<T>> {
        match self {
            Self::Together => vec![Bound::Arrays(columns)],
            Self::RowByRow => {
                let length = columns.first().map_or(0, Vec::len);
                let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
                let mut row = || Bound::Row(columns.iter_mut().filter_map(Iterator::next).collect());
                (0..length).map(|_| row()).collect()
            }
        }
    }

    /// Whether the tables of this database are divided (Citus); looked at once, when it is opened.
    pub(super) async fn of(server: &Server) -> Result<Self> {
        let mut connection = Connection::open(server).await?;
        server.answered(Self::found(&mut connection)).await.map_err(|failed| failed.error)
    }

    async fn found(connection: &mut Connection) -> Result<Self, Failed> {
        let client = &connection.client;
        let both = "SELECT to_regclass('pg_dist_partition') IS NOT NULL AND to_regclass('runs') IS NOT NULL";
        let divided = "SELECT count(*) > 0 FROM pg_dist_partition WHERE logicalrelid = to_regclass('runs')";
        for question in [both, divided] {
            if !client.query_one(question, &[]).await?.try_get::<_, bool>(0)? {
                return Ok(Self::Together);
            }
        }
        Ok(Self::RowByRow)
    }
}

/// SQL that both group writers and plain writes use.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) load: LoadSql,
    pub(super) apply: ApplySql,
}

impl Sql {
    pub(super) fn new(receipts: Option<ReceiptKeys>, shape: Shape) -> Self {
        Self { load: LoadSql::new(receipts, shape), apply: ApplySql::new(shape) }
    }
}

pub(super) struct GroupWriter {
    pub(super) server: Server,
    pub(super) sql: Arc<Sql>,
    pub(super) announcer: Announcer,
    pub(super) batch_max: usize,
    pub(super) connection: Option<Connection>,
}

type Outcomes = Vec<Result<CommitOutcome>>;

impl GroupWriter {
    pub(super) async fn serve(mut self, mut inbox: mpsc::Receiver<Job>) {
        let mut jobs = Vec::new();
        while inbox.recv_many(&mut jobs, self.batch_max).await > 0 {
            metrics::gauge!("countersign_store_queue_depth").set(inbox.len() as f64);
            metrics::histogram!("countersign_store_batch_commits").record(jobs.len() as f64);
            self.write_batch(std::mem::take(&mut jobs)).await;
        }
    }

    async fn write_batch(&mut self, jobs: Vec<Job>) {
        let commits: Vec<&Commit> = jobs.iter().map(|job| job.commit.as_ref()).collect();
        let outcomes = match self.transaction(&commits).await {
            Ok((outcomes, changes)) => {
                self.announcer.announce(changes);
                outcomes
            }
            Err(failed) if failed.lost || failed.again || worth_retrying(&failed.error) => {
                tracing::warn!(error = %failed.error, commits = commits.len(), "a batch failed and is written one by one");
                self.write_each(&commits, failed.lost).await
            }
            Err(failed) => commits.iter().map(|_| Err(failed.error.clone())).collect(),
        };
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            // A caller that went away needs no answer.
            drop(job.reply.send(outcome));
        }
    }

    async fn write_each(&mut self, commits: &[&Commit], lost: bool) -> Outcomes {
        // With the database away, waiting for it once is enough.
        if let Err(failed) = self.connection().await {
            return commits.iter().map(|_| Err(failed.error.clone())).collect();
        }
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            outcomes.push(self.write_alone(commit, lost).await);
        }
        outcomes
    }

    /// `maybe_written`: an earlier try broke off, so the commit may be found in the database already.
    async fn write_alone(&mut self, commit: &Commit, mut maybe_written: bool) -> Result<CommitOutcome> {
        let mut last = StoreError::Busy("PostgreSQL is away".to_owned());
        for _ in 0..TRIES {
            match self.transaction(&[commit]).await {
                Ok((mut outcomes, changes)) => {
                    self.announcer.announce(changes);
                    let outcome = outcomes.pop().unwrap_or_else(|| Err(last.clone()));
                    return match outcome {
                        Err(StoreError::Conflict(Conflict::RunMoved { found, .. })) if maybe_written => {
                            self.recognise(commit, found, outcome).await
                        }
                        other => other,
                    };
                }
                Err(failed) => {
                    maybe_written |= failed.lost;
                    last = failed.error;
                    // Losing a race for a new key shows as a violation once; then the winner's row is there to see.
                    let lost_race = matches!(last, StoreError::AlreadyExists(_));
                    if !(failed.lost || failed.again || lost_race) {
                        return Err(last);
                    }
                }
            }
        }
        Err(last)
    }

    /// Tells our own commit, whose COMMIT was answered to a broken connection, from somebody else's.
    async fn recognise(
        &mut self,
        commit: &Commit,
        found: u64,
        conflict: Result<CommitOutcome>,
    ) -> Result<CommitOutcome> {
        let seq = commit.expected_seq + 1;
        if found != seq {
            return conflict;
        }
        let sql = "SELECT count(*) FROM run_events AS e JOIN runs AS r ON r.workspace = e.workspace AND r.id = e.run \
                   WHERE e.workspace = ?1 AND e.run = ?2 AND e.seq = ?3 AND e.at = ?4 AND e.events = ?5 \
                   AND r.node IS NOT DISTINCT FROM ?6";
        let values = params![&commit.workspace, &commit.run_id, &seq, commit.at, &commit.events, &commit.run.node];
        let server = self.server.clone();
        let connection = self.connection().await.map_err(|failed| failed.error)?;
        let rows = server.answered(query(connection, sql, &values)).await.map_err(|failed| failed.error)?;
        let same: u64 = rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "count"))?;
        if same == 1 { Ok(CommitOutcome::Committed { seq }) } else { conflict }
    }

    async fn connection(&mut self) -> Result<&mut Connection, Failed> {
        let usable = self.connection.take().filter(Connection::is_usable);
        let connection = match usable {
            Some(connection) => connection,
            None => {
                let connection = Connection::open(&self.server).await?;
                // Every statement of the batch finds its rows by primary key, whatever is in the arrays: one plan for all
                // batches, made once. A plan made while the tables were empty would scan them, and would be kept.
                let settings = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
                                SET plan_cache_mode = force_generic_plan; SET jit = off";
                connection.client.batch_execute(settings).await?;
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }

    async fn transaction(&mut self, commits: &[&Commit]) -> Result<(Outcomes, Vec<Change>), Failed> {
        let (sql, server) = (Arc::clone(&self.sql), self.server.clone());
        let connection = self.connection().await?;
        match server.answered(write_commits(connection, &sql, commits)).await {
            Ok(written) => Ok(written),
            Err(failed) => {
                if failed.lost || !connection.roll_back(&server).await {
                    self.connection = None;
                }
                Err(failed)
            }
        }
    }
}

async fn write_commits(
    connection: &mut Connection,
    sql: &Sql,
    commits: &[&Commit],
) -> Result<(Outcomes, Vec<Change>), Failed> {
    let wanted = Wanted::of(commits.iter().copied());
    let mut facts = load(connection, &sql.load, wanted, true).await?;
    let mut effects = Effects::default();
    let outcomes = commits.iter().map(|commit| plan(commit, &mut facts, &mut effects)).collect();
    apply_and_commit(connection, &sql.apply, &effects).await?;
    Ok((outcomes, effects.changes))
}
