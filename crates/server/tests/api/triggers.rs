//! Webhooks and schedules.

use crate::support::{Client, TestApp};
use axum::{body::Body, http::Request};
use countersign_server::ServerConfig;
use countersign_store::{InboundFilter, InboundKind, InboundRow, InboundStatus, PageRequest, Role, RunFilter, RunRow};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

pub(crate) fn document(trigger: Value) -> Value {
    json!({
        "schema": 1, "name": "Orders", "start": "done", "triggers": [trigger],
        "steps": { "done": { "type": "end", "output": "{{ input }}" } },
    })
}

async fn call(test: &TestApp, url: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let path = url.strip_prefix("https://countersign.example").unwrap();
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = test.router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Calls an address with a body of any kind; the status, the run's address if it is told, and the answer.
async fn call_with(test: &TestApp, url: &str, (kind, body): (&str, String)) -> (u16, Option<String>, Value) {
    let path = url.strip_prefix("https://countersign.example").unwrap();
    let request = Request::post(path).header("content-type", kind).body(Body::from(body)).unwrap();
    let answer = test.router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, location, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn runs(test: &TestApp) -> Vec<RunRow> {
    let page = PageRequest { after: None, limit: 100 };
    test.store.list_runs(&test.workspace, &RunFilter::default(), &page).await.unwrap().items
}

/// The runs, once there are so many that are over.
pub(crate) async fn until_runs(test: &TestApp, count: usize) -> Vec<RunRow> {
    let mut changes = test.store.subscribe();
    let there = async {
        loop {
            let runs = runs(test).await;
            if runs.iter().filter(|run| run.status.is_final()).count() >= count {
                return runs;
            }
            drop(changes.recv().await);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), there).await.expect("the runs end")
}

pub(crate) async fn trigger(builder: &Client, workflow: &str) -> Value {
    builder.get(&format!("/workflows/{workflow}/triggers")).await.is(200).json["items"][0].clone()
}

#[tokio::test]
async fn a_webhook_starts_one_run_for_calls_that_are_one_and_keeps_its_address() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({
        "type": "webhook", "filter": "body.kind = 'order'", "input": "{ 'order': body.id }",
        "dedup": "headers.`x-request-id`",
    });
    let workflow = test.publish(&builder, document(webhook.clone())).await;
    let shown = trigger(&builder, &workflow).await;
    assert_eq!(
        (&shown["id"], &shown["type"], &shown["enabled"]),
        (&json!("webhook-1"), &json!("webhook"), &json!(true))
    );
    let url = shown["url"].as_str().unwrap().to_owned();
    let viewer = test.key(Role::Viewer).await;
    assert_eq!(trigger(&viewer, &workflow).await["url"], Value::Null, "the address is a secret");

    let order = json!({ "kind": "order", "id": 9_007_199_254_740_993_i64 });
    let (status, first) = call(&test, &url, &[("x-request-id", "1")], &order).await;
    assert_eq!((status, &first["accepted"]), (202, &json!(true)));
    let (status, again) = call(&test, &url, &[("x-request-id", "1")], &order).await;
    assert_eq!((status, &again["event"]), (202, &first["event"]), "the same call");
    let (status, other) = call(&test, &url, &[("x-request-id", "2")], &json!({ "kind": "refund" })).await;
    assert_eq!(status, 202);
    // What comes through one address is dealt with in turn: when this call's run is over, so is the call before it.
    call(&test, &url, &[("x-request-id", "3")], &order).await;
    let started = until_runs(&test, 2).await;
    assert_eq!(started.len(), 2);
    assert_eq!(started[0].output.as_deref(), Some(r#"{"order":9007199254740993}"#));

    let fires = trigger(&builder, &workflow).await["last_fires"].as_array().unwrap().clone();
    let of = |event: &Value| fires.iter().find(|fire| fire["event"] == *event).unwrap().clone();
    assert_eq!(of(&first["event"])["outcome"], "started");
    assert!(started.iter().any(|run| of(&first["event"])["run"] == json!(run.id)));
    assert_eq!(of(&other["event"])["outcome"], "ignored");
    assert_eq!(call(&test, &format!("{url}x"), &[], &order).await.0, 404);

    let replayed = builder.post(&format!("/inbound/{}/replay", first["event"].as_str().unwrap()), json!({})).await;
    assert_ne!(replayed.is(202).json["event"], first["event"]);
    assert_eq!(until_runs(&test, 3).await.len(), 3);

    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    viewer.patch(&path, json!({ "enabled": false })).await.is_problem(403, "forbidden");
    builder.patch(&path, json!({ "enabled": false })).await.is(204);
    assert_eq!(call(&test, &url, &[], &order).await.0, 404, "switched off");
    builder.patch(&path, json!({ "enabled": true })).await.is(204);
    assert_eq!(trigger(&builder, &workflow).await["url"], json!(url));
}

#[tokio::test]
async fn a_call_that_is_not_verified_starts_nothing() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "verify": "shared_secret" }))).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let secret = [("x-webhook-secret", "open sesame")];
    assert_eq!(call(&test, &url, &secret, &json!({})).await.0, 401, "no secret is set yet");
    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    builder.patch(&path, json!({ "secret": "open sesame" })).await.is(204);
    assert_eq!(trigger(&builder, &workflow).await["has_secret"], true);
    let (status, problem) = call(&test, &url, &[("x-webhook-secret", "guess")], &json!({})).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unverified")));
    assert!(runs(&test).await.is_empty());
    assert_eq!(call(&test, &url, &secret, &json!({ "a": 1 })).await.0, 202);
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some(r#"{"a":1}"#));
    let events = builder.get("/inbound").await;
    assert!(!events.is(200).text.contains("open sesame"), "{}", events.text);
}

