//! Calls against a service of our own: what is sent, what comes back, and how failures are told apart.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, clippy::wildcard_enum_match_arm)]

mod server;

use axum::{body::Body, http::Response};
use countersign_connectors::{Call, CallError, CallOutcome, Connection, Exchange, Invoker, LookUp, Registry, Secrets};
use countersign_core::log::FailureClass;
use countersign_outbound::{Outbound, Settings};
use serde_json::{Value, json};
use server::{Server, raw};
use std::time::Duration;

const TOKEN: &str = "sk_test_\"very\"+secret/42";
const KEY: &str = "0190-run.7.1";

fn invoker() -> Invoker {
    Invoker::new(Registry::built_in().unwrap(), Outbound::with_private())
}

fn connection(connector: &str, secret: &str, base_url: &str) -> Connection {
    Connection {
        id: String::new(),
        connector: connector.to_owned(),
        name: "main".to_owned(),
        settings: json!({ "base_url": base_url }).as_object().unwrap().clone(),
        secrets: Secrets::from_iter([(secret, TOKEN)]),
        revision: String::new(),
    }
}

async fn call(action: &str, input: Value, connection: Option<&Connection>) -> CallOutcome {
    call_within(Duration::from_secs(5), action, input, connection).await
}

async fn call_within(timeout: Duration, action: &str, input: Value, connection: Option<&Connection>) -> CallOutcome {
    invoker().invoke(Call { action, input: &input, key: KEY, timeout, connection, repeated: false }).await
}

fn succeeded(outcome: CallOutcome) -> (Value, Exchange) {
    match outcome {
        CallOutcome::Succeeded { output, exchange } => (output, exchange),
        other => panic!("{other:?}"),
    }
}

