//! `countersign connector …`

mod trying;

use crate::{
    client::{
        Client, Remote,
        text::{list, short, word},
        told,
    },
    output::{self, Exit},
};
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use countersign_api::{
    ActionBrief, ActionSpec, Connector, ConnectorChanges, OfferedAction, Page, PutInConnector, PutInConnectorRequest,
    Risk,
};
use countersign_connectors::{Imported, Manifest, ManifestError, Registry};
use serde_json::{Value, json};
use std::{io::Read, path::PathBuf};

/// Longest OpenAPI document read, bytes: the largest public ones are near 10 MB.
const OPENAPI_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Actions of a connector that are shown.
const ACTIONS_MAX: usize = 20_000;

/// What can be done with connectors.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the connectors the server has.
    List(ListArgs),
    /// Show a connector's actions, settings and secrets; or one action with what it takes and gives.
    Show(ShowArgs),
    /// Make a manifest from an OpenAPI document, for a person to look over. Needs no server.
    Import(ImportArgs),
    /// Say what is wrong with a manifest or an OpenAPI document. Needs no server.
    Check(CheckArgs),
    /// Put a manifest or an OpenAPI document in, or its next revision.
    Push(PushArgs),
    /// Show the request an action makes, and send it: what changes something only when it was shown before.
    Try(trying::TryArgs),
    /// Take a connector out; refused while workflows use it.
    Remove(ShowArgs),
}

/// Arguments of `connector check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A manifest or an OpenAPI document, JSON or YAML; `-` reads standard input.
    file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Arguments of `connector push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    #[command(flatten)]
    remote: Remote,
    /// A manifest or an OpenAPI document, JSON or YAML; `-` reads standard input. An address (`https://…`) is read by the
    /// server, from where it may call.
    #[arg(value_name = "FILE|URL")]
    file: String,
    /// Name instead of the one it has or gets from its title.
    #[arg(long)]
    name: Option<String>,
    /// Only say what would be put in, what would change and which workflows use it: nothing is written.
    #[arg(long)]
    dry_run: bool,
    /// How much harm an action can do, where it is not what was guessed: `ACTION=read|write|high`. May be given again.
    #[arg(long, value_name = "ACTION=RISK", value_parser = risk)]
    risk: Vec<(String, Risk)>,
    /// What `--dry-run` printed as `reviewed`: refused when what would be put in, or the revision it takes the place of, is
    /// another now.
    #[arg(long, conflicts_with = "dry_run")]
    reviewed: Option<String>,
}

/// Arguments of `connector list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
}

/// Arguments of `connector show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    remote: Remote,
    /// Name of the connector; `show` also takes the full name of an action.
    name: String,
}

/// Arguments of `connector import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// An OpenAPI document (2.0, 3.0, 3.1, 3.2), JSON or YAML; `-` reads standard input.
    #[arg(value_name = "OPENAPI")]
    file: PathBuf,
    /// Name of the connector; made from the document's title when absent.
    #[arg(long)]
    name: Option<String>,
    /// Print one JSON object with the manifest, the warnings and what was left out.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => args.remote.run(async |client| list_all(client, &args).await).await,
        Command::Show(args) => args.remote.run(async |client| show(client, &args).await).await,
        Command::Import(args) => import(&args),
        Command::Check(args) => check(&args),
        Command::Push(args) => args.remote.run(async |client| push(client, &args).await).await,
        Command::Try(args) => trying::run(&args).await,
        Command::Remove(args) => args.remote.run(async |client| remove(client, &args).await).await,
    }
}

fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let file = args.file.display();
    let text = read(&args.file).with_context(|| format!("cannot read {file}"))?;
    let read = Manifest::read_or_import(&text, None);
    let read = read.and_then(|imported| Registry::only([imported.manifest.clone()]).map(|_| imported));
    match read {
        Ok(Imported { manifest, warnings, left_out, .. }) => {
            let (name, actions) = (&manifest.name, manifest.actions.len());
            let paged: Vec<&str> = manifest.paged().collect();
            if args.json {
                output::json(&json!({
                    "name": name, "actions": actions, "paged": paged, "warnings": warnings, "left_out": left_out,
                }))?;
            } else {
                output::line(format!("{file}: `{name}`, {actions} actions"));
                tell_paged(&paged);
                tell(&warnings, left_out.iter().map(|left| (&left.pointer, &left.reason)));
            }
            Ok(Exit::Good)
        }
        Err(error) => {
            let faults = match &error {
                ManifestError::Unfit { faults, .. } => faults.as_slice(),
                ManifestError::Unreadable { .. } | ManifestError::Lacking(_) | ManifestError::Invalid { .. } => &[],
            };
            if args.json {
                output::json(&json!({ "error": error.to_string(), "faults": faults }))?;
            } else if faults.is_empty() {
                eprintln!("error: {file}: {error:#}");
            } else {
                faults.iter().for_each(|fault| eprintln!("error: {file}: {}: {}", fault.pointer, fault.message));
            }
            Ok(Exit::No)
        }
    }
}

