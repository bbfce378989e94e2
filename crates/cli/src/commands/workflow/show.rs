//! `countersign workflow show`

use crate::{
    client::{
        self, Client, Remote,
        text::{at, list, moment, short},
        told,
    },
    output::{self, Exit},
};
use clap::Args;
use countersign_api::{Version, Workflow};
use countersign_core::document;
use serde_json::Value;

/// Arguments of `workflow show`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct ShowArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name.
    #[arg(value_name = "ID|NAME")]
    workflow: String,
    /// A published version instead of the draft.
    #[arg(long)]
    version: Option<u32>,
    /// Print the document alone, as YAML.
    #[arg(long, conflicts_with = "json")]
    yaml: bool,
}

pub(super) async fn run(args: &ShowArgs) -> anyhow::Result<Exit> {
    args.remote.run(async |client| show(client, args).await).await
}

async fn show(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    let id = client::workflow(client, &args.workflow).await?;
    let number = args.version.map(|version| version.to_string());
    let answer = match &number {
        Some(version) => client.get(&["workflows", &id, "versions", version]).send().await?,
        None => client.get(&["workflows", &id]).send().await?,
    };
    if args.remote.json {
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let (facts, document) = match number {
        Some(_) => version_lines(told(&answer)?),
        None => draft_lines(told(&answer)?),
    };
    if args.yaml {
        output::line(yaml(&document)?.trim_end());
    } else {
        facts.iter().for_each(output::line);
        print_steps(&document);
    }
    Ok(Exit::Good)
}

/// In the order of the format when this build understands the document, else as it is.
fn yaml(document: &Value) -> anyhow::Result<String> {
    match document::decode(document.clone()) {
        Ok(workflow) => Ok(document::to_yaml(&workflow)),
        Err(_) => Ok(serde_norway::to_string(document)?),
    }
}

/// What there is to say of a draft, and its document.
fn draft_lines(workflow: Workflow) -> (Vec<String>, Value) {
    let changes = if workflow.has_unpublished_changes { ", with changes that are not published" } else { "" };
    let by = workflow.draft_updated_by.map(|by| format!(" by {}", by.name)).unwrap_or_default();
    let active = workflow.active_version.map(|version| format!("version {version}"));
    let (revision, when) = (workflow.draft_revision, moment(workflow.draft_updated_at));
    let mut lines = vec![
        workflow.name,
        format!("id       {}", workflow.id),
        format!("active   {}", active.as_deref().unwrap_or("nothing yet")),
        format!("draft    revision {revision}, saved {when}{by}{changes}"),
    ];
    lines.extend(workflow.archived_at.map(|at| format!("archived {}", moment(at))));
    lines.extend(client::diagnostics(&workflow.diagnostics));
    (lines, workflow.draft)
}

/// What there is to say of a version, and its document.
fn version_lines(version: Version) -> (Vec<String>, Value) {
    let document = version.document.unwrap_or_default();
    let author = version.author.map(|author| author.name).unwrap_or_default();
    let lines = vec![
        at(&document, "/name"),
        format!("version  {}{}", version.version, if version.active { ", active" } else { "" }),
        format!("by       {author}, {}", moment(version.created_at)),
        format!("message  {}", version.message),
        format!("runs     {}", super::runs(&version.runs)),
        format!("hash     {}", version.hash),
    ];
    (lines, document)
}

fn print_steps(document: &Value) {
    let triggers: Vec<String> = list(document, "/triggers").iter().map(|trigger| at(trigger, "/type")).collect();
    if !triggers.is_empty() {
        output::line(format!("triggers {}", triggers.join(", ")));
    }
    let Some(steps) = document.get("steps").and_then(Value::as_object) else { return };
    let row = |(id, step): (&String, &Value)| {
        vec![id.clone(), at(step, "/type"), short(&at(step, "/title"), 50), short(&at(step, "/action"), 50)]
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    output::line("");
    output::table(&["step", "type", "title", "action"], &rows);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_of_another_build_is_still_printed() {
        assert_eq!(yaml(&json!({ "schema": 99, "name": "Later" })).unwrap(), "schema: 99\nname: Later\n");
    }
}
