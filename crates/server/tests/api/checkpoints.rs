//! Deciding: who may, once, and what they see. The last test plays the whole example against the sandbox.

use crate::support::{TestApp, approval};
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_server::seed::{self, SeedAccount};
use countersign_store::{AuditRow, Role, receipt_holds};
use serde_json::{Value, json};

#[tokio::test]
async fn a_checkpoint_is_decided_once() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let one = test.key_in(&test.workspace, Role::Viewer, &["manager"]).await;
    let two = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1/decision");
    let (first, second) = tokio::join!(
        one.post(&path, json!({ "outcome": "approved" })),
        two.post(&path, json!({ "outcome": "rejected", "comment": "too much" })),
    );
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    won.is(200);
    lost.is_problem(409, "already_decided");
    assert_eq!(lost.json["outcome"], won.json["outcome"]);
    assert_eq!(lost.json["decided_by"]["name"], won.json["decided_by"]["name"]);
    assert!(lost.json["decided_at"].is_i64());
    one.post(&path, json!({ "outcome": "approved" })).await.is_problem(409, "already_decided");
}

#[tokio::test]
async fn a_decision_has_a_receipt_that_anybody_can_check() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    test.publish(&ada, approval(json!({ "roles": ["admin"] }))).await;
    let run = ada.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1");
    assert_eq!(ada.get(&path).await.is(200).json["receipt"], json!(null));
    ada.post(&format!("{path}/decision"), json!({ "outcome": "approved", "comment": "fine" })).await.is(200);
    let receipt = ada.get(&path).await.is(200).json["receipt"].clone();
    let document: Value = serde_json::from_str(receipt["document"].as_str().unwrap()).unwrap();
    let detail: Value = serde_json::from_str(document["detail"].as_str().unwrap()).unwrap();
    assert_eq!((&detail["outcome"], &detail["by"]["email"]), (&json!("approved"), &json!("ada@example.com")));
    assert_eq!((&document["via"], &document["seq"]), (&json!("portal"), &receipt["seq"]));
    assert_eq!(detail["shown"].as_str().unwrap().len(), 64);

    let export = ada.get("/audit/export").await.text.clone();
    let key = receipt["public_key"].as_str().unwrap();
    assert!(export.lines().next().unwrap().contains(key), "{export}");
    let mut entries: Vec<AuditRow> = export.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.iter().all(|entry| receipt_holds(entry, key)), "{export}");
    let decided = entries.iter_mut().find(|entry| entry.action == "checkpoint.decided").unwrap();
    assert_eq!(decided.receipt.as_deref(), receipt["signature"].as_str());
    decided.detail = decided.detail.replace("approved", "rejected");
    assert!(!receipt_holds(decided, key));
}

#[tokio::test]
async fn only_approvers_decide_and_only_what_is_offered() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let operator = test.key(Role::Operator).await;
    let manager = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"], "exclude_requester": true }))).await;
    let run = manager.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1");
    let shown = operator.get(&path).await;
    assert_eq!(
        (&shown.is(200).json["may_decide"], &shown.json["why_not"]),
        (&json!(false), &json!("this needs manager"))
    );
    operator
        .post(&format!("{path}/decision"), json!({ "outcome": "approved" }))
        .await
        .is_problem(403, "not_an_approver");
    manager
        .post(&format!("{path}/decision"), json!({ "outcome": "approved" }))
        .await
        .is_problem(403, "not_an_approver");
    let second = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    let wrong = second.post(&format!("{path}/decision"), json!({ "outcome": "perhaps" })).await;
    assert_eq!(wrong.is_problem(422, "outcome_not_offered").json["offered"], json!(["approved", "rejected"]));
    assert_eq!(second.get("/checkpoints?scope=mine").await.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(operator.get("/checkpoints?scope=mine").await.json["items"], json!([]));
    assert_eq!(operator.get("/checkpoints/counts").await.json["approval"], 1);
    second.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is(200);
    assert_eq!(operator.get("/checkpoints?status=open").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_checkpoint_can_be_taken_and_given_back() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["operator"] }))).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let ada = test.person("ada@example.com", Role::Operator, &[]).await;
    let taken = ada.post(&format!("/checkpoints/{run}.1/take"), json!({})).await;
    assert_eq!(taken.is(200).json["assigned_to"]["name"], "ada");
    assert_eq!(builder.get("/checkpoints?scope=mine").await.json["items"], json!([]));
    assert_eq!(ada.get("/checkpoints?scope=mine").await.json["items"].as_array().unwrap().len(), 1);
    let released = ada.post(&format!("/checkpoints/{run}.1/release"), json!({})).await;
    assert_eq!(released.is(200).json["assigned_to"], json!(null));
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub(crate) async fn connect(test: &TestApp, sandbox: &Sandbox) {
    let account = |kind, path: &str, secrets| SeedAccount {
        kind,
        name: "sandbox",
        settings: object(json!({ "base_url": format!("{}/{path}", sandbox.url()) })),
        secrets: object(secrets),
    };
    let (store, vault, workspace) = (&test.store, &test.vault, &test.workspace);
    let identity = account("identity", "identity", json!({ "token": "identity_test" }));
    seed::connection(store, vault, workspace, identity).await.unwrap();
    let stripe = account("stripe", "stripe", json!({ "api_key": "sk_test_51Countersign" }));
    seed::connection(store, vault, workspace, stripe).await.unwrap();
}

