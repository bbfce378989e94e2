//! `countersign workflow test`, without a server and against one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use serde_json::json;
use std::{fs, path::Path};
use support::{Answer, Server, countersign, offline, workflows};

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_examples_pass_from_either_file() {
    for file in ["subscription-upgrade.yaml", "subscription-upgrade.tests.yaml"] {
        let output = offline(&["workflow", "test", &example(file)]);
        assert_eq!(output.code, 0, "{} {}", output.stdout, output.stderr);
        assert!(output.stdout.ends_with("5 passed, 0 failed\n"), "{}", output.stdout);
    }
    let one = offline(&[
        "workflow",
        "test",
        &example("complaint-escalation.yaml"),
        "--only",
        "Solved by support and rated",
        "--json",
    ]);
    assert_eq!((one.code, one.json()["results"].as_array().unwrap().len()), (0, 1));
}

#[test]
fn a_broken_workflow_fails_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let source = fs::read_to_string(example("subscription-upgrade.yaml")).unwrap();
    let broken = source.replace("on_approve: execute", "on_approve: explain");
    let file = folder.path().join("broken.yaml");
    fs::write(&file, broken).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(offline(&["workflow", "test", file]).code, 3, "no test cases beside it");
    let tests = example("subscription-upgrade.tests.yaml");
    let output = offline(&["workflow", "test", file, "--tests", &tests]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stdout.contains("FAIL Approved, changed"), "{}", output.stdout);
    assert!(output.stdout.contains("pass Nobody decides"), "{}", output.stdout);
    let none = offline(&["workflow", "test", file, "--tests", &tests, "--only", "nothing"]);
    assert_eq!((none.code, none.stderr.as_str()), (1, "error: there are no test cases to run\n"));
}

#[test]
fn a_workflow_on_the_server_is_tested_there() {
    let case = json!({ "name": "A", "passed": false, "failures": [{ "what": "status", "message": "the run is failed" }],
            "path": [], "status": "failed" });
    let server = Server::start(move |request| match request.line().as_str() {
        "GET /api/v1/workflows" => Answer::ok(workflows(&[(ID, "Upgrade")])),
        line if line == format!("PUT /api/v1/workflows/{ID}/tests") => {
            assert!(request.body()["source"].as_str().unwrap().starts_with("tests:"));
            Answer::ok(json!({ "next": null, "items": [] }))
        }
        line if line == format!("POST /api/v1/workflows/{ID}/tests/run") => {
            assert_eq!(request.body(), json!({ "version": 2, "names": ["A"] }));
            Answer::ok(json!({ "passed": false, "results": [case.clone()] }))
        }
        line if line == format!("GET /api/v1/workflows/{ID}/tests") => {
            Answer::ok(json!({ "next": null, "items": [{ "id": "t1", "name": "A", "created_at": 0, "updated_at": 0,
                "body": { "name": "A", "expect": { "status": "waiting" } } }] }))
        }
        line => panic!("{line}"),
    });
    let tests = example("subscription-upgrade.tests.yaml");
    let arguments = ["workflow", "test", "Upgrade", "--tests", &tests, "--version", "2", "--only", "A"];
    let output = countersign(&server, &arguments);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert_eq!(output.stdout, "FAIL A\n     status: the run is failed\n0 passed, 1 failed\n");
    let exported = countersign(&server, &["workflow", "test", "Upgrade", "--export"]);
    assert!(exported.stdout.contains("status: waiting"), "{} {}", exported.stdout, exported.stderr);
}
