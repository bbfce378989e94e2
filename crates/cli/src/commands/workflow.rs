//! `countersign workflow …`

mod push;
mod show;
mod test;
mod versions;

use crate::{
    client::{
        self, Client, ITEMS_MAX, Remote,
        text::{moment, short, word},
        told,
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use countersign_api::{
    Activation, DiffResponse, PublishRequest, RollbackRequest, RunCounts, RunStatus, Version, WorkflowSummary,
};
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
    let row = |item: &WorkflowSummary| {
        vec![
            item.id.clone(),
            short(&item.name, 50),
            item.active_version.map_or_else(|| "-".to_owned(), |version| format!("v{version}")),
            if item.has_unpublished_changes { "changed".to_owned() } else { String::new() },
            item.running.to_string(),
            item.waiting.to_string(),
            moment(item.draft_updated_at),
        ]
    };
    listed.print(&args.remote, &["id", "name", "active", "draft", "running", "waiting", "saved"], row)
}

async fn publish(client: &Client, args: &PublishArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let version = publish_draft(client, &id, &args.how, args.revision).await?;
    if args.remote.json {
        output::json(&version)?;
    } else {
        output::line(format!("published {} as version {}", args.workflow, told::<Version>(&version)?.version));
    }
    Ok(Exit::Good)
}

async fn publish_draft(client: &Client, id: &str, how: &Publishing, revision: Option<u64>) -> anyhow::Result<Value> {
    let body = PublishRequest {
        message: how.message.clone(),
        expected_active: None,
        expected_revision: revision,
        allow_unguarded: how.allow_unguarded,
        override_tests: how.override_tests.clone(),
    };
    client.post(&["workflows", id, "publish"]).json(&body).send().await
}

async fn rollback(client: &Client, args: &RollbackArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let body = RollbackRequest { version: args.version, message: args.message.clone(), expected_active: None };
    let version = client.post(&["workflows", &id, "rollback"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&version)?;
    } else {
        output::line(format!(
            "new runs of {} start with version {}",
            args.workflow,
            told::<Version>(&version)?.version
        ));
    }
    Ok(Exit::Good)
}

async fn diff(client: &Client, args: &DiffArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let mut query = vec![("to", args.to.clone())];
    query.extend(args.from.iter().map(|from| ("from", from.clone())));
    let answer = client.get(&["workflows", &id, "diff"]).query(&query).send().await?;
    if args.remote.json {
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let difference: DiffResponse = told(&answer)?;
    if difference.text_diff.is_empty() {
        output::line(format!("{} and {} are the same", difference.from, args.to));
        return Ok(Exit::Good);
    }
    for line in versions::changes(&difference) {
        output::line(line);
    }
    output::line(format!("\n{}", difference.text_diff.trim_end()));
    Ok(Exit::Good)
}

async fn history(client: &Client, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let versions = client.list(&["workflows", &id, "versions"], &[], ITEMS_MAX).await?;
    let activations = client.list(&["workflows", &id, "activations"], &[], ITEMS_MAX).await?;
    if args.remote.json {
        output::json(&json!({ "versions": versions.items, "activations": activations.items }))?;
        return Ok(Exit::Good);
    }
    let version = |item: &Version| {
        vec![
            item.version.to_string(),
            standing(item),
            moment(item.created_at),
            item.author.as_ref().map(|author| author.name.clone()).unwrap_or_default(),
            runs(&item.runs),
            short(&item.message, 60),
        ]
    };
    let rows: Vec<_> = versions.told()?.iter().map(version).collect();
    output::table(&["version", "", "published", "by", "runs", "message"], &rows);
    let activation = |item: &Activation| {
        vec![
            moment(item.at),
            word(&item.kind),
            item.version.to_string(),
            item.by.as_ref().map(|by| by.name.clone()).unwrap_or_default(),
            item.took_us.map(took).unwrap_or_default(),
            item.message.as_ref().map(|message| short(message, 60)).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = activations.told()?.iter().map(activation).collect();
    output::line("");
    output::table(&["when", "what", "version", "by", "took", "message"], &rows);
    Ok(Exit::Good)
}

/// `active`, or the part of the new runs it gets.
fn standing(version: &Version) -> String {
    match version.ramp_percent {
        Some(percent) => format!("{percent} %"),
        None if version.active => "active".to_owned(),
        None => String::new(),
    }
}

/// How long a move took until every new start obeyed.
fn took(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

/// Runs of a version: `2 waiting, 31 completed`.
fn runs(counts: &RunCounts) -> String {
    let counted = RunStatus::ALL.iter().map(|status| (status, counts.of(*status))).filter(|(_, count)| *count > 0);
    counted.map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
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
        let counts = RunCounts { waiting: 2, completed: 31, ..RunCounts::default() };
        assert_eq!(runs(&counts), "2 waiting, 31 completed");
        assert_eq!(runs(&RunCounts::default()), "");
    }
}
