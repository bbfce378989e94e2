//! `countersign workflow push`

use super::{Publishing, publish_draft};
use crate::{
    client::{self, Client, Remote, find, told},
    commands::check,
    output::{self, Exit},
};
use anyhow::{Context, anyhow};
use clap::Args;
use countersign_api::{Version, Workflow, WriteDocumentRequest};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `workflow push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    #[command(flatten)]
    remote: Remote,
    /// A workflow, YAML or JSON; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Make the workflow when there is none of this name.
    #[arg(long)]
    create: bool,
    /// Save as the draft of this workflow, whatever name the file has.
    #[arg(long, value_name = "ID", conflicts_with = "create")]
    id: Option<String>,
    /// Publish it too; needs --message.
    #[arg(long, requires = "message")]
    publish: bool,
    /// With --publish: what changed and why.
    #[arg(short, long, requires = "publish")]
    message: Option<String>,
    /// With --publish: although a high-risk action has no approval before it.
    #[arg(long, requires = "publish")]
    allow_unguarded: bool,
    /// With --publish: although test cases fail: why; it goes on the record.
    #[arg(long, requires = "publish", value_name = "REASON")]
    override_tests: Option<String>,
}

pub(super) async fn run(args: &PushArgs) -> anyhow::Result<Exit> {
    let file = args.file.display();
    let source = check::read(&args.file).with_context(|| format!("cannot read {file}"))?;
    let name = match name(&source) {
        Ok(name) => name,
        Err(error) => {
            eprintln!("error: {file}: {error:#}");
            return Ok(Exit::No);
        }
    };
    args.remote.run(async |client| push(client, args, &name, &source).await).await
}

async fn push(client: &Client, args: &PushArgs, name: &str, source: &str) -> anyhow::Result<Exit> {
    let found = match &args.id {
        Some(id) => Some(id.clone()),
        None => find::workflow_named(client, name).await?,
    };
    let body = WriteDocumentRequest { document: None, source: Some(source.to_owned()) };
    let (did, answer) = match found {
        Some(id) => ("saved", save(client, &id, &body).await?),
        None if args.create => ("created", client.post(&["workflows"]).json(&body).send().await?),
        None => {
            eprintln!("error: there is no workflow `{name}`: add --create to make it");
            return Ok(Exit::No);
        }
    };
    let workflow: Workflow = told(&answer)?;
    if !args.remote.json {
        let Workflow { id, name, draft_revision: revision, diagnostics, .. } = &workflow;
        output::line(format!("{did} {name}, draft revision {revision} ({id})"));
        for line in client::diagnostics(diagnostics) {
            output::line(line);
        }
    }
    let version = match &args.message {
        Some(message) => {
            let how = Publishing {
                message: message.clone(),
                allow_unguarded: args.allow_unguarded,
                override_tests: args.override_tests.clone(),
            };
            // What was pushed is what gets published, whoever saves in between.
            publish_draft(client, &workflow.id, &how, Some(workflow.draft_revision)).await?
        }
        None => Value::Null,
    };
    if args.remote.json {
        output::json(&json!({ "workflow": answer, "version": version }))?;
    } else if !version.is_null() {
        output::line(format!("published as version {}", told::<Version>(&version)?.version));
    }
    Ok(Exit::Good)
}

async fn save(client: &Client, id: &str, body: &WriteDocumentRequest) -> anyhow::Result<Value> {
    let revision = told::<Workflow>(&client.get(&["workflows", id]).send().await?)?.draft_revision;
    let request = client.put(&["workflows", id, "draft"]).header("if-match", &format!("\"{revision}\""));
    request.json(body).send().await
}

/// The name a document says it has. The rest of a draft may be wrong: the server's checks tell.
fn name(source: &str) -> anyhow::Result<String> {
    let value: Value =
        serde_norway::from_str(countersign_core::text::without_mark(source)).context("not YAML or JSON")?;
    let name = value.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| anyhow!("a workflow has a `name`"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_name_is_all_a_draft_needs() {
        assert_eq!(name("name: A\nsteps: 3").unwrap(), "A");
        assert_eq!(name("{\"name\": \"A\"}").unwrap(), "A");
        assert!(name("steps: {}").is_err());
        assert!(name("name: ''").is_err());
        assert!(name("a: [").is_err());
    }
}
