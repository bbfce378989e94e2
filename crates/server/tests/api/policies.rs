//! Who may decide, as the API tells and enforces it: groups that are counted, people who stand in, who is given it.

use crate::{
    checkpoints::connect,
    support::{Client, TestApp, approval},
};
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_store::Role;
use serde_json::{Value, json};

pub(crate) async fn own_id(client: &Client) -> String {
    client.get("/auth/me").await.json["user"]["id"].as_str().unwrap().to_owned()
}

async fn asked(test: &TestApp, approvers: Value) -> String {
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(approvers)).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    format!("/checkpoints/{run}.1")
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["person"]["name"].as_str().unwrap()).collect()
}

pub(crate) const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn the_card_says_who_could_approve_and_what_is_missing() {
    let test = TestApp::start().await;
    let lea = test.person("lea@example.com", Role::Viewer, &["legal"]).await;
    let fay = test.person("fay@example.com", Role::Operator, &["finance"]).await;
    let odd = test.person("odd@example.com", Role::Operator, &[]).await;
    let path = asked(&test, json!({ "counts": { "legal": 1, "finance": 1 }, "veto": ["operator"] })).await;
    let shown = odd.get(&path).await.is(200).json.clone();
    assert_eq!((&shown["may_decide"], &shown["approvers"]["counts"]["legal"]), (&json!(true), &json!(1)), "by veto");
    assert_eq!(names(&shown["deciders"]), ["fay", "lea", "odd"]);
    assert_eq!(shown["missing"], "2 more people of legal or finance");
    odd.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is_problem(403, "not_an_approver");
    lea.post(&format!("{path}/take"), json!({})).await.is(200);
    let half = lea.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is(200).json.clone();
    assert_eq!((&half["status"], &half["missing"]), (&json!("open"), &json!("1 more person of finance")));
    assert_eq!(names(&half["deciders"]), ["fay", "odd"]);
    let done = fay.post(&format!("{path}/decision"), json!({ "outcome": "approved" })).await.is(200).json.clone();
    assert_eq!((&done["status"], &done["deciders"]), (&json!("decided"), &json!([])));
}

#[tokio::test]
async fn somebody_stands_in_and_every_decision_says_so() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let dan = test.person("dan@example.com", Role::Viewer, &[]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    let (mia_id, dan_id) = (own_id(&mia).await, own_id(&dan).await);
    let path = asked(&test, json!({ "roles": ["manager"] })).await;
    let decision = format!("{path}/decision");
    let until = test.app.now() + 7 * DAY_MS;
    let wish = json!({ "to": dan_id, "ends_at": until, "away": true, "reason": "holidays" });
    // Nobody gives away what is another's, nobody gives it to a stranger, a key passes nothing on.
    let of_mia = json!({ "from": mia_id, "to": own_id(&eve).await, "ends_at": until });
    eve.post("/delegations", of_mia).await.is_problem(403, "forbidden");
    mia.post("/delegations", json!({ "to": "nobody", "ends_at": until })).await.is(422);
    mia.post("/delegations", json!({ "to": mia_id, "ends_at": until })).await.is(422);
    mia.post("/delegations", json!({ "to": dan_id, "ends_at": 5 })).await.is(422);
    test.key(Role::Admin).await.post("/delegations", wish.clone()).await.is(403);
    dan.post(&decision, json!({ "outcome": "approved" })).await.is_problem(403, "not_an_approver");

    let delegation = mia.post("/delegations", wish).await.is(201).id();
    let card = dan.get(&path).await.is(200).json.clone();
    assert_eq!((&card["may_decide"], names(&card["deciders"])), (&json!(true), vec!["dan"]), "mia is away");
    assert_eq!(card["deciders"][0]["on_behalf_of"]["name"], "mia");
    assert_eq!(dan.get("/checkpoints?scope=mine").await.json["items"].as_array().unwrap().len(), 1);
    let done = dan.post(&decision, json!({ "outcome": "approved" })).await.is(200).json.clone();
    assert_eq!(done["decided_by"]["on_behalf_of"]["name"], "mia");
    assert_eq!(done["approvals"][0]["on_behalf_of"]["id"], json!(mia_id));
    let receipt = done["receipt"]["document"].as_str().unwrap();
    assert!(receipt.contains("on_behalf_of") && receipt.contains("mia@example.com"), "{receipt}");
    let trail = test.key(Role::Admin).await.get("/audit?action=delegation").await.text.clone();
    assert!(trail.contains("delegation.created") && trail.contains("holidays"), "{trail}");

    // Ended, it allows nothing any more, at once.
    eve.delete(&format!("/delegations/{delegation}")).await.is_problem(403, "forbidden");
    mia.delete(&format!("/delegations/{delegation}")).await.is(204);
    assert_eq!(mia.get("/delegations").await.json["items"], json!([]));
    let again = asked_again(&test, &path).await;
    dan.post(&format!("{again}/decision"), json!({ "outcome": "approved" })).await.is_problem(403, "not_an_approver");
}

