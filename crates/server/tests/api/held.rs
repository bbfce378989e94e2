//! A decision that is held for a moment: told to everybody, taken back by who took it, handed over once.

use crate::{
    notifications::link_of,
    support::{Client, Reply, TestApp, approval},
};
use axum::http::Method;
use countersign_store::Role;
use serde_json::{Value, json};

/// A run whose approval can be taken back for a minute; its checkpoint.
async fn asked(test: &TestApp, admin: &Client) -> String {
    let mut document = approval(json!({ "roles": ["manager"] }));
    document["steps"]["ask"]["undo_seconds"] = json!(60);
    test.publish(admin, document).await;
    started(admin).await
}

async fn started(admin: &Client) -> String {
    let run = admin.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    format!("{run}.1")
}

/// The minute passes, and timers are looked at.
async fn a_minute_later(test: &TestApp, admin: &Client) {
    test.put_forward(1);
    started(admin).await;
}

async fn decide(who: &Client, checkpoint: &str, outcome: &str) -> Reply {
    who.post(&format!("/checkpoints/{checkpoint}/decision"), json!({ "outcome": outcome })).await
}

async fn undo(who: &Client, checkpoint: &str) -> Reply {
    who.post(&format!("/checkpoints/{checkpoint}/undo"), json!({})).await
}

async fn kinds(test: &TestApp, admin: &Client, checkpoint: &str) -> Vec<String> {
    let entries = admin.get("/audit?limit=200").await.is(200).json["items"].as_array().unwrap().clone();
    let about = |entry: &&Value| {
        entry["detail"]["checkpoint"] == checkpoint && entry["action"].as_str().unwrap().starts_with("checkpoint.")
    };
    let kinds = entries.iter().filter(about).map(|entry| entry["action"].as_str().unwrap().to_owned()).rev();
    let kinds = kinds.collect();
    assert_eq!(test.store.verify_audit(&test.workspace).await.unwrap().broken_at, None);
    kinds
}

#[tokio::test]
async fn it_is_told_taken_back_and_handed_over() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &["manager"]).await;
    let checkpoint = asked(&test, &admin).await;
    let path = format!("/checkpoints/{checkpoint}");
    undo(&mia, &checkpoint).await.is_problem(409, "nothing_held");

    let held = decide(&mia, &checkpoint, "approved").await.is(200).json.clone();
    assert_eq!((&held["status"], &held["may_decide"], &held["receipt"]), (&json!("open"), &json!(false), &json!(null)));
    assert_eq!((&held["held"]["outcome"], &held["held"]["by"]["name"]), (&json!("approved"), &json!("mia")));
    assert_eq!((&held["held"]["yours"], held["held_until"].as_i64()), (&json!(true), held["held"]["until"].as_i64()));
    assert_eq!(held["held"]["until"].as_i64().unwrap() - held["held"]["at"].as_i64().unwrap(), 60_000);
    let seen = dan.get(&path).await.is(200).json.clone();
    assert_eq!((&seen["held"]["yours"], &seen["deciders"]), (&json!(false), &json!([])));
    assert!(seen["why_not"].as_str().unwrap().starts_with("approved by mia"), "{seen}");
    let mine = dan.get("/checkpoints?scope=mine").await.is(200).json.clone();
    assert_eq!(mine["items"], json!([]), "nothing to do for anybody");
    let all = dan.get("/checkpoints?status=open").await.is(200).json.clone();
    assert_eq!(all["items"][0]["held_until"], held["held_until"], "{all}");

    let second = decide(&dan, &checkpoint, "rejected").await;
    let problem = &second.is_problem(409, "decision_held").json;
    assert_eq!((&problem["decided_by"]["name"], &problem["held_until"]), (&json!("mia"), &held["held_until"]));
    decide(&mia, &checkpoint, "rejected").await.is_problem(409, "decision_held");
    undo(&dan, &checkpoint).await.is_problem(403, "not_the_decider");
    undo(&admin, &checkpoint).await.is_problem(403, "not_the_decider");
    undo(&test.key(Role::Admin).await, &checkpoint).await.is_problem(403, "not_the_decider");

    let open = undo(&mia, &checkpoint).await.is(200).json.clone();
    assert_eq!((&open["held"], &open["may_decide"], &open["held_until"]), (&json!(null), &json!(true), &json!(null)));
    assert_eq!(
        (&open["taken_back"][0]["outcome"], &open["taken_back"][0]["by"]["name"]),
        (&json!("approved"), &json!("mia"))
    );
    assert_eq!(dan.get("/checkpoints?scope=mine").await.json["items"].as_array().unwrap().len(), 1, "asked again");
    undo(&mia, &checkpoint).await.is_problem(409, "nothing_held");

    decide(&mia, &checkpoint, "rejected").await.is(200);
    a_minute_later(&test, &admin).await;
    let (run, _) = checkpoint.split_once('.').unwrap();
    assert_eq!(test.until_over(&admin, run).await["status"], "rejected");
    for late in [undo(&mia, &checkpoint).await, decide(&dan, &checkpoint, "approved").await] {
        let problem = &late.is_problem(409, "already_decided").json;
        assert_eq!((&problem["outcome"], &problem["decided_by"]["name"]), (&json!("rejected"), &json!("mia")));
        assert!(problem["decided_at"].is_i64());
    }
    let done = mia.get(&path).await.is(200).json.clone();
    let document: Value = serde_json::from_str(done["receipt"]["document"].as_str().unwrap()).unwrap();
    let detail: Value = serde_json::from_str(document["detail"].as_str().unwrap()).unwrap();
    assert_eq!((&done["held"], &detail["outcome"]), (&json!(null), &json!("rejected")));
    assert!(detail["said_at"].as_i64().unwrap() < done["decided_at"].as_i64().unwrap(), "{detail}");
    let expected = ["checkpoint.held", "checkpoint.taken_back", "checkpoint.held", "checkpoint.decided"];
    assert_eq!(kinds(&test, &admin, &checkpoint).await, expected);
}

