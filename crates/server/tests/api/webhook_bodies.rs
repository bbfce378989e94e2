//! Bodies of webhooks: who may have them read, how deep and how long they may be, and what is signed of them.

use crate::{
    support::{Client, TestApp},
    triggers::{document, slow, trigger, until_runs},
};
use axum::{
    body::{Body, Bytes},
    http::Request,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_store::Role;
use futures::stream;
use hmac::{Hmac, Mac};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use tower::ServiceExt;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=X";
const PART: &str = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X--\r\n";
const SECRET: &str = "open sesame";

/// A webhook that is verified so; its address.
async fn webhook(test: &TestApp, builder: &Client, more: Value) -> String {
    let mut webhook = json!({ "type": "webhook", "input": "{ 'body': body }" });
    webhook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let workflow = test.publish(builder, document(webhook)).await;
    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    builder.patch(&path, json!({ "secret": SECRET })).await.is(204);
    trigger(builder, &workflow).await["url"].as_str().unwrap().to_owned()
}

async fn post(test: &TestApp, url: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> (u16, Value) {
    let mut request = Request::post(url.strip_prefix("https://countersign.example").unwrap());
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let answer = test.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn hmac(bytes: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(bytes);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn twilio(text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_body_of_who_proved_nothing_is_not_read() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let url = webhook(&test, &builder, json!({ "verify": "hmac" })).await;
    let (broken, nowhere) = ("<order>", "https://countersign.example/hooks/t/nowhere.0");
    let kind = ("content-type", "text/xml");
    assert_eq!(post(&test, &url, &[kind], broken).await.0, 401);
    assert_eq!(post(&test, nowhere, &[kind], broken).await.0, 404);
    let signed = [kind, ("x-signature", &hmac(broken.as_bytes()))];
    assert_eq!(post(&test, &url, &signed, broken).await.0, 422);
    let mut last = 0;
    for _ in 0..130 {
        last = post(&test, &url, &[kind], broken).await.0;
    }
    assert_eq!(last, 429, "it cost a guess each time");
    assert_eq!(post(&test, &url, &signed, broken).await.0, 422, "who knows the secret is told what is wrong");
}

#[tokio::test]
async fn a_body_as_deep_as_may_be_starts_its_run_and_is_told_again() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let url = webhook(&test, &builder, json!({ "filter": "$exists(body)" })).await;
    let list = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let pairs = |pairs: usize| format!("{}{}", "<a><a/>".repeat(pairs), "</a>".repeat(pairs));
    for (count, (kind, fits, too_deep)) in
        [("application/json", list(64), list(65)), ("text/xml", pairs(32), pairs(33))].into_iter().enumerate()
    {
        let (status, problem) = post(&test, &url, &[("content-type", kind)], too_deep).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid_request")), "{problem}");
        let (status, accepted) = post(&test, &url, &[("content-type", kind)], fits).await;
        assert_eq!(status, 202, "{accepted}");
        let runs = until_runs(&test, count + 1).await;
        for run in &runs {
            let shown = builder.get(&format!("/runs/{}", run.id)).await;
            assert_eq!(shown.is(200).json["status"], "completed", "{kind}");
            assert!(!shown.json["output"]["body"].is_null(), "{kind}");
            let told = builder.get(&format!("/runs/{}/events", run.id)).await;
            assert!(told.is(200).json["items"].as_array().is_some_and(|events| !events.is_empty()), "{kind}");
        }
    }
    let events = builder.get("/inbound").await;
    let outcomes: Vec<_> = events.json["items"].as_array().unwrap().iter().map(|event| &event["outcome"]).collect();
    assert_eq!(outcomes, ["started", "started"]);
}

#[tokio::test]
async fn what_is_on_disk_is_answered_as_that_when_the_database_cannot_say_what_became_of_it() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let (slow, document) = slow().await;
    let workflow = test.publish(&builder, document).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let broken = async {
        let caller = slow.accept().await.unwrap();
        test.store.raw("UPDATE runs SET status = 'nonsense'").await.unwrap();
        caller
    };
    let ((status, accepted), _) = tokio::join!(post(&test, &url, &[], "{}"), broken);
    assert_eq!((status, &accepted["accepted"]), (202, &json!(true)), "{accepted}");
    let events = builder.get("/inbound").await;
    assert_eq!(events.is(200).json["items"][0]["id"], accepted["event"]);
}

#[tokio::test]
async fn what_is_signed_is_the_body_as_it_came_of_whatever_kind() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let url = webhook(&test, &builder, json!({ "verify": "hmac" })).await;
    let long = format!("{{\"a\" :1}}{}", " ".repeat(2 * 1024 * 1024));
    for (kind, body) in [
        ("application/json", "{\"a\" : 1.0,\"a\":2}\n"),
        (FORM, "a=%31&b=+"),
        (MULTIPART, PART),
        ("text/xml", "<a b='1' />"),
        ("text/plain", "\u{FEFF}a"),
        ("application/octet-stream", "a"),
        ("", "a"),
    ] {
        let signature = hmac(body.as_bytes());
        let headers = [("content-type", kind), ("x-signature", signature.as_str())];
        assert_eq!(post(&test, &url, &headers, body).await.0, 202, "{kind}");
        assert_eq!(post(&test, &url, &headers, format!("{body} ")).await.0, 401, "{kind}");
        let signature = hmac(b"");
        let headers = [("content-type", kind), ("x-signature", signature.as_str())];
        assert_eq!(post(&test, &url, &headers, Body::empty()).await.0, 202, "{kind}: empty");
        // Without a length: a body that is streamed.
        let parts = long.as_bytes().chunks(64 * 1024).map(|part| Ok::<_, Infallible>(Bytes::copy_from_slice(part)));
        let streamed = Body::from_stream(stream::iter(parts.collect::<Vec<_>>()));
        assert_eq!(post(&test, &url, &headers, streamed).await.0, 413, "{kind}: too long");
    }
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let signature = hmac(gzip);
    for kind in ["application/json", ""] {
        let headers = [("content-type", kind), ("content-encoding", "gzip"), ("x-signature", signature.as_str())];
        assert_eq!(post(&test, &url, &headers, gzip.to_vec()).await.0, 422, "{kind}: what is packed is not unpacked");
    }
    let signature = hmac(b"{}");
    let headers = [("content-type", "text/json"), ("content-encoding", "identity"), ("x-signature", &signature)];
    assert_eq!(post(&test, &url, &headers, "{}").await.0, 202);
}

#[tokio::test]
async fn a_signature_is_looked_for_where_and_as_the_trigger_says() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let how = json!({ "header": "X-Shop-Signature", "algorithm": "sha1", "encoding": "base64", "prefix": "v1=" });
    let url = webhook(&test, &builder, json!({ "verify": "hmac", "hmac": how })).await;
    let body = "{\"a\":1}";
    let signature = twilio(body);
    let (own, usual) = (format!("v1={signature}"), hmac(body.as_bytes()));
    let status = async |name: &str, value: &str, body: &'static str| {
        post(&test, &url, &[("content-type", "application/json"), (name, value)], body).await.0
    };
    assert_eq!(status("x-shop-signature", &own, body).await, 202);
    assert_eq!(status("x-shop-signature", &own, "{\"a\":2}").await, 401);
    assert_eq!(status("x-shop-signature", &signature, body).await, 401, "its prefix is missing");
    assert_eq!(status("x-signature", &own, body).await, 401, "another header");
    assert_eq!(status("x-signature", &usual, body).await, 401, "as it is usual");
    assert_eq!(status("x-shop-signature", &usual, body).await, 401, "another algorithm");
}

