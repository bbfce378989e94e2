//! Lets things happen in their order, skips the times at which nothing does, and looks at the end.

use super::{process::Life, world::World};
use crate::{
    documents::{Published, versions},
    people::WORKSPACE,
    random::Random,
    sabotage::Sabotage,
    scenario::{CLOCK_OFF_MAX_MS, PATIENCE_MS, Report},
};
use async_trait::async_trait;
use countersign_engine::Engine;
use countersign_store::{
    Commit, CommitOutcome, ConversationRow, ConversationStatus, CustomerRow, Publish, Store, StoreError, WorkflowRow,
    testing::{Network, SimulatedDatabase},
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Looks at the state of things in one scenario at most.
const LOOKS_MAX: usize = 100_000;
/// Messages that start runs, one a conversation.
pub const MESSAGES_MAX: usize = 4;
/// Between two looks, milliseconds: never in step with what a process does at regular times.
const LOOK_EVERY: i64 = 530;
/// So many looks in a row at which something moves are twenty minutes: no trouble lasts that long.
const RESTLESS_LOOKS_MAX: usize = 2_400;

#[derive(Clone)]
pub struct Director {
    pub world: World,
    /// The database over a network without faults.
    pub calm: Store,
    database: Arc<SimulatedDatabase>,
    processes: Arc<Mutex<Vec<Process>>>,
}

struct Process {
    life: Life,
    /// Absent while it starts.
    engine: Option<Engine>,
    lives: u64,
}

#[derive(Clone, Copy)]
enum Happening {
    Start(usize),
    Message(usize),
    Person,
    Trouble,
    Publish,
}

struct Calm;

#[async_trait]
impl Network for Calm {
    async fn request(&self) -> Result<(), StoreError> {
        Ok(())
    }
    async fn answer(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn arrives(&self, _: &mut Commit) -> bool {
        true
    }
    fn written(&self, _: &Commit, _: &Result<CommitOutcome, StoreError>) {}
}

impl Director {
    /// Within a runtime, whose time it takes.
    pub fn new(seed: u64, sabotage: Sabotage) -> Self {
        let mut random = Random::new(seed);
        let versions = versions(&mut random, sabotage);
        let world = World::new(random, sabotage, versions);
        let clock = world.clone();
        let database = Arc::new(SimulatedDatabase::new(Arc::new(move || clock.now())));
        let calm = database.store(Arc::new(Calm));
        Self { world, calm, database, processes: Arc::default() }
    }

    pub async fn play(self) -> Result<Report, String> {
        self.furnish().await;
        let happenings = self.plan();
        let count = 1 + self.world.lock().random.below(3);
        for at in 0..count {
            let offset = self.world.lock().random.between(-CLOCK_OFF_MAX_MS, CLOCK_OFF_MAX_MS);
            let life = Life::new(&self.world, offset);
            self.processes.lock().push(Process { life, engine: None, lives: 0 });
            tokio::spawn(self.clone().begin(at));
        }
        for ((at, _), happening) in happenings {
            self.until(at).await?;
            let happens: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = match happening {
                Happening::Start(number) => Box::pin(self.clone().start(number)),
                Happening::Message(number) => Box::pin(self.clone().write(number)),
                Happening::Person => Box::pin(self.clone().act()),
                Happening::Trouble => Box::pin(self.clone().trouble()),
                Happening::Publish => Box::pin(self.clone().publish(2)),
            };
            let world = self.world.clone();
            world.lock().under_way += 1;
            tokio::spawn(async move {
                happens.await;
                world.lock().under_way -= 1;
            });
        }
        self.come_to_rest().await?;
        self.report().await
    }

    /// The busy hour: people and trouble at random distances, many close together.
    fn plan(&self) -> BTreeMap<(i64, usize), Happening> {
        let mut world = self.world.lock();
        let now = world.now();
        let random = &mut world.random;
        let mut all = BTreeMap::new();
        let mut add = |at: i64, what| all.insert((now + at, all.len()), what);
        for number in 0..1 + random.below(5) {
            add(random.between(10, 60_000), Happening::Start(number));
        }
        for number in 0..random.below(MESSAGES_MAX) {
            add(random.between(10, 60_000), Happening::Message(number));
        }
        let mut at = 0;
        for _ in 0..random.below(60) {
            at += if random.chance(50) { random.between(1, 4_000_000) } else { random.between(1, 6000) };
            add(at, Happening::Person);
        }
        let end = at.max(60_000);
        for _ in 0..random.below(10) {
            let until = if random.chance(700) { 90_000 } else { end };
            add(random.between(100, until), Happening::Trouble);
        }
        add(random.between(1, 60_000), Happening::Publish);
        all
    }

    /// Starts the process of this place, and starts it again whenever it ends.
    async fn begin(self, at: usize) {
        loop {
            let (life, node) = {
                let processes = self.processes.lock();
                let process = &processes[at];
                (process.life.clone(), format!("node{at}.{}", process.lives))
            };
            let started = tokio::select! {
                biased;
                engine = life.start(&self.database, node) => Some(engine),
                () = self.death(&life) => None,
            };
            if let Some(engine) = started {
                self.processes.lock()[at].engine = Some(engine);
                self.death(&life).await;
            }
            self.processes.lock()[at].engine = None;
            self.world.sleep_between(1, 30_000).await;
            let offset = self.world.lock().random.between(-CLOCK_OFF_MAX_MS, CLOCK_OFF_MAX_MS);
            let mut processes = self.processes.lock();
            processes[at].life = Life::new(&self.world, offset);
            processes[at].lives += 1;
        }
    }

    async fn death(&self, life: &Life) {
        while life.alive() {
            self.world.sleep(20).await;
        }
    }

    pub fn some_engine(&self) -> Option<Engine> {
        let alive: Vec<Engine> = {
            let processes = self.processes.lock();
            processes
                .iter()
                .filter(|process| process.life.alive())
                .filter_map(|process| process.engine.clone())
                .collect()
        };
        if alive.is_empty() { None } else { Some(self.world.lock().random.pick(&alive).clone()) }
    }

    async fn trouble(self) {
        loop {
            let (at, kind, pause) = {
                let (count, mut world) = (self.processes.lock().len(), self.world.lock());
                if !world.faults {
                    return;
                }
                (world.random.below(count), world.random.below(12), world.random.between(500, 25_000))
            };
            let (life, engine) = {
                let processes = self.processes.lock();
                (processes[at].life.clone(), processes[at].engine.clone())
            };
            match kind {
                0..=3 => life.crash(),
                4..=6 => life.pause_until(self.world.now() + pause),
                7 | 8 => life.cut_off_until(self.world.now() + pause),
                9 => life.set_offset(pause % CLOCK_OFF_MAX_MS),
                // A restart as it should be: what is under way is finished or handed over.
                _ => {
                    if let Some(engine) = engine {
                        let grace = Duration::from_millis(pause as u64);
                        // It may die before it has said good-bye.
                        drop(tokio::time::timeout(2 * grace, engine.shutdown(grace)).await);
                    }
                    life.crash();
                }
            }
            // Trouble seldom comes alone.
            if !self.world.fault(300) {
                return;
            }
            self.world.sleep_between(1, 10_000).await;
        }
    }

    /// Lets time pass until then, and skips what of it is empty.
    async fn until(&self, time: i64) -> Result<(), String> {
        let mut restless = 0;
        for _ in 0..LOOKS_MAX {
            if let Some(found) = self.world.lock().broken.take() {
                return Err(found);
            }
            let now = self.world.now();
            if now >= time {
                return Ok(());
            }
            if self.at_rest().await {
                restless = 0;
                let next = self.calm.next_wake_at().await.unwrap().map_or(time, |wake| wake.min(time));
                if next - now > 10_000 {
                    self.world.skip_to(next - 2000);
                }
            } else {
                restless += 1;
            }
            if restless > RESTLESS_LOOKS_MAX {
                break;
            }
            let pause = (time - self.world.now()).min(LOOK_EVERY);
            self.world.sleep(pause).await;
        }
        Err(self.restless().await)
    }

    /// Nothing is under way and all processes run: only people and timers can bring something.
    async fn at_rest(&self) -> bool {
        let up = self.processes.lock().iter().all(|process| process.life.alive() && process.engine.is_some());
        let dealt_with = self.calm.count_waiting_inbound(1).await.unwrap() == 0;
        // A decision by what was allowed in advance may be on its way between two requests to the database.
        let allowed = !self.world.lock().checker.allowed.standing.is_empty();
        let silent = !allowed || self.processes.lock().iter().all(|process| !process.life.asks());
        up && dealt_with
            && silent
            && self.world.lock().under_way == 0
            && self.calm.running_runs(None, None, 1).await.unwrap().is_empty()
    }

    /// From here on everything works; what was begun must come to an end or to a person.
    async fn come_to_rest(&self) -> Result<(), String> {
        self.world.lock().faults = false;
        self.processes.lock().iter().for_each(|process| process.life.heal());
        let began = self.world.now();
        let mut restless = 0;
        while restless < RESTLESS_LOOKS_MAX {
            if let Some(found) = self.world.lock().broken.take() {
                return Err(found);
            }
            if self.at_rest().await {
                restless = 0;
                let now = self.world.now();
                match self.calm.next_wake_at().await.unwrap() {
                    None => return Ok(()),
                    Some(_) if now - began > PATIENCE_MS => return Err("timers go on for ever".into()),
                    Some(next) => self.world.skip_to(next - 1000),
                }
            } else {
                restless += 1;
            }
            self.world.sleep(LOOK_EVERY).await;
        }
        Err(self.restless().await)
    }

    /// What does not come to rest.
    async fn restless(&self) -> String {
        let running = self.calm.running_runs(None, None, 10).await.unwrap();
        let told: Vec<_> = running.iter().map(|row| (&row.id, &row.step, &row.node, row.seq)).collect();
        let under_way = self.world.lock().under_way;
        let waiting = self.calm.count_waiting_inbound(10).await;
        let asking: Vec<_> = self.processes.lock().iter().map(|process| process.life.asks()).collect();
        format!(
            "it does not come to rest, {under_way} things are under way, {waiting:?} messages wait, who asks the \
             database: {asking:?}; nobody drives it: {told:?}"
        )
    }

    async fn furnish(&self) {
        let workflow = WorkflowRow {
            id: "w1".into(),
            workspace: WORKSPACE.into(),
            name: "w1".into(),
            draft: "{}".into(),
            draft_revision: 1,
            draft_updated_at: 1,
            draft_updated_by: None,
            active_version: None,
            last_version: 0,
            created_at: 1,
            archived_at: None,
        };
        self.calm.create_workflow(&workflow, Vec::new()).await.unwrap();
        self.clone().publish(1).await;
        self.settle().await;
        let ada = CustomerRow {
            id: "ada".into(),
            workspace: WORKSPACE.into(),
            external_id: None,
            name: "Ada Example".into(),
            email: Some("ada@example.com".into()),
            phone: Some("+15555550101".into()),
            telegram: Some("7".into()),
            data: "{}".into(),
            created_at: 1,
            merged_into: None,
            merges: 0,
        };
        self.calm.create_customer(&ada, vec![]).await.unwrap();
        let chats = (0..MESSAGES_MAX).map(|number| format!("m{number}"));
        for id in (0..5).map(|number| format!("c{number}")).chain(chats) {
            let row = ConversationRow {
                id,
                workspace: WORKSPACE.into(),
                customer: Some("ada".into()),
                channel: "web".into(),
                channel_account: None,
                external_id: None,
                subject: None,
                status: ConversationStatus::Open,
                token_hash: None,
                assigned_to: None,
                last_position: 0,
                created_at: 1,
                updated_at: 1,
                last_message_at: None,
                unanswered_since: None,
                snoozed_until: None,
            };
            self.calm.create_conversation(&row, vec![]).await.unwrap();
        }
    }

    /// Another version becomes the one new runs take. No process is told.
    async fn publish(self, version: usize) {
        let Published { played: version, allow_unguarded, .. } = &*Arc::clone(&self.world.lock().versions[version - 1]);
        let publish = Publish {
            workspace: WORKSPACE.into(),
            workflow: "w1".into(),
            document: serde_json::to_string(version.workflow()).unwrap(),
            hash: "h".into(),
            message: String::new(),
            author: "u-1".into(),
            detail: allow_unguarded.then(|| "{\"allow_unguarded\":true}".to_owned()),
            expected_active: None,
            at: self.world.now(),
        };
        self.calm.publish(&publish, &|_| Vec::new()).await.unwrap();
    }
}
