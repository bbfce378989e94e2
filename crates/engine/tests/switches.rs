//! A switch of a trigger holds in every process of a fleet at once, whatever another process kept of the workflow.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_engine::{Clock as _, Engine, EngineError};
use countersign_store::{ChangeTrigger, RunFilter, Store, testing::TestDatabase};
use std::time::Duration;
use support::{WORKSPACE, World};

const API: &str = "schema: 1\nname: one\ntriggers: [{ type: api }]\nstart: done\nsteps:\n  done: { type: end }\n";
const HOUR_MS: i64 = 3_600_000;
/// Within which what came due has started.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is switched off and on.
const SWITCHED: u64 = 20;

async fn switch(store: &Store, (workflow, id): (&str, &str), on: bool) {
    let change = ChangeTrigger {
        workspace: WORKSPACE.into(),
        workflow: workflow.into(),
        id: id.into(),
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
        switch(&world.store, ("one", "api-1"), false).await;
        let refused = other.start_run(world.start("one")).await;
        assert!(matches!(refused, Err(EngineError::TriggerOff(id)) if id == "api-1"), "it is off everywhere");
        switch(&world.store, ("one", "api-1"), true).await;
        other.start_run(world.start("one")).await.unwrap();
    }
    let counts = world.store.count_runs_by_status(WORKSPACE, &RunFilter::default()).await.unwrap();
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 2 * SWITCHED);
    other.shutdown(Duration::ZERO).await;
}

async fn runs_of(store: &Store, workflow: &str) -> u64 {
    let filter = RunFilter { workflow: Some(workflow.into()), ..RunFilter::default() };
    let counts = store.count_runs_by_status(WORKSPACE, &filter).await.unwrap();
    counts.iter().map(|(_, count)| count).sum()
}

/// Two schedules of every hour, one of them off: what the other starts half a minute later tells that its time was seen.
async fn off_for_hours(database: TestDatabase) {
    let world = World::on(database).await;
    // A minute past the hour.
    world.clock.advance(HOUR_MS - world.clock.now() % HOUR_MS + 60_000);
    for (id, second) in [("off", 0), ("on", 30)] {
        let trigger =
            format!("{{ type: schedule, cron: \"{second} 0 * * * *\", time_zone: UTC, missed: all, overlap: allow }}");
        let document =
            format!("schema: 1\nname: {id}\ntriggers: [{trigger}]\nstart: done\nsteps:\n  done: {{ type: end }}\n");
        world.publish(id, &document).await;
        // Its clock is set before time goes on.
        let triggers = world.engine.triggers(WORKSPACE, id).await.unwrap();
        assert!(triggers[0].row.as_ref().is_some_and(|row| row.next_at.is_some()), "{triggers:?}");
    }
    let hour_passes = async |seen: u64, of: &str| {
        let mut changes = world.store.subscribe();
        world.clock.advance(HOUR_MS);
        let there = async {
            while runs_of(&world.store, of).await < seen {
                drop(changes.recv().await);
            }
        };
        if tokio::time::timeout(PATIENCE, there).await.is_err() {
            let triggers = world.engine.triggers(WORKSPACE, of).await.unwrap();
            panic!(
                "{of} has {} of {seen} runs at {}: {triggers:#?}",
                runs_of(&world.store, of).await,
                world.clock.now()
            );
        }
    };
    switch(&world.store, ("off", "schedule-1"), false).await;
    for hour in 1..=3 {
        hour_passes(hour, "on").await;
    }
    switch(&world.store, ("off", "schedule-1"), true).await;
    assert_eq!(runs_of(&world.store, "off").await, 0);
    hour_passes(1, "off").await;
    hour_passes(2, "off").await;
    // Another one: whatever was made up for would have started before it.
    hour_passes(3, "off").await;
    assert_eq!(runs_of(&world.store, "off").await, 3, "of the hours it was on");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_come_while_a_schedule_is_off_are_not_made_up_for() {
    off_for_hours(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_come_while_a_schedule_is_off_are_not_made_up_for_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    off_for_hours(database).await;
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
