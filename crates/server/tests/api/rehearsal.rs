//! Rehearsals, test cases and templates.

use crate::support::{Client, TestApp, approval};
use countersign_store::Role;
use serde_json::{Value, json};

async fn used(builder: &Client) -> String {
    builder.post("/templates/subscription-upgrade/use", json!({ "name": "Mine" })).await.is(201).id()
}

fn opening() -> Value {
    json!({ "message": "upgrade", "customer": { "name": "Ada Example", "email": "ada@example.com" } })
}

#[tokio::test]
async fn a_draft_is_played_step_by_step_without_being_saved() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = used(&builder).await;
    let path = format!("/workflows/{id}/rehearse");
    let begun = builder.post(&path, json!({ "script": { "opening": opening() } })).await;
    assert_eq!(begun.is(200).json["waiting"]["for"], "form", "{}", begun.text);
    let form = json!({ "act": "submits", "values": { "email": "ada@example.com" } });
    let script = json!({ "opening": opening(), "acts": [form] });
    let call = builder.post(&path, json!({ "script": script })).await;
    assert_eq!(call.is(200).json["waiting"]["action"], "identity.verify");
    assert_eq!(call.json["waiting"]["risk"], "read");
    assert!(call.json["waiting"]["sample"]["name"].is_string(), "{}", call.text);
    assert_eq!(call.json["steps"][0]["output"]["email"], "ada@example.com");
    // The document of the page, not the saved one; and a refused act is part of the answer.
    let document = approval(json!({ "roles": ["manager"] }));
    let acts = json!([{ "act": "decides", "outcome": "approved", "by": { "name": "Clerk", "roles": ["operator"] } }]);
    let script = json!({ "opening": { "input": { "who": "Ada" } }, "acts": acts });
    let refused = builder.post(&path, json!({ "document": document, "script": script })).await;
    assert_eq!(refused.is(200).json["waiting"]["for"], "approval");
    assert_eq!(refused.json["refused"]["act"], 0);
    let broken = json!({ "schema": 1, "name": "x", "start": "nowhere", "steps": {} });
    builder.post(&path, json!({ "document": broken })).await.is_problem(422, "not_playable");
    builder.post(&path, json!({ "script": { "acts": [{ "act": "sings" }] } })).await.is_problem(422, "invalid_request");
    test.other_workspace().await.post(&path, json!({})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn only_a_builder_who_says_so_calls_a_service_and_never_with_high_risk() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let document = |action: &str, input: Value| {
        json!({ "schema": 1, "name": "Call", "start": "call", "steps": {
            "call": { "type": "tool_call", "action": action, "input": input, "next": "done" },
            "done": { "type": "end" },
        } })
    };
    let id = builder.post("/workflows", json!({ "document": document("http.get", json!({})) })).await.is(201).id();
    let path = format!("/workflows/{id}/rehearse/call");
    let body = |action: &str, input: Value, confirm: bool, confirm_write: bool| {
        json!({ "document": document(action, input), "script": {}, "step": "call", "confirm": confirm,
            "confirm_write": confirm_write })
    };
    let read = || json!({ "url": "http://127.0.0.1:9/nobody-listens" });
    let operator = test.key(Role::Operator).await;
    operator.post(&path, body("http.get", read(), true, false)).await.is_problem(403, "forbidden");
    builder.post(&path, body("http.get", read(), false, false)).await.is_problem(422, "invalid_request");
    builder.post(&path, body("http.request", read(), true, false)).await.is_problem(422, "invalid_request");
    let high = json!({ "charge": "ch_ada" });
    // Without an approval the run fails before the call; nothing is there to be made.
    builder.post(&path, body("stripe.refund.create", high, true, true)).await.is_problem(409, "not_waiting");
    let called = builder.post(&path, body("http.get", read(), true, false)).await;
    assert_eq!(called.is(200).json["answer"]["kind"], "error", "{}", called.text);
    assert_eq!(called.json["answer"]["given"], "real");
    let audit = test.key(Role::Admin).await.get("/audit").await;
    let called = |entry: &&Value| entry["action"] == "workflow.rehearsal_called";
    let entries: Vec<_> = audit.json["items"].as_array().unwrap().iter().filter(called).collect();
    assert_eq!(entries.len(), 1, "{}", audit.text);
}