async fn asked_again(test: &TestApp, _before: &str) -> String {
    let builder = test.key(Role::Builder).await;
    let run = builder.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Bob" } })).await.is(201).id();
    format!("/checkpoints/{run}.1")
}

#[tokio::test]
async fn a_checkpoint_is_given_only_to_who_may_decide_it() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let max = test.person("max@example.com", Role::Operator, &["manager"]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    let (max_id, eve_id) = (own_id(&max).await, own_id(&eve).await);
    let path = format!("{}/reassign", asked(&test, json!({ "roles": ["manager"] })).await);
    eve.post(&path, json!({ "to": max_id })).await.is_problem(403, "forbidden");
    mia.post(&path, json!({ "to": eve_id })).await.is(422);
    let given = mia.post(&path, json!({ "to": max_id, "reason": "knows them" })).await.is(200).json.clone();
    assert_eq!(given["assigned_to"]["name"], "max");
    let trail = test.key(Role::Admin).await.get("/audit?action=checkpoint.reassigned").await.text.clone();
    assert!(trail.contains("knows them"), "{trail}");
}

#[tokio::test]
async fn a_draft_is_checked_against_the_people_there_are() {
    let test = TestApp::start().await;
    let builder = test.person("bo@example.com", Role::Builder, &["legal"]).await;
    let document = approval(json!({ "counts": { "legal": 1, "finance": 1 } }));
    let found = builder.post("/check", json!({ "document": document })).await.is(200).json.clone();
    let found = found["diagnostics"].as_array().unwrap();
    let policy = found.iter().find(|it| it["code"] == "unsatisfiable_policy").unwrap_or_else(|| panic!("{found:?}"));
    assert!(policy["message"].as_str().unwrap().contains("of finance"), "{policy}");
    test.person("fay@example.com", Role::Operator, &["finance"]).await;
    let found = builder.post("/check", json!({ "document": document })).await.json["diagnostics"].clone();
    assert!(!found.to_string().contains("unsatisfiable_policy"), "{found}");
    let preview = builder.post("/approvers/preview", json!({ "counts": { "legal": 2 } })).await.is(200).json.clone();
    assert_eq!((&preview["enough"], &preview["missing"]), (&json!(false), &json!("1 more person of legal")));
}

#[tokio::test]
async fn a_draft_is_checked_against_the_teams_and_channels_there_are() {
    let test = TestApp::start().await;
    let admin = test.person("ada@example.com", Role::Admin, &[]).await;
    let gus = test.person("gus@example.com", Role::Operator, &["night"]).await;
    let document = json!({
        "schema": 1, "name": "Told", "start": "tell", "triggers": [{ "type": "api" }],
        "steps": {
            "tell": { "type": "notify", "channels": ["conversation", "telegram"], "body": "b", "next": "hand" },
            "hand": { "type": "human_handoff", "team": "night", "next": "done", "timeout":
                { "after": "1h", "next": "done" } },
            "done": { "type": "end", "status": "completed" },
        },
    });
    let found = async || -> Vec<(String, String, String)> {
        let answer = admin.post("/check", json!({ "document": document })).await.is(200).json.clone();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        let told = |it: &Value| (text(it, "severity"), text(it, "code"), text(it, "pointer"));
        answer["diagnostics"].as_array().unwrap().iter().map(told).collect()
    };
    let warning = |code: &str, pointer: &str| ("warning".to_owned(), code.to_owned(), pointer.to_owned());
    let (silent, nobody) =
        (warning("no_account", "/steps/tell/channels/1"), warning("nobody_there", "/steps/hand/team"));
    assert_eq!(found().await, std::slice::from_ref(&silent));
    let gus = format!("/people/{}", own_id(&gus).await);
    admin.patch(&gus, json!({ "disabled": true })).await.is(200);
    assert_eq!(found().await, [silent.clone(), nobody.clone()]);
    admin.patch(&gus, json!({ "disabled": false, "groups": [] })).await.is(200);
    assert_eq!(found().await, [silent, nobody.clone()]);
    let bot = json!({ "channel": "telegram", "name": "bot", "secrets": { "token": "1:token" } });
    admin.post("/channels", bot).await.is(201);
    assert_eq!(found().await, [nobody]);
    // Warnings keep nothing from being published.
    test.publish(&admin, document.clone()).await;
}

