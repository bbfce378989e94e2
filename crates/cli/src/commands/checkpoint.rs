//! `countersign checkpoint …`

mod show;

use crate::{
    client::{
        Client, JsonArgument, Remote,
        text::{moment, moment_if, short, spaced, words},
        told,
    },
    output::{self, Exit},
};
use anyhow::Context;
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use countersign_api::{
    Checkpoint, CheckpointKind, CheckpointStatus, CheckpointSummary, DecisionRequest, ReassignRequest,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What can be done with checkpoints.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the places where runs wait for a person.
    List(ListArgs),
    /// Show a checkpoint with everything needed to decide it.
    Show(ShowArgs),
    /// Decide a checkpoint. It is decided once: the answer is no when somebody was faster.
    Decide(DecideArgs),
    /// Take back my decision while it is held: the checkpoint is open again.
    Undo(ShowArgs),
    /// Give a checkpoint to somebody who may decide it.
    Reassign(ReassignArgs),
}

/// Arguments of `checkpoint list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
    /// Only of this kind.
    #[arg(long, value_parser = kinds())]
    kind: Option<CheckpointKind>,
    /// The decided ones too.
    #[arg(long)]
    all: bool,
    /// Only what I took or may decide.
    #[arg(long)]
    mine: bool,
    /// At most this many.
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Arguments of `checkpoint show` and `checkpoint undo`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the checkpoint: `<run>.<visit>`.
    id: String,
}

/// Arguments of `checkpoint decide`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the checkpoint: `<run>.<visit>`.
    id: String,
    /// One of what the checkpoint offers: approved, rejected or changes; returned; happened, not_happened or stop;
    /// submitted for a form.
    #[arg(value_parser = outcome)]
    outcome: String,
    /// Words for the record and the customer.
    #[arg(long)]
    comment: Option<String>,
    /// With `happened`: what to go on with as the action's output.
    #[arg(long, value_name = "JSON|@FILE|-")]
    result: Option<JsonArgument>,
    /// With `submitted`: the form's answers. Else what the approval or the handoff asks to fill in.
    #[arg(long, value_name = "JSON|@FILE|-")]
    values: Option<JsonArgument>,
    /// With `approved`: changes a place of what is sent, for example pay:/amount=40; the value is JSON, else text.
    #[arg(long, value_name = "STEP:/POINTER=VALUE", value_parser = edit)]
    edit: Vec<(String, String, Value)>,
    /// The `shown` of `checkpoint show --json`: nothing is decided when what is asked was changed since.
    #[arg(long, value_name = "HASH")]
    shown: Option<String>,
}

/// Arguments of `checkpoint reassign`.
#[derive(Debug, Args)]
pub struct ReassignArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the checkpoint: `<run>.<visit>`.
    id: String,
    /// User id of one of those who may decide it: see `checkpoint show --json`.
    #[arg(long)]
    to: String,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => args.remote.run(async |client| list(client, &args).await).await,
        Command::Show(args) => args.remote.run(async |client| show_one(client, &args).await).await,
        Command::Decide(args) => args.remote.run(async |client| decide(client, &args).await).await,
        Command::Undo(args) => args.remote.run(async |client| undo(client, &args).await).await,
        Command::Reassign(args) => args.remote.run(async |client| reassign(client, &args).await).await,
    }
}

async fn list(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let mut query = Vec::new();
    query.extend((!args.all).then(|| ("status", "open".to_owned())));
    query.extend(args.kind.map(|kind| ("kind", kind.to_string())));
    query.extend(args.mine.then(|| ("scope", "mine".to_owned())));
    let listed = client.list(&["checkpoints"], &query, args.limit as usize).await?;
    let told = listed.print(
        &args.remote,
        &["checkpoint", "kind", "status", "workflow", "summary", "customer", "opened", "due"],
        row,
    );
    if listed.next.is_some() && !args.remote.json {
        eprintln!("there are more: see --limit");
    }
    told
}

fn row(item: &CheckpointSummary) -> Vec<String> {
    vec![
        item.id.clone(),
        spaced(item.kind.as_str()),
        item.outcome.clone().unwrap_or_else(|| item.status.to_string()),
        format!("{} v{}", short(&item.run.name, 30), item.run.version),
        short(if item.summary.is_empty() { &item.title } else { &item.summary }, 60),
        item.customer.as_ref().map(|customer| short(&customer.name, 24)).unwrap_or_default(),
        moment(item.opened_at),
        moment_if(item.due_at),
    ]
}

async fn show_one(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    let checkpoint = client.get(&["checkpoints", &args.id]).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
        return Ok(Exit::Good);
    }
    for line in show::lines(&told(&checkpoint)?) {
        output::line(line);
    }
    Ok(Exit::Good)
}

impl DecideArgs {
    fn request(&self) -> anyhow::Result<DecisionRequest> {
        let values = self.values.as_ref().map(JsonArgument::read).transpose()?;
        let values = values.map(serde_json::from_value::<Map<String, Value>>).transpose();
        let mut edits: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (step, pointer, value) in &self.edit {
            edits.entry(step.clone()).or_default().insert(pointer.clone(), value.clone());
        }
        Ok(DecisionRequest {
            outcome: self.outcome.clone(),
            comment: self.comment.clone(),
            values: values.context("--values is no JSON object")?,
            edits: Some(edits).filter(|edits| !edits.is_empty()),
            result: self.result.as_ref().map(JsonArgument::read).transpose()?,
            shown: self.shown.clone(),
        })
    }
}

