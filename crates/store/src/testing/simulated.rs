//! A database for simulations: deterministic, shared by simulated processes, each behind a network that can fail.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::database::{Database, DatabaseKind, Done, Question, Row, Write};
use crate::sqlite::inline::Inline;
use crate::{Commit, CommitOutcome, Priority, Result, Store};

/// What lies between one process and the database.
#[async_trait]
pub trait Network: Send + Sync {
    /// A request is on its way. An error is what the caller gets, and nothing has happened.
    async fn request(&self) -> Result<()>;
    /// Between two queries of one trip, which are not one transaction: others may write.
    async fn between_queries(&self) {}
    /// The database has done what was asked. An error: the caller does not learn it.
    async fn answer(&self) -> Result<()>;
    /// A commit arrives and may be altered by a fault on purpose; `false`: it is answered as written and is not.
    fn arrives(&self, commit: &mut Commit) -> bool;
    /// What became of a commit that arrived.
    fn written(&self, commit: &Commit, outcome: &Result<CommitOutcome>);
}

/// The database; its stores belong to the simulated processes.
pub struct SimulatedDatabase {
    inline: Arc<Mutex<Inline>>,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl SimulatedDatabase {
    /// An empty database, whose own clock is `clock`.
    ///
    /// # Panics
    /// When SQLite cannot open a database in memory.
    #[must_use]
    pub fn new(clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        Self { inline: Arc::new(Mutex::new(Inline::new().expect("a database in memory"))), clock }
    }

    /// The store of one process.
    #[must_use]
    pub fn store(&self, network: Arc<dyn Network>) -> Store {
        let database = Remote { inline: Arc::clone(&self.inline), clock: Arc::clone(&self.clock), network };
        Store::of(Arc::new(database))
    }
}

struct Remote {
    inline: Arc<Mutex<Inline>>,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    network: Arc<dyn Network>,
}

impl Remote {
    fn now<T>(&self, work: impl FnOnce(&mut Inline) -> Result<T>) -> Result<T> {
        let mut inline = self.inline.lock().unwrap_or_else(PoisonError::into_inner);
        inline.set_clock((self.clock)())?;
        work(&mut inline)
    }
}

#[async_trait]
impl Database for Remote {
    fn kind(&self) -> DatabaseKind {
        DatabaseKind::Sqlite
    }

    fn shared(&self) -> bool {
        true
    }

    async fn write(&self, write: Write) -> Result<Vec<Done>> {
        self.network.request().await?;
        let done = self.now(|inline| inline.write(write));
        self.network.answer().await?;
        done
    }

    async fn read(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>> {
        self.network.request().await?;
        let mut rows = Ok(Vec::with_capacity(queries.len()));
        for (index, query) in queries.into_iter().enumerate() {
            if index > 0 {
                self.network.between_queries().await;
            }
            let answer = self.now(|inline| inline.read(&[query]));
            rows = rows.and_then(|mut rows: Vec<_>| {
                rows.extend(answer?);
                Ok(rows)
            });
        }
        self.network.answer().await?;
        rows
    }

    async fn commit(&self, mut commit: Commit, _: Priority) -> Result<CommitOutcome> {
        self.network.request().await?;
        let outcome = if self.network.arrives(&mut commit) {
            let outcome = self.now(|inline| inline.commit(commit.clone()));
            self.network.written(&commit, &outcome);
            outcome
        } else {
            Ok(CommitOutcome::Committed { seq: commit.expected_seq + 1 })
        };
        self.network.answer().await?;
        outcome
    }

    async fn migrate(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn applied_migrations(&self) -> Result<Vec<(i64, String)>> {
        Ok(Vec::new())
    }

    async fn raw(&self, _: String) -> Result<()> {
        Ok(())
    }

    async fn close(&self) {}
}
