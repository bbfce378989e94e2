//! What one caller may take: time to play, streams, guesses; and what is closed without a token.

use crate::support::{PASSWORD, TestApp, echo};
use axum::http::Method;
use countersign_server::ServerConfig;
use countersign_store::Role;
use serde_json::json;
use std::time::{Duration, Instant};

/// Two conditions that send each other round, with an expression that takes its time.
fn treadmill() -> serde_json::Value {
    let turn = |other: &str| {
        json!({
            "type": "condition",
            "branches": [{ "when": "$count([1..40000][$ % 7 = 0]) > 0", "next": other }],
            "otherwise": "done",
        })
    };
    json!({
        "schema": 1,
        "name": "Treadmill",
        "triggers": [{ "type": "api" }],
        "start": "left",
        "steps": { "left": turn("right"), "right": turn("left"), "done": { "type": "end" } },
    })
}

#[tokio::test]
async fn playing_needs_a_builder_and_ends_with_its_time() {
    let config = ServerConfig { play_timeout: Duration::from_millis(400), plays_max: 1, ..ServerConfig::default() };
    let test = TestApp::with(config).await;
    let builder = test.key(Role::Builder).await;
    let id = builder.post("/workflows", json!({ "document": echo() })).await.is(201).id();
    let rehearse = format!("/workflows/{id}/rehearse");
    let run = format!("/workflows/{id}/tests/run");
    for role in [Role::Viewer, Role::Operator] {
        let caller = test.key(role).await;
        caller.post(&rehearse, json!({ "document": treadmill(), "script": {} })).await.is_problem(403, "forbidden");
        caller.post(&run, json!({ "document": treadmill() })).await.is_problem(403, "forbidden");
    }
    let begun = Instant::now();
    let cut_off = builder.post(&rehearse, json!({ "document": treadmill(), "script": {} })).await;
    cut_off.is_problem(422, "plays_too_long");
    // There is one place: the next one gets it only when what was cut off has stopped.
    builder.post(&rehearse, json!({ "document": echo(), "script": {} })).await.is(200);
    assert!(begun.elapsed() < Duration::from_secs(8), "it played on for {:?}", begun.elapsed());
}

#[tokio::test]
async fn chats_take_no_stream_of_people_and_none_takes_all() {
    let config = ServerConfig {
        streams_max: 2,
        chat_streams_max: 4,
        chat_streams_per_conversation: 3,
        ..ServerConfig::default()
    };
    let test = TestApp::with(config).await;
    let viewer = test.key(Role::Viewer).await;
    let mut open = Vec::new();
    for (chat, streams) in [(0, [200, 200, 200, 429]), (1, [200, 503, 503, 503])] {
        let started = test.anonymous().post("/chat/main/conversations", json!({})).await;
        let (id, token) = (&started.json["conversation"], &started.json["token"]);
        let path = format!("/chat/conversations/{}/events?visitor={}", id.as_str().unwrap(), token.as_str().unwrap());
        for expected in streams {
            let stream = test.anonymous().open(Method::GET, &path, None).await;
            assert_eq!(stream.status(), expected, "chat {chat}");
            open.push(stream);
        }
    }
    for _ in 0..2 {
        let stream = viewer.open(Method::GET, "/events", None).await;
        assert_eq!(stream.status(), 200);
        open.push(stream);
    }
    viewer.get("/events").await.is_problem(503, "busy");
    drop(open);
    assert_eq!(viewer.open(Method::GET, "/events", None).await.status(), 200);
}

#[tokio::test]
async fn a_refused_sign_in_is_on_the_record() {
    let test = TestApp::start().await;
    test.person("ada@example.com", Role::Viewer, &[]).await;
    let wrong = json!({ "email": "ada@example.com", "password": "not this one" });
    test.anonymous().post("/auth/login", wrong).await.is_problem(401, "invalid_credentials");
    let trail = test.key(Role::Admin).await.get("/audit?action=session.refused").await;
    assert_eq!(trail.is(200).json["items"].as_array().unwrap().len(), 1, "{}", trail.text);
    assert!(!trail.text.contains("not this one"));
    let right = json!({ "email": "ada@example.com", "password": PASSWORD });
    test.anonymous().post("/auth/login", right).await.is(200);
}

#[tokio::test]
async fn metrics_open_to_their_token_alone() {
    let config = ServerConfig { metrics_token: Some("for the tests".to_owned()), ..ServerConfig::default() };
    let test = TestApp::with(config).await;
    test.anonymous().get("/runs").await.is(401);
    test.anonymous().get("//metrics").await.is_problem(401, "unauthenticated");
    let admin = test.key(Role::Admin).await;
    admin.get("//metrics").await.is_problem(401, "unauthenticated");
    let scraper = test.anonymous().with("authorization", "Bearer for the tests");
    assert!(scraper.get("//metrics").await.is(200).text.contains("countersign_http_requests_total"));
}

#[tokio::test]
async fn strangers_leave_room_for_who_is_signed_in() {
    let config = ServerConfig { requests_max: 1, requests_reserved: 1, ..ServerConfig::default() };
    let test = TestApp::with(config).await;
    let viewer = test.key(Role::Viewer).await;
    viewer.get("/auth/me").await.is(200);
    test.anonymous().get("/auth/me").await.is_problem(401, "unauthenticated");
}
