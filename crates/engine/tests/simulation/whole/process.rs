//! A process of the fleet: the real engine behind its own network, on its own clock. A dead one waits for ever wherever it
//! is; a paused one goes on later, as if nothing had been.

use super::world::World;
use crate::{
    documents::CATALOGUE,
    node::{DEAD_AFTER_MS, HEARTBEAT_MS},
    sabotage::Sabotage,
};
use async_trait::async_trait;
use countersign_connectors::Registry;
use countersign_core::{
    catalogue::Catalogue,
    run::{Effect, Input},
};
use countersign_engine::{Clock, Engine, EngineConfig, EngineParts, Outside, Vault};
use countersign_outbound::Outbound;
use countersign_store::{
    Commit, CommitOutcome, StoreError,
    testing::{Network, SimulatedDatabase},
};
use parking_lot::Mutex;
use std::sync::{Arc, LazyLock};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::built_in().unwrap());
static OUTBOUND: LazyLock<Outbound> = LazyLock::new(Outbound::with_private);
static ACTIONS: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(CATALOGUE.clone()));

/// One life of a process, from its start to its end.
#[derive(Clone)]
pub struct Life {
    pub world: World,
    standing: Arc<Mutex<Standing>>,
}

#[derive(Default)]
struct Standing {
    dead: bool,
    paused_until: i64,
    cut_off_until: i64,
    /// What its clock shows beyond the true time.
    offset: i64,
    /// Requests to the database under way.
    asking: usize,
}

/// A request to the database, as long as somebody waits for it.
struct Asking<'a>(&'a Life);

impl<'a> Asking<'a> {
    fn of(life: &'a Life) -> Self {
        life.standing.lock().asking += 1;
        Self(life)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.standing.lock().asking -= 1;
    }
}

impl Life {
    pub fn new(world: &World, offset: i64) -> Self {
        let standing = Standing { offset, ..Standing::default() };
        Self { world: world.clone(), standing: Arc::new(Mutex::new(standing)) }
    }

    /// Whether it waits for the database.
    pub fn asks(&self) -> bool {
        self.standing.lock().asking > 0
    }

    pub fn alive(&self) -> bool {
        !self.standing.lock().dead
    }

    pub fn crash(&self) {
        self.standing.lock().dead = true;
    }

    pub fn pause_until(&self, time: i64) {
        self.standing.lock().paused_until = time;
    }

    pub fn cut_off_until(&self, time: i64) {
        self.standing.lock().cut_off_until = time;
    }

    pub fn set_offset(&self, offset: i64) {
        self.standing.lock().offset = offset;
    }

    pub fn heal(&self) {
        let mut standing = self.standing.lock();
        (standing.paused_until, standing.cut_off_until) = (0, 0);
    }

    /// Returns once the process runs; of a dead one, never.
    pub async fn live(&self) {
        loop {
            let pause = {
                let standing = self.standing.lock();
                if standing.dead { None } else { Some(standing.paused_until - self.world.now()) }
            };
            match pause {
                None => std::future::pending().await,
                Some(pause) if pause > 0 => self.world.sleep(pause).await,
                Some(_) => return,
            }
        }
    }

    fn cut_off(&self) -> bool {
        self.standing.lock().cut_off_until > self.world.now()
    }

    /// Trouble at the worst moments: between a decision, its commit, its effect and the answer.
    fn strike(&self) {
        // What the lease is for is a process that is silent, not one that ends.
        let silences = self.world.lock().silences();
        if !self.world.fault(if silences { 60 } else { 8 }) {
            return;
        }
        let (crash, pause) = {
            let mut world = self.world.lock();
            (!silences && world.random.chance(500), world.random.between(3000, 25_000))
        };
        if crash {
            self.crash();
        } else {
            self.pause_until(self.world.now() + pause);
        }
    }

    /// Starts the engine of this life. The database may be away for a while.
    pub async fn start(&self, database: &SimulatedDatabase, node: String) -> Engine {
        let sabotage = self.world.lock().sabotage;
        let never = 1_000_000_000_000;
        let config = EngineConfig {
            node,
            heartbeat_ms: HEARTBEAT_MS as u64,
            dead_after_ms: if sabotage == Sabotage::NoRecovery { never } else { DEAD_AFTER_MS as u64 },
            sweep_every: if sabotage == Sabotage::NoSweep { never } else { EngineConfig::default().sweep_every },
            ..EngineConfig::default()
        };
        loop {
            let parts = EngineParts {
                store: database.store(Arc::new(self.clone())),
                registry: REGISTRY.clone(),
                outbound: OUTBOUND.clone(),
                vault: Vault::new([7; 32]),
                clock: Arc::new(self.clone()),
            };
            match Engine::start_in(parts, config.clone(), Some(Arc::new(self.clone()))).await {
                Ok(engine) => return engine,
                Err(_) => self.world.sleep(500).await,
            }
        }
    }
}

