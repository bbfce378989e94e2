//! `countersign migrate`

use crate::{
    config::{Config, DatabaseArgs},
    output::{self, Exit},
};
use clap::Args as ClapArgs;
use countersign_store::Store;
use serde_json::json;

/// Arguments of `migrate`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only tell what is missing.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Applies what is missing.
pub async fn run(args: Args) -> anyhow::Result<Exit> {
    let config = Config::load(&args.database)?;
    let store = Store::open(&config.store()?).await?;
    let names = if args.dry_run { store.pending_migrations().await? } else { store.migrate().await? };
    store.close().await;
    if args.json {
        output::json(&json!({ "migrations": names, "applied": !args.dry_run }))?;
    } else if names.is_empty() {
        output::line("the database is up to date");
    } else {
        for name in &names {
            output::line(format!("{} {name}", if args.dry_run { "missing" } else { "applied" }));
        }
    }
    Ok(Exit::Good)
}