#[tokio::test]
async fn twilio_signs_the_fields_of_a_form_or_the_hash_of_another_body() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let url = webhook(&test, &builder, json!({ "verify": "twilio" })).await;
    let (form, json) = (("content-type", FORM), ("content-type", "application/json"));
    let signature = twilio(&format!("{url}Body\u{e4}From1"));
    let signed = ("x-twilio-signature", signature.as_str());
    assert_eq!(post(&test, &url, &[form, signed], "From=1&Body=%C3%A4").await.0, 202);
    assert_eq!(post(&test, &url, &[form, signed], "From=2&Body=%C3%A4").await.0, 401);
    let signature = twilio(&url);
    let signed = ("x-twilio-signature", signature.as_str());
    assert_eq!(post(&test, &url, &[form, signed], "").await.0, 202);
    for (kind, body) in [(json, "{\"a\":1}"), (form, "a=1"), (("content-type", MULTIPART), PART), (("a", ""), "a")] {
        assert_eq!(post(&test, &url, &[kind, signed], body).await.0, 401, "the address alone proves no body: {body}");
    }
    let url = format!("{url}?bodySHA256={}", hex::encode(Sha256::digest(b"{\"a\":1}")));
    let signature = twilio(&url);
    let signed = ("x-twilio-signature", signature.as_str());
    assert_eq!(post(&test, &url, &[json, signed], "{\"a\":1}").await.0, 202);
    assert_eq!(post(&test, &url, &[json, signed], "{\"a\":2}").await.0, 401);
}

#[tokio::test]
async fn odd_names_reach_the_run_as_they_are() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let url = webhook(&test, &builder, json!({})).await;
    let body = r#"{"__proto__":{"a":1},"constructor":1,"":2,"$x":3,"a.b":4,"ключ":5}"#;
    assert_eq!(post(&test, &url, &[("content-type", "application/json")], body).await.0, 202);
    let runs = until_runs(&test, 1).await;
    assert_eq!(runs[0].output.as_deref(), Some(format!(r#"{{"body":{body}}}"#).as_str()));
}
