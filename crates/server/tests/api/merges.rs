//! Two customers are made one, and two again.

use crate::{
    channels::Town,
    support::{Client, TestApp, approval, echo},
};
use countersign_store::Role;
use serde_json::{Value, json};

async fn add(caller: &Client, customer: Value) -> String {
    caller.post("/customers", customer).await.is(201).id()
}

async fn merge(caller: &Client, kept: &str, merged: &str) -> String {
    let told =
        caller.post(&format!("/customers/{kept}/merge"), json!({ "customer": merged, "reason": "said so" })).await;
    let merges = told.is(200).json["merges"].as_array().unwrap().clone();
    let newest = merges.iter().find(|one| one["customer"]["id"] == merged).unwrap();
    newest["id"].as_str().unwrap().to_owned()
}

fn undo(kept: &str, merge: &str) -> String {
    format!("/customers/{kept}/merges/{merge}/undo")
}

/// Ada, somebody of the business's own systems who turns out to be her, and a third whom they call otherwise.
struct Three {
    test: TestApp,
    admin: Client,
    operator: Client,
    viewer: Client,
    ada: String,
    other: String,
    third: String,
}

async fn three() -> Three {
    let test = TestApp::start().await;
    let admin = test.person("admin@example.com", Role::Admin, &[]).await;
    let operator = test.person("operator@example.com", Role::Operator, &[]).await;
    let viewer = test.person("viewer@example.com", Role::Viewer, &[]).await;
    let ada = add(&operator, json!({ "name": "Ada", "email": "ada@example.com" })).await;
    let crm =
        json!({ "name": "A. Lovelace", "phone": "+4930123456", "external_id": "crm-1", "email": "a@example.com" });
    let other = add(&operator, crm).await;
    let third = add(&operator, json!({ "name": "Third", "external_id": "crm-3" })).await;
    Three { test, admin, operator, viewer, ada, other, third }
}

#[tokio::test]
async fn who_may_merge_whom() {
    let Three { test, operator, viewer, ada, other, third, .. } = three().await;
    let path = format!("/customers/{ada}/merge");
    let wish = json!({ "customer": other, "reason": "gave the same number" });
    viewer.post(&path, wish.clone()).await.is(403);
    viewer.get(&format!("{path}?customer={other}")).await.is(403);
    let elsewhere = test.other_workspace().await;
    elsewhere.post(&path, wish.clone()).await.is(404);
    elsewhere.get(&format!("{path}?customer={other}")).await.is(404);
    elsewhere.get(&format!("/customers/{ada}/identities")).await.is(404);
    let theirs = add(&elsewhere, json!({ "name": "Theirs" })).await;
    for (customer, reason, pointer) in
        [("nobody", "x", "/customer"), (theirs.as_str(), "x", "/customer"), (other.as_str(), " ", "/reason")]
    {
        let refused = operator.post(&path, json!({ "customer": customer, "reason": reason })).await;
        assert_eq!(refused.is(422).json["errors"][0]["pointer"], pointer, "{customer}");
    }
    operator.post(&path, json!({ "customer": ada, "reason": "x" })).await.is_problem(409, "same_customer");
    operator.post(&path, json!({ "customer": other, "reason": "x", "force": true })).await.is(422);
    // Whom the business calls otherwise is another.
    let two = json!({ "customer": third, "reason": "x" });
    let refused = operator.post(&format!("/customers/{other}/merge"), two).await;
    assert!(refused.is_problem(409, "two_external_ids").text.contains("crm-1"), "{}", refused.text);
    let seen = operator.get(&format!("/customers/{other}/merge?customer={third}")).await.is(200).json.clone();
    assert_eq!(seen["conflict"]["code"], "two_external_ids");
}

