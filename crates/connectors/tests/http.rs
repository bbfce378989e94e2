//! Plain HTTP: forms, files, bytes and GraphQL, and that what reads cannot write.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod server;

use axum::{body::Body, http::Response};
use countersign_connectors::{Call, CallError, CallOutcome, Invoker, Registry};
use countersign_core::{catalogue::Risk, log::FailureClass};
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use server::{Seen, Server};
use std::{sync::LazyLock, time::Duration};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::built_in().unwrap());

async fn call(action: &str, input: Value) -> Result<Value, CallError> {
    let invoker = Invoker::new(REGISTRY.clone(), Outbound::with_private());
    let (key, timeout, connection) = ("k", Duration::from_secs(5), None);
    match invoker.invoke(Call { action, input: &input, key, timeout, connection, repeated: false }).await {
        CallOutcome::Succeeded { output, .. } => Ok(output),
        CallOutcome::Failed { error, .. } => Err(error),
    }
}

async fn echo() -> Server {
    Server::start(|_| Response::builder().status(201).body(Body::from("taken")).unwrap()).await
}

fn sent(server: &Server) -> (Seen, String) {
    let seen = server.seen().pop().unwrap();
    let text = String::from_utf8_lossy(&seen.body).into_owned();
    (seen, text)
}

#[tokio::test]
async fn forms_files_and_bytes_leave_as_they_are_given() {
    let server = echo().await;
    let input = json!({ "url": server.url, "fields": { "name": "Ada & Co", "tag": ["a", "b"], "none": null, "at": { "x": 1 } } });
    assert_eq!(call("http.form", input).await.unwrap()["body"], "taken");
    let (seen, text) = sent(&server);
    assert_eq!((seen.method.as_str(), text.as_str()), ("POST", "name=Ada%20%26%20Co&tag=a&tag=b&at[x]=1"));
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");

    let photo = json!({ "base64": "aGk=", "filename": "p.png", "content_type": "image/png" });
    let input = json!({ "method": "PUT", "url": server.url, "fields": { "note": "x", "photo": photo } });
    assert_eq!(call("http.multipart", input).await.unwrap()["status"], 201);
    let (seen, text) = sent(&server);
    assert!(seen.headers["content-type"].to_str().unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!(seen.method, "PUT");
    assert!(text.contains("name=\"note\"\r\n\r\nx\r\n"), "{text}");
    assert!(text.contains("name=\"photo\"; filename=\"p.png\"\r\nContent-Type: image/png\r\n\r\nhi\r\n"), "{text}");

    let csv = json!({ "url": server.url, "headers": { "content-type": "text/csv" }, "text": "a,b\n" });
    call("http.raw", csv).await.unwrap();
    let (seen, text) = sent(&server);
    assert_eq!((&seen.headers["content-type"], text.as_str()), (&"text/csv".parse().unwrap(), "a,b\n"));
    call("http.raw", json!({ "url": server.url, "file": { "base64": "AP8=" } })).await.unwrap();
    let (seen, _) = sent(&server);
    assert_eq!(
        (&seen.headers["content-type"], &seen.body[..]),
        (&"application/octet-stream".parse().unwrap(), &[0, 255][..])
    );
    for neither in [json!({ "url": server.url }), json!({ "url": server.url, "text": "x", "file": { "base64": "" } })] {
        assert_eq!(call("http.raw", neither).await.unwrap_err().code, "input_invalid");
    }
}

#[tokio::test]
async fn graphql_tells_data_or_fails() {
    let server = Server::start(|seen| {
        let asked: Value = serde_json::from_slice(&seen.body).unwrap();
        match asked["variables"]["id"].as_str() {
            Some("1") => server::json(200, json!({ "data": { "thing": { "name": "lamp" } } })),
            Some("slow") => server::json(
                200,
                json!({ "errors": [{ "message": "slow down", "extensions": { "code": "THROTTLED" } }] }),
            ),
            Some(_) | None => server::json(200, json!({ "data": null, "errors": [{ "message": "no such thing" }] })),
        }
    })
    .await;
    let query = |id: &str| json!({ "url": server.url, "query": "query Q($id: ID!) { thing(id: $id) { name } }", "variables": { "id": id } });
    assert_eq!(call("http.graphql_query", query("1")).await.unwrap()["data"]["thing"]["name"], "lamp");
    let refused = call("http.graphql_query", query("2")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("refused", "no such thing"));
    assert_eq!(refused.class, FailureClass::Fatal);
    let throttled = call("http.graphql_query", query("slow")).await.unwrap_err();
    assert_eq!((throttled.code.as_str(), throttled.class), ("THROTTLED", FailureClass::Retryable));
    let mutation = json!({ "url": server.url, "mutation": "mutation { rename { id } }", "variables": { "id": "1" } });
    assert!(call("http.graphql_mutation", mutation).await.is_ok());
}

#[tokio::test]
async fn a_query_cannot_change_anything() {
    let server = echo().await;
    let asked = |url: String, query: &str| json!({ "url": url, "query": query });
    let documents = [
        "mutation { drop }",
        "  mutation M { drop }",
        "# query\nmutation M { drop }",
        "query A { a } mutation M { drop }",
        "{ a }\nmutation\n# x\n,M { drop }",
        "subscription { a }",
        "fragment F on Q { a } query { ...F }",
        "queryable { a }",
    ];
    for document in documents {
        let refused = call("http.graphql_query", asked(server.url.clone(), document)).await.unwrap_err();
        assert_eq!(refused.code, "input_invalid", "{document}");
    }
    // Some services take these before they look at the body.
    for place in ["?query=mutation%7Bdrop%7D", "/?operationName=M"] {
        let refused = call("http.graphql_query", asked(format!("{}{place}", server.url), "{ a }")).await.unwrap_err();
        assert_eq!(refused.code, "input_invalid", "{place}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn the_risk_of_a_request_is_that_of_its_method() {
    let catalogue = REGISTRY.catalogue();
    let action = catalogue.action("http.request").unwrap();
    let risk = |method: &str| action.risk_of(&json!({ "url": "https://x.example", "method": method }));
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(risk(method), Risk::Read, "{method}");
    }
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(risk(method), Risk::Write, "{method}");
    }
    assert_eq!(risk("DELETE"), Risk::High);
    for name in ["http.form", "http.multipart", "http.raw", "http.graphql_mutation"] {
        assert_eq!(catalogue.action(name).unwrap().worst_risk(), Risk::Write, "{name}");
    }
}
