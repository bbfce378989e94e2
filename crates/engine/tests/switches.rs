//! A switch of a trigger holds in every process of a fleet at once, whatever another process kept of the workflow.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_engine::{Engine, EngineError};
use countersign_store::{ChangeTrigger, RunFilter, Store, testing::TestDatabase};
use std::time::Duration;
use support::{WORKSPACE, World};

const API: &str = "schema: 1\nname: one\ntriggers: [{ type: api }]\nstart: done\nsteps:\n  done: { type: end }\n";
/// How often it is switched off and on.
const SWITCHED: u64 = 20;

async fn switch(store: &Store, on: bool) {
    let change = ChangeTrigger {
        workspace: WORKSPACE.into(),
        workflow: "one".into(),
        id: "api-1".into(),
        enabled: Some(on),
        secret_sealed: None,
    };
    store.change_trigger(&change, Vec::new()).await.unwrap();
}

async fn other_process(database: TestDatabase) {
    let config = database.config().clone();
    let world = World::on(database).await;
    let other: Engine = match config.url.starts_with("postgres") {
        true => world.another_on(&Store::open(&config).await.unwrap()).await,
        false => world.another().await,
    };
    world.publish("one", API).await;
    assert!(world.engine.triggers(WORKSPACE, "one").await.unwrap()[0].row.as_ref().unwrap().enabled);
    for _ in 0..SWITCHED {
        // It keeps that the trigger is on.
        other.start_run(world.start("one")).await.unwrap();
        switch(&world.store, false).await;
        let refused = other.start_run(world.start("one")).await;
        assert!(matches!(refused, Err(EngineError::TriggerOff(id)) if id == "api-1"), "it is off everywhere");
        switch(&world.store, true).await;
        other.start_run(world.start("one")).await.unwrap();
    }
    let counts = world.store.count_runs_by_status(WORKSPACE, &RunFilter::default()).await.unwrap();
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 2 * SWITCHED);
    other.shutdown(Duration::ZERO).await;
}

#[tokio::test]
async fn a_switch_holds_in_a_process_that_was_not_told() {
    other_process(TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn a_switch_holds_in_a_process_that_was_not_told_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    other_process(database).await;
}