#[tokio::test]
async fn an_approver_sees_what_will_happen_and_no_secret() {
    let test = TestApp::start().await;
    let any = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
    connect(&test, &sandbox).await;
    let builder = test.key(Role::Builder).await;
    let manager = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    let source = include_str!("../../../../examples/subscription-upgrade.yaml");
    let made = builder.post("/workflows", json!({ "source": source })).await.is(201).id();
    builder.post(&format!("/workflows/{made}/publish"), json!({})).await.is(201);

    let chat = test.anonymous().post("/chat/main/conversations", json!({ "email": "ada@example.com" })).await;
    let visitor = test.anonymous().with("x-visitor", chat.is(201).json["token"].as_str().unwrap());
    let path = format!("/chat/conversations/{}", chat.json["conversation"].as_str().unwrap());
    visitor.post(&format!("{path}/messages"), json!({ "body": "I would like to upgrade" })).await.is(201);
    let view = visitor.get(&path).await;
    let form = view.is(200).json["messages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|message| !message["form"].is_null())
        .unwrap()
        .clone();
    let checkpoint = form["form"]["checkpoint"].as_str().unwrap();
    let mut changes = test.store.subscribe();
    visitor
        .post(&format!("{path}/forms/{checkpoint}"), json!({ "values": { "email": "ada@example.com" } }))
        .await
        .is(200);

    let open = loop {
        let open = manager.get("/checkpoints?status=open&kind=approval").await;
        if let Some(item) = open.is(200).json["items"].get(0) {
            break item["id"].as_str().unwrap().to_owned();
        }
        tokio::time::timeout(std::time::Duration::from_secs(30), changes.recv()).await.unwrap().unwrap();
    };
    let shown = manager.get(&format!("/checkpoints/{open}")).await;
    let shown = &shown.is(200).json;
    assert_eq!(shown["may_decide"], true, "{shown}");
    assert_eq!(shown["requests"][0]["step"], "execute");
    assert_eq!(shown["requests"][0]["risk"], "high");
    assert_eq!(shown["requests"][0]["request"]["method"], "POST");
    assert!(shown["requests"][0]["request"]["url"].as_str().unwrap().contains("/stripe/v1/subscriptions/"), "{shown}");
    assert_eq!(shown["on_approve"]["step"], "execute");
    assert!(shown["on_reject"]["messages"][0].as_str().unwrap().contains("could not approve"), "{shown}");
    assert_eq!(shown["on_timeout_step"]["step"], "too_late");
    let said = &shown["customer"];
    assert_eq!(
        (&said["email"], &said["claimed"]["email"]),
        (&json!(null), &json!("ada@example.com")),
        "nobody proved it"
    );
    assert_eq!(shown["state"]["vars"]["current_plan"], "pro");
    assert!(shown["path"].as_array().unwrap().len() >= 4);
    assert!(!shown.to_string().contains("sk_test_51Countersign"), "a secret is shown");
    assert!(!shown.to_string().contains("identity_test"), "a secret is shown");
}
