//! A run that failed: read at its points, evaluated, sent on with changed state, never doing a thing twice unasked.

use crate::support::{Client, Reply, TestApp};
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_server::seed::{self, SeedAccount};
use countersign_store::Role;
use serde_json::{Value, json};

const SECRET: &str = "Bearer secret-of-the-shop";

async fn shop(test: &TestApp) -> Sandbox {
    let any = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
    let object = |value: Value| value.as_object().unwrap().clone();
    let account = SeedAccount {
        kind: "http",
        name: "shop",
        settings: object(json!({ "base_url": format!("{}/rest", sandbox.url()) })),
        secrets: object(json!({ "authorization": SECRET })),
    };
    seed::connection(&test.store, &test.vault, &test.workspace, account).await.unwrap();
    sandbox
}

/// How many orders the shop has executed.
async fn executions(sandbox: &Sandbox) -> usize {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(sandbox.http_addr()).await.unwrap();
    let request = "GET /_/executions?service=rest HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{error}: {answer}")).as_array().unwrap().len()
}

/// Orders, then multiplies a text, which fails until somebody corrects it.
fn order(then: &str) -> Value {
    json!({
        "schema": 1,
        "name": "Order",
        "triggers": [{ "type": "api" }],
        "vars": { "amount": "two", "price": 5 },
        "start": "place",
        "steps": {
            "place": { "type": "tool_call", "title": "Place the order", "action": "http.request",
                "input": { "method": "POST", "url": "/orders", "body": { "amount": "{{ amount }}" } }, "next": "sum" },
            "sum": { "type": "condition", "title": "Sum up", "branches": [{ "when": "amount * price > 0", "next": "done" }],
                "otherwise": "done" },
            "done": { "type": "end", "output": { "sum": then } },
        },
    })
}

async fn failed(test: &TestApp, builder: &Client) -> (String, Reply) {
    let workflow = test.publish(builder, order("{{ amount * price }}")).await;
    let started = builder.with("prefer", "wait=20").post("/runs", json!({ "workflow": workflow })).await;
    assert_eq!(started.is(200).json["status"], "failed", "{}", started.text);
    let run = builder.get(&format!("/runs/{}", started.id())).await;
    (workflow, run)
}

