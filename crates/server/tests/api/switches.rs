//! Triggers of every type are rows that are switched on and off, and say what came of their fires.

use crate::{
    chat::open,
    support::{Client, TestApp},
    triggers::until_runs,
};
use countersign_store::Role;
use serde_json::{Value, json};

/// A workflow that ends at once, with these triggers.
fn quick(name: &str, triggers: &Value) -> Value {
    json!({
        "schema": 1, "name": name, "start": "done", "triggers": triggers,
        "steps": { "done": { "type": "end", "output": "{{ trigger }}" } },
    })
}

async fn rows(builder: &Client, workflow: &str) -> Vec<Value> {
    builder.get(&format!("/workflows/{workflow}/triggers")).await.is(200).json["items"].as_array().unwrap().clone()
}

async fn row(builder: &Client, workflow: &str, id: &str) -> Value {
    let rows = rows(builder, workflow).await;
    rows.into_iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row of {id}"))
}

async fn switch(builder: &Client, workflow: &str, id: &str, on: bool) {
    builder.patch(&format!("/workflows/{workflow}/triggers/{id}"), json!({ "enabled": on })).await.is(204);
    assert_eq!(row(builder, workflow, id).await["enabled"], on);
}

async fn next_version(builder: &Client, workflow: &str, document: Value) {
    let draft = builder.get(&format!("/workflows/{workflow}")).await;
    let saved = builder.with("if-match", draft.headers["etag"].to_str().unwrap());
    saved.put(&format!("/workflows/{workflow}/draft"), json!({ "document": document })).await.is(200);
    builder.post(&format!("/workflows/{workflow}/publish"), json!({ "message": "next" })).await.is(201);
}

/// A customer writes in a conversation of their own; the conversation and whether it waits in *Unanswered*.
async fn says(test: &TestApp, admin: &Client, text: &str) -> (String, bool) {
    let (visitor, path) = open(test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": text })).await.is(201);
    let id = path.rsplit('/').next().unwrap().to_owned();
    let shown = admin.get(&format!("/conversations/{id}")).await.is(200).json.clone();
    (id, shown["unanswered_since"].is_i64())
}

/// The one that started last.
async fn newest(admin: &Client) -> Value {
    let run = admin.get("/runs").await.is(200).json["items"][0]["id"].as_str().unwrap().to_owned();
    admin.get(&format!("/runs/{run}")).await.is(200).json.clone()
}

#[tokio::test]
async fn triggers_of_every_type_have_rows_with_their_last_fires() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let late = json!({ "type": "message", "when": "$contains(text, 'late')" });
    let triggers = json!([late, { "type": "api" }, { "type": "manual" }, { "type": "message", "when": "text = 'vip'", "id": "vip" }]);
    let workflow = test.publish(&admin, quick("All", &triggers)).await;
    let shown = rows(&admin, &workflow).await;
    let told: Vec<_> =
        shown.iter().map(|row| (row["id"].clone(), row["type"].clone(), row["enabled"].clone())).collect();
    let told_as = |id: &str, kind: &str| (json!(id), json!(kind), json!(true));
    let wanted = [
        told_as("message-1", "message"),
        told_as("api-1", "api"),
        told_as("manual-1", "manual"),
        told_as("vip", "message"),
    ];
    assert_eq!(told, wanted);
    assert!(shown.iter().all(|row| row["last_fires"] == json!([]) && row["url"].is_null() && row["next_at"].is_null()));

    let by_key = admin.post("/runs", json!({ "workflow": workflow })).await.is(201).id();
    let person = test.person("ann@example.com", Role::Operator, &[]).await;
    let by_hand = person.post("/runs", json!({ "workflow": workflow })).await.is(201).id();
    says(&test, &admin, "I am vip, and late").await;
    let by_message = newest(&admin).await["id"].clone();
    says(&test, &admin, "hello").await;
    until_runs(&test, 3).await;
    let fires = async |id: &str| {
        let fires = row(&admin, &workflow, id).await["last_fires"].as_array().unwrap().clone();
        assert!(fires.iter().all(|fire| fire["at"].is_i64()), "{fires:?}");
        fires.into_iter().map(|fire| (fire["outcome"].clone(), fire["run"].clone())).collect::<Vec<_>>()
    };
    let started = |run: Value| vec![(json!("started"), run)];
    assert_eq!(fires("api-1").await, started(json!(by_key)));
    assert_eq!(fires("manual-1").await, started(json!(by_hand)));
    assert_eq!(fires("message-1").await, started(by_message), "of two that hold, the first");
    assert_eq!(fires("vip").await, []);
    let secret = json!({ "secret": "open sesame" });
    let refused = admin.patch(&format!("/workflows/{workflow}/triggers/api-1"), secret).await;
    refused.is_problem(422, "invalid_request");
}

