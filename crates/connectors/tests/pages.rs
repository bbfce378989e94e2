//! All pages of a list as one call: the four ways lists are paged, and what ends it.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code, clippy::wildcard_enum_match_arm)]

mod server;

use axum::{body::Body, http::Response};
use countersign_connectors::{
    Call, CallError, CallOutcome, Connection, Exchange, Invoker, Manifest, ManifestError, Registry, Secrets,
};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use server::{Seen, Server};
use std::time::Duration;

const TOKEN: &str = "tok_never_to_be_seen";

/// A connector with one action, `shop.list`.
fn manifest(url: &str, pagination: Value) -> Value {
    json!({
        "name": "shop", "title": "Shop", "base_url": url, "auth": { "kind": "query", "name": "key", "secret": "token" },
        "secrets": { "type": "object", "properties": { "token": { "type": "string" } } },
        "actions": { "list": {
            "title": "List", "method": "GET", "path": "/things", "risk": "read", "idempotency": { "kind": "natural" },
            "query": { "q": "$input.q", "after": "$input.after", "page": "$input.page", "offset": "$input.offset",
                "limit": "$input.limit" },
            "input": { "type": "object", "additionalProperties": false, "properties": {
                "q": { "type": "string" }, "after": { "type": "string" }, "page": { "type": "integer" },
                "offset": { "type": "integer" }, "limit": { "type": "integer", "default": 2 } } },
            "pagination": pagination,
            "result": { "things": "$response.body.data", "has_more": "$response.body.has_more" },
            "output": { "type": "object", "properties": { "things": { "type": "array" } } },
        } },
    })
}

fn registry(manifest: &Value) -> Result<Registry, ManifestError> {
    Registry::only([Manifest::parse("shop", &manifest.to_string()).unwrap()])
}

async fn outcome(server: &Server, pagination: Value, input: Value) -> CallOutcome {
    within(Duration::from_secs(5), server, pagination, input).await
}

async fn within(timeout: Duration, server: &Server, pagination: Value, input: Value) -> CallOutcome {
    let invoker = Invoker::new(registry(&manifest(&server.url, pagination)).unwrap(), Outbound::with_private());
    let connection = Connection {
        id: String::new(),
        connector: "shop".to_owned(),
        name: "main".to_owned(),
        settings: serde_json::Map::new(),
        secrets: Secrets::from_iter([("token", TOKEN)]),
        revision: String::new(),
    };
    let outcome = invoker
        .invoke(Call {
            action: "shop.list",
            input: &input,
            key: "a-key",
            timeout,
            connection: Some(&connection),
            repeated: false,
        })
        .await;
    assert!(!format!("{outcome:?}").contains(TOKEN), "{outcome:?}");
    outcome
}

fn succeeded(outcome: CallOutcome) -> (Value, Exchange) {
    match outcome {
        CallOutcome::Succeeded { output, exchange } => (output, exchange),
        other => panic!("{other:?}"),
    }
}

fn failed(outcome: CallOutcome) -> (CallError, Option<Exchange>) {
    match outcome {
        CallOutcome::Failed { error, exchange } => (error, exchange),
        other => panic!("{other:?}"),
    }
}

/// Things with these numbers.
fn things(numbers: impl IntoIterator<Item = u64>) -> Value {
    numbers.into_iter().map(|number| json!({ "id": format!("t{number}") })).collect()
}

fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let query = seen.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn number(seen: &Seen, name: &str, otherwise: u64) -> u64 {
    parameter(seen, name).map_or(otherwise, |text| text.parse().unwrap())
}

/// The seven things from this one on, as many as are asked for.
fn slice(from: u64, limit: u64) -> Value {
    things((1..=7).skip(usize::try_from(from).unwrap()).take(usize::try_from(limit).unwrap()))
}

fn asked(server: &Server, name: &str) -> Vec<Option<String>> {
    server.seen().iter().map(|seen| parameter(seen, name)).collect()
}

fn texts<const N: usize>(texts: [Option<&str>; N]) -> Vec<Option<String>> {
    texts.map(|text| text.map(str::to_owned)).to_vec()
}

