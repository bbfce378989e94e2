//! What differs, what a change would have done to real runs, moving runs, forking drafts, two people publishing at once.

use crate::support::{Client, Reply, TestApp, approval, echo};
use countersign_store::Role;
use serde_json::{Value, json};

async fn save(builder: &Client, id: &str, document: &Value) -> Reply {
    let path = format!("/workflows/{id}");
    let tag = builder.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let saved = builder.with("if-match", &tag).put(&format!("{path}/draft"), json!({ "document": document })).await;
    saved.is(200);
    saved
}

pub(crate) async fn publish(builder: &Client, id: &str, document: &Value) -> Reply {
    save(builder, id, document).await;
    let published = builder.post(&format!("/workflows/{id}/publish"), json!({ "message": "next" })).await;
    published.is(201);
    published
}

async fn started(client: &Client, id: &str, input: Value) -> String {
    let body = json!({ "workflow": id, "input": input });
    let run = client.with("prefer", "wait=10").post("/runs", body).await;
    assert!(run.status.is_success(), "{}", run.text);
    run.id()
}

fn ask() -> Value {
    approval(json!({ "roles": ["manager"] }))
}

#[tokio::test]
async fn the_difference_names_steps_connections_and_fields() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, ask()).await;
    let mut later = ask();
    later["steps"]["ask"]["summary"] = json!("Really do it?");
    later["steps"]["ask"]["on_approve"] = json!("yes");
    later["steps"]["ask"]["position"] = json!([1.0, 2.0]);
    later["steps"]["no"]["position"] = json!([5.0, 6.0]);
    later["steps"].as_object_mut().unwrap().remove("tell");
    later["steps"]["more"] = json!({ "type": "end" });
    save(&builder, &id, &later).await;
    let found = builder.get(&format!("/workflows/{id}/diff?from=1&to=draft")).await;
    let kinds: Vec<_> = found.is(200).json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["step"].as_str().unwrap(), change["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(kinds, [("ask", "changed"), ("no", "moved"), ("more", "added"), ("tell", "removed")]);
    assert_eq!(found.json["changes"][0]["fields"][0]["pointer"], "/summary");
    assert_eq!(
        found.json["connections"],
        json!([{ "step": "ask", "exit": "approved", "before": "tell", "after": "yes" }])
    );
    assert_eq!(found.json["steps"]["moved"], json!(["no"]));
    test.other_workspace().await.get(&format!("/workflows/{id}/diff")).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn two_people_publishing_at_once_one_wins_and_the_other_sees_what_is_now() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    let mut changed = echo();
    changed["description"] = json!("mine");
    save(&builder, &id, &changed).await;
    let path = format!("/workflows/{id}/publish");
    let both = futures::future::join_all((0..2).map(|person| {
        let (builder, path) = (builder.clone(), path.clone());
        async move { builder.post(&path, json!({ "message": format!("by {person}"), "expected_active": 1 })).await }
    }))
    .await;
    let won = both.iter().filter(|reply| reply.status.as_u16() == 201).count();
    assert_eq!(won, 1, "{both:?}");
    let lost = both.iter().find(|reply| reply.status.as_u16() != 201).unwrap();
    lost.is_problem(409, "active_changed");
    assert_eq!(
        (&lost.json["current"]["active_version"], &lost.json["current"]["last_version"]),
        (&json!(2), &json!(2))
    );
    let versions = builder.get(&format!("/workflows/{id}/versions")).await;
    assert_eq!(versions.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_draft_is_forked_from_any_version() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    let mut second = echo();
    second["description"] = json!("two");
    publish(&builder, &id, &second).await;
    let path = format!("/workflows/{id}");
    let fork = format!("{path}/fork");
    builder.post(&fork, json!({ "version": 1 })).await.is_problem(428, "precondition_required");
    let stale = builder.with("if-match", "\"1\"").post(&fork, json!({ "version": 1 })).await;
    stale.is_problem(412, "draft_changed");
    assert_eq!(stale.json["current"]["draft"]["description"], "two");
    let tag = builder.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let at = builder.with("if-match", &tag);
    at.post(&fork, json!({ "version": 9 })).await.is_problem(404, "not_found");
    let forked = at.post(&fork, json!({ "version": 1 })).await;
    assert_eq!(forked.is(200).json["draft"]["description"], Value::Null);
    assert_eq!(forked.json["active_version"], 2, "only the draft changes");
    assert_ne!(forked.headers["etag"].to_str().unwrap(), tag);
    let viewer = test.key(Role::Viewer).await.with("if-match", "*");
    viewer.post(&fork, json!({ "version": 1 })).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_backtest_names_the_runs_that_would_change_and_changes_nothing() {
    let test = TestApp::start().await;
    let builder = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let id = test.publish(&builder, ask()).await;
    let mut ids = Vec::new();
    for (number, outcome) in ["approved", "rejected", "approved"].into_iter().enumerate() {
        let run = started(&builder, &id, json!({ "who": format!("p{number}") })).await;
        let checkpoint = format!("/checkpoints/{run}.1/decision");
        builder.post(&checkpoint, json!({ "outcome": outcome })).await.is(200);
        ids.push(run);
    }
    let waiting = started(&builder, &id, json!({ "who": "p9" })).await;
    let path = format!("/workflows/{id}/backtest");
    let same = builder.post(&path, json!({ "version": 1 })).await;
    assert_eq!((&same.is(200).json["runs"], &same.json["changed"]), (&json!(4), &json!(0)), "{}", same.text);
    let mut draft = ask();
    draft["steps"]["ask"]["on_reject"] = json!("tell");
    save(&builder, &id, &draft).await;
    let before = test.store.verify_audit(&test.workspace).await.unwrap().entries;
    let found = builder.post(&path, json!({ "last": 50 })).await;
    assert_eq!(
        (&found.is(200).json["against"], &found.json["changed"]),
        (&json!("draft"), &json!(1)),
        "{}",
        found.text
    );
    let item = found.json["items"].as_array().unwrap().iter().find(|item| item["verdict"] != "same").unwrap();
    assert_eq!((&item["run"], &item["verdict"]), (&json!(ids[1]), &json!("path_changed")));
    assert_eq!((&item["path"]["recorded"], &item["path"]["now"]), (&json!("no"), &json!("tell")));
    assert_eq!(item["end"]["now"]["status"], "completed");
    let last = builder.post(&path, json!({ "last": 1 })).await;
    assert_eq!(last.json["items"][0]["run"], json!(waiting));
    let trail = test.store.export_audit(&test.workspace, before, 1000).await.unwrap();
    let looked: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(looked, ["workflow.backtested", "workflow.backtested"], "it only looks, and that is on the record");
    for last in [0, 501] {
        builder.post(&path, json!({ "last": last })).await.is_problem(422, "invalid_request");
    }
    // A step that is only called otherwise is no other path, and said to be renamed.
    let mut renamed = ask();
    let tell = renamed["steps"].as_object_mut().unwrap().remove("tell").unwrap();
    renamed["steps"]["say"] = tell;
    renamed["steps"]["ask"]["on_approve"] = json!("say");
    save(&builder, &id, &renamed).await;
    let found = builder.post(&path, json!({})).await;
    assert_eq!(found.is(200).json["changed"], json!(0), "{}", found.text);
    let item = found.json["items"].as_array().unwrap().iter().find(|item| item["run"] == json!(ids[0])).unwrap();
    assert_eq!(item["renamed"], json!([{ "was": "tell", "now": "say" }]));
    draft["start"] = json!("nowhere");
    save(&builder, &id, &draft).await;
    builder.post(&path, json!({})).await.is_problem(422, "check_failed");
    test.key(Role::Viewer).await.post(&path, json!({})).await.is_problem(403, "forbidden");
    test.other_workspace().await.post(&path, json!({})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn waiting_runs_are_moved_in_a_batch_and_back_and_their_approvals_stay() {
    let test = TestApp::start().await;
    let builder = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let id = test.publish(&builder, ask()).await;
    let mut runs = Vec::new();
    for number in 0..3 {
        runs.push(started(&builder, &id, json!({ "who": format!("p{number}") })).await);
    }
    let due = builder.get(&format!("/checkpoints/{}.1", runs[0])).await.is(200).json["due_at"].clone();
    assert!(due.is_i64(), "{due}");
    let mut next = ask();
    next["steps"]["ask"]["approvers"] = json!({ "roles": ["director"] });
    next["steps"]["ask"]["on_approve"] = json!("yes");
    assert_eq!(publish(&builder, &id, &next).await.json["version"], 2);
    let path = format!("/workflows/{id}/moves");
    let dry = builder.post(&path, json!({ "to": 2, "dry_run": true })).await;
    assert_eq!(dry.is(200).json["items"].as_array().unwrap().len(), 3, "{}", dry.text);
    assert!(
        dry.json["items"].as_array().unwrap().iter().all(|item| item["verdict"] == "safe" && item["moved"] == false)
    );
    assert_eq!(dry.json["items"][0]["notes"][0]["code"], "people_kept");
    let done = builder.post(&path, json!({ "to": 2, "from": 1 })).await;
    assert!(done.is(200).json["items"].as_array().unwrap().iter().all(|item| item["moved"] == true), "{}", done.text);
    let run = builder.get(&format!("/runs/{}", runs[0])).await;
    assert_eq!((&run.is(200).json["version"], &run.json["steps"][0]["moves"][0]["to"]), (&json!(2), &json!(2)));
    let checkpoint = builder.get(&format!("/checkpoints/{}.1", runs[0])).await;
    assert_eq!((&checkpoint.is(200).json["due_at"], &checkpoint.json["status"]), (&due, &json!("open")));
    assert_eq!(checkpoint.json["approvers"]["roles"], json!(["manager"]), "who was asked stays asked");
    assert_eq!(checkpoint.json["may_decide"], true);
    // Back, for the one that nothing has happened to.
    builder.post(&format!("/checkpoints/{}.1/decision", runs[0]), json!({ "outcome": "approved" })).await.is(200);
    let undo = builder.post(&format!("{path}/undo"), json!({ "runs": [runs[0], runs[1]] })).await;
    assert_eq!(undo.is(200).json["items"][0]["version"], Value::Null, "{}", undo.text);
    assert_eq!(undo.json["items"][1]["version"], 1);
    let told = builder.get(&format!("/runs/{}", runs[0])).await;
    let steps: Vec<_> = told.json["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    assert_eq!(steps, ["ask", "yes"], "it went on as version 2 says");
    builder.post(&format!("/checkpoints/{}.1/decision", runs[1]), json!({ "outcome": "approved" })).await.is(200);
    let told = builder.get(&format!("/runs/{}", runs[1])).await;
    assert_eq!((&told.json["version"], told.json["steps"].as_array().unwrap().len()), (&json!(1), 3));
    let audit = builder.get("/audit?action=run.moved").await;
    assert_eq!(audit.is(200).json["items"].as_array().unwrap().len(), 3);
    assert_eq!(builder.get("/audit?action=run.move_undone").await.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(builder.get("/audit/verify").await.json["ok"], true);
    // The third is on version 2 still, with its timer.
    test.put_forward(5);
    let ended = until_over(&builder, &runs[2]).await;
    assert_eq!((&ended["status"], &ended["version"]), (&json!("rejected"), &json!(2)));
}

async fn until_over(client: &Client, run: &str) -> Value {
    for _ in 0..600 {
        let found = client.get(&format!("/runs/{run}")).await.json;
        if found["ended_at"].is_i64() {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{run} does not end");
}

#[tokio::test]
async fn runs_whose_step_is_gone_need_a_name_for_it_or_stay() {
    let test = TestApp::start().await;
    let builder = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let id = test.publish(&builder, ask()).await;
    let run = started(&builder, &id, json!({ "who": "ada" })).await;
    let text = ask().to_string().replace("\"ask\"", "\"approve\"");
    publish(&builder, &id, &serde_json::from_str(&text).unwrap()).await;
    let path = format!("/workflows/{id}/moves");
    let first = builder.post(&path, json!({ "to": 2 })).await;
    let item = &first.is(200).json["items"][0];
    assert_eq!(
        (&item["verdict"], &item["candidates"], &item["moved"]),
        (&json!("needs_mapping"), &json!(["approve"]), &json!(false))
    );
    let mapped = builder.post(&path, json!({ "to": 2, "runs": [run], "mapping": { "ask": "approve" } })).await;
    assert_eq!(mapped.is(200).json["items"][0]["moved"], true, "{}", mapped.text);
    let checkpoint = builder.get(&format!("/checkpoints/{run}.1")).await;
    assert_eq!(checkpoint.is(200).json["step"], "approve", "{}", checkpoint.text);
    builder.post(&format!("/checkpoints/{run}.1/decision"), json!({ "outcome": "approved" })).await.is(200);
    assert_eq!(until_over(&builder, &run).await["status"], "completed");

    let stays = started(&builder, &id, json!({ "who": "grace" })).await;
    publish(&builder, &id, &echo_named("Approval")).await;
    let unsafe_move = builder.post(&path, json!({ "to": 3 })).await;
    let item = &unsafe_move.is(200).json["items"][0];
    assert_eq!((&item["run"], &item["verdict"], &item["moved"]), (&json!(stays), &json!("unsafe"), &json!(false)));
    assert_eq!(item["reasons"][0]["code"], "step_missing");
    let other = test.publish(&builder, echo()).await;
    builder
        .post(&format!("/workflows/{other}/moves"), json!({ "to": 1, "runs": [stays] }))
        .await
        .is_problem(422, "invalid_request");
    builder.post(&path, json!({ "to": 9 })).await.is_problem(404, "not_found");
    test.key(Role::Operator).await.post(&path, json!({ "to": 3 })).await.is_problem(403, "forbidden");
    test.other_workspace().await.post(&path, json!({ "to": 3 })).await.is_problem(404, "not_found");
}

fn echo_named(name: &str) -> Value {
    let mut document = echo();
    document["name"] = json!(name);
    document
}
