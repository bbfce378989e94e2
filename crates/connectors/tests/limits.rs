//! Limits that every connection may have: how long a call may take, and where it may go.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, clippy::wildcard_enum_match_arm)]

mod server;

use axum::{body::Body, http::Response};
use countersign_connectors::{Call, CallError, CallOutcome, Connection, Invoker, Manifest, Registry};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use server::{Server, raw};
use std::time::{Duration, Instant};

fn invoker() -> Invoker {
    Invoker::new(Registry::built_in().unwrap(), Outbound::with_private())
}

fn http(settings: Value) -> Connection {
    Connection {
        id: String::new(),
        connector: "http".to_owned(),
        name: "intern".to_owned(),
        settings: settings.as_object().unwrap().clone(),
        secrets: Vec::<(String, String)>::new().into_iter().collect(),
        revision: String::new(),
    }
}

async fn get(url: &str, connection: &Connection) -> Result<Value, CallError> {
    let input = json!({ "url": url });
    let (timeout, connection) = (Duration::from_secs(20), Some(connection));
    let call = Call { action: "http.get", input: &input, key: "k", timeout, connection, repeated: false };
    match invoker().invoke(call).await {
        CallOutcome::Succeeded { output, .. } => Ok(output),
        CallOutcome::Failed { error, .. } => Err(error),
    }
}

#[tokio::test]
async fn a_call_takes_no_longer_than_its_connection_allows() {
    let silent = raw(None).await;
    let begun = Instant::now();
    let error = get("/slow", &http(json!({ "base_url": silent, "timeout_seconds": 1 }))).await.unwrap_err();
    assert_eq!(error.code, "timeout");
    assert!(begun.elapsed() < Duration::from_secs(15), "the step gave it twenty");
}

#[tokio::test]
async fn calls_go_to_the_connection_s_own_host_and_the_allowed_ones() {
    let own = Server::start(|_| server::json(200, json!({}))).await;
    let other = Server::start(|_| server::json(200, json!({}))).await;
    let host = |server: &Server| server.url.trim_start_matches("http://").to_owned();
    let limited = |hosts: Value| http(json!({ "base_url": own.url, "allowed_hosts": hosts }));
    let closed = limited(json!(["files.example"]));
    get("/here", &closed).await.unwrap();
    let error = get(&other.url, &closed).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "host_not_allowed"));
    assert!(error.message.contains("`intern`") && error.message.contains("files.example"), "{}", error.message);
    let shown = invoker().render("http.get", &json!({ "url": other.url }), Some(&closed)).unwrap_err();
    assert_eq!(shown.code, "host_not_allowed", "whoever is asked to approve it sees that");
    assert!(other.seen().is_empty());
    get(&other.url, &limited(json!([host(&other)]))).await.unwrap();
    get(&other.url, &http(json!({ "base_url": own.url }))).await.unwrap();
    // What was never checked opens nothing.
    for hosts in [json!([]), json!("x"), json!([host(&other).replace(':', " ")])] {
        assert_eq!(get(&other.url, &limited(hosts)).await.unwrap_err().code, "host_not_allowed");
    }
}

#[tokio::test]
async fn a_redirect_leads_to_allowed_hosts_only() {
    let inner = Server::start(|_| server::json(200, json!({ "secret": true }))).await;
    let to = inner.url.clone();
    let moved =
        move |_: &server::Seen| Response::builder().status(302).header("location", &to).body(Body::empty()).unwrap();
    let own = Server::start(moved).await;
    let limited = |hosts: &[&str]| http(json!({ "base_url": own.url, "allowed_hosts": hosts }));
    let error = get("/x", &limited(&["files.example"])).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "host_not_allowed"));
    assert!(inner.seen().is_empty());
    get("/x", &limited(&[inner.url.trim_start_matches("http://")])).await.unwrap();
    assert_eq!(inner.seen().len(), 1);
}

#[test]
fn a_limit_of_another_kind_is_refused_with_its_place() {
    let registry = Registry::built_in().unwrap();
    let problems = |limits: Value| {
        let mut connection = http(json!({ "base_url": "https://x.example" }));
        connection.settings.extend(limits.as_object().unwrap().clone());
        registry.check_connection(&connection).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    let good = json!({ "calls_at_once": 5, "calls_per_second": 0.5, "timeout_seconds": 20,
        "allowed_hosts": ["x.example", "10.0.0.0/8", "[::1]:90"] });
    assert!(problems(good).is_empty());
    for (name, value) in [
        ("calls_at_once", json!("5")),
        ("calls_at_once", json!(0)),
        ("calls_at_once", json!(1.5)),
        ("calls_per_second", json!("2")),
        ("calls_per_second", json!(0)),
        ("timeout_seconds", json!(-1)),
        ("timeout_seconds", Value::Null),
        ("allowed_hosts", json!("x.example")),
        ("allowed_hosts", json!([])),
    ] {
        assert_eq!(problems(json!({ (name): value })), [format!("/settings/{name}")], "{name}: {value}");
    }
    for host in ["https://x.example", "a b", "x.example/path", "", "bücher.example"] {
        assert_eq!(problems(json!({ "allowed_hosts": ["ok.example", host] })), ["/settings/allowed_hosts/1"], "{host}");
    }
}

#[test]
fn limits_fit_every_connector_and_none_declares_one() {
    let manifest = |settings: Value| {
        let manifest = json!({ "name": "tight", "title": "Tight", "base_url": "https://x.example", "settings": settings,
            "actions": {} });
        Manifest::parse("tight", &manifest.to_string()).unwrap()
    };
    let tight = Registry::only([manifest(json!({ "type": "object", "additionalProperties": false }))]).unwrap();
    let connection = Connection { connector: "tight".to_owned(), ..http(json!({ "calls_at_once": 1 })) };
    assert!(tight.check_connection(&connection).is_empty());
    let own = json!({ "type": "object", "properties": { "timeout_seconds": { "type": "string" } } });
    let error = Registry::only([manifest(own)]).unwrap_err().to_string();
    assert!(error.contains("settings.properties.timeout_seconds"), "{error}");
}
