//! Starting, finding, stopping and repeating runs.

use crate::support::{TestApp, approval, echo};
use countersign_store::Role;
use serde_json::json;

#[tokio::test]
async fn a_run_started_twice_with_one_key_is_one_run() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, echo()).await;
    let keyed = builder.with("idempotency-key", "order-1");
    let body = json!({ "workflow": "Echo", "input": { "text": "x" }, "customer": { "name": "Ada" } });
    let first = keyed.post("/runs", body.clone()).await;
    let second = keyed.post("/runs", body).await;
    assert_eq!(first.is(201).id(), second.is(200).id());
    assert_eq!((&first.json["replayed"], &second.json["replayed"]), (&json!(false), &json!(true)));
    keyed.post("/runs", json!({ "workflow": "Echo" })).await.is_problem(422, "idempotency_key_reused");
    assert_eq!(builder.get("/runs").await.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(builder.get("/customers").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_may_wait_for_the_end() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, echo()).await;
    let patient = builder.with("prefer", "wait=10");
    let done = patient.post("/runs", json!({ "workflow": "Echo", "input": { "text": "hi" } })).await;
    assert_eq!(done.is(200).json["status"], "completed");
    assert_eq!(done.json["output"], json!({ "text": "hi" }));
    assert_eq!(done.headers["preference-applied"], "wait=10");
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let waiting = patient.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await;
    assert_eq!(waiting.is(200).json["waiting_for"], "approval");
}

#[tokio::test]
async fn who_waits_in_vain_is_told_and_may_wait_again() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let slow = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", slow.local_addr().unwrap());
    let input = json!({ "method": "GET", "url": url });
    let steps = json!({ "look": { "type": "tool_call", "action": "http.request", "input": input, "next": "done" },
        "done": { "type": "end" } });
    test.publish(
        &builder,
        json!({ "schema": 1, "name": "Slow", "triggers": [{ "type": "api" }], "start": "look", "steps": steps }),
    )
    .await;
    let start = async |wait: &str| {
        let caller = builder.with("prefer", wait).with("idempotency-key", "slow-1");
        caller.post("/runs", json!({ "workflow": "Slow", "input": {} })).await
    };
    let early = start("wait=1").await;
    assert_eq!(early.is(202).json["status"], "running");
    let (mut call, _) = slow.accept().await.unwrap();
    let answer = async {
        let text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        tokio::io::AsyncWriteExt::write_all(&mut call, text.as_bytes()).await.unwrap();
    };
    let (done, ()) = tokio::join!(start("wait=20"), answer);
    assert_eq!(done.is(200).json["status"], "completed", "the repeated request waits as the first did");
    assert_eq!(done.json["id"], early.json["id"]);
}

#[tokio::test]
async fn a_call_in_doubt_shows_what_was_sent_and_is_answered_by_a_person() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    admin.patch("/workspace", json!({ "policy": { "allow_unguarded": true } })).await.is(200);
    let shop = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/orders", shop.local_addr().unwrap());
    let input = json!({ "method": "POST", "url": url, "body": { "order": 7 } });
    let steps = json!({ "order": { "type": "tool_call", "action": "http.request", "input": input, "next": "done" },
        "done": { "type": "end", "output": "{{ steps.order.output }}" } });
    let document =
        json!({ "schema": 1, "name": "Order", "triggers": [{ "type": "api" }], "start": "order", "steps": steps });
    let made = admin.post("/workflows", json!({ "document": document })).await.is(201).id();
    let publish = json!({ "allow_unguarded": true, "message": "we know" });
    admin.post(&format!("/workflows/{made}/publish"), publish).await.is(201);
    // Takes an order, and hangs up or answers.
    let served = async |answer: &str| {
        let (mut caller, _) = shop.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let read = tokio::io::AsyncReadExt::read(&mut caller, &mut request).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut caller, answer.as_bytes()).await.unwrap();
        assert!(String::from_utf8_lossy(&request[..read]).starts_with("POST /orders"));
    };
    let taken = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"order\":7}";
    for (outcome, result, status, output) in [
        ("happened", json!({ "body": { "order": 7 } }), "completed", json!({ "order": 7 })),
        ("not_happened", json!(null), "completed", json!({ "order": 7 })),
        ("stop", json!(null), "failed", json!(null)),
    ] {
        let caller = admin.with("prefer", "wait=20");
        let start = caller.post("/runs", json!({ "workflow": made, "input": {} }));
        let (started, ()) = tokio::join!(start, served(""));
        assert_eq!(started.is(200).json["waiting_for"], "unknown_outcome");
        let run = started.id();
        let open = admin.get("/checkpoints?kind=unknown_outcome&status=open").await;
        let doubt = admin.get(&format!("/checkpoints/{}", open.json["items"][0]["id"].as_str().unwrap())).await;
        let unknown = &doubt.is(200).json["unknown"];
        assert_eq!(
            (&unknown["action"], &unknown["sent"]["input"]["body"]),
            (&json!("http.request"), &json!({ "order": 7 }))
        );
        assert!(unknown["at"].as_i64().unwrap() <= doubt.json["opened_at"].as_i64().unwrap(), "{unknown:#}");
        // What was heard of it, as far as it went; nobody can be asked.
        let method = &unknown["exchange"]["request"]["method"];
        assert_eq!((method, &unknown["look_up"]), (&json!("POST"), &json!(null)), "{unknown:#}");
        assert_eq!(doubt.json["outcomes"], json!(["happened", "not_happened", "stop"]), "{:#}", doubt.json);
        let path = format!("/checkpoints/{}/decision", doubt.id());
        let decide = admin.post(&path, json!({ "outcome": outcome, "result": result, "comment": "asked the shop" }));
        let again = async {
            if outcome == "not_happened" {
                served(taken).await
            }
        };
        let (decided, ()) = tokio::join!(decide, again);
        decided.is(200);
        let done = test.until_over(&admin, &run).await;
        assert_eq!((&done["status"], &done["output"]["body"]), (&json!(status), &output), "{outcome}");
    }
}

