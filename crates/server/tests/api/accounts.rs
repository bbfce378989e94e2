//! Connections are asked for before they are saved, tested by hand, and say which workflows call through them.

use crate::support::{Client, TestApp};
use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, response::IntoResponse};
use countersign_store::Role;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

const GOOD: &str = "tok_good_never_to_be_seen";

/// What the service answers to the good token; any other gets 401.
type Mood = Arc<AtomicU16>;

async fn service() -> (String, Mood) {
    async fn answer(State(mood): State<Mood>, headers: HeaderMap) -> impl IntoResponse {
        let good = headers.get("authorization").is_some_and(|value| value == &format!("Bearer {GOOD}"));
        let status = if good { mood.load(Ordering::SeqCst) } else { 401 };
        (StatusCode::from_u16(status).unwrap(), axum::Json(json!({ "name": "Ada Example" })))
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mood = Mood::new(AtomicU16::new(200));
    let app = Router::new().fallback(answer).with_state(Arc::clone(&mood));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, mood)
}

async fn furnished() -> (TestApp, Client, Mood) {
    let app = TestApp::start().await;
    let admin = app.key(Role::Admin).await;
    let (url, mood) = service().await;
    let manifest = json!({
        "name": "rooms", "title": "Rooms", "base_url": url, "auth": { "kind": "bearer", "secret": "token" },
        "secrets": { "type": "object", "properties": { "token": { "type": "string" } }, "required": ["token"] },
        "probe": { "action": "rooms.me" },
        "actions": { "me": { "title": "Me", "method": "GET", "path": "/me", "risk": "read", "idempotency": { "kind": "natural" } } },
    });
    admin.post("/connectors", json!({ "source": manifest.to_string() })).await.is(201);
    (app, admin, mood)
}

fn account(name: &str, token: &str) -> Value {
    json!({ "connector": "rooms", "name": name, "secrets": { "token": token } })
}

#[tokio::test]
async fn credentials_that_a_service_refuses_are_saved_only_on_purpose() {
    let (_app, admin, mood) = furnished().await;
    let refused = admin.post("/connections", account("main", "hello_never_shown")).await;
    assert!(!refused.is_problem(422, "connection_refused").text.contains("hello_never_shown"), "{}", refused.text);
    assert!(!refused.text.contains("untested"), "a person reads it: {}", refused.text);
    assert_eq!(admin.get("/connections").await.json["items"], json!([]), "nothing was saved");
    let asked = admin.get("/audit?action=connection.asked").await;
    assert_eq!(asked.json["items"][0]["detail"]["connection"], "main", "but where secrets went is on the record");
    assert!(!asked.text.contains("hello_never_shown"));
    let untested = admin.post("/connections?untested=true", account("spare", "hello_never_shown")).await;
    assert_eq!(untested.is(201).json["health"]["state"], "untried");
    let made = admin.post("/connections", account("main", GOOD)).await;
    assert_eq!(made.is(201).json["health"]["state"], "sound", "{}", made.text);
    let path = format!("/connections/{}", made.id());
    admin.patch(&path, json!({ "secrets": { "token": "other" } })).await.is_problem(422, "connection_refused");
    assert_eq!(admin.patch(&path, json!({ "name": "first" })).await.is(200).json["health"]["state"], "sound");
    mood.store(503, Ordering::SeqCst);
    let saved = admin.patch(&path, json!({ "secrets": { "token": GOOD } })).await;
    assert_eq!(
        saved.is(200).json["health"]["state"],
        "failing",
        "a service that is ill today keeps nobody from saving"
    );
}

#[tokio::test]
async fn a_test_says_how_an_account_stands_and_is_on_the_record() {
    let (app, admin, mood) = furnished().await;
    let id = admin.post("/connections", account("main", GOOD)).await.is(201).json["id"].as_str().unwrap().to_owned();
    let test = format!("/connections/{id}/test");
    app.key(Role::Operator).await.post(&test, json!({})).await.is_problem(403, "forbidden");
    let builder = app.key(Role::Builder).await;
    for (status, state) in [(401, "refused"), (500, "failing"), (200, "sound")] {
        mood.store(status, Ordering::SeqCst);
        let tested = builder.post(&test, json!({})).await;
        assert_eq!(tested.is(200).json["health"]["state"], state, "{}", tested.text);
        let listed = &admin.get("/connections").await.json["items"][0];
        assert_eq!(listed["health"], tested.json["health"], "it is kept");
    }
    let entries = async |action: &str| {
        let found = admin.get(&format!("/audit?action=connection.{action}")).await.json["items"].clone();
        let seqs = found.as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap());
        seqs.collect::<Vec<u64>>()
    };
    let (asked, tested) = (entries("asked").await, entries("tested").await);
    assert_eq!((asked.len(), tested.len()), (4, 3), "once when it was made");
    assert!(asked.iter().zip(&tested).all(|(asked, tested)| asked < tested), "before the service is asked");
    builder.post("/connections/nothing/test", json!({})).await.is_problem(404, "not_found");
}