#[tokio::test]
async fn guesses_of_one_address_come_to_an_end_but_who_knows_the_secret_is_let_in() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "verify": "shared_secret" }))).await;
    let path = format!("/workflows/{workflow}/triggers/webhook-1");
    builder.patch(&path, json!({ "secret": "open sesame" })).await.is(204);
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let mut statuses = Vec::new();
    for number in 0..130 {
        statuses.push(call(&test, &url, &[("x-webhook-secret", &format!("guess {number}"))], &json!({})).await.0);
    }
    assert_eq!((statuses[0], statuses[129]), (401, 429));
    let elsewhere = "https://countersign.example/hooks/t/nowhere.0";
    assert_eq!(call(&test, elsewhere, &[], &json!({})).await.0, 429, "addresses that do not exist are guesses too");
    assert_eq!(call(&test, &url, &[("x-webhook-secret", "open sesame")], &json!({})).await.0, 202);
}

#[tokio::test]
async fn a_schedule_that_was_missed_for_an_hour_starts_one_run() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let schedule =
        json!({ "type": "schedule", "cron": "0 */5 * * * *", "time_zone": "Europe/Berlin", "input": { "a": 1 } });
    let workflow = test.publish(&builder, document(schedule)).await;
    let next = trigger(&builder, &workflow).await["next_at"].as_i64().unwrap();
    assert_eq!(next % 300_000, 0);
    test.put_forward(1);
    let started = until_runs(&test, 1).await;
    assert_eq!(started[0].output.as_deref(), Some(r#"{"a":1}"#));
    let shown = trigger(&builder, &workflow).await;
    assert_eq!(shown["last_fires"].as_array().unwrap().len(), 1, "{shown}");
    assert!(shown["next_at"].as_i64().unwrap() > next + 3_000_000);
}

#[tokio::test]
async fn a_webhook_with_what_cannot_be_kept_is_kept_without_it() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, document(json!({ "type": "webhook", "dedup": "body.id" }))).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    let (status, _) = call(&test, &url, &[], &json!({ "id": "a\u{0}b" })).await;
    assert_eq!(status, 202);
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some("{\"id\":\"a\u{FFFD}b\"}"));
    let events = builder.get("/inbound").await;
    assert!(!events.is(200).text.contains("\\u0000"), "neither is it in what came in: {}", events.text);
    for odd in ["%00", "?a=%00"] {
        assert_eq!(call(&test, &format!("{url}{odd}"), &[], &json!({})).await.0, 400, "{odd}");
    }
}

