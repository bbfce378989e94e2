//! Honest outcomes: what a lost answer, a crash and a busy service lead to.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_core::run::{Outcome, Verdict};
use countersign_engine::{Clock, DecideRequest, EngineConfig, EngineError, IdempotencyKey, NamedVersion, StartRun};
use countersign_store::{AuditFilter, NewAudit, RunStatus, WaitingFor, testing::TestDatabase};
use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};
use std::time::Duration;
use support::{WORKSPACE, World, person};

fn one_call(world: &World, action: &str, input: &Value) -> String {
    let url = world.sandbox.url();
    let input = input.to_string().replace("$URL", &url);
    format!(
        "
schema: 1
name: One call
start: approve
steps:
  approve: {{ type: approval, summary: go, guards: [call], on_approve: call, on_reject: done, timeout: {{ after: 1h, outcome: rejected }} }}
  call:
    type: tool_call
    action: {action}
    input: {input}
    retry: {{ attempts: 3, initial: 1s }}
    timeout: 5s
    next: done
  done: {{ type: end, output: '{{{{ steps.call.output }}}}' }}
"
    )
}

/// Starts the workflow and approves it.
async fn approved(world: &World, yaml: &str) -> String {
    world.publish("one", yaml).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    let decision =
        DecideRequest { outcome: "approved".into(), comment: String::new(), result: None, ..DecideRequest::default() };
    world.engine.decide(WORKSPACE, &approval.id, decision, person("op", &["operator"])).await.unwrap();
    run.id
}

fn update() -> Value {
    json!({ "subscription": "sub_ada", "item": "si_ada", "price": "price_enterprise" })
}

