//! The commands that read files: pushing workflows, importing connectors, verifying exports.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_store::{AuditRow, audit_hash};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use support::{Answer, Server, countersign, offline, workflows};
use tempfile::TempDir;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const SOURCE: &str = "schema: 1\nname: Upgrade\nsteps: {}\n";

fn file(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("file");
    fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

fn workflow(revision: u64) -> Value {
    json!({ "id": ID, "name": "Upgrade", "draft": {}, "draft_revision": revision, "draft_updated_at": 0,
        "active_version": null, "last_version": 0, "has_unpublished_changes": true,
        "diagnostics": [{ "code": "no_steps", "severity": "error", "pointer": "/steps", "message": "there are none",
            "help": "add one" }] })
}

#[test]
fn a_push_saves_on_top_of_what_is_there_and_publishes_that() {
    let server = Server::start(|request| match request.line().as_str() {
        "GET /api/v1/workflows" => Answer::ok(workflows(&[("other", "Upgrade (old)"), (ID, "Upgrade")])),
        line if line == format!("GET /api/v1/workflows/{ID}") => Answer::ok(workflow(4)),
        line if line == format!("PUT /api/v1/workflows/{ID}/draft") => {
            assert_eq!(request.header("if-match"), Some("\"4\""));
            assert_eq!(request.body(), json!({ "source": SOURCE }));
            Answer::ok(workflow(5))
        }
        line if line == format!("POST /api/v1/workflows/{ID}/publish") => {
            let expected = json!({ "message": "first", "allow_unguarded": false, "expected_revision": 5 });
            assert_eq!(request.body(), expected);
            Answer::ok(json!({ "version": 1, "hash": "h", "message": "first", "created_at": 0, "active": true,
                "allow_unguarded": false, "runs": { "running": 0, "waiting": 0, "completed": 0, "rejected": 0, "failed": 0,
                "cancelled": 0, "at_least": false } }))
        }
        line => panic!("{line}"),
    });
    let (_folder, path) = file(SOURCE);
    let output = countersign(&server, &["workflow", "push", &path, "--publish", "-m", "first"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let expected = format!(
        "saved Upgrade, draft revision 5 ({ID})\n/steps: error[no_steps]: there are none\n    help: add one\n\
         published as version 1\n"
    );
    assert_eq!(output.stdout, expected);
}

#[test]
fn a_new_workflow_is_made_only_when_asked_for() {
    let server = Server::start(|request| match request.line().as_str() {
        "GET /api/v1/workflows" => Answer::ok(json!({ "items": [], "next": null })),
        "POST /api/v1/workflows" => Answer::ok(workflow(1)),
        line => panic!("{line}"),
    });
    let (_folder, path) = file(SOURCE);
    let output = countersign(&server, &["workflow", "push", &path]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("add --create"), "{}", output.stderr);
    let output = countersign(&server, &["workflow", "push", &path, "--create", "--json"]);
    assert_eq!((output.code, output.json()["workflow"]["draft_revision"].as_u64()), (0, Some(1)));
}

#[test]
fn somebody_saved_in_between() {
    let server = Server::start(|request| match request.line().as_str() {
        "GET /api/v1/workflows" => Answer::ok(workflows(&[(ID, "Upgrade")])),
        line if line.starts_with("GET") => Answer::ok(workflow(4)),
        _ => Answer::problem(412, "draft_changed", json!({ "title": "Somebody else saved this draft" })),
    });
    let (_folder, path) = file(SOURCE);
    let output = countersign(&server, &["workflow", "push", &path]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.starts_with("error[draft_changed]: Somebody else saved this draft"), "{}", output.stderr);
}

#[test]
fn what_was_looked_at_is_given_back_so_that_nothing_else_is_put_in() {
    let server = Server::start(|request| {
        assert_eq!(request.line(), "POST /api/v1/connectors");
        let mut put = json!({ "name": "pets", "revision": 2, "actions": 1, "paged": [], "warnings": [], "left_out": [],
            "changes": null, "used_by": [] });
        let body = request.body();
        if body["dry_run"] == true {
            assert_eq!(body["reviewed"], Value::Null);
            put["dry_run"] = json!(true);
            put["reviewed"] = json!("1.abc");
            put["offered"] = json!([{ "name": "sell", "title": "Sell", "method": "POST", "path": "/pets", "risk": "write",
                "guessed": true }]);
            return Answer::ok(put);
        }
        match body["reviewed"] == "1.abc" {
            true => Answer::ok(put),
            false => Answer::problem(409, "connector_changed", json!({ "title": "Changed since you looked" })),
        }
    });
    let (_folder, path) = file("openapi: 3.1.0");
    let looked = countersign(&server, &["connector", "push", &path, "--dry-run"]);
    assert_eq!(looked.code, 0, "{}", looked.stderr);
    assert!(looked.stdout.contains("write (guessed)"), "{}", looked.stdout);
    assert_eq!(looked.stdout.lines().last(), Some("reviewed: 1.abc"));
    let put = countersign(&server, &["connector", "push", &path, "--reviewed", "1.abc"]);
    assert_eq!((put.code, put.stdout.as_str()), (0, "pets: revision 2, 1 actions\n"), "{}", put.stderr);
    let other = countersign(&server, &["connector", "push", &path, "--reviewed", "1.abd"]);
    assert_eq!(other.code, 1);
    assert!(other.stderr.starts_with("error[connector_changed]: Changed since you looked"), "{}", other.stderr);
    assert_ne!(countersign(&server, &["connector", "push", &path, "--dry-run", "--reviewed", "1.abc"]).code, 0);
}

#[test]
fn a_manifest_is_made_without_a_server() {
    let (_folder, path) = file(
        "openapi: 3.1.0\ninfo: { title: Pet Shop }\nservers: [{ url: 'https://pets.example.com' }]\npaths:\n  /pets:\n    \
         get: { operationId: listPets, summary: Pets, responses: { '200': { description: They } } }\n",
    );
    let output = offline(&["connector", "import", &path, "--name", "pets"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.starts_with("name: pets\n"), "{}", output.stdout);
    let (_folder, path) = file("{}");
    assert_eq!(offline(&["connector", "import", &path]).code, 1);
    assert_eq!(offline(&["connector", "import", "/nowhere/file"]).code, 3);
}

#[test]
fn what_no_manifest_says_is_told_at_its_place() {
    let manifest = |risk: &str, auth: &str| {
        format!(
            "name: echo\ntitle: Echo\nauth: {auth}\nactions:\n  say: {{ title: Say, method: POST, path: /say, \
             risk: {risk}, idempotency: {{ kind: none }} }}\n"
        )
    };
    let (_folder, path) = file(&manifest("write", "{ kind: bearer, secret: token }"));
    assert_eq!(offline(&["connector", "check", &path]).code, 0);
    let (_folder, path) = file(&manifest("danger", "{ kind: bearer }"));
    let told = offline(&["connector", "check", &path]);
    assert_eq!(told.code, 1);
    let lines: Vec<&str> = told.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", told.stderr);
    assert!(lines[0].contains(": /auth: ") && lines[1].contains(": /actions/say/risk: "), "{}", told.stderr);
    let told = offline(&["connector", "check", &path, "--json"]);
    assert_eq!((told.code, &told.json()["faults"][1]["pointer"]), (1, &json!("/actions/say/risk")));
}

fn entries(count: u64) -> Vec<AuditRow> {
    let mut prev_hash = String::new();
    let entry = |seq| {
        let mut row = AuditRow {
            workspace: "w".to_owned(),
            seq,
            at: 1_000,
            actor: "user:u".to_owned(),
            via: "session".to_owned(),
            action: "workflow.published".to_owned(),
            subject: "workflow:1".to_owned(),
            detail: "{\"n\":1.0}".to_owned(),
            prev_hash: prev_hash.clone(),
            hash: String::new(),
            receipt: None,
        };
        row.hash = audit_hash(&row);
        prev_hash.clone_from(&row.hash);
        row
    };
    (1..=count).map(entry).collect()
}

#[test]
fn an_export_is_verified_without_the_server() {
    let server = Server::start(|request| {
        assert_eq!(request.line(), "GET /api/v1/audit/export");
        let after: u64 = request.parameter("after").unwrap().parse().unwrap();
        let page = entries(3).into_iter().filter(|entry| entry.seq > after).take(2);
        Answer::lines(page.map(|entry| serde_json::to_string(&entry).unwrap() + "\n").collect())
    });
    let export = countersign(&server, &["audit", "export"]);
    assert_eq!((export.code, export.stdout.lines().count()), (0, 3), "{}", export.stderr);
    let (_folder, path) = file(&export.stdout);
    let good = offline(&["audit", "verify", "--file", &path, "--json"]);
    assert_eq!((good.code, &good.json()["entries"]), (0, &json!(3)));
    let head = good.json()["head"].as_str().unwrap().to_owned();
    assert_eq!(offline(&["audit", "verify", "--file", &path, "--head", &head]).code, 0);
    let (_folder, shorter) = file(&export.stdout.lines().take(2).map(|line| format!("{line}\n")).collect::<String>());
    assert_eq!(offline(&["audit", "verify", "--file", &shorter]).code, 0);
    assert_eq!(offline(&["audit", "verify", "--file", &shorter, "--head", &head]).code, 1);
    let (_folder, changed) = file(&export.stdout.replacen("user:u", "user:v", 1));
    let broken = offline(&["audit", "verify", "--file", &changed]);
    assert_eq!((broken.code, broken.stdout.as_str()), (1, "broken at entry 1: 0 entries before it are in order\n"));
}

#[test]
fn a_forged_decision_is_found_offline() {
    let forged = |action: &str| {
        let mut entries = entries(2);
        entries[1].action = action.to_owned();
        entries[1].hash = audit_hash(&entries[1]);
        let key = json!({ "workspace": "w", "public_key": "ab".repeat(32) }).to_string() + "\n";
        key + &entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect::<String>()
    };
    let (_folder, path) = file(&forged("workflow.published"));
    assert_eq!(offline(&["audit", "verify", "--file", &path]).code, 0);
    // The chain was made anew around it, but nobody without the key can sign.
    let (_folder, path) = file(&forged("checkpoint.decided"));
    let found = offline(&["audit", "verify", "--file", &path, "--json"]);
    assert_eq!((found.code, &found.json()["unsigned"]), (1, &json!(2)));
}

#[test]
fn the_server_verifies_its_own() {
    let server = Server::start(|_| Answer::ok(json!({ "entries": 7, "ok": false, "broken_at": 8, "head": "ab" })));
    let output = countersign(&server, &["audit", "verify"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, "broken at entry 8: 7 entries before it are in order\n"));
}

#[test]
fn a_server_without_exports_says_so() {
    let server = Server::start(|_| Answer::html("<html>the start page</html>"));
    let output = countersign(&server, &["audit", "export"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("does not offer this"), "{}", output.stderr);
    let server = Server::start(|_| Answer::problem(404, "not_found", json!({ "title": "Not found" })));
    let output = countersign(&server, &["audit", "export"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("has no export"), "{}", output.stderr);
}
