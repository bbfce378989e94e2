//! `countersign delegation …`

use crate::{
    client::{
        Client, Remote,
        text::{at, moment_at, short},
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use serde_json::Value;

/// Who decides for whom, and who is away. Giving it is for people who are signed in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List them.
    List(ListArgs),
    /// End one at once.
    End(EndArgs),
}

/// Arguments of `delegation list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
}

/// Arguments of `delegation end`.
#[derive(Debug, Args)]
pub struct EndArgs {
    #[command(flatten)]
    remote: Remote,
    /// Its id.
    id: String,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => args.remote.run(async |client| list(client, &args).await).await,
        Command::End(args) => args.remote.run(async |client| end(client, &args).await).await,
    }
}

async fn list(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let listed = client.list(&["delegations"], &[], 1000).await?;
    if args.remote.json {
        output::json(&listed)?;
        return Ok(Exit::Good);
    }
    let rows: Vec<_> = listed.items.iter().map(row).collect();
    output::table(&["id", "of", "decides", "away", "from", "until", "reason"], &rows);
    Ok(Exit::Good)
}

fn row(item: &Value) -> Vec<String> {
    vec![
        at(item, "/id"),
        short(&at(item, "/from/name"), 24),
        short(&at(item, "/to/name"), 24),
        if at(item, "/away") == "true" { "away".to_owned() } else { String::new() },
        moment_at(item, "/starts_at"),
        moment_at(item, "/ends_at"),
        short(&at(item, "/reason"), 40),
    ]
}

async fn end(client: &Client, args: &EndArgs) -> anyhow::Result<Exit> {
    client.delete(&["delegations", &args.id]).send().await?;
    if !args.remote.json {
        output::line(format!("{}: ended", args.id));
    }
    Ok(Exit::Good)
}
