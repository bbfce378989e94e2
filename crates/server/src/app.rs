//! What every handler can reach.

use crate::{
    auth::{Guesses, Identity, Passwords},
    cache::Cache,
    config::ServerConfig,
    http::{
        bounds::{Places, Shares, permits},
        metrics::recorder,
    },
};
use countersign_engine::Engine;
use countersign_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{ops::Deref, sync::Arc, time::Duration};
use tokio::sync::{Semaphore, watch};

/// The server's parts. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What [`App`] points to.
pub struct Parts {
    /// Runs the workflows.
    pub engine: Engine,
    /// The database.
    pub store: Store,
    /// Set-up.
    pub config: ServerConfig,
    pub(crate) passwords: Passwords,
    pub(crate) guesses: Guesses,
    /// Credentials by SHA-256 of the secret.
    pub(crate) identities: Cache<[u8; 32], Arc<Identity>>,
    /// Workflow ids and names by (workspace, id or name).
    pub(crate) workflows: Cache<(String, String), Arc<(String, String)>>,
    /// Names of users and API keys by id.
    pub(crate) names: Cache<String, Arc<str>>,
    /// Credentials that let somebody in lately, by SHA-256 of the secret.
    pub(crate) known: Cache<[u8; 32], ()>,
    pub(crate) requests: Places,
    pub(crate) waiting: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) chat_streams: Arc<Semaphore>,
    pub(crate) chats_of_address: Shares,
    pub(crate) chats_of_conversation: Shares,
    /// Places for playing: rehearsals, test cases, back-tests.
    pub(crate) plays: Arc<Semaphore>,
    pub(crate) metrics: Option<PrometheusHandle>,
    /// Turns true when the server goes down: live streams end.
    pub(crate) closing: watch::Sender<bool>,
}

impl App {
    /// An app around a started engine. Installs the process's metrics recorder the first time.
    #[must_use]
    pub fn new(engine: Engine, config: ServerConfig) -> Self {
        let store = engine.store().clone();
        Self(Arc::new(Parts {
            passwords: Passwords::default(),
            guesses: Guesses::default(),
            identities: Cache::new(config.credential_cache, 10_000),
            workflows: Cache::new(Duration::from_secs(5), 10_000),
            names: Cache::new(Duration::from_secs(30), 10_000),
            known: Cache::new(Duration::from_secs(15 * 60), 10_000),
            requests: Places::new(config.requests_max, config.requests_reserved, config.requests_per_address),
            waiting: permits(config.waiting_max),
            streams: permits(config.streams_max),
            chat_streams: permits(config.chat_streams_max),
            chats_of_address: Shares::new(config.chat_streams_per_address),
            chats_of_conversation: Shares::new(config.chat_streams_per_conversation),
            plays: permits(config.plays_max),
            metrics: config.metrics_token.as_ref().and_then(|_| recorder()),
            closing: watch::Sender::new(false),
            engine,
            store,
            config,
        }))
    }

    /// Milliseconds since the epoch, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.engine.now()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