fn link() -> Value {
    json!({ "items": "$output.things", "next": { "kind": "link" } })
}

/// As Stripe: the id of the last one, and a flag.
fn cursor() -> Value {
    json!({ "items": "$output.things", "more": "$response.body.has_more", "size": { "into": "limit", "ask": 3 },
        "next": { "kind": "cursor", "from": "$item.id", "into": "after" } })
}

async fn cursors() -> Server {
    Server::start(|seen| {
        let after = parameter(seen, "after").map_or(0, |id| id[1..].parse().unwrap());
        let limit = number(seen, "limit", 10);
        server::json(200, json!({ "data": slice(after, limit), "has_more": after + limit < 7 }))
    })
    .await
}

#[tokio::test]
async fn a_cursor_leads_from_page_to_page_and_what_is_left_is_said() {
    let server = cursors().await;
    let (output, exchange) = succeeded(outcome(&server, cursor(), json!({ "all_pages": 10, "q": "x" })).await);
    assert_eq!(output, json!({ "things": things(1..=7), "has_more": false, "more": false }));
    assert_eq!((exchange.pages, exchange.status), (Some(3), Some(200)));
    assert_eq!(asked(&server, "after"), texts([None, Some("t3"), Some("t6")]));
    assert_eq!(asked(&server, "limit"), texts([Some("3"); 3]), "as large as pages are");
    assert_eq!(asked(&server, "q"), texts([Some("x"); 3]));
    assert_eq!(asked(&server, "all_pages"), texts([None; 3]));
    assert_eq!(asked(&server, "key"), texts([Some(TOKEN); 3]));

    let (output, exchange) = succeeded(outcome(&server, cursor(), json!({ "all_pages": 2, "limit": 2 })).await);
    assert_eq!(output, json!({ "things": things(1..=4), "has_more": true, "more": true }));
    assert_eq!(exchange.pages, Some(2));
    // Without asking one page is read, as ever.
    let (output, exchange) = succeeded(outcome(&server, cursor(), json!({})).await);
    assert_eq!(output, json!({ "things": things(1..=2), "has_more": true }));
    assert_eq!((exchange.pages, server.seen().len()), (None, 6));
}

#[tokio::test]
async fn a_cursor_in_the_answer_ends_where_there_is_none() {
    let server = Server::start(|seen| match parameter(seen, "after").as_deref() {
        None => server::json(200, json!({ "data": things(1..=2), "next": "a b/2" })),
        Some("a b/2") => server::json(200, json!({ "next": 3 })),
        Some(_) => server::json(200, json!({ "data": things(3..=3), "next": "" })),
    })
    .await;
    let paging = json!({ "items": "$output.things",
        "next": { "kind": "cursor", "from": "$response.body.next", "into": "after" } });
    let (output, _) = succeeded(outcome(&server, paging, json!({ "all_pages": 9 })).await);
    assert_eq!(output, json!({ "things": things(1..=3), "more": false }));
    assert_eq!(asked(&server, "after"), texts([None, Some("a b/2"), Some("3")]));
}

/// Three pages, the next one in the header; `host` is where the last link leads.
async fn linked(host: &'static str) -> Server {
    Server::start(move |seen| {
        let page = number(seen, "page", 1);
        // Services repeat the whole query, the credential included, or some other.
        let target = match page {
            1 => "/things?page=2&key=old&q=a%20b".to_owned(),
            2 => format!("{host}/things?page=3"),
            _ => String::new(),
        };
        let answer = Response::builder().header("content-type", "application/json");
        let answer = match target.as_str() {
            "" => answer.header("link", "</things?page=2>; rel=\"prev\""),
            _ => answer.header("link", format!("<{target}>; rel=\"next\", </things?page=1>; rel=\"first\"")),
        };
        answer.body(Body::from(json!({ "data": things([page]) }).to_string())).unwrap()
    })
    .await
}

