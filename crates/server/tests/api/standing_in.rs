//! Ways around an approval by way of somebody who stands in, or of what was allowed in advance: each is tried.

use crate::{
    policies::{DAY_MS, own_id, refund},
    support::{Client, TestApp, approval},
};
use countersign_store::Role;
use serde_json::{Value, json};

const NOT: &str = "not_an_approver";

/// `from` lets `to` decide for a week; the delegation.
async fn stands_in(test: &TestApp, from: &Client, to: &Client) -> String {
    let wish = json!({ "to": own_id(to).await, "ends_at": test.app.now() + 7 * DAY_MS });
    from.post("/delegations", wish).await.is(201).id()
}

/// Publishes an approval; what starts one by `who` and answers its card.
async fn published(test: &TestApp, approvers: Value) -> String {
    test.publish(&test.key(Role::Builder).await, approval(approvers)).await
}

async fn asked_by(who: &Client, workflow: &str) -> String {
    let run = who.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await.is(201).id();
    format!("/checkpoints/{run}.1")
}

async fn yes(client: &Client, card: &str) -> crate::support::Reply {
    client.post(&format!("{card}/decision"), json!({ "outcome": "approved" })).await
}

#[tokio::test]
async fn nobody_approves_their_own_in_the_name_of_another() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &[]).await;
    let workflow = published(&test, json!({ "roles": ["manager"], "exclude_requester": true })).await;
    stands_in(&test, &mia, &dan).await;
    let own = asked_by(&dan, &workflow).await;
    assert_eq!(dan.get(&own).await.json["may_decide"], false);
    yes(&dan, &own).await.is_problem(403, NOT);
    // Nor is the hand another had in it washed by whoever stands in for them.
    let of_mia = asked_by(&mia, &workflow).await;
    yes(&dan, &of_mia).await.is_problem(403, NOT);
    // What is neither's is decided.
    let other = asked_by(&test.key(Role::Builder).await, &workflow).await;
    assert_eq!(yes(&dan, &other).await.is(200).json["decided_by"]["on_behalf_of"]["name"], "mia");
}

#[tokio::test]
async fn standing_in_is_not_passed_on_nor_round_in_circles() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &[]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    let workflow = published(&test, json!({ "roles": ["manager"], "quorum": 2 })).await;
    stands_in(&test, &mia, &dan).await;
    stands_in(&test, &dan, &eve).await;
    stands_in(&test, &eve, &mia).await;
    let card = asked_by(&test.key(Role::Builder).await, &workflow).await;
    yes(&eve, &card).await.is_problem(403, NOT);
    assert_eq!(yes(&dan, &card).await.is(200).json["status"], "open");
    // The two are one person: neither the other nor the circle makes a second.
    let second = yes(&mia, &card).await;
    assert_ne!(second.json["status"], "decided", "{}", second.text);
    yes(&eve, &card).await.is_problem(403, NOT);
    assert_eq!(mia.get(&card).await.json["status"], "open");
}

#[tokio::test]
async fn who_lost_the_right_lends_it_to_nobody() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &[]).await;
    let (of_mia, of_dan) = (format!("/people/{}", own_id(&mia).await), format!("/people/{}", own_id(&dan).await));
    let workflow = published(&test, json!({ "roles": ["manager"] })).await;
    stands_in(&test, &mia, &dan).await;
    let card = asked_by(&test.key(Role::Builder).await, &workflow).await;
    for (person, lost, back) in [
        (&of_mia, json!({ "groups": [] }), json!({ "groups": ["manager"] })),
        (&of_mia, json!({ "disabled": true }), json!({ "disabled": false })),
        (&of_mia, json!({ "role": "viewer", "groups": [] }), json!({ "role": "operator", "groups": ["manager"] })),
    ] {
        admin.patch(person, lost.clone()).await.is(200);
        yes(&dan, &card).await.is_problem(403, NOT);
        assert_eq!(dan.get(&card).await.json["may_decide"], false, "{lost}");
        admin.patch(person, back).await.is(200);
        assert_eq!(dan.get(&card).await.json["may_decide"], true, "after {lost}");
    }
    // Who stands in and is shut out decides nothing either.
    admin.patch(&of_dan, json!({ "disabled": true })).await.is(200);
    assert_eq!(yes(&dan, &card).await.status, 401);
    assert_eq!(admin.get(&card).await.json["status"], "open");
}

#[tokio::test]
async fn people_see_who_stands_in_for_them_and_administrators_see_everybody() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Operator, &[]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    stands_in(&test, &mia, &dan).await;
    for (who, seen) in [(&mia, 1), (&dan, 1), (&eve, 0), (&admin, 1)] {
        let listed = who.get("/delegations").await;
        assert_eq!(listed.is(200).json["items"].as_array().unwrap().len(), seen, "{}", listed.text);
    }
}

#[tokio::test]
async fn what_was_allowed_in_advance_is_worth_what_its_granter_may_now() {
    let test = TestApp::start().await;
    let (builder, admin) = (test.key(Role::Builder).await, test.person("ada@example.com", Role::Admin, &[]).await);
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let max = test.person("max@example.com", Role::Operator, &["manager"]).await;
    let mut document = refund();
    let ask = &mut document["steps"]["ask"];
    ask["approvers"] = json!({ "roles": ["manager"], "exclude_requester": true });
    ask["standing"] = json!({ "step": "refund", "field": "/amount", "max": 5000, "per_day": 9, "days": 7 });
    ask.as_object_mut().unwrap().remove("form");
    let workflow = test.publish(&builder, document).await;
    let until = test.app.now() + DAY_MS;
    let wish = json!({ "workflow": workflow, "step": "ask", "amount_max": 1000, "per_day": 9, "until": until });
    mia.post("/standing-approvals", wish).await.is(201);
    let used = async || admin.get("/standing-approvals").await.is(200).json["items"][0]["used"].clone();
    let refunded = async |by: &Client| {
        let input = json!({ "charge": "ch_1", "amount": 10 });
        let run = by.post("/runs", json!({ "workflow": workflow, "input": input })).await.is(201).id();
        format!("/checkpoints/{run}.1")
    };
    // What a person decides comes after what was allowed in advance was looked at, or before: either way once, and only a
    // person's own word counts where the granter may not.
    let by_a_person = async |card: &str| {
        let done = max.post(&format!("{card}/decision"), json!({ "outcome": "approved" })).await;
        assert_eq!(done.is(200).json["decided_by"]["via"], "portal");
    };
    // Their own run is not for them.
    by_a_person(&refunded(&mia).await).await;
    let person = format!("/people/{}", own_id(&mia).await);
    for lost in [json!({ "groups": [] }), json!({ "disabled": true })] {
        admin.patch(&person, lost).await.is(200);
        by_a_person(&refunded(&builder).await).await;
        admin.patch(&person, json!({ "groups": ["manager"], "disabled": false })).await.is(200);
    }
    assert_eq!(used().await, 0);
    // And again as before.
    let card = refunded(&builder).await;
    let mut changes = test.store.subscribe();
    let decided = async {
        while builder.get(&card).await.json["status"] != "decided" {
            drop(changes.recv().await);
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), decided).await.expect("it is decided in advance");
    assert_eq!(used().await, 1);
}