#[tokio::test]
async fn who_published_it_does_not_approve_it() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Builder, &[]).await;
    let bob = test.person("bob@example.com", Role::Builder, &[]).await;
    test.publish(&ada, approval(json!({ "roles": ["operator"], "exclude_author": true }))).await;
    let run = bob.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1/decision");
    ada.post(&path, json!({ "outcome": "approved" })).await.is_problem(403, "not_an_approver");
    bob.post(&path, json!({ "outcome": "approved" })).await.is(200);
}

#[tokio::test]
async fn who_published_it_by_a_key_does_not_approve_it_either() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Admin, &[]).await;
    let made = ada.post("/api-keys", json!({ "name": "ci", "role": "builder" })).await.is(201).json.clone();
    let key = test.anonymous().with("authorization", &format!("Bearer {}", made["key"].as_str().unwrap()));
    test.publish(&key, approval(json!({ "roles": ["operator"], "exclude_author": true }))).await;
    let run = key.post("/runs", json!({ "workflow": "Approval", "input": { "who": "Ada" } })).await.is(201).id();
    let path = format!("/checkpoints/{run}.1/decision");
    ada.post(&path, json!({ "outcome": "approved" })).await.is_problem(403, "not_an_approver");
}

pub(crate) fn refund() -> Value {
    json!({
        "schema": 1,
        "name": "Refund",
        "triggers": [{ "type": "api" }],
        "start": "ask",
        "steps": {
            "ask": {
                "type": "approval",
                "summary": "Refund {{ input.charge }}",
                "facts": [{ "label": "Charge", "value": "{{ input.charge }}" }],
                "guards": ["refund"],
                "editable": { "refund": ["/amount"] },
                "form": { "type": "object", "required": ["reason"], "properties": { "reason": { "type": "string" } } },
                "comment_required": ["rejected"],
                "approvers": { "roles": ["operator"], "exclude_requester": true },
                "timeout": { "after": "4h", "outcome": "rejected" },
                "on_approve": "refund",
                "on_reject": "no",
                "on_changes": "ask",
                "changes_max": 1,
            },
            "refund": {
                "type": "tool_call",
                "action": "stripe.refund.create",
                "input": { "charge": "{{ input.charge }}", "amount": "{{ input.amount }}" },
                "next": "yes",
            },
            "yes": { "type": "end", "status": "completed" },
            "no": { "type": "end", "status": "rejected" },
        },
    })
}

