//! Whose a checkpoint is, what is found, and that the numbers say the same as the lists.

use crate::{
    policies::{DAY_MS, own_id},
    support::{Client, TestApp, approval},
    versions::publish,
};
use countersign_store::{DelegationRow, Role};
use serde_json::{Value, json};

/// A workflow of this name, and a run of it for everybody of `who`: what each waits at.
async fn ask(test: &TestApp, name: &str, approvers: Value, who: &[&str]) -> Vec<String> {
    let builder = test.key(Role::Builder).await;
    let mut document = approval(approvers);
    document["name"] = json!(name);
    document["case"] = json!("Case C-{{ input.who }}");
    document["steps"]["ask"]["facts"] = json!([{ "label": "Order", "value": "№ {{ input.who }}-7" }]);
    test.publish(&builder, document).await;
    let mut ids = Vec::new();
    for who in who {
        let input = json!({ "workflow": name, "input": { "who": who } });
        ids.push(format!("{}.1", builder.post("/runs", input).await.is(201).id()));
    }
    ids
}

/// Ids of a list, oldest first.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/checkpoints?{query}")).await.is(200).json.clone();
    let items = page["items"].as_array().unwrap().iter().rev();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Mine, of my groups, all: the numbers, after looking that the lists have as many.
async fn counts(client: &Client) -> [usize; 3] {
    let counts = client.get("/checkpoints/counts").await.is(200).json.clone();
    let mut told = [0; 3];
    for (told, scope) in told.iter_mut().zip(["mine", "groups", "all"]) {
        *told = listed(client, &format!("scope={scope}&status=open")).await.len();
        assert_eq!(counts[scope], *told, "{scope}: {counts}");
    }
    told
}

#[tokio::test]
async fn each_sees_what_they_may_decide_and_what_asks_their_groups() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let lea = test.person("lea@example.com", Role::Viewer, &["legal"]).await;
    let odd = test.person("odd@example.com", Role::Operator, &[]).await;
    let managers = ask(&test, "Managers", json!({ "roles": ["manager"] }), &["Ada", "Bob"]).await;
    let both = ask(&test, "Both", json!({ "counts": { "legal": 1, "manager": 1 } }), &["Cy"]).await;
    let anyone = ask(&test, "Anyone", json!({}), &["Dan"]).await;
    assert_eq!(listed(&mia, "scope=mine").await, [&managers[..], &both, &anyone].concat());
    assert_eq!(listed(&mia, "scope=groups").await, [&managers[..], &both].concat());
    assert_eq!(listed(&lea, "scope=mine").await, both);
    assert_eq!((counts(&mia).await, counts(&lea).await, counts(&odd).await), ([4, 3, 4], [1, 1, 4], [1, 0, 4]));
    // Nobody is asked twice; what a colleague took is still of the group.
    let path = format!("/checkpoints/{}", both[0]);
    mia.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is(200);
    odd.post(&format!("/checkpoints/{}/take", managers[0]), json!({})).await.is(200);
    assert_eq!(listed(&mia, "scope=mine").await, [&managers[1..], &anyone].concat());
    assert_eq!((counts(&mia).await, counts(&lea).await, counts(&odd).await), ([2, 3, 4], [1, 1, 4], [2, 0, 4]));
    lea.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is(200);
    assert_eq!((counts(&lea).await, listed(&lea, "scope=all&status=decided").await), ([0, 0, 3], both));
    assert_eq!(lea.get("/checkpoints/counts").await.json["decided"], 1);
    mia.get("/checkpoints?scope=mine&status=decided").await.is(422);
    mia.get("/checkpoints?scope=yours").await.is(400);
    // What is not known is not as if it were not there.
    mia.get("/checkpoints?assigned=me").await.is_problem(400, "invalid_parameter");
    let old = mia.get("/checkpoints?mine=true").await;
    assert!(old.is(422).text.contains("scope=mine"), "{}", old.text);
    // A key decides only when it was made for that.
    let boss = test.person("boss@example.com", Role::Admin, &[]).await;
    for (decides, mine) in [(false, 0), (true, 1)] {
        let asked = json!({ "name": "Shop", "role": "operator", "groups": [], "may_decide": decides });
        let key = boss.post("/api-keys", asked).await.is(201).json["key"].as_str().unwrap().to_owned();
        let key = test.anonymous().with("authorization", &format!("Bearer {key}"));
        assert_eq!(counts(&key).await[0], mine);
    }
}

#[tokio::test]
async fn who_stands_in_has_it_in_their_inbox_until_that_ends() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Viewer, &[]).await;
    let wish = json!({ "to": own_id(&dan).await, "ends_at": test.app.now() + DAY_MS, "away": true });
    ask(&test, "Managers", json!({ "roles": ["manager"], "exclude_requester": true }), &["Ada"]).await;
    let own = mia.post("/runs", json!({ "workflow": "Managers", "input": { "who": "me" } })).await.is(201).id();
    assert_eq!((counts(&mia).await, counts(&dan).await), ([1, 2, 2], [0, 0, 2]));
    let delegation = mia.post("/delegations", wish).await.is(201).id();
    assert_eq!(counts(&dan).await, [1, 0, 2], "what she may not, nobody may for her");
    assert!(!listed(&dan, "scope=mine").await.contains(&format!("{own}.1")));
    mia.delete(&format!("/delegations/{delegation}")).await.is(204);
    assert_eq!(counts(&dan).await, [0, 0, 2]);
}

