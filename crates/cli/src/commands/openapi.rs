//! `countersign openapi`

use crate::output::{self, Exit};
use clap::Args as ClapArgs;

/// Arguments of `openapi`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Accepted for symmetry: the document is JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the OpenAPI document of the HTTP API.
pub fn run(_: &Args) -> anyhow::Result<Exit> {
    output::line(serde_json::to_string_pretty(&countersign_server::openapi())?);
    Ok(Exit::Good)
}
