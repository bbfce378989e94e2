//! Connections, channels, the audit trail: secrets go in and never come out.

use crate::support::TestApp;
use countersign_store::{AuditRow, Role, verify_chain};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SECRET: &str = "sk_test_never_to_be_seen";

#[tokio::test]
async fn a_connection_keeps_its_secrets() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let wrong = admin.post("/connections", json!({ "connector": "stripe", "name": "main", "secrets": {} })).await;
    assert!(
        wrong.is_problem(422, "invalid_connection").json["errors"][0]["pointer"]
            .as_str()
            .unwrap()
            .starts_with("/secrets")
    );
    let nothing = admin.post("/connections", json!({ "connector": "nothing", "name": "x" })).await;
    nothing.is_problem(422, "invalid_connection");
    let body = json!({ "connector": "stripe", "name": "main", "secrets": { "api_key": SECRET } });
    let made = admin.post("/connections", body.clone()).await;
    assert_eq!(made.is(201).json["secret_names"], json!(["api_key"]));
    admin.post("/connections", body).await.is_problem(409, "already_exists");
    let path = format!("/connections/{}", made.id());
    admin.patch(&path, json!({ "secrets": { "api_key": null } })).await.is_problem(422, "invalid_connection");
    admin.patch(&path, json!({ "secrets": { "api_key": 7 } })).await.is_problem(422, "invalid_request");
    let renamed = admin.patch(&path, json!({ "name": "primary" })).await;
    assert_eq!(
        (&renamed.is(200).json["name"], &renamed.json["secret_names"]),
        (&json!("primary"), &json!(["api_key"]))
    );
    let row = &test.store.list_connections(&test.workspace).await.unwrap()[0];
    assert!(!row.sealed.contains(SECRET) && !row.sealed.is_empty());
    for read in ["/connections", "/audit", "/connectors"] {
        assert!(!admin.get(read).await.is(200).text.contains(SECRET), "{read}");
    }
    let audit = admin.get("/audit?action=connection.created").await;
    assert_eq!(audit.json["items"][0]["detail"]["secrets"], json!(["api_key"]));
    admin.delete(&path).await.is(204);
    assert_eq!(admin.get("/connections").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_channel_keeps_its_secrets() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let kinds = admin.get("/channel-kinds").await;
    assert_eq!(kinds.is(200).json["items"].as_array().unwrap().len(), 5);
    let wrong = admin.post("/channels", json!({ "channel": "telegram", "name": "bot" })).await;
    assert_eq!(wrong.is_problem(422, "invalid_request").json["pointer"], "/secrets/token");
    admin.post("/channels", json!({ "channel": "fax", "name": "x" })).await.is_problem(422, "invalid_request");
    let body = json!({ "channel": "telegram", "name": "bot", "secrets": { "token": SECRET } });
    let made = admin.post("/channels", body).await;
    assert_eq!(made.is(201).json["secret_names"], json!(["token"]));
    assert!(!admin.get("/channels").await.is(200).text.contains(SECRET));
    let path = format!("/channels/{}", made.id());
    admin.patch(&path, json!({ "settings": { "colour": "red" } })).await.is_problem(422, "invalid_request");
    admin.patch(&path, json!({ "name": "robot" })).await.is(200);
    admin.delete(&path).await.is(204);
}

#[tokio::test]
async fn what_people_do_is_on_the_record() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    test.publish(&ada, crate::support::echo()).await;
    ada.post("/api-keys", json!({ "name": "Shop", "role": "viewer" })).await.is(201);
    ada.patch("/workspace", json!({ "name": "Main office" })).await.is(200);
    let audit = ada.get("/audit?limit=200").await;
    let actions: Vec<&str> =
        audit.is(200).json["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    for action in ["session.opened", "workflow.created", "workflow.published", "api_key.created", "workspace.changed"] {
        assert!(actions.contains(&action), "{action} is missing in {actions:?}");
    }
    let published =
        audit.json["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "workflow.published").unwrap();
    assert_eq!((&published["actor"]["name"], &published["actor"]["via"]), (&json!("ada"), &json!("portal")));
    let page = ada.get("/audit?limit=2").await;
    let next = page.json["next"].as_str().unwrap();
    let older = ada.get(&format!("/audit?limit=2&cursor={next}")).await;
    assert!(older.json["items"][0]["seq"].as_u64() < page.json["items"][1]["seq"].as_u64());
    assert_eq!(ada.get("/audit/verify").await.json["ok"], true);
}