#[tokio::test]
async fn a_message_trigger_that_is_off_starts_nothing_and_the_message_waits_in_unanswered() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let late = json!({ "type": "message", "when": "$contains(text, 'late')", "id": "late" });
    let lost = json!({ "type": "message", "when": "$contains(text, 'lost')", "id": "lost" });
    let workflow = test.publish(&admin, quick("Care", &json!([late, lost]))).await;
    assert!(!says(&test, &admin, "late").await.1);
    switch(&admin, &workflow, "late", false).await;
    let (id, waits) = says(&test, &admin, "so late").await;
    assert!(waits, "{id} waits as if no workflow wanted it");
    until_runs(&test, 1).await;
    // The other trigger still wants what it wants, also when both hold.
    assert!(!says(&test, &admin, "late and lost").await.1);
    assert_eq!(until_runs(&test, 2).await.len(), 2);
    assert_eq!(newest(&admin).await["output"]["id"], "lost");
    assert_eq!(row(&admin, &workflow, "late").await["last_fires"].as_array().unwrap().len(), 1, "it did not fire");

    // A new version keeps the switch, wherever the trigger stands and whatever it says now.
    let reworded = json!({ "type": "message", "when": "$contains($lowercase(text), 'late')", "id": "late" });
    next_version(&admin, &workflow, quick("Care", &json!([{ "type": "api" }, lost, reworded]))).await;
    assert_eq!(row(&admin, &workflow, "late").await["enabled"], false);
    assert!(says(&test, &admin, "Late").await.1);
    // So does going back to the version before, and one that it is ramped to.
    let back = format!("/workflows/{workflow}/rollback");
    admin.post(&back, json!({ "version": 1 })).await.is(200);
    assert!(says(&test, &admin, "late").await.1);
    admin.put(&format!("/workflows/{workflow}/ramp"), json!({ "version": 2, "percent": 99 })).await.is(200);
    for _ in 0..4 {
        assert!(says(&test, &admin, "late").await.1);
    }
    admin.delete(&format!("/workflows/{workflow}/ramp")).await.is(204);
    // What no trigger wants starts the fallback, and that is this workflow's other side: no trigger of it.
    let fallback = test.publish(&admin, quick("Fallback", &json!([{ "type": "api" }]))).await;
    admin.patch("/workspace", json!({ "policy": { "fallback_workflow": fallback } })).await.is(200);
    switch(&admin, &fallback, "api-1", false).await;
    assert!(!says(&test, &admin, "late again").await.1);
    assert_eq!((&newest(&admin).await["output"]["fallback"], until_runs(&test, 3).await.len()), (&json!(true), 3));
    admin.patch("/workspace", json!({ "policy": { "fallback_workflow": "" } })).await.is(200);

    switch(&admin, &workflow, "late", true).await;
    assert!(!says(&test, &admin, "late").await.1);
    assert_eq!(until_runs(&test, 4).await.len(), 4);
    let entries = admin.get("/audit?action=trigger.changed").await.json["items"].as_array().unwrap().clone();
    let last = &entries[0]["detail"];
    assert_eq!(
        (&last["trigger"], &last["before"], &last["after"]),
        (&json!("late"), &json!({ "enabled": false }), &json!({ "enabled": true }))
    );
}