/// Calls `rooms.me`.
fn calling(name: &str, connection: Option<&str>) -> Value {
    let mut call = json!({ "type": "tool_call", "action": "rooms.me", "input": {}, "next": "done" });
    if let Some(connection) = connection {
        call["connection"] = connection.into();
    }
    let steps = json!({ "call": call, "done": { "type": "end" } });
    json!({ "document": {
        "schema": 1, "name": name, "triggers": [{ "type": "api" }], "start": "call", "steps": steps,
    } })
}

async fn users(admin: &Client, connection: &str) -> Vec<String> {
    let uses = admin.get(&format!("/connections/{connection}/uses")).await;
    let items = uses.is(200).json["items"].as_array().unwrap();
    items.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_connection_that_workflows_call_through_is_not_removed() {
    let (app, admin, _) = furnished().await;
    let first = admin.post("/connections", account("first", GOOD)).await.is(201).id();
    let unnamed = admin.post("/workflows", calling("Names none", None)).await.is(201).id();
    admin.post(&format!("/workflows/{unnamed}/publish"), json!({ "message": "one account" })).await.is(201);
    app.put_forward(1);
    let second = admin.post("/connections", account("second", GOOD)).await.is(201).id();
    admin.post("/workflows", calling("Names the second", Some("second"))).await.is(201);
    for (id, user) in [(first, "Names none"), (second, "Names the second")] {
        assert_eq!(users(&admin, &id).await, [user]);
        let kept = admin.delete(&format!("/connections/{id}")).await;
        assert!(kept.is_problem(409, "connection_used").text.contains(user), "{}", kept.text);
    }
}

#[tokio::test]
async fn with_several_accounts_a_step_chooses_one_and_what_was_published_goes_on() {
    let (app, admin, _) = furnished().await;
    let publish = async |id: &str| admin.post(&format!("/workflows/{id}/publish"), json!({ "message": "now" })).await;
    let none = admin.post("/workflows", calling("Before any account", None)).await.is(201).id();
    publish(&none).await.is(201);
    app.put_forward(1);
    admin.post("/connections", account("first", GOOD)).await.is(201);
    let one = admin.post("/workflows", calling("With one account", None)).await.is(201).id();
    publish(&one).await.is(201);
    app.put_forward(1);
    // Credentials that do not hold: whoever went through it would notice.
    admin.post("/connections?untested=true", account("second", "wrong")).await.is(201);

    let refused = publish(&one).await;
    let found = &refused.is_problem(422, "check_failed").json["diagnostics"][0];
    assert_eq!((&found["code"], &found["pointer"]), (&json!("connection_choice"), &json!("/steps/call/connection")));
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("`first`") && message.contains("`second`"), "{message}");
    let checked = admin.post("/check", calling("Checked", None)).await;
    assert!(checked.is(200).text.contains("connection_choice"), "{}", checked.text);
    let misnamed = admin.post("/check", calling("Checked", Some("third"))).await;
    assert!(misnamed.is(200).text.contains("unknown_connection"), "{}", misnamed.text);
    let named = admin.post("/workflows", calling("Names one", Some("first"))).await.is(201).id();
    publish(&named).await.is(201);

    let run = async |workflow: &str| {
        let started = admin.with("prefer", "wait=20").post("/runs", json!({ "workflow": workflow, "input": {} })).await;
        started.is(200).json.clone()
    };
    assert_eq!(run(&one).await["status"], "completed", "an account that is added later takes no calls over");
    assert_eq!(run(&named).await["status"], "completed");
    let lost = run(&none).await;
    assert_eq!(lost["status"], "failed", "nobody chose one of the two: {lost:#}");
    assert!(lost.to_string().contains("connection_choice"), "{lost:#}");
}

/// Waits for a manager, then calls `rooms.me` through whatever account there is.
fn asking(name: &str) -> Value {
    let mut document = calling(name, None)["document"].clone();
    document["start"] = json!("ask");
    document["steps"]["ask"] = json!({
        "type": "approval", "summary": "Call?", "approvers": { "roles": ["manager"] },
        "timeout": { "after": "4h", "outcome": "rejected" }, "on_approve": "call", "on_reject": "done",
    });
    json!({ "document": document })
}