#[tokio::test]
async fn what_is_asked_of_an_approver_goes_through_the_api() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let (ann, bob) = (test.key(Role::Operator).await, test.key(Role::Operator).await);
    test.publish(&builder, refund()).await;
    // It cannot be understood: nobody is asked.
    let empty = builder.post("/runs", json!({ "workflow": "Refund", "input": {} })).await.is(201).id();
    let over = test.until_over(&builder, &empty).await;
    assert_eq!((&over["status"], &over["error_code"]), (&json!("failed"), &json!("unclear_approval")), "{over}");
    assert_eq!(builder.get("/checkpoints").await.json["items"], json!([]));

    let input = json!({ "charge": "ch_1", "amount": 500 });
    let run = builder.post("/runs", json!({ "workflow": "Refund", "input": input })).await.is(201).id();
    let (card, decision) = (format!("/checkpoints/{run}.1"), format!("/checkpoints/{run}.1/decision"));
    let shown = ann.get(&card).await.is(200).json.clone();
    assert_eq!(shown["facts"], json!([{ "label": "Charge", "value": "ch_1" }]));
    assert_eq!(shown["asked"]["editable"], json!({ "refund": ["/amount"] }));
    assert_eq!((&shown["changes_left"], &shown["outcomes"][2]), (&json!(1), &json!("changes")));
    ann.post(&decision, json!({ "outcome": "rejected" })).await.is_problem(422, "comment_needed");
    ann.post(&decision, json!({ "outcome": "approved" })).await.is_problem(422, "invalid_form");
    let yes = |edits: Value| json!({ "outcome": "approved", "values": { "reason": "late" }, "edits": edits });
    let wrong = ann.post(&decision, yes(json!({ "refund": { "/charge": "ch_2" } }))).await;
    assert_eq!(wrong.is_problem(422, "invalid_form").json["errors"][0]["pointer"], "/edits/refund/~1charge");
    let edited = ann.post(&decision, yes(json!({ "refund": { "/amount": 400 } }))).await.is(200).json.clone();
    assert_eq!((&edited["status"], &edited["may_decide"]), (&json!("open"), &json!(false)), "another pair of eyes");
    let seen = bob.get(&card).await.is(200).json.clone();
    assert_eq!(
        (&seen["requests"][0]["input"]["amount"], &seen["edited"][0]["now"]["amount"]),
        (&json!(400), &json!(400))
    );
    assert_eq!(seen["edited"][0]["approved"]["amount"], 500);
    // From a page that still shows what it was before, nobody says yes to what it is now: in one, in many.
    let before = json!({ "outcome": "approved", "values": { "reason": "late" }, "shown": shown["shown"] });
    bob.post(&decision, before).await.is_problem(409, "shown_changed");
    let many =
        json!([{ "checkpoint": format!("{run}.1"), "outcome": "rejected", "comment": "no", "shown": shown["shown"] }]);
    let many = bob.post("/checkpoints/decisions", json!({ "decisions": many })).await.is(200).json.clone();
    assert_eq!(many["results"][0]["problem"]["code"], "shown_changed");
    assert_eq!(bob.get(&card).await.json["status"], "open");
    let mut now = yes(json!({}));
    now["shown"] = seen["shown"].clone();
    let done = bob.post(&decision, now).await.is(200).json.clone();
    assert_eq!((&done["outcome"], &done["shown"]), (&json!("approved"), &json!(null)));
    let trail = test.key(Role::Admin).await.get(&format!("/audit?subject=run:{run}")).await.text.clone();
    assert!(trail.contains("checkpoint.edited"), "{trail}");
}

/// Who edits and says yes at once said yes to what it became, and the receipt says so.
#[tokio::test]
async fn the_receipt_of_an_edit_with_a_yes_is_of_what_it_became() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let ann = test.key(Role::Operator).await;
    let mut document = refund();
    document["steps"]["ask"]["approvers"] = json!({ "roles": ["operator"] });
    test.publish(&builder, document).await;
    let input = json!({ "charge": "ch_1", "amount": 500 });
    let run = builder.post("/runs", json!({ "workflow": "Refund", "input": input })).await.is(201).id();
    let card = format!("/checkpoints/{run}.1");
    let before = ann.get(&card).await.is(200).json["shown"].clone();
    let listed = ann.get("/checkpoints").await.is(200).json["items"][0].clone();
    assert!(before.is_string() && listed["shown"].is_null(), "a line does not tell the form: {listed}");
    let yes = json!({ "outcome": "approved", "values": { "reason": "late" }, "edits": { "refund": { "/amount": 400 } },
        "shown": before });
    let decided = ann.post(&format!("{card}/decision"), yes).await.is(200).json.clone();
    assert_eq!(decided["outcome"], "approved", "{decided}");
    let receipt = ann.get(&card).await.is(200).json["receipt"]["document"].as_str().unwrap().to_owned();
    let trail = test.key(Role::Admin).await.get(&format!("/audit?subject=run:{run}")).await.is(200).json.clone();
    let edited =
        trail["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "checkpoint.edited").unwrap();
    let became = edited["detail"]["shown"].as_str().unwrap();
    assert!(became != before.as_str().unwrap() && receipt.contains(became), "{became}: {receipt}");
}