#[tokio::test]
async fn a_merge_is_what_was_looked_at_and_tells_both_as_one() {
    let Three { operator, viewer, ada, other, third, .. } = three().await;
    let path = format!("/customers/{ada}/merge");
    let seen = operator.get(&format!("{path}?customer={other}")).await.is(200).json.clone();
    assert_eq!(
        (&seen["kept"]["id"], &seen["merged"]["id"], &seen["conflict"]),
        (&json!(ada), &json!(other), &Value::Null)
    );
    assert_eq!(
        seen["differs"],
        json!([{ "field": "name", "kept": "Ada", "merged": "A. Lovelace" },
            { "field": "email", "kept": "ada@example.com", "merged": "a@example.com" }])
    );
    // Who looked and then merges finds whom they looked at, or is told to look again.
    operator.patch(&format!("/customers/{other}"), json!({ "fields": { "plan": "pro" } })).await.is(200);
    let late = json!({ "customer": other, "reason": "x", "reviewed": seen["reviewed"] });
    operator.post(&path, late).await.is_problem(409, "changed");
    let seen = operator.get(&format!("{path}?customer={other}")).await.is(200).json.clone();
    let wish = json!({ "customer": other, "reason": "gave the same number", "reviewed": seen["reviewed"] });
    let told = operator.post(&path, wish.clone()).await.is(200).json.clone();
    assert_eq!(told["merges"][0]["customer"], json!({ "id": other, "name": "A. Lovelace" }));
    assert_eq!((&told["merges"][0]["into"], &told["customer"]["id"]), (&json!(ada), &json!(ada)));
    let identity = |value: &str| {
        let all = told["identities"].as_array().unwrap();
        all.iter().find(|one| one["value"] == value).unwrap_or_else(|| panic!("{value} in {told}")).clone()
    };
    assert_eq!(identity("ada@example.com")["merged_from"], Value::Null);
    assert_eq!(identity("a@example.com")["merged_from"], json!(other), "both addresses are theirs");
    assert_eq!(identity("+4930123456")["standing"], "proven");
    operator.post(&path, wish.clone()).await.is_problem(409, "same_customer");
    operator.patch(&format!("/customers/{other}"), json!({ "name": "x" })).await.is_problem(409, "merged");
    let called = operator.patch(&format!("/customers/{ada}"), json!({ "external_id": "crm-2" })).await;
    assert!(called.is_problem(409, "two_external_ids").text.contains("crm-1"), "{}", called.text);
    let late = json!({ "customer": third, "reason": "x" });
    operator.post(&format!("/customers/{other}/merge"), late).await.is_problem(409, "merged");
    let shown = viewer.get(&format!("/customers/{ada}")).await.is(200).json.clone();
    assert_eq!(
        (&shown["name"], &shown["external_id"], &shown["phone"]),
        (&json!("Ada"), &json!("crm-1"), &json!("+4930123456"))
    );
    assert_eq!(viewer.get(&format!("/customers/{other}")).await.json["merged_into"], json!(ada));
    assert_eq!(viewer.get("/customers").await.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_merge_is_taken_back_once_and_leaves_each_their_own() {
    let Three { test, admin, operator, viewer, ada, other, third } = three().await;
    let merge = merge(&operator, &ada, &other).await;
    let elsewhere = test.other_workspace().await;
    // What was changed of the one that is left stays changed.
    operator.patch(&format!("/customers/{ada}"), json!({ "phone": "+4930999999" })).await.is(200);
    viewer.post(&undo(&ada, &merge), json!({})).await.is(403);
    elsewhere.post(&undo(&ada, &merge), json!({})).await.is(404);
    operator.post(&undo(&third, &merge), json!({})).await.is(404);
    operator.post(&undo(&other, &merge), json!({})).await.is_problem(409, "merged");
    let told = operator.post(&undo(&ada, &merge), json!({})).await.is(200).json.clone();
    assert_eq!(told["merges"], json!([]));
    operator.post(&undo(&ada, &merge), json!({})).await.is_problem(409, "undone");
    let (ada, other) = (
        viewer.get(&format!("/customers/{ada}")).await.json.clone(),
        viewer.get(&format!("/customers/{other}")).await.json.clone(),
    );
    assert_eq!(
        (&ada["external_id"], &ada["phone"], &ada["email"]),
        (&Value::Null, &json!("+4930999999"), &json!("ada@example.com"))
    );
    assert_eq!(
        (&other["external_id"], &other["phone"], &other["merged_into"]),
        (&json!("crm-1"), &json!("+4930123456"), &Value::Null)
    );
    let entries = admin.get("/audit?limit=200").await.json["items"].clone();
    let kinds: Vec<&str> = entries.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("customer.merge")).count(), 2, "{kinds:?}");
    assert!(admin.get("/audit/verify").await.json["ok"].as_bool().unwrap());
}

