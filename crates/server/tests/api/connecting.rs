//! Connecting an account by OAuth 2.0: the way there and back, and who may go it.

use crate::support::{Client, Reply, TestApp};
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_store::Role;
use serde_json::{Value, json};

/// What must never be told: what the sandbox gives out, and the client's secret.
const SECRETS: [&str; 3] = ["access_0", "refresh_0", "oauth_test"];

/// A connector of the sandbox's accounts, and a connection that is not connected.
pub(crate) async fn account(admin: &Client) -> (Sandbox, String) {
    let any = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
    let url = sandbox.url();
    let manifest = json!({
        "name": "account", "title": "Account", "base_url": format!("{url}/oauth"),
        "auth": { "kind": "oauth2", "grant": "authorization_code", "authorize_url": "/oauth/authorize",
            "token_url": "/oauth/token", "revoke_url": "/oauth/revoke", "scopes": ["read"] },
        "secrets": { "type": "object", "required": ["client_id"],
            "properties": { "client_id": { "type": "string" }, "client_secret": { "type": "string" } } },
        "probe": { "action": "account.whoami" },
        "actions": { "whoami": { "title": "Who", "method": "GET", "path": "/whoami", "risk": "read", "idempotency": { "kind": "natural" } } },
    });
    admin.post("/connectors", json!({ "source": manifest.to_string() })).await.is(201);
    let secrets = json!({ "client_id": "sandbox", "client_secret": "oauth_test" });
    let made = admin.post("/connections", json!({ "connector": "account", "name": "main", "secrets": secrets })).await;
    assert_eq!(made.is(201).json["tokens"]["state"], "not_connected", "{}", made.text);
    (sandbox, made.id())
}

/// What a person's browser comes back with from the page at this address, after a press on one of its buttons.
pub(crate) async fn agree(sandbox: &Sandbox, address: &Value, button: &str) -> Value {
    let address = url::Url::parse(address.as_str().unwrap()).unwrap();
    let http = countersign_outbound::direct().no_proxy().build().unwrap();
    let page = http.get(address.clone()).send().await.unwrap();
    assert!(page.status().is_success() && page.text().await.unwrap().contains("Allow"), "{address}");
    let mut form: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    form.push(("agree".to_owned(), button.to_owned()));
    let back = http.post(format!("{}/oauth/agree", sandbox.url())).form(&form).send().await.unwrap();
    let back = url::Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(back.as_str().split('?').next(), Some("https://countersign.example/oauth/callback"));
    back.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}

async fn begin(by: &Client, id: &str) -> Value {
    by.post(&format!("/connections/{id}/connect"), json!({})).await.is(200).json["address"].clone()
}

async fn finish(by: &Client, back: &Value) -> Reply {
    by.post("/connections/connected", back.clone()).await
}

#[tokio::test]
async fn a_person_connects_tests_and_disconnects_and_no_token_is_told() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let (sandbox, id) = account(&admin).await;
    let connector = admin.get("/connectors/account").await;
    assert_eq!(connector.json["oauth_callback"], "https://countersign.example/oauth/callback");
    assert_eq!(admin.get("/connectors/stripe").await.json["oauth_callback"], Value::Null);
    let early = admin.post(&format!("/connections/{id}/test"), json!({})).await;
    assert_eq!(early.is(200).json["health"]["state"], "refused", "{}", early.text);
    let back = agree(&sandbox, &begin(&admin, &id).await, "yes").await;
    // Opening the address of the callback changes nothing: the way back is open afterwards.
    let query = format!("?state={}&code={}", back["state"].as_str().unwrap(), back["code"].as_str().unwrap());
    admin.get(&format!("//oauth/callback{query}")).await;
    assert_eq!(admin.get("/connections").await.json["items"][0]["tokens"]["state"], "not_connected");
    let connected = finish(&admin, &back).await;
    let tokens = &connected.is(200).json["tokens"];
    assert_eq!((&tokens["state"], &tokens["grant"]), (&json!("connected"), &json!("authorization_code")));
    assert!(tokens["connected_by"].is_string() && tokens["reason"] == "", "{tokens}");
    assert!(tokens["expires_at"].as_i64().unwrap() > test.app.now());
    let tested = admin.post(&format!("/connections/{id}/test"), json!({})).await;
    assert_eq!(tested.is(200).json["health"]["state"], "sound", "{}", tested.text);
    // Three hours later the token is renewed before it is used.
    test.put_forward(3);
    let tried = admin.post("/connectors/account/actions/whoami/try", json!({ "input": {} })).await;
    assert_eq!(tried.is(201).json["result"]["output"]["name"], "Ada Example", "{}", tried.text);
    // So do runs, later again.
    let document = json!({ "schema": 1, "name": "Who", "triggers": [{ "type": "api" }], "start": "look", "steps": {
        "look": { "type": "tool_call", "action": "account.whoami", "input": {}, "next": "done" },
        "done": { "type": "end", "output": { "name": "{{ steps.look.output.name }}" } } } });
    let workflow = test.publish(&admin, document).await;
    test.put_forward(1);
    let run = admin.post("/runs", json!({ "workflow": workflow })).await.is(201).id();
    let run = test.until_over(&admin, &run).await;
    assert_eq!((&run["status"], &run["output"]["name"]), (&json!("completed"), &json!("Ada Example")), "{run}");
    admin.post(&format!("/workflows/{workflow}/archive"), json!({})).await;
    let gone = admin.post(&format!("/connections/{id}/disconnect"), json!({})).await;
    assert_eq!((&gone.is(200).json["revoked"], &gone.json["message"]), (&json!(true), &json!("")));
    assert_eq!(gone.json["connection"]["tokens"]["state"], "not_connected");
    admin.post(&format!("/connections/{id}/disconnect"), json!({})).await.is(404);
    let trail = admin.get("/audit?limit=200").await;
    for secret in SECRETS.iter().copied().chain([back["code"].as_str().unwrap(), back["state"].as_str().unwrap()]) {
        for answer in [&connected, &tested, &tried, &gone, &trail, &admin.get("/connections").await] {
            assert!(!answer.text.contains(secret), "{secret} in {}", answer.text);
        }
    }
    for act in ["connecting", "connected", "disconnected", "revoked"] {
        assert!(trail.text.contains(&format!("\"connection.{act}\"")), "{act}");
    }
}

