//! Drafts, publishing, rollback, differences.

use crate::support::{TestApp, echo};
use countersign_store::Role;
use serde_json::json;

#[tokio::test]
async fn two_people_saving_one_draft_are_told() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let made = builder.post("/workflows", json!({ "document": echo() })).await;
    let path = format!("/workflows/{}", made.is(201).id());
    let seen = builder.get(&path).await;
    assert_eq!(seen.headers["etag"], "\"1\"");
    let draft = format!("{path}/draft");
    let mut changed = echo();
    changed["description"] = json!("first");
    builder.put(&draft, json!({ "document": changed })).await.is_problem(428, "precondition_required");
    let saved = builder.with("if-match", "\"1\"").put(&draft, json!({ "document": changed })).await;
    assert_eq!(saved.is(200).headers["etag"], "\"2\"");
    changed["description"] = json!("second");
    let late = builder.with("if-match", "\"1\"").put(&draft, json!({ "document": changed })).await;
    late.is_problem(412, "draft_changed");
    assert_eq!(late.json["current"]["draft_revision"], 2);
    assert_eq!(late.json["current"]["draft"]["description"], "first");
    builder
        .with("if-match", "nonsense")
        .put(&draft, json!({ "document": changed }))
        .await
        .is_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_draft_may_have_errors_and_a_version_may_not() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut broken = echo();
    broken["start"] = json!("nowhere");
    let made = builder.post("/workflows", json!({ "document": broken })).await;
    assert!(!made.is(201).json["diagnostics"].as_array().unwrap().is_empty());
    let publish = format!("/workflows/{}/publish", made.id());
    let refused = builder.post(&publish, json!({ "message": "try" })).await;
    refused.is_problem(422, "check_failed");
    assert!(!refused.json["diagnostics"].as_array().unwrap().is_empty());
    let started = builder.post("/runs", json!({ "workflow": made.id() })).await;
    started.is_problem(409, "not_published");
    let shapeless =
        builder.post("/workflows", json!({ "document": { "schema": 1, "name": "Shapeless", "steps": 7 } })).await;
    assert!(!shapeless.is(201).json["diagnostics"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn documents_that_cannot_be_kept_are_refused() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut newer = echo();
    newer["schema"] = json!(2);
    builder.post("/workflows", json!({ "document": newer })).await.is_problem(422, "schema_newer");
    let found = builder.post("/check", json!({ "document": newer })).await;
    assert_eq!(found.is(200).json["diagnostics"][0]["code"], "schema_newer");
    builder.post("/workflows", json!({ "document": [] })).await.is_problem(422, "invalid_source");
    builder.post("/workflows", json!({})).await.is_problem(422, "invalid_source");
    builder.post("/workflows", json!({ "document": { "schema": 1 } })).await.is_problem(422, "invalid_request");
    let yaml = builder.post("/workflows", json!({ "source": "schema: 1\nname: [unclosed\n" })).await;
    yaml.is_problem(422, "invalid_source");
    assert!(yaml.json["line"].is_u64(), "{}", yaml.text);
    let found = builder.post("/check", json!({ "source": "schema: 1\nname: [unclosed\n" })).await;
    assert_eq!(found.is(200).json["diagnostics"][0]["severity"], "error");
}

#[tokio::test]
async fn yaml_goes_in_and_comes_out() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let source = include_str!("../../../../examples/subscription-upgrade.yaml");
    let made = builder.post("/workflows", json!({ "source": source })).await;
    assert_eq!(made.is(201).json["name"], "Subscription Upgrade");
    let yaml = builder.get(&format!("/workflows/{}/draft.yaml", made.id())).await;
    assert!(yaml.is(200).headers["content-type"].to_str().unwrap().contains("yaml"));
    let again = builder.post("/check", json!({ "source": yaml.text })).await;
    assert_eq!(again.is(200).json["diagnostics"], made.json["diagnostics"]);
}

