//! `countersign delegation …`

use crate::{
    client::{
        Client, Remote,
        text::{moment, short},
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use countersign_api::Delegation;

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
    listed.print(&args.remote, &["id", "of", "decides", "away", "from", "until", "reason"], row)
}

fn row(item: &Delegation) -> Vec<String> {
    vec![
        item.id.clone(),
        short(&item.from.name, 24),
        item.to.as_ref().map(|to| short(&to.name, 24)).unwrap_or_default(),
        if item.away { "away".to_owned() } else { String::new() },
        moment(item.starts_at),
        moment(item.ends_at),
        short(&item.reason, 40),
    ]
}

async fn end(client: &Client, args: &EndArgs) -> anyhow::Result<Exit> {
    client.delete(&["delegations", &args.id]).send().await?;
    if !args.remote.json {
        output::line(format!("{}: ended", args.id));
    }
    Ok(Exit::Good)
}
