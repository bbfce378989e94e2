//! `countersign run start`

use super::{error, exit, waiting};
use crate::{
    client::{Client, JsonArgument, Remote, told},
    output::{self, Exit},
};
use clap::Args;
use countersign_api::{CustomerChoice, CustomerRequest, StartRunRequest, StartedRun};

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

fn body(args: &StartArgs) -> anyhow::Result<StartRunRequest> {
    let customer = args.customer.clone().map(|customer| {
        if customer.contains('@') {
            CustomerChoice::Known(Box::new(CustomerRequest { email: Some(customer), ..CustomerRequest::default() }))
        } else {
            CustomerChoice::Id(customer)
        }
    });
    Ok(StartRunRequest {
        workflow: args.workflow.clone(),
        input: args.input.as_ref().map(JsonArgument::read).transpose()?,
        customer,
        conversation: None,
        version: args.version,
    })
}

async fn start(client: &Client, args: &StartArgs, body: &StartRunRequest) -> anyhow::Result<Exit> {
    let mut request = client.post(&["runs"]).json(body);
    if let Some(key) = &args.key_idempotency {
        request = request.header("idempotency-key", key);
    }
    if let Some(seconds) = args.wait {
        request = request.wait(seconds);
    }
    let answer = request.send().await?;
    let run: StartedRun = told(&answer)?;
    if args.remote.json {
        output::json(&answer)?;
    } else {
        print(&run);
    }
    Ok(exit(run.status))
}

fn print(run: &StartedRun) {
    let at = run.step.as_ref().filter(|_| run.waiting_for.is_some()).map(|step| format!(" at {step}"));
    let waiting = waiting(run.waiting_for) + &at.unwrap_or_default();
    let before = if run.replayed { " (started before with this key)" } else { "" };
    let error = error(run.error_code.as_deref(), run.error_message.as_deref());
    let (id, name, version, status) = (&run.id, &run.workflow.name, run.version, run.status);
    output::line(format!("{id}  {name} v{version}: {status}{waiting}{error}{before}"));
    if !run.output.is_null() {
        output::line(run.output.to_string());
    }
}
