//! The connectors of services that the sandbox does not play, against a service that answers as the tables say: what is sent,
//! what is told, all pages of lists, refusals.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod contracts;
mod server;

use axum::{body::Body, http::Response};
use contracts::{Answer, Exchange, Table};
use countersign_connectors::{Call, CallError, CallOutcome, Connection, Invoker, Registry};
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use server::{Seen, Server};
use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

const SERVICES: [&str; 5] = ["github", "google_sheets", "hubspot", "twilio", "zendesk"];
const KEY: &str = "0190-run.7.1";

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::built_in().unwrap());

fn invoker() -> Invoker {
    Invoker::new(REGISTRY.clone(), Outbound::with_private())
}

fn response(answer: &Answer, base: &str) -> Response<Body> {
    let placed = |text: &str| text.replace("{base}", base);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, placed(value));
    }
    let body = if answer.body.is_null() { String::new() } else { placed(&answer.body.to_string()) };
    response.header("content-type", "application/json").body(Body::from(body)).unwrap()
}

/// A service that gives these answers in turn, then 500.
async fn answering(answers: Vec<Answer>) -> Server {
    let left = Arc::new(Mutex::new(answers.into_iter()));
    Server::start(move |seen: &Seen| {
        let base = format!("http://{}", seen.headers["host"].to_str().unwrap());
        let answer = left.lock().unwrap().next();
        answer.map_or_else(|| server::json(500, json!({})), |answer| response(&answer, &base))
    })
    .await
}

async fn call(action: &str, input: &Value, connection: &Connection) -> Result<Value, CallError> {
    let call = Call {
        action,
        input,
        key: KEY,
        timeout: Duration::from_secs(5),
        connection: Some(connection),
        repeated: false,
    };
    match invoker().invoke(call).await {
        CallOutcome::Succeeded { output, .. } => Ok(output),
        CallOutcome::Failed { error, .. } => Err(error),
    }
}

fn line(seen: &Seen) -> String {
    format!("{} {}", seen.method, seen.uri)
}

/// JSON, or the text where it is none.
fn sent(seen: &Seen) -> Value {
    let text = || Value::String(String::from_utf8(seen.body.to_vec()).unwrap());
    if seen.body.is_empty() { Value::Null } else { serde_json::from_slice(&seen.body).unwrap_or_else(|_| text()) }
}

fn has_headers(table: &Table, seen: &Seen, at: &str) {
    for (name, value) in &table.headers {
        assert_eq!(seen.headers.get(name).and_then(|value| value.to_str().ok()), Some(value.as_str()), "{at}: {name}");
    }
}

#[tokio::test]
async fn every_action_sends_what_its_service_takes_and_gives_what_it_answers() {
    let registry = &REGISTRY;
    for connector in SERVICES {
        let table = Table::of(connector).unwrap();
        let known: Vec<&String> = registry.connector(connector).unwrap().actions.keys().collect();
        assert!(known.iter().all(|name| table.actions.contains_key(*name)), "{connector}: {known:?}");
        for (name, case) in &table.actions {
            let action = format!("{connector}.{name}");
            let server = answering(vec![case.answer.clone()]).await;
            let connection = table.connection(connector, Some(&server.url));
            let output =
                call(&action, &case.input, &connection).await.unwrap_or_else(|error| panic!("{action}: {error:?}"));
            let seen = server.seen().remove(0);
            assert_eq!(Some(line(&seen)), case.request, "{action}");
            assert_eq!(sent(&seen), case.body, "{action}");
            has_headers(&table, &seen, &action);
            assert_eq!(output, case.output, "{action}");
            let catalogue = registry.catalogue();
            let spec = catalogue.action(&action).unwrap();
            let schema = jsonschema::validator_for(&spec.output).unwrap();
            let problems: Vec<String> = schema.iter_errors(&output).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{action}: {problems:?}");
            let keyed = seen.headers.contains_key("idempotency-key");
            assert_eq!(keyed, format!("{:?}", spec.idempotency).contains("Idempotency-Key"), "{action}");
        }
    }
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let mut paged = 0;
    for connector in SERVICES {
        let table = Table::of(connector).unwrap();
        for (name, pages) in &table.pages {
            let at = format!("{connector}.{name}");
            let server =
                answering(pages.exchanges.iter().map(|Exchange { answer, .. }| answer.clone()).collect()).await;
            let connection = table.connection(connector, Some(&server.url));
            let output = call(&at, &pages.input, &connection).await.unwrap_or_else(|error| panic!("{at}: {error:?}"));
            assert_eq!(output, pages.output, "{at}");
            let seen = server.seen();
            let lines: Vec<String> = seen.iter().map(line).collect();
            let wanted: Vec<&str> = pages.exchanges.iter().map(|exchange| exchange.request.as_str()).collect();
            assert_eq!(lines, wanted, "{at}");
            for (seen, exchange) in seen.iter().zip(&pages.exchanges) {
                has_headers(&table, seen, &at);
                assert_eq!(sent(seen), exchange.sent, "{at}");
            }
            paged += 1;
        }
    }
    assert!(paged >= 6, "{paged}");
}

