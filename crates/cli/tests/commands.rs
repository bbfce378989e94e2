//! Commands against a real server, as an engineer runs them: the life of a version, and the measurements.
#![allow(clippy::unwrap_used)]

mod live;

use live::{
    furnish::{People, furnish, start},
    node::{Launch, Node},
    outside::Outside,
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::process::Command;

/// The longest a command may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const WORKFLOW: &str = "
schema: 1
name: Discount
triggers: [{ type: api }]
start: ask
steps:
  ask:
    type: approval
    summary: A discount?
    approvers: { roles: [operator] }
    timeout: { after: 4h, outcome: rejected }
    on_approve: done
    on_reject: refused
  done: { type: end, message: Granted }
  refused: { type: end, status: rejected }
";

/// The executable, speaking to a server as somebody.
struct Terminal<'a> {
    server: &'a Node,
    key: &'a str,
}

impl Terminal<'_> {
    /// What it prints; it must go well.
    async fn says(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).args(["--server", &self.server.url]).env("COUNTERSIGN_API_KEY", self.key);
        output(command, arguments).await
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[arguments, &["--json"]].concat()).await).unwrap()
    }
}

async fn output(mut command: Command, arguments: &[&str]) -> String {
    command.kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("in time").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn write(folder: &Path, source: &str) -> String {
    let file = folder.join("discount.yaml");
    std::fs::write(&file, source).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A server on which the workflow was published by the command line.
async fn published(folder: &Path) -> (Node, People) {
    let node = Launch::sqlite(folder).start().await;
    let people = furnish(&node, &Outside::start().await).await;
    let terminal = Terminal { server: &node, key: people.admin.key() };
    let file = write(folder, WORKFLOW);
    terminal.says(&["workflow", "push", &file, "--create", "--publish", "-m", "First"]).await;
    (node, people)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_lives_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let (mut node, people) = published(folder.path()).await;
    let terminal = Terminal { server: &node, key: people.admin.key() };
    let run = people.admin.send(&node.url, &start("Discount", "one", json!({}))).await.unwrap().body;
    let run = run["id"].as_str().unwrap();

    let file = write(folder.path(), &WORKFLOW.replace("Granted", "Here it is"));
    terminal.says(&["workflow", "push", &file]).await;
    let difference = terminal.says(&["workflow", "diff", "Discount"]).await;
    assert!(difference.contains("-") && difference.contains("Granted") && difference.contains("Here it is"));
    let published = terminal.says(&["workflow", "publish", "Discount", "-m", "Friendlier"]).await;
    assert_eq!(published.trim(), "published Discount as version 2");
    let same = terminal.says(&["workflow", "diff", "Discount", "--from", "2", "--to", "2"]).await;
    assert_eq!(same.trim(), "2 and 2 are the same");

    let ramped = terminal.says(&["workflow", "ramp", "Discount", "--version", "1", "--percent", "10"]).await;
    assert_eq!(ramped.trim(), "10 % of new runs of Discount start with version 1");
    let ended = terminal.says(&["workflow", "ramp", "Discount", "--off"]).await;
    assert_eq!(ended.trim(), "all new runs of Discount start with the active version");

    let checked = terminal.says(&["workflow", "move", "Discount", "--to", "2", "--dry-run"]).await;
    assert!(checked.contains(run) && checked.contains("1 of 1 can go on with version 2"), "{checked}");
    terminal.says(&["workflow", "move", "Discount", "--to", "2", "--run", run]).await;
    assert_eq!(terminal.json(&["run", "show", run]).await["version"], 2);
    terminal.says(&["workflow", "move", "Discount", "--to", "1", "--run", run, "--undo"]).await;
    assert_eq!(terminal.json(&["run", "show", run]).await["version"], 1);

    let back = terminal.says(&["workflow", "rollback", "Discount", "1", "-m", "Too friendly"]).await;
    assert_eq!(back.trim(), "new runs of Discount start with version 1");
    let forked = terminal.says(&["workflow", "fork", "Discount", "2"]).await;
    assert!(forked.starts_with("the draft of Discount is version 2"), "{forked}");
    let history = terminal.says(&["workflow", "history", "Discount"]).await;
    for words in ["Friendlier", "Too friendly", "1 waiting", "active", "rollback", "ramp"] {
        assert!(history.contains(words), "{words}: {history}");
    }
    assert!(node.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_tells_how_long_commits_take_and_how_many_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let (mut node, people) = published(folder.path()).await;
    people.admin.send(&node.url, &start("Discount", "one", json!({}))).await.unwrap().good();
    let http = countersign_outbound::direct().no_proxy().build().unwrap();
    let metrics = http.get(format!("{}/metrics", node.url)).bearer_auth("for the tests");
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    for name in ["countersign_store_commit_seconds", "countersign_store_batch_commits"] {
        for quantile in ["0.5", "0.99"] {
            let line = format!("{name}{{quantile=\"{quantile}\"}} ");
            let value = metrics.lines().find_map(|found| found.strip_prefix(&line)).expect(&line);
            assert!(value.parse::<f64>().unwrap() > 0.0, "{line}{value}");
        }
    }
    assert!(node.stop().await.success());
}

/// What every workload tells.
const ALWAYS: [&str; 8] = [
    "runs_per_second",
    "server_cpu_ms_per_run",
    "database_cpu_ms_per_run",
    "rows_per_second",
    "yardstick_rows_per_second",
    "rss_mib",
    "bytes_per_run",
    "startup_ms",
];

async fn measured(arguments: &[&str], more: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("bench").args(arguments).arg("--json");
    let report: Value = serde_json::from_str(&output(command, arguments).await).unwrap();
    for name in ALWAYS.iter().chain(more) {
        assert!(report[name].is_number(), "{arguments:?}: {name} in {report:#}");
    }
    assert_eq!(report["duplicate_calls"], if arguments[0] == "idle" { Value::Null } else { json!(0) });
}

#[tokio::test]
async fn straight_runs_are_measured_on_both_databases() {
    let more = ["p50_ms", "p99_ms", "p50_ms_at_1"];
    measured(&["straight", "--seconds", "1", "--concurrency", "8"], &more).await;
    if live::postgres::Postgres::start().is_some() {
        measured(&["straight", "--store", "postgres", "--seconds", "1", "--concurrency", "8"], &more).await;
    }
}

#[tokio::test]
async fn webhooks_are_measured() {
    measured(&["hooks", "--seconds", "1"], &["accepted_p50_ms", "accepted_p99_ms", "webhooks_per_second"]).await;
}

#[tokio::test]
async fn decisions_are_measured() {
    let more = ["decisions_per_second", "next_call_p50_ms_at_1", "next_call_p99_ms_at_32"];
    measured(&["approval", "--runs", "64"], &more).await;
}
