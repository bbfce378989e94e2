//! The customer's side.

use crate::support::{Client, TestApp, form};
use countersign_store::Role;
use serde_json::json;

pub(crate) async fn open(test: &TestApp) -> (Client, String) {
    let chat =
        test.anonymous().post("/chat/main/conversations", json!({ "email": "ada@example.com", "name": "Ada" })).await;
    let visitor = test.anonymous().with("x-visitor", chat.is(201).json["token"].as_str().unwrap());
    (visitor, format!("/chat/conversations/{}", chat.json["conversation"].as_str().unwrap()))
}

#[tokio::test]
async fn a_message_starts_a_workflow_that_shows_a_form() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, form()).await;
    let (visitor, path) = open(&test).await;
    let said = visitor.post(&format!("{path}/messages"), json!({ "body": "Hello!", "client_id": "1" })).await;
    assert_eq!(said.is(201).json["author"]["kind"], "customer");
    let again = visitor.post(&format!("{path}/messages"), json!({ "body": "Hello!", "client_id": "1" })).await;
    assert_eq!(again.is(201).id(), said.id());
    let view = visitor.get(&path).await;
    let messages = view.is(200).json["messages"].as_array().unwrap().clone();
    assert_eq!(messages.len(), 2, "{}", view.text);
    let form = &messages[1]["form"];
    assert_eq!((&form["status"], &form["prompt"]), (&json!("open"), &json!("Which size?")));
    let submit = format!("{path}/forms/{}", form["checkpoint"].as_str().unwrap());
    let wrong = visitor.post(&submit, json!({ "values": { "size": "large" } })).await;
    wrong.is_problem(422, "invalid_form");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/size");
    visitor.post(&submit, json!({ "values": { "size": 7 } })).await.is(200);
    visitor.post(&submit, json!({ "values": { "size": 8 } })).await.is_problem(409, "already_decided");
    let view = visitor.get(&format!("{path}?after=1")).await;
    let messages = view.json["messages"].as_array().unwrap();
    assert_eq!(messages[0]["form"]["status"], "submitted");
    assert_eq!(messages[0]["form"]["values"], json!({ "size": 7 }));
    assert_eq!(messages[1]["body"], "Size 7 it is");
    assert_eq!(messages[1]["run"], json!(null));
    assert_eq!(builder.get("/runs").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_half_filled_in_is_kept_until_it_is_sent() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let document = json!({
        "schema": 1, "name": "Claim", "start": "ask", "triggers": [{ "type": "message", "when": "text = 'claim'" }],
        "steps": {
            "ask": { "type": "collect_form", "prompt": "What happened?", "next": "done", "prefill": { "email": "a@example.com" },
                "form": { "type": "object", "required": ["email", "seats"], "properties": {
                    "email": { "type": "string", "format": "email" }, "seats": { "type": "integer" },
                    "pin": { "type": "string", "secret": true } } } },
            "done": { "type": "end" },
        },
    });
    test.publish(&builder, document).await;
    let (visitor, path) = open(&test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "claim" })).await.is(201);
    let form = async || visitor.get(&path).await.is(200).json["messages"][1]["form"].clone();
    let first = form().await;
    assert_eq!(first.get("draft"), None, "nothing is filled in: {first}");
    let submit = format!("{path}/forms/{}", first["checkpoint"].as_str().unwrap());
    let draft = format!("{submit}/draft");
    let typed = json!({ "values": { "email": "zoe@exam", "seats": "tw", "pin": "1234-secret", "other": "x" } });
    let kept = json!({ "email": "zoe@exam", "seats": "tw" });
    assert_eq!(visitor.put(&draft, typed.clone()).await.is(200).json["values"], kept);
    assert_eq!(form().await["draft"], kept, "it survives a reload, as it was typed");
    visitor.put(&draft, json!({ "values": { "email": "" } })).await.is(200);
    assert_eq!(form().await["draft"], json!({ "email": "" }), "the newest counts");
    let long = json!({ "values": { "email": "a".repeat(40_000) } });
    visitor.put(&draft, long).await.is_problem(422, "invalid_request");
    assert_eq!(form().await["draft"], json!({ "email": "" }));
    visitor.put(&draft, typed.clone()).await.is(200);

    // Nobody else keeps or reads it, also no operator before it was sent.
    let (eve, eve_path) = open(&test).await;
    let stranger = format!("{eve_path}/forms/{}/draft", first["checkpoint"].as_str().unwrap());
    eve.put(&stranger, typed.clone()).await.is_problem(404, "not_found");
    eve.put(&draft, typed.clone()).await.is_problem(404, "not_found");
    visitor.put(&draft, json!({ "values": {}, "sent": true })).await.is_problem(422, "invalid_request");
    let admin = test.key(Role::Admin).await;
    let conversation = path.rsplit('/').next().unwrap();
    for read in
        [format!("/conversations/{conversation}"), format!("/checkpoints/{}", first["checkpoint"].as_str().unwrap())]
    {
        let told = admin.get(&read).await;
        assert!(!told.is(200).text.contains("zoe@exam"), "{read}: {}", told.text);
    }

    visitor.post(&submit, json!({ "values": { "email": "ada@example.com", "seats": 2 } })).await.is(200);
    let sent = form().await;
    assert_eq!((&sent["status"], sent.get("draft")), (&json!("submitted"), None), "{sent}");
    visitor.put(&draft, typed).await.is_problem(409, "already_decided");
    let row = test.store.get_checkpoint(&test.workspace, first["checkpoint"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(row.draft, None, "it is gone, not only hidden");
}

#[tokio::test]
async fn a_workflow_starts_with_the_first_message_only() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let document = json!({
        "schema": 1, "name": "Welcome", "start": "done",
        "triggers": [{ "type": "message", "when": "first and channel = 'web'" }],
        "steps": { "done": { "type": "end", "status": "completed" } },
    });
    test.publish(&builder, document).await;
    let runs = async || builder.get("/runs").await.json["items"].as_array().unwrap().len();
    for conversation in 1..=2 {
        let (visitor, path) = open(&test).await;
        for body in ["Hello!", "Is anybody there?"] {
            visitor.post(&format!("{path}/messages"), json!({ "body": body })).await.is(201);
            assert_eq!(runs().await, conversation, "{body}");
        }
    }
}