#[tokio::test]
async fn links_are_followed_with_the_credentials_of_the_connection() {
    let server = linked("").await;
    let (output, exchange) = succeeded(outcome(&server, link(), json!({ "all_pages": 100, "q": "a b" })).await);
    assert_eq!(output, json!({ "things": things(1..=3), "more": false }));
    assert_eq!(exchange.pages, Some(3));
    let queries: Vec<_> = server.seen().iter().map(|seen| seen.uri.query().unwrap().to_owned()).collect();
    let key = format!("key={TOKEN}");
    assert_eq!(queries, [format!("q=a%20b&limit=2&{key}"), format!("page=2&q=a%20b&{key}"), format!("page=3&{key}"),]);
}

#[tokio::test]
async fn a_link_to_another_host_is_never_called() {
    let elsewhere = Server::start(|_| server::json(200, json!({ "data": [] }))).await;
    let host: &'static str = Box::leak(elsewhere.url.clone().into_boxed_str());
    let server = linked(host).await;
    let (error, exchange) = failed(outcome(&server, link(), json!({ "all_pages": 100 })).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "page_elsewhere"));
    assert!(error.message.starts_with("page 2:"), "{error}");
    assert_eq!(exchange.unwrap().pages, Some(2));
    assert!(elsewhere.seen().is_empty());
    // It is not called, so it may stand there.
    let (output, _) = succeeded(outcome(&server, link(), json!({ "all_pages": 2 })).await);
    assert_eq!(output, json!({ "things": things(1..=2), "more": true }));
    for host in ["http://user:pw@127.0.0.1", "file://", "http://169.254.169.254", "https://127.0.0.1"] {
        let server = linked(host).await;
        assert_eq!(
            failed(outcome(&server, link(), json!({ "all_pages": 9 })).await).0.code,
            "page_elsewhere",
            "{host}"
        );
    }
}

#[tokio::test]
async fn an_address_in_the_answer_is_followed_as_a_link_is() {
    let server = Server::start(|seen| match number(seen, "page", 1) {
        1 => server::json(200, json!({ "data": things([1]), "next": format!("http://{}/things?page=2", seen.headers["host"].to_str().unwrap()) })),
        _ => server::json(200, json!({ "data": things([2]), "next": null })),
    })
    .await;
    let paging = json!({ "items": "$output.things", "next": { "kind": "link", "from": "$response.body.next" } });
    let (output, _) = succeeded(outcome(&server, paging, json!({ "all_pages": 9 })).await);
    assert_eq!(output["things"], things(1..=2));
}

#[tokio::test]
async fn numbers_of_pages_go_on_until_one_is_empty_or_the_answer_says_so() {
    let paged = || {
        Server::start(|seen| {
            let page = number(seen, "page", 1);
            server::json(200, json!({ "data": slice((page - 1) * 3, 3), "has_more": page < 3 }))
        })
    };
    let server = paged().await;
    let paging = json!({ "items": "$output.things", "next": { "kind": "page", "into": "page" } });
    let (output, exchange) = succeeded(outcome(&server, paging.clone(), json!({ "all_pages": 9 })).await);
    assert_eq!(output, json!({ "things": things(1..=7), "has_more": false, "more": false }));
    assert_eq!(exchange.pages, Some(4), "a short page is no promise");
    assert_eq!(asked(&server, "page"), texts([None, Some("2"), Some("3"), Some("4")]));
    // From the page that the step names.
    let (output, _) = succeeded(outcome(&server, paging, json!({ "all_pages": 9, "page": 3 })).await);
    assert_eq!(output["things"], things(7..=7));

    let server = paged().await;
    let paging = json!({ "items": "$output.things", "more": "$response.body.has_more", "next": { "kind": "page", "into": "page" } });
    let (output, exchange) = succeeded(outcome(&server, paging, json!({ "all_pages": 9 })).await);
    assert_eq!((output["things"].clone(), exchange.pages), (things(1..=7), Some(3)));
}