async fn url_of(test: &TestApp, builder: &Client, document: Value) -> String {
    let workflow = test.publish(builder, document).await;
    trigger(builder, &workflow).await["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bodies_of_every_kind_are_mapped_to_the_input() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({ "type": "webhook", "respond": "end",
        "input": "{ 'order': $string(body.order.`@id` ? body.order.`@id` : body.order ? body.order : body) }" });
    let url = url_of(&test, &builder, document(webhook)).await;
    let part = "--X\r\nContent-Disposition: form-data; name=\"order\"\r\n\r\n7\r\n--X--\r\n";
    for (kind, body) in [
        ("application/json", r#"{"order":7}"#),
        ("application/x-www-form-urlencoded", "order=7"),
        ("multipart/form-data; boundary=X", part),
        ("text/xml", "<order id=\"7\"><item/></order>"),
        ("text/plain", "7"),
    ] {
        let (status, _, output) = call_with(&test, &url, (kind, body.to_owned())).await;
        assert_eq!((status, output), (200, json!({ "order": "7" })), "{kind}");
    }
    let events = builder.get("/inbound").await.is(200).json["items"].as_array().unwrap().len();
    assert_eq!(events, 5, "each that was answered is on disk");
    let file = format!(
        "--X\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"a\"\r\n\r\n{}\r\n--X--\r\n",
        "x".repeat(1024 * 1024 + 1)
    );
    for (status, code, kind, body) in [
        (422, "invalid_request", "text/xml", "<order>".to_owned()),
        (413, "files_too_large", "multipart/form-data; boundary=X", file),
    ] {
        let (answered, _, problem) = call_with(&test, &url, (kind, body)).await;
        assert_eq!((answered, &problem["code"]), (status, &json!(code)), "{problem}");
    }
    assert_eq!(builder.get("/inbound").await.json["items"].as_array().unwrap().len(), 5, "what is refused is not kept");
}

#[tokio::test]
async fn a_call_is_answered_with_the_output_or_with_the_address_of_its_run() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({ "type": "webhook", "respond": "end", "dedup": "body.id", "filter": "body.id != 'none'" });
    let steps = json!({
        "kind": { "type": "condition", "otherwise": "done", "branches": [
            { "when": "input.ask", "next": "ask" }, { "when": "input.fail", "next": "fail" },
        ] },
        "ask": { "type": "approval", "summary": "Well?", "approvers": { "roles": ["manager"] },
            "on_approve": "done", "on_reject": "done" },
        "fail": { "type": "tool_call", "action": "http.get", "input": { "url": "{{ $error('no') }}" }, "next": "done" },
        "done": { "type": "end", "output": "{{ input }}" },
    });
    let document = json!({ "schema": 1, "name": "Answers", "start": "kind", "triggers": [webhook], "steps": steps });
    let url = url_of(&test, &builder, document).await;
    let told = async |body: Value| call_with(&test, &url, ("application/json", body.to_string())).await;

    let (status, location, output) = told(json!({ "id": "1" })).await;
    assert_eq!((status, &output), (200, &json!({ "id": "1" })));
    let again = told(json!({ "id": "1" })).await;
    assert_eq!(again, (200, location.clone(), output), "the same call is answered with what its run gave");
    let (status, location, other) = told(json!({ "id": "1", "other": 1 })).await;
    assert_eq!((status, location), (202, None), "who knows no more than what is common gets nothing of it");
    assert_eq!((&other["duplicate"], &other["run"]), (&json!(true), &Value::Null), "{other}");
    assert_eq!(runs(&test).await.len(), 1);

    let (status, location, waits) = told(json!({ "id": "2", "ask": true })).await;
    assert_eq!((status, &waits["accepted"]), (202, &json!(true)), "a person is needed: nobody waits for that");
    let run = waits["run"].as_str().unwrap();
    assert_eq!(location.unwrap(), format!("/api/v1/runs/{run}"));
    assert_eq!(builder.get(&format!("/runs/{run}")).await.is(200).json["status"], "waiting");

    let (status, location, ignored) = told(json!({ "id": "none" })).await;
    assert_eq!((status, location, ignored["run"].clone()), (202, None, Value::Null), "the filter does not hold");
    let first = told(json!({ "id": "3", "fail": true })).await;
    let (status, location, failed) = &first;
    let run = location.as_deref().unwrap().strip_prefix("/api/v1/runs/").unwrap();
    let row = test.store.get_run(&test.workspace, run).await.unwrap().unwrap();
    assert!(row.error_code.is_some());
    assert_eq!((*status, failed["code"].as_str()), (422, row.error_code.as_deref()), "{failed}");
    assert_eq!(failed["type"], "urn:countersign:problem:run_failed");
    assert!(failed["detail"].as_str().unwrap().contains(run), "{failed}");
    let count = runs(&test).await.len();
    assert_eq!(told(json!({ "id": "3", "fail": true })).await, first, "whoever repeats it is told the same");
    assert_eq!(runs(&test).await.len(), count, "and nothing is done again");
}

