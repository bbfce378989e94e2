//! A GET changes nothing: mail scanners and previews open every link they find.

use crate::{
    notifications::link_of,
    support::{Client, TestApp, approval, echo},
};
use countersign_store::{Role, RunFilter};
use serde_json::{Value, json};

/// GETs that leave an entry in the audit trail.
const EXPORTS: [&str; 2] = ["/api/v1/audit/export", "/api/v1/runs/export"];

/// Everything that could have changed, as one value.
async fn state(test: &TestApp, admin: &Client) -> Value {
    let (store, workspace) = (&test.store, test.workspace.as_str());
    let mut state = json!({
        "audit": store.export_audit(workspace, 0, 1000).await.unwrap().len(),
        "runs": format!("{:?}", store.count_runs_by_status(workspace, &RunFilter::default()).await.unwrap()),
        "members": store.list_members(workspace).await.unwrap().len(),
        "versions": format!("{:?}", store.list_workflow_briefs(workspace, true).await.unwrap()),
    });
    for path in [
        "/runs",
        "/checkpoints",
        "/workflows?archived=true",
        "/customers",
        "/conversations",
        "/people",
        "/connections",
        "/channels",
    ] {
        state[path] = admin.get(path).await.is(200).json.clone();
    }
    state
}

#[tokio::test]
async fn no_get_changes_anything() {
    let test = TestApp::start().await;
    let admin = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    test.publish(&admin, echo()).await;
    let workflow = test.publish(&admin, approval(json!({ "roles": ["manager"] }))).await;
    let chat = test.anonymous().post("/chat/main/conversations", json!({ "email": "ada@example.com" })).await;
    let conversation = chat.is(201).json["conversation"].as_str().unwrap().to_owned();
    let token = chat.json["token"].as_str().unwrap().to_owned();
    let body = json!({ "workflow": workflow, "input": { "who": "Ada" }, "conversation": conversation });
    let run = admin.post("/runs", body).await.is(201).id();
    let customer = admin.get("/customers").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    test.person("manager@example.com", Role::Viewer, &["manager"]).await;
    admin.post(&format!("/checkpoints/{run}.1/take"), json!({})).await.is(200);
    admin.post(&format!("/checkpoints/{run}.1/release"), json!({})).await.is(200);
    let account = json!({ "connector": "stripe", "name": "main", "secrets": { "api_key": "sk_test_1" } });
    let connection = admin.post("/connections?untested=true", account).await.is(201).id();
    let link = link_of(&test, &format!("{run}.1"), 1, "manager@example.com").await;
    let before = state(&test, &admin).await;
    let document = serde_json::to_value(countersign_server::openapi()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // What leaves the house is on the record, and nothing else of it: `record.rs`.
        if EXPORTS.contains(&path.as_str()) {
            continue;
        }
        if item.get("get").is_none() || path.ends_with("/events") && !path.contains("/runs/") {
            continue;
        }
        let id = match path.split('/').nth(3).unwrap() {
            "workflows" => workflow.clone(),
            "runs" => run.clone(),
            "checkpoints" => format!("{run}.1"),
            "customers" => customer.clone(),
            "connections" => connection.clone(),
            "conversations" | "chat" => conversation.clone(),
            _ => "stripe".to_owned(),
        };
        let path = path
            .strip_prefix("/api/v1")
            .unwrap()
            .replace("{id}", &id)
            .replace("{n}", "1")
            .replace("{name}", &id)
            .replace("{action}", "customer.get")
            .replace("{token}", &link);
        let path = if path.ends_with("/merge") { format!("{path}?customer={id}") } else { path };
        let reply = admin.with("x-visitor", &token).get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        // What looks like a decision in the address decides nothing.
        let reply = admin
            .get(&format!("{path}{}outcome=approved&decision=approved", if path.contains('?') { '&' } else { '?' }))
            .await;
        assert!(reply.status.as_u16() < 500, "{path}: {}", reply.text);
        seen += 1;
    }
    assert!(seen > 30, "only {seen} GETs were tried");
    assert_eq!(state(&test, &admin).await, before);
}

#[tokio::test]
async fn a_decision_is_a_post() {
    let test = TestApp::start().await;
    let admin = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    test.publish(&admin, approval(json!({ "roles": ["manager"] }))).await;
    let run = admin.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    admin.get(&format!("/checkpoints/{run}.1/decision")).await.is_problem(405, "method_not_allowed");
    assert_eq!(admin.get(&format!("/checkpoints/{run}.1")).await.json["status"], "open");
}

#[tokio::test]
async fn pages_and_answers_carry_headers_that_keep_browsers_safe() {
    let test = TestApp::start().await;
    let api = test.anonymous().get("/auth/me").await;
    assert_eq!(api.headers["cache-control"], "no-store");
    assert!(api.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let page = test.anonymous().get("//runs").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert!(page.headers.contains_key("strict-transport-security"));
    let chat = test.anonymous().get("//c/main").await;
    assert!(chat.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors *"));
    assert!(!chat.headers.contains_key("x-frame-options"));
    assert_eq!(test.anonymous().get("//healthz").await.is(200).text, "ok");
    assert_eq!(test.anonymous().get("//readyz").await.is(200).json["ready"], true);
    test.anonymous().get("//metrics").await.is_problem(404, "not_found");
    assert_eq!(test.anonymous().get("/openapi.json").await.is(200).json["openapi"], "3.1.0");
}
