//! The commands that ask a server, as a person runs them, against a small server that answers from a script.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{Answer, Server, countersign, offline, workflows};

fn run_with(status: &str, ended_at: Value) -> Value {
    json!({
        "id": "r1", "workflow": { "id": "w1", "name": "Upgrade" }, "version": 3, "status": status, "step": null,
        "waiting_for": null, "title": "Upgrade", "trigger": "api", "customer": null, "started_by": null,
        "started_at": 0, "updated_at": 0, "ended_at": ended_at, "output": null, "error_code": null, "error_message": null,
        "replayed": false, "input": {}, "vars": {}, "seq": 1,
        "steps": [{ "visit": 1, "step": "verify", "kind": "tool_call", "title": "Verify", "action": "identity.verify",
            "status": "completed", "started_at": 0, "duration_ms": 340, "input": null, "output": null, "set": {},
            "attempts": [], "checkpoint": null, "earlier_checkpoints": [], "messages": [], "moves": [] }],
    })
}

#[test]
fn nobody_listens() {
    let output = offline(&["run", "list", "--server", "http://127.0.0.1:1"]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("nothing answers at http://127.0.0.1:1/ - is the server running there?"),
        "{}",
        output.stderr
    );
}

#[test]
fn wrong_arguments_are_wrong_usage() {
    for arguments in [
        &["run", "list", "--after", "yesterday"][..],
        &["run", "start", "Upgrade", "--input", "{"],
        &["run", "start", "Upgrade", "--wait", "61"],
        &["run", "retry", "r1", "--set", "plan=enterprise"],
        &["run", "retry", "r1", "--newest", "--version", "same"],
        &["workflow", "push", "a.yaml", "--publish"],
        &["workflow", "diff", "w1", "--to", "newest"],
        &["workflow", "backtest", "w1", "--last", "501"],
        &["workflow", "backtest", "w1", "--draft", "--version", "2"],
        &["workflow", "ramp", "w1", "--version", "2"],
        &["workflow", "ramp", "w1", "--version", "2", "--percent", "100"],
        &["workflow", "move", "w1", "--to", "2", "--map", "a"],
        &["checkpoint", "list", "--kind", "question"],
        &["connector"],
        &["workflow", "rollback", "w1", "first"],
    ] {
        let output = offline(arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {}", output.stderr);
    }
    let output = offline(&["run", "list", "--server", "localhost:8080"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("is not like http://127.0.0.1:8080"), "{}", output.stderr);
}

#[test]
fn the_key_is_sent_and_its_absence_explained() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer cs_test") => Answer::ok(json!({ "items": [], "next": null })),
        _ => Answer::problem(401, "unauthenticated", json!({ "title": "Sign in first" })),
    });
    let output = countersign(&server, &["workflow", "list"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.starts_with("error[unauthenticated]: Sign in first"), "{}", output.stderr);
    assert!(output.stderr.contains("COUNTERSIGN_API_KEY"), "{}", output.stderr);
    assert_eq!(countersign(&server, &["workflow", "list", "--key", "cs_test"]).code, 0);
}

