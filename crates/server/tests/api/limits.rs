//! What one caller may take: time to play, streams, guesses; and what is closed without a token.

use crate::support::{Client, PASSWORD, TestApp, echo};
use axum::http::Method;
use countersign_server::ServerConfig;
use countersign_store::Role;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

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

/// A server that listens; connections come from the addresses of the loopback network.
struct Listening(std::net::SocketAddr);

impl Listening {
    async fn start(test: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(countersign_server::serve(test.app.clone(), listener, std::future::pending()));
        Self(address)
    }

    /// Sends a request from that address; what is answered is still to be read.
    async fn send(&self, from: u8, head: &str, body: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, from], 0).into()).unwrap();
        let mut stream = socket.connect(self.0).await.unwrap();
        stream.write_all(format!("{head}\r\nhost: test\r\n\r\n{body}").as_bytes()).await.unwrap();
        stream
    }
}

/// Sign-in, a chat, a webhook, a platform, a personal page.
const DOORS: [&str; 5] =
    ["/api/v1/auth/login", "/api/v1/chat/main/conversations", "/hooks/t/a.b", "/hooks/telegram/a", "/d/nothing"];

/// The status a request was answered with.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = [0; 12];
    tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut head)).await.expect("an answer").unwrap();
    std::str::from_utf8(&head[9..]).unwrap().parse().unwrap()
}

fn signed_in(path: &str, key: &Client) -> String {
    format!("GET /api/v1{path} HTTP/1.1\r\nauthorization: {}", key.header("authorization"))
}

#[tokio::test]
async fn bodies_that_do_not_arrive_stop_nobody_who_is_signed_in() {
    let config = ServerConfig {
        requests_max: 12,
        requests_reserved: 4,
        requests_per_address: 3,
        body_timeout: Duration::from_secs(2),
        ..ServerConfig::default()
    };
    let test = TestApp::with(config).await;
    let viewer = test.key(Role::Viewer).await;
    viewer.get("/auth/me").await.is(200);
    let server = Listening::start(&test).await;
    let (mut held, mut refused) = (Vec::new(), 0);
    for number in 0..96_u8 {
        // Through each door where a stranger's body is read.
        let path = DOORS[usize::from(number) % DOORS.len()];
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 100");
        held.push(server.send(2 + number / 24, &head, "{").await);
    }
    let mut me = server.send(1, &signed_in("/auth/me", &viewer), "").await;
    assert_eq!(status(&mut me).await, 200, "there is a reserve for who is signed in");
    let mut late = 0;
    for stream in &mut held {
        match status(stream).await {
            408 => late += 1,
            429 | 503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((late, refused), (8, 88), "four addresses have two to three places each, of eight for strangers");
    let mut stranger = server.send(2, "GET /api/v1/auth/me HTTP/1.1", "").await;
    assert_eq!(status(&mut stranger).await, 401, "the places are free again");
}

#[tokio::test]
async fn streams_of_one_visitor_leave_those_of_people_open() {
    let config = ServerConfig {
        streams_max: 2,
        chat_streams_max: 6,
        chat_streams_per_address: 4,
        chat_streams_per_conversation: 3,
        ..ServerConfig::default()
    };
    let test = TestApp::with(config).await;
    let viewer = test.key(Role::Viewer).await;
    let server = Listening::start(&test).await;
    let mut chats = Vec::new();
    for _ in 0..3 {
        let started = test.anonymous().post("/chat/main/conversations", json!({})).await.json;
        let (id, token) = (started["conversation"].as_str().unwrap(), started["token"].as_str().unwrap());
        chats.push(format!("GET /api/v1/chat/conversations/{id}/events?visitor={token} HTTP/1.1"));
    }
    let mut open = Vec::new();
    for (address, chat, expected) in [
        (2, 0, 200),
        (2, 0, 200),
        (2, 0, 200),
        (2, 0, 429),
        (2, 1, 200),
        (2, 1, 429),
        (3, 1, 200),
        (3, 2, 200),
        (3, 2, 503),
    ] {
        let mut stream = server.send(address, &chats[chat], "").await;
        assert_eq!(status(&mut stream).await, expected, "from {address} for chat {chat}");
        open.push(stream);
    }
    for _ in 0..2 {
        let mut stream = server.send(2, &signed_in("/events", &viewer), "").await;
        assert_eq!(status(&mut stream).await, 200);
        open.push(stream);
    }
}

#[tokio::test]
async fn a_number_whose_digits_would_be_lost_is_refused() {
    let test = TestApp::start().await;
    let beyond = r#"{"workflow":"x","input":{"id":18446744073709551616}}"#;
    let refused = test.key(Role::Admin).await.send(Method::POST, "/runs", Some(beyond.to_owned())).await;
    assert!(refused.is_problem(422, "invalid_request").text.contains("18446744073709551616"), "{}", refused.text);
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
