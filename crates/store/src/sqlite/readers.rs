//! Connections for reads; WAL lets them read while the writer writes.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{Settings, connect, query};
use crate::database::{Question, Row, closed};
use crate::sql::SQLITE_NOW_MS;
use crate::{Result, StoreConfig, StoreError};

pub(super) struct Readers {
    settings: Arc<Settings>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Reads that run.
    running: Arc<Semaphore>,
    /// Reads that run or wait.
    waiting: Arc<Semaphore>,
    connections: u32,
}

impl Readers {
    pub(super) fn new(settings: Settings, config: &StoreConfig) -> Self {
        let connections = config.read_connections.clamp(1, 64);
        Self {
            settings: Arc::new(settings),
            idle: Arc::new(Mutex::new(Vec::new())),
            running: Arc::new(Semaphore::new(connections)),
            waiting: Arc::new(Semaphore::new(config.queue_max.max(connections))),
            connections: u32::try_from(connections).unwrap_or(1),
        }
    }

    pub(super) async fn read(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| StoreError::Busy("too many reads are waiting".to_owned()))?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| closed())?;
        let (settings, idle) = (Arc::clone(&self.settings), Arc::clone(&self.idle));
        // The permits live in the task: a caller that goes away must not let another in early.
        let task = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match free {
                Some(connection) => connection,
                None => connect(&settings, true)?,
            };
            let rows = queries.iter().map(|question| query::read(&connection, question, SQLITE_NOW_MS)).collect();
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            rows
        });
        task.await.map_err(|error| StoreError::Other(error.to_string()))?
    }

    /// Waits for reads that run and closes the connections.
    pub(super) async fn close(&self) {
        let all = self.running.acquire_many(self.connections).await;
        self.running.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
