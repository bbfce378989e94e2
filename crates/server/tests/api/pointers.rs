//! Which version new runs take: publishing, rolling back and ramping under load.

use crate::support::{Client, TestApp, echo};
use countersign_store::Role;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

async fn next_version(builder: &Client, id: &str, text: &str) -> u32 {
    let draft = builder.get(&format!("/workflows/{id}")).await;
    let mut document = echo();
    document["steps"]["done"]["output"] = json!({ "text": text });
    let tag = draft.headers["etag"].to_str().unwrap().to_owned();
    builder
        .with("if-match", &tag)
        .put(&format!("/workflows/{id}/draft"), json!({ "document": document }))
        .await
        .is(200);
    let published = builder.post(&format!("/workflows/{id}/publish"), json!({ "message": text })).await;
    u32::try_from(published.is(201).json["version"].as_u64().unwrap()).unwrap()
}

/// Starts runs until told to stop. A start asked for after an answer named a version must take that version or a later
/// answer's; the run's own row says which it took.
async fn starter(client: Client, id: String, answered: Arc<AtomicU32>, stop: Arc<AtomicBool>) -> u32 {
    let mut started = 0;
    while !stop.load(Ordering::SeqCst) {
        let known = answered.load(Ordering::SeqCst);
        let run = client.post("/runs", json!({ "workflow": id, "input": { "text": "x" } })).await;
        if run.status.as_u16() == 503 {
            continue;
        }
        let version = run.is(201).json["version"].as_u64().unwrap();
        assert!(version >= u64::from(known), "version {known} was answered, then a run took {version}");
        started += 1;
    }
    started
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_the_answer_to_a_publish_no_run_starts_on_an_older_version() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    let (answered, stop) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicBool::new(false)));
    let starters: Vec<_> = (0..16)
        .map(|_| tokio::spawn(starter(builder.clone(), id.clone(), Arc::clone(&answered), Arc::clone(&stop))))
        .collect();
    for version in 2..=15 {
        assert_eq!(next_version(&builder, &id, &format!("v{version}")).await, version);
        answered.store(version, Ordering::SeqCst);
        let run = builder.post("/runs", json!({ "workflow": id, "input": {} })).await;
        assert_eq!(run.is(201).json["version"], version);
    }
    stop.store(true, Ordering::SeqCst);
    let mut started = 0;
    for starter in starters {
        started += starter.await.unwrap();
    }
    assert!(started > 50, "only {started} starts: this proves little");
}

#[tokio::test]
async fn a_rollback_takes_effect_with_its_answer_and_its_time_is_on_the_record() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    next_version(&builder, &id, "two").await;
    for (version, before) in [(1, 2), (2, 1), (1, 2)] {
        let rolled = builder
            .post(&format!("/workflows/{id}/rollback"), json!({ "version": version, "expected_active": before }))
            .await;
        rolled.is(200);
        let run = builder.post("/runs", json!({ "workflow": id, "input": {} })).await;
        assert_eq!(run.is(201).json["version"], version);
    }
    let moves = builder.get(&format!("/workflows/{id}/activations")).await;
    let took = moves.is(200).json["items"][0]["took_us"].as_u64().unwrap();
    assert!(took > 0 && took < 60_000_000, "{took}");
    assert_eq!(moves.json["items"][0]["kind"], "rollback");
}

#[tokio::test]
async fn a_ramp_gives_a_part_of_the_new_runs_another_version_until_it_ends() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    next_version(&builder, &id, "two").await;
    builder.post(&format!("/workflows/{id}/rollback"), json!({ "version": 1 })).await.is(200);
    let ramp = format!("/workflows/{id}/ramp");
    builder.put(&ramp, json!({ "version": 2, "percent": 0 })).await.is_problem(422, "invalid_request");
    builder.put(&ramp, json!({ "version": 1, "percent": 10 })).await.is_problem(422, "invalid_request");
    builder.put(&ramp, json!({ "version": 9, "percent": 10 })).await.is_problem(404, "not_found");
    test.key(Role::Viewer).await.put(&ramp, json!({ "version": 2, "percent": 10 })).await.is_problem(403, "forbidden");
    test.other_workspace().await.put(&ramp, json!({ "version": 2, "percent": 9 })).await.is_problem(404, "not_found");
    let ramped = builder.put(&ramp, json!({ "version": 2, "percent": 40 })).await;
    assert_eq!((&ramped.is(200).json["ramp_percent"], &ramped.json["active"]), (&json!(40), &json!(false)));
    let mut counts = [0_u32; 3];
    for _ in 0..200 {
        let run = builder.post("/runs", json!({ "workflow": id, "input": {} })).await;
        counts[usize::try_from(run.is(201).json["version"].as_u64().unwrap()).unwrap()] += 1;
    }
    assert!((45..=115).contains(&counts[2]), "{counts:?}");
    let versions = builder.get(&format!("/workflows/{id}/versions")).await;
    assert_eq!(versions.json["items"][0]["ramp_percent"], 40);
    builder.delete(&ramp).await.is(204);
    builder.delete(&ramp).await.is(204);
    for _ in 0..30 {
        let run = builder.post("/runs", json!({ "workflow": id, "input": {} })).await;
        assert_eq!(run.is(201).json["version"], 1);
    }
    let kinds: Vec<_> = builder.get(&format!("/workflows/{id}/activations")).await.json["items"].as_array().unwrap()
        [..2]
        .iter()
        .map(|step| (step["kind"].clone(), step["version"].clone(), step["percent"].clone()))
        .collect();
    assert_eq!(kinds, [(json!("ramp_end"), json!(2), json!(null)), (json!("ramp"), json!(2), json!(40))]);
    let admin = test.key(Role::Admin).await;
    let entry = admin.get("/audit?action=workflow.ramped").await;
    assert_eq!(entry.is(200).json["items"][0]["detail"]["after"], json!({ "version": 2, "percent": 40 }));
}

#[tokio::test]
async fn publishing_and_rolling_back_end_a_ramp() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    next_version(&builder, &id, "two").await;
    let ramp = format!("/workflows/{id}/ramp");
    for end in ["publish", "rollback"] {
        builder.post(&format!("/workflows/{id}/rollback"), json!({ "version": 2 })).await.is(200);
        builder.put(&ramp, json!({ "version": 1, "percent": 50 })).await.is(200);
        match end {
            "publish" => drop(next_version(&builder, &id, "three").await),
            _ => drop(builder.post(&format!("/workflows/{id}/rollback"), json!({ "version": 2 })).await),
        }
        let versions = builder.get(&format!("/workflows/{id}/versions")).await;
        let ramped = versions.json["items"].as_array().unwrap().iter().any(|row| !row["ramp_percent"].is_null());
        assert!(!ramped, "{end}: {}", versions.text);
    }
}
