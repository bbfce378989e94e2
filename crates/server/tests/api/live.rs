//! Streams: hints that something changed, of one's own workspace only.

use crate::support::{TestApp, echo};
use axum::{body::Body, http::Method};
use countersign_store::Role;
use http_body_util::BodyExt;
use serde_json::json;
use std::time::Duration;

/// Reads a stream until `wanted` appears; everything read so far.
async fn read_until(body: &mut Body, wanted: &str) -> String {
    let mut read = String::new();
    while !read.contains(wanted) {
        let frame = tokio::time::timeout(Duration::from_secs(20), body.frame()).await;
        let frame = frame.unwrap_or_else(|_| panic!("no {wanted} after {read}")).expect("the stream ended").unwrap();
        if let Ok(data) = frame.into_data() {
            read.push_str(&String::from_utf8_lossy(&data));
        }
    }
    read
}

#[tokio::test]
async fn changes_are_told_to_their_workspace() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let other = test.other_workspace().await;
    let mut own = builder.open(Method::GET, "/events", None).await.into_body();
    let mut foreign = other.open(Method::GET, "/events", None).await.into_body();
    read_until(&mut own, "hello").await;
    read_until(&mut foreign, "hello").await;
    let workflow = test.publish(&builder, echo()).await;
    let read = read_until(&mut own, "event: workflow").await;
    assert!(read.contains(&workflow), "{read}");
    let mut elsewhere = echo();
    elsewhere["name"] = json!("Elsewhere");
    let theirs = test.publish(&other, elsewhere).await;
    let read = read_until(&mut foreign, &theirs).await;
    assert!(!read.contains(&workflow), "{read}");
    test.anonymous().get("/events").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_visitor_hears_of_their_own_conversation() {
    let test = TestApp::start().await;
    let chat = test.anonymous().post("/chat/main/conversations", json!({})).await;
    let (id, token) = (chat.json["conversation"].as_str().unwrap(), chat.json["token"].as_str().unwrap());
    let path = format!("/chat/conversations/{id}/events?visitor={token}");
    let mut stream = test.anonymous().open(Method::GET, &path, None).await.into_body();
    read_until(&mut stream, "hello").await;
    test.anonymous().post("/chat/main/conversations", json!({})).await.is(201);
    let visitor = test.anonymous().with("x-visitor", token);
    visitor.post(&format!("/chat/conversations/{id}/messages"), json!({ "body": "hi" })).await.is(201);
    let read = read_until(&mut stream, "event: conversation").await;
    assert_eq!(read.matches(id).count(), 1, "{read}");
}

#[tokio::test]
async fn going_down_ends_streams_and_lets_the_rest_finish() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let test = TestApp::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(countersign_server::serve(test.app.clone(), listener, async {
        stopped.await.unwrap();
    }));
    let chat = test.anonymous().post("/chat/main/conversations", json!({})).await;
    let (id, token) = (chat.json["conversation"].as_str().unwrap(), chat.json["token"].as_str().unwrap());
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET /api/v1/chat/conversations/{id}/events?visitor={token} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("hello") {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "the stream ended early");
    }
    stop.send(()).unwrap();
    let ended = async {
        stream.read_to_end(&mut read).await.unwrap();
        served.await.unwrap().unwrap();
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the server did not go down");
}

#[tokio::test]
async fn a_seeded_workflow_is_published_once() {
    let test = TestApp::start().await;
    let source = include_str!("../../../../examples/subscription-upgrade.yaml");
    let seed = async || countersign_server::seed::workflow(&test.app.engine, &test.workspace, source, "demo").await;
    let (first, second) = (seed().await.unwrap(), seed().await.unwrap());
    assert_eq!(first, second);
    let viewer = test.key(Role::Viewer).await;
    let versions = viewer.get(&format!("/workflows/{first}/versions")).await;
    assert_eq!(versions.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(viewer.get(&format!("/workflows/{first}")).await.json["has_unpublished_changes"], false);
}
