//! `countersign connector try`

use crate::{
    client::{Client, JsonArgument, Remote, text::at},
    output::{self, Exit},
};
use anyhow::Context;
use clap::Args;
use countersign_api::TryActionRequest;
use serde_json::Value;

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
    let tried = client.post(&path).json(&serde_json::to_value(request)?).send().await?;
    if args.remote.json {
        output::json(&tried)?;
    } else {
        print(&tried);
    }
    Ok(if tried.pointer("/result/error").is_some_and(|error| !error.is_null()) { Exit::No } else { Exit::Good })
}

fn print(tried: &Value) {
    output::line(format!("{} {}", at(tried, "/request/method"), at(tried, "/request/url")));
    for (name, value) in tried.pointer("/request/headers").and_then(Value::as_object).into_iter().flatten() {
        output::line(format!("{name}: {}", value.as_str().unwrap_or_default()));
    }
    if let Some(body) = tried.pointer("/request/body").filter(|body| !body.is_null()) {
        output::line(body.to_string());
    }
    let Some(result) = tried.get("result").filter(|result| !result.is_null()) else {
        if at(tried, "/risk") != "read" {
            output::line(format!("nothing was sent; --confirm {} sends it", at(tried, "/request_hash")));
        }
        return;
    };
    output::line(format!("-> {} in {} ms", at(result, "/status"), at(result, "/duration_ms")));
    match result.get("error").filter(|error| !error.is_null()) {
        Some(error) => output::line(format!("error[{}]: {}", at(error, "/code"), at(error, "/message"))),
        None => output::line(result.get("output").unwrap_or(&Value::Null).to_string()),
    }
}
