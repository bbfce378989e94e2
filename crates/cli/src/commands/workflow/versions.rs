//! `countersign workflow backtest|ramp|fork|move`

use crate::{
    client::{
        self, Client, Remote,
        text::{at, list, short},
    },
    output::{self, Exit},
};
use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Arguments of `workflow backtest`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct BacktestArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID|NAME")]
    workflow: String,
    /// How many runs, the newest first: 1 to 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    last: u32,
    /// A version to play them to.
    #[arg(long, conflicts_with = "draft")]
    version: Option<u32>,
    /// Play them to the draft; so it is without --version.
    #[arg(long)]
    draft: bool,
}

/// Arguments of `workflow ramp`.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub struct RampArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID|NAME")]
    workflow: String,
    /// The version that a part of the new runs starts with.
    #[arg(long, requires = "percent", required_unless_present = "off")]
    version: Option<u32>,
    /// How many of a hundred new runs.
    #[arg(long, requires = "version", value_parser = clap::value_parser!(u32).range(1..=99))]
    percent: Option<u32>,
    /// End the ramp: all new runs start with the active version.
    #[arg(long, conflicts_with_all = ["version", "percent"])]
    off: bool,
}

/// Arguments of `workflow fork`.
#[derive(Debug, Args)]
pub struct ForkArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID|NAME")]
    workflow: String,
    /// The version to make the draft from.
    from: u32,
}

/// Arguments of `workflow move`.
#[derive(Debug, Args)]
pub struct MoveArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID|NAME")]
    workflow: String,
    /// The version the runs are to go on with.
    #[arg(long)]
    to: u32,
    /// Only runs on this version.
    #[arg(long)]
    from: Option<u32>,
    /// Only this run; may be given several times.
    #[arg(long = "run", value_name = "RUN")]
    runs: Vec<String>,
    /// A step that is called otherwise there; may be given several times.
    #[arg(long = "map", value_name = "OLD=NEW", value_parser = mapping)]
    mapping: Vec<(String, String)>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Take the last move of the named runs back.
    #[arg(long, requires = "runs", conflicts_with_all = ["dry_run", "from", "mapping"])]
    undo: bool,
}

fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        Some(_) | None => Err("two step ids with `=` between them".to_owned()),
    }
}

pub(super) async fn backtest(args: &BacktestArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| play(client, args).await).await
}

/// Says no when something would change, or cannot be told.
async fn play(client: &Client, args: &BacktestArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let body = json!({ "last": args.last, "version": args.version });
    let found = client.post(&["workflows", &id, "backtest"]).json(&body).send().await?;
    let number = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (changed, unsaid) = (number("changed"), number("cannot_say"));
    if args.remote.json {
        output::json(&found)?;
    } else {
        let rows: Vec<_> =
            list(&found, "/items").iter().filter(|item| at(item, "/verdict") != "same").map(row).collect();
        if !rows.is_empty() {
            output::table(&["run", "version", "verdict", "what"], &rows);
        }
        let items = list(&found, "/items").iter();
        let pairs = items.flat_map(|item| list(item, "/renamed"));
        let renamed: BTreeSet<String> =
            pairs.map(|step| format!("{} → {}", at(step, "/was"), at(step, "/now"))).collect();
        if !renamed.is_empty() {
            output::line(format!("renamed: {}", renamed.into_iter().collect::<Vec<_>>().join(", ")));
        }
        let against = at(&found, "/against");
        let (runs, unreadable) = (number("runs"), number("unreadable"));
        let rest = if unreadable > 0 { format!(", {unreadable} unreadable") } else { String::new() };
        output::line(format!("{runs} runs against {against}: {changed} change, {unsaid} cannot be told{rest}"));
    }
    Ok(if changed + unsaid > 0 { Exit::No } else { Exit::Good })
}