async fn push(client: &Client, args: &PushArgs) -> anyhow::Result<Exit> {
    let file = &args.file;
    let (source, url) = match file.starts_with("http://") || file.starts_with("https://") {
        true => (None, Some(file.clone())),
        false => (Some(read(&file.into()).with_context(|| format!("cannot read {file}"))?), None),
    };
    let risks = args.risk.iter().cloned().collect();
    let (name, reviewed) = (args.name.clone(), args.reviewed.clone());
    let request = PutInConnectorRequest { source, url, name, dry_run: args.dry_run, risks, reviewed };
    let answer = client.post(&["connectors"]).json(&request).send().await?;
    if args.remote.json {
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let put: PutInConnector = told(&answer)?;
    tell(&put.warnings, put.left_out.iter().map(|left| (&left.pointer, &left.reason)));
    tell_paged(&put.paged);
    if put.dry_run {
        let row = |action: &OfferedAction| {
            let OfferedAction { name, method, path, risk, title, guessed } = action;
            let risk = if *guessed { format!("{} (guessed)", word(risk)) } else { word(risk) };
            vec![name.clone(), risk, format!("{method} {path}"), short(title, 60)]
        };
        output::table(&["action", "risk", "address", "title"], &put.offered.iter().map(row).collect::<Vec<_>>());
    }
    if let Some(changes) = &put.changes {
        tell_changes(changes);
    }
    let would_be = if put.dry_run { "would be " } else { "" };
    output::line(format!("{}: {would_be}revision {}, {} actions", put.name, put.revision, put.actions));
    for workflow in put.used_by {
        output::line(format!("used by {} ({} findings)", workflow.name, workflow.diagnostics.len()));
    }
    if let Some(reviewed) = put.reviewed {
        output::line(format!("reviewed: {reviewed}"));
    }
    Ok(Exit::Good)
}

/// `ACTION=read|write|high`.
fn risk(text: &str) -> Result<(String, Risk), String> {
    let (action, risk) = text.split_once('=').ok_or("give it as ACTION=RISK")?;
    let risk = serde_json::from_value(risk.into()).map_err(|_| format!("`{risk}` is not read, write or high"))?;
    Ok((action.to_owned(), risk))
}

/// What differs from the revision before.
fn tell_changes(changes: &ConnectorChanges) {
    let names = [("new", &changes.added), ("gone", &changes.removed)];
    for (label, name) in names.into_iter().flat_map(|(label, all)| all.iter().map(move |name| (label, name))) {
        output::line(format!("{label}: {name}"));
    }
    for change in &changes.inside {
        let risk = change.risk_before.map(|before| format!("risk was {}, is {}", word(&before), word(&change.risk)));
        let address = change.address_before.as_ref().map(|before| format!("was {before}, is {}", change.address));
        let told = risk.into_iter().chain(address).chain(change.input.iter().chain(&change.other).cloned());
        output::line(format!("changed: {}: {}", change.action, told.collect::<Vec<_>>().join("; ")));
    }
    changes.of_all.iter().for_each(|text| output::line(format!("changed: {text}")));
}

/// Which lists can be read whole: what an import understood of pages, for a person to look over.
fn tell_paged(names: &[impl AsRef<str>]) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        eprintln!("page by page: {}", names.join(", "));
    }
}

/// What a person should look at.
fn tell<'a>(warnings: &[String], left_out: impl Iterator<Item = (&'a String, &'a String)>) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    for (pointer, reason) in left_out {
        eprintln!("left out: {pointer}: {reason}");
    }
}

async fn remove(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    client.delete(&["connectors", &args.name]).send().await?;
    if !args.remote.json {
        output::line(format!("{}: taken out", args.name));
    }
    Ok(Exit::Good)
}

async fn list_all(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let connectors = client.get(&["connectors"]).send().await?;
    if args.remote.json {
        output::json(&connectors)?;
        return Ok(Exit::Good);
    }
    let row = |connector: &Connector| {
        let Connector { name, title, action_count, description, .. } = connector;
        vec![name.clone(), title.clone(), action_count.to_string(), short(description, 80)]
    };
    let rows: Vec<_> = told::<Page<Connector>>(&connectors)?.items.iter().map(row).collect();
    output::table(&["name", "title", "actions", "description"], &rows);
    Ok(Exit::Good)
}