#[tokio::test]
async fn refusals_keep_the_services_own_words() {
    for connector in SERVICES {
        let table = Table::of(connector).unwrap();
        assert!(table.failures.len() >= 3, "{connector}");
        for failing in &table.failures {
            let at = format!("{connector}.{}: {}", failing.action, failing.answer.status);
            let server = answering(vec![failing.answer.clone()]).await;
            let connection = table.connection(connector, Some(&server.url));
            let input = &table.actions[&failing.action].input;
            let error = call(&format!("{connector}.{}", failing.action), input, &connection).await.unwrap_err();
            let class = serde_json::to_value(error.class).unwrap();
            assert_eq!((error.code, error.message), (failing.code.clone(), failing.message.clone()), "{at}");
            assert_eq!((class, error.retry_after_seconds), (json!(failing.class), failing.retry_after_seconds), "{at}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_without_credentials_and_none_is_shown() {
    for connector in SERVICES {
        let table = Table::of(connector).unwrap();
        let (name, case) = table.actions.iter().next().unwrap();
        let action = format!("{connector}.{name}");
        let server = answering(Vec::new()).await;
        let whole = table.connection(connector, Some(&server.url));
        let bare = Connection { secrets: Vec::<(String, String)>::new().into_iter().collect(), ..whole.clone() };
        let error = call(&action, &case.input, &bare).await.unwrap_err();
        assert_eq!((error.code.as_str(), server.seen().len()), ("connection_missing", 0), "{action}");
        assert!(!REGISTRY.check_connection(&bare).is_empty(), "{connector}");
        assert_eq!(REGISTRY.check_connection(&whole), [], "{connector}");
        let shown = serde_json::to_string(&invoker().render(&action, &case.input, Some(&whole)).unwrap()).unwrap();
        assert!(table.secrets.values().all(|secret| !shown.contains(secret)), "{action}: {shown}");
    }
}

/// Both ways in of a connector that has two.
#[tokio::test]
async fn what_the_connection_has_is_what_it_signs_in_with() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
    let sid = "AC00000000000000000000000000000001";
    let key = "SK00000000000000000000000000000001";
    let twilio = json!({ "account_sid": sid, "api_key": key });
    let zendesk = json!({ "user": "ada@example.com/token" });
    let cases = [
        ("twilio", "account.get", &twilio, ("auth_token", "t0ken"), basic(&format!("{sid}:t0ken"))),
        ("twilio", "account.get", &twilio, ("api_key_secret", "s3cret"), basic(&format!("{key}:s3cret"))),
        ("zendesk", "user.me", &zendesk, ("api_token", "t0ken"), basic("ada@example.com/token:t0ken")),
        ("zendesk", "user.me", &zendesk, ("access_token", "b3arer"), "Bearer b3arer".to_owned()),
    ];
    for (connector, action, settings, (secret, value), wanted) in cases {
        let table = Table::of(connector).unwrap();
        let server = answering(vec![table.actions[action].answer.clone()]).await;
        let mut settings = settings.as_object().unwrap().clone();
        settings.insert("base_url".to_owned(), json!(server.url));
        let secrets = [(secret, value)].into_iter().collect();
        let connection = Connection { settings, secrets, ..table.connection(connector, None) };
        call(&format!("{connector}.{action}"), &json!({}), &connection).await.unwrap();
        assert_eq!(server.seen()[0].headers["authorization"], wanted, "{connector} {secret}");
    }
}

#[tokio::test]
async fn a_throttled_shop_is_asked_again_when_the_points_are_there() {
    let cases = [
        ((752, 2.0, 100.0), Some(8)),
        ((100, 99.5, 100.0), Some(1)),
        ((100, 100.0, 100.0), None),
        ((1000, 0.0, 0.0), None),
        ((100_000, 0.0, 1.0), Some(60)),
    ];
    for ((cost, left, per_second), wait) in cases {
        let body = json!({
            "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
            "extensions": { "cost": {
                "requestedQueryCost": cost, "throttleStatus": { "currentlyAvailable": left, "restoreRate": per_second },
            } },
        });
        let server = answering(vec![Answer { body, ..Answer::default() }]).await;
        let connection = Table::of("shopify").unwrap().connection("shopify", Some(&server.url));
        let error = call("shopify.shop.get", &json!({}), &connection).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry_after_seconds), ("THROTTLED", wait), "{cost} {left} {per_second}");
        assert_eq!(serde_json::to_value(error.class).unwrap(), "retryable");
    }
}
