//! Many runs: search, counts, bulk, export, saved views, the dashboard, and rows that cannot be read.

use crate::support::{Client, TestApp, approval, echo};
use countersign_store::Role;
use serde_json::{Value, json};

async fn waiting(builder: &Client, who: &str) -> String {
    let customer = json!({ "email": format!("{who}@example.com"), "name": who });
    let body = json!({ "workflow": "Approval", "input": { "who": who }, "customer": customer });
    builder.post("/runs", body).await.is(201).id()
}

#[tokio::test]
async fn runs_are_found_by_their_customer_s_name() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let run = waiting(&builder, "Grace").await;
    waiting(&builder, "Ada").await;
    for text in ["grace", "grace@example.com", &run] {
        let found = builder.get(&format!("/runs?text={text}")).await;
        assert_eq!(found.is(200).json["items"].as_array().unwrap().len(), 1, "{text}: {}", found.text);
        assert_eq!(found.json["items"][0]["id"], run);
        let counts = builder.get(&format!("/runs/counts?text={text}")).await;
        assert_eq!((&counts.is(200).json["waiting"], &counts.json["at_least"]), (&json!(1), &json!(false)));
    }
}

#[tokio::test]
async fn runs_say_what_they_are_about_and_are_found_by_it() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut document = approval(json!({ "roles": ["manager"] }));
    document["case"] = json!("Order {{ input.who }}");
    test.publish(&builder, document).await;
    let run = waiting(&builder, "R-1042").await;
    waiting(&builder, "R-77").await;
    let found = builder.get("/runs?text=order%20r-1042").await;
    assert_eq!(found.is(200).json["items"].as_array().unwrap().len(), 1, "{}", found.text);
    assert_eq!(
        (&found.json["items"][0]["id"], &found.json["items"][0]["title"]),
        (&json!(run), &json!("Order R-1042"))
    );
    assert_eq!(found.json["items"][0]["workflow"]["name"], "Approval");
    let inbox = builder.get("/checkpoints").await;
    let titles: Vec<_> = inbox.is(200).json["items"].as_array().unwrap().iter().map(|it| &it["run"]["title"]).collect();
    assert!(titles.contains(&&json!("Order R-1042")), "{titles:?}");
}

#[tokio::test]
async fn a_run_that_ended_well_says_which_step_failed() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let gone = { tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap() };
    let input = json!({ "method": "GET", "url": format!("http://{gone}/") });
    let steps = json!({
        "look": { "type": "tool_call", "title": "Look it up", "action": "http.request", "input": input,
                  "retry": { "attempts": 1 }, "on_error": { "next": "done" }, "next": "done" },
        "done": { "type": "end" } });
    test.publish(&builder, json!({ "schema": 1, "name": "Looks", "start": "look", "steps": steps })).await;
    builder.with("prefer", "wait=10").post("/runs", json!({ "workflow": "Looks" })).await.is(200);
    let runs = builder.get("/runs").await;
    let run = &runs.is(200).json["items"][0];
    assert_eq!((&run["status"], &run["error_message"]), (&json!("completed"), &json!(null)));
    assert_eq!((&run["failed_step"]["step"], &run["failed_step"]["title"]), (&json!("look"), &json!("Look it up")));
    assert!(!run["failed_step"]["message"].as_str().unwrap().is_empty(), "{run}");
}

#[tokio::test]
async fn several_runs_are_stopped_at_once_and_each_tells() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let (one, two) = (waiting(&builder, "Ada").await, waiting(&builder, "Grace").await);
    let body = json!({ "action": "cancel", "runs": [one, two, "nobody", one], "reason": "a mistake" });
    let keyed = builder.with("idempotency-key", "bulk-1");
    let done = keyed.post("/runs/bulk", body.clone()).await;
    assert_eq!(done.is(201).json["done"], 2);
    let results = done.json["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "a run named twice is one");
    assert_eq!((&results[0]["run"], &results[0]["status"]), (&json!(one), &json!("cancelled")));
    assert_eq!((&results[2]["ok"], &results[2]["code"]), (&json!(false), &json!("not_found")));
    assert_eq!(keyed.post("/runs/bulk", body.clone()).await.is(201).json, done.json, "told again, not done again");
    let again = builder.post("/runs/bulk", body).await;
    assert_eq!((&again.is(201).json["done"], &again.json["results"][0]["code"]), (&json!(0), &json!("run_over")));
    let admin = test.key(Role::Admin).await;
    let audit = admin.get("/audit?action=runs.bulk").await;
    assert_eq!(audit.is(200).json["items"].as_array().unwrap().len(), 2);

    let retried = builder.post("/runs/bulk", json!({ "action": "retry", "runs": [one] })).await;
    assert_eq!((&retried.is(201).json["done"], &retried.json["results"][0]["status"]), (&json!(1), &json!("waiting")));
    let viewer = test.key(Role::Viewer).await;
    viewer.post("/runs/bulk", json!({ "action": "cancel", "runs": [one] })).await.is_problem(403, "forbidden");
    let other = test.other_workspace().await;
    let foreign = other.post("/runs/bulk", json!({ "action": "cancel", "runs": [one] })).await;
    assert_eq!(foreign.is(201).json["results"][0]["code"], "not_found");
    let many: Vec<String> = (0..201).map(|index| index.to_string()).collect();
    builder.post("/runs/bulk", json!({ "action": "cancel", "runs": many })).await.is_problem(422, "invalid_request");
    builder.post("/runs/bulk", json!({ "action": "cancel", "runs": [] })).await.is_problem(422, "invalid_request");
}