fn row(item: &Value) -> Vec<String> {
    vec![
        at(item, "/run"),
        format!("v{}", at(item, "/version")),
        at(item, "/verdict").replace('_', " "),
        short(&what(item), 90),
    ]
}

fn what(item: &Value) -> String {
    let mut parts = Vec::new();
    if item.get("path").is_some_and(Value::is_object) {
        let or_end = |pointer: &str| {
            Some(at(item, pointer)).filter(|step| !step.is_empty()).unwrap_or_else(|| "the end".to_owned())
        };
        parts.push(format!(
            "after {}: {} instead of {}",
            at(item, "/path/after"),
            or_end("/path/now"),
            or_end("/path/recorded")
        ));
    }
    for request in list(item, "/requests") {
        let fields: Vec<String> = list(request, "/fields").iter().map(|field| at(field, "/pointer")).collect();
        parts.push(format!("{} sends other {}", at(request, "/step"), fields.join(" ")));
    }
    if parts.is_empty() && item.get("end").is_some_and(Value::is_object) {
        parts.push(format!("ends {} instead of {}", at(item, "/end/now/status"), at(item, "/end/recorded/status")));
    }
    if item.get("cannot_say").is_some_and(Value::is_object) {
        parts.push(at(item, "/cannot_say/message"));
    }
    parts.join("; ")
}

pub(super) async fn ramp(args: &RampArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| set_ramp(client, args).await).await
}

async fn set_ramp(client: &Client, args: &RampArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let path = ["workflows", &id, "ramp"];
    let answer = match (args.version, args.percent) {
        (Some(version), Some(percent)) => {
            client.put(&path).json(&json!({ "version": version, "percent": percent })).send().await?
        }
        _ => client.delete(&path).send().await?,
    };
    if args.remote.json {
        output::json(&answer)?;
    } else if let (Some(version), Some(percent)) = (args.version, args.percent) {
        output::line(format!("{percent} % of new runs of {} start with version {version}", args.workflow));
    } else {
        output::line(format!("all new runs of {} start with the active version", args.workflow));
    }
    Ok(Exit::Good)
}

pub(super) async fn fork(args: &ForkArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| make_draft(client, args).await).await
}

async fn make_draft(client: &Client, args: &ForkArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let revision = at(&client.get(&["workflows", &id]).send().await?, "/draft_revision");
    let request = client.post(&["workflows", &id, "fork"]).header("if-match", &format!("\"{revision}\""));
    let workflow = request.json(&json!({ "version": args.from })).send().await?;
    if args.remote.json {
        output::json(&workflow)?;
    } else {
        let revision = at(&workflow, "/draft_revision");
        output::line(format!("the draft of {} is version {}, revision {revision}", args.workflow, args.from));
    }
    Ok(Exit::Good)
}

pub(super) async fn move_runs(args: &MoveArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| if args.undo { undo(client, args).await } else { go(client, args).await }).await
}

/// Says no when a run stays that was to be moved.
async fn go(client: &Client, args: &MoveArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let mapping: Map<String, Value> = args.mapping.iter().map(|(old, new)| (old.clone(), json!(new))).collect();
    let mut body = json!({ "to": args.to, "from": args.from, "mapping": mapping, "dry_run": args.dry_run });
    if !args.runs.is_empty() {
        body["runs"] = json!(args.runs);
    }
    let found = client.post(&["workflows", &id, "moves"]).json(&body).send().await?;
    let items = list(&found, "/items");
    let stays = items.iter().filter(|item| at(item, "/verdict") != "safe").count();
    if args.remote.json {
        output::json(&found)?;
    } else {
        let row = |item: &Value| {
            let moved = item.get("moved").and_then(Value::as_bool).unwrap_or_default();
            let verdict = if moved { "moved".to_owned() } else { at(item, "/verdict").replace('_', " ") };
            let why: Vec<String> =
                list(item, "/reasons").iter().chain(list(item, "/notes")).map(|why| at(why, "/message")).collect();
            vec![
                at(item, "/run"),
                format!("v{}", at(item, "/from")),
                at(item, "/step"),
                verdict,
                short(&why.join("; "), 80),
            ]
        };
        output::table(&["run", "version", "step", "verdict", "why"], &items.iter().map(row).collect::<Vec<_>>());
        output::line(format!("{} of {} can go on with version {}", items.len() - stays, items.len(), args.to));
    }
    Ok(if stays > 0 { Exit::No } else { Exit::Good })
}