#[tokio::test]
async fn one_visitor_never_sees_another() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, form()).await;
    let (ada, ada_path) = open(&test).await;
    let (eve, eve_path) = open(&test).await;
    ada.post(&format!("{ada_path}/messages"), json!({ "body": "hello" })).await.is(201);
    eve.get(&ada_path).await.is_problem(404, "not_found");
    eve.post(&format!("{ada_path}/messages"), json!({ "body": "hi" })).await.is_problem(404, "not_found");
    eve.with("x-visitor", "guess").get(&ada_path).await.is_problem(404, "not_found");
    eve.without("x-visitor").get(&ada_path).await.is_problem(401, "unauthenticated");
    let form = ada.get(&ada_path).await.json["messages"][1]["form"]["checkpoint"].as_str().unwrap().to_owned();
    let values = json!({ "values": { "size": 1 } });
    eve.post(&format!("{eve_path}/forms/{form}"), values).await.is_problem(404, "not_found");
    // The secret works in the header; only the stream, which cannot send one, takes it from the address.
    let secret = "anything";
    test.anonymous().get(&format!("{ada_path}?visitor={secret}")).await.is_problem(401, "unauthenticated");
    test.anonymous().post("/chat/nowhere/conversations", json!({})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn operators_answer_note_and_close() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Operator, &[]).await;
    let (visitor, path) = open(&test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "Is anybody there?" })).await.is(201);
    let listed = ada.get("/conversations?status=open").await;
    let item = &listed.is(200).json["items"][0];
    assert_eq!(item["last_message"], "Is anybody there?");
    let conversation = format!("/conversations/{}", item["id"].as_str().unwrap());
    ada.post(&format!("{conversation}/messages"), json!({ "body": "Yes" })).await.is(201);
    ada.post(&format!("{conversation}/messages"), json!({ "body": " " })).await.is_problem(422, "invalid_request");
    ada.post(&format!("{conversation}/notes"), json!({ "body": "Friendly" })).await.is(201);
    assert_eq!(ada.get(&format!("{conversation}/notes")).await.json["items"][0]["author"]["name"], "ada");
    let seen = visitor.get(&path).await;
    assert_eq!(seen.json["messages"][1]["author"], json!({ "kind": "operator", "name": "ada" }));
    assert!(!seen.text.contains("Friendly"), "a note is internal");
    let me = ada.get("/auth/me").await.json["user"]["id"].clone();
    let assigned = ada.post(&format!("{conversation}/assign"), json!({ "assigned_to": me })).await;
    assert_eq!(assigned.is(200).json["assigned_to"]["name"], "ada");
    ada.post(&format!("{conversation}/assign"), json!({ "assigned_to": "nobody" }))
        .await
        .is_problem(422, "invalid_request");
    assert_eq!(ada.post(&format!("{conversation}/close"), json!({})).await.is(200).json["status"], "closed");
    visitor.post(&format!("{path}/messages"), json!({ "body": "One more thing" })).await.is(201);
    assert_eq!(visitor.get(&path).await.json["status"], "open");
}

#[tokio::test]
async fn flooding_is_refused() {
    let test = TestApp::start().await;
    for _ in 0..30 {
        test.anonymous().post("/chat/main/conversations", json!({})).await.is(201);
    }
    test.anonymous().post("/chat/main/conversations", json!({})).await.is_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_long_chat_shows_its_newest_messages_and_leads_back_to_the_oldest() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Operator, &[]).await;
    let (visitor, path) = open(&test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "1" })).await.is(201);
    let id = ada.get("/conversations").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    for number in 2..=205 {
        ada.post(&format!("/conversations/{id}/messages"), json!({ "body": number.to_string() })).await.is(201);
    }
    let bodies = |view: &serde_json::Value| -> Vec<String> {
        let messages = view["messages"].as_array().unwrap().iter();
        messages.map(|message| message["body"].as_str().unwrap().to_owned()).collect()
    };
    let newest = visitor.get(&path).await.json;
    assert_eq!((bodies(&newest).first().unwrap().as_str(), bodies(&newest).last().unwrap().as_str()), ("6", "205"));
    assert_eq!(newest["has_older"], true);
    let before = &newest["messages"][0]["position"];
    let oldest = visitor.get(&format!("{path}?before={before}")).await.json;
    assert_eq!(bodies(&oldest), ["1", "2", "3", "4", "5"]);
    assert_eq!(oldest["has_older"], false);
    let after = &oldest["messages"][4]["position"];
    assert_eq!(bodies(&visitor.get(&format!("{path}?after={after}")).await.json)[0], "6");
    visitor.get(&format!("{path}?after=1&before=9")).await.is_problem(400, "invalid_parameter");
}
