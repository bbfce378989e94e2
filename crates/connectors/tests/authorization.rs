//! What a client says to an authorization server, and what of its answers is told.
#![allow(clippy::unwrap_used)]

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};
use countersign_connectors::{Client, Connection, Manifest, Registry, Secrets, TokenFailure, pkce_challenge};
use countersign_outbound::{Outbound, Settings};
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t-value";

/// A server that answers with what it was sent, as an error.
async fn echo() -> String {
    let echo = async |headers: HeaderMap, body: Bytes| {
        let sent = format!(
            "{} {}",
            headers.get("authorization").map_or("", |it| it.to_str().unwrap()),
            String::from_utf8_lossy(&body)
        );
        (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": SECRET, "error_description": sent })))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let moved = post(async || (StatusCode::FOUND, [("location", "https://elsewhere.example/token")]));
    let app = Router::new().route("/token", post(echo)).route("/moved", moved);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn manifest(url: &str, more: Value) -> Manifest {
    let mut auth = json!({ "kind": "oauth2", "grant": "authorization_code", "authorize_url": "https://id.example.com/{settings.tenant}/agree?a=b",
        "token_url": format!("{url}/token"), "scopes": ["read", "write"], "authorize_params": { "access_type": "offline" } });
    auth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = json!({ "name": "shop", "title": "Shop", "base_url": "https://shop.example.com/v1", "auth": auth,
        "settings": { "type": "object", "properties": { "tenant": { "type": "string" }, "client_id": { "type": "string" } } },
        "actions": { "me": { "title": "Me", "method": "GET", "path": "/me", "risk": "read", "idempotency": { "kind": "natural" } } } });
    Manifest::parse("shop", &text.to_string()).unwrap()
}

fn connection(settings: Value, secrets: Value) -> Connection {
    let secrets =
        secrets.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    Connection {
        id: "c".into(),
        connector: "shop".into(),
        name: "main".into(),
        settings: settings.as_object().unwrap().clone(),
        secrets: secrets.collect::<Secrets>(),
        revision: String::new(),
    }
}

fn client(url: &str, more: Value) -> Client {
    let registry = Registry::only([manifest(url, more)]).unwrap();
    let settings = json!({ "tenant": "a/b", "client_id": "me" });
    registry.client(&connection(settings, json!({ "client_secret": SECRET }))).unwrap().unwrap()
}

#[test]
fn the_address_says_who_asks_for_what_and_proves_it_later() {
    let url = client("https://id.example.com", json!({}))
        .authorize_url("https://x.example/oauth/callback", "st", "ch")
        .unwrap();
    let (address, query) = url.as_str().split_once('?').unwrap();
    assert_eq!(address, "https://id.example.com/a%2Fb/agree", "a setting names no other place");
    assert_eq!(
        query,
        "a=b&response_type=code&client_id=me&redirect_uri=https%3A%2F%2Fx.example%2Foauth%2Fcallback&state=st&code_challenge=ch\
         &code_challenge_method=S256&scope=read+write&access_type=offline"
    );
    // The example of RFC 7636.
    let challenge = pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn what_makes_no_client_is_said() {
    let wrong = |more: Value| Registry::only([manifest("https://id.example.com", more)]).unwrap_err().to_string();
    assert!(wrong(json!({ "token_url": "ftp://id.example.com" })).contains("auth.token_url"));
    assert!(wrong(json!({ "authorize_url": "" })).contains("auth.authorize_url"));
    assert!(wrong(json!({ "revoke_url": "javascript:alert(1)" })).contains("auth.revoke_url"));
    assert!(wrong(json!({ "authorize_params": { "state": "mine" } })).contains("`state` is given by Countersign"));
    let mut two = manifest("https://id.example.com", json!({}));
    two.actions[0].auth = manifest("https://other.example.com", json!({})).auth.into();
    assert!(Registry::only([two]).unwrap_err().to_string().contains("one OAuth 2.0 client"));
    let registry = Registry::only([manifest("https://id.example.com", json!({}))]).unwrap();
    let error = |settings: Value| registry.client(&connection(settings, json!({}))).unwrap_err();
    assert_eq!(error(json!({ "tenant": "a" })).code, "connection_missing");
    assert!(error(json!({ "client_id": "me" })).message.contains("/tenant"));
    let optional = Registry::only([manifest("https://id.example.com", json!({ "required": false }))]).unwrap();
    assert!(optional.client(&connection(json!({}), json!({}))).unwrap().is_none());
    assert!(!optional.takes_token("shop.me", &connection(json!({}), json!({}))));
}

#[tokio::test]
async fn whatever_a_server_echoes_no_secret_is_told() {
    let url = echo().await;
    for more in [json!({ "client_auth": "basic" }), json!({ "client_auth": "post" })] {
        let (client, outbound) = (client(&url, more), Outbound::with_private());
        let code = client.exchange(&outbound, "the-code-itself", ("https://x.example", "the-verifier")).await;
        let refresh = client.refresh(&outbound, "the-refresh-token").await;
        for error in [code.unwrap_err(), refresh.unwrap_err()] {
            assert_eq!((error.kind, error.code.as_str()), (TokenFailure::Refused, "***"));
            assert!(error.message.contains("grant_type"), "{error}");
            let told = format!("{error} {error:?} {client:?}");
            for secret in [SECRET, "the-code-itself", "the-verifier", "the-refresh-token", "bWU6czNjcjN0LXZhbHVl"] {
                assert!(!told.contains(secret), "{secret} in {told}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_outside_of_the_policy_or_that_leads_elsewhere_gets_no_secret() {
    let url = echo().await;
    let public_only = Outbound::new(Settings::default()).unwrap();
    let error = client(&url, json!({})).refresh(&public_only, "r").await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (TokenFailure::Refused, "host_refused"));
    let moved = client(&url, json!({ "token_url": format!("{url}/moved") }));
    let error = moved.refresh(&Outbound::with_private(), "r").await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (TokenFailure::Unknown, "http_302"), "not followed");
}