#[tokio::test]
async fn what_a_visitor_says_is_a_claim_until_it_is_proven() {
    let test = TestApp::start().await;
    let any = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
    connect(&test, &sandbox).await;
    let builder = test.key(Role::Builder).await;
    let known = json!({ "name": "Ada the Secret", "email": "ada@example.com", "fields": { "tier": "gold" } });
    let known = builder.post("/customers", known).await.is(201).id();
    let document = json!({
        "schema": 1,
        "name": "Prove",
        "triggers": [{ "type": "message", "when": "true" }],
        "start": "greet",
        "steps": {
            "greet": { "type": "notify", "channels": ["conversation"], "body": "Hello {{ customer.name }}{{ customer.tier }}", "next": "verify" },
            "verify": {
                "type": "tool_call",
                "action": "identity.verify",
                "input": { "email": "{{ customer.claimed.email }}" },
                "customer": { "name": "{{ output.name }}", "email": "{{ customer.claimed.email }}", "data": { "plan": "{{ output.plan }}" } },
                "next": "ask",
            },
            "ask": { "type": "approval", "summary": "For {{ customer.name }}", "on_approve": "done", "on_reject": "done" },
            "done": { "type": "end" },
        },
    });
    test.publish(&builder, document).await;
    let open = json!({ "email": "ada@example.com", "name": "Mallory" });
    let chat = test.anonymous().post("/chat/main/conversations", open).await.is(201).json.clone();
    let visitor = test.anonymous().with("x-visitor", chat["token"].as_str().unwrap());
    let conversation = chat["conversation"].as_str().unwrap();
    let shown = builder.get(&format!("/conversations/{conversation}")).await.is(200).json.clone();
    assert_eq!(shown["customer"]["claimed"], json!({ "email": "ada@example.com", "name": "Mallory" }), "{shown}");
    assert_eq!((&shown["customer"]["email"], shown["customer"]["id"] == known), (&json!(null), false));
    let mut changes = test.store.subscribe();
    visitor.post(&format!("/chat/conversations/{conversation}/messages"), json!({ "body": "hi" })).await.is(201);
    let card = loop {
        let listed = builder.get("/checkpoints?status=open&kind=approval").await.is(200).json.clone();
        if let Some(item) = listed["items"].get(0) {
            break item.clone();
        }
        tokio::time::timeout(std::time::Duration::from_secs(30), changes.recv()).await.unwrap().unwrap();
    };
    let said = visitor.get(&format!("/chat/conversations/{conversation}")).await.is(200).text.clone();
    assert!(said.contains("Hello Mallory") && !said.contains("Secret") && !said.contains("gold"), "{said}");
    // The service proved it: from then on it is the customer of that address.
    assert_eq!((&card["customer"]["id"], &card["customer"]["email"]), (&json!(known), &json!("ada@example.com")));
    assert_ne!(card["customer"]["name"], "Mallory");
    let run = builder.get(&format!("/runs/{}", card["run"]["id"].as_str().unwrap())).await.is(200).json.clone();
    assert_eq!(run["customer"]["id"], json!(known), "{run}");
    let shown = builder.get(&format!("/conversations/{conversation}")).await.is(200).json.clone();
    assert_eq!((&shown["customer"]["id"], &shown["customer"]["fields"]["tier"]), (&json!(known), &json!("gold")));
    assert_eq!((&shown["customer"]["fields"]["plan"], &shown["customer"]["claimed"]), (&json!("pro"), &json!(null)));
    let trail = test.key(Role::Admin).await.get("/audit?action=customer.proven").await.text.clone();
    assert!(trail.contains("customer.proven"), "{trail}");
}

