//! `countersign workflow show`

use crate::{
    client::{
        self, Client, Remote,
        text::{at, list, moment_at, short},
    },
    output::{self, Exit},
};
use clap::Args;
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
    let (answer, document) = match args.version {
        Some(version) => {
            let path = ["workflows", &id, "versions", &version.to_string()];
            (client.get(&path).send().await?, "/document")
        }
        None => (client.get(&["workflows", &id]).send().await?, "/draft"),
    };
    let document = answer.pointer(document).cloned().unwrap_or_default();
    if args.remote.json {
        output::json(&answer)?;
    } else if args.yaml {
        output::line(yaml(&document)?.trim_end());
    } else {
        match args.version {
            Some(_) => print_version(&answer),
            None => print_draft(&answer),
        }
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

fn print_draft(workflow: &Value) {
    let version = at(workflow, "/active_version");
    let unpublished = workflow.get("has_unpublished_changes").and_then(Value::as_bool).unwrap_or_default();
    let changes = if unpublished { ", with changes that are not published" } else { "" };
    let (by, when) = (at(workflow, "/draft_updated_by/name"), moment_at(workflow, "/draft_updated_at"));
    let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
    output::line(at(workflow, "/name"));
    output::line(format!("id       {}", at(workflow, "/id")));
    output::line(format!(
        "active   {}",
        if version.is_empty() { "nothing yet".to_owned() } else { format!("version {version}") }
    ));
    output::line(format!("draft    revision {}, saved {when}{by}{changes}", at(workflow, "/draft_revision")));
    if !at(workflow, "/archived_at").is_empty() {
        output::line(format!("archived {}", moment_at(workflow, "/archived_at")));
    }
    for line in client::diagnostics(workflow) {
        output::line(line);
    }
}

fn print_version(version: &Value) {
    let active = version.get("active").and_then(Value::as_bool).unwrap_or_default();
    output::line(at(version, "/document/name"));
    output::line(format!("version  {}{}", at(version, "/version"), if active { ", active" } else { "" }));
    output::line(format!("by       {}, {}", at(version, "/author/name"), moment_at(version, "/created_at")));
    output::line(format!("message  {}", at(version, "/message")));
    output::line(format!("runs     {}", super::runs(version)));
    output::line(format!("hash     {}", at(version, "/hash")));
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