#[tokio::test]
async fn starts_through_a_trigger_that_is_off_are_refused_on_every_way() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let person = test.person("ann@example.com", Role::Builder, &[]).await;
    let both = json!([{ "type": "api" }, { "type": "manual" }]);
    let workflow = test.publish(&admin, quick("Both", &both)).await;
    next_version(&admin, &workflow, quick("Both", &both)).await;
    let start = json!({ "workflow": workflow, "input": {} });
    let keyed = admin.with("idempotency-key", "k-1");
    let first = keyed.post("/runs", start.clone()).await.is(201).id();
    // Who does not build does not switch, nor does anybody elsewhere.
    let path = format!("/workflows/{workflow}/triggers/api-1");
    for role in [Role::Viewer, Role::Operator] {
        test.key(role).await.patch(&path, json!({ "enabled": false })).await.is_problem(403, "forbidden");
    }
    let other = test.other_workspace().await;
    other.patch(&path, json!({ "enabled": false })).await.is_problem(404, "not_found");
    admin.patch(&path, json!({ "enabled": "no" })).await.is(422);
    admin
        .patch(&format!("/workflows/{workflow}/triggers/api-2"), json!({ "enabled": false }))
        .await
        .is_problem(404, "not_found");
    assert_eq!(row(&admin, &workflow, "api-1").await["enabled"], true);
    switch(&admin, &workflow, "api-1", false).await;
    let refused = admin.post("/runs", start.clone()).await;
    refused.is_problem(409, "trigger_off");
    assert_eq!(refused.json["detail"], "the trigger `api-1` is switched off");
    // By name, on an older version, with a wait: the same door.
    admin.post("/runs", json!({ "workflow": "Both" })).await.is_problem(409, "trigger_off");
    admin.post("/runs", json!({ "workflow": workflow, "version": 1 })).await.is_problem(409, "trigger_off");
    admin.with("prefer", "wait=1").post("/runs", start.clone()).await.is_problem(409, "trigger_off");
    // Going on with what was started is no start, and repeating it no fire.
    test.until_over(&admin, &first).await;
    for wish in [json!({ "step": "done" }), json!({ "version": "newest" })] {
        let again = admin.post(&format!("/runs/{first}/retry"), wish).await.is(200).id();
        test.until_over(&admin, &again).await;
    }
    // What was started before is answered with that run; a person still may.
    assert_eq!(keyed.post("/runs", start.clone()).await.is(200).id(), first);
    person.post("/runs", start.clone()).await.is(201);
    switch(&admin, &workflow, "manual-1", false).await;
    person.post("/runs", start.clone()).await.is_problem(409, "trigger_off");
    person.post("/runs", json!({ "workflow": workflow, "version": 1 })).await.is_problem(409, "trigger_off");
    assert_eq!(until_runs(&test, 3).await.len(), 3);
    for id in ["api-1", "manual-1"] {
        assert_eq!(row(&admin, &workflow, id).await["last_fires"].as_array().unwrap().len(), 1, "{id}");
    }

    // Where only one of the two is named, both ways are through it.
    next_version(&admin, &workflow, quick("Both", &json!([{ "type": "manual" }]))).await;
    admin.post("/runs", start.clone()).await.is_problem(409, "trigger_off");
    switch(&admin, &workflow, "manual-1", true).await;
    admin.post("/runs", start.clone()).await.is(201);
    assert_eq!(row(&admin, &workflow, "manual-1").await["last_fires"].as_array().unwrap().len(), 3);
    // The switch of what is not there now waits for it to come back.
    next_version(&admin, &workflow, quick("Both", &both)).await;
    admin.post("/runs", start.clone()).await.is_problem(409, "trigger_off");
    person.post("/runs", start.clone()).await.is(201);
    switch(&admin, &workflow, "api-1", true).await;
    admin.post("/runs", start).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_a_switch_was_answered_no_start_gets_through() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let workflow = test.publish(&admin, quick("Api", &json!([{ "type": "api" }]))).await;
    let path = format!("/workflows/{workflow}/triggers/api-1");
    for _ in 0..10 {
        let starts: Vec<_> = (0..16)
            .map(|_| {
                let (client, start) = (admin.clone(), json!({ "workflow": workflow }));
                tokio::spawn(async move { client.post("/runs", start).await })
            })
            .collect();
        admin.patch(&path, json!({ "enabled": false })).await.is(204);
        let late = admin.post("/runs", json!({ "workflow": workflow })).await;
        late.is_problem(409, "trigger_off");
        for start in starts {
            let started = start.await.unwrap();
            assert!([201, 409, 503].contains(&started.status.as_u16()), "{}", started.text);
        }
        admin.patch(&path, json!({ "enabled": true })).await.is(204);
    }
}