async fn show(client: &Client, args: &ShowArgs) -> anyhow::Result<Exit> {
    if let Some((connector, action)) = args.name.split_once('.') {
        return show_action(client, (connector, action), args.remote.json).await;
    }
    let mut answer = client.get(&["connectors", &args.name]).send().await?;
    let query = [("connector", args.name.clone())];
    let actions = client.list(&["actions"], &query, ACTIONS_MAX).await?.items;
    if args.remote.json {
        answer["actions"] = Value::Array(actions);
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let Connector { name, title, description, settings_schema, secrets_schema, .. } = told(&answer)?;
    output::line(format!("{name}  {title}"));
    if !description.is_empty() {
        output::line(description);
    }
    for (label, schema) in [("settings", &settings_schema), ("secrets", &secrets_schema)] {
        let fields = fields(schema);
        if !fields.is_empty() {
            output::line(format!("{label:<9} {fields}"));
        }
    }
    let rows = actions.iter().map(|action| {
        let ActionBrief { name, title, risk, .. } = told(action)?;
        Ok(vec![name, word(&risk), title])
    });
    let rows: Vec<_> = rows.collect::<anyhow::Result<_>>()?;
    output::line("");
    output::table(&["action", "risk", "title"], &rows);
    Ok(Exit::Good)
}

async fn show_action(client: &Client, (connector, action): (&str, &str), json: bool) -> anyhow::Result<Exit> {
    let answer = client.get(&["connectors", connector, "actions", action]).send().await?;
    if json {
        output::json(&answer)?;
        return Ok(Exit::Good);
    }
    let ActionSpec { name, title, description, risk, idempotency, input, output, .. } = told(&answer)?;
    output::line(format!("{name}  {title}"));
    if !description.is_empty() {
        output::line(description);
    }
    let about = [
        ("risk", word(&risk)),
        ("repeats", word(&idempotency.kind)),
        ("input", fields(&input)),
        ("output", fields(&output)),
    ];
    for (label, said) in about.iter().filter(|(_, said)| !said.is_empty()) {
        output::line(format!("{label:<9} {said}"));
    }
    Ok(Exit::Good)
}

/// The members of a schema: `customer*, price*, quantity`.
fn fields(schema: &Value) -> String {
    let required: Vec<&str> = list(schema, "/required").iter().filter_map(Value::as_str).collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return String::new() };
    let field = |name: &String| format!("{name}{}", if required.contains(&name.as_str()) { "*" } else { "" });
    properties.keys().map(field).collect::<Vec<_>>().join(", ")
}

fn import(args: &ImportArgs) -> anyhow::Result<Exit> {
    let file = args.file.display();
    let text = read(&args.file).with_context(|| format!("cannot read {file}"))?;
    let Imported { manifest, warnings, left_out, .. } = match imported(&text, args.name.as_deref()) {
        Ok(imported) => imported,
        Err(error) => {
            eprintln!("error: {file}: {error:#}");
            return Ok(Exit::No);
        }
    };
    if args.json {
        output::json(&json!({ "manifest": manifest, "warnings": warnings, "left_out": left_out }))?;
        return Ok(Exit::Good);
    }
    tell(&warnings, left_out.iter().map(|left| (&left.pointer, &left.reason)));
    tell_paged(&manifest.paged().collect::<Vec<_>>());
    output::line(serde_norway::to_string(&manifest)?.trim_end());
    Ok(Exit::Good)
}

fn imported(text: &str, name: Option<&str>) -> anyhow::Result<Imported> {
    let mut imported = Manifest::import(text)?;
    if let Some(name) = name {
        name.clone_into(&mut imported.manifest.name);
    }
    // What is printed can be used: the registry takes it.
    Registry::only([imported.manifest.clone()])?;
    Ok(imported)
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    let reader: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(path)?) };
    reader.take(OPENAPI_BYTES_MAX + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= OPENAPI_BYTES_MAX, "it is larger than {OPENAPI_BYTES_MAX} bytes");
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pets() -> Value {
        json!({
            "openapi": "3.1.0", "info": { "title": "Pet Shop" }, "servers": [{ "url": "https://pets.example.com" }],
            "paths": { "/pets/{id}": { "get": { "operationId": "getPet", "summary": "One pet",
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                "responses": { "200": { "description": "It" } } } } },
        })
    }

    #[test]
    fn a_manifest_is_made_under_the_wanted_name_and_can_be_read_back() {
        let manifest = imported(&pets().to_string(), Some("animals")).unwrap().manifest;
        assert_eq!(manifest.name, "animals");
        let text = serde_norway::to_string(&manifest).unwrap();
        assert_eq!(Manifest::parse("animals", &text).unwrap(), manifest);
    }

    #[test]
    fn names_the_registry_refuses_are_refused() {
        assert!(imported(&pets().to_string(), Some("Not a name")).is_err());
        assert!(imported("{}", None).is_err());
    }

    #[test]
    fn required_members_are_marked() {
        let schema = json!({ "required": ["a"], "properties": { "a": {}, "b": {} } });
        assert_eq!(fields(&schema), "a*, b");
        assert_eq!(fields(&Value::Null), "");
    }
}