#[async_trait]
impl Clock for Life {
    fn now(&self) -> i64 {
        self.world.now() + self.standing.lock().offset
    }

    async fn sleep_until(&self, at: i64) {
        self.world.sleep(at - Clock::now(self)).await;
        self.live().await;
    }

    fn elapsed(&self) -> i64 {
        let world = self.world.lock();
        if world.sabotage == Sabotage::NoLease { 1 } else { world.now() }
    }

    fn new_id(&self) -> String {
        self.world.lock().new_id()
    }
}

#[async_trait]
impl Network for Life {
    async fn request(&self) -> Result<(), StoreError> {
        let _asking = Asking::of(self);
        self.live().await;
        if self.cut_off() || self.world.fault(5) {
            self.world.sleep_between(20, 3000).await;
            self.live().await;
            return Err(StoreError::Busy("the database is away".into()));
        }
        // From here on it arrives, whatever becomes of the process.
        let slow = self.world.fault(8);
        self.world.sleep_between(if slow { 20 } else { 0 }, if slow { 9000 } else { 10 }).await;
        Ok(())
    }

    async fn between_queries(&self) {
        let _asking = Asking::of(self);
        if self.world.fault(300) {
            self.world.sleep_between(0, 200).await;
        }
    }

    async fn answer(&self) -> Result<(), StoreError> {
        let _asking = Asking::of(self);
        self.strike();
        // What nobody looks after without the sweep is a commit whose answer was lost.
        let often = self.world.lock().sabotage == Sabotage::NoSweep;
        let lost = self.world.fault(if often { 150 } else { 10 });
        self.world.sleep_between(0, if lost { 3000 } else { 10 }).await;
        self.live().await;
        if lost { Err(StoreError::Busy("no answer from the database".into())) } else { Ok(()) }
    }

    fn arrives(&self, commit: &mut Commit) -> bool {
        let mut world = self.world.lock();
        if world.sabotage == Sabotage::EffectsBeforeCommit
            && let Some(effect) = crate::checker::first_call(commit)
            && let Err(found) = world.arrive(&commit.run_id, &effect)
        {
            world.broken.get_or_insert(found);
        }
        world.sabotaged(commit)
    }

    fn written(&self, commit: &Commit, outcome: &Result<CommitOutcome, StoreError>) {
        let verdict = self.world.lock().written(commit, outcome);
        self.world.found(verdict);
    }
}

#[async_trait]
impl Outside for Life {
    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&ACTIONS)
    }

    async fn perform(&self, mut effect: Effect) -> Input {
        // In this very instant the engine looked whether it still may. A process that is paused looks when it goes on, so what
        // was looked at is on its way, whatever becomes of the process from here on.
        if !self.alive() {
            std::future::pending::<()>().await;
        }
        self.world.lock().under_way += 1;
        self.world.sleep_between(0, 3).await;
        let run = key(&effect).rsplitn(3, '.').last().unwrap_or_default().to_owned();
        self.sabotage(&mut effect);
        let arrived = self.world.lock().arrive(&run, &effect);
        let (input, delay) = match arrived {
            Ok(arrived) => arrived,
            Err(found) => {
                self.world.found(Err(found));
                self.world.lock().under_way -= 1;
                std::future::pending().await
            }
        };
        self.strike();
        self.world.sleep(delay).await;
        if self.world.lock().sabotage == Sabotage::ResendsInterrupted && !self.alive() {
            // What a careless proxy would do: nobody took the answer, so it asks again.
            let again = self.world.lock().arrive(&run, &effect).map(|_| ());
            self.world.found(again);
        }
        self.world.lock().under_way -= 1;
        self.live().await;
        input
    }
}

impl Life {
    fn sabotage(&self, effect: &mut Effect) {
        let mut world = self.world.lock();
        let id = world.new_id();
        match (world.sabotage, effect) {
            (Sabotage::FreshKeys, Effect::InvokeAction { key, .. } | Effect::SendMessage { key, .. }) => {
                *key = format!("{key}{id}").into()
            }
            (Sabotage::ChangesRequests, Effect::InvokeAction { input, .. }) => *input = serde_json::json!({ "x": id }),
            _ => {}
        }
    }
}

fn key(effect: &Effect) -> &str {
    match effect {
        Effect::InvokeAction { key, .. } | Effect::SendMessage { key, .. } | Effect::LookUp { key, .. } => key,
    }
}