#[tokio::test]
async fn what_a_step_answered_before_can_be_played_again() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let document = json!({ "schema": 1, "name": "Call", "start": "call", "steps": {
        "call": { "type": "tool_call", "action": "http.get", "input": { "url": "http://127.0.0.1:9/x" },
            "retry": { "attempts": 1 }, "next": "done", "on_error": { "next": "done" } },
        "done": { "type": "end" },
    } });
    let id = test.publish(&builder, document).await;
    builder.with("prefer", "wait=10").post("/runs", json!({ "workflow": id })).await.is(200);
    let path = format!("/workflows/{id}/steps/call/samples");
    let found = builder.get(&path).await;
    assert_eq!(found.is(200).json["items"][0]["answer"]["given"], "recorded", "{}", found.text);
    assert_eq!(found.json["items"][0]["input"]["url"], "http://127.0.0.1:9/x");
    assert_eq!(builder.get(&format!("{path}?action=other.get")).await.json["items"], json!([]));
    test.other_workspace().await.get(&path).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_kept_rehearsal_stands_in_the_way_of_a_broken_draft() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let document = approval(json!({ "roles": ["manager"] }));
    let id = builder.post("/workflows", json!({ "document": document })).await.is(201).id();
    let tests = format!("/workflows/{id}/tests");
    let script =
        json!({ "opening": { "input": { "who": "Ada" } }, "acts": [{ "act": "decides", "outcome": "approved" }] });
    let keep = json!({ "name": "Approved", "script": script });
    let kept = builder.with("idempotency-key", "k1").post(&tests, keep.clone()).await;
    assert_eq!(kept.is(201).json["body"]["expect"]["path"], json!(["ask", "tell", "yes"]));
    let replayed = builder.with("idempotency-key", "k1").post(&tests, keep.clone()).await;
    assert_eq!(replayed.is(201).id(), kept.id());
    builder.post(&tests, keep.clone()).await.is_problem(422, "invalid_request");
    test.key(Role::Viewer).await.post(&tests, keep).await.is_problem(403, "forbidden");
    let run = format!("{tests}/run");
    assert_eq!(builder.post(&run, json!({})).await.is(200).json["passed"], true);
    let publish = format!("/workflows/{id}/publish");
    builder.post(&publish, json!({ "message": "one" })).await.is(201);

    let mut broken = document.clone();
    broken["steps"]["ask"]["on_approve"] = json!("no");
    let failed = builder.post(&run, json!({ "document": broken })).await;
    assert_eq!(
        (&failed.is(200).json["passed"], &failed.json["results"][0]["status"]),
        (&json!(false), &json!("rejected"))
    );
    let draft = format!("/workflows/{id}/draft");
    builder.with("if-match", "\"1\"").put(&draft, json!({ "document": broken })).await.is(200);
    let refused = builder.post(&publish, json!({ "message": "two" })).await;
    refused.is_problem(422, "tests_failed");
    assert!(refused.json["detail"].as_str().unwrap().contains("Approved"), "{}", refused.text);
    assert!(!refused.json["tests"][0]["failures"].as_array().unwrap().is_empty());
    builder.post(&publish, json!({ "override_tests": " " })).await.is_problem(422, "invalid_request");
    builder.post(&publish, json!({ "message": "two", "override_tests": "the path is new" })).await.is(201);
    let audit = test.key(Role::Admin).await.get("/audit").await;
    assert!(audit.text.contains("the path is new"), "{}", audit.text);
    builder.post(&run, json!({})).await.is(200);
    assert_eq!(builder.get(&tests).await.json["items"][0]["last_result"]["passed"], false);
    assert_eq!(builder.post(&run, json!({ "version": 1 })).await.json["passed"], true);

    let test_path = format!("{tests}/{}", kept.id());
    let expect = json!({ "name": "Rejected now", "script": script, "expect": { "status": "rejected" } });
    builder.put(&test_path, expect).await.is(200);
    assert_eq!(builder.post(&run, json!({})).await.json["passed"], true);
    test.other_workspace().await.get(&tests).await.is_problem(404, "not_found");
    builder.delete(&test_path).await.is(204);
    builder.delete(&test_path).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_run_that_took_place_is_kept_as_a_test_case() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let start = json!({ "workflow": id, "input": { "who": "Ada" } });
    let run = builder.post("/runs", start.clone()).await.is(201).id();
    let path = format!("/runs/{run}/test-case");
    let viewer = test.key(Role::Viewer).await;

    // While it waits it is a test case up to there.
    let made = viewer.get(&path).await;
    assert_eq!(made.is(200).json["case"]["expect"]["status"], "waiting", "{}", made.text);
    assert_eq!(made.json["limits"][0]["code"], "not_over");
    assert_eq!(made.json["case"]["opening"]["input"]["who"], "Ada");
    let manager = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    let decision = json!({ "outcome": "approved", "comment": "fine" });
    manager.post(&format!("/checkpoints/{run}.1/decision"), decision).await.is(200);

    viewer.post(&path, json!({ "name": "Approved for Ada" })).await.is_problem(403, "forbidden");
    builder.post(&path, json!({ "name": " " })).await.is_problem(422, "invalid_request");
    let keyed = builder.with("idempotency-key", "k1");
    let kept = keyed.post(&path, json!({ "name": "Approved for Ada" })).await;
    assert_eq!(kept.is(201).json["workflow"], json!(id), "{}", kept.text);
    assert_eq!(kept.json["test"]["body"]["expect"]["path"], json!(["ask", "tell", "yes"]));
    let decides = kept.json["test"]["body"]["acts"].as_array().unwrap().last().unwrap();
    assert_eq!(decides["comment"], "fine");
    assert!(decides["by"]["roles"].as_array().unwrap().contains(&json!("manager")), "{decides}");
    let replayed = keyed.post(&path, json!({ "name": "Approved for Ada" })).await;
    assert_eq!(replayed.is(201).json["test"]["id"], kept.json["test"]["id"]);
    let taken = builder.post(&path, json!({ "name": "Approved for Ada" })).await;
    taken.is_problem(409, "name_taken");
    assert!(taken.json["detail"].as_str().unwrap().contains("Approved for Ada"), "{}", taken.text);

    let tests = format!("/workflows/{id}/tests");
    assert_eq!(builder.post(&format!("{tests}/run"), json!({})).await.is(200).json["passed"], true);
    let audit = test.key(Role::Admin).await.get("/audit").await;
    let of_run = |entry: &&Value| entry["action"] == "workflow.test_kept" && entry["detail"]["run"] == json!(run);
    assert_eq!(audit.json["items"].as_array().unwrap().iter().filter(of_run).count(), 1, "{}", audit.text);

    // A run that went on after its end has more to it than a test case can say.
    let again = builder.post("/runs", start).await.is(201).id();
    builder.post(&format!("/runs/{again}/cancel"), json!({})).await.is(200);
    builder.post(&format!("/runs/{again}/retry"), json!({ "step": "ask" })).await.is(200);
    let path = format!("/runs/{again}/test-case");
    let refused = builder.post(&path, json!({ "name": "Again" })).await;
    refused.is_problem(422, "not_convertible");
    assert!(refused.json["detail"].as_str().unwrap().contains("was retried"), "{}", refused.text);
    builder.get(&path).await.is_problem(422, "not_convertible");
    builder.get("/runs/nowhere/test-case").await.is_problem(404, "not_found");
    test.other_workspace().await.get(&path).await.is_problem(404, "not_found");
    assert_eq!(builder.get(&tests).await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn test_cases_travel_as_a_file() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let id = used(&builder).await;
    let tests = format!("/workflows/{id}/tests");
    let before = builder.get(&tests).await;
    assert_eq!(before.is(200).json["items"].as_array().unwrap().len(), 5);
    let yaml = builder.get(&format!("{tests}.yaml")).await;
    assert!(yaml.is(200).headers["content-type"].to_str().unwrap().contains("yaml"));
    let again = builder.put(&tests, json!({ "source": yaml.text })).await;
    assert_eq!(again.is(200).json["items"][0]["id"], before.json["items"][0]["id"], "the same name is the same case");
    assert_eq!(builder.post(&format!("{tests}/run"), json!({})).await.is(200).json["passed"], true);
    let one = builder.put(&tests, json!({ "source": "tests: [{ name: Only }]" })).await;
    assert_eq!(one.is(200).json["items"].as_array().unwrap().len(), 1);
    let bad = builder.put(&tests, json!({ "source": "tests:\n  - nome: x\n" })).await;
    bad.is_problem(422, "invalid_source");
    assert!(bad.json["line"].is_u64(), "{}", bad.text);
}

