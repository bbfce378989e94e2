#![allow(clippy::unwrap_used, missing_docs)]
mod support;
use countersign_engine::DecideRequest;
use countersign_store::{RunStatus, testing::TestDatabase};
use serde_json::json;
use support::{WORKSPACE, World, person};

fn yaml(action: &str, input: &str) -> String {
    format!("
schema: 1
name: One call
start: approve
steps:
  approve: {{ type: approval, summary: go, guards: [call], on_approve: call, on_reject: done, timeout: {{ after: 1h, outcome: rejected }} }}
  call: {{ type: tool_call, action: {action}, input: {input}, retry: {{ attempts: 3, initial: 1s }}, timeout: 5s, next: done }}
  done: {{ type: end }}
")
}

#[tokio::test(flavor = "multi_thread")]
async fn smoke() {
    let mut world = World::on(TestDatabase::postgres().await.unwrap()).await;
    let input = r#"{ "subscription": "sub_ada", "item": "si_ada", "price": "price_enterprise" }"#;
    world.publish("one", &yaml("stripe.subscription.update", input)).await;
    let decision = || DecideRequest { outcome: "approved".into(), comment: String::new(), result: None };
    // After a silence: the lease has lapsed, the row says that the run is still ours.
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    world.clock.advance(6_000);
    world.engine.decide(WORKSPACE, &approval.id, decision(), person("op", &["operator"])).await.unwrap();
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Completed);
    assert_eq!(world.count("stripe.subscription.update").await, (1, 1));
    // A crash while calling.
    let operation = "stripe.subscription.update";
    world.fault(json!({ "operation": operation, "kind": "delay", "delay_ms": 60_000, "times": 1 })).await;
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    let approval = world.until_waiting_for(&run.id, "approval").await;
    world.engine.decide(WORKSPACE, &approval.id, decision(), person("op", &["operator"])).await.unwrap();
    while world.count(operation).await.0 < 2 {
        tokio::task::yield_now().await;
    }
    world.crash().await;
    for _ in 0..10 {
        world.clock.advance(2_500);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let row = world.until(&run.id, |row| row.status.is_final() || row.waiting_for.as_deref() == Some("timer")).await;
    println!("{row:?}");
    println!("{:?} nodes {:?}", world.count(operation).await, world.store.list_nodes().await.unwrap());
}