#[tokio::test]
async fn a_failed_run_is_read_at_its_points() {
    let test = TestApp::start().await;
    let _shop = shop(&test).await;
    let builder = test.key(Role::Builder).await;
    let (_, run) = failed(&test, &builder).await;
    let error = &run.is(200).json["steps"][1]["error"];
    assert_eq!(error["code"], "expression_error");
    assert!(error["help"].as_str().unwrap().contains("Debug"), "{error}");
    let id = run.id();
    let points = builder.get(&format!("/runs/{id}/points")).await.is(200).json["items"].as_array().unwrap().clone();
    let number = |kind: &str, step: &str| {
        let found = points.iter().find(|point| point["kind"] == kind && point["step"] == step);
        found.unwrap_or_else(|| panic!("no {kind} of {step} in {points:?}"))["point"].as_u64().unwrap()
    };
    let answered = number("call_succeeded", "place");
    let state = builder.get(&format!("/runs/{id}/states/{answered}")).await;
    let changed: Vec<&str> =
        state.is(200).json["changes"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert!(changed.contains(&"/steps/place"), "{changed:?}");
    assert_eq!(state.json["state"]["vars"]["amount"], "two");
    let all = builder.get(&format!("/runs/{id}/states/{answered}?from=0")).await;
    assert!(all.json["changes"].as_array().unwrap().len() > changed.len());
    assert_eq!(all.json["compared_with"], 0);
    let late = builder.get(&format!("/runs/{id}/states/4000000000")).await;
    assert_eq!(late.is(200).json["point"].as_u64().unwrap(), points.len() as u64);

    let evaluate = async |point: u64, expression: &str| {
        let body = json!({ "point": point, "expression": expression });
        builder.post(&format!("/runs/{id}/evaluate"), body).await.is(200).json.clone()
    };
    assert_eq!(evaluate(answered, "steps.place.output.status").await["value"], 200);
    assert_eq!(evaluate(answered - 1, "steps.place.output.status").await["nothing"], true);
    assert_eq!(evaluate(answered, "$number('2') * price").await["value"], 10);
    assert_eq!(evaluate(answered, "amount * price").await["code"], "expression_error");
    assert_eq!(evaluate(answered, "1 +").await["code"], "expression_parse");
    assert_eq!(evaluate(answered, "($f := function($n){ $f($n + 1) }; $f(0))").await["value"], Value::Null);
    let before = builder.get(&format!("/runs/{id}")).await.json["seq"].clone();
    assert_eq!(before, run.json["seq"], "looking changes nothing");
}

#[tokio::test]
async fn who_may_look_and_who_may_evaluate() {
    let test = TestApp::start().await;
    let _shop = shop(&test).await;
    let builder = test.key(Role::Builder).await;
    let id = failed(&test, &builder).await.1.id();
    let viewer = test.key(Role::Viewer).await;
    viewer.get(&format!("/runs/{id}/states/3")).await.is(200);
    let body = json!({ "expression": "price" });
    viewer.post(&format!("/runs/{id}/evaluate"), body.clone()).await.is_problem(403, "forbidden");
    viewer.post(&format!("/runs/{id}/retry"), json!({})).await.is_problem(403, "forbidden");
    let other = test.other_workspace().await;
    for path in ["points", "states/1", "visits/1/requests", "retry"] {
        other.get(&format!("/runs/{id}/{path}")).await.is_problem(404, "not_found");
    }
    other.post(&format!("/runs/{id}/evaluate"), body).await.is_problem(404, "not_found");
    other.post(&format!("/runs/{id}/retry"), json!({})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn what_was_sent_is_shown_without_secrets() {
    let test = TestApp::start().await;
    let _shop = shop(&test).await;
    let builder = test.key(Role::Builder).await;
    let id = failed(&test, &builder).await.1.id();
    let sent = builder.get(&format!("/runs/{id}/visits/1/requests")).await;
    let sent = &sent.is(200).json["items"][0];
    assert_eq!((&sent["attempt"], &sent["request"]["method"]), (&json!(1), &json!("POST")));
    assert_eq!(sent["request"]["body"]["amount"], "two");
    assert_eq!(sent["response"]["status"], 200);
    assert!(sent["request"]["headers"]["authorization"].is_string());
    assert!(!sent.to_string().contains("secret-of-the-shop"), "{sent}");
    let everything = builder.get(&format!("/runs/{id}/states/99")).await.text;
    assert!(!everything.contains("secret-of-the-shop"));
}

#[tokio::test]
async fn a_corrected_run_goes_on_and_nothing_is_done_twice_unasked() {
    let test = TestApp::start().await;
    let sandbox = shop(&test).await;
    let builder = test.key(Role::Builder).await;
    let id = failed(&test, &builder).await.1.id();
    let orders = async || executions(&sandbox).await;
    assert_eq!(orders().await, 1);
    let plan = builder.get(&format!("/runs/{id}/retry?step=place")).await;
    assert_eq!(plan.is(200).json["repeats"][0]["title"], "Place the order");
    assert_eq!(plan.json["repeats"][0]["certain"], true);
    let refused = builder.post(&format!("/runs/{id}/retry"), json!({ "step": "place" })).await;
    refused.is_problem(409, "would_repeat");
    assert_eq!(refused.json["repeats"][0]["step"], "place");
    assert_eq!(builder.get(&format!("/runs/{id}")).await.json["status"], "failed");

    let plan = builder.get(&format!("/runs/{id}/retry")).await;
    assert_eq!((&plan.json["step"], &plan.json["repeats"]), (&json!("sum"), &json!([])));
    let mut state = plan.json["state"].clone();
    state["vars"] = json!({ "amount": 2, "price": 5, "note": "corrected" });
    let gone_on = builder.post(&format!("/runs/{id}/retry"), json!({ "step": "sum", "state": state })).await;
    assert_eq!(
        (&gone_on.is(200).json["status"], &gone_on.json["output"]),
        (&json!("completed"), &json!({ "sum": 10 }))
    );
    assert_eq!(orders().await, 1);
    let events = builder.get(&format!("/runs/{id}/events")).await.json["items"].as_array().unwrap().clone();
    let reopened = events.iter().find(|event| event["type"] == "run_reopened").unwrap();
    assert_eq!(reopened["data"]["vars"], json!({ "amount": 2, "note": "corrected" }));
    assert_eq!(reopened["data"]["by"]["name"], "builder");
    let admin = test.key(Role::Admin).await;
    let audit = admin.get(&format!("/audit?subject=run:{id}")).await;
    assert!(audit.text.contains("run.retried") && audit.text.contains("corrected"), "{}", audit.text);

    let again = builder.with("prefer", "wait=5");
    let body = json!({ "step": "place", "repeat": ["place"] });
    let mut changes = test.store.subscribe();
    again.post(&format!("/runs/{id}/retry"), body).await.is(200);
    while builder.get(&format!("/runs/{id}")).await.json["status"] == "running" {
        tokio::time::timeout(std::time::Duration::from_secs(20), changes.recv()).await.unwrap().unwrap();
    }
    assert_eq!(orders().await, 2, "agreed to, it is done again");
}

#[tokio::test]
async fn a_run_goes_on_in_a_new_one_on_the_newest_version() {
    let test = TestApp::start().await;
    let _shop = shop(&test).await;
    let builder = test.key(Role::Builder).await;
    let (workflow, run) = failed(&test, &builder).await;
    let id = run.id();
    let mut corrected = order("{{ price }}");
    corrected["steps"]["sum"]["branches"][0]["when"] = json!("price > 0");
    let draft = builder.get(&format!("/workflows/{workflow}")).await.json["draft_revision"].to_string();
    builder
        .with("if-match", &draft)
        .put(&format!("/workflows/{workflow}/draft"), json!({ "document": corrected }))
        .await
        .is(200);
    builder.post(&format!("/workflows/{workflow}/publish"), json!({ "message": "second" })).await.is(201);
    let plan = builder.get(&format!("/runs/{id}/retry?step=sum&version=newest")).await;
    assert_eq!((&plan.is(200).json["from_version"], &plan.json["to_version"]), (&json!(1), &json!(2)));
    assert!(plan.text.contains("/steps/sum/branches/0/when"), "{}", plan.text);
    let keyed = builder.with("idempotency-key", "again-1");
    let body = json!({ "step": "sum", "version": "newest", "point": 7 });
    let new = keyed.post(&format!("/runs/{id}/retry"), body.clone()).await;
    assert_eq!((&new.is(200).json["status"], &new.json["version"]), (&json!("completed"), &json!(2)));
    assert_ne!(new.id(), id);
    assert_eq!((&new.json["retry_of"], &new.json["output"]["sum"]), (&json!(id), &json!(5)));
    assert_eq!(new.json["steps"][0]["step"], "sum", "what was ordered is not ordered again");
    assert_eq!(keyed.post(&format!("/runs/{id}/retry"), body).await.is(200).id(), new.id());
    let other = json!({ "step": "done", "version": "newest" });
    keyed.post(&format!("/runs/{id}/retry"), other).await.is_problem(422, "idempotency_key_reused");
    builder.post(&format!("/runs/{id}/retry"), json!({ "step": "nowhere" })).await.is_problem(409, "not_retryable");
    // From the first step it would order again.
    builder.post(&format!("/runs/{id}/retry"), json!({ "version": "newest" })).await.is_problem(409, "would_repeat");
}