#[tokio::test]
async fn a_run_goes_on_through_the_account_it_was_published_with_or_not_at_all() {
    let (app, admin, _) = furnished().await;
    let manager = app.person("manager@example.com", Role::Operator, &["manager"]).await;
    let publish = async |id: &str| admin.post(&format!("/workflows/{id}/publish"), json!({ "message": "now" })).await;
    let first = admin.post("/connections", account("first", GOOD)).await.is(201).id();
    let workflow = admin.post("/workflows", asking("Asks")).await.is(201).id();
    publish(&workflow).await.is(201);
    let started = async || admin.post("/runs", json!({ "workflow": workflow, "input": {} })).await.is(201).id();
    let runs = [started().await, started().await];
    // The workflow goes on to another account; what waits was published with the first.
    let second = admin.post("/connections", account("second", GOOD)).await.is(201).id();
    let named = json!({ "document": calling("Asks", Some("second"))["document"] });
    admin.with("if-match", "\"1\"").put(&format!("/workflows/{workflow}/draft"), named).await.is(200);
    publish(&workflow).await.is(201);
    let kept = admin.delete(&format!("/connections/{first}")).await;
    assert!(kept.is_problem(409, "connection_used").text.contains("Asks"), "{}", kept.text);
    let uses = admin.get(&format!("/connections/{first}/uses")).await.json["items"][0].clone();
    assert_eq!((&uses["draft"], &uses["active"], &uses["runs"]), (&json!(false), &json!(false), &json!(true)));
    let ended = async |run: &str| {
        let decision = json!({ "outcome": "approved" });
        manager.post(&format!("/checkpoints/{run}.1/decision"), decision).await.is(200);
        app.until_over(&admin, run).await
    };
    // The names change hands: the calls do not.
    for (id, name) in [(&first, "third"), (&second, "first")] {
        admin.patch(&format!("/connections/{id}"), json!({ "name": name })).await.is(200);
    }
    let untested = json!({ "secrets": { "token": "wrong" } });
    admin.patch(&format!("/connections/{second}?untested=true"), untested).await.is(200);
    assert_eq!(ended(&runs[0]).await["status"], "completed");
    // Gone by another door than this one: nothing else takes its place.
    app.store.delete_connection(&app.workspace, &first, Vec::new()).await.unwrap();
    app.app.engine.forget_connections(&app.workspace);
    let lost = ended(&runs[1]).await;
    assert_eq!((&lost["status"], &lost["error_code"]), (&json!("failed"), &json!("connection_choice")), "{lost:#}");
}

#[tokio::test]
async fn what_was_published_without_an_account_stays_without() {
    let (_app, admin, _) = furnished().await;
    let (url, _) = service().await;
    let get =
        json!({ "type": "tool_call", "action": "http.get", "input": { "url": format!("{url}/x") }, "next": "done" });
    let document = json!({
        "schema": 1, "name": "Public", "triggers": [{ "type": "api" }], "start": "call",
        "steps": { "call": get, "done": { "type": "end" } },
    });
    let workflow = admin.post("/workflows", json!({ "document": document })).await.is(201).id();
    let publish = format!("/workflows/{workflow}/publish");
    admin.post(&publish, json!({ "message": "none" })).await.is(201);
    let status = async || {
        let start = json!({ "workflow": workflow, "input": {} });
        let run = admin.with("prefer", "wait=20").post("/runs", start).await.is(200).json.clone();
        run.to_string().contains("http_401").then_some("called").map(str::to_owned).unwrap_or_else(|| run.to_string())
    };
    assert_eq!(status().await, "called", "the service refuses whoever says nothing");
    for name in ["one", "two"] {
        let settings = json!({ "base_url": "http://127.0.0.1:9" });
        let body = json!({ "connector": "http", "name": name, "settings": settings, "secrets": {} });
        admin.post("/connections", body).await.is(201);
        assert_eq!(status().await, "called", "after `{name}` was added");
    }
    // Nobody needs to choose where none is needed.
    admin.post(&publish, json!({ "message": "two there are" })).await.is(201);
    assert_eq!(status().await, "called");
}

#[tokio::test]
async fn limits_are_offered_and_checked_where_a_connection_is_saved() {
    let (_app, admin, _) = furnished().await;
    let offered = admin.get("/connectors/rooms").await.json["limits_schema"]["properties"].clone();
    assert_eq!(offered["calls_at_once"]["type"], "integer", "{offered}");
    let limited = |settings: Value| {
        let mut body = account("main", GOOD);
        body["settings"] = settings;
        body
    };
    let refused = admin.post("/connections", limited(json!({ "calls_at_once": "5" }))).await;
    let refused = refused.is_problem(422, "invalid_connection").json.clone();
    assert_eq!(refused["errors"][0]["pointer"], "/settings/calls_at_once", "{refused}");
    let settings = json!({ "calls_at_once": 5, "timeout_seconds": 9, "allowed_hosts": ["files.example"] });
    let made = admin.post("/connections", limited(settings.clone())).await;
    assert_eq!(made.is(201).json["settings"], settings);
    assert_eq!(made.json["health"]["state"], "sound", "its own address is allowed");
    let path = format!("/connections/{}", made.id());
    let wrong = json!({ "settings": { "allowed_hosts": ["https://files.example/"] } });
    let refused = admin.patch(&path, wrong).await.is_problem(422, "invalid_connection").json.clone();
    assert_eq!(refused["errors"][0]["pointer"], "/settings/allowed_hosts/0", "{refused}");
}