#[tokio::test]
async fn input_that_does_not_fit_says_which_field() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, echo()).await;
    let wrong = builder.post("/runs", json!({ "workflow": "Echo", "input": { "text": 7 } })).await;
    wrong.is_problem(422, "invalid_input");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/text");
}

#[tokio::test]
async fn a_run_shows_everything_that_happened() {
    let test = TestApp::start().await;
    let builder = test.key_in(&test.workspace, Role::Builder, &["manager"]).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let run = builder
        .post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" }, "customer": { "email": "ada@example.com", "name": "Ada" } }))
        .await
        .is(201)
        .id();
    let shown = builder.get(&format!("/runs/{run}")).await;
    assert_eq!(shown.is(200).json["status"], "waiting");
    assert_eq!(shown.json["customer"]["name"], "Ada");
    assert_eq!(shown.json["workflow"]["name"], "Approval");
    assert_eq!(shown.json["step_title"], "Ask a manager");
    assert_eq!(shown.json["steps"][0]["checkpoint"]["status"], "open");
    builder
        .post(&format!("/checkpoints/{run}.1/decision"), json!({ "outcome": "approved", "comment": "fine" }))
        .await
        .is(200);
    let shown = builder.get(&format!("/runs/{run}")).await;
    assert_eq!(shown.json["steps"][0]["branch"], "approved");
    assert_eq!(shown.json["steps"][0]["checkpoint"]["decided_by"]["name"], "builder");
    let decided = &shown.json["steps"][0]["checkpoint"];
    assert_eq!(decided["comment"], "fine");
    assert!(decided["decided_at"].is_number());
    assert_eq!(decided["saw"]["summary"], "Do it for Ada?", "what the person was shown: {decided:#}");
    let events = builder.get(&format!("/runs/{run}/events")).await;
    assert_eq!(events.is(200).json["items"][0]["type"], "run_started");
    assert_eq!(builder.get(&format!("/runs/{run}/graph")).await.json["name"], "Approval");
}

#[tokio::test]
async fn runs_are_found_by_what_is_known_about_them() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, echo()).await;
    let approval = test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    for _ in 0..3 {
        builder.with("prefer", "wait=5").post("/runs", json!({ "workflow": "Echo" })).await.is(200);
    }
    builder.post("/runs", json!({ "workflow": approval, "input": { "who": "Ada" } })).await.is(201);
    let count = async |query: &str| builder.get(&format!("/runs?{query}")).await.json["items"].as_array().map(Vec::len);
    assert_eq!(count("workflow=Echo").await, Some(3));
    assert_eq!(count("status=waiting").await, Some(1));
    assert_eq!(count("status=waiting,completed").await, Some(4));
    assert_eq!(count("step=ask").await, Some(1));
    assert_eq!(count("before=1").await, Some(0));
    assert_eq!(count("after=1").await, Some(4));
    assert_eq!(count("version=1").await, Some(4));
    assert_eq!(count("version=2").await, Some(0));
    let first = builder.get("/runs?limit=3").await;
    let next = first.json["next"].as_str().unwrap();
    let rest = builder.get(&format!("/runs?limit=3&cursor={next}")).await;
    assert_eq!((rest.json["items"].as_array().unwrap().len(), &rest.json["next"]), (1, &json!(null)));
    let counts = builder.get("/runs/counts").await;
    assert_eq!((&counts.json["completed"], &counts.json["waiting"]), (&json!(3), &json!(1)));
    let customer = json!({ "email": "grace@example.com", "name": "Grace" });
    let hers =
        builder.post("/runs", json!({ "workflow": approval, "input": { "who": "Grace" }, "customer": customer })).await;
    let hers = builder.get(&format!("/runs/{}", hers.is(201).id())).await.json["customer"]["id"].clone();
    assert_eq!(count(&format!("customer={}", hers.as_str().unwrap())).await, Some(1));
    assert_eq!(count("customer=nobody").await, Some(0));
    assert_eq!(count("text=grace%40example").await, Some(1));
    assert_eq!(count("error=timed_out").await, Some(0));
}

#[tokio::test]
async fn a_run_is_stopped_once_and_can_be_taken_up_again() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let cancelled = builder.post(&format!("/runs/{run}/cancel"), json!({ "reason": "not needed" })).await;
    assert_eq!(cancelled.is(200).json["status"], "cancelled");
    let lost = builder.post(&format!("/runs/{run}/cancel"), json!({})).await;
    lost.is_problem(409, "run_over");
    // Whoever lost a race is told who won it and when.
    assert_eq!(lost.json["outcome"], "cancelled");
    assert!(lost.json["decided_by"]["name"].is_string() && lost.json["decided_at"].is_i64(), "{}", lost.json);
    let late = builder.post(&format!("/checkpoints/{run}.1/decision"), json!({ "outcome": "approved" })).await;
    late.is_problem(409, "already_decided");
    let again = builder.post(&format!("/runs/{run}/retry"), json!({ "step": "ask" })).await;
    assert_eq!(again.is(200).json["status"], "waiting");
    assert_eq!(again.id(), run);
    builder.post(&format!("/runs/{run}/retry"), json!({})).await.is_problem(409, "not_retryable");
    let newest = builder.post(&format!("/runs/{run}/retry"), json!({ "version": "newest" })).await;
    assert_ne!(newest.is(200).id(), run);
    assert_eq!(newest.json["input"]["who"], "Ada");
}
