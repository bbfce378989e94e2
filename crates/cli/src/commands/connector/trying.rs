//! `countersign connector try`

use crate::{
    client::{Client, JsonArgument, Remote, told},
    output::{self, Exit},
};
use anyhow::Context;
use clap::Args;
use countersign_api::{Risk, TriedAction, TryActionRequest, TryResult};

/// Arguments of `connector try`.
#[derive(Debug, Args)]
pub struct TryArgs {
    #[command(flatten)]
    remote: Remote,
    /// The action, as workflows name it: `shop.order.get`.
    action: String,
    /// Its input: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<JsonArgument>,
    /// Name of the connection; needed where the connector has several.
    #[arg(long)]
    connection: Option<String>,
    /// Only show the request.
    #[arg(long, conflicts_with_all = ["confirm", "reason"])]
    dry_run: bool,
    /// The hash that --dry-run showed: exactly that request is sent. Needed for whatever changes something.
    #[arg(long, value_name = "HASH")]
    confirm: Option<String>,
    /// Why; kept in the audit trail. Needed for actions of high risk.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) async fn run(args: &TryArgs) -> anyhow::Result<Exit> {
    let request = TryActionRequest {
        connection: args.connection.clone(),
        input: args.input.as_ref().map(JsonArgument::read).transpose()?.unwrap_or_default(),
        dry_run: args.dry_run,
        confirm: args.confirm.clone(),
        reason: args.reason.clone(),
    };
    args.remote.run(async |client| send(client, args, &request).await).await
}

async fn send(client: &Client, args: &TryArgs, request: &TryActionRequest) -> anyhow::Result<Exit> {
    let (connector, action) = args.action.split_once('.').context("the action reads <connector>.<action>")?;
    let path = ["connectors", connector, "actions", action, "try"];
    let answer = client.post(&path).json(request).send().await?;
    let tried: TriedAction = told(&answer)?;
    if args.remote.json {
        output::json(&answer)?;
    } else {
        print(&tried);
    }
    let failed = tried.result.is_some_and(|result| result.error.is_some());
    Ok(if failed { Exit::No } else { Exit::Good })
}

fn print(tried: &TriedAction) {
    let request = &tried.request;
    output::line(format!("{} {}", request.method, request.url));
    for (name, value) in &request.headers {
        output::line(format!("{name}: {value}"));
    }
    if !request.body.is_null() {
        output::line(request.body.to_string());
    }
    match &tried.result {
        Some(TryResult { output, error, status, duration_ms, .. }) => {
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            output::line(format!("-> {status} in {duration_ms} ms"));
            output::line(match error {
                Some(error) => format!("error[{}]: {}", error.code, error.message),
                None => output.to_string(),
            });
        }
        None if tried.risk == Risk::Read => {}
        None => output::line(format!("nothing was sent; --confirm {} sends it", tried.request_hash)),
    }
}