#[tokio::test]
async fn a_standing_approval_decides_what_fits_it_until_it_is_revoked() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    let mut document = refund();
    let ask = &mut document["steps"]["ask"];
    ask["approvers"] = json!({ "roles": ["manager"] });
    ask["standing"] = json!({ "step": "refund", "field": "/amount", "max": 5000, "per_day": 2, "days": 7 });
    ask.as_object_mut().unwrap().remove("form");
    let workflow = test.publish(&builder, document).await;
    let until = test.app.now() + 3 * DAY_MS;
    let wish = |amount_max: f64, per_day: u32, until: i64| json!({ "workflow": workflow, "step": "ask", "amount_max": amount_max, "per_day": per_day, "until": until });
    for (bad, pointer) in [
        (wish(5001.0, 2, until), "/amount_max"),
        (wish(-1.0, 2, until), "/amount_max"),
        (wish(10.0, 3, until), "/per_day"),
        (wish(10.0, 1, until + 30 * DAY_MS), "/until"),
        (wish(10.0, 1, 5), "/until"),
    ] {
        assert_eq!(mia.post("/standing-approvals", bad).await.is(422).json["pointer"], pointer);
    }
    eve.post("/standing-approvals", wish(10.0, 1, until)).await.is_problem(403, "not_an_approver");
    test.key_in(&test.workspace, Role::Admin, &["manager"])
        .await
        .post("/standing-approvals", wish(10.0, 1, until))
        .await
        .is(403);
    let standing = mia.post("/standing-approvals", wish(1000.0, 2, until)).await.is(201).id();

    let refunded = async |amount: u32| {
        let input = json!({ "charge": "ch_1", "amount": amount });
        let run = builder.post("/runs", json!({ "workflow": "Refund", "input": input })).await.is(201).id();
        format!("/checkpoints/{run}.1")
    };
    let decided = async |path: &str| {
        let mut changes = test.store.subscribe();
        let wait = async {
            loop {
                let shown = builder.get(path).await.is(200).json.clone();
                if shown["status"] == "decided" {
                    return shown;
                }
                drop(changes.recv().await);
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("it is decided")
    };
    for _ in 0..2 {
        let shown = decided(&refunded(900).await).await;
        assert_eq!((&shown["decided_by"]["name"], &shown["decided_by"]["via"]), (&json!("mia"), &json!("standing")));
        let receipt = shown["receipt"]["document"].as_str().unwrap();
        assert!(receipt.contains(&standing), "{receipt}");
    }
    // Too much for it, and too many for the day: a person decides.
    let (large, third) = (refunded(1001).await, refunded(10).await);
    let listed = mia.get("/standing-approvals").await.is(200).json["items"][0].clone();
    assert_eq!((&listed["used"], &listed["used_today"]), (&json!(2), &json!(2)));
    for path in [&large, &third] {
        mia.post(&format!("{path}/decision"), json!({ "outcome": "rejected", "comment": "no" })).await.is(200);
    }
    eve.delete(&format!("/standing-approvals/{standing}")).await.is_problem(403, "forbidden");
    mia.delete(&format!("/standing-approvals/{standing}")).await.is(204);
    let another = mia.post("/standing-approvals", wish(1000.0, 2, until)).await.is(201).id();
    assert_eq!(decided(&refunded(10).await).await["decided_by"]["via"], "standing");
    mia.delete(&format!("/standing-approvals/{another}")).await.is(204);
    let after = refunded(10).await;
    let shown = mia.post(&format!("{after}/decision"), json!({ "outcome": "approved" })).await.is(200).json.clone();
    assert_eq!(shown["decided_by"]["via"], "portal", "revoked, it decides nothing");
    let trail = test.key(Role::Admin).await.get("/audit?action=standing").await.json["items"].clone();
    assert_eq!(trail.as_array().unwrap().len(), 4, "{trail}");
}

#[tokio::test]
async fn a_checkpoint_says_what_its_reader_may_allow_in_advance() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let eve = test.person("eve@example.com", Role::Operator, &[]).await;
    let asked = async |approvers: serde_json::Value| {
        let mut document = refund();
        let ask = &mut document["steps"]["ask"];
        ask["approvers"] = approvers;
        ask["standing"] = json!({ "step": "refund", "field": "/amount", "max": 5000, "per_day": 2, "days": 7 });
        ask.as_object_mut().unwrap().remove("form");
        test.publish(&builder, document).await;
        let start = json!({ "workflow": "Refund", "input": { "charge": "ch_1", "amount": 10 } });
        format!("/checkpoints/{}.1", builder.post("/runs", start).await.is(201).id())
    };
    let card = asked(json!({ "roles": ["manager"] })).await;
    let limits =
        json!({ "step": "refund", "field": "/amount", "amount_max": 5000.0, "when": null, "per_day": 2, "days": 7 });
    assert_eq!(mia.get(&card).await.is(200).json["asked"]["standing"], limits);
    // Who may not approve it, and a key, are offered nothing.
    for other in [&eve, &builder] {
        assert_eq!(other.get(&card).await.is(200).json["asked"]["standing"], json!(null));
    }
}
