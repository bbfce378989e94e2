//! A database that is away between a call's decision and the call: nothing was sent, so nothing is known of it that was not
//! known before. No attempt is taken and no person is asked.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use async_trait::async_trait;
use countersign_core::{
    log::LogEntry,
    run::{CallEvent, Event},
};
use countersign_engine::{DecideRequest, Engine, EngineConfig};
use countersign_store::{
    Commit, CommitOutcome, RunRow, RunStatus, StoreError,
    testing::{Network, SimulatedDatabase},
};
use parking_lot::Mutex;
use serde_json::json;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use support::{WORKSPACE, World, person};
use tokio::sync::{Notify, Semaphore};

/// How long a test waits for a signal before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which event of a call it is.
type IsEvent = fn(&CallEvent) -> bool;

/// The way to the database: closed as soon as a commit with a certain event was written.
struct Way {
    closes_after: Mutex<Option<IsEvent>>,
    closed: AtomicBool,
    /// The process behind it, which forgets what it has read when the way is closed.
    process: OnceLock<Engine>,
    /// How often somebody asked in vain.
    refused: Semaphore,
    /// Something was written.
    wrote: Notify,
}

impl Way {
    fn close_after(&self, what: IsEvent) {
        *self.closes_after.lock() = Some(what);
    }

    /// Opens once so many have asked in vain.
    async fn open_after(&self, requests: u32) {
        let asked = tokio::time::timeout(PATIENCE, self.refused.acquire_many(requests));
        drop(asked.await.expect("nobody asked").unwrap());
        self.closed.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl Network for Way {
    async fn request(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::SeqCst) {
            self.refused.add_permits(1);
            return Err(StoreError::Busy("the database is away".into()));
        }
        Ok(())
    }

    async fn answer(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn arrives(&self, _: &mut Commit) -> bool {
        true
    }

    fn written(&self, commit: &Commit, _: &Result<CommitOutcome, StoreError>) {
        self.wrote.notify_one();
        let events: Vec<Event> = serde_json::from_str(&commit.events).unwrap();
        let mut closes_after = self.closes_after.lock();
        let closes = |event: &Event| match (event, *closes_after) {
            (Event::Call { what, .. }, Some(closes)) => closes(what),
            _ => false,
        };
        if events.iter().any(closes) {
            *closes_after = None;
            self.process.get().unwrap().forget_connections(WORKSPACE);
            self.closed.store(true, Ordering::SeqCst);
        }
    }
}

const UPGRADE: &str = "
schema: 1
name: One call
start: approve
steps:
  approve: { type: approval, summary: go, guards: [call], on_approve: call, on_reject: done, timeout: { after: 1h, outcome: rejected } }
  call:
    type: tool_call
    action: stripe.subscription.update
    input: { subscription: sub_ada, item: si_ada, price: price_enterprise }
    retry: { attempts: 1 }
    next: done
  done: { type: end }
";
const OPERATION: &str = "stripe.subscription.update";

async fn world() -> (World, Arc<Way>) {
    let way = Arc::new(Way {
        closes_after: Mutex::default(),
        closed: AtomicBool::new(false),
        process: OnceLock::new(),
        refused: Semaphore::new(0),
        wrote: Notify::new(),
    });
    let database = SimulatedDatabase::new(Arc::new(|| 1));
    let world = World::over(database.store(Arc::clone(&way) as Arc<dyn Network>), EngineConfig::default()).await;
    assert!(way.process.set(world.engine.clone()).is_ok());
    world.publish("one", UPGRADE).await;
    (world, way)
}

async fn approved(world: &World) -> String {
    let run = world.engine.start_run(world.start("one")).await.unwrap().run.id;
    let approval = world.until_waiting_for(&run, "approval").await;
    let decision = DecideRequest { outcome: "approved".into(), ..DecideRequest::default() };
    // It is written with the call it allows; that the answer is lost with the way is no matter here.
    drop(world.engine.decide(WORKSPACE, &approval.id, decision, person("op", &["operator"])).await);
    run
}

async fn over(world: &World, way: &Way, run: &str) -> RunRow {
    let waiting = async {
        loop {
            let row = world.run(run).await;
            if row.status.is_final() {
                return row;
            }
            way.wrote.notified().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the run does not end")
}

async fn requests(world: &World, run: &str) -> Vec<(u32, bool)> {
    let log: Vec<LogEntry> = world.log(run).await;
    let events = log.into_iter().flat_map(|entry| entry.events);
    let calls = events.filter_map(|event| match event {
        Event::Call { id, what: CallEvent::Requested { .. } } => Some((id.attempt, true)),
        Event::Call { id, what: CallEvent::Scheduled { .. } } => Some((id.attempt, false)),
        _ => None,
    });
    calls.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_is_asked_for_again_and_takes_no_attempt() {
    let (world, way) = world().await;
    way.close_after(|event| matches!(event, CallEvent::Requested { .. }));
    let run = approved(&world).await;
    // Who decided reads what became of it, the call reads its account, and that it was put off is written.
    way.open_after(3).await;
    let _running = world.hasten();
    let over = over(&world, &way, &run).await;
    assert_eq!(over.status, RunStatus::Completed, "{:?}", over.error_message);
    assert_eq!(requests(&world, &run).await, [(1, true), (1, false), (1, true)], "the only attempt there is");
    assert_eq!(world.count(OPERATION).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_waits_for_the_database_and_asks_nobody() {
    let (world, way) = world().await;
    world.fault(json!({ "operation": OPERATION, "kind": "drop_after", "times": 1 })).await;
    way.close_after(|event| matches!(event, CallEvent::LookUpRequested));
    let run = approved(&world).await;
    way.open_after(1).await;
    let _running = world.hasten();
    let over = over(&world, &way, &run).await;
    assert_eq!(over.status, RunStatus::Completed, "{:?}", over.error_message);
    assert_eq!(world.count(OPERATION).await, (1, 1));
}