/// While a run waits its customer turns out to be another: it goes on, and is found under whoever it is now.
#[tokio::test]
async fn runs_and_checkpoints_follow_and_go_on() {
    let test = TestApp::start().await;
    let admin = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let (ada, guest) = (add(&admin, json!({ "name": "Ada" })).await, add(&admin, json!({ "name": "Guest" })).await);
    test.publish(&admin, approval(json!({ "roles": ["manager"] }))).await;
    let asked = json!({ "workflow": "Approval", "input": { "who": "Guest" }, "customer": guest });
    let run = admin.post("/runs", asked).await.is(201).id();
    let open = async |customer: &str| {
        let found = manager.get(&format!("/checkpoints?status=open&customer={customer}")).await.is(200).json.clone();
        found["items"].as_array().unwrap().len()
    };
    assert_eq!((open(&ada).await, open(&guest).await), (0, 1));
    let seen = manager.get(&format!("/customers/{ada}/merge?customer={guest}")).await.is(200).json.clone();
    assert_eq!((&seen["runs"], &seen["open_runs"], &seen["open_checkpoints"]), (&json!(1), &json!(1), &json!(1)));
    let id = merge(&manager, &ada, &guest).await;
    assert_eq!((open(&ada).await, open(&guest).await), (1, 1), "an old link finds them as well");
    let runs = admin.get(&format!("/runs?customer={ada}")).await.is(200).json.clone();
    assert_eq!((&runs["items"][0]["id"], &runs["items"][0]["customer"]["id"]), (&json!(run), &json!(ada)));
    assert_eq!(admin.get(&format!("/runs/{run}")).await.json["customer"]["name"], "Ada");
    assert_eq!(manager.get(&format!("/checkpoints/{run}.1")).await.json["customer"]["name"], "Ada");
    manager.post(&format!("/checkpoints/{run}.1/decision"), json!({ "outcome": "approved" })).await.is(200);
    // Who starts one for whom was merged starts it with who that is now.
    test.publish(&admin, echo()).await;
    let late = admin.post("/runs", json!({ "workflow": "Echo", "input": { "who": "x" }, "customer": guest })).await;
    let late = admin.get(&format!("/runs/{}", late.is(201).id())).await.json.clone();
    assert_eq!(late["customer"]["id"], json!(ada));
    // What began with what both were goes on: its approval would name the one and act on the other.
    let asked = json!({ "workflow": "Approval", "input": { "who": "Guest" }, "customer": guest });
    let both = admin.post("/runs", asked).await.is(201).id();
    let refused = manager.post(&undo(&ada, &id), json!({})).await;
    assert!(refused.is_problem(409, "runs_open").text.contains(&both), "{}", refused.text);
    manager.post(&format!("/checkpoints/{both}.1/decision"), json!({ "outcome": "rejected" })).await.is(200);
    manager.post(&undo(&ada, &id), json!({})).await.is(200);
    assert_eq!(admin.get(&format!("/runs/{run}")).await.json["customer"]["name"], "Guest");
    let runs = admin.get(&format!("/runs?customer={ada}")).await.is(200).json.clone();
    assert_eq!(runs["items"], json!([]));
}

