//! People are told when runs fail: whom the workflow names, once for a flood, and not more often than they want.

use crate::{
    notifications::{rows, sandbox, with_mail},
    support::{Client, TestApp},
};
use countersign_sandbox::Sandbox;
use countersign_store::{OutboundKind, OutboundOutcome, OutboundReason, OutboundRow, OutboundStatus, Role};
use serde_json::{Value, json};

async fn mails(sandbox: &Sandbox) -> Vec<Value> {
    let url = format!("{}/_/mails?to=mia@example.com", sandbox.url());
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
}

/// A workflow that ends as its input says.
async fn workflow(test: &TestApp, builder: &Client, name: &str, alerts: Value) -> String {
    let ends = json!({
        "schema": 1, "name": name, "case": "Order {{ input.order }}", "triggers": [{ "type": "api" }], "alerts": alerts,
        "start": "which",
        "steps": {
            "which": { "type": "condition", "branches": [{ "when": "input.good", "next": "good" }], "otherwise": "bad" },
            "good": { "type": "end" },
            "bad": { "type": "end", "status": "failed", "message": "No." },
        },
    });
    test.publish(builder, ends).await
}

async fn run(builder: &Client, workflow: &str, good: bool) -> String {
    let body = json!({ "workflow": workflow, "input": { "good": good, "order": 7 } });
    builder.post("/runs", body).await.is(201).id()
}

/// What is told of failures, once so many were seen to and nothing waits.
async fn told(test: &TestApp, alerts: usize) -> Vec<OutboundRow> {
    let seen = |rows: &[OutboundRow]| {
        rows.iter().filter(|row| row.kind == OutboundKind::Alert).count() == alerts
            && rows.iter().all(|row| row.status == OutboundStatus::Done)
    };
    let rows = rows(test, "", seen).await;
    rows.into_iter().filter(|row| row.kind == OutboundKind::Warning).collect()
}

#[tokio::test]
async fn a_flood_of_failures_is_one_message_to_whom_the_workflow_names() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    test.person("mia@example.com", Role::Operator, &["manager"]).await;
    test.person("noa@example.com", Role::Operator, &[]).await;
    let deaf = test.person("deaf@example.com", Role::Operator, &["manager"]).await;
    let except = json!({ "channels": [{ "channel": "email", "except": ["failed"] }] });
    deaf.put("/me/notifications", except).await.is(200);
    let builder = test.key(Role::Builder).await;
    let named = workflow(&test, &builder, "Ends", json!({ "tell": ["manager"] })).await;
    let silent = workflow(&test, &builder, "Silent", json!(null)).await;
    run(&builder, &silent, false).await;
    run(&builder, &named, true).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(run(&builder, &named, false).await);
    }
    let warnings = told(&test, 4).await;
    // Five minutes may end between two of them.
    assert!((1..=2).contains(&warnings.len()), "{warnings:?}");
    let warning = &warnings[0];
    assert_eq!((warning.outcome, warning.reason), (Some(OutboundOutcome::Sent), OutboundReason::Failed));
    assert_eq!(warning.address.as_deref(), Some("mia@example.com"));
    let mails = mails(&sandbox).await;
    assert_eq!(mails.len(), warnings.len());
    let text = mails[0]["text"].as_str().unwrap();
    assert!(text.starts_with("Ends failed: Order 7") && text.contains("No."), "{text}");
    assert!(ids.iter().any(|id| text.contains(&format!("https://countersign.example/runs/{id}"))), "{text}");
    assert!(text.contains(" runs failed.") && !text.contains("/d/"), "nothing decides: {text}");
    let list = builder.get("/outbound").await.is(200).json.clone();
    let notice = list["items"].as_array().unwrap().iter().find(|notice| notice["reason"] == "failed").unwrap();
    assert!(ids.iter().any(|id| notice["about"] == json!(id)), "{notice}");
}

#[tokio::test]
async fn a_share_is_told_when_it_is_reached() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let builder = test.key(Role::Builder).await;
    let alerts = json!({ "tell": ["mia@example.com"], "each": false, "percent": 30 });
    let workflow = workflow(&test, &builder, "Ends", alerts).await;
    for _ in 0..7 {
        run(&builder, &workflow, true).await;
    }
    for failed in 1..=2 {
        run(&builder, &workflow, false).await;
        assert_eq!(told(&test, failed).await, [], "two of nine, and too few");
    }
    run(&builder, &workflow, false).await;
    assert_eq!(told(&test, 3).await.len(), 1, "three of ten");
    run(&builder, &workflow, false).await;
    let again = told(&test, 4).await.len();
    assert!((1..=2).contains(&again), "not again within the hour: {again}");
    let text = mails(&sandbox).await[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("3 of the last 10 runs failed."), "{text}");
}

#[tokio::test]
async fn alerts_that_reach_nobody_are_told_when_they_are_written() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let check = async |alerts: Value| {
        let document = json!({
            "schema": 1, "name": "X", "triggers": [{ "type": "api" }], "alerts": alerts, "start": "done",
            "steps": { "done": { "type": "end" } },
        });
        let found = builder.post("/check", json!({ "document": document })).await.is(200).json.clone();
        let found = found["diagnostics"].as_array().unwrap().clone();
        found.into_iter().map(|one| format!("{} {}", one["code"], one["pointer"])).collect::<Vec<_>>()
    };
    assert_eq!(check(json!({ "tell": [] })).await, [r#""alerts" "/alerts/tell""#]);
    assert_eq!(check(json!({ "tell": ["ghosts"] })).await, [r#""nobody_there" "/alerts/tell""#]);
    let never = json!({ "tell": ["builder"], "each": false });
    assert!(check(never).await.contains(&r#""alerts" "/alerts""#.to_owned()));
    let range = json!({ "tell": ["builder"], "percent": 101 });
    assert!(check(range).await.contains(&r#""alerts" "/alerts/percent""#.to_owned()));
}
