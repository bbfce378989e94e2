//! Webhooks and schedules.

use crate::support::{Client, TestApp};
use axum::{body::Body, http::Request};
use countersign_store::{PageRequest, Role, RunFilter, RunRow};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

fn document(trigger: Value) -> Value {
    json!({
        "schema": 1, "name": "Orders", "start": "done", "triggers": [trigger],
        "steps": { "done": { "type": "end", "output": "{{ input }}" } },
    })
}

async fn call(test: &TestApp, url: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let path = url.strip_prefix("https://countersign.example").unwrap();
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = test.router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn runs(test: &TestApp) -> Vec<RunRow> {
    let page = PageRequest { after: None, limit: 100 };
    test.store.list_runs(&test.workspace, &RunFilter::default(), &page).await.unwrap().items
}

/// The runs, once there are so many that are over.
async fn until_runs(test: &TestApp, count: usize) -> Vec<RunRow> {
    let mut changes = test.store.subscribe();
    let there = async {
        loop {
            let runs = runs(test).await;
            if runs.iter().filter(|run| run.status.is_final()).count() >= count {
                return runs;
            }
            drop(changes.recv().await);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), there).await.expect("the runs end")
}

async fn trigger(builder: &Client, workflow: &str) -> Value {
    builder.get(&format!("/workflows/{workflow}/triggers")).await.is(200).json["items"][0].clone()
}

#[tokio::test]
async fn a_webhook_starts_one_run_for_calls_that_are_one_and_keeps_its_address() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({
        "type": "webhook", "filter": "body.kind = 'order'", "input": "{ 'order': body.id }",
        "dedup": "headers.`x-request-id`",
    });
    let workflow = test.publish(&builder, document(webhook.clone())).await;
    let shown = trigger(&builder, &workflow).await;
    assert_eq!(
        (&shown["id"], &shown["type"], &shown["enabled"]),
        (&json!("webhook-1"), &json!("webhook"), &json!(true))
    );
    let url = shown["url"].as_str().unwrap().to_owned();
    let viewer = test.key(Role::Viewer).await;
    assert_eq!(trigger(&viewer, &workflow).await["url"], Value::Null, "the address is a secret");

    let order = json!({ "kind": "order", "id": 9_007_199_254_740_993_i64 });
    let (status, first) = call(&test, &url, &[("x-request-id", "1")], &order).await;
    assert_eq!((status, &first["accepted"]), (202, &json!(true)));
    let (status, again) = call(&test, &url, &[("x-request-id", "1")], &order).await;
    assert_eq!((status, &again["event"]), (202, &first["event"]), "the same call");
    let (status, other) = call(&test, &url, &[("x-request-id", "2")], &json!({ "kind": "refund" })).await;
    assert_eq!(status, 202);
    // What comes through one address is dealt with in turn: when this call's run is over, so is the call before it.
    call(&test, &url, &[("x-request-id", "3")], &order).await;
    let started = until_runs(&test, 2).await;
    assert_eq!(started.len(), 2);
    assert_eq!(started[0].output.as_deref(), Some(r#"{"order":9007199254740993}"#));

    let fires = trigger(&builder, &workflow).await["last_fires"].as_array().unwrap().clone();
    let of = |event: &Value| fires.iter().find(|fire| fire["event"] == *event).unwrap().clone();
    assert_eq!(of(&first["event"])["outcome"], "started");
    assert!(started.iter().any(|run| of(&first["event"])["run"] == json!(run.id)));
    assert_eq!(of(&other["event"])["outcome"], "ignored");
    assert_eq!(call(&test, &format!("{url}x"), &[], &order).await.0, 404);

    let replayed = builder.post(&format!("/inbound/{}/replay", first["event"].as_str().unwrap()), json!({})).await;
    assert_ne!(replayed.is(202).json["event"], first["event"]);
    assert_eq!(until_runs(&test, 3).await.len(), 3);

    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    viewer.patch(&path, json!({ "enabled": false })).await.is_problem(403, "forbidden");
    builder.patch(&path, json!({ "enabled": false })).await.is(204);
    assert_eq!(call(&test, &url, &[], &order).await.0, 404, "switched off");
    builder.patch(&path, json!({ "enabled": true })).await.is(204);
    assert_eq!(trigger(&builder, &workflow).await["url"], json!(url));
}

#[tokio::test]
async fn a_call_that_is_not_verified_starts_nothing() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "verify": "shared_secret" }))).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let secret = [("x-webhook-secret", "open sesame")];
    assert_eq!(call(&test, &url, &secret, &json!({})).await.0, 401, "no secret is set yet");
    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    builder.patch(&path, json!({ "secret": "open sesame" })).await.is(204);
    assert_eq!(trigger(&builder, &workflow).await["has_secret"], true);
    let (status, problem) = call(&test, &url, &[("x-webhook-secret", "guess")], &json!({})).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unverified")));
    assert!(runs(&test).await.is_empty());
    assert_eq!(call(&test, &url, &secret, &json!({ "a": 1 })).await.0, 202);
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some(r#"{"a":1}"#));
    let events = builder.get("/inbound").await;
    assert!(!events.is(200).text.contains("open sesame"), "{}", events.text);
}

#[tokio::test]
async fn guesses_of_one_address_come_to_an_end_but_who_knows_the_secret_is_let_in() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "verify": "shared_secret" }))).await;
    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    builder.patch(&path, json!({ "secret": "open sesame" })).await.is(204);
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let mut statuses = Vec::new();
    for number in 0..130 {
        statuses.push(call(&test, &url, &[("x-webhook-secret", &format!("guess {number}"))], &json!({})).await.0);
    }
    assert_eq!((statuses[0], statuses[129]), (401, 429));
    let elsewhere = "https://countersign.example/hooks/t/nowhere.0";
    assert_eq!(call(&test, elsewhere, &[], &json!({})).await.0, 429, "addresses that do not exist are guesses too");
    assert_eq!(call(&test, &url, &[("x-webhook-secret", "open sesame")], &json!({})).await.0, 202);
}

#[tokio::test]
async fn a_schedule_that_was_missed_for_an_hour_starts_one_run() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let schedule =
        json!({ "type": "schedule", "cron": "0 */5 * * * *", "time_zone": "Europe/Berlin", "input": { "a": 1 } });
    let workflow = test.publish(&builder, document(schedule)).await;
    let next = trigger(&builder, &workflow).await["next_at"].as_i64().unwrap();
    assert_eq!(next % 300_000, 0);
    test.put_forward(1);
    let started = until_runs(&test, 1).await;
    assert_eq!(started[0].output.as_deref(), Some(r#"{"a":1}"#));
    let shown = trigger(&builder, &workflow).await;
    assert_eq!(shown["last_fires"].as_array().unwrap().len(), 1, "{shown}");
    assert!(shown["next_at"].as_i64().unwrap() > next + 3_000_000);
}

#[tokio::test]
async fn a_webhook_with_what_cannot_be_kept_is_kept_without_it() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "dedup": "body.id" }))).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let (status, _) = call(&test, &url, &[], &json!({ "id": "a\u{0}b" })).await;
    assert_eq!(status, 202);
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some("{\"id\":\"a\u{FFFD}b\"}"));
    let events = builder.get("/inbound").await;
    assert!(!events.is(200).text.contains("\\u0000"), "neither is it in what came in: {}", events.text);
    for odd in ["%00", "?a=%00"] {
        assert_eq!(call(&test, &format!("{url}{odd}"), &[], &json!({})).await.0, 400, "{odd}");
    }
}
