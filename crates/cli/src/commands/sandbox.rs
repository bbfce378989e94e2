//! `countersign sandbox`

use crate::{
    output::{self, Exit},
    parts,
};
use clap::Args as ClapArgs;
use countersign_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;
use std::net::SocketAddr;

/// Arguments of `sandbox`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where the HTTP services listen.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the mail sink listens.
    #[arg(long, default_value = "127.0.0.1:8025", value_name = "ADDRESS")]
    smtp: SocketAddr,
    /// Print the addresses as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs until it is told to stop.
pub async fn run(args: Args) -> anyhow::Result<Exit> {
    let sandbox = Sandbox::start(SandboxConfig { http: args.listen, smtp: args.smtp }).await?;
    if args.json {
        output::json(
            &json!({ "url": sandbox.url(), "smtp": sandbox.smtp_addr(), "phone": format!("{}/phone", sandbox.url()) }),
        )?;
    } else {
        output::line(format!("services  {}", sandbox.url()));
        output::line(format!("phone     {}/phone", sandbox.url()));
        output::line(format!("mail      {}", sandbox.smtp_addr()));
    }
    parts::stop_signal().await;
    sandbox.shutdown().await;
    Ok(Exit::Good)
}
