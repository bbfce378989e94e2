//! `countersign workflow …`

mod push;
mod show;
mod test;
mod versions;

use crate::{
    client::{
        self, Client, ITEMS_MAX, Remote,
        text::{at, moment_at, short},
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What can be done with workflows.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the workflows.
    List(ListArgs),
    /// Show a workflow's draft or one of its versions.
    Show(show::ShowArgs),
    /// Save a file as the draft of the workflow of its name, and publish it when asked to.
    Push(push::PushArgs),
    /// Make the draft the version new runs start with.
    Publish(PublishArgs),
    /// Make an earlier version the one new runs start with.
    Rollback(RollbackArgs),
    /// Show what differs between two versions, or a version and the draft.
    Diff(DiffArgs),
    /// List the versions and when each was active.
    History(HistoryArgs),
    /// Play the last runs to the draft or a version: which would do something else?
    Backtest(versions::BacktestArgs),
    /// Send a part of the new runs to a version, or end that.
    Ramp(versions::RampArgs),
    /// Make the draft a copy of a version.
    Fork(versions::ForkArgs),
    /// Move waiting runs to another version, or take that back.
    Move(versions::MoveArgs),
    /// Run test cases: of a file without a server, or of a workflow on the server.
    Test(test::TestArgs),
}

/// Arguments of `workflow list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
    /// Only names that contain this.
    #[arg(long)]
    text: Option<String>,
    /// The archived ones too.
    #[arg(long)]
    archived: bool,
}

/// Arguments of `workflow publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID")]
    workflow: String,
    #[command(flatten)]
    how: Publishing,
    /// Only when the draft is at this revision.
    #[arg(long)]
    revision: Option<u64>,
}

/// How a draft is published.
#[derive(Debug, Args)]
pub struct Publishing {
    /// What changed and why.
    #[arg(short, long)]
    message: String,
    /// Although a high-risk action has no approval before it; the workspace's policy must allow it.
    #[arg(long)]
    allow_unguarded: bool,
    /// Although test cases fail: why; it goes on the record.
    #[arg(long, value_name = "REASON")]
    override_tests: Option<String>,
}

/// Arguments of `workflow rollback`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct RollbackArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID")]
    workflow: String,
    /// The version to go back to.
    version: u32,
    /// Why.
    #[arg(short, long)]
    message: Option<String>,
}

/// Arguments of `workflow diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID")]
    workflow: String,
    /// The earlier: a version or `draft`; the active version when absent.
    #[arg(long, value_name = "VERSION", value_parser = side)]
    from: Option<String>,
    /// The later: a version or `draft`.
    #[arg(long, value_name = "VERSION", default_value = "draft", value_parser = side)]
    to: String,
}

/// Arguments of `workflow history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID")]
    workflow: String,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => args.remote.run(async |client| list_all(client, &args).await).await,
        Command::Show(args) => show::run(&args).await,
        Command::Push(args) => push::run(&args).await,
        Command::Publish(args) => args.remote.run(async |client| publish(client, &args).await).await,
        Command::Rollback(args) => args.remote.run(async |client| rollback(client, &args).await).await,
        Command::Diff(args) => args.remote.run(async |client| diff(client, &args).await).await,
        Command::Test(args) => test::run(&args).await,
        Command::History(args) => args.remote.run(async |client| history(client, &args).await).await,
        Command::Backtest(args) => versions::backtest(&args).await,
        Command::Ramp(args) => versions::ramp(&args).await,
        Command::Fork(args) => versions::fork(&args).await,
        Command::Move(args) => versions::move_runs(&args).await,
    }
}

async fn list_all(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let mut query: Vec<(&str, String)> = args.text.iter().map(|text| ("text", text.clone())).collect();
    query.extend(args.archived.then(|| ("archived", "true".to_owned())));
    let listed = client.list(&["workflows"], &query, ITEMS_MAX).await?;
    if args.remote.json {
        output::json(&listed)?;
        return Ok(Exit::Good);
    }
    let row = |item: &Value| {
        let version = at(item, "/active_version");
        let unpublished = item.get("has_unpublished_changes").and_then(Value::as_bool).unwrap_or_default();
        vec![
            at(item, "/id"),
            short(&at(item, "/name"), 50),
            if version.is_empty() { "-".to_owned() } else { format!("v{version}") },
            if unpublished { "changed".to_owned() } else { String::new() },
            at(item, "/running"),
            at(item, "/waiting"),
            moment_at(item, "/draft_updated_at"),
        ]
    };
    let rows: Vec<_> = listed.items.iter().map(row).collect();
    output::table(&["id", "name", "active", "draft", "running", "waiting", "saved"], &rows);
    Ok(Exit::Good)
}