#[tokio::test]
async fn an_offset_counts_what_came() {
    // It gives two at most, whatever is asked for.
    let server = Server::start(|seen| server::json(200, json!({ "data": slice(number(seen, "offset", 0), 2) }))).await;
    let paging = json!({ "items": "$output.things", "size": { "into": "limit", "ask": 50 }, "next": { "kind": "offset", "into": "offset" } });
    let (output, _) = succeeded(outcome(&server, paging, json!({ "all_pages": 9 })).await);
    assert_eq!(output, json!({ "things": things(1..=7), "more": false }));
    let offsets = [None, Some("2"), Some("4"), Some("6"), Some("7")];
    assert_eq!(asked(&server, "offset"), texts(offsets));
    assert_eq!(asked(&server, "limit"), texts([Some("50"); 5]));
}

#[tokio::test]
async fn what_leads_in_circles_is_an_error_and_no_loop() {
    let twice = Server::start(|_| server::json(200, json!({ "data": [1], "next": "same" }))).await;
    let paging = json!({ "items": "$output.things", "next": { "kind": "cursor", "from": "$response.body.next", "into": "after" } });
    let (error, _) = failed(outcome(&twice, paging, json!({ "all_pages": 100 })).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "page_repeated"));
    assert_eq!(twice.seen().len(), 2);
    // A service that does not heed the number gives the first page for ever.
    let deaf = Server::start(|_| server::json(200, json!({ "data": things(1..=2) }))).await;
    let paging = json!({ "items": "$output.things", "next": { "kind": "page", "into": "page" } });
    assert_eq!(failed(outcome(&deaf, paging, json!({ "all_pages": 100 })).await).0.code, "page_repeated");
    assert_eq!(deaf.seen().len(), 2);
    // A link back to the beginning.
    let round = Server::start(|seen| {
        let (page, limit) = (number(seen, "page", 1), number(seen, "limit", 2));
        let next = if page == 1 { "</things?page=2&limit=2>".to_owned() } else { format!("</things?limit={limit}>") };
        let body = Body::from(json!({ "data": things([page]) }).to_string());
        Response::builder().header("link", format!("{next};rel=next")).body(body).unwrap()
    })
    .await;
    assert_eq!(failed(outcome(&round, link(), json!({ "all_pages": 100 })).await).0.code, "page_repeated");
    assert!(round.seen().len() <= 3);
}

#[tokio::test]
async fn a_page_that_fails_fails_the_call_by_its_own_rules() {
    for (status, class) in [(429, FailureClass::Retryable), (503, FailureClass::Retryable), (404, FailureClass::Fatal)]
    {
        let server = Server::start(move |seen| match number(seen, "page", 1) {
            1 => server::json(200, json!({ "data": things([1]) })),
            _ => Response::builder().status(status).header("retry-after", "7").body(Body::empty()).unwrap(),
        })
        .await;
        let paging = json!({ "items": "$output.things", "next": { "kind": "page", "into": "page" } });
        let (error, exchange) = failed(outcome(&server, paging, json!({ "all_pages": 9 })).await);
        assert_eq!((error.class, error.code), (class, format!("http_{status}")));
        assert_eq!(error.retry_after_seconds, Some(7));
        assert!(error.message.starts_with("page 2: "), "{}", error.message);
        let exchange = exchange.unwrap();
        assert_eq!((exchange.status, exchange.pages), (Some(status), Some(2)));
        assert!(exchange.request.url.contains("page=2"));
    }
}

