//! `countersign serve`

use crate::{
    config::{Config, DatabaseArgs, InboundArgs, OutboundArgs},
    output::{self, Exit},
    parts::{self, Running},
};
use clap::Args as ClapArgs;
use serde_json::json;
use std::net::SocketAddr;

/// Arguments of `serve`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    outbound: OutboundArgs,
    #[command(flatten)]
    inbound: InboundArgs,
    /// Where to listen; 127.0.0.1:8080 when absent.
    #[arg(long, env = "COUNTERSIGN_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The address people reach the server at, when a proxy stands in front.
    #[arg(long, env = "COUNTERSIGN_BASE_URL", value_name = "URL")]
    base_url: Option<String>,
    /// Print where it listens as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Serves until it is told to stop.
pub async fn run(args: Args) -> anyhow::Result<Exit> {
    parts::log_to_stderr("info");
    let config = Config::load(&args.database)?.calling(args.outbound).called(args.inbound);
    let running = Running::start(&config, config.listen(args.listen), args.base_url).await?;
    let setup = countersign_server::ensure_admin(running.engine.store(), &running.base_url).await?;
    if args.json {
        let setup = setup.as_ref().map(|link| &link.url);
        output::json(&json!({ "url": running.base_url, "address": running.address, "setup": setup }))?;
    } else {
        output::line(format!("Countersign is at {}", running.base_url));
        if let Some(link) = setup {
            output::line(format!("Set the administrator's password (works once): {}", link.url));
        }
    }
    running.serve(parts::stop_signal()).await?;
    Ok(Exit::Good)
}
