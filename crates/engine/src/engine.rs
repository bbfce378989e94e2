//! The parts of a running engine and their life.

use crate::{
    Clock, EngineError, Outside, Vault,
    connectors::Connectors,
    fleet::Lease,
    inbound::{CameIn, Inbox, Snoozes},
    outbound::{Departures, ToTell},
    pump,
    run::{Aside, Cells, Conducts, Places, Pointers, Versions, Waiters},
    vault::Connections,
};
use countersign_channels::Sender;
use countersign_connectors::{Invoker, Registry};
use countersign_core::{catalogue::Catalogue, time::Timestamp};
use countersign_outbound::Outbound;
use countersign_store::Store;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::task::TaskTracker;

/// What an engine is made of.
pub struct EngineParts {
    /// The database.
    pub store: Store,
    /// The connectors.
    pub registry: Registry,
    /// How connectors and channels call.
    pub outbound: Outbound,
    /// Opens sealed credentials.
    pub vault: Vault,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
}

/// Bounds and intervals.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// This process among those that share a database; fresh for every start.
    pub node: String,
    /// Runs that may move at once; more are refused with `Busy` (starts) or wait (everything else).
    pub moving_max: usize,
    /// How often the process says that it is alive, milliseconds.
    pub heartbeat_ms: u64,
    /// Silence after which another process takes its runs, milliseconds.
    pub dead_after_ms: u64,
    /// Every how many looks at the fleet a process also looks for runs of its own that it does not drive.
    pub sweep_every: u64,
    /// The longest pause between two looks for due timers, milliseconds.
    pub timer_poll_ms: u64,
    /// Where people reach the server: what links in messages begin with.
    pub base_url: String,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            node: uuid::Uuid::now_v7().to_string(),
            moving_max: 4096,
            heartbeat_ms: 2000,
            dead_after_ms: 7000,
            sweep_every: 3,
            timer_poll_ms: 500,
            base_url: "http://localhost:8080".to_owned(),
        }
    }
}

/// Drives runs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) invoker: Invoker,
    pub(crate) sender: Sender,
    /// Answers effects instead of connectors and channels.
    pub(crate) outside: Option<Arc<dyn Outside>>,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: EngineConfig,
    pub(crate) versions: Versions,
    pub(crate) aside: Aside,
    pub(crate) connections: Connections,
    pub(crate) connectors: Connectors,
    pub(crate) pointers: Pointers,
    pub(crate) conducts: Conducts,
    pub(crate) cells: Cells,
    pub(crate) waiters: Waiters,
    pub(crate) inbox: Inbox,
    pub(crate) lease: Lease,
    /// One permit per run that moves.
    pub(crate) moving: Arc<Semaphore>,
    /// One place per call, shared out among connections.
    pub(crate) places: Places,
    /// Rings when a timer was set that may be the earliest.
    pub(crate) timer_set: Notify,
    /// Rings when a message is to leave.
    pub(crate) to_send: Notify,
    /// Rings when something was written that people are to be told.
    pub(crate) to_tell: Notify,
    pub(crate) tasks: TaskTracker,
    /// True once the engine is stopping.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Engine {
    /// Starts driving: takes up the runs a dead process left, then timers and heartbeat.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn start(parts: EngineParts, config: EngineConfig) -> Result<Self, EngineError> {
        Self::start_in(parts, config, None).await
    }

    /// As [`Engine::start`], in a world that is not the real one.
    ///
    /// # Errors
    /// As there.
    #[doc(hidden)]
    pub async fn start_in(
        parts: EngineParts,
        config: EngineConfig,
        outside: Option<Arc<dyn Outside>>,
    ) -> Result<Self, EngineError> {
        let EngineParts { store, registry, outbound, vault, clock } = parts;
        let engine = Self(Arc::new(Inner {
            invoker: Invoker::new(registry.clone(), outbound.clone()),
            sender: Sender::new(outbound),
            outside,
            versions: Versions::default(),
            aside: Aside::default(),
            connections: Connections::default(),
            connectors: Connectors::default(),
            pointers: Pointers::default(),
            conducts: Conducts::default(),
            cells: Cells::default(),
            waiters: Waiters::default(),
            inbox: Inbox::default(),
            lease: Lease::default(),
            moving: Arc::new(Semaphore::new(config.moving_max)),
            places: Places::new(config.moving_max, Arc::clone(&clock)),
            timer_set: Notify::new(),
            to_send: Notify::new(),
            to_tell: Notify::new(),
            tasks: TaskTracker::new(),
            stopping: watch::Sender::new(false),
            store,
            registry,
            vault,
            clock,
            config,
        }));
        engine.join_fleet().await?;
        engine.0.tasks.spawn(engine.clone().heartbeats());
        engine.0.tasks.spawn(engine.clone().watch_fleet());
        engine.0.tasks.spawn(engine.clone().timers());
        engine.0.tasks.spawn(engine.clone().renewals());
        engine.0.tasks.spawn(pump::run(engine.clone(), CameIn(engine.clone())));
        engine.0.tasks.spawn(pump::run(engine.clone(), ToTell(engine.clone())));
        if engine.0.outside.is_none() {
            engine.0.tasks.spawn(pump::run(engine.clone(), Departures(engine.clone())));
            engine.0.tasks.spawn(pump::run(engine.clone(), Snoozes::new(engine.clone())));
        }
        if engine.0.store.shared() {
            engine.0.tasks.spawn(engine.clone().follow());
        }
        Ok(engine)
    }

    /// Stops taking work and waits at most `grace` for calls under way; what is left is taken up by the next process.
    pub async fn shutdown(&self, grace: Duration) {
        self.0.stopping.send_replace(true);
        self.0.tasks.close();
        if tokio::time::timeout(grace, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("calls were still under way at the end; another process takes them up");
        }
        self.leave_fleet().await;
    }

    /// Whether it is stopping.
    #[must_use]
    pub fn stopping(&self) -> bool {
        *self.0.stopping.borrow()
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The connectors that come with the executable.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The actions that come with the executable.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.0.outside.as_ref().map_or_else(|| self.0.registry.catalogue(), |outside| outside.catalogue())
    }

    /// Makes and renders calls.
    #[must_use]
    pub fn invoker(&self) -> &Invoker {
        &self.0.invoker
    }

    /// Seals and opens credentials.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Milliseconds since the Unix epoch on the engine's clock.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.clock.now()
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp(self.now())
    }

    /// Sleeps on the engine's clock; false when the engine is stopping.
    pub(crate) async fn pause(&self, milliseconds: u64) -> bool {
        self.pause_until(self.now().saturating_add(i64::try_from(milliseconds).unwrap_or(i64::MAX))).await
    }

    /// Sleeps until the engine's clock shows `until`; false when the engine is stopping.
    pub(crate) async fn pause_until(&self, until: i64) -> bool {
        let mut stopping = self.0.stopping.subscribe();
        tokio::select! {
            biased;
            () = self.0.clock.sleep_until(until) => true,
            _ = stopping.wait_for(|stopping| *stopping) => false,
        }
    }
}
