//! SQLite in memory and without a thread: what is asked has happened when the call returns.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::writer::{Job, WriterThread};
use super::{migrate, query};
use crate::database::{Done, Question, Row, Write};
use crate::feed::Feed;
use crate::rows::Param;
use crate::{Commit, CommitOutcome, Result, StoreError};

pub(crate) struct Inline(WriterThread);

impl Inline {
    pub(crate) fn new() -> Result<Self> {
        let mut connection = Connection::open_in_memory().map_err(|error| query::store_error(&error))?;
        connection.set_prepared_statement_cache_capacity(256);
        migrate(&mut connection)?;
        let clock = "CREATE TEMP TABLE clock (now INTEGER NOT NULL); INSERT INTO clock VALUES (0)";
        connection.execute_batch(clock).map_err(|error| query::store_error(&error))?;
        let mut thread = WriterThread::new(connection, Feed::new(), 1);
        thread.now = "(SELECT now FROM temp.clock)".into();
        Ok(Self(thread))
    }

    /// What the database's clock shows from now on, milliseconds.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub(crate) fn set_clock(&mut self, now: i64) -> Result<()> {
        query::execute(&self.0.connection, "UPDATE temp.clock SET now = ?1", &[Param::from(now)]).map(|_| ())
    }

    pub(crate) fn commit(&mut self, commit: Commit) -> Result<CommitOutcome> {
        self.answered(|reply| Job::Commit(Box::new(commit), reply))
    }

    pub(crate) fn write(&mut self, write: Write) -> Result<Vec<Done>> {
        self.answered(|reply| Job::Write(write, reply))
    }

    pub(crate) fn read(&self, queries: &[Question]) -> Result<Vec<Vec<Row>>> {
        queries.iter().map(|question| query::read(&self.0.connection, question, &self.0.now)).collect()
    }

    fn answered<T>(&mut self, job: impl FnOnce(oneshot::Sender<Result<T>>) -> Job) -> Result<T> {
        let (reply, mut answer) = oneshot::channel();
        self.0.write_batch(vec![job(reply)]);
        answer.try_recv().map_err(|_| StoreError::Other("no answer".to_owned()))?
    }
}
