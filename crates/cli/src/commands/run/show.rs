//! `countersign run show`

use super::error;
use crate::{
    client::{
        Client, Remote,
        text::{at, duration, list, moment_at, words},
    },
    output::{self, Exit},
    timeline::timeline,
};
use anyhow::Context;
use clap::Args;
use countersign_core::play::rehearsal::Suite;
use serde_json::{Value, json};

/// Arguments of `run show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the run.
    id: String,
    /// One step with everything that went in and out: its number in the run, from 1, or its id (then its last entry).
    #[arg(long, value_name = "NUMBER|ID")]
    step: Option<String>,
    /// The run as a test case, in the form `workflow test` reads. It holds the customer's data and what services answered.
    #[arg(long, conflicts_with = "step")]
    test_case: bool,
}

pub(super) async fn run(args: &ShowArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| show(client, args).await).await
}

async fn show(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    if args.test_case {
        return test_case(client, args).await;
    }
    let run = client.get(&["runs", &args.id]).send().await?;
    let Some(wanted) = &args.step else {
        if args.remote.json {
            output::json(&run)?;
        } else {
            for line in header(&run).into_iter().chain(timeline(&run)) {
                output::line(line);
            }
        }
        return Ok(Exit::Good);
    };
    let steps = list(&run, "/steps");
    let number: Option<u64> = wanted.parse().ok();
    let is_it = |step: &&Value| match number {
        Some(number) => step.get("visit").and_then(Value::as_u64) == Some(number),
        None => step.get("step").and_then(Value::as_str) == Some(wanted),
    };
    let step = steps.iter().rev().find(is_it);
    let step = step.with_context(|| format!("the run has {} steps, none is `{wanted}`", steps.len()))?;
    if args.remote.json {
        output::json(step)?;
    } else {
        for line in step_lines(step)? {
            output::line(line);
        }
    }
    Ok(Exit::Good)
}

async fn test_case(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    let made = client.get(&["runs", &args.id, "test-case"]).send().await?;
    if args.remote.json {
        output::json(&made)?;
        return Ok(Exit::Good);
    }
    let case = serde_json::from_value(made.get("case").cloned().unwrap_or_default()).context("the test case")?;
    // As comments they stay with the file.
    for limit in list(&made, "/limits") {
        output::line(format!("# {}", at(limit, "/message")));
    }
    output::line(Suite { tests: vec![case] }.to_yaml().trim_end());
    Ok(Exit::Good)
}

/// What a person should know before the steps.
fn header(run: &Value) -> Vec<String> {
    let (name, version) = (at(run, "/workflow/name"), at(run, "/version"));
    let status = words(&at(run, "/status"));
    let waiting = at(run, "/waiting_for").replace('_', " ");
    let waiting = if waiting.is_empty() { String::new() } else { format!(" for {waiting}") };
    let mut lines = vec![format!("{name}  v{version}  {status}{waiting}{}", error(run))];
    let title = at(run, "/title");
    if !title.is_empty() && title != name {
        lines.push(title);
    }
    let times = ["/started_at", "/ended_at"].map(|pointer| run.pointer(pointer).and_then(Value::as_i64));
    let took = match times {
        [Some(started), Some(ended)] => format!(", took {}", duration(ended - started)),
        [_, _] => String::new(),
    };
    lines.push(format!("run       {}", at(run, "/id")));
    lines.push(format!("started   {} by {}{took}", moment_at(run, "/started_at"), starter(run)));
    for (label, pointer) in [("customer", "/customer/name"), ("retry of", "/retry_of")] {
        let value = at(run, pointer);
        if !value.is_empty() {
            lines.push(format!("{label:<9} {value}"));
        }
    }
    if let Some(result) = run.get("output").filter(|output| !output.is_null()) {
        lines.push(format!("output    {result}"));
    }
    lines.push(String::new());
    lines
}

fn starter(run: &Value) -> String {
    let (trigger, person) = (at(run, "/trigger"), at(run, "/started_by/name"));
    match (trigger.is_empty(), person.is_empty()) {
        (_, true) => trigger,
        (true, false) => person,
        (false, false) => format!("{trigger} ({person})"),
    }
}

/// One step as a card, then its values.
fn step_lines(step: &Value) -> anyhow::Result<Vec<String>> {
    let mut lines = timeline(&json!({ "steps": [step] }));
    for part in ["input", "output", "set", "condition", "error", "attempts", "checkpoint", "notify"] {
        let value = step.get(part).unwrap_or(&Value::Null);
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if empty || value.as_object().is_some_and(serde_json::Map::is_empty) {
            continue;
        }
        lines.push(format!("\n{part}:"));
        lines.push(serde_json::to_string_pretty(value)?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_run_is_introduced() {
        let run = json!({
            "id": "r", "workflow": { "id": "w", "name": "Upgrade" }, "version": 3, "status": "failed",
            "waiting_for": null, "title": "Upgrade for Ada", "trigger": "message", "started_by": null, "started_at": null,
            "customer": { "name": "Ada Example" }, "error_code": "http_503", "error_message": "away", "output": { "a": 1 },
        });
        let expected = [
            "Upgrade  v3  Failed - http_503: away",
            "Upgrade for Ada",
            "run       r",
            "started    by message",
            "customer  Ada Example",
            "output    {\"a\":1}",
            "",
        ];
        assert_eq!(header(&run), expected);
    }

    #[test]
    fn empty_parts_of_a_step_are_left_out() {
        let step = json!({ "kind": "end", "title": "Done", "status": "completed", "duration_ms": 3, "set": {},
            "attempts": [], "input": null, "output": [1] });
        assert_eq!(step_lines(&step).unwrap(), ["end  Done  Completed (3ms)", "\noutput:", "[\n  1\n]"]);
    }
}
