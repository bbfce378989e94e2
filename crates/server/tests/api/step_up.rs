//! Decisions that take a password, given lately.

use crate::{
    notifications::link_of,
    support::{Client, PASSWORD, Reply, TestApp, approval},
};
use axum::http::Method;
use countersign_store::Role;
use serde_json::{Value, json};

async fn asked(test: &TestApp, admin: &Client, approvers: Value) -> String {
    let mut document = approval(approvers);
    document["steps"]["ask"]["timeout"]["after"] = json!("4d");
    let workflow = test.publish(admin, document).await;
    let run = admin.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await.is(201).id();
    format!("{run}.1")
}

async fn decide(who: &Client, checkpoint: &str) -> Reply {
    who.post(&format!("/checkpoints/{checkpoint}/decision"), json!({ "outcome": "approved" })).await
}

#[tokio::test]
async fn a_card_takes_a_password_given_lately_and_a_program_has_none() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let policy = json!({ "roles": ["manager"], "step_up": { "minutes": 5 } });
    let checkpoint = asked(&test, &admin, policy).await;
    test.put_forward(1);
    let shown = mia.get(&format!("/checkpoints/{checkpoint}")).await.is(200).json.clone();
    assert_eq!(shown["approvers"]["step_up"], json!({ "minutes": 5, "links_only": false }));
    decide(&mia, &checkpoint).await.is_problem(403, "step_up_needed");
    let batch = json!({ "decisions": [{ "checkpoint": checkpoint, "outcome": "approved" }] });
    let batch = mia.post("/checkpoints/decisions", batch).await.is(200).json.clone();
    assert_eq!(batch["results"][0]["problem"]["code"], "step_up_needed");
    let key = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    decide(&key, &checkpoint).await.is_problem(403, "key_cannot_step_up");

    let login = mia.post("/auth/login", json!({ "email": "mia@example.com", "password": PASSWORD })).await;
    let fresh = test.anonymous().with("cookie", &login.is(200).cookie()).with("x-requested-with", "countersign");
    let done = decide(&fresh, &checkpoint).await.is(200).json.clone();
    let document: Value = serde_json::from_str(done["receipt"]["document"].as_str().unwrap()).unwrap();
    let detail: Value = serde_json::from_str(document["detail"].as_str().unwrap()).unwrap();
    let at = detail["signed_in_at"].as_i64().expect("the receipt says when");
    assert!((0..60_000).contains(&(done["decided_at"].as_i64().unwrap() - at)), "{detail}");
}

#[tokio::test]
async fn where_only_links_take_it_a_card_and_a_key_do_not() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let policy = json!({ "roles": ["manager"], "step_up": { "minutes": 5, "links_only": true } });
    let checkpoint = asked(&test, &admin, policy).await;
    let token = link_of(&test, &checkpoint, 1, "mia@example.com").await;
    test.put_forward(1);
    let wish = json!({ "outcome": "approved" });
    let refused = test.anonymous().post(&format!("/links/{token}/decision"), wish).await;
    refused.is_problem(403, "step_up_needed");
    let done = decide(&mia, &checkpoint).await.is(200).json.clone();
    let document: Value = serde_json::from_str(done["receipt"]["document"].as_str().unwrap()).unwrap();
    assert!(!document["detail"].as_str().unwrap().contains("signed_in_at"), "it was not asked for: {document}");
}

async fn form(client: &Client, path: &str, body: &str) -> Reply {
    let client = client.with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(body.to_owned())).await
}

#[tokio::test]
async fn a_link_takes_the_password_of_its_person() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let checkpoint = asked(&test, &admin, json!({ "roles": ["manager"], "step_up": { "minutes": 1 } })).await;
    let token = link_of(&test, &checkpoint, 1, "mia@example.com").await;
    let (nobody, page) = (test.anonymous(), format!("//d/{token}"));
    assert_eq!(nobody.get(&format!("/links/{token}")).await.is(200).json["password"], true);
    let path = format!("/links/{token}/decision");
    nobody.post(&path, json!({ "outcome": "approved" })).await.is_problem(403, "step_up_needed");
    let wrong = json!({ "outcome": "approved", "password": "another one" });
    nobody.post(&path, wrong).await.is_problem(401, "invalid_credentials");

    let asks = form(&nobody, &page, "outcome=approved").await;
    assert!(asks.is(200).text.contains("type=\"password\" name=\"password\""), "{}", asks.text);
    let proof =
        |page: &str| page.split_once("name=\"confirmation\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let sure = |page: &str, password: &str| {
        format!("outcome=approved&sure=yes&comment=all+good&confirmation={}&password={password}", proof(page))
    };
    for password in ["", "another+one"] {
        let again = form(&nobody, &page, &sure(&asks.text, password)).await;
        assert!(again.is(401).text.contains("that was not it") && again.text.contains(">all good<"), "{}", again.text);
        assert!(!again.text.contains("another"), "what was typed is not shown: {}", again.text);
    }
    let card = admin.get(&format!("/checkpoints/{checkpoint}")).await.is(200).json.clone();
    assert_eq!(card["status"], "open");
    let done = form(&nobody, &page, &sure(&asks.text, &PASSWORD.replace(' ', "+"))).await;
    assert!(done.is(200).text.contains("Decided: approve by mia"), "{}", done.text);
    let entries = admin.get("/audit?limit=200").await.is(200).json["items"].as_array().unwrap().clone();
    let of = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!((of("session.refused"), of("checkpoint.decided")), (2, 1));
    let decided = entries.iter().find(|entry| entry["action"] == "checkpoint.decided").unwrap();
    assert!(decided["detail"]["signed_in_at"].is_i64() && decided["actor"]["via"] == "link", "{decided}");
}