async fn publish(client: &Client, args: &PublishArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let version = publish_draft(client, &id, &args.how, args.revision).await?;
    if args.remote.json {
        output::json(&version)?;
    } else {
        output::line(format!("published {} as version {}", args.workflow, at(&version, "/version")));
    }
    Ok(Exit::Good)
}

async fn publish_draft(client: &Client, id: &str, how: &Publishing, revision: Option<u64>) -> anyhow::Result<Value> {
    let mut body = json!({ "message": how.message, "allow_unguarded": how.allow_unguarded });
    if let Some(reason) = &how.override_tests {
        body["override_tests"] = json!(reason);
    }
    if let Some(revision) = revision {
        body["expected_revision"] = json!(revision);
    }
    client.post(&["workflows", id, "publish"]).json(&body).send().await
}

async fn rollback(client: &Client, args: &RollbackArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let body = json!({ "version": args.version, "message": args.message });
    let version = client.post(&["workflows", &id, "rollback"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&version)?;
    } else {
        output::line(format!("new runs of {} start with version {}", args.workflow, at(&version, "/version")));
    }
    Ok(Exit::Good)
}

async fn diff(client: &Client, args: &DiffArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let mut query = vec![("to", args.to.clone())];
    query.extend(args.from.iter().map(|from| ("from", from.clone())));
    let difference = client.get(&["workflows", &id, "diff"]).query(&query).send().await?;
    if args.remote.json {
        output::json(&difference)?;
        return Ok(Exit::Good);
    }
    let text = at(&difference, "/text_diff");
    if text.is_empty() {
        output::line(format!("{} and {} are the same", at(&difference, "/from"), args.to));
        return Ok(Exit::Good);
    }
    for line in versions::changes(&difference) {
        output::line(line);
    }
    output::line(format!("\n{}", text.trim_end()));
    Ok(Exit::Good)
}

async fn history(client: &Client, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let versions = client.list(&["workflows", &id, "versions"], &[], ITEMS_MAX).await?.items;
    let activations = client.list(&["workflows", &id, "activations"], &[], ITEMS_MAX).await?.items;
    if args.remote.json {
        output::json(&json!({ "versions": versions, "activations": activations }))?;
        return Ok(Exit::Good);
    }
    let version = |item: &Value| {
        let active = item.get("active").and_then(Value::as_bool).unwrap_or_default();
        vec![
            at(item, "/version"),
            standing(item, active),
            moment_at(item, "/created_at"),
            at(item, "/author/name"),
            runs(item),
            short(&at(item, "/message"), 60),
        ]
    };
    let rows: Vec<_> = versions.iter().map(version).collect();
    output::table(&["version", "", "published", "by", "runs", "message"], &rows);
    let activation = |item: &Value| {
        let cells = [moment_at(item, "/at"), at(item, "/kind"), at(item, "/version"), at(item, "/by/name")];
        cells.into_iter().chain([took(item), short(&at(item, "/message"), 60)]).collect()
    };
    let rows: Vec<_> = activations.iter().map(activation).collect();
    output::line("");
    output::table(&["when", "what", "version", "by", "took", "message"], &rows);
    Ok(Exit::Good)
}

/// `active`, or the part of the new runs it gets.
fn standing(version: &Value, active: bool) -> String {
    match version.get("ramp_percent").and_then(Value::as_u64) {
        Some(percent) => format!("{percent} %"),
        None if active => "active".to_owned(),
        None => String::new(),
    }
}

/// How long a move took until every new start obeyed.
fn took(activation: &Value) -> String {
    let micros = activation.get("took_us").and_then(Value::as_u64);
    micros.map_or_else(String::new, |micros| format!("{}.{} ms", micros / 1000, micros % 1000 / 100))
}

/// Runs of a version: `2 waiting, 31 completed`.
fn runs(version: &Value) -> String {
    let words = ["running", "waiting", "completed", "rejected", "failed", "cancelled"];
    let count = |word: &&str| version.pointer(&format!("/runs/{word}")).and_then(Value::as_u64).unwrap_or_default();
    let counted = words.iter().map(|word| (word, count(word))).filter(|(_, count)| *count > 0);
    counted.map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// A version number or `draft`.
fn side(text: &str) -> Result<String, String> {
    let number = text.strip_prefix('v').unwrap_or(text);
    match number.parse::<u32>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) if text == "draft" => Ok(text.to_owned()),
        Err(_) => Err("a version number or `draft`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sides_of_a_difference_are_versions_or_the_draft() {
        assert_eq!(side("v3").unwrap(), "3");
        assert_eq!(side("3").unwrap(), "3");
        assert_eq!(side("draft").unwrap(), "draft");
        assert!(side("newest").is_err());
    }

    #[test]
    fn only_runs_there_are_get_counted() {
        let version = json!({ "runs": { "running": 0, "waiting": 2, "completed": 31 } });
        assert_eq!(runs(&version), "2 waiting, 31 completed");
        assert_eq!(runs(&json!({})), "");
    }
}