#[tokio::test]
async fn calls_that_are_one_but_give_another_input_see_nothing_of_each_other() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({ "type": "webhook", "respond": "end", "dedup": "body.id",
        "filter": "$not(headers.`x-stage` = 'test')", "input": "{ 'user': headers.`x-user`, 'page': query.page }" });
    let url = url_of(&test, &builder, document(webhook)).await;
    let body = json!({ "id": "1" });
    let of = async |user: &str, page: u8| {
        call(&test, &format!("{url}?page={page}"), &[("x-user", user), ("x-request-id", "any")], &body).await
    };
    let ada = (200, json!({ "user": "ada", "page": "1" }));
    assert_eq!(of("ada", 1).await, ada);
    assert_eq!(call(&test, &format!("{url}?page=1"), &[("x-user", "ada")], &body).await, ada);
    let ignored = [("x-user", "ada"), ("x-stage", "test")];
    let ignored = call(&test, &format!("{url}?page=1"), &ignored, &body).await;
    for (status, answer) in [of("grace", 1).await, of("ada", 2).await, ignored] {
        assert_eq!((status, &answer["duplicate"], &answer["user"]), (202, &json!(true), &Value::Null), "{answer}");
    }
}

#[tokio::test]
async fn who_calls_again_while_the_first_call_is_about_to_start_waits_for_its_run() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let webhook = json!({ "type": "webhook", "respond": "end", "dedup": "body.id", "filter": "body.id = '1'" });
    let workflow = test.publish(&builder, document(webhook)).await;
    let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
    for (id, answered) in [("1", 200), ("2", 202)] {
        let body = json!({ "id": id });
        let said = json!({ "body": body, "headers": {}, "query": {} });
        // As another process has it.
        let first = InboundRow {
            workspace: test.workspace.clone(),
            id: format!("event-{id}"),
            source: format!("trigger:{workflow}/webhook-1"),
            dedup: format!("key:{}", json!(id)),
            kind: InboundKind::Webhook,
            payload: json!({ "workflow": workflow, "trigger": "webhook-1", "call": said }).to_string(),
            at: 1,
            due_at: 3_600_000,
            attempts: 1,
            status: InboundStatus::Waiting,
            outcome: None,
            run: None,
            error: None,
            done_at: None,
            rank: 0,
            wanted_by: None,
        };
        assert!(test.store.accept_inbound(&first).await.unwrap());
        let again = call(&test, &url, &[], &body);
        let (again, ()) = tokio::join!(again, async { test.store.release_inbound().await.unwrap() });
        assert_eq!(again.0, answered, "{id}: {}", again.1);
    }
    assert_eq!(runs(&test).await.len(), 1);
}