#[tokio::test]
async fn what_is_shown_is_found_and_filters_hold_together() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let first = ask(&test, "First", json!({ "roles": ["manager"] }), &["Ada", "Bob"]).await;
    let second = ask(&test, "Second", json!({ "roles": ["manager"] }), &["Ada", "100%"]).await;
    for (query, expected) in [
        ("scope=mine&q=FOR%20ada", vec![&first[0], &second[0]]),
        ("scope=mine&q=%E2%84%96%20bob-7", vec![&first[1]]),
        ("scope=groups&q=100%25", vec![&second[1]]),
        ("scope=all&q=ask%20a%20manager", vec![&first[0], &first[1], &second[0], &second[1]]),
        ("scope=all&q=CASE%20C-bob", vec![&first[1]]),
        ("scope=mine&q=nobody", vec![]),
        ("q=nobody", vec![]),
        ("scope=mine&step=ask&q=%20ada%20", vec![&first[0], &second[0]]),
        ("scope=mine&step=tell", vec![]),
        ("scope=mine&kind=handoff", vec![]),
    ] {
        assert_eq!(listed(&mia, query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    mia.get(&format!("/checkpoints?q={}", "x".repeat(201))).await.is(422);
    let page = mia.get("/checkpoints?scope=mine&limit=3").await.is(200).json.clone();
    let next = page["next"].as_str().unwrap();
    assert_eq!(listed(&mia, &format!("scope=mine&limit=3&cursor={next}")).await, [first[0].clone()]);
}

#[tokio::test]
async fn a_case_is_found_as_it_is_after_a_move() {
    let test = TestApp::start().await;
    let boss = test.key_in(&test.workspace, Role::Admin, &["manager"]).await;
    let mut document = approval(json!({ "roles": ["manager"] }));
    document["case"] = json!("Order {{ input.who }}");
    let id = test.publish(&boss, document.clone()).await;
    let run = boss.post("/runs", json!({ "workflow": "Approval", "input": { "who": "R-1" } })).await.is(201).id();
    let card = [format!("{run}.1")];
    assert_eq!(listed(&boss, "scope=all&q=order%20r-1").await, card);
    document["case"] = json!("Return\nof {{ input.who }}");
    document["steps"]["ask"]["title"] = json!("Ask the chief");
    publish(&boss, &id, &document).await;
    let moved = boss.post(&format!("/workflows/{id}/moves"), json!({ "to": 2 })).await;
    assert_eq!(moved.is(200).json["items"][0]["moved"], true, "{}", moved.text);
    assert_eq!(boss.get(&format!("/runs/{run}")).await.json["title"], "Return of R-1");
    for (text, found) in [("return%20of%20r-1", true), ("order%20r-1", false), ("the%20chief", true), ("do%20it", true)]
    {
        assert_eq!(listed(&boss, &format!("scope=all&q={text}")).await == card, found, "{text}");
    }
}

/// As many open delegations of one person to another as a workspace lists.
async fn many_delegations(test: &TestApp, from: &str, to: &str) {
    for number in 0..1_000 {
        let row = DelegationRow {
            id: format!("d-{number}"),
            workspace: test.workspace.clone(),
            from_user: from.to_owned(),
            to_user: Some(to.to_owned()),
            starts_at: 0,
            ends_at: test.app.now() + DAY_MS,
            away: false,
            reason: String::new(),
            created_at: 0,
            created_by: from.to_owned(),
        };
        test.store.create_delegation(&row, Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_asked_to_stand_in_again_and_again_has_an_inbox() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Viewer, &[]).await;
    ask(&test, "Managers", json!({ "roles": ["manager"], "exclude_requester": true }), &["Ada"]).await;
    many_delegations(&test, &own_id(&mia).await, &own_id(&dan).await).await;
    assert_eq!(counts(&dan).await, [1, 0, 1]);
}

#[tokio::test]
async fn so_many_delegations_of_one_to_another_are_enough() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Viewer, &[]).await;
    let wish = json!({ "to": own_id(&dan).await, "ends_at": test.app.now() + DAY_MS });
    let mut last = String::new();
    for _ in 0..20 {
        last = mia.post("/delegations", wish.clone()).await.is(201).id();
    }
    mia.post("/delegations", wish.clone()).await.is_problem(409, "too_many_delegations");
    mia.delete(&format!("/delegations/{last}")).await.is(204);
    mia.post("/delegations", wish).await.is(201);
}

#[tokio::test]
async fn what_asks_nobody_knows_whom_hides_nothing_else() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let good = ask(&test, "Good", json!({ "roles": ["manager"] }), &["Ada"]).await;
    let odd = ask(&test, "Odd", json!({ "roles": ["manager", "legal"] }), &["Bob"]).await;
    test.store.raw(&format!("UPDATE checkpoints SET asks = 'nonsense' WHERE id = '{}'", odd[0])).await.unwrap();
    assert_eq!(counts(&mia).await, [1, 1, 2]);
    assert_eq!(listed(&mia, "scope=mine").await, good);
}