#[tokio::test]
async fn another_version_is_started_by_builders_and_an_archived_one_by_nobody() {
    let test = TestApp::start().await;
    let (builder, operator) = (test.key(Role::Builder).await, test.key(Role::Operator).await);
    let id = test.publish(&builder, echo()).await;
    let start = |version: u32| json!({ "workflow": id, "version": version, "input": { "text": "a" } });
    operator.post("/runs", start(1)).await.is(201);
    let mut changed = echo();
    changed["steps"]["done"]["output"] = json!({ "text": "two" });
    let path = format!("/workflows/{id}");
    builder.with("if-match", "\"1\"").put(&format!("{path}/draft"), json!({ "document": changed })).await.is(200);
    builder.post(&format!("{path}/publish"), json!({ "message": "two" })).await.is(201);
    operator.post("/runs", start(2)).await.is(201);
    operator.post("/runs", start(1)).await.is_problem(403, "forbidden");
    builder.post("/runs", start(1)).await.is(201);
    let admin = test.key(Role::Admin).await;
    assert!(admin.get("/audit").await.text.contains("run.started_on_another_version"));
    // A version that takes a part of the new runs is current too.
    builder.put(&format!("{path}/ramp"), json!({ "version": 1, "percent": 10 })).await.is(200);
    operator.post("/runs", start(1)).await.is(201);
    let once = operator.with("idempotency-key", "once");
    let first = once.post("/runs", start(1)).await;
    builder.delete(&format!("{path}/ramp")).await;
    operator.post("/runs", start(1)).await.is_problem(403, "forbidden");
    // What was started before is answered with that run.
    assert_eq!(once.post("/runs", start(1)).await.is(200).json["id"], first.is(201).json["id"]);
    let entries = || async { admin.get("/audit").await.text.matches("run.started_on_another_version").count() };
    let before = entries().await;
    // A start that is not written leaves no entry.
    builder
        .post("/runs", json!({ "workflow": id, "version": 1, "input": { "text": 1 } }))
        .await
        .is_problem(422, "invalid_input");
    assert_eq!(entries().await, before);
    builder.delete(&path).await;
    assert_eq!(once.post("/runs", start(1)).await.is(200).json["id"], first.json["id"]);
    for (who, version) in [(&operator, 2), (&builder, 2), (&builder, 1)] {
        who.post("/runs", start(version)).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn publishing_and_rolling_back_move_one_pointer() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    let path = format!("/workflows/{id}");
    assert_eq!(builder.get(&path).await.json["has_unpublished_changes"], false);
    let mut changed = echo();
    changed["steps"]["done"]["output"] = json!({ "text": "two" });
    builder.with("if-match", "\"1\"").put(&format!("{path}/draft"), json!({ "document": changed })).await.is(200);
    assert_eq!(builder.get(&path).await.json["has_unpublished_changes"], true);
    let difference = builder.get(&format!("{path}/diff")).await;
    assert_eq!(difference.is(200).json["steps"]["changed"], json!(["done"]));
    assert!(difference.json["text_diff"].as_str().unwrap().contains("+"), "{}", difference.text);
    builder.post(&format!("{path}/publish"), json!({ "expected_active": 9 })).await.is_problem(409, "active_changed");
    builder.post(&format!("{path}/publish"), json!({ "expected_revision": 1 })).await.is_problem(412, "draft_changed");
    let second = builder.post(&format!("{path}/publish"), json!({ "message": "two", "expected_active": 1 })).await;
    assert_eq!(second.is(201).json["version"], 2);
    let run =
        builder.with("prefer", "wait=5").post("/runs", json!({ "workflow": "Echo", "input": { "text": "one" } })).await;
    assert_eq!(run.is(200).json["output"]["text"], "two");
    let back = builder.post(&format!("{path}/rollback"), json!({ "version": 1, "message": "two was wrong" })).await;
    assert_eq!((&back.is(200).json["version"], &back.json["active"]), (&json!(1), &json!(true)));
    let run =
        builder.with("prefer", "wait=5").post("/runs", json!({ "workflow": id, "input": { "text": "one" } })).await;
    assert_eq!(run.is(200).json["output"]["text"], "one");
    builder.post(&format!("{path}/rollback"), json!({ "version": 7 })).await.is_problem(404, "not_found");
    let versions = builder.get(&format!("{path}/versions")).await;
    let numbers: Vec<_> =
        versions.json["items"].as_array().unwrap().iter().map(|version| version["version"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(versions.json["items"][1]["runs"]["completed"], 1);
    let moves = builder.get(&format!("{path}/activations")).await;
    let kinds: Vec<_> = moves.json["items"].as_array().unwrap().iter().map(|step| step["kind"].clone()).collect();
    assert_eq!(kinds, ["rollback", "publish", "publish"]);
}

#[tokio::test]
async fn a_high_risk_action_needs_an_approval_or_a_policy_and_that_is_on_the_record() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let unguarded = json!({
        "schema": 1, "name": "Unguarded", "triggers": [{ "type": "api" }], "start": "pay",
        "steps": {
            "pay": { "type": "tool_call", "action": "stripe.subscription.update", "next": "done",
                "input": { "subscription": "sub_1", "item": "si_1", "price": "price_1" } },
            "done": { "type": "end" },
        },
    });
    let made = admin.post("/workflows", json!({ "document": unguarded })).await;
    let publish = format!("/workflows/{}/publish", made.is(201).id());
    let refused = admin.post(&publish, json!({ "allow_unguarded": true })).await;
    refused.is_problem(422, "check_failed");
    assert!(refused.text.contains("unguarded_action"), "{}", refused.text);
    admin.patch("/workspace", json!({ "policy": { "allow_unguarded": true } })).await.is(200);
    admin.post(&publish, json!({})).await.is_problem(422, "check_failed");
    let version = admin.post(&publish, json!({ "allow_unguarded": true, "message": "we know" })).await;
    assert_eq!(version.is(201).json["allow_unguarded"], true);
    let audit = admin.get("/audit?action=workflow.published").await;
    let entry = &audit.is(200).json["items"][0];
    assert!(entry["detail"]["overridden"][0].as_str().unwrap().starts_with("unguarded_action"), "{entry}");
    assert_eq!(entry["detail"]["version"], 1);
    assert_eq!(admin.get("/audit/verify").await.json["ok"], true);
}

#[tokio::test]
async fn an_archived_workflow_starts_nothing_until_it_is_restored() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, echo()).await;
    builder.delete(&format!("/workflows/{id}")).await.is(204);
    assert_eq!(builder.get("/workflows").await.json["items"], json!([]));
    assert_eq!(builder.get("/workflows?archived=true").await.json["items"].as_array().unwrap().len(), 1);
    builder.post("/runs", json!({ "workflow": id })).await.is_problem(404, "not_found");
    builder.post(&format!("/workflows/{id}/restore"), json!({})).await.is(200);
    builder.post("/runs", json!({ "workflow": id })).await.is(201);
}