#[tokio::test]
async fn a_call_that_is_put_off_is_waited_for_too() {
    let config = ServerConfig { base_url: "https://countersign.example".to_owned(), ..ServerConfig::default() };
    let test = TestApp::moving(1, config).await;
    let builder = test.key(Role::Builder).await;
    let slow = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = format!("http://{}/slow", slow.local_addr().unwrap());
    let steps = json!({
        "call": { "type": "tool_call", "action": "http.get", "input": { "url": at }, "next": "done" },
        "done": { "type": "end" },
    });
    let triggers = json!([{ "type": "webhook" }]);
    let before = json!({ "schema": 1, "name": "Slow", "start": "call", "triggers": triggers, "steps": steps });
    let before = url_of(&test, &builder, before).await;
    let url = url_of(&test, &builder, document(json!({ "type": "webhook", "respond": "end" }))).await;
    assert_eq!(call(&test, &before, &[], &json!({})).await.0, 202);
    let (mut caller, _) = slow.accept().await.unwrap();
    let body = json!({ "a": 1 });
    let (answered, ()) = tokio::join!(call(&test, &url, &[], &body), async {
        let waits = InboundFilter { status: Some(InboundStatus::Waiting), ..InboundFilter::default() };
        let page = PageRequest { after: None, limit: 2 };
        let put_off = async {
            loop {
                let waiting = test.store.list_inbound(&test.workspace, &waits, &page).await.unwrap().items;
                // Shorter than it is with the process that accepted it.
                if waiting.first().is_some_and(|row| row.due_at < row.at + 5_000) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), put_off).await.expect("it is put off");
        let text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n7";
        tokio::io::AsyncWriteExt::write_all(&mut caller, text.as_bytes()).await.unwrap();
    });
    assert_eq!(answered, (200, json!({ "a": 1 })));
}

