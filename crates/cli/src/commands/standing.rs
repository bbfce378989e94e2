//! `countersign standing …`

use crate::{
    client::{
        Client, Remote,
        text::{moment, moment_if, short},
    },
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use countersign_api::StandingApproval;

/// What people allowed in advance. Allowing is for people who are signed in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List them.
    List(ListArgs),
    /// Let one allow nothing any more, at once.
    Revoke(RevokeArgs),
}

/// Arguments of `standing list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    remote: Remote,
}

/// Arguments of `standing revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    remote: Remote,
    /// Its id.
    id: String,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => args.remote.run(async |client| list(client, &args).await).await,
        Command::Revoke(args) => args.remote.run(async |client| revoke(client, &args).await).await,
    }
}

async fn list(client: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let listed = client.list(&["standing-approvals"], &[], 1000).await?;
    listed.print(&args.remote, &["id", "workflow", "step", "by", "up to", "a day", "today", "until", "revoked"], row)
}

fn row(item: &StandingApproval) -> Vec<String> {
    vec![
        item.id.clone(),
        short(&item.workflow.name, 30),
        item.step.clone(),
        short(&item.granted_by.name, 24),
        item.amount_max.to_string(),
        item.per_day.to_string(),
        item.used_today.to_string(),
        moment(item.until),
        moment_if(item.revoked_at),
    ]
}

async fn revoke(client: &Client, args: &RevokeArgs) -> anyhow::Result<Exit> {
    client.delete(&["standing-approvals", &args.id]).send().await?;
    if !args.remote.json {
        output::line(format!("{}: revoked", args.id));
    }
    Ok(Exit::Good)
}