async fn decide(client: &Client, args: &DecideArgs) -> anyhow::Result<Exit> {
    let request = args.request()?;
    let answer = client.post(&["checkpoints", &args.id, "decision"]).json(&request).send().await?;
    if args.remote.json {
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let checkpoint: Checkpoint = told(&answer)?;
    output::line(match checkpoint.item.status {
        CheckpointStatus::Decided => {
            let outcome = checkpoint.item.outcome.as_deref().unwrap_or_default();
            format!("{}: {}", args.id, words(outcome).to_lowercase())
        }
        CheckpointStatus::Open if checkpoint.held.is_some() => held(&args.id, &checkpoint),
        // An approval by several people.
        CheckpointStatus::Open => {
            let (given, quorum) = (checkpoint.approvals.len(), checkpoint.approvers.map_or(1, |policy| policy.quorum));
            let missing = checkpoint.missing.map(|missing| format!("; it takes {missing}")).unwrap_or_default();
            format!("{}: noted, {given} of {quorum} approvals{missing}", args.id)
        }
    });
    Ok(Exit::Good)
}

/// It counts in a moment.
fn held(id: &str, checkpoint: &Checkpoint) -> String {
    let outcome = checkpoint.held.as_ref().map(|held| words(&held.outcome).to_lowercase()).unwrap_or_default();
    let until = moment_if(checkpoint.item.held_until);
    format!("{id}: {outcome}, held until {until}; take it back with `countersign checkpoint undo {id}`")
}

async fn undo(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    let checkpoint = client.post(&["checkpoints", &args.id, "undo"]).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
    } else {
        output::line(format!("{}: taken back, it is open again", args.id));
    }
    Ok(Exit::Good)
}

async fn reassign(client: &Client, args: &ReassignArgs) -> anyhow::Result<Exit> {
    let body = ReassignRequest { to: args.to.clone(), reason: args.reason.clone() };
    let checkpoint = client.post(&["checkpoints", &args.id, "reassign"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
    } else {
        let taker = told::<Checkpoint>(&checkpoint)?.item.assigned_to.map(|person| person.name).unwrap_or_default();
        output::line(format!("{}: given to {taker}", args.id));
    }
    Ok(Exit::Good)
}

/// The words of the kinds of checkpoints.
fn kinds() -> impl TypedValueParser<Value = CheckpointKind> {
    PossibleValuesParser::new(CheckpointKind::ALL.iter().map(|kind| kind.as_str())).try_map(|word| word.parse())
}

/// A place and what to put there.
fn edit(text: &str) -> Result<(String, String, Value), String> {
    let parts = text.split_once('=').and_then(|(place, value)| {
        let (step, pointer) = place.split_once(':').filter(|(_, pointer)| pointer.starts_with('/'))?;
        Some((step.to_owned(), pointer.to_owned(), value))
    });
    let (step, pointer, value) = parts.ok_or_else(|| "write STEP:/POINTER=VALUE".to_owned())?;
    Ok((step, pointer, serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

/// The imperative is as good as the participle.
fn outcome(text: &str) -> Result<String, String> {
    let word = match text {
        "" => return Err("an outcome has a name".to_owned()),
        "approve" => "approved",
        "reject" => "rejected",
        "return" => "returned",
        "submit" => "submitted",
        other => other,
    };
    Ok(word.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample;
    use serde_json::json;

    #[test]
    fn outcomes_may_be_imperative() {
        assert_eq!(outcome("approve").unwrap(), "approved");
        assert_eq!(outcome("not_happened").unwrap(), "not_happened");
        assert_eq!(outcome("refund_agreed").unwrap(), "refund_agreed");
        assert!(outcome("").is_err());
    }

    #[test]
    fn an_edit_names_a_place_and_a_value() {
        let read = |text: &str| edit(text).unwrap();
        assert_eq!(read("pay:/amount=40"), ("pay".to_owned(), "/amount".to_owned(), json!(40)));
        assert_eq!(read("pay:/note=a=b").2, json!("a=b"));
        assert!(edit("pay/amount=40").is_err() && edit("pay:/amount").is_err() && edit("pay:amount=1").is_err());
    }

    #[test]
    fn a_decided_checkpoint_shows_its_outcome() {
        let item = sample::of(
            &json!({ "id": "r.3", "kind": "unknown_outcome", "status": "decided", "outcome": "happened", "title": "Charge",
                "run": { "id": "r", "workflow": "w", "name": "Upgrade", "version": 2, "status": "waiting", "title": "" } }),
            &json!({ "step": "charge", "summary": "", "opened_at": 0, "facts": [], "may_decide": false }),
        );
        assert_eq!(row(&item)[..5], ["r.3", "unknown outcome", "happened", "Upgrade v2", "Charge"]);
    }
}
