//! `countersign run start`

use super::{error, exit};
use crate::{
    client::{Client, JsonArgument, Remote, text::at},
    output::{self, Exit},
};
use clap::Args;
use serde_json::{Value, json};

/// Arguments of `run start`.
#[derive(Debug, Args)]
// Here a version is one of the workflow's.
#[command(disable_version_flag = true)]
pub struct StartArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id or name of the workflow.
    workflow: String,
    /// What it starts with: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<JsonArgument>,
    /// For whom: an e-mail address (they are added when they are new) or the id of a customer.
    #[arg(long, value_name = "EMAIL|ID")]
    customer: Option<String>,
    /// A version other than the active one.
    #[arg(long)]
    version: Option<u32>,
    /// The same key starts the same run once, however often this is sent.
    #[arg(long, value_name = "KEY")]
    key_idempotency: Option<String>,
    /// Wait up to this long for it to end or to wait for a person.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=60))]
    wait: Option<u64>,
}

pub(super) async fn run(args: &StartArgs) -> anyhow::Result<Exit> {
    let body = body(args)?;
    args.remote.run(async |client| start(client, args, &body).await).await
}

fn body(args: &StartArgs) -> anyhow::Result<Value> {
    let mut body = json!({ "workflow": args.workflow });
    if let Some(input) = &args.input {
        body["input"] = input.read()?;
    }
    if let Some(customer) = &args.customer {
        body["customer"] = if customer.contains('@') { json!({ "email": customer }) } else { json!(customer) };
    }
    if let Some(version) = args.version {
        body["version"] = json!(version);
    }
    Ok(body)
}

async fn start(client: &Client, args: &StartArgs, body: &Value) -> anyhow::Result<Exit> {
    let mut request = client.post(&["runs"]).json(body);
    if let Some(key) = &args.key_idempotency {
        request = request.header("idempotency-key", key);
    }
    if let Some(seconds) = args.wait {
        request = request.wait(seconds);
    }
    let run = request.send().await?;
    if args.remote.json {
        output::json(&run)?;
    } else {
        print(&run);
    }
    Ok(exit(&run))
}

fn print(run: &Value) {
    let (name, version, status) = (at(run, "/workflow/name"), at(run, "/version"), at(run, "/status"));
    let waiting_for = at(run, "/waiting_for").replace('_', " ");
    let waiting =
        if waiting_for.is_empty() { String::new() } else { format!(" for {waiting_for} at {}", at(run, "/step")) };
    let before = if at(run, "/replayed") == "true" { " (started before with this key)" } else { "" };
    output::line(format!("{}  {name} v{version}: {status}{waiting}{}{before}", at(run, "/id"), error(run)));
    let result = run.get("output").filter(|output| !output.is_null());
    if let Some(result) = result {
        output::line(result.to_string());
    }
}