#[tokio::test]
async fn time_and_size_are_of_all_pages_together() {
    let large = "x".repeat(1_500_000);
    let server = Server::start(move |seen| {
        server::json(200, json!({ "data": [{ "page": number(seen, "page", 1), "text": large }] }))
    })
    .await;
    let paging = || json!({ "items": "$output.things", "next": { "kind": "page", "into": "page" } });
    let (error, _) = failed(outcome(&server, paging(), json!({ "all_pages": 100 })).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "answer_too_long"));
    assert!(error.message.contains("up to page 4") && error.message.contains("5 MiB"), "{error}");

    // The first page answers at once, the second never.
    let slow = server::raw(None).await;
    let server = Server::start(move |seen| match number(seen, "page", 1) {
        1 => server::json(200, json!({ "data": things([1]) })),
        _ => Response::builder().status(302).header("location", &slow).body(Body::empty()).unwrap(),
    })
    .await;
    let (error, _) = failed(within(Duration::from_millis(400), &server, paging(), json!({ "all_pages": 9 })).await);
    assert_eq!(error.code, "timeout");
    assert!(error.message.starts_with("page 2: "), "{error}");
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    let server = cursors().await;
    for wrong in [json!(0), json!(101), json!("all"), json!(true), json!(null), json!(1.5)] {
        let (error, exchange) = failed(outcome(&server, cursor(), json!({ "all_pages": wrong })).await);
        assert_eq!((error.code.as_str(), exchange), ("input_invalid", None), "{wrong}");
        assert_eq!(error.details[0]["pointer"], "/all_pages");
    }
    assert_eq!(failed(outcome(&server, cursor(), json!({ "all_pages": 3, "q": 7 })).await).0.code, "input_invalid");
    assert!(server.seen().is_empty());
    let list = Server::start(|_| server::json(200, json!({ "data": "none" }))).await;
    let (error, _) = failed(outcome(&list, cursor(), json!({ "all_pages": 3.0 })).await);
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("page_without_items", "page 1: `things` of the output is no list")
    );
}

#[test]
fn a_manifest_says_only_what_can_be_paged() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut manifest = manifest("https://shop.example.com", cursor());
        change(&mut manifest["actions"]["list"]);
        registry(&manifest).unwrap_err().to_string()
    };
    for (change, words) in [
        (&(|action: &mut Value| action["risk"] = json!("write")) as &dyn Fn(&mut Value), "only an action that reads"),
        (
            &|action| action["risk_by"] = json!({ "member": "q", "values": { "x": "high" } }),
            "only an action that reads",
        ),
        (&|action| action["input"]["properties"]["all_pages"] = json!({}), "`all_pages` asks for all pages"),
        (&|action| action["input"] = json!({}), "must be an object"),
        (&|action| action["pagination"]["items"] = json!("$response.body.data"), "pagination.items"),
        (&|action| action["pagination"]["items"] = json!("$output"), "must be a member of the output"),
        (&|action| action["pagination"]["more"] = json!("$input.q"), "pagination.more"),
        (&|action| action["pagination"]["next"]["into"] = json!("nowhere"), "no member `nowhere`"),
        (&|action| action["pagination"]["next"]["from"] = json!("$key"), "pagination.next"),
        (&|action| action["pagination"]["size"]["into"] = json!("nowhere"), "no member `nowhere`"),
        (
            &|action| {
                action["method"] = json!("POST");
                action["pagination"]["next"] = json!({ "kind": "link" });
            },
            "followed with GET",
        ),
    ] {
        let message = refused(change);
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn documents_see_it_in_the_schemas() {
    let registry = Registry::built_in().unwrap();
    let catalogue = registry.catalogue();
    let paged: Vec<&str> = catalogue
        .actions()
        .filter(|action| action.input["properties"].get("all_pages").is_some())
        .map(|action| action.name.as_str())
        .collect();
    for name in ["github.issue.list", "shopify.order.find_by_email", "stripe.customer.list", "twilio.message.list"] {
        assert!(paged.contains(&name), "{name}: {paged:?}");
    }
    assert!(!paged.contains(&"stripe.customer.get"));
    let list = catalogue.action("stripe.customer.list").unwrap();
    assert_eq!(list.input["properties"]["all_pages"]["maximum"], 100);
    assert_eq!(list.output["properties"]["more"]["type"], "boolean");
    // What is shown before it is sent is what is sent first.
    let invoker = Invoker::new(registry, Outbound::with_private());
    let stripe = Connection {
        id: String::new(),
        connector: "stripe".to_owned(),
        name: "main".to_owned(),
        settings: serde_json::Map::new(),
        secrets: Secrets::from_iter([("api_key", TOKEN)]),
        revision: String::new(),
    };
    let shown = invoker.render("stripe.customer.list", &json!({ "all_pages": 5 }), Some(&stripe)).unwrap();
    assert_eq!(shown.url, "https://api.stripe.com/v1/customers?limit=100");
}