#[tokio::test]
async fn where_no_place_to_wait_is_free_a_call_is_answered_as_accepted_and_its_run_starts() {
    let base_url = "https://countersign.example".to_owned();
    let test = TestApp::with(ServerConfig { base_url, waiting_max: 0, ..ServerConfig::default() }).await;
    let builder = test.key(Role::Builder).await;
    let url = url_of(&test, &builder, document(json!({ "type": "webhook", "respond": "end" }))).await;
    let (status, location, accepted) = call_with(&test, &url, ("application/json", r#"{"a":1}"#.to_owned())).await;
    assert_eq!((status, location, &accepted["accepted"]), (202, None, &json!(true)));
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some(r#"{"a":1}"#));
    let events = builder.get("/inbound").await.is(200).json["items"].clone();
    assert_eq!((&events[0]["id"], &events[0]["outcome"]), (&accepted["event"], &json!("started")));
}

/// A service that answers when the test does, and a workflow whose webhook waits a second for it.
pub(crate) async fn slow() -> (tokio::net::TcpListener, Value) {
    let slow = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = format!("http://{}/slow", slow.local_addr().unwrap());
    let steps = json!({
        "call": { "type": "tool_call", "action": "http.get", "input": { "url": at }, "next": "done" },
        "done": { "type": "end", "output": "{{ steps.call.output.body }}" },
    });
    let webhook = json!({ "type": "webhook", "respond": "end", "respond_within": "1s" });
    let document = json!({ "schema": 1, "name": "Slow", "start": "call", "triggers": [webhook], "steps": steps });
    (slow, document)
}

#[tokio::test]
async fn who_waits_too_long_gets_the_address_and_the_run_goes_on() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let (slow, document) = slow().await;
    let url = url_of(&test, &builder, document).await;
    let (status, location, accepted) = call_with(&test, &url, ("application/json", "{}".to_owned())).await;
    assert_eq!((status, &accepted["accepted"]), (202, &json!(true)));
    assert!(location.unwrap().ends_with(accepted["run"].as_str().unwrap()));
    let (mut caller, _) = slow.accept().await.unwrap();
    let text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n7";
    tokio::io::AsyncWriteExt::write_all(&mut caller, text.as_bytes()).await.unwrap();
    assert_eq!(until_runs(&test, 1).await[0].output.as_deref(), Some("7"));
}

#[tokio::test]
async fn a_sample_call_is_told_what_it_would_come_to_and_leaves_nothing() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut document = document(json!({
        "type": "webhook", "verify": "github", "filter": "body.kind = 'order'",
        "input": "{ 'order': body.id, 'from': headers.`x-from`, 'page': query.page }", "dedup": "$number(headers.`x-id`)",
    }));
    document["input"] = json!({ "type": "object", "properties": { "order": { "type": "integer" } } });
    let workflow = test.publish(&builder, document).await;
    let path = format!("/workflows/{workflow}/triggers/webhook-1/try");
    let order =
        |id: &str| json!({ "kind": "order", "id": id.parse::<i64>().map_or(json!(id), Value::from) }).to_string();
    let try_it = async |body: &str, id: &str| {
        let headers = json!({ "X-Id": id, "X-From": "shop", "Authorization": "Bearer hush" });
        let wish = json!({ "body": body, "headers": headers, "query": { "page": "2" } });
        builder.post(&path, wish).await.is(200).json.clone()
    };
    let starts = try_it(&order("7"), "1").await;
    assert_eq!((&starts["outcome"], &starts["dedup"]), (&json!("starts"), &json!(1)), "{starts}");
    assert_eq!(starts["input"], json!({ "order": 7, "from": "shop", "page": "2" }));
    let ignored = try_it(r#"{ "kind": "refund" }"#, "1").await;
    assert_eq!((&ignored["outcome"], &ignored["input"]), (&json!("ignored"), &Value::Null));
    let fails = try_it(&order("seven"), "1").await;
    assert_eq!((&fails["outcome"], &fails["problems"][0]["pointer"]), (&json!("fails"), &json!("/input/order")));
    let refused = try_it(&order("7"), "one").await;
    assert_eq!((&refused["outcome"], &refused["problems"][0]["pointer"]), (&json!("refused"), &json!("/dedup")));
    let unread = try_it("{", "1").await;
    assert_eq!((&unread["outcome"], &unread["problems"][0]["pointer"]), (&json!("refused"), &json!("/body")));
    assert!(runs(&test).await.is_empty());
    assert!(builder.get("/inbound").await.is(200).json["items"].as_array().unwrap().is_empty());

    test.key(Role::Operator).await.post(&path, json!({})).await.is_problem(403, "forbidden");
    builder.post(&path, json!({ "sample": {} })).await.is(422);
    for nowhere in
        [format!("/workflows/{workflow}/triggers/webhook-2/try"), "/workflows/no/triggers/webhook-1/try".into()]
    {
        builder.post(&nowhere, json!({ "body": "{" })).await.is_problem(404, "not_found");
    }
}

async fn until_dealt_with(test: &TestApp, event: &str) {
    let mut changes = test.store.subscribe();
    let there = async {
        while test.store.get_inbound(&test.workspace, event).await.unwrap().unwrap().status == InboundStatus::Waiting {
            drop(changes.recv().await);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), there).await.expect("it is dealt with");
}

#[tokio::test]
async fn a_sample_comes_to_what_the_call_comes_to() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    for (input, body, outcome, kept) in [
        ("{ 'id': body.id }", r#"{"id": 1}"#, "starts", "started"),
        ("{ 'id': body.id }", r#"{"no": 1}"#, "ignored", "ignored"),
        ("$number(body.id)", r#"{"id": "x"}"#, "fails", "failed"),
    ] {
        let webhook = json!({ "type": "webhook", "filter": "$exists(body.id)", "dedup": "body.id", "input": input });
        let mut document = document(webhook);
        document["name"] = json!(outcome);
        let workflow = test.publish(&builder, document).await;
        let path = format!("/workflows/{workflow}/triggers/webhook-1/try");
        let tried = builder.post(&path, json!({ "body": body })).await.is(200).json.clone();
        assert_eq!(tried["outcome"], outcome, "{tried}");
        let url = trigger(&builder, &workflow).await["url"].as_str().unwrap().to_owned();
        let (status, taken) = call(&test, &url, &[], &serde_json::from_str(body).unwrap()).await;
        assert_eq!(status, 202, "{taken}");
        until_dealt_with(&test, taken["event"].as_str().unwrap()).await;
        let fire = trigger(&builder, &workflow).await["last_fires"][0].clone();
        assert_eq!(fire["outcome"], kept, "{fire}");
        if outcome == "fails" {
            let told = tried["problems"][0]["message"].as_str().unwrap();
            assert!(fire["error"].as_str().unwrap().contains(told), "{fire} {tried}");
        }
        if !tried["dedup"].is_null() {
            let again = builder.post(&path, json!({ "body": body })).await.is(200).json.clone();
            assert_eq!((&again["outcome"], &again["before"]), (&json!("duplicate"), &taken["event"]));
        }
    }
}
