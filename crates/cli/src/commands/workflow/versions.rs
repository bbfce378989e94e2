//! `countersign workflow backtest|ramp|fork|move`

use crate::{
    client::{
        self, Client, Remote,
        text::{short, spaced, word},
        told,
    },
    output::{self, Exit},
};
use clap::Args;
use countersign_api::{
    BacktestRequest, BacktestResponse, BacktestVerdict, BacktestedRun, ConnectionChange, DiffResponse, FieldChange,
    ForkRequest, MoveRunsRequest, MoveRunsResponse, MoveVerdict, MovedRun, RampRequest, StepChange, UndoMovesRequest,
    UndoMovesResponse, UndoneMove, Workflow,
};
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
    let body = BacktestRequest { version: args.version, last: Some(args.last) };
    let answer = client.post(&["workflows", &id, "backtest"]).json(&body).send().await?;
    let found: BacktestResponse = told(&answer)?;
    if args.remote.json {
        output::json(&answer)?;
    } else {
        print(&found);
    }
    Ok(if found.changed + found.cannot_say > 0 { Exit::No } else { Exit::Good })
}

fn print(found: &BacktestResponse) {
    let BacktestResponse { against, runs, changed, cannot_say, unreadable, items } = found;
    let rows: Vec<_> = items.iter().filter(|item| item.verdict != BacktestVerdict::Same).map(row).collect();
    if !rows.is_empty() {
        output::table(&["run", "version", "verdict", "what"], &rows);
    }
    let pairs = items.iter().flat_map(|item| &item.renamed);
    let renamed: BTreeSet<String> = pairs.map(|step| format!("{} → {}", step.was, step.now)).collect();
    if !renamed.is_empty() {
        output::line(format!("renamed: {}", renamed.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let rest = if *unreadable > 0 { format!(", {unreadable} unreadable") } else { String::new() };
    output::line(format!("{runs} runs against {against}: {changed} change, {cannot_say} cannot be told{rest}"));
}

fn row(item: &BacktestedRun) -> Vec<String> {
    vec![item.run.clone(), format!("v{}", item.version), spaced(&word(&item.verdict)), short(&what(item), 90)]
}

fn what(item: &BacktestedRun) -> String {
    let or_end = |step: &Option<String>| step.clone().unwrap_or_else(|| "the end".to_owned());
    let mut parts = Vec::new();
    parts.extend(item.path.as_ref().map(|path| {
        let after = path.after.as_deref().unwrap_or_default();
        format!("after {after}: {} instead of {}", or_end(&path.now), or_end(&path.recorded))
    }));
    for request in &item.requests {
        parts.push(format!("{} sends other {}", request.step, pointers(&request.fields)));
    }
    if let (true, Some(end)) = (parts.is_empty(), &item.end) {
        parts.push(format!("ends {} instead of {}", end.now.status, end.recorded.status));
    }
    parts.extend(item.cannot_say.iter().map(|why| why.message.clone()));
    parts.join("; ")
}

fn pointers(fields: &[FieldChange]) -> String {
    fields.iter().map(|field| field.pointer.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) async fn ramp(args: &RampArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| set_ramp(client, args).await).await
}

async fn set_ramp(client: &Client, args: &RampArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let path = ["workflows", &id, "ramp"];
    let answer = match (args.version, args.percent) {
        (Some(version), Some(percent)) => client.put(&path).json(&RampRequest { version, percent }).send().await?,
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
    let revision = told::<Workflow>(&client.get(&["workflows", &id]).send().await?)?.draft_revision;
    let request = client.post(&["workflows", &id, "fork"]).header("if-match", &format!("\"{revision}\""));
    let workflow = request.json(&ForkRequest { version: args.from }).send().await?;
    if args.remote.json {
        output::json(&workflow)?;
    } else {
        let revision = told::<Workflow>(&workflow)?.draft_revision;
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
    let body = MoveRunsRequest {
        to: args.to,
        from: args.from,
        runs: Some(args.runs.clone()).filter(|runs| !runs.is_empty()),
        mapping: args.mapping.iter().cloned().collect(),
        dry_run: args.dry_run,
    };
    let answer = client.post(&["workflows", &id, "moves"]).json(&body).send().await?;
    let MoveRunsResponse { items, .. } = told(&answer)?;
    let stays = items.iter().filter(|item| item.verdict != MoveVerdict::Safe).count();
    if args.remote.json {
        output::json(&answer)?;
    } else {
        let row = |item: &MovedRun| {
            let why: Vec<_> = item.reasons.iter().chain(&item.notes).map(|why| why.message.as_str()).collect();
            vec![
                item.run.clone(),
                format!("v{}", item.from),
                item.step.clone().unwrap_or_default(),
                if item.moved { "moved".to_owned() } else { spaced(&word(&item.verdict)) },
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
    let body = UndoMovesRequest { runs: args.runs.clone() };
    let answer = client.post(&["workflows", &id, "moves", "undo"]).json(&body).send().await?;
    let UndoMovesResponse { items } = told(&answer)?;
    let stays = items.iter().filter(|item| item.version.is_none()).count();
    if args.remote.json {
        output::json(&answer)?;
    } else {
        for UndoneMove { run, version, reason } in items {
            let again = version.map(|version| format!("on version {version} again"));
            output::line(format!("{run}  {}", again.or(reason).unwrap_or_default()));
        }
    }
    Ok(if stays > 0 { Exit::No } else { Exit::Good })
}

/// Lines of a difference: steps, connections and what else.
pub(super) fn changes(difference: &DiffResponse) -> Vec<String> {
    let step = |change: &StepChange| {
        let StepChange { kind, step, was, fields } = change;
        let name = was.as_ref().map_or_else(|| step.clone(), |was| format!("{was} is now {step}"));
        format!("{:<8} {name}  {}", word(kind), pointers(fields)).trim_end().to_owned()
    };
    let connection = |change: &ConnectionChange| {
        let ConnectionChange { step, exit, before, after } = change;
        let [before, after] = [before, after].map(|step| step.as_deref().unwrap_or("nothing"));
        format!("{:<8} {step} ({exit}) leads to {after} instead of {before}", "leads")
    };
    let field = |change: &FieldChange| format!("{:<8} {}", "document", change.pointer);
    let steps = difference.changes.iter().map(step);
    let connections = difference.connections.iter().map(connection);
    steps.chain(connections).chain(difference.document.iter().map(field)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample;
    use serde_json::{Value, json};

    #[test]
    fn a_mapping_is_two_steps() {
        assert_eq!(mapping("ask=approve").unwrap(), ("ask".to_owned(), "approve".to_owned()));
        assert!(mapping("ask").is_err() && mapping("=x").is_err() && mapping("x=").is_err());
    }

    #[test]
    fn differences_are_lines() {
        let difference = sample::of(
            &json!({
                "changes": [{ "kind": "changed", "step": "pay", "was": null,
                        "fields": [{ "pointer": "/input/amount", "before": 1, "after": 2 }] },
                    { "kind": "renamed", "step": "b", "was": "a", "fields": [] }],
                "connections": [{ "step": "ask", "exit": "approved", "before": "pay", "after": null }],
                "document": [{ "pointer": "/vars/x", "before": null, "after": 1 }],
            }),
            &json!({ "from": "1", "to": "draft", "text_diff": "",
                "steps": { "added": [], "removed": [], "changed": [], "moved": [], "renamed": [] } }),
        );
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
        let played = |members: &Value| {
            let same = json!({ "run": "r", "title": "", "version": 1, "status": "completed", "started_at": 0,
                "verdict": "path_changed", "requests": [], "renamed": [] });
            sample::of(members, &same)
        };
        let path = json!({ "path": { "after": "ask", "recorded": "no", "now": null } });
        assert_eq!(what(&played(&path)), "after ask: the end instead of no");
        let request = json!({ "requests": [{ "step": "pay", "occurrence": 1,
            "fields": [{ "pointer": "/amount", "before": 1, "after": 2 }] }],
            "cannot_say": { "step": null, "code": "c", "message": "no answer" } });
        assert_eq!(what(&played(&request)), "pay sends other /amount; no answer");
    }
}