fn failed(outcome: CallOutcome) -> CallError {
    match outcome {
        CallOutcome::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

fn update() -> Value {
    json!({ "subscription": "sub_1", "item": "si_1", "price": "price_b", "proration_date": 1_700_000_000 })
}

async fn failure_of(answer: impl Fn() -> Response<Body> + Send + Sync + 'static) -> CallError {
    let server = Server::start(move |_| answer()).await;
    let stripe = connection("stripe", "api_key", &server.url);
    failed(call("stripe.subscription.update", update(), Some(&stripe)).await)
}

#[tokio::test]
async fn an_update_reaches_stripe_as_a_form_with_its_key() {
    let server = Server::start(|_| {
        server::json(
            200,
            json!({
                "id": "sub_1", "status": "active", "customer": "cus_1", "currency": "usd",
                "items": { "data": [{ "id": "si_1", "price": { "id": "price_b" }, "quantity": 1 }] },
                "latest_invoice": { "id": "in_1", "amount_due": 18_000 },
            }),
        )
    })
    .await;
    let stripe = connection("stripe", "api_key", &server.url);
    let (output, exchange) = succeeded(call("stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!(output["amount_due"], 18_000);
    assert_eq!(output["price"], "price_b");
    assert_eq!(output["invoice"], "in_1");
    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.uri.path()), ("POST", "/v1/subscriptions/sub_1"));
    assert_eq!(seen.headers["idempotency-key"], KEY);
    assert_eq!(seen.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(seen.headers["stripe-version"], "2026-10-28.endive");
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
    assert_eq!(
        std::str::from_utf8(&seen.body).unwrap(),
        "items[0][id]=si_1&items[0][price]=price_b&proration_behavior=always_invoice&proration_date=1700000000\
         &payment_behavior=error_if_incomplete&expand[0]=latest_invoice"
    );
    assert_eq!(exchange.request.headers["idempotency-key"], KEY);
    assert_eq!(exchange.status, Some(200));
}

#[tokio::test]
async fn a_preview_keeps_what_matters() {
    let server = Server::start(|_| {
        server::json(200, json!({
            "amount_due": 18_000, "currency": "usd",
            "lines": { "data": [{ "description": "Remaining time", "amount": 18_000, "currency": "usd", "more": {} }] },
        }))
    })
    .await;
    let stripe = connection("stripe", "api_key", &server.url);
    let input =
        json!({ "customer": "cus_1", "subscription": "sub_1", "item": "si_1", "price": "p", "proration_date": 7 });
    let (output, _) = succeeded(call("stripe.subscription.preview", input, Some(&stripe)).await);
    let line = json!({ "description": "Remaining time", "amount": 18_000, "currency": "usd" });
    assert_eq!(output, json!({ "amount_due": 18_000, "currency": "usd", "proration_date": 7, "lines": [line] }));
}

#[tokio::test]
async fn http_request_sends_anything_and_returns_everything() {
    let server = Server::start(|seen| {
        let text = String::from_utf8_lossy(&seen.body).into_owned();
        Response::builder().status(201).header("x-made", "yes").body(Body::from(format!("got {text}"))).unwrap()
    })
    .await;
    let input = json!({
        "method": "PUT", "url": format!("{}/a?x=1", server.url), "query": { "tag": ["a", "b c"] },
        "headers": { "X-Number": 5 }, "body": { "n": 12_345_678_901_234_567_u64 },
    });
    let (output, _) = succeeded(call("http.request", input, None).await);
    assert_eq!(output["status"], 201);
    assert_eq!(output["headers"]["x-made"], "yes");
    assert_eq!(output["body"], "got {\"n\":12345678901234567}");
    let seen = server.seen().remove(0);
    assert_eq!(seen.uri.query(), Some("x=1&tag=a&tag=b%20c"));
    assert_eq!(seen.headers["x-number"], "5");
    assert!(!seen.headers.contains_key("idempotency-key"));

    let form = json!({ "url": server.url, "headers": { "Content-Type": "application/x-www-form-urlencoded" }, "body": { "a": 1 } });
    let (output, _) = succeeded(call("http.keyed_request", form, None).await);
    assert_eq!(output["body"], "got a=1");
    assert_eq!(server.seen()[1].headers["idempotency-key"], KEY);
}

#[tokio::test]
async fn input_that_does_not_fit_is_never_sent() {
    let server = Server::start(|_| server::json(200, json!({}))).await;
    let stripe = connection("stripe", "api_key", &server.url);
    let error = failed(
        call("stripe.subscription.update", json!({ "subscription": "s", "item": "i", "price": 7 }), Some(&stripe))
            .await,
    );
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "input_invalid"));
    assert_eq!(error.details[0]["pointer"], "/price");
    let dots = json!({ "subscription": "..", "item": "i", "price": "p" });
    assert_eq!(failed(call("stripe.subscription.update", dots, Some(&stripe)).await).code, "input_invalid");
    assert_eq!(failed(call("stripe.subscription.update", update(), None).await).code, "connection_missing");
    assert_eq!(failed(call("stripe.nothing", json!({}), None).await).code, "action_unknown");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn statuses_are_told_apart() {
    use FailureClass::{Fatal, Retryable, Unknown};
    for (status, class) in [
        (400, Fatal),
        (401, Fatal),
        (404, Fatal),
        (408, Retryable),
        (409, Retryable),
        (425, Retryable),
        (429, Retryable),
        (500, Unknown),
        (501, Fatal),
        (502, Unknown),
        (503, Unknown),
        (504, Unknown),
        (303, Unknown),
        (301, Fatal),
    ] {
        let error = failure_of(move || server::json(status, json!({}))).await;
        assert_eq!(error.class, class, "{status}");
        assert_eq!(error.code, format!("http_{status}"));
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_service_s_own_words() {
    let body =
        json!({ "error": { "type": "card_error", "code": "card_declined", "message": "Your card was declined." } });
    let error = failure_of(move || server::json(402, body.clone())).await;
    assert_eq!(error.to_string(), "card_declined: Your card was declined.");
    assert_eq!(error.class, FailureClass::Fatal);
    assert_eq!(error.details["error"]["type"], "card_error");
}

#[tokio::test]
async fn the_service_may_ask_to_wait() {
    let wait = |status: u16| {
        move || Response::builder().status(status).header("retry-after", "7").body(Body::empty()).unwrap()
    };
    for status in [429, 503] {
        let error = failure_of(wait(status)).await;
        assert_eq!((error.class, error.retry_after_seconds), (FailureClass::Retryable, Some(7)));
    }
    let should = || Response::builder().status(500).header("Stripe-Should-Retry", "true").body(Body::empty()).unwrap();
    assert_eq!(failure_of(should).await.class, FailureClass::Retryable);
}

#[tokio::test]
async fn nothing_listening_is_retryable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stripe = connection("stripe", "api_key", &url);
    let error = failed(call("stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Retryable, "connect"));
}

#[tokio::test]
async fn a_request_that_left_and_got_no_answer_is_unknown() {
    let stripe = connection("stripe", "api_key", &raw(Some("")).await);
    let error = failed(call("stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Unknown, "connection_lost"));

    let stripe = connection("stripe", "api_key", &raw(None).await);
    let within = Duration::from_millis(150);
    let error = failed(call_within(within, "stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Unknown, "timeout"));

    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"id\":";
    let stripe = connection("stripe", "api_key", &raw(Some(cut)).await);
    let error = failed(call("stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Unknown, "connection_lost"));
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_retryable_although_time_ran_out() {
    // A listener whose backlog is full does not accept: the connection stays half open.
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    for _ in 0..4 {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), connect).await {
            Ok(filler) => fillers.push(filler.unwrap()),
            Err(_) => break,
        }
    }
    let stripe = connection("stripe", "api_key", &format!("http://{address}"));
    let within = Duration::from_millis(200);
    let error = failed(call_within(within, "stripe.subscription.update", update(), Some(&stripe)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Retryable, "connect"));
}

#[tokio::test]
async fn long_and_foreign_answers_are_refused() {
    let huge = || Response::new(Body::from(vec![b' '; 5 * 1024 * 1024 + 1]));
    let error = failure_of(huge).await;
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Unknown, "answer_too_long"));
    let page = || Response::builder().header("content-type", "text/html").body(Body::from("<p>Log in</p>")).unwrap();
    let error = failure_of(page).await;
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Unknown, "answer_not_json"));
}

#[tokio::test]
async fn errors_inside_good_answers_are_seen() {
    let server = Server::start(|seen| match seen.uri.path() {
        "/api/chat.postMessage" => server::json(200, json!({ "ok": false, "error": "channel_not_found" })),
        _ => {
            let errors = json!([{ "field": ["orderId"], "message": "Order is already cancelled", "code": "INVALID" }]);
            server::json(200, json!({ "data": { "orderCancel": { "job": null, "orderCancelUserErrors": errors } } }))
        }
    })
    .await;
    let slack = connection("slack", "bot_token", &server.url);
    let error = failed(call("slack.message.post", json!({ "channel": "#x", "text": "hi" }), Some(&slack)).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "channel_not_found"));
    let shopify = connection("shopify", "access_token", &server.url);
    let error = failed(call("shopify.order.cancel", json!({ "order": "gid://shopify/Order/1" }), Some(&shopify)).await);
    assert_eq!(error.to_string(), "INVALID: Order is already cancelled");
}

#[tokio::test]
async fn secrets_are_nowhere_in_what_comes_back() {
    // A service that echoes everything it was sent, several times over.
    let server = Server::start(|seen| {
        let sent = seen.headers["authorization"].to_str().unwrap();
        let token = sent.trim_start_matches("Bearer ");
        let status = if seen.uri.path().contains("fail") { 400 } else { 200 };
        server::json(
            status,
            json!({
                "id": format!("x{token}y"), "status": "active", token: 1,
                "error": { "code": token, "message": sent },
            }),
        )
    })
    .await;
    let stripe = connection("stripe", "api_key", &server.url);
    let escaped = "very\\\\\\\"+secret";
    for subscription in ["ok", "fail"] {
        let input = json!({ "subscription": subscription, "item": TOKEN, "price": "p" });
        let outcome = call("stripe.subscription.update", input, Some(&stripe)).await;
        let mut text = format!("{outcome:?} {stripe:?}");
        if let CallOutcome::Succeeded { output, exchange } = &outcome {
            text.push_str(&serde_json::to_string(&(output, exchange)).unwrap());
        }
        assert!(!text.contains("very") && !text.contains(escaped), "{text}");
        assert!(text.contains("***"));
    }
}

#[tokio::test]
async fn parts_of_a_secret_are_secrets() {
    let pair = "YWRhOm9wZW4tc2VzYW1l"; // ada:open-sesame
    for (stored, echo) in [
        ("Bearer s3cr3t-value", "s3cr3t-value"),
        ("Basic YWRhOm9wZW4tc2VzYW1l", "ada:open-sesame, open-sesame, open%2Dsesame"),
        ("Basic YWRhOm9wZW4tc2VzYW1l", pair),
    ] {
        let server = Server::start(move |_| server::json(200, json!({ "got": echo, echo: [echo] }))).await;
        let mut http = connection("http", "authorization", &server.url);
        http.secrets = Secrets::from_iter([("authorization", stored)]);
        let (output, exchange) = succeeded(call("http.get", json!({ "url": "/" }), Some(&http)).await);
        let kept = serde_json::to_string(&(output, exchange)).unwrap();
        for secret in ["s3cr3t", "sesame", pair] {
            assert!(!kept.contains(secret), "{secret} of {stored} in {kept}");
        }
    }
}

#[tokio::test]
async fn answers_are_read_as_they_were_written() {
    let server = Server::start(|seen| {
        let answer = Response::builder();
        match seen.uri.path() {
            "/bom" => {
                answer.header("content-type", "application/json").body(Body::from(b"\xef\xbb\xbf{\"id\":7}".as_slice()))
            }
            "/latin1" => {
                answer.header("content-type", "text/plain; charset=iso-8859-1").body(Body::from(b"Jos\xe9".as_slice()))
            }
            _ => answer.header("link", "<a>").header("link", "<b>").header("x-one", "1").body(Body::from("{}")),
        }
        .unwrap()
    })
    .await;
    let get =
        async |path: &str| succeeded(call("http.get", json!({ "url": format!("{}{path}", server.url) }), None).await);
    assert_eq!(get("/bom").await.0["body"], json!({ "id": 7 }));
    let (output, exchange) = get("/latin1").await;
    assert_eq!((&output["body"], exchange.response_body.as_str()), (&json!("José"), "José"));
    let headers = &get("/repeated").await.0["headers"];
    assert_eq!((&headers["link"], &headers["x-one"]), (&json!(["<a>", "<b>"]), &json!("1")));
}

#[tokio::test]
async fn a_customers_words_call_nobody_in_slack() {
    let server = Server::start(|_| server::json(200, json!({ "ok": true, "channel": "C", "ts": "1" }))).await;
    let slack = connection("slack", "bot_token", &server.url);
    let text = "Customer says: <!channel> <http://evil.example|your bank> & x";
    succeeded(call("slack.message.post", json!({ "channel": "#x", "text": text }), Some(&slack)).await);
    succeeded(call("slack.message.post", json!({ "channel": "#x", "text": text, "markup": true }), Some(&slack)).await);
    let sent: Vec<Value> = server.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    let escaped = "Customer says: &lt;!channel&gt; &lt;http://evil.example|your bank&gt; &amp; x";
    assert_eq!(sent, [json!({ "channel": "#x", "text": escaped }), json!({ "channel": "#x", "text": text })]);
}

#[tokio::test]
async fn credentials_stay_at_their_base_url() {
    let server = Server::start(|_| server::json(200, json!({}))).await;
    let http = connection("http", "authorization", &format!("{}/api", server.url));
    let elsewhere = json!({ "url": "http://127.0.0.1:9/steal" });
    assert_eq!(failed(call("http.get", elsewhere, Some(&http)).await).code, "credentials_elsewhere");
    succeeded(call("http.get", json!({ "url": "/me" }), Some(&http)).await);
    assert_eq!(server.seen()[0].uri.path(), "/api/me");
    assert_eq!(server.seen()[0].headers["authorization"], TOKEN);
    let tricky = json!({ "url": format!("http://user:pw@{}", server.url.trim_start_matches("http://")) });
    assert_eq!(failed(call("http.get", tricky, None).await).code, "url_invalid");
}

#[tokio::test]
async fn refused_hosts_are_not_called() {
    let metadata = json!({ "url": "http://169.254.169.254/latest/meta-data" });
    assert_eq!(failed(call("http.get", metadata, None).await).code, "host_refused");
    let strict = Invoker::new(Registry::built_in().unwrap(), Outbound::new(Settings::default()).unwrap());
    let server = Server::start(|_| server::json(200, json!({}))).await;
    for host in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let input = json!({ "url": host });
        let timeout = Duration::from_secs(5);
        let call = Call { action: "http.get", input: &input, key: KEY, timeout, connection: None, repeated: false };
        assert_eq!(failed(strict.invoke(call).await).code, "host_refused", "{host}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_that_says_that_it_is_so_already_counts_as_done() {
    let server = Server::start(|seen| {
        let code = if seen.uri.path().ends_with("add") { "already_reacted" } else { "message_not_found" };
        server::json(200, json!({ "ok": false, "error": code }))
    })
    .await;
    let slack = connection("slack", "bot_token", &server.url);
    let told = async |action: &str, input: Value, repeated: bool| {
        let (timeout, connection) = (Duration::from_secs(5), Some(&slack));
        invoker().invoke(Call { action, input: &input, key: KEY, timeout, connection, repeated }).await
    };
    let at = json!({ "channel": "C1", "ts": "1.5" });
    let eyes = json!({ "channel": "C1", "ts": "1.5", "name": "eyes" });
    for repeated in [false, true] {
        assert_eq!(succeeded(told("slack.reaction.add", eyes.clone(), repeated).await).0, json!({ "ok": true }));
    }
    assert_eq!(succeeded(told("slack.message.delete", at.clone(), true).await).0, at);
    let error = failed(told("slack.message.delete", at, false).await);
    assert_eq!((error.class, error.code.as_str()), (FailureClass::Fatal, "message_not_found"));
    let text = json!({ "channel": "C1", "ts": "1.5", "text": "late" });
    assert_eq!(failed(told("slack.message.update", text, true).await).code, "message_not_found");
}

#[tokio::test]
async fn a_look_up_tells_what_happened() {
    let server = Server::start(|seen| match seen.uri.path() {
        "/v1/refunds" => {
            let refund = json!({ "id": "re_1", "status": "succeeded", "amount": 5, "currency": "usd", "metadata": { "countersign_key": KEY } });
            server::json(200, json!({ "data": [{ "id": "re_0", "metadata": {} }, refund] }))
        }
        "/v1/subscriptions/gone" => server::json(404, json!({})),
        _ => server::json(200, json!({
            "id": "sub_1", "status": "active", "items": { "data": [{ "id": "si_1", "price": { "id": "price_b" } }] } })),
    })
    .await;
    let stripe = connection("stripe", "api_key", &server.url);
    let invoker = invoker();
    let look_up = |action: &'static str, input: Value| {
        let (invoker, stripe) = (&invoker, &stripe);
        async move {
            let timeout = Duration::from_secs(5);
            let connection = Some(stripe);
            invoker.look_up(Call { action, input: &input, key: KEY, timeout, connection, repeated: true }).await
        }
    };
    let change =
        |subscription: &str, price: &str| json!({ "subscription": subscription, "item": "si_1", "price": price });
    let update = "stripe.subscription.update";
    assert!(
        matches!(look_up(update, change("sub_1", "price_b")).await, LookUp::Happened(value) if value["status"] == "active")
    );
    assert_eq!(look_up(update, change("sub_1", "price_c")).await, LookUp::DidNotHappen);
    assert_eq!(look_up(update, change("gone", "price_b")).await, LookUp::Unknown);
    assert_eq!(look_up("stripe.subscription.cancel", json!({ "subscription": "sub_1" })).await, LookUp::DidNotHappen);
    assert!(
        matches!(look_up("stripe.refund.create", json!({ "charge": "ch_1" })).await, LookUp::Happened(value) if value["id"] == "re_1")
    );
    assert_eq!(look_up("http.request", json!({ "url": "/" })).await, LookUp::Unknown);
}
