//! Actions are tried away from any run: shown to builders, sent by who may, and never around an approval in silence.

use crate::support::{Client, TestApp};
use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse};
use countersign_store::Role;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;

const TOKEN: &str = "tok_never_to_be_seen";

/// Headers of each request that came.
type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// A service that echoes what it was authorised with.
async fn service() -> (String, Seen) {
    async fn answer(State(seen): State<Seen>, headers: HeaderMap) -> impl IntoResponse {
        let authorised = headers["authorization"].to_str().unwrap().to_owned();
        seen.lock().push(headers);
        axum::Json(json!({ "pet": "Rex", "you_said": authorised }))
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let app = Router::new().fallback(answer).with_state(Arc::clone(&seen));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

fn manifest(url: &str) -> String {
    let action = |method: &str, risk: &str| {
        json!({
            "title": "Pet", "method": method, "path": "/pets/{input.id}", "risk": risk,
            "idempotency": { "kind": "header", "name": "Idempotency-Key" },
            "input": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
        })
    };
    json!({
        "name": "pets", "title": "Pets", "base_url": url, "auth": { "kind": "bearer", "secret": "token" },
        "secrets": { "type": "object", "properties": { "token": { "type": "string" } }, "required": ["token"] },
        "actions": {
            "get": action("GET", "read"), "rename": action("PUT", "write"), "put_down": action("DELETE", "high"),
        },
    })
    .to_string()
}

async fn furnished() -> (TestApp, Client, Seen) {
    let app = TestApp::start().await;
    let ada = app.person("ada@example.com", Role::Admin, &[]).await;
    let (url, seen) = service().await;
    ada.post("/connectors", json!({ "source": manifest(&url) })).await.is(201);
    let connection = json!({ "connector": "pets", "name": "main", "secrets": { "token": TOKEN } });
    ada.post("/connections", connection).await.is(201);
    (app, ada, seen)
}

fn path(action: &str) -> String {
    format!("/connectors/pets/actions/{action}/try")
}

fn rex(more: Value) -> Value {
    let mut body = json!({ "input": { "id": "rex" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn tried(ada: &Client) -> Vec<Value> {
    ada.get("/audit?action=action.").await.is(200).json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_request_is_shown_without_being_sent_and_a_read_is_sent_by_a_builder() {
    let (app, ada, seen) = furnished().await;
    let builder = app.key(Role::Builder).await;
    app.key(Role::Operator).await.post(&path("get"), rex(json!({}))).await.is_problem(403, "forbidden");
    let shown = builder.post(&path("get"), rex(json!({ "dry_run": true }))).await;
    assert_eq!(shown.is(200).json["request"]["method"], "GET");
    assert!(shown.json["request"]["url"].as_str().unwrap().ends_with("/pets/rex"), "{}", shown.text);
    assert_eq!((&shown.json["may_send"], &shown.json["result"]), (&json!(true), &Value::Null));
    assert_eq!(shown.json["connection"], "main");
    assert!(seen.lock().is_empty() && tried(&ada).await.is_empty());

    let sent = builder.post(&path("get"), rex(json!({}))).await;
    assert_eq!(sent.is(201).json["result"]["status"], 200, "{}", sent.text);
    assert_eq!(sent.json["result"]["output"]["pet"], "Rex");
    assert!(!sent.text.contains(TOKEN) && !shown.text.contains(TOKEN), "{}", sent.text);
    assert_eq!(seen.lock()[0]["authorization"], format!("Bearer {TOKEN}"));
    let actions: Vec<_> = tried(&ada).await.iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, [json!("action.tried"), json!("action.try_sent")]);

    let wrong = builder.post(&path("get"), json!({ "input": { "id": 7 } })).await;
    assert_eq!(wrong.is_problem(422, "action_not_rendered").json["errors"][0]["pointer"], "/input/id");
    builder.post(&path("fly"), rex(json!({}))).await.is_problem(404, "not_found");
    let other = app.other_workspace().await;
    other.post(&path("get"), rex(json!({}))).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn what_changes_something_is_sent_by_an_administrator_who_saw_exactly_that() {
    let (app, ada, seen) = furnished().await;
    let builder = app.key(Role::Builder).await;
    let shown = builder.post(&path("rename"), rex(json!({ "dry_run": true }))).await;
    assert_eq!(shown.is(200).json["may_send"], false);
    let hash = shown.json["request_hash"].clone();
    let confirmed = rex(json!({ "confirm": hash }));
    builder.post(&path("rename"), confirmed.clone()).await.is_problem(403, "forbidden");
    ada.post(&path("rename"), rex(json!({}))).await.is_problem(409, "not_confirmed");
    // Another input is another request.
    let other = json!({ "input": { "id": "fido" }, "confirm": hash });
    ada.post(&path("rename"), other).await.is_problem(409, "not_confirmed");
    assert!(seen.lock().is_empty());

    let once = ada.with("idempotency-key", "one");
    let sent = once.post(&path("rename"), confirmed.clone()).await;
    assert_eq!(sent.is(201).json["result"]["status"], 200);
    assert_eq!(once.post(&path("rename"), confirmed.clone()).await.is(201).json, sent.json);
    assert_eq!(seen.lock().len(), 1, "the same request twice is sent once");
    assert!(seen.lock()[0]["idempotency-key"].to_str().unwrap().starts_with("try."));

    // The account is another one now: what was shown is not what would be sent.
    let id = ada.get("/connections").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    ada.patch(&format!("/connections/{id}"), json!({ "secrets": { "token": "another" } })).await.is(200);
    ada.post(&path("rename"), confirmed.clone()).await.is_problem(409, "not_confirmed");

    ada.patch("/workspace", json!({ "policy": { "try_writes": "builders" } })).await.is(200);
    let shown = builder.post(&path("rename"), rex(json!({ "dry_run": true }))).await;
    builder.post(&path("rename"), rex(json!({ "confirm": shown.json["request_hash"] }))).await.is(201);
    ada.patch("/workspace", json!({ "policy": { "try_writes": "nobody" } })).await.is(200);
    ada.post(&path("rename"), confirmed).await.is_problem(403, "not_tried_here");
}

#[tokio::test]
async fn high_risk_is_a_deliberate_act_of_an_administrator_that_says_why() {
    let (app, ada, seen) = furnished().await;
    ada.patch("/workspace", json!({ "policy": { "try_writes": "builders" } })).await.is(200);
    let shown = ada.post(&path("put_down"), rex(json!({ "dry_run": true }))).await;
    let hash = shown.is(200).json["request_hash"].clone();
    let whole = rex(json!({ "confirm": hash, "reason": "Rex is a robot" }));
    app.key(Role::Builder).await.post(&path("put_down"), whole.clone()).await.is_problem(403, "forbidden");
    let made = ada.post("/api-keys", json!({ "name": "Shop", "role": "admin" })).await;
    let secret = made.is(201).json["key"].as_str().unwrap().to_owned();
    let key = app.anonymous().with("authorization", &format!("Bearer {secret}"));
    key.post(&path("put_down"), whole.clone()).await.is_problem(403, "key_may_not_decide");
    let silent = ada.post(&path("put_down"), rex(json!({ "confirm": hash }))).await;
    assert_eq!(silent.is_problem(422, "invalid_request").json["pointer"], "/reason");
    assert!(seen.lock().is_empty());
    ada.post(&path("put_down"), whole).await.is(201);
    let entries = tried(&ada).await;
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(entries[1]["detail"]["reason"], "Rex is a robot");
    assert_eq!(entries[1]["detail"]["request_hash"], hash);
    assert_eq!(entries[0]["detail"]["outcome"], "succeeded");
}

#[tokio::test]
async fn with_two_accounts_one_is_chosen() {
    let (app, ada, _) = furnished().await;
    let second = json!({ "connector": "pets", "name": "spare", "secrets": { "token": "other" } });
    ada.post("/connections", second).await.is(201);
    let builder = app.key(Role::Builder).await;
    let refused = builder.post(&path("get"), rex(json!({ "dry_run": true }))).await;
    assert_eq!(refused.is_problem(422, "connection_choice").json["pointer"], "/connection");
    let chosen = builder.post(&path("get"), rex(json!({ "dry_run": true, "connection": "spare" }))).await;
    assert_eq!(chosen.is(200).json["connection"], "spare");
    builder.post(&path("get"), rex(json!({ "connection": "none" }))).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_sample_is_kept_with_its_workflow_without_secrets() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let webhook = json!({ "type": "webhook", "verify": "shared_secret" });
    let workflow = test.publish(&admin, crate::triggers::document(webhook)).await;
    let account = json!({ "connector": "stripe", "name": "main", "secrets": { "api_key": "sk_test_very_secret_1" } });
    admin.post("/connections?untested=true", account).await.is(201);
    let trigger = admin.get(&format!("/workflows/{workflow}/triggers")).await.json["items"][0].clone();
    let secret = json!({ "secret": "open sesame" });
    admin.patch(&format!("/workflows/{workflow}/triggers/webhook-1"), secret).await.is(204);
    let token = trigger["url"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();

    let path = |of: &str, name: &str| format!("/workflows/{workflow}/samples/{of}/{name}");
    let kept = async || admin.get(&format!("/workflows/{workflow}/samples")).await.is(200).json["items"].clone();
    assert_eq!(kept().await, json!([]));
    let output = json!({ "id": "ch_1", "echo": "Bearer sk_test_very_secret_1", "amount": 9_007_199_254_740_993_i64 });
    admin.put(&path("step", "pay"), json!({ "value": output })).await.is(204);
    let call = json!({ "body": format!("{{\"to\": \"{token}\"}}"), "query": { "page": "2" },
        "headers": { "Authorization": "Basic abc", "x-webhook-secret": "open sesame", "x-id": "7", "x-note": "open sesame" } });
    admin.put(&path("trigger", "webhook-1"), json!({ "value": call })).await.is(204);
    let all = kept().await;
    let (step, hook) = (&all[0], &all[1]);
    assert_eq!(
        (&step["of"], &step["id"], &step["value"]["amount"]),
        (&json!("step"), &json!("pay"), &output["amount"])
    );
    assert!(step["kept_at"].is_i64() && step["kept_by"]["name"].is_string(), "{step}");
    assert_eq!((&hook["of"], &hook["id"]), (&json!("trigger"), &json!("webhook-1")));
    assert_eq!((&hook["value"]["headers"]["x-id"], &hook["value"]["query"]["page"]), (&json!("7"), &json!("2")));
    let told = all.to_string();
    for secret in ["sk_test_very_secret_1", "open sesame", "Basic abc", token.as_str()] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    // The one before gives way; what is on the record says what was kept, not what it says.
    admin.put(&path("step", "pay"), json!({ "value": { "id": "ch_2" } })).await.is(204);
    assert_eq!(kept().await[0]["value"], json!({ "id": "ch_2" }));
    let entries = admin.get("/audit?action=sample.kept").await;
    assert_eq!(entries.json["items"].as_array().unwrap().len(), 3);
    assert_eq!(entries.json["items"][0]["sentence"], "kept a sample of step pay in Orders");
    assert!(!entries.text.contains("ch_2"));

    let long = json!({ "value": "a".repeat(70_000) });
    admin.put(&path("step", "pay"), long).await.is_problem(422, "invalid_request");
    admin.put(&path("step", "pay"), json!({ "value": 1, "more": 2 })).await.is(422);
    admin.put(&path("run", "pay"), json!({ "value": 1 })).await.is_problem(400, "invalid_parameter");
    admin.put(&path("step", &"a".repeat(101)), json!({ "value": 1 })).await.is_problem(400, "invalid_parameter");
    let other = test.other_workspace().await;
    other.get(&format!("/workflows/{workflow}/samples")).await.is_problem(404, "not_found");
    other.put(&path("step", "pay"), json!({ "value": 1 })).await.is_problem(404, "not_found");
    other.delete(&path("step", "pay")).await.is_problem(404, "not_found");
    let operator = test.key(Role::Operator).await;
    operator.get(&format!("/workflows/{workflow}/samples")).await.is_problem(403, "forbidden");
    operator.put(&path("step", "pay"), json!({ "value": 1 })).await.is_problem(403, "forbidden");
    assert_eq!(kept().await[0]["value"], json!({ "id": "ch_2" }));
    admin.delete(&path("step", "pay")).await.is(204);
    admin.delete(&path("step", "pay")).await.is_problem(404, "not_found");
    assert_eq!(kept().await.as_array().unwrap().len(), 1);
}
