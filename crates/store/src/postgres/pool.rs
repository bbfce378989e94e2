//! Connections for reads and for writes that are not commits.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{Connection, Server};
use crate::database::closed;
use crate::{Result, StoreConfig, StoreError};

#[derive(Clone)]
pub(super) struct Pool {
    pub(super) server: Server,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Connections that may be open.
    turns: Arc<Semaphore>,
    /// Callers that hold a connection or wait for one.
    waiting: Arc<Semaphore>,
    connections: u32,
}

/// A connection on loan; it goes back when it is dropped in good order.
pub(super) struct Loan {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Loan {
    pub(super) fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(closed)
    }

    /// Closes the connection instead of giving it back: its transaction is in an unknown state.
    pub(super) fn discard(mut self) {
        self.connection = None;
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(Connection::is_usable) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Pool {
    pub(super) fn new(server: Server, store: &StoreConfig) -> Self {
        let connections = store.read_connections.clamp(1, 256);
        Self {
            server,
            idle: Arc::new(Mutex::new(Vec::new())),
            turns: Arc::new(Semaphore::new(connections)),
            waiting: Arc::new(Semaphore::new(store.queue_max.max(connections))),
            connections: u32::try_from(connections).unwrap_or(1),
        }
    }

    pub(super) async fn take(&self) -> Result<Loan> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| StoreError::Busy("too many statements are waiting".to_owned()))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| closed())?;
        let connection = match self.usable() {
            Some(connection) => connection,
            None => Connection::open(&self.server).await?,
        };
        Ok(Loan { connection: Some(connection), idle: Arc::clone(&self.idle), _permits: (place, turn) })
    }

    /// An idle connection; ones that broke while idle are thrown away.
    fn usable(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Closes idle connections: when one turns out to be dead, the others most likely are too.
    pub(super) fn forget_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for loans to come back and closes the connections.
    pub(super) async fn close(&self) {
        let all = self.turns.acquire_many(self.connections).await;
        self.turns.close();
        drop(all);
        self.forget_idle();
    }
}
