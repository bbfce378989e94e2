//! `countersign run show`

use super::{error, waiting};
use crate::{
    client::{
        Client, Remote,
        text::{duration, moment, words},
        told,
    },
    output::{self, Exit},
    timeline::timeline,
};
use anyhow::Context;
use clap::Args;
use countersign_api::{RunDetail, RunSummary, RunTestCase, StepExecution};
use countersign_core::play::rehearsal::Suite;
use serde_json::json;

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
    let answer = client.get(&["runs", &args.id]).send().await?;
    let run: RunDetail = told(&answer)?;
    let Some(wanted) = &args.step else {
        if args.remote.json {
            output::json(&answer)?;
        } else {
            for line in header(&run).into_iter().chain(timeline(&run.steps)) {
                output::line(line);
            }
        }
        return Ok(Exit::Good);
    };
    let number: Option<u32> = wanted.parse().ok();
    let is_it = |step: &StepExecution| match number {
        Some(number) => step.visit == number,
        None => step.step == *wanted,
    };
    let found = run.steps.iter().rposition(is_it);
    let index = found.with_context(|| format!("the run has {} steps, none is `{wanted}`", run.steps.len()))?;
    if args.remote.json {
        output::json(&answer["steps"][index])?;
    } else {
        for line in step_lines(&run.steps[index])? {
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
    let RunTestCase { case, limits } = told(&made)?;
    // As comments they stay with the file.
    for limit in limits {
        output::line(format!("# {}", limit.message));
    }
    output::line(Suite { tests: vec![case] }.to_yaml().trim_end());
    Ok(Exit::Good)
}

/// What a person should know before the steps.
fn header(run: &RunDetail) -> Vec<String> {
    let RunDetail { summary, output, .. } = run;
    let (name, version, status) = (&summary.workflow.name, summary.version, words(summary.status.as_str()));
    let error = error(summary.error_code.as_deref(), summary.error_message.as_deref());
    let mut lines = vec![format!("{name}  v{version}  {status}{}{error}", waiting(summary.waiting_for))];
    if !summary.title.is_empty() && summary.title != *name {
        lines.push(summary.title.clone());
    }
    let took = summary.ended_at.map(|ended| format!(", took {}", duration(ended - summary.started_at)));
    let (started, starter) = (moment(summary.started_at), starter(summary));
    lines.push(format!("run       {}", summary.id));
    lines.push(format!("started   {started} by {starter}{}", took.unwrap_or_default()));
    lines.extend(summary.customer.iter().map(|customer| format!("customer  {}", customer.name)));
    lines.extend(summary.retry_of.iter().map(|run| format!("retry of  {run}")));
    lines.extend((!output.is_null()).then(|| format!("output    {output}")));
    lines.push(String::new());
    lines
}

fn starter(run: &RunSummary) -> String {
    let person = run.started_by.as_ref().map(|person| format!(" ({})", person.name)).unwrap_or_default();
    format!("{}{person}", run.trigger)
}

/// One step as a card, then its values.
fn step_lines(step: &StepExecution) -> anyhow::Result<Vec<String>> {
    let mut lines = timeline(std::slice::from_ref(step));
    let StepExecution { input, output, set, condition, error, attempts, checkpoint, notify, .. } = step;
    let parts = [
        ("input", json!(input)),
        ("output", json!(output)),
        ("set", json!(set)),
        ("condition", json!(condition)),
        ("error", json!(error)),
        ("attempts", json!(attempts)),
        ("checkpoint", json!(checkpoint)),
        ("notify", json!(notify)),
    ];
    for (part, value) in parts {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if empty || value.as_object().is_some_and(serde_json::Map::is_empty) {
            continue;
        }
        lines.push(format!("\n{part}:"));
        lines.push(serde_json::to_string_pretty(&value)?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample;

    #[test]
    fn a_run_is_introduced() {
        let run = sample::of(
            &json!({ "workflow": { "id": "w", "name": "Upgrade" }, "status": "failed", "title": "Upgrade for Ada",
                "trigger": "message", "customer": { "id": "c", "name": "Ada Example" }, "error_code": "http_503",
                "error_message": "away", "output": { "a": 1 } }),
            &json!({ "id": "r", "version": 3, "started_at": 0, "updated_at": 0, "input": null, "vars": {}, "seq": 1, "steps": [] }),
        );
        let expected = [
            "Upgrade  v3  Failed - http_503: away",
            "Upgrade for Ada",
            "run       r",
            &format!("started   {} by message", moment(0)),
            "customer  Ada Example",
            "output    {\"a\":1}",
            "",
        ];
        assert_eq!(header(&run), expected);
    }

    #[test]
    fn empty_parts_of_a_step_are_left_out() {
        let step = sample::step(
            &json!({ "kind": "end", "title": "Done", "status": "completed", "duration_ms": 3, "output": [1] }),
        );
        assert_eq!(step_lines(&step).unwrap(), ["end  Done  Completed (3ms)", "\noutput:", "[\n  1\n]"]);
    }
}