#[tokio::test]
async fn a_webhook_gets_its_address_also_where_another_trigger_had_its_name() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let workflow =
        test.publish(&admin, quick("Named", &json!([{ "type": "message", "when": "true", "id": "orders" }]))).await;
    assert_eq!(row(&admin, &workflow, "orders").await["url"], Value::Null);
    next_version(&admin, &workflow, quick("Named", &json!([{ "type": "webhook", "path": "orders" }]))).await;
    let url = row(&admin, &workflow, "orders").await["url"].clone();
    assert!(url.is_string());
    assert_eq!(row(&admin, &workflow, "orders").await["url"], url);
}

/// A webhook that is off: what was answered before is kept, what comes then is answered 404 and kept nowhere.
#[tokio::test]
async fn calls_of_a_webhook_that_is_off_are_answered_as_if_nothing_were_there() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let document = quick("Hook", &json!([{ "type": "webhook", "path": "orders" }, { "type": "api" }]));
    let workflow = test.publish(&admin, document.clone()).await;
    let url = row(&admin, &workflow, "orders").await["url"].as_str().unwrap().to_owned();
    let hook = format!("//{}", url.split_once("://").unwrap().1.split_once('/').unwrap().1);
    let call = async || test.anonymous().post(&hook, json!({ "order": 1 })).await;
    let event = call().await.is(202).json["event"].as_str().unwrap().to_owned();
    until_runs(&test, 1).await;
    switch(&admin, &workflow, "orders", false).await;
    for _ in 0..2 {
        call().await.is_problem(404, "not_found");
        // Also on the next version, and on the one before.
        next_version(&admin, &workflow, document.clone()).await;
    }
    admin.post(&format!("/workflows/{workflow}/rollback"), json!({ "version": 1 })).await.is(200);
    call().await.is_problem(404, "not_found");
    // What is let come once more comes through it, too.
    admin.post(&format!("/inbound/{event}/replay"), json!({})).await.is(202);
    let fires = async || row(&admin, &workflow, "orders").await["last_fires"].as_array().unwrap().clone();
    let mut seen = fires().await;
    for _ in 0..500 {
        if seen.len() == 2 && seen[0]["outcome"] != "waiting" {
            break;
        }
        tokio::task::yield_now().await;
        seen = fires().await;
    }
    assert_eq!(
        (&seen[0]["outcome"], &seen[0]["error"]),
        (&json!("ignored"), &json!("the trigger is switched off")),
        "{seen:?}"
    );
    assert_eq!(seen.len(), 2, "no call was kept while it was off: {seen:?}");
    assert_eq!(until_runs(&test, 1).await.len(), 1);
    switch(&admin, &workflow, "orders", true).await;
    call().await.is(202);
    assert_eq!(until_runs(&test, 2).await.len(), 2);
    assert_eq!(row(&admin, &workflow, "orders").await["url"], json!(url));
}
