//! The audit trail as people read it: sentences, names, filters, a head noted elsewhere.

use crate::{
    notifications::{rows, sandbox, with_mail},
    support::{TestApp, approval},
};
use countersign_store::{OutboundRow, OutboundStatus, Role};
use serde_json::{Value, json};

#[tokio::test]
async fn entries_are_sentences_with_names() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut document = approval(json!({ "roles": ["manager"] }));
    document["case"] = json!("Order {{ input.who }}");
    let workflow = test.publish(&builder, document).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "R-1" } })).await.is(201).id();
    let admin = test.key(Role::Admin).await;
    let told = async |query: &str| {
        let found = admin.get(&format!("/audit?{query}")).await;
        let items = found.is(200).json["items"].as_array().unwrap().clone();
        items.into_iter().map(|it| it["sentence"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&format!("subject=run:{run}")).await, ["started Order R-1 on version 1"]);
    let about = told("action=workflow.").await;
    assert!(about.contains(&"published version 1 of Approval".to_owned()), "{about:?} {workflow:?}");
    let later = test.app.now() + 1;
    assert_eq!(told(&format!("after={later}")).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_head_noted_elsewhere_is_found_or_missed() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let admin = test.key(Role::Admin).await;
    let now = admin.get("/audit/verify").await;
    let head = now.is(200).json["head"].as_str().unwrap().to_owned();
    assert_eq!((&now.json["ok"], &now.json["head_at"]), (&json!(true), &json!(null)));
    let again = admin.get(&format!("/audit/verify?head={head}")).await;
    assert_eq!((&again.is(200).json["ok"], &again.json["head_at"]), (&json!(true), &now.json["entries"]));
    let shouted = admin.get(&format!("/audit/verify?head={}", head.to_uppercase())).await;
    assert_eq!((&shouted.is(200).json["ok"], &shouted.json["head_at"]), (&json!(true), &now.json["entries"]));
    for no_head in [String::new(), head[1..].to_owned(), "g".repeat(64)] {
        admin.get(&format!("/audit/verify?head={no_head}")).await.is(400);
    }
    let gone = admin.get(&format!("/audit/verify?head={}", "0".repeat(64))).await;
    assert_eq!((&gone.is(200).json["ok"], &gone.json["head_at"]), (&json!(false), &json!(null)));
}

#[tokio::test]
async fn where_the_trail_ends_is_sent_to_an_address_once_a_day() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let admin = test.key(Role::Admin).await;
    let now = admin.get("/audit/verify").await.is(200).json.clone();
    for _ in 0..3 {
        test.app.engine.tell_heads("ops@example.com").await.unwrap();
    }
    let sent = |rows: &[OutboundRow]| rows.iter().all(|row| row.status == OutboundStatus::Done) && !rows.is_empty();
    assert_eq!(rows(&test, "", sent).await.len(), 1);
    let url = format!("{}/_/mails?to=ops@example.com", sandbox.url());
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    let mails: Vec<Value> = serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap();
    let [mail] = mails.as_slice() else { panic!("once: {mails:?}") };
    let (text, head) = (mail["text"].as_str().unwrap(), now["head"].as_str().unwrap());
    assert!(text.contains(head) && text.contains(&format!("entry {}", now["entries"])), "{text}");
    test.put_forward(24);
    test.app.engine.tell_heads("ops@example.com").await.unwrap();
    let again = |rows: &[OutboundRow]| rows.len() == 2 && sent(rows);
    rows(&test, "", again).await;
}
