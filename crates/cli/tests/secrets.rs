//! Secrets are planted in every place, the other side echoes them in every form, runs end well and fail; then they are looked
//! for in every file of the server and in every answer of the API.
#![allow(clippy::unwrap_used)]

mod live;

use axum::{Router, http::HeaderMap, http::StatusCode, response::IntoResponse, routing};
use base64::{Engine, prelude::BASE64_STANDARD};
use live::{
    api::{Api, Request},
    eventually,
    furnish::{furnish, is_over, publish},
    node::{Launch, Node},
    outside::Outside,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

const BEARER: &str = "planted-bearer-0a9f83";
const BASIC: &str = "planted-basic-55e2c4";
const SECRET: &str = "planted-webhook-9d27aa";
const CLIENT: &str = "planted-client-6b10f2";
const ACCESS: &str = "planted-access-7c1d02";
const REFRESH: &str = "planted-refresh-28fe91";
const BOT: &str = "4455667788:planted-bot-31e8bd";
/// The longest anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls with each connection; what comes back, in an answer and in an error, goes everywhere a run keeps something.
const CALLS: &str = r#"
schema: 1
name: Calls
triggers:
  - { type: api }
  - { type: webhook, verify: shared_secret, input: "{ 'with': body.with, 'path': body.path }" }
vars: { heard: "" }
start: call
steps:
  call:
    type: tool_call
    action: http.get
    connection: WITH
    input: { url: "{{ input.path }}" }
    retry: { attempts: 1 }
    next: note
  note: { type: notify, channels: [telegram, email], to: { telegram: "77", email: ada@example.com }, body: "{{ $string(steps.call.output) }}", on_error: { next: ask }, next: ask }
  ask:
    type: approval
    summary: "Heard {{ $string(steps.call.output.body) }}"
    approvers: { roles: [operator, admin] }
    timeout: { after: 4h, outcome: rejected }
    on_approve: done
    on_reject: done
  done: { type: end, output: "{{ steps.call.output }}" }
"#;

/// Tells the caller's credentials back: whole, without the scheme, and decoded.
fn echoed(headers: &HeaderMap) -> String {
    let whole = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bare = whole.split_once(' ').map_or("", |(_, bare)| bare);
    let decoded = BASE64_STANDARD.decode(bare).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let pair: Vec<&str> = decoded.splitn(2, ':').collect();
    json!({ "whole": whole, "bare": bare, "decoded": decoded, "pair": pair, "message": format!("not {bare} {decoded}") }).to_string()
}

async fn echo() -> SocketAddr {
    let good = routing::get(async |headers: HeaderMap| echoed(&headers));
    let bad = routing::get(async |headers: HeaderMap| (StatusCode::UNPROCESSABLE_ENTITY, echoed(&headers)));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let token = routing::post(async || {
        axum::Json(json!({ "access_token": ACCESS, "refresh_token": REFRESH, "expires_in": "3600" })).into_response()
    });
    let broken = routing::post(async |sent: String| {
        (StatusCode::UNAUTHORIZED, axum::Json(json!({ "error": "invalid_client", "error_description": sent })))
    });
    let app = Router::new().route("/good", good).route("/bad", bad).route("/token", token).route("/broken", broken);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Every answer to a GET that the API document names: lists, and what is in them by id.
async fn answers(node: &Node, admin: &Api) -> BTreeMap<String, String> {
    let document = admin.get(&node.url, "/openapi.json").await;
    let paths: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, path)| path["get"].is_object())
        .map(|(name, _)| name.trim_start_matches("/api/v1"))
        .collect();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut heard = BTreeMap::new();
    // By how many names they have, so that a list is asked before what is in it.
    let mut sorted = paths.clone();
    sorted.sort_by_key(|path| path.matches('{').count());
    for path in sorted {
        for filled in filled(path, &ids) {
            // A stream does not end.
            if filled.ends_with("/events") {
                continue;
            }
            let answer = admin.send(&node.url, &Request::get(filled.clone())).await.unwrap();
            for item in answer.body["items"].as_array().into_iter().flatten() {
                for name in ["id", "version", "visit", "name"] {
                    let word = item[name].as_str().map_or_else(|| item[name].to_string(), str::to_owned);
                    ids.entry(path.to_owned()).or_default().insert(word);
                }
            }
            heard.insert(filled, answer.text);
        }
    }
    heard
}

