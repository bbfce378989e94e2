//! Whatever is sent, the answer is a problem document that says what is wrong.

use crate::support::{TestApp, approval, echo};
use axum::http::Method;
use countersign_store::Role;
use serde_json::json;

#[tokio::test]
async fn unknown_addresses_and_methods_answer_problems() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    client.get("/nothing").await.is_problem(404, "not_found");
    client.get("//api").await.is_problem(404, "not_found");
    client.get("//api/v2/runs").await.is_problem(404, "not_found");
    let wrong = client.send(Method::DELETE, "/runs", None).await;
    wrong.is_problem(405, "method_not_allowed");
    assert!(wrong.headers.contains_key("allow"));
    test.anonymous().post("//somewhere", json!({})).await.is_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn ids_that_lead_nowhere_are_not_found() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    let nowhere = "0199aaaa-0000-7000-8000-000000000000";
    for path in [
        "/workflows/X",
        "/workflows/X/draft.yaml",
        "/workflows/X/versions",
        "/workflows/X/versions/1",
        "/workflows/X/versions/one",
        "/workflows/X/diff",
        "/workflows/X/activations",
        "/runs/X",
        "/runs/X/events",
        "/runs/X/graph",
        "/checkpoints/X",
        "/checkpoints/X.1",
        "/customers/X",
        "/conversations/X",
        "/conversations/X/notes",
        "/connectors/X",
    ] {
        client.get(&path.replace('X', nowhere)).await.is_problem(404, "not_found");
    }
    for path in
        ["/runs/X/cancel", "/runs/X/retry", "/checkpoints/X/take", "/checkpoints/X/release", "/workflows/X/restore"]
    {
        client.post(&path.replace('X', nowhere), json!({})).await.is_problem(404, "not_found");
    }
    client
        .post(&format!("/checkpoints/{nowhere}/decision"), json!({ "outcome": "approved" }))
        .await
        .is_problem(404, "not_found");
    client.post("/runs", json!({ "workflow": nowhere })).await.is_problem(404, "not_found");
    for path in ["/api-keys/X", "/connections/X", "/channels/X", "/workflows/X"] {
        client.delete(&path.replace('X', nowhere)).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn bodies_that_are_not_json_say_where() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    let broken = client.send(Method::POST, "/check", Some("{\"document\": {\n  \"schema\": 1,,\n}}".to_owned())).await;
    broken.is_problem(400, "malformed_json");
    assert_eq!((&broken.json["line"], &broken.json["column"]), (&json!(2), &json!(15)), "{}", broken.text);
    client.send(Method::POST, "/check", Some(String::new())).await.is_problem(400, "malformed_json");
    client.send(Method::POST, "/check", Some("{} {}".to_owned())).await.is_problem(400, "malformed_json");
    client.send(Method::POST, "/check", Some("\u{0}\u{1}".to_owned())).await.is_problem(400, "malformed_json");
    let deep = format!("{{\"document\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    client.send(Method::POST, "/check", Some(deep)).await.is_problem(400, "malformed_json");
    let plain = client.with("content-type", "text/plain");
    plain.post("/check", json!({})).await.is_problem(415, "unsupported_media_type");
    client
        .with("content-type", "application/vnd.x+json; charset=utf-8")
        .post("/check", json!({ "source": "a: 1" }))
        .await
        .is(200);
}

#[tokio::test]
async fn wrong_types_and_unknown_fields_say_which() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    let wrong = client.post("/runs", json!({ "workflow": 7 })).await;
    wrong.is_problem(422, "invalid_request");
    assert_eq!(wrong.json["pointer"], "/workflow");
    let wrong = client.post("/api-keys", json!({ "name": "x", "role": "king" })).await;
    assert_eq!(wrong.is_problem(422, "invalid_request").json["pointer"], "/role");
    let unknown = client.post("/eval", json!({ "expresion": "1" })).await;
    assert!(unknown.is_problem(422, "invalid_request").text.contains("expresion"));
    let missing = client.post("/auth/login", json!({ "email": "a@example.com" })).await;
    assert!(missing.is_problem(422, "invalid_request").text.contains("password"));
}

#[tokio::test]
async fn parameters_that_make_no_sense_are_refused() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    for path in [
        "/runs?limit=many",
        "/runs?cursor=x",
        "/runs?status=sleeping",
        "/runs?after=soon",
        "/checkpoints?kind=tea",
        "/audit?cursor=x",
    ] {
        client.get(path).await.is_problem(400, "invalid_parameter");
    }
    let long = "k".repeat(256);
    let keyed = client.with("idempotency-key", &long);
    keyed.post("/customers", json!({ "name": "x" })).await.is_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn bodies_have_a_bound() {
    let test = TestApp::start().await;
    let client = test.key(Role::Admin).await;
    let ten_mebibytes = json!({ "source": "x".repeat(10 * 1024 * 1024) });
    client.post("/check", ten_mebibytes).await.is_problem(413, "body_too_large");
    let mut large = echo();
    large["description"] = json!("x".repeat(1024 * 1024 + 1));
    client.post("/workflows", json!({ "document": large })).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn a_server_with_no_place_left_says_so() {
    use countersign_server::ServerConfig;
    let test = TestApp::with(ServerConfig { requests_max: 0, ..ServerConfig::default() }).await;
    let busy = test.anonymous().get("/auth/me").await;
    busy.is_problem(503, "busy");
    assert!(busy.headers.contains_key("retry-after"));
    test.anonymous().get("//healthz").await.is(200);
    test.anonymous().get("//readyz").await.is(200);
}

#[tokio::test]
async fn another_workspace_finds_nothing() {
    let test = TestApp::start().await;
    let admin = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let workflow = test.publish(&admin, approval(json!({ "roles": ["manager"] }))).await;
    let run = admin
        .post(
            "/runs",
            json!({ "workflow": workflow, "input": { "who": "Ada" }, "customer": { "email": "ada@example.com" } }),
        )
        .await;
    let run = run.is(201).id();
    let checkpoint = format!("{run}.1");
    admin.get(&format!("/checkpoints/{checkpoint}")).await.is(200);
    let customer = admin.get("/customers").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let other = test.other_workspace().await;
    for path in [
        format!("/workflows/{workflow}"),
        format!("/workflows/{workflow}/versions"),
        format!("/workflows/{workflow}/versions/1"),
        format!("/workflows/{workflow}/draft.yaml"),
        format!("/workflows/{workflow}/diff"),
        format!("/runs/{run}"),
        format!("/runs/{run}/events"),
        format!("/runs/{run}/graph"),
        format!("/checkpoints/{checkpoint}"),
        format!("/customers/{customer}"),
    ] {
        other.get(&path).await.is_problem(404, "not_found");
    }
    for path in ["/workflows", "/runs", "/checkpoints", "/customers", "/conversations", "/people"] {
        assert_eq!(other.get(path).await.is(200).json["items"], json!([]), "{path}");
    }
    let decision = json!({ "outcome": "approved" });
    other.post(&format!("/checkpoints/{checkpoint}/decision"), decision).await.is_problem(404, "not_found");
    other.post(&format!("/runs/{run}/cancel"), json!({})).await.is_problem(404, "not_found");
    other.post("/runs", json!({ "workflow": workflow })).await.is_problem(404, "not_found");
    other.post("/runs", json!({ "workflow": "Approval" })).await.is_problem(404, "not_found");
    other.post(&format!("/workflows/{workflow}/publish"), json!({})).await.is_problem(404, "not_found");
    other.delete(&format!("/workflows/{workflow}")).await.is_problem(404, "not_found");
}