#[tokio::test]
async fn a_repeated_create_makes_one_workflow() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await.with("idempotency-key", "once");
    let first = builder.post("/workflows", json!({ "document": echo() })).await;
    let second = builder.post("/workflows", json!({ "document": echo() })).await;
    assert_eq!(first.is(201).id(), second.is(201).id());
    assert_eq!(second.headers["idempotent-replayed"], "true");
    let mut other = echo();
    other["name"] = json!("Other");
    builder.post("/workflows", json!({ "document": other })).await.is_problem(422, "idempotency_key_reused");
    builder
        .with("idempotency-key", "twice")
        .post("/workflows", json!({ "document": echo() }))
        .await
        .is_problem(409, "already_exists");
}

#[tokio::test]
async fn expressions_give_values_nothing_or_a_reason() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let value = builder.post("/eval", json!({ "expression": "a + 1", "data": { "a": 41 } })).await;
    assert_eq!((&value.is(200).json["value"], &value.json["nothing"]), (&json!(42), &json!(false)));
    let nothing = builder.post("/eval", json!({ "expression": "a.b", "data": {} })).await;
    assert_eq!(nothing.is(200).json["nothing"], true);
    let wrong = builder.post("/eval", json!({ "expression": "a + ) + b", "data": {} })).await;
    assert_eq!((&wrong.is(200).json["code"], &wrong.json["position"]), (&json!("expression_parse"), &json!(4)));
    assert!(builder.get("/schemas/workflow.json").await.is(200).json["properties"]["steps"].is_object());
    assert!(builder.get("/schemas/connector.json").await.is(200).json["properties"]["actions"].is_object());
    let viewer = test.key(Role::Viewer).await;
    viewer.post("/eval", json!({ "expression": "1" })).await.is_problem(403, "forbidden");
    builder.post("/eval", json!({ "expression": "1", "template": "1" })).await.is_problem(422, "invalid_request");
}

#[tokio::test]
async fn templates_are_rendered_as_a_step_would() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let data = json!({ "customer": { "name": "Ada", "id": 9_007_199_254_740_993_u64 } });
    let render = async |template: &str| builder.post("/eval", json!({ "template": template, "data": data })).await;
    assert_eq!(render("Hello {{ customer.name }}!").await.is(200).json["value"], "Hello Ada!");
    assert_eq!(render("{{ customer.id }}").await.is(200).json["value"], json!(9_007_199_254_740_993_u64));
    let wrong = render("Hello {{ customer. }}!").await;
    assert_eq!((&wrong.is(200).json["code"], &wrong.json["position"]), (&json!("expression_parse"), &json!(18)));
}