fn unkeyed() -> Value {
    json!({ "method": "POST", "url": "$URL/rest/orders", "body": { "order": 7 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_a_keyed_action_is_fetched_with_the_same_key() {
    let world = World::new().await;
    let operation = "stripe.subscription.update";
    world.fault(json!({ "operation": operation, "kind": "drop_after", "times": 1 })).await;
    let run = approved(&world, &one_call(&world, operation, &update())).await;
    world.until(&run, |row| row.waiting_for == Some(WaitingFor::Timer)).await;
    world.clock.advance(2000);
    assert_eq!(world.until_over(&run).await.status, RunStatus::Completed);
    assert_eq!(world.count(operation).await, (2, 1), "sent twice, executed once");
}

/// A message in Slack, as its actions name it.
async fn posted(world: &World) -> Value {
    let run = approved(world, &one_call(world, "slack.message.post", &json!({ "channel": "#a", "text": "hi" }))).await;
    serde_json::from_str(world.until_over(&run).await.output.as_deref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_says_was_done_before_is_done_when_the_answer_was_lost() {
    for (action, operation, more, output) in [
        ("slack.reaction.add", "slack.reactions.add", json!({ "name": "eyes" }), json!({ "ok": true })),
        ("slack.message.delete", "slack.chat.delete", json!({}), Value::Null),
    ] {
        for crashes in [false, true] {
            let mut world = World::new().await;
            let mut input = posted(&world).await;
            let output = if output.is_null() { input.clone() } else { output.clone() };
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let fault = if crashes { "delay" } else { "drop_after" };
            let fault = json!({ "operation": operation, "kind": fault, "delay_ms": 60_000, "times": 1 });
            world.fault(fault).await;
            let run = approved(&world, &one_call(&world, action, &input)).await;
            if crashes {
                // The fault executes at once and holds the answer back.
                while world.count(operation).await.1 == 0 {
                    tokio::task::yield_now().await;
                }
                world.crash().await;
            } else {
                world.until(&run, |row| row.waiting_for == Some(WaitingFor::Timer)).await;
                world.clock.advance(2000);
            }
            let over = world.until_over(&run).await;
            assert_eq!(over.status, RunStatus::Completed, "{action}: {:?}", over.error_message);
            assert_eq!(serde_json::from_str::<Value>(over.output.as_deref().unwrap()).unwrap(), output, "{action}");
            assert_eq!(world.count(operation).await, (2, 1), "{action}: sent twice, executed once");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_answer_was_lost_is_not_opened_again() {
    let world = World::new().await;
    world.fault(json!({ "operation": "slack.views.open", "kind": "drop_after", "times": 1 })).await;
    let view = json!({ "type": "modal", "title": { "type": "plain_text", "text": "Upgrade" }, "blocks": [] });
    let view = json!({ "trigger_id": "1.2.abc", "view": view });
    let run = approved(&world, &one_call(&world, "slack.view.open", &view)).await;
    world.until_waiting_for(&run, "unknown_outcome").await;
    assert_eq!(world.count("slack.views.open").await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_an_unkeyed_action_asks_a_person_and_is_never_sent_again() {
    let world = World::new().await;
    world.fault(json!({ "operation": "rest.post", "kind": "drop_after", "times": 1 })).await;
    let run = approved(&world, &one_call(&world, "http.request", &unkeyed())).await;
    let doubt = world.until_waiting_for(&run, "unknown_outcome").await;
    world.clock.advance(3_600_000);
    assert_eq!(world.count("rest.post").await, (1, 1));
    let payload: Value = serde_json::from_str(&doubt.payload).unwrap();
    assert_eq!(payload["request"]["input"]["body"], json!({ "order": 7 }), "the person sees what was sent");
    let result = Some(json!({ "order": 7, "found": "by hand" }));
    let decision = DecideRequest {
        outcome: "happened".into(),
        comment: "seen in the shop".into(),
        result,
        ..DecideRequest::default()
    };
    world.engine.decide(WORKSPACE, &doubt.id, decision, person("op", &["operator"])).await.unwrap();
    let ended = world.until_over(&run).await;
    assert_eq!(ended.output.as_deref(), Some(r#"{"order":7,"found":"by hand"}"#));
    assert_eq!(world.count("rest.post").await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_say_that_it_did_not_happen() {
    let world = World::new().await;
    world.fault(json!({ "operation": "rest.post", "kind": "drop_before", "times": 1 })).await;
    let run = approved(&world, &one_call(&world, "http.request", &unkeyed())).await;
    let doubt = world.until_waiting_for(&run, "unknown_outcome").await;
    let decision = DecideRequest {
        outcome: "not_happened".into(),
        comment: String::new(),
        result: None,
        ..DecideRequest::default()
    };
    world.engine.decide(WORKSPACE, &doubt.id, decision, person("op", &["operator"])).await.unwrap();
    assert_eq!(world.until_over(&run).await.status, RunStatus::Completed);
    assert_eq!(world.count("rest.post").await.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_calling_repeats_the_keyed_and_asks_about_the_unkeyed() {
    for (action, operation, input, executed) in [
        ("stripe.subscription.update", "stripe.subscription.update", update(), true),
        ("http.request", "rest.post", unkeyed(), false),
    ] {
        let mut world = World::new().await;
        world.fault(json!({ "operation": operation, "kind": "delay", "delay_ms": 60_000, "times": 1 })).await;
        let run = approved(&world, &one_call(&world, action, &input)).await;
        // The fault executes at once and holds the answer back.
        while world.count(operation).await.1 == 0 {
            tokio::task::yield_now().await;
        }
        world.crash().await;
        if executed {
            // The key is in use until the first answer is out, which counts as "not executed, try again".
            let row =
                world.until(&run, |row| row.status.is_final() || row.waiting_for == Some(WaitingFor::Timer)).await;
            assert!(row.status == RunStatus::Completed || row.waiting_for == Some(WaitingFor::Timer), "{row:?}");
        } else {
            world.until_waiting_for(&run, "unknown_outcome").await;
        }
        assert_eq!(world.count(operation).await.1, 1, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_is_tried_again_after_the_pause_it_asked_for() {
    let world = World::new().await;
    let operation = "stripe.subscription.update";
    world.fault(json!({ "operation": operation, "kind": "rate_limit", "retry_after_seconds": 30, "times": 1 })).await;
    let run = approved(&world, &one_call(&world, operation, &update())).await;
    let row = world.until(&run, |row| row.waiting_for == Some(WaitingFor::Timer)).await;
    assert!(row.wake_at.unwrap() >= row.updated_at + 30_000, "{row:?}");
    world.clock.advance(31_000);
    assert_eq!(world.until_over(&run).await.status, RunStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_starts_one_run() {
    let world = World::new().await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    let keyed = |hash: &str| StartRun {
        idempotency: Some(IdempotencyKey { key: "k1".into(), request_hash: hash.into() }),
        ..world.start("one")
    };
    let first = world.engine.start_run(keyed("h1")).await.unwrap();
    let second = world.engine.start_run(keyed("h1")).await.unwrap();
    assert_eq!((first.run.id, false, true), (second.run.id, first.replayed, second.replayed));
    assert!(matches!(world.engine.start_run(keyed("h2")).await, Err(EngineError::KeyReused)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slow_service_takes_its_share_and_the_rest_of_its_calls_wait_as_rows() {
    const RUNS: usize = 4;
    let config = EngineConfig { moving_max: 4, ..EngineConfig::default() };
    let world = World::with(TestDatabase::sqlite(), config).await;
    world.fault(json!({ "operation": "rest.get", "kind": "delay", "delay_ms": 3000, "times": 1 })).await;
    let slow = format!(
        "schema: 1\nname: Slow\ntriggers: [{{ type: api }}]\nstart: call\nsteps:\n  call: {{ type: tool_call, action: http.get, \
         input: {{ url: '{}/rest/orders' }}, retry: {{ attempts: 1 }}, timeout: 30s, next: done }}\n  done: {{ type: end }}\n",
        world.sandbox.url()
    );
    world.publish("slow", &slow).await;
    world
        .publish(
            "quick",
            "schema: 1\nname: Quick\ntriggers: [{ type: api }]\nstart: done\nsteps:\n  done: { type: end }\n",
        )
        .await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = StartRun { wait: None, ..world.start("slow") };
        runs.push(world.engine.start_run(start).await.unwrap().run.id);
    }
    // One of them has the place there is; which is a matter of luck.
    let put_off = runs.iter().map(|run| Box::pin(world.until(run, |row| row.status == RunStatus::Waiting)));
    let put_off: Vec<_> = put_off.collect::<FuturesUnordered<_>>().take(RUNS - 1).collect().await;
    assert!(put_off.iter().all(|row| row.wake_at.is_some()));
    assert!(world.count("rest.get").await.0 <= 1, "the others were not sent");
    let quick = world.engine.start_run(world.start("quick")).await.unwrap().run;
    assert_eq!(quick.status, RunStatus::Completed, "others start while one service is slow");
    for run in &runs {
        let mut row = world.run(run).await;
        for _ in 0..100 {
            world.clock.advance(1000);
            if let Ok(over) = tokio::time::timeout(Duration::from_millis(100), world.until_over(run)).await {
                row = over;
                break;
            }
        }
        assert_eq!(row.status, RunStatus::Completed);
    }
    assert_eq!(world.count("rest.get").await.0, RUNS as u64, "each was sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_cannot_be_read_stops_itself_and_no_other() {
    let world = World::new().await;
    let every_minute = "schema: 1\nname: N\ntriggers: [{ type: schedule, cron: '* * * * *', time_zone: UTC }]\nstart: done\n\
                        steps:\n  done: { type: end }\n";
    for id in ["broken", "sound"] {
        world.publish(id, every_minute).await;
        world.engine.triggers(WORKSPACE, id).await.unwrap();
    }
    let row = |id: &'static str| async { world.store.list_triggers(WORKSPACE, id).await.unwrap().remove(0) };
    let broken = row("broken").await;
    // Due before the other, with a definition that an update of the server no longer reads.
    let earlier = broken.next_at.map(|at| at - 1000);
    let seen = world.store.get_pointer(WORKSPACE, "broken").await.unwrap().unwrap().pointer_revision;
    let unread = ("{\"type\":\"schedule\",\"cron\":\"no\"}", earlier);
    assert!(world.store.set_clock(&broken, unread, seen).await.unwrap());
    let mut changes = world.store.subscribe();
    let started = async {
        loop {
            world.clock.advance(30_000);
            drop(tokio::time::timeout(Duration::from_millis(200), changes.recv()).await);
            if row("sound").await.last_at.is_some() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), started).await.expect("the other fires");
    assert_eq!(row("broken").await.next_at, None, "its clock is stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_just_ceased_to_be_current_is_not_started() {
    let world = World::new().await;
    let document = one_call(&world, "http.request", &unkeyed());
    world.publish("one", &document).await;
    let key = IdempotencyKey { key: "k1".into(), request_hash: "h1".into() };
    let named = |otherwise| StartRun {
        version: Some(NamedVersion { version: 1, otherwise }),
        idempotency: Some(key.clone()),
        ..world.start("one")
    };
    let first = world.engine.start_run(named(None)).await.unwrap().run;
    world.publish_elsewhere("one", &document).await;
    let fresh = |otherwise| StartRun { idempotency: None, ..named(otherwise) };
    assert!(matches!(world.engine.start_run(fresh(None)).await, Err(EngineError::NotCurrent(1))));
    // Asked again, it is answered with the run there is.
    let again = world.engine.start_run(named(None)).await.unwrap();
    assert_eq!((again.run.id, again.replayed), (first.id, true));
    let entry = NewAudit {
        at: 1,
        actor: "user:b".into(),
        via: "portal".into(),
        action: "run.started_on_another_version".into(),
        subject: "workflow:one".into(),
        detail: "{}".into(),
    };
    let started = world.engine.start_run(fresh(Some(entry))).await.unwrap().run;
    assert_eq!(started.version, 1);
    let record = world.store.list_audit(WORKSPACE, &AuditFilter::default(), None, 100).await.unwrap();
    assert!(record.iter().any(|entry| entry.action == "run.started_on_another_version"));
}

/// Somebody points a connection to another place of the sandbox.
async fn point_elsewhere(world: &World, connector: &str, path: &str) {
    let mut row = world.store.list_connections(WORKSPACE).await.unwrap();
    row.retain(|row| row.connector == connector);
    let mut row = row.remove(0);
    row.settings = json!({ "base_url": format!("{}{path}", world.sandbox.url()) }).to_string();
    world.store.update_connection(&row, Vec::new()).await.unwrap();
    world.engine.forget_connections(WORKSPACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_changed_since_the_yes_is_asked_about_again() {
    let world = World::new().await;
    world.publish("one", &one_call(&world, "stripe.subscription.update", &update())).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    point_elsewhere(&world, "stripe", "/stripe/").await;
    let yes = || DecideRequest { outcome: "approved".into(), ..DecideRequest::default() };
    world.engine.decide(WORKSPACE, &approval.id, yes(), person("op", &["operator"])).await.unwrap();
    let again = world.until_waiting_for(&run.id, "approval").await;
    assert_ne!(again.id, approval.id);
    assert_eq!(world.count("stripe.subscription.update").await, (0, 0), "nothing was sent anywhere");
    world.engine.decide(WORKSPACE, &again.id, yes(), person("op", &["operator"])).await.unwrap();
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Completed);
    assert_eq!(world.count("stripe.subscription.update").await.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_goes_to_no_other_account_than_was_approved() {
    let world = World::new().await;
    world.fault(json!({ "operation": "stripe.subscription.update", "kind": "rate_limit", "times": 1 })).await;
    let run = approved(&world, &one_call(&world, "stripe.subscription.update", &update())).await;
    world.until(&run, |row| row.status == RunStatus::Waiting && row.waiting_for == Some(WaitingFor::Timer)).await;
    point_elsewhere(&world, "stripe", "/stripe/").await;
    world.clock.advance(3_600_000);
    let over = world.until_over(&run).await;
    assert_eq!((over.status, over.error_code.as_deref()), (RunStatus::Failed, Some("connection_changed")));
    assert_eq!(world.count("stripe.subscription.update").await, (1, 0), "sent once, to the account that was approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_many_decisions_has_one_winner() {
    let world = World::new().await;
    world.publish("one", &one_call(&world, "stripe.subscription.update", &update())).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    let racers = (0..16).map(|racer| {
        let (engine, id) = (world.engine.clone(), approval.id.clone());
        let outcome = if racer % 2 == 0 { "approved" } else { "rejected" };
        let decision =
            DecideRequest { outcome: outcome.into(), comment: String::new(), result: None, ..DecideRequest::default() };
        tokio::spawn(async move {
            let by = person(&format!("op{racer}"), &["operator"]);
            engine.decide(WORKSPACE, &id, decision, by).await.map(|_| ())
        })
    });
    let mut won = 0;
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(()) => won += 1,
            Err(EngineError::AlreadyDecided(_)) => {}
            Err(other) => unreachable!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    world.until_over(&run.id).await;
    assert!(world.count("stripe.subscription.update").await.1 <= 1);
}

/// Polls a request so often and then drops it, as a server does whose client hangs up.
async fn hung_up<F: Future>(request: F, polls: usize) {
    let mut request = std::pin::pin!(request);
    for _ in 0..polls {
        if futures::poll!(request.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_hangs_up_leaves_nothing_half_done() {
    const POLLS_MAX: usize = 24;
    let world = World::new().await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    for polls in 1..=POLLS_MAX {
        let key = || Some(IdempotencyKey { key: format!("k{polls}"), request_hash: "h".into() });
        let start = || StartRun { idempotency: key(), ..world.start("one") };
        hung_up(world.engine.start_run(start()), polls).await;
        let run = world.engine.start_run(start()).await.unwrap().run;
        let approval = world.until_waiting_for(&run.id, "approval").await;
        let decide = || {
            let decision = DecideRequest {
                outcome: "approved".into(),
                comment: String::new(),
                result: None,
                ..DecideRequest::default()
            };
            world.engine.decide(WORKSPACE, &approval.id, decision, person("op", &["operator"]))
        };
        hung_up(decide(), polls).await;
        match decide().await {
            Ok(_) | Err(EngineError::AlreadyDecided(_)) => {}
            Err(other) => unreachable!("after {polls} polls: {other:?}"),
        }
        assert_eq!(world.until_over(&run.id).await.status, RunStatus::Completed, "after {polls} polls");
    }
    let runs = POLLS_MAX as u64;
    assert_eq!(world.count("rest.post").await, (runs, runs), "each called once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_the_time_limit_at_one_moment_are_decided_once() {
    let world = World::new().await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    let mut approved = 0;
    for _ in 0..12 {
        let run = world.engine.start_run(world.start("one")).await.unwrap().run;
        let approval = world.until_waiting_for(&run.id, "approval").await;
        let due = approval.due_at.unwrap();
        let (engine, id) = (world.engine.clone(), approval.id.clone());
        let decision = DecideRequest {
            outcome: "approved".into(),
            comment: String::new(),
            result: None,
            ..DecideRequest::default()
        };
        let person =
            tokio::spawn(async move { engine.decide(WORKSPACE, &id, decision, person("op", &["operator"])).await });
        world.clock.advance(due - world.clock.now());
        let decided = person.await.unwrap();
        world.until_over(&run.id).await;
        let closed = world.store.get_checkpoint(WORKSPACE, &approval.id).await.unwrap().unwrap();
        match decided {
            Ok(_) => {
                approved += 1;
                assert_eq!(
                    (closed.outcome, closed.via.as_deref()),
                    (Some(Outcome::Decided(Verdict::Approved)), Some("portal"))
                );
            }
            Err(EngineError::AlreadyDecided(_)) => {
                assert_eq!(
                    (closed.outcome, closed.via.as_deref()),
                    (Some(Outcome::Decided(Verdict::Rejected)), Some("timeout"))
                );
            }
            Err(other) => unreachable!("{other:?}"),
        }
    }
    assert_eq!(world.count("rest.post").await, (approved, approved));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_moves_no_timer() {
    const HOUR_MS: i64 = 3_600_000;
    let world = World::new().await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let due = world.until_waiting_for(&run.id, "approval").await.due_at.unwrap();
    // Back by a day, and up to a moment before the limit again: others start and stop meanwhile, this one waits.
    for now in [due - 25 * HOUR_MS, due - 2 * HOUR_MS, due - 1] {
        world.clock.advance(now - world.clock.now());
        let other = world.engine.start_run(world.start("one")).await.unwrap().run;
        world.until_waiting_for(&other.id, "approval").await;
        assert_eq!(world.run(&run.id).await.status, RunStatus::Waiting);
    }
    // Forward by a year at once: it fires, once.
    world.clock.advance(365 * 24 * HOUR_MS);
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Completed);
    let history = world.history(&run.id).await;
    assert_eq!(support::path_of(&history), ["approve", "done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_on_the_version_it_started_with() {
    let world = World::new().await;
    let yaml = one_call(&world, "http.request", &unkeyed());
    world.publish("one", &yaml).await;
    let old = world.engine.start_run(world.start("one")).await.unwrap().run;
    world.publish("one", &yaml.replace("name: One call", "name: Second")).await;
    let new = world.engine.start_run(world.start("one")).await.unwrap().run;
    assert_eq!((old.version, new.version), (1, 2));
    let approval = world.until_waiting_for(&old.id, "approval").await;
    let decision =
        DecideRequest { outcome: "rejected".into(), comment: String::new(), result: None, ..DecideRequest::default() };
    world.engine.decide(WORKSPACE, &approval.id, decision, person("op", &["operator"])).await.unwrap();
    assert_eq!(world.until_over(&old.id).await.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_begins_when_it_was_entered_whatever_happens_while_it_waits() {
    let world = World::new().await;
    let yaml = "
schema: 1
name: Two must agree
start: approve
steps:
  approve:
    type: approval
    summary: go
    approvers: { quorum: 2 }
    remind_after: 10m
    on_approve: done
    on_reject: done
  done: { type: end }
";
    world.publish("two", yaml).await;
    let run = world.engine.start_run(world.start("two")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    world.clock.advance(11 * 60_000);
    let reminded = world.until(&run.id, |row| row.seq > run.seq && row.wake_at.is_none()).await;
    for (number, who) in ["first", "second"].into_iter().enumerate() {
        world.clock.advance(60_000);
        let decision = DecideRequest {
            outcome: "approved".into(),
            comment: String::new(),
            result: None,
            ..DecideRequest::default()
        };
        let decided = world.engine.decide(WORKSPACE, &approval.id, decision, person(who, &["operator"])).await.unwrap();
        assert_eq!(decided.run.row.seq, reminded.seq + 1 + number as u64);
    }
    let rows = world.store.list_step_executions(WORKSPACE, &run.id).await.unwrap();
    assert_eq!(rows[0].step, "approve");
    assert_eq!(rows[0].started_at, run.started_at);
    assert_eq!(rows[0].ended_at, Some(run.started_at + 13 * 60_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_sees_nothing() {
    let world = World::new().await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    let decision =
        DecideRequest { outcome: "approved".into(), comment: String::new(), result: None, ..DecideRequest::default() };
    let by = person("op", &["operator"]);
    let foreign = world.engine.decide("other", &approval.id, decision, by.clone()).await;
    assert!(matches!(foreign, Err(EngineError::NotFound(_))), "{foreign:?}");
    assert!(matches!(world.engine.cancel("other", &run.id, String::new(), by).await, Err(EngineError::NotFound(_))));
}

/// Timers fire in time while very many other runs wait.
async fn timers_fire_among_a_hundred_thousand(database: TestDatabase) {
    const DUE: usize = 10;
    let world = World::on(database).await;
    world.publish("one", &one_call(&world, "http.request", &unkeyed())).await;
    let mut due = Vec::new();
    for _ in 0..DUE {
        let run = world.engine.start_run(world.start("one")).await.unwrap().run;
        due.push((run.id.clone(), world.until_waiting_for(&run.id, "approval").await.due_at.unwrap()));
    }
    let (first, last) = (&due[0].0, due.iter().map(|(_, at)| *at).max().unwrap());
    let kept = "workspace, workflow, version, status, step, step_kind, waiting_for, seq, \"trigger\", title, started_at, updated_at";
    let copies = format!(
        "WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 100000) \
         INSERT INTO runs (id, wake_at, {kept}) SELECT 'copy-' || k, wake_at + 86400000 + k, {kept} \
         FROM runs CROSS JOIN n WHERE id = '{first}'"
    );
    world.store.raw(&copies).await.unwrap();
    let began = std::time::Instant::now();
    world.clock.advance(last - world.clock.now());
    for (run, _) in &due {
        assert_eq!(world.until_over(run).await.status, RunStatus::Completed);
    }
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(1), "the last of {DUE} timers was {took:?} late");
    let next = world.store.next_wake_at().await.unwrap().unwrap();
    assert!(next > last, "the others wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_fire_in_time_on_sqlite() {
    timers_fire_among_a_hundred_thousand(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_fire_in_time_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    timers_fire_among_a_hundred_thousand(database).await;
}

const WHOLE: &str = "
schema: 1
name: Whole list
start: call
steps:
  call: { type: tool_call, action: stripe.customer.list, input: { all_pages: 100 }, retry: { attempts: 2, initial: 1s }, next: done }
  done: { type: end, output: { count: '{{ $count(steps.call.output.customers) }}', more: '{{ steps.call.output.more }}' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_a_list_are_one_call_that_is_made_again_whole() {
    let world = World::new().await;
    world.publish("whole", WHOLE).await;
    let operation = "stripe.customer.list";
    let fault =
        json!({ "operation": operation, "kind": "fail", "status": 429, "contains": "starting_after", "times": 1 });
    world.fault(fault).await;
    let run = world.engine.start_run(world.start("whole")).await.unwrap().run;
    world.until(&run.id, |row| row.waiting_for == Some(WaitingFor::Timer)).await;
    world.clock.advance(5000);
    let ended = world.until_over(&run.id).await;
    let output: Value = serde_json::from_str(ended.output.as_deref().unwrap()).unwrap();
    let pages = world.count(operation).await.0 - 2;
    assert!(pages > 1 && output["count"].as_u64().unwrap() > (pages - 1) * 100, "{pages}: {output}");
    assert_eq!(output["more"], false);
    let history = world.history(&run.id).await;
    let told: Vec<&Value> = history[0].attempts.iter().map(|attempt| &attempt.exchange["pages"]).collect();
    assert_eq!(told, [&json!(2), &json!(pages)]);
    assert!(history[0].attempts[0].error.as_ref().unwrap().message.starts_with("page 2: "));
}
