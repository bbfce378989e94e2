//! Handoffs: what is filled in to hand a conversation back is held against its schema, kept, and read by what follows.

use crate::{
    notifications::{link_of, sandbox, with_mail},
    support::TestApp,
};
use countersign_store::Role;
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "schema": 1, "name": "Handoff", "triggers": [{ "type": "api" }], "start": "hand",
        "steps": {
            "hand": {
                "type": "human_handoff", "note": "call them", "next": "done", "outcomes": { "refund": { "next": "done" } },
                "form": {
                    "type": "object", "required": ["amount"],
                    "properties": { "amount": { "type": "number", "minimum": 0 }, "why": { "type": "string" } },
                },
            },
            "done": { "type": "end", "output": { "amount": "{{ steps.hand.output.values.amount }}" } },
        },
    })
}

#[tokio::test]
async fn it_is_handed_back_once_what_was_filled_in_fits() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    test.publish(&ada, document()).await;
    let run = ada.post("/runs", json!({ "workflow": "Handoff" })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1");
    let card = ada.get(&path).await.is(200).json.clone();
    assert_eq!(card["hand_back"]["required"], json!(["amount"]), "{card}");
    assert_eq!(card["outcomes"], json!(["returned", "refund"]));

    let decide = async |body: Value| ada.post(&format!("{path}/decision"), body).await;
    for (values, place) in [
        (json!({ "amount": "much" }), "/amount"),
        (json!({ "amount": -1, "why": "late" }), "/amount"),
        (json!({ "why": "late" }), ""),
    ] {
        let refused = decide(json!({ "outcome": "refund", "values": values })).await;
        refused.is_problem(422, "invalid_form");
        assert_eq!(refused.json["errors"][0]["pointer"], place, "{}", refused.text);
    }
    decide(json!({ "outcome": "returned" })).await.is_problem(422, "invalid_form");
    decide(json!({ "outcome": "lost", "values": { "amount": 1 } })).await.is(422);
    assert_eq!(ada.get(&path).await.is(200).json["status"], "open");
    let viewer = test.key(Role::Viewer).await;
    let answer = json!({ "outcome": "refund", "values": { "amount": 12.5 } });
    viewer.post(&format!("{path}/decision"), answer.clone()).await.is(403);
    let elsewhere = test.other_workspace().await;
    elsewhere.post(&format!("{path}/decision"), answer.clone()).await.is_problem(404, "not_found");

    let (first, second) = tokio::join!(decide(answer.clone()), decide(answer));
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    won.is(200);
    lost.is_problem(409, "already_decided");
    let over = ada.get(&format!("/runs/{run}")).await.is(200).json.clone();
    assert_eq!(over["output"], json!({ "amount": 12.5 }), "{over}");
    let trail = ada.get(&format!("/audit?subject=run:{run}")).await.is(200).json["items"].clone();
    let decided: Vec<&Value> =
        trail.as_array().unwrap().iter().filter(|entry| entry["action"] == "checkpoint.decided").collect();
    assert_eq!(decided.len(), 1, "{trail}");
    assert_eq!(decided[0]["detail"]["values"], json!({ "amount": 12.5 }), "{trail}");
}

#[tokio::test]
async fn a_batch_hands_nothing_back_that_takes_answers() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    test.publish(&ada, document()).await;
    let run = ada.post("/runs", json!({ "workflow": "Handoff" })).await.is(201).id();
    let batch = json!({ "decisions": [{ "checkpoint": format!("{run}.1"), "outcome": "returned" }] });
    let answered = ada.post("/checkpoints/decisions", batch).await.is(200).json.clone();
    assert_eq!(answered["results"][0]["problem"]["code"], "invalid_form", "{answered}");
}

#[tokio::test]
async fn a_link_leads_to_the_card() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    test.publish(&ada, document()).await;
    let checkpoint = format!("{}.1", ada.post("/runs", json!({ "workflow": "Handoff" })).await.is(201).id());
    let token = link_of(&test, &checkpoint, 1, "ada@example.com").await;
    let nobody = test.anonymous();
    let target = nobody.get(&format!("/links/{token}")).await;
    assert_eq!(target.is(200).json["outcomes"], json!([]), "a link cannot fill anything in");
    let page = nobody.get(&format!("//d/{token}")).await;
    assert!(page.is(200).text.contains(&format!("/inbox/{checkpoint}")), "{}", page.text);
    assert!(!page.text.contains("<form"), "{}", page.text);
    nobody.post(&format!("/links/{token}/decision"), json!({ "outcome": "returned" })).await.is(422);
    assert_eq!(ada.get(&format!("/checkpoints/{checkpoint}")).await.is(200).json["status"], "open");
}