#[test]
fn pages_are_followed_up_to_the_limit() {
    let server = Server::start(|request| {
        let limit: usize = request.parameter("limit").unwrap().parse().unwrap();
        let from: usize = request.parameter("cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let to = (from + limit).min(450);
        let items: Vec<Value> = (from..to).map(|number| json!({ "id": format!("r{number}") })).collect();
        Answer::ok(json!({ "items": items, "next": (to < 450).then(|| to.to_string()) }))
    });
    let listed = |arguments: &[&str]| countersign(&server, arguments).json();
    let all = listed(&["run", "list", "--all", "--json"]);
    assert_eq!(all["items"].as_array().unwrap().len(), 450);
    assert_eq!(all["next"], Value::Null);
    let some = listed(&["run", "list", "--limit", "201", "--json"]);
    assert_eq!(some["items"].as_array().unwrap().len(), 201);
    assert_eq!(some["next"], "201");
}

#[test]
fn a_connector_is_shown_with_all_its_actions_and_one_of_them_with_what_it_takes() {
    let server = Server::start(|request| match request.line().as_str() {
        "GET /api/v1/connectors/shop" => Answer::ok(json!({ "name": "shop", "title": "Shop", "description": "",
            "settings_schema": { "properties": { "base_url": { "type": "string" } } }, "secrets_schema": {},
            "limits_schema": {}, "oauth_callback": null, "action_count": 250, "revision": 1 })),
        "GET /api/v1/connectors/shop/actions/order.get" => {
            Answer::ok(json!({ "name": "shop.order.get", "title": "An order",
            "description": "", "risk": "read", "risk_by": null, "idempotency": { "kind": "none" },
            "input": { "required": ["id"], "properties": { "id": { "type": "string" } } }, "output": {} }))
        }
        "GET /api/v1/actions" => {
            assert_eq!(request.parameter("connector"), Some("shop"));
            let limit: usize = request.parameter("limit").unwrap().parse().unwrap();
            let from: usize = request.parameter("cursor").map_or(0, |cursor| cursor.parse().unwrap());
            let to = (from + limit).min(250);
            let item =
                |number| json!({ "name": format!("shop.do{number}"), "title": "", "description": "", "risk": "high" });
            let items: Vec<Value> = (from..to).map(item).collect();
            Answer::ok(json!({ "items": items, "next": (to < 250).then(|| to.to_string()) }))
        }
        line => Answer::problem(404, "not_found", json!({ "title": line })),
    });
    let shown = countersign(&server, &["connector", "show", "shop"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert_eq!(shown.stdout.matches("shop.do").count(), 250);
    assert!(shown.stdout.contains("base_url"), "{}", shown.stdout);
    let whole = countersign(&server, &["connector", "show", "shop", "--json"]).json();
    assert_eq!((whole["actions"].as_array().unwrap().len(), &whole["action_count"]), (250, &json!(250)));
    let one = countersign(&server, &["connector", "show", "shop.order.get"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert!(one.stdout.contains("read") && one.stdout.contains("id*"), "{}", one.stdout);
    let none = countersign(&server, &["connector", "show", "shop.nothing"]);
    assert!(none.stderr.starts_with("error[not_found]"), "{}", none.stderr);
}

#[test]
fn a_page_that_repeats_is_refused() {
    let server = Server::start(|_| Answer::ok(json!({ "items": [{ "id": "r" }], "next": "same" })));
    let output = countersign(&server, &["run", "list", "--all"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("repeats a page"), "{}", output.stderr);
}

#[test]
fn something_else_answers() {
    let server = Server::start(|_| Answer::html("<html>hello</html>"));
    let output = countersign(&server, &["run", "show", "r1"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("not like Countersign"), "{}", output.stderr);
}

#[test]
fn a_run_is_printed_as_a_test_case_that_can_be_run() {
    let case = json!({ "name": "Run 1", "opening": { "at": 1_767_258_000_000_i64 },
        "acts": [{ "act": "decides", "outcome": "approved", "by": { "name": "Boss", "roles": ["manager"] } }],
        "expect": { "status": "completed", "path": ["ask", "done"] } });
    let limits = json!([{ "code": "channel", "message": "It ran in a conversation over sms." }]);
    let server = Server::start(move |request| match request.line().as_str() {
        "GET /api/v1/runs/r1/test-case" => Answer::ok(json!({ "case": case, "limits": limits })),
        _ => Answer::problem(
            422,
            "not_convertible",
            json!({ "detail": "this run was retried: a test case has no retry" }),
        ),
    });
    let output = countersign(&server, &["run", "show", "r1", "--test-case"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.starts_with("# It ran in a conversation over sms.\ntests:\n"), "{}", output.stdout);
    let folder = tempfile::tempdir().unwrap();
    let (file, tests) = (folder.path().join("a.yaml"), folder.path().join("a.tests.yaml"));
    let document = "schema: 1\nname: A\nstart: ask\nsteps:\n  ask: { type: approval, summary: ok?, guards: [], \
        approvers: { roles: [manager] }, timeout: { after: 1h, outcome: rejected }, on_approve: done, on_reject: done }\n  \
        done: { type: end }\n";
    std::fs::write(&file, document).unwrap();
    std::fs::write(&tests, &output.stdout).unwrap();
    let tested = offline(&["workflow", "test", file.to_str().unwrap()]);
    assert_eq!((tested.code, tested.stdout.contains("pass Run 1")), (0, true), "{} {}", tested.stdout, tested.stderr);
    let refused = countersign(&server, &["run", "show", "r2", "--test-case"]);
    assert!(refused.code != 0 && refused.stderr.contains("this run was retried"), "{}", refused.stderr);
    assert_eq!(countersign(&server, &["run", "show", "r1", "--test-case", "--step", "1"]).code, 2);
}

#[test]
fn a_decision_that_came_too_late_is_a_no() {
    let server = Server::start(|request| {
        assert_eq!(request.line(), "POST /api/v1/checkpoints/r1.3/decision");
        assert_eq!(request.body(), json!({ "outcome": "approved", "comment": "fine" }));
        let members = json!({ "title": "This is already decided", "detail": "already decided by Ada Example",
            "outcome": "rejected", "decided_by": { "id": null, "name": "Ada Example", "via": null }, "decided_at": 0 });
        Answer::problem(409, "already_decided", members)
    });
    let arguments = ["checkpoint", "decide", "r1.3", "approve", "--comment", "fine"];
    let output = countersign(&server, &arguments);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("already decided by Ada Example"), "{}", output.stderr);
    assert!(output.stderr.contains("it was rejected at 1970-01-01 00:00:00"), "{}", output.stderr);
    let output = countersign(&server, &[&arguments[..], &["--json"]].concat());
    assert_eq!((output.code, output.json()["code"].as_str()), (1, Some("already_decided")));
}

#[test]
fn a_started_run_is_waited_for() {
    let server = Server::start(|request| {
        assert_eq!(request.header("prefer"), Some("wait=5"));
        assert_eq!(request.header("idempotency-key"), Some("k1"));
        let body = request.body();
        assert_eq!((&body["workflow"], &body["input"]), (&json!("Upgrade"), &json!({ "plan": "e" })));
        assert_eq!(body["customer"]["email"], "ada@example.com");
        let mut run = run_with("failed", json!(10));
        run["error_code"] = json!("http_503");
        Answer::ok(run)
    });
    let arguments = ["run", "start", "Upgrade", "--input", "-", "--customer", "ada@example.com", "--wait", "5"];
    let output = server.run_with_input(&[&arguments[..], &["--key-idempotency", "k1"]].concat(), "{\"plan\":\"e\"}");
    assert_eq!(output.code, 1);
    assert_eq!(output.stdout, "r1  Upgrade v3: failed - http_503\n");
}

#[test]
fn a_watched_run_is_followed_to_its_end() {
    let looks = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| match looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => {
            let mut run = run_with("running", Value::Null);
            run["steps"][0]["status"] = json!("running");
            run["steps"][0]["duration_ms"] = Value::Null;
            Answer::ok(run)
        }
        1 => Answer::ok(run_with("running", Value::Null)),
        _ => Answer::ok(run_with("completed", json!(1_500))),
    });
    let output = countersign(&server, &["run", "watch", "r1", "--timeout", "60"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let lines: Vec<Vec<&str>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected = [
        vec!["tool_call", "Verify", "identity.verify", "Running"],
        vec!["tool_call", "Verify", "identity.verify", "Completed", "(0.3s)"],
        vec!["Completed", "in", "1.5s"],
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_shown_run_is_a_timeline() {
    let server = Server::start(|_| Answer::ok(run_with("completed", json!(1_500))));
    let output = countersign(&server, &["run", "show", "r1"]);
    assert!(output.stdout.starts_with("Upgrade  v3  Completed\n"), "{}", output.stdout);
    assert!(output.stdout.ends_with("tool_call  Verify  identity.verify  Completed (0.3s)\n"), "{}", output.stdout);
    let step = countersign(&server, &["run", "show", "r1", "--step", "1", "--json"]).json();
    assert_eq!(step["step"], "verify");
    let missing = countersign(&server, &["run", "show", "r1", "--step", "2"]);
    assert_eq!(missing.code, 3);
}

#[test]
fn a_backtest_that_finds_a_change_is_a_no() {
    let server = Server::start(|request| match request.line().as_str() {
        "GET /api/v1/workflows" => Answer::ok(workflows(&[("w1", "Upgrade")])),
        "POST /api/v1/workflows/w1/backtest" => {
            let changed = request.body()["version"].is_null();
            let items = if changed {
                json!([{ "run": "r1", "title": "", "version": 3, "status": "completed", "started_at": 0,
                    "verdict": "path_changed", "requests": [], "end": null, "renamed": [{ "was": "look", "now": "find" }],
                    "cannot_say": null, "path": { "after": "ask", "recorded": "pay", "now": "sorry" } }])
            } else {
                json!([{ "run": "r1", "title": "", "version": 3, "status": "completed", "started_at": 0,
                    "verdict": "same", "requests": [], "renamed": [] }])
            };
            let counts = (u32::from(changed), request.body()["last"].clone());
            Answer::ok(json!({ "against": "draft", "runs": counts.1, "changed": counts.0, "cannot_say": 0,
                "unreadable": 0, "items": items }))
        }
        other => panic!("{other}"),
    });
    let output = countersign(&server, &["workflow", "backtest", "w1", "--last", "7"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("after ask: sorry instead of pay"), "{}", output.stdout);
    assert!(output.stdout.contains("\nrenamed: look → find\n"), "{}", output.stdout);
    assert!(output.stdout.ends_with("7 runs against draft: 1 change, 0 cannot be told\n"), "{}", output.stdout);
    let json = countersign(&server, &["workflow", "backtest", "w1", "--json"]);
    assert_eq!((json.code, json.json()["changed"].as_u64()), (1, Some(1)));
    assert_eq!(countersign(&server, &["workflow", "backtest", "w1", "--version", "2"]).code, 0);
}