/// A path with what its list told in the place of its last name.
fn filled(path: &str, ids: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let Some((list, rest)) = path.split_once("/{") else { return vec![path.to_owned()] };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    let known = ids.get(list).into_iter().flatten();
    known.map(|id| format!("{list}/{id}{after}")).filter(|path| !path.contains('{')).collect()
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false if path.file_name().unwrap() == "secret.key" => {}
            false => found.push((path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Credentials of services and of a channel.
async fn plant(node: &Node, admin: &Api, (outside, echo): (&Outside, SocketAddr), basic: &str) {
    for (name, authorization) in [("bearer", format!("Bearer {BEARER}")), ("basic", format!("Basic {basic}"))] {
        let connection = json!({ "connector": "http", "name": name, "settings": { "base_url": format!("http://{echo}") },
            "secrets": { "authorization": authorization } });
        admin.post(&node.url, "/connections?untested=true", connection).await;
    }
    let bot = json!({ "channel": "telegram", "name": "bot", "secrets": { "token": BOT, "webhook_secret": SECRET },
        "settings": { "base_url": format!("{}/telegram", outside.sandbox.url()) } });
    admin.post(&node.url, "/channels", bot).await;
}

/// Clients of an authorization server: one that is given tokens, and one that is refused with all it said.
async fn tell_tokens(node: &Node, admin: &Api, echo: SocketAddr) {
    for name in ["token", "broken"] {
        let action = |path: &str| json!({ "title": "Look", "method": "GET", "path": path, "risk": "read", "answer": "any", "idempotency": { "kind": "natural" } });
        let manifest = json!({ "name": name, "title": name, "base_url": format!("http://{echo}"),
            "auth": { "kind": "oauth2", "grant": "client_credentials", "client_auth": "post", "token_url": format!("/{name}") },
            "secrets": { "type": "object", "properties": { "client_id": { "type": "string" }, "client_secret": { "type": "string" } } },
            "actions": { "good": action("/good"), "bad": action("/bad") } });
        admin.post(&node.url, "/connectors", json!({ "source": manifest.to_string() })).await;
        let secrets = json!({ "client_id": "ada", "client_secret": CLIENT });
        admin.post(&node.url, "/connections", json!({ "connector": name, "name": "main", "secrets": secrets })).await;
        for action in ["good", "bad"] {
            let tried = format!("/connectors/{name}/actions/{action}/try");
            let told = admin.post(&node.url, &tried, json!({ "input": {} })).await;
            assert_eq!(told["result"]["output"].is_null(), name == "broken" || action == "bad", "{told}");
        }
    }
    let shown = admin.get(&node.url, "/connections").await["items"].clone();
    let state = |name: &str| {
        let all = shown.as_array().unwrap().iter();
        all.clone().find(|it| it["connector"] == name).unwrap()["tokens"]["state"].clone()
    };
    assert_eq!((state("token"), state("broken")), (json!("connected"), json!("refused")), "{shown}");
}

/// An answer and an error that tell the credentials, in runs, in a trial and by a webhook.
async fn tell(node: &Node, admin: &Api, name: &str) {
    let document = CALLS.replace("WITH", name).replace("name: Calls", &format!("name: Calls {name}"));
    let workflow = publish(node, admin, &document).await;
    for path in ["/good", "/bad"] {
        let started = json!({ "workflow": workflow, "input": { "path": path } });
        let run = admin.post(&node.url, "/runs", started).await["id"].as_str().unwrap().to_owned();
        let told = format!("/runs/{run}");
        eventually("it asks or is over", PATIENCE, async || {
            let run = admin.get(&node.url, &told).await;
            (is_over(&run) || run["waiting_for"] == "approval").then_some(())
        })
        .await;
    }
    let trial = json!({ "input": { "url": "/good" }, "connection": name, "reason": "to see it" });
    admin.post(&node.url, "/connectors/http/actions/get/try", trial).await;
    let triggers = format!("/workflows/{workflow}/triggers");
    let webhook = admin.get(&node.url, &triggers).await["items"][1].clone();
    let patched = Request::post(format!("{triggers}/{}", webhook["id"].as_str().unwrap()), json!({ "secret": SECRET }));
    let patched = Request { method: reqwest::Method::PATCH, ..patched };
    admin.send(&node.url, &patched).await.unwrap().good();
    let caller = countersign_outbound::direct().no_proxy().build().unwrap();
    let call = caller.post(webhook["url"].as_str().unwrap()).header("x-webhook-secret", SECRET);
    assert_eq!(call.json(&json!({ "path": "/good" })).send().await.unwrap().status(), 202);
}

/// The personal links that were sent by mail.
async fn links(outside: &Outside) -> Vec<String> {
    let mails = eventually("somebody is told by mail", PATIENCE, async || {
        let mails = outside.texts().await;
        mails.iter().any(|mail| mail.contains("/d/")).then_some(mails)
    })
    .await;
    let no_token = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '-' | '_'));
    let token = |mail: &String| Some(mail.split_once("/d/")?.1.split(no_token).next()?.to_owned());
    mails.iter().filter_map(token).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let wrapper = ["env", "-u", "COUNTERSIGN_SECRET_KEY", "COUNTERSIGN_LOG=debug"].map(Into::into).to_vec();
    let launch = Launch { wrapper, ..Launch::sqlite(data) };
    let (mut node, outside, echo) = (launch.start().await, Outside::start().await, echo().await);
    let setup = node.setup.as_deref().unwrap().rsplit('#').next().unwrap().to_owned();
    let people = furnish(&node, &outside).await;
    let basic = BASE64_STANDARD.encode(format!("ada:{BASIC}"));
    plant(&node, &people.admin, (&outside, echo), &basic).await;
    for name in ["bearer", "basic"] {
        tell(&node, &people.admin, name).await;
    }
    tell_tokens(&node, &people.admin, echo).await;
    let key = fs::read_to_string(data.join("secret.key")).unwrap().trim().to_owned();
    let keys = [people.admin.key().to_owned(), people.managers[0].key().to_owned(), key];
    let planted = [BEARER, BASIC, SECRET, BOT, CLIENT, ACCESS, REFRESH, live::furnish::PASSWORD].map(str::to_owned);
    let planted = [planted.to_vec(), keys.to_vec(), vec![basic, setup], links(&outside).await].concat();
    assert!(planted.len() > 10 && planted.iter().all(|secret| secret.len() > 8), "{planted:?}");

    let answers = answers(&node, &people.admin).await;
    assert!(answers.len() > 60, "{:?}", answers.keys());
    let mut found: Vec<(String, Vec<u8>)> = answers.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    files(data, &mut found);
    let holds_log = |(name, bytes): &(String, Vec<u8>)| name.ends_with("-wal") && bytes.len() > 10_000;
    assert!(found.iter().any(holds_log), "the log of the database is looked through");
    assert!(node.stop().await.success());
    files(data, &mut found);
    let mut leaks = BTreeSet::new();
    for (name, bytes) in &found {
        leaks.extend(planted.iter().filter(|secret| holds(bytes, secret)).map(|secret| format!("{name}: {secret}")));
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    // What is no secret is found where a secret would be.
    let echoed = found.iter().any(|(name, bytes)| name.starts_with("/runs/") && holds(bytes, "whole"));
    assert!(echoed, "what was told back is kept");
}