#[tokio::test]
async fn nobody_comes_back_for_somebody_else_twice_or_with_a_no() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    let eve = test.person("eve@example.com", Role::Admin, &[]).await;
    let (sandbox, id) = account(&ada).await;
    let builder = test.person("bob@example.com", Role::Builder, &[]).await;
    let connect = format!("/connections/{id}/connect");
    builder.post(&connect, json!({})).await.is_problem(403, "forbidden");
    test.key(Role::Admin).await.post(&connect, json!({})).await.is_problem(403, "forbidden");
    test.other_workspace().await.post(&connect, json!({})).await.is(403);
    eve.post("/connections/nothing/connect", json!({})).await.is(404);
    // Two tabs.
    let (one, two) = (begin(&ada, &id).await, begin(&ada, &id).await);
    let (one, two) = (agree(&sandbox, &one, "yes").await, agree(&sandbox, &two, "yes").await);
    for stranger in [&eve, &test.key(Role::Admin).await, &builder] {
        assert!(finish(stranger, &one).await.status.is_client_error());
    }
    finish(&eve, &one).await.is_problem(422, "state_unknown");
    finish(&ada, &one).await.is(200);
    finish(&ada, &one).await.is_problem(422, "state_unknown");
    finish(&ada, &two).await.is(200);
    finish(&ada, &json!({ "state": "" })).await.is(422);
    finish(&ada, &json!({ "state": "x", "iss": "y" })).await.is(422);
    // No is an answer too, and a way back that was answered is over.
    let no = agree(&sandbox, &begin(&ada, &id).await, "no").await;
    let refused = finish(&ada, &no).await;
    assert!(refused.is_problem(422, "connect_refused").text.contains("access_denied"), "{}", refused.text);
    finish(&ada, &no).await.is_problem(422, "state_unknown");
    let failed = ada.get("/audit?action=connection.connect_failed").await;
    assert_eq!(failed.json["items"].as_array().unwrap().len(), 1, "{}", failed.text);
    // The code of another way: refused by the service, and said so.
    let crossed = agree(&sandbox, &begin(&ada, &id).await, "yes").await;
    let crossed = json!({ "state": crossed["state"], "code": two["code"] });
    let refused = finish(&ada, &crossed).await;
    assert!(refused.is_problem(422, "connect_refused").text.contains("invalid_grant"), "{}", refused.text);
    // Nobody has to agree to what is no OAuth.
    let secrets = json!({ "api_key": "sk_test_1" });
    let stripe = json!({ "connector": "stripe", "name": "main", "secrets": secrets });
    let stripe = ada.post("/connections?untested=true", stripe).await.is(201).id();
    ada.post(&format!("/connections/{stripe}/connect"), json!({})).await.is_problem(422, "connect_unfit");
}

#[tokio::test]
async fn what_died_says_so_until_somebody_connects_again() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    let (sandbox, id) = account(&ada).await;
    let back = agree(&sandbox, &begin(&ada, &id).await, "yes").await;
    finish(&ada, &back).await.is(200);
    // The service forgets everything.
    let http = countersign_outbound::direct().no_proxy().build().unwrap();
    http.post(format!("{}/_/reset", sandbox.url())).send().await.unwrap();
    test.put_forward(3);
    let tried = ada.post("/connectors/account/actions/whoami/try", json!({ "input": {} })).await;
    assert_eq!(tried.is(201).json["result"]["error"]["code"], "reconnect_needed", "{}", tried.text);
    let shown = ada.get("/connections").await.json["items"][0].clone();
    assert_eq!((&shown["tokens"]["state"], &shown["health"]["state"]), (&json!("reconnect"), &json!("refused")));
    assert!(shown["tokens"]["reason"].as_str().unwrap().contains("invalid_grant"), "{shown}");
    assert_eq!(ada.get("/audit?action=connection.lost").await.json["items"].as_array().unwrap().len(), 1);
    let back = agree(&sandbox, &begin(&ada, &id).await, "yes").await;
    assert_eq!(finish(&ada, &back).await.is(200).json["tokens"]["state"], "connected");
    // Taken away, its tokens go with it and are taken back; a service that does not answer keeps nobody from that.
    sandbox.shutdown().await;
    ada.delete(&format!("/connections/{id}")).await.is(204);
    let told = ada.get("/audit?action=connection.not_revoked").await;
    assert_eq!(told.json["items"].as_array().unwrap().len(), 1, "{}", told.text);
    assert!(test.store.list_connection_tokens(&test.workspace).await.unwrap().is_empty());
}