#[tokio::test]
async fn a_batch_holds_each_and_a_cancelled_run_forgets_it() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &["manager"]).await;
    let first = asked(&test, &admin).await;
    let second = started(&admin).await;
    decide(&dan, &first, "rejected").await.is(200);
    let of = |checkpoint: &str| json!({ "checkpoint": checkpoint, "outcome": "approved" });
    let batch = mia.post("/checkpoints/decisions", json!({ "decisions": [of(&first), of(&second)] })).await;
    let results = &batch.is(200).json["results"];
    assert_eq!(results[0]["problem"]["code"], "decision_held");
    assert_eq!((&results[1]["decided"]["status"], results[1]["problem"].is_null()), (&json!("open"), true));
    assert!(results[1]["decided"]["held_until"].is_i64(), "{results}");
    let (run, _) = second.split_once('.').unwrap();
    admin.post(&format!("/runs/{run}/cancel"), json!({ "reason": "no more" })).await.is(200);
    let over = undo(&mia, &second).await;
    assert_eq!(over.is_problem(409, "already_decided").json["outcome"], "cancelled");
    a_minute_later(&test, &admin).await;
    assert_eq!(test.until_over(&admin, run).await["status"], "cancelled");
    let (run, _) = first.split_once('.').unwrap();
    assert_eq!(test.until_over(&admin, run).await["status"], "rejected");
}

async fn form(client: &Client, path: &str, body: &str) -> Reply {
    let client = client.with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(body.to_owned())).await
}

#[tokio::test]
async fn the_page_of_a_link_shows_the_clock_and_takes_back() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    test.person("mia@example.com", Role::Operator, &["manager"]).await;
    test.person("dan@example.com", Role::Operator, &["manager"]).await;
    let checkpoint = asked(&test, &admin).await;
    let mias = link_of(&test, &checkpoint, 2, "mia@example.com").await;
    let dans = link_of(&test, &checkpoint, 2, "dan@example.com").await;
    let (nobody, page) = (test.anonymous(), format!("//d/{mias}"));
    let asks = form(&nobody, &page, "outcome=approved").await;
    let rest = asks.is(200).text.split_once("name=\"confirmation\" value=\"").unwrap().1.to_owned();
    let sure = format!("outcome=approved&sure=yes&comment=&confirmation={}", rest.split('"').next().unwrap());
    let held = form(&nobody, &page, &sure).await;
    assert!(held.is(200).text.contains("approve by mia") && held.text.contains("Take it back"), "{}", held.text);
    assert!(held.headers.contains_key("refresh"), "it shows what came of it");
    let looked = nobody.get(&page).await;
    assert!(looked.is(200).text.contains("name=\"undo\""), "{}", looked.text);

    let other = nobody.get(&format!("//d/{dans}")).await;
    assert!(other.is(200).text.contains("approve by mia") && !other.text.contains("undo"), "{}", other.text);
    assert_eq!(
        nobody.get(&format!("/links/{dans}")).await.is_problem(409, "decision_held").json["decided_by"]["name"],
        "mia"
    );
    let wish = json!({ "outcome": "rejected" });
    nobody.post(&format!("/links/{dans}/decision"), wish.clone()).await.is_problem(409, "decision_held");
    nobody.post(&format!("/links/{dans}/undo"), json!({})).await.is_problem(403, "not_the_decider");

    assert!(form(&nobody, &page, "undo=yes").await.is(200).text.contains("Taken back"));
    form(&nobody, &page, "undo=yes").await.is(409);
    nobody.get(&format!("/links/{dans}")).await.is(200);
    // The same link once more: what was taken back was no use of it.
    let again = nobody.post(&format!("/links/{mias}/decision"), wish).await.is(200).json.clone();
    assert_eq!((&again["status"], again["held_until"].is_i64()), (&json!("open"), true));
    nobody.post(&format!("/links/{mias}/undo"), json!({})).await.is(200);
    nobody.post(&format!("/links/{mias}/decision"), json!({ "outcome": "approved" })).await.is(200);
    a_minute_later(&test, &admin).await;
    let (run, _) = checkpoint.split_once('.').unwrap();
    assert_eq!(test.until_over(&admin, run).await["status"], "completed");
    nobody.post(&format!("/links/{mias}/undo"), json!({})).await.is_problem(410, "link_over");
    assert!(nobody.get(&page).await.is(410).text.contains("approve by mia"));
}