async fn undo(client: &Client, args: &MoveArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let found = client.post(&["workflows", &id, "moves", "undo"]).json(&json!({ "runs": args.runs })).send().await?;
    let items = found.get("items").and_then(Value::as_array).context("no items in the answer")?;
    let stays = items.iter().filter(|item| item.get("version").is_none_or(Value::is_null)).count();
    if args.remote.json {
        output::json(&found)?;
    } else {
        for item in items {
            let (version, reason) = (at(item, "/version"), at(item, "/reason"));
            let told = if version.is_empty() { reason } else { format!("on version {version} again") };
            output::line(format!("{}  {told}", at(item, "/run")));
        }
    }
    Ok(if stays > 0 { Exit::No } else { Exit::Good })
}

/// Lines of a difference: steps, connections and what else.
pub(super) fn changes(difference: &Value) -> Vec<String> {
    let step = |change: &Value| {
        let was = at(change, "/was");
        let name = if was.is_empty() { at(change, "/step") } else { format!("{was} is now {}", at(change, "/step")) };
        let fields: Vec<String> = list(change, "/fields").iter().map(|field| at(field, "/pointer")).collect();
        format!("{:<8} {name}  {}", at(change, "/kind"), fields.join(" ")).trim_end().to_owned()
    };
    let to = |change: &Value, pointer: &str| {
        Some(at(change, pointer)).filter(|step| !step.is_empty()).unwrap_or_else(|| "nothing".to_owned())
    };
    let connection = |change: &Value| {
        let (before, after) = (to(change, "/before"), to(change, "/after"));
        format!("{:<8} {} ({}) leads to {after} instead of {before}", "leads", at(change, "/step"), at(change, "/exit"))
    };
    let field = |change: &Value| format!("{:<8} {}", "document", at(change, "/pointer"));
    let steps = list(difference, "/changes").iter().map(step);
    let connections = list(difference, "/connections").iter().map(connection);
    steps.chain(connections).chain(list(difference, "/document").iter().map(field)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_mapping_is_two_steps() {
        assert_eq!(mapping("ask=approve").unwrap(), ("ask".to_owned(), "approve".to_owned()));
        assert!(mapping("ask").is_err() && mapping("=x").is_err() && mapping("x=").is_err());
    }

    #[test]
    fn differences_are_lines() {
        let difference = json!({
            "changes": [{ "kind": "changed", "step": "pay", "was": null, "fields": [{ "pointer": "/input/amount" }] },
                { "kind": "renamed", "step": "b", "was": "a", "fields": [] }],
            "connections": [{ "step": "ask", "exit": "approved", "before": "pay", "after": null }],
            "document": [{ "pointer": "/vars/x" }],
        });
        assert_eq!(
            changes(&difference),
            [
                "changed  pay  /input/amount",
                "renamed  a is now b",
                "leads    ask (approved) leads to nothing instead of pay",
                "document /vars/x"
            ]
        );
    }

    #[test]
    fn what_would_change_is_said_in_a_line() {
        let path = json!({ "path": { "after": "ask", "recorded": "no", "now": null }, "requests": [] });
        assert_eq!(what(&path), "after ask: the end instead of no");
        let request = json!({ "requests": [{ "step": "pay", "fields": [{ "pointer": "/amount" }] }],
            "cannot_say": { "message": "no answer" } });
        assert_eq!(what(&request), "pay sends other /amount; no answer");
    }
}