/// Who writes from an address of the one that was merged is the one that is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_merged_customer_writes_reaches_who_is_left() {
    let town = Town::start().await;
    town.act(("whatsapp", "+15555550101"), json!({ "text": "Hello" })).await;
    let first = town.conversation_of("whatsapp", "+15555550101").await;
    town.act(("sms", "+15555550102"), json!({ "text": "Hello again" })).await;
    let second = town.conversation_of("sms", "+15555550102").await;
    let customer = async |id: &str| {
        let shown = town.admin.get(&format!("/conversations/{id}")).await.is(200).json.clone();
        shown["customer"]["id"].as_str().unwrap().to_owned()
    };
    let (ada, other) = (customer(&first).await, customer(&second).await);
    let id = merge(&town.manager, &ada, &other).await;
    assert_eq!(customer(&second).await, ada);
    // The same number on the other channel is them as well, and what is written there goes where it comes from.
    town.act(("whatsapp", "+15555550102"), json!({ "text": "And here" })).await;
    let third = town.conversation_of("whatsapp", "+15555550102").await;
    assert_eq!(customer(&third).await, ada);
    let all = town.admin.get(&format!("/conversations?customer={ada}")).await.is(200).json.clone();
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    let told = town.admin.get(&format!("/customers/{ada}/identities")).await.is(200).json.clone();
    let phones: Vec<&str> =
        told["identities"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(phones, ["+15555550101", "+15555550102"], "{told}");
    town.manager.post(&undo(&ada, &id), json!({})).await.is(200);
    assert_eq!((customer(&first).await, customer(&second).await), (ada, other.clone()));
    assert_eq!(customer(&third).await, other, "it came from their number");
}

/// STOP of either holds for both on that channel, until the one who writes says otherwise; undone, each has their own word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stop_of_either_stays_in_force() {
    let town = Town::start().await;
    let (one, two) = (("sms", "+15555550101"), ("sms", "+15555550102"));
    town.act(one, json!({ "text": "Hello" })).await;
    let first = town.conversation_of(one.0, one.1).await;
    town.act(two, json!({ "text": "Hello" })).await;
    let second = town.conversation_of(two.0, two.1).await;
    let shown = async |id: &str| town.admin.get(&format!("/conversations/{id}")).await.is(200).json.clone();
    let whose = async |id: &str| shown(id).await["customer"]["id"].as_str().unwrap().to_owned();
    let stopped = async |id: &str| shown(id).await["consents"][0]["opted_out"] == true;
    let until = async |id: &str, wanted: bool| {
        for _ in 0..400 {
            if stopped(id).await == wanted {
                return;
            }
            town.a_moment().await;
        }
        panic!("{id} is not {wanted}");
    };
    town.act(two, json!({ "text": "STOP" })).await;
    until(&second, true).await;
    assert!(!stopped(&first).await);
    let (ada, other) = (whose(&first).await, whose(&second).await);
    let seen = town.manager.get(&format!("/customers/{ada}/merge?customer={other}")).await.is(200).json.clone();
    assert_eq!(seen["opted_out"], json!([{ "channel": "sms", "address": two.1 }]));
    let id = merge(&town.manager, &ada, &other).await;
    assert!(stopped(&first).await, "the page says so");
    let said =
        town.manager.post(&format!("/conversations/{first}/messages"), json!({ "body": "are you there?" })).await;
    let said = said.is(201).id();
    let became = async || {
        for _ in 0..400 {
            let now = shown(&first).await;
            let one =
                now["messages"].as_array().unwrap().iter().find(|one| one["id"] == said.as_str()).cloned().unwrap();
            if one["delivery"]["status"] == "failed" {
                return one;
            }
            town.a_moment().await;
        }
        panic!("it is not refused");
    };
    assert_eq!(became().await["delivery"]["code"], "opted_out");
    assert!(town.phone(one).await.iter().all(|one| one["text"] != "are you there?"));
    // START is said for the number it comes from.
    town.act(one, json!({ "text": "START" })).await;
    until(&first, false).await;
    assert!(stopped(&second).await);
    town.manager.post(&undo(&ada, &id), json!({})).await.is(200);
    assert!(!stopped(&first).await && stopped(&second).await);
}
