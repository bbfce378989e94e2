//! Canned replies: administrators keep them, operators use them, and nothing with a gap is sent.

use crate::{chat, support::TestApp};
use countersign_store::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn administrators_keep_them_operators_use_them() {
    let test = TestApp::start().await;
    let admin = test.person("admin@example.com", Role::Admin, &[]).await;
    let operator = test.person("operator@example.com", Role::Operator, &[]).await;
    let viewer = test.person("viewer@example.com", Role::Viewer, &[]).await;
    let (visitor, path) = chat::open(&test).await;
    let conversation = path.rsplit('/').next().unwrap().to_owned();
    let hello = json!({ "name": "hello", "body": "Hello {{ customer.name }}, we write to {{customer.phone}}. {{operator.name}}" });
    operator.post("/canned-replies", hello.clone()).await.is(403);
    let id = admin.post("/canned-replies", hello.clone()).await.is(201).id();
    admin.post("/canned-replies", hello).await.is_problem(409, "already_exists");
    for (name, body, pointer) in [
        ("", "x", "/name"),
        ("two words", "x", "/name"),
        ("x", " ", "/body"),
        ("x", "Hello {{name}}", "/body"),
        ("x", "Hello {{customer.name", "/body"),
        ("x", "Hello {{operator.nmae}}", "/body"),
        ("x", "Hello {{workspace.slug}}", "/body"),
        ("x", "Hello {{conversation.subject}}", "/body"),
    ] {
        let refused = admin.post("/canned-replies", json!({ "name": name, "body": body })).await;
        assert_eq!(refused.is(422).json["errors"][0]["pointer"], pointer, "{name}: {body}");
    }
    assert_eq!(viewer.get("/canned-replies").await.is(200).json["items"][0]["name"], "hello");
    let filled = format!("/conversations/{conversation}/canned-replies");
    viewer.get(&filled).await.is(403);
    test.other_workspace().await.get(&filled).await.is(404);
    assert_eq!(test.other_workspace().await.get("/canned-replies").await.json["items"], json!([]));

    // What a visitor says of themselves is their claim: the name is one, a telephone number nobody knows.
    let texts = async || operator.get(&filled).await.is(200).json["items"][0].clone();
    let first = texts().await;
    assert_eq!(first["gaps"], json!(["customer.phone"]), "{first}");
    assert!(first["text"].as_str().unwrap().starts_with("Hello Ada, we write to {{customer.phone}}. "), "{first}");
    let send = format!("/conversations/{conversation}/messages");
    let refused = operator.post(&send, json!({ "body": first["text"] })).await;
    assert_eq!(refused.is(422).json["errors"][0]["pointer"], "/body");
    assert!(refused.text.contains("{{customer.phone}}"), "{}", refused.text);
    // Braces that are no variable are words.
    operator.post(&send, json!({ "body": "Write {{ like this }} in your template." })).await.is(201);

    let row = test.store.get_conversation(&test.workspace, &conversation).await.unwrap().unwrap();
    let customer = format!("/customers/{}", row.customer.unwrap());
    admin.patch(&customer, json!({ "phone": "+4930123456" })).await.is(200);
    let whole = texts().await;
    assert_eq!((&whole["gaps"], whole["text"].as_str().unwrap().contains("+4930123456")), (&json!([]), true));
    operator.post(&send, json!({ "body": whole["text"] })).await.is(201);
    assert_eq!(visitor.get(&path).await.json["messages"][1]["body"], whole["text"]);

    let changed = json!({ "name": "hi", "body": "Hi!" });
    operator.put(&format!("/canned-replies/{id}"), changed.clone()).await.is(403);
    test.other_workspace().await.put(&format!("/canned-replies/{id}"), changed.clone()).await.is(404);
    assert_eq!(admin.put(&format!("/canned-replies/{id}"), changed).await.is(200).json["name"], "hi");
    operator.delete(&format!("/canned-replies/{id}")).await.is(403);
    admin.delete(&format!("/canned-replies/{id}")).await.is(204);
    admin.delete(&format!("/canned-replies/{id}")).await.is(404);
    let entries = admin.get("/audit?limit=200").await.is(200).json["items"].clone();
    let told: Vec<&Value> = entries
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"].as_str().unwrap().starts_with("reply."))
        .map(|entry| &entry["sentence"])
        .collect();
    assert_eq!(told, ["removed the canned reply hi", "changed the canned reply hi", "added the canned reply hello"],);
}
