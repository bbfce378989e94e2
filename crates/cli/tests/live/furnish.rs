//! An empty server made ready through its public API.

use super::{
    api::{Api, Request},
    node::Node,
    outside::Outside,
};
use serde_json::{Value, json};

/// Who acts.
pub struct People {
    /// Everything but approving.
    pub admin: Api,
    /// Two who approve.
    pub managers: [Api; 2],
    /// Without an account.
    pub visitor: Api,
}

/// The password of who sets up.
pub const PASSWORD: &str = "countersign-test";

/// Makes accounts and connects the sandbox.
pub async fn furnish(node: &Node, outside: &Outside) -> People {
    let token = node.setup.as_deref().unwrap().rsplit('#').next().unwrap();
    let visitor = Api::new(None);
    let setup = json!({ "token": token, "password": PASSWORD, "name": "Ada Example", "email": "ada@example.com" });
    let signed_in = visitor.send(&node.url, &Request::post("/auth/setup", setup)).await.unwrap();
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let key = async |name: &str, role: &str, groups: &[&str]| {
        let made = json!({ "name": name, "role": role, "groups": groups, "may_decide": true });
        let request =
            Request::post("/api-keys", made).header("cookie", cookie.clone()).header("x-requested-with", "countersign");
        let made = visitor.send(&node.url, &request).await.unwrap().good();
        Api::new(made["key"].as_str())
    };
    let admin = key("admin", "admin", &[]).await;
    let managers =
        [key("manager one", "operator", &["manager"]).await, key("manager two", "operator", &["manager"]).await];
    let rest = json!({ "connector": "http", "name": "sandbox", "secrets": {},
        "settings": { "base_url": format!("{}/rest", outside.sandbox.url()) } });
    admin.post(&node.url, "/connections", rest).await;
    let smtp = outside.sandbox.smtp_addr();
    let mail =
        json!({ "host": smtp.ip(), "port": smtp.port(), "tls": "none", "from": "Support <support@example.com>" });
    let mail = json!({ "channel": "email", "name": "sandbox", "settings": mail, "secrets": {} });
    admin.post(&node.url, "/channels", mail).await;
    People { admin, managers, visitor }
}

/// Publishes a document; the workflow's id.
pub async fn publish(node: &Node, admin: &Api, source: &str) -> String {
    let made = admin.post(&node.url, "/workflows", json!({ "source": source })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let published = Request::post(format!("/workflows/{id}/publish"), json!({ "message": "First version" }));
    let answer = admin.send(&node.url, &published).await.unwrap();
    assert!(answer.status < 300, "{:#}", answer.body);
    id
}

/// Asks to start a run.
pub fn start(workflow: &str, key: &str, input: Value) -> Request {
    Request::post("/runs", json!({ "workflow": workflow, "input": input })).header("idempotency-key", key)
}

/// Whether a run is over.
pub fn is_over(run: &Value) -> bool {
    !matches!(run["status"].as_str().unwrap(), "running" | "waiting")
}