#[tokio::test]
async fn runs_are_exported_with_the_filters_of_the_list() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, echo()).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    for _ in 0..3 {
        builder.with("prefer", "wait=5").post("/runs", json!({ "workflow": "Echo" })).await.is(200);
    }
    waiting(&builder, "=1+1").await;
    let csv = builder.get("/runs/export?status=waiting").await;
    assert_eq!(csv.is(200).headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines.len(), 2, "{}", csv.text);
    assert!(lines[0].starts_with("id,workflow,") && lines[1].contains(",\"'=1+1\","), "{}", csv.text);
    let all = builder.get("/runs/export?format=json").await;
    assert_eq!(all.is(200).json.as_array().unwrap().len(), 4);
    builder.get("/runs/export?format=xml").await.is_problem(400, "invalid_parameter");
    let other = test.other_workspace().await;
    assert_eq!(other.get("/runs/export?format=json").await.is(200).json, json!([]));
}

#[tokio::test]
async fn a_run_that_cannot_be_read_hides_no_other() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let (broken, whole) = (waiting(&builder, "Ada").await, waiting(&builder, "Grace").await);
    test.store.raw(&format!("UPDATE runs SET status = 'nonsense' WHERE id = '{broken}'")).await.unwrap();
    let list = builder.get("/runs").await;
    assert_eq!(list.is(200).json["items"].as_array().unwrap().len(), 1);
    assert_eq!(list.json["items"][0]["id"], whole);
    assert_eq!(list.json["unreadable"][0]["id"], broken);
    assert_eq!(list.json["unreadable"][0]["code"], "corrupt_data");
    builder.get("/runs/export").await.is(200);
    assert_eq!(builder.get("/checkpoints?status=open").await.is(200).json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn views_are_kept_by_each_person() {
    let test = TestApp::start().await;
    let ada = test.person("ada@example.com", Role::Viewer, &[]).await;
    let grace = test.person("grace@example.com", Role::Viewer, &[]).await;
    let made = ada.post("/saved-views", json!({ "name": "Failed today", "search": { "status": "failed" } })).await;
    let id = made.is(201).id();
    ada.post("/saved-views", json!({ "name": "Failed today", "search": {} })).await.is_problem(409, "already_exists");
    ada.post("/saved-views", json!({ "name": "", "search": {} })).await.is_problem(422, "invalid_request");
    let nested = json!({ "name": "x", "search": { "a": { "b": 1 } } });
    ada.post("/saved-views", nested).await.is_problem(422, "invalid_request");
    assert_eq!(ada.get("/saved-views").await.json["items"][0]["search"]["status"], "failed");
    assert_eq!(grace.get("/saved-views").await.json["items"], json!([]));
    let renamed = json!({ "name": "Broken", "search": { "status": "failed", "version": 2 } });
    grace.put(&format!("/saved-views/{id}"), renamed.clone()).await.is_problem(404, "not_found");
    assert_eq!(ada.put(&format!("/saved-views/{id}"), renamed).await.is(200).json["name"], "Broken");
    grace.delete(&format!("/saved-views/{id}")).await.is_problem(404, "not_found");
    ada.delete(&format!("/saved-views/{id}")).await.is(204);
    assert_eq!(ada.get("/saved-views").await.json["items"], json!([]));
}

#[tokio::test]
async fn the_dashboard_tells_how_it_went() {
    let test = TestApp::start().await;
    let builder = test.key_in(&test.workspace, Role::Builder, &["manager"]).await;
    test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let (one, two) = (waiting(&builder, "Ada").await, waiting(&builder, "Grace").await);
    test.put_forward(1);
    builder.post(&format!("/checkpoints/{one}.1/decision"), json!({ "outcome": "approved" })).await.is(200);
    builder.post(&format!("/runs/{two}/cancel"), json!({})).await.is(200);
    waiting(&builder, "Alan").await;
    test.put_forward(1);
    let shown = builder.get("/dashboard").await;
    let shown = &shown.is(200).json;
    let total = |status: &str| {
        shown["runs"].as_array().unwrap().iter().map(|one| one["runs"][status].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((total("completed"), total("cancelled"), total("waiting")), (1, 1, 1), "{shown}");
    let approvals = &shown["approvals"][0];
    assert_eq!((&approvals["title"], &approvals["times"]["count"]), (&json!("Ask a manager"), &json!(2)));
    assert!(approvals["times"]["p50_ms"].as_i64().unwrap() >= 3_600_000, "{shown}");
    assert_eq!((&approvals["outcomes"]["approved"], &shown["approvals_open"]), (&json!(1), &json!(1)));
    let asked = shown["steps"].as_array().unwrap().iter().find(|step| step["step"] == "ask").unwrap();
    assert_eq!((&asked["waits"], &asked["workflow"]["name"]), (&json!(true), &json!("Approval")));
    let none = builder.get("/dashboard?workflow=nothing").await;
    assert_eq!((&none.is(200).json["steps"], &none.json["failing"]), (&json!([]), &json!([])));
    builder.get("/dashboard?after=5&before=4").await.is_problem(400, "invalid_parameter");
    let other = test.other_workspace().await;
    let theirs = other.get("/dashboard").await.json.clone();
    assert_eq!(theirs["approvals"], Value::Array(Vec::new()));
}
