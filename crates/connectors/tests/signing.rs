//! Signed requests: what arrives can be verified, and the secret is nowhere.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, clippy::wildcard_enum_match_arm)]

mod server;

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_connectors::{Call, CallOutcome, Connection, Exchange, Invoker, Manifest, Registry, Secrets};
use countersign_outbound::Outbound;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use server::{Seen, Server};
use sha2::{Sha256, Sha512};
use std::time::Duration;

const SECRET: &str = "Jefe-signing-secret";

fn manifest(auth: Value) -> Manifest {
    let action = json!({
        "title": "Say", "method": "POST", "path": "/rooms/{input.room}", "query": { "lang": "$input.lang" },
        "body": { "encoding": "json", "value": { "text": "$input.text" } }, "risk": "write",
        "idempotency": { "kind": "none" }, "input": { "type": "object" },
    });
    let secrets = json!({ "type": "object", "properties": { "signing": { "type": "string" } } });
    let manifest = json!({ "name": "signed", "title": "Signed", "base_url": "", "auth": auth, "secrets": secrets,
        "settings": { "type": "object", "properties": { "base_url": { "type": "string" } } }, "actions": { "say": action } });
    Manifest::parse("signed", &manifest.to_string()).unwrap()
}

fn invoker(auth: Value) -> Invoker {
    Invoker::new(Registry::only([manifest(auth)]).unwrap(), Outbound::with_private())
}

fn connection(server: &Server, secrets: &[(&str, &str)]) -> Connection {
    Connection {
        id: String::new(),
        connector: "signed".to_owned(),
        name: "main".to_owned(),
        settings: json!({ "base_url": server.url }).as_object().unwrap().clone(),
        secrets: Secrets::from_iter(secrets.iter().copied()),
        revision: String::new(),
    }
}

fn input() -> Value {
    json!({ "room": "a b", "lang": "de", "text": "Grüße {body}" })
}

async fn call(invoker: &Invoker, connection: &Connection) -> CallOutcome {
    let (timeout, input) = (Duration::from_secs(5), input());
    let connection = Some(connection);
    invoker.invoke(Call { action: "signed.say", input: &input, key: "k", timeout, connection, repeated: false }).await
}

fn exchange(outcome: CallOutcome) -> Exchange {
    match outcome {
        CallOutcome::Succeeded { exchange, .. } => exchange,
        other => panic!("{other:?}"),
    }
}

/// Answers with what it was sent, signature included.
async fn echo() -> Server {
    let told = |seen: &Seen| seen.headers.get("x-signature").map(|value| value.to_str().unwrap().to_owned());
    Server::start(move |seen| server::json(200, json!({ "signature": told(seen) }))).await
}

#[tokio::test]
async fn a_signature_is_over_what_is_sent_and_shown_to_nobody() {
    let server = echo().await;
    let invoker = invoker(json!({ "kind": "hmac", "secret": "signing", "header": "X-Signature", "prefix": "sha256=",
        "signs": "{timestamp}\n{method}\n{path}\n{query}\n{body}", "timestamp_header": "X-Timestamp" }));
    let connection = connection(&server, &[("signing", SECRET)]);
    let exchange = exchange(call(&invoker, &connection).await);
    let seen = &server.seen()[0];
    let timestamp = seen.headers["x-timestamp"].to_str().unwrap();
    assert!(timestamp.parse::<u64>().unwrap() > 1_600_000_000, "{timestamp}");
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{timestamp}\nPOST\n/rooms/a%20b\nlang=de\n").as_bytes());
    mac.update(&seen.body);
    let sent = seen.headers["x-signature"].to_str().unwrap();
    mac.verify_slice(&hex::decode(sent.strip_prefix("sha256=").unwrap()).unwrap()).unwrap();
    assert_eq!(exchange.request.headers["x-signature"], "***");
    assert_eq!(exchange.request.headers["x-timestamp"], timestamp);
    let kept = serde_json::to_string(&exchange).unwrap();
    assert!(!kept.contains(SECRET) && !kept.contains(sent) && !kept.contains(&sent["sha256=".len()..]), "{kept}");
    // Shown to whoever approves it: the same each time, however late it is sent.
    let shown = || invoker.render("signed.say", &input(), Some(&connection)).unwrap();
    assert_eq!((&*shown().headers["x-signature"], &*shown().headers["x-timestamp"]), ("***", "(set when sent)"));
    assert_eq!(shown(), shown());
}

#[tokio::test]
async fn a_longer_hash_in_base64_of_the_body_alone() {
    let server = echo().await;
    let auth = json!({ "kind": "hmac", "secret": "signing", "header": "X-Signature", "algorithm": "sha512", "encoding": "base64" });
    exchange(call(&invoker(auth), &connection(&server, &[("signing", SECRET)])).await);
    let seen = &server.seen()[0];
    let mut mac = <Hmac<Sha512> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&seen.body);
    mac.verify_slice(&BASE64_STANDARD.decode(seen.headers["x-signature"].as_bytes()).unwrap()).unwrap();
}

#[tokio::test]
async fn without_its_secret_nothing_is_sent_unless_it_may_be_left_out() {
    let server = echo().await;
    let auth =
        |required: bool| json!({ "kind": "hmac", "secret": "signing", "header": "X-Signature", "required": required });
    match call(&invoker(auth(true)), &connection(&server, &[])).await {
        CallOutcome::Failed { error, .. } => assert_eq!(error.code, "connection_missing"),
        other => panic!("{other:?}"),
    }
    assert!(server.seen().is_empty());
    exchange(call(&invoker(auth(false)), &connection(&server, &[])).await);
    assert!(!server.seen()[0].headers.contains_key("x-signature"));
}

#[test]
fn what_cannot_be_signed_so_is_refused_when_the_manifest_is_read() {
    for (more, said) in [
        (json!({ "signs": "{timestamp}.{body}" }), "timestamp_header"),
        (json!({ "timestamp_header": "X-Time" }), "{timestamp}"),
        (json!({ "signs": "always the same" }), "names none of"),
        (json!({ "header": "a header" }), "not a header's name"),
    ] {
        let mut auth = json!({ "kind": "hmac", "secret": "signing", "header": "X-Signature" });
        auth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = Registry::only([manifest(auth)]).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