#[tokio::test]
async fn a_policy_tells_who_could_approve() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let nobody = builder.post("/approvers/preview", json!({ "roles": ["nobody_has_this"] })).await;
    let none = json!({ "people": [], "enough": false, "enough_without_requester": false, "missing": "1 more person" });
    assert_eq!(nobody.is(200).json, none);
    test.person("ada@example.com", Role::Admin, &[]).await;
    test.person("grace@example.com", Role::Operator, &["manager"]).await;
    test.person("vera@example.com", Role::Viewer, &["manager"]).await;
    let names = |reply: &crate::support::Reply| -> Vec<String> {
        let people = reply.json["people"].as_array().unwrap();
        people.iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect()
    };
    let managers = builder.post("/approvers/preview", json!({ "roles": ["manager"], "quorum": 2 })).await;
    assert_eq!(names(managers.is(200)), ["grace@example.com", "vera@example.com"]);
    assert_eq!(managers.json["enough"], true);
    let anyone = builder.post("/approvers/preview", json!({ "quorum": 2, "exclude_requester": true })).await;
    assert_eq!(names(anyone.is(200)), ["ada@example.com", "grace@example.com"]);
    assert_eq!((&anyone.json["enough"], &anyone.json["enough_without_requester"]), (&json!(true), &json!(false)));
    let too_many = builder.post("/approvers/preview", json!({ "users": ["GRACE@example.com"], "quorum": 2 })).await;
    assert_eq!(names(too_many.is(200)), ["grace@example.com"]);
    assert_eq!(too_many.json["enough"], false);
    let viewer = test.key(Role::Viewer).await;
    viewer.post("/approvers/preview", json!({})).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_form_is_shown_over_every_channel() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let form = json!({ "properties": { "plan": { "enum": ["one", "a label that is far too long"] } } });
    let answer = builder.post("/forms/preview", json!({ "form": form })).await;
    let channels = answer.is(200).json["channels"].as_array().unwrap().clone();
    let showing: Vec<_> = channels.iter().map(|one| one["showing"].as_str().unwrap()).collect();
    assert_eq!(showing, ["inline", "numbered", "buttons", "numbered", "numbered"]);
    assert_eq!(channels[1]["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_schedule_says_when_it_fires_next() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let times = async |cron: &str, zone: &str| {
        let answer = builder.post("/schedules/preview", json!({ "cron": cron, "time_zone": zone })).await;
        let times = answer.is(200).json["times"].as_array().unwrap().clone();
        times.into_iter().map(|time| time.as_i64().unwrap()).collect::<Vec<_>>()
    };
    let hourly = times("0 * * * *", "Europe/Berlin").await;
    assert!(hourly[0] > test.app.now(), "{hourly:?}");
    assert_eq!([hourly[1] - hourly[0], hourly[2] - hourly[1]], [3_600_000; 2]);
    for (cron, zone) in [("0 0 30 2 *", "UTC"), ("nonsense", "UTC"), ("0 9 * * *", "Mars")] {
        assert!(times(cron, zone).await.is_empty(), "{cron} in {zone}");
    }
    let viewer = test.key(Role::Viewer).await;
    let refused = viewer.post("/schedules/preview", json!({ "cron": "* * * * *", "time_zone": "UTC" })).await;
    refused.is_problem(403, "forbidden");
}

#[tokio::test]
async fn the_list_says_how_each_workflow_fares() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let end = |status: &str| json!({ "type": "end", "status": status });
    let document = json!({ "schema": 1, "name": "Fares", "start": "bad", "triggers": [{ "type": "api" },
        { "type": "schedule", "cron": "0 3 * * *", "time_zone": "UTC" }, { "type": "api" }],
        "steps": { "bad": { "type": "condition", "branches": [{ "when": "input.bad", "next": "no" }], "otherwise": "yes" },
            "no": end("failed"), "yes": end("completed") } });
    test.publish(&builder, document).await;
    test.publish(&builder, echo()).await;
    for bad in [true, false, false] {
        let body = json!({ "workflow": "Fares", "input": { "bad": bad } });
        builder.with("prefer", "wait=10").post("/runs", body).await.is(200);
    }
    let list = builder.get("/workflows").await;
    let named = |name: &str| list.json["items"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
    let fares = named("Fares");
    assert_eq!((&fares["ended"], &fares["failed"]), (&json!(3), &json!(1)), "{fares}");
    assert_eq!(fares["triggers"], json!(["api", "schedule"]));
    assert_eq!(
        (&fares["last_run"]["status"], &fares["last_failure"]["status"]),
        (&json!("completed"), &json!("failed"))
    );
    assert_eq!((&named("Echo")["last_run"], &named("Echo")["ended"]), (&json!(null), &json!(0)));
}