#[tokio::test]
async fn the_gallery_says_what_each_template_needs() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let list = builder.get("/templates").await;
    let items = list.is(200).json["items"].as_array().unwrap();
    assert!(items.len() >= 6, "{}", items.len());
    assert_eq!(items[0]["connectors"], json!(["identity", "stripe"]));
    assert_eq!(items[0]["channels"], json!(["email", "whatsapp"]));
    for item in items {
        let made = builder.post(&format!("/templates/{}/use", item["id"].as_str().unwrap()), json!({})).await;
        // Nobody is here yet who could approve anything, and no channel has an account.
        let wrong = |finding: &&Value| {
            finding["severity"] != "info"
                && !matches!(finding["code"].as_str(), Some("nobody_there" | "no_account" | "unsatisfiable_policy"))
        };
        let diagnostics = made.is(201).json["diagnostics"].as_array().unwrap();
        assert_eq!(diagnostics.iter().find(wrong), None, "{}", item["id"]);
        builder.post(&format!("/workflows/{}/publish", made.id()), json!({ "message": "first" })).await.is(201);
    }
    builder.post("/templates/subscription-upgrade/use", json!({})).await.is_problem(409, "already_exists");
    builder.post("/templates/none/use", json!({})).await.is_problem(404, "not_found");
    // What it asks for is answered with it.
    let upgrade = &items[0];
    let asks: Vec<&str> = upgrade["asks"].as_array().unwrap().iter().map(|ask| ask["name"].as_str().unwrap()).collect();
    assert_eq!(
        asks,
        ["connection.identity", "connection.stripe", "channel.email", "channel.whatsapp", "group.manager"]
    );
    let settings = json!({
        "connection.stripe": "eu", "connection.identity": null, "channel.whatsapp": false, "group.manager": "Finance",
    });
    let mine = json!({ "name": "Mine", "settings": settings });
    let made = builder.post("/templates/subscription-upgrade/use", mine).await.is(201).json.clone();
    let steps = &made["draft"]["steps"];
    assert_eq!(steps["execute"]["connection"], "eu");
    assert_eq!((&steps["verify"]["connection"], &steps["confirm"]["channels"]), (&Value::Null, &json!(["email"])));
    assert_eq!(steps["approve"]["approvers"]["roles"], json!(["finance"]));
    let tiers = json!({ "name": "Tiers", "settings": { "value.small_up_to": 20.5 } });
    let made = builder.post("/templates/refund-with-tiers/use", tiers).await.is(201).json.clone();
    assert_eq!(
        (&made["draft"]["vars"]["small_up_to"], &made["draft"]["vars"]["medium_up_to"]),
        (&json!(20.5), &json!(100))
    );
    for (settings, pointer) in [
        (json!({ "value.moon": 1 }), "/settings/value.moon"),
        (json!({ "value.small_up_to": -1 }), "/settings/value.small_up_to"),
        (json!({ "value.small_up_to": "20" }), "/settings/value.small_up_to"),
        (json!({ "group.manager": "" }), "/settings/group.manager"),
        (json!({ "channel.email": "no" }), "/settings/channel.email"),
    ] {
        let refused =
            builder.post("/templates/refund-with-tiers/use", json!({ "name": "No", "settings": settings })).await;
        assert_eq!(refused.is_problem(422, "invalid_request").json["pointer"], pointer);
    }
    test.key(Role::Operator)
        .await
        .post("/templates/returns-with-label/use", json!({}))
        .await
        .is_problem(403, "forbidden");
}
