//! `countersign checkpoint …`

mod show;

use crate::{
    client::{
        Client, JsonArgument, Remote,
        text::{at, moment_at, short, words},
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

/// What can be done with checkpoints.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the places where runs wait for a person.
    List(ListArgs),
    /// Show a checkpoint with everything needed to decide it.
    Show(ShowArgs),
    /// Decide a checkpoint. It is decided once: the answer is no when somebody was faster.
    Decide(DecideArgs),
    /// Give a checkpoint to somebody who may decide it.
    Reassign(ReassignArgs),
}

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody must approve.
    Approval,
    /// A customer fills in a form.
    Form,
    /// An operator has the conversation.
    Handoff,
    /// Somebody must say whether an action happened.
    UnknownOutcome,
}

impl Kind {
    fn tag(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Form => "form",
            Self::Handoff => "handoff",
            Self::UnknownOutcome => "unknown_outcome",
        }
    }
}

/// Arguments of `checkpoint list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
    /// Only of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
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

/// Arguments of `checkpoint show`.
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
    /// With `submitted`: the form's answers. With `approved`: what the approval asks to fill in.
    #[arg(long, value_name = "JSON|@FILE|-")]
    values: Option<JsonArgument>,
    /// With `approved`: changes a place of what is sent, for example pay:/amount=40; the value is JSON, else text.
    #[arg(long, value_name = "STEP:/POINTER=VALUE", value_parser = edit)]
    edit: Vec<(String, String, Value)>,
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
        Command::Reassign(args) => args.remote.run(async |client| reassign(client, &args).await).await,
    }
}

async fn list(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let mut query = Vec::new();
    query.extend((!args.all).then(|| ("status", "open".to_owned())));
    query.extend(args.kind.map(|kind| ("kind", kind.tag().to_owned())));
    query.extend(args.mine.then(|| ("mine", "true".to_owned())));
    let listed = client.list(&["checkpoints"], &query, args.limit as usize).await?;
    if args.remote.json {
        output::json(&listed)?;
        return Ok(Exit::Good);
    }
    let rows: Vec<_> = listed.items.iter().map(row).collect();
    output::table(&["checkpoint", "kind", "status", "workflow", "summary", "customer", "opened", "due"], &rows);
    if listed.next.is_some() {
        eprintln!("there are more: see --limit");
    }
    Ok(Exit::Good)
}

fn row(item: &Value) -> Vec<String> {
    let (outcome, summary) = (at(item, "/outcome"), at(item, "/summary"));
    vec![
        at(item, "/id"),
        at(item, "/kind").replace('_', " "),
        if outcome.is_empty() { at(item, "/status") } else { outcome },
        format!("{} v{}", short(&at(item, "/run/name"), 30), at(item, "/run/version")),
        short(&if summary.is_empty() { at(item, "/title") } else { summary }, 60),
        short(&at(item, "/customer/name"), 24),
        moment_at(item, "/opened_at"),
        moment_at(item, "/due_at"),
    ]
}

async fn show_one(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    let checkpoint = client.get(&["checkpoints", &args.id]).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
        return Ok(Exit::Good);
    }
    for line in show::lines(&checkpoint) {
        output::line(line);
    }
    Ok(Exit::Good)
}

async fn decide(client: &Client, args: &DecideArgs) -> anyhow::Result<Exit> {
    let mut body = json!({ "outcome": args.outcome });
    if let Some(comment) = &args.comment {
        body["comment"] = json!(comment);
    }
    for (name, argument) in [("result", &args.result), ("values", &args.values)] {
        if let Some(argument) = argument {
            body[name] = argument.read()?;
        }
    }
    for (step, pointer, value) in &args.edit {
        body["edits"][step][pointer] = value.clone();
    }
    let checkpoint = client.post(&["checkpoints", &args.id, "decision"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
    } else if at(&checkpoint, "/status") == "decided" {
        output::line(format!("{}: {}", args.id, words(&at(&checkpoint, "/outcome")).to_lowercase()));
    } else {
        // An approval by several people.
        let given = checkpoint.get("approvals").and_then(Value::as_array).map_or(0, Vec::len);
        let missing = at(&checkpoint, "/missing");
        let missing = if missing.is_empty() { missing } else { format!("; it takes {missing}") };
        output::line(format!(
            "{}: noted, {given} of {} approvals{missing}",
            args.id,
            at(&checkpoint, "/approvers/quorum")
        ));
    }
    Ok(Exit::Good)
}

async fn reassign(client: &Client, args: &ReassignArgs) -> anyhow::Result<Exit> {
    let body = json!({ "to": args.to, "reason": args.reason });
    let checkpoint = client.post(&["checkpoints", &args.id, "reassign"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&checkpoint)?;
    } else {
        output::line(format!("{}: given to {}", args.id, at(&checkpoint, "/assigned_to/name")));
    }
    Ok(Exit::Good)
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
        let item = json!({ "id": "r.3", "kind": "unknown_outcome", "status": "decided", "outcome": "happened",
            "run": { "name": "Upgrade", "version": 2 }, "title": "Charge", "summary": "", "customer": null });
        assert_eq!(row(&item)[..5], ["r.3", "unknown outcome", "happened", "Upgrade v2", "Charge"]);
    }
}
