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
    let entries = admin.get("/audit?action=connection.tested").await;
    assert_eq!(entries.json["items"].as_array().unwrap().len(), 3);
    builder.post("/connections/nothing/test", json!({})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_connection_that_workflows_call_through_is_not_removed() {
    let (_app, admin, _) = furnished().await;
    let mut made = Vec::new();
    for name in ["first", "second"] {
        let connection = admin.post("/connections", account(name, GOOD)).await;
        made.push(connection.is(201).json["id"].as_str().unwrap().to_owned());
    }
    let workflow = |name: &str, connection: Option<&str>| {
        let mut call = json!({ "type": "tool_call", "action": "rooms.me", "input": {}, "next": "done" });
        if let Some(connection) = connection {
            call["connection"] = connection.into();
        }
        json!({ "document": { "schema": 1, "name": name, "start": "call", "steps": { "call": call, "done": { "type": "end" } } } })
    };
    let unnamed = admin.post("/workflows", workflow("Names none", None)).await;
    unnamed.is(201);
    admin.post("/workflows", workflow("Names the second", Some("second"))).await.is(201);
    for (id, user) in made.iter().zip(["Names none", "Names the second"]) {
        let uses = admin.get(&format!("/connections/{id}/uses")).await;
        let names: Vec<&str> =
            uses.is(200).json["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, [user]);
        let kept = admin.delete(&format!("/connections/{id}")).await;
        assert!(kept.is_problem(409, "connection_used").text.contains(user), "{}", kept.text);
    }
}