#[tokio::test]
async fn an_export_of_the_audit_trail_is_verified_offline() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    ada.patch("/workspace", json!({ "name": "Main office" })).await.is(200);
    let export = ada.get("/audit/export").await;
    assert!(export.is(200).text.starts_with("{\"workspace\":"), "{}", export.text);
    let mut entries: Vec<AuditRow> =
        export.text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.len() >= 2, "{}", export.text);
    let last = entries.last().unwrap().seq;
    assert_eq!(verify_chain(entries.clone()).broken_at, None);
    assert_eq!(ada.get(&format!("/audit/export?after={last}")).await.is(200).text, "");
    entries[1].detail.push(' ');
    assert_eq!(verify_chain(entries).broken_at, Some(2));
    test.key(Role::Builder).await.get("/audit/export").await.is(403);
}

#[tokio::test]
async fn customers_are_added_found_and_changed() {
    let test = TestApp::start().await;
    let operator = test.key(Role::Operator).await;
    let made = operator
        .post("/customers", json!({ "name": "Ada", "email": "Ada@Example.com", "phone": "+49 (30) 123-456" }))
        .await;
    assert_eq!((&made.is(201).json["email"], &made.json["phone"]), (&json!("ada@example.com"), &json!("+4930123456")));
    let path = format!("/customers/{}", made.id());
    let changed = operator.patch(&path, json!({ "fields": { "plan": "pro", "since": 2020 } })).await;
    assert_eq!(changed.is(200).json["fields"], json!({ "plan": "pro", "since": 2020 }));
    let changed = operator.patch(&path, json!({ "fields": { "since": null } })).await;
    assert_eq!(changed.json["fields"], json!({ "plan": "pro" }));
    operator.patch(&path, json!({ "email": "nonsense" })).await.is_problem(422, "invalid_request");
    operator.patch(&path, json!({ "phone": "12" })).await.is_problem(422, "invalid_request");
    assert_eq!(operator.get("/customers?text=ada").await.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(operator.get("/customers?text=grace").await.json["items"], json!([]));
}

#[tokio::test]
async fn of_a_policy_only_what_is_given_changes() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    admin.patch("/workspace", json!({ "policy": { "allow_unguarded": true } })).await.is(200);
    let changed = admin.patch("/workspace", json!({ "policy": { "try_writes": "nobody" } })).await;
    let now = changed.is(200).json["policy"].clone();
    assert_eq!((&now["allow_unguarded"], &now["try_writes"]), (&json!(true), &json!("nobody")));
    let named = admin.patch("/workspace", json!({ "name": "Office", "policy": {} })).await;
    assert_eq!(named.is(200).json["policy"], changed.json["policy"]);
    admin.patch("/workspace", json!({ "policy": { "allow_all": true } })).await.is(422);
    assert_eq!(admin.get("/workspace").await.json["policy"], changed.json["policy"]);
}

#[tokio::test]
async fn who_change_the_workspace_at_the_same_moment_undo_nothing_of_each_other() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    for round in 0..10 {
        let (unguarded, writes) = (round % 2 == 0, if round % 2 == 0 { "nobody" } else { "builders" });
        let wishes = [
            json!({ "policy": { "allow_unguarded": unguarded } }),
            json!({ "policy": { "try_writes": writes } }),
            json!({ "name": format!("Office {round}") }),
        ];
        for done in futures::future::join_all(wishes.map(|wish| ada.patch("/workspace", wish))).await {
            done.is(200);
        }
        let now = ada.get("/workspace").await.is(200).json.clone();
        let policy = (&now["policy"]["allow_unguarded"], &now["policy"]["try_writes"]);
        assert_eq!(policy, (&json!(unguarded), &json!(writes)), "{round}");
        assert_eq!(now["name"], format!("Office {round}"));
    }
    // Each entry begins where the one before it ended.
    let found = ada.get("/audit?action=workspace.changed&limit=200").await.json["items"].clone();
    let mut is: BTreeMap<String, Value> = BTreeMap::new();
    for entry in found.as_array().unwrap().iter().rev() {
        for (field, before) in entry["detail"]["before"].as_object().unwrap() {
            let known = is.insert(field.clone(), entry["detail"]["after"][field].clone());
            assert!(known.is_none_or(|known| known == *before), "{field}: {entry}");
        }
    }
    assert_eq!((&is["policy"]["try_writes"], &is["name"]), (&json!("builders"), &json!("Office 9")));
}
