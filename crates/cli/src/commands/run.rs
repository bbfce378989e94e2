//! `countersign run …`

mod list;
mod retry;
mod show;
mod start;
mod watch;

use crate::{
    client::{Client, Remote, text::spaced, told},
    output::{self, Exit},
};
use clap::{Args, Subcommand};
use countersign_api::{CancelRequest, RunStatus, StartedRun, WaitingFor};

/// What can be done with runs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a run.
    Start(start::StartArgs),
    /// List runs, newest first.
    List(list::ListArgs),
    /// Show a run, or one of its steps.
    Show(show::ShowArgs),
    /// Print what happens in a run until it ends.
    Watch(watch::WatchArgs),
    /// Stop a run. What was done stays done.
    Cancel(CancelArgs),
    /// Take an ended run up again, from any step, with its state changed or not.
    Retry(retry::RetryArgs),
}

/// Arguments of `run cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the run.
    id: String,
    /// Why; goes on the record.
    #[arg(long)]
    reason: Option<String>,
}

/// Does it.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Start(args) => start::run(&args).await,
        Command::List(args) => list::run(&args).await,
        Command::Show(args) => show::run(&args).await,
        Command::Watch(args) => watch::run(&args).await,
        Command::Cancel(args) => args.remote.run(async |client| cancel(client, &args).await).await,
        Command::Retry(args) => retry::run(&args).await,
    }
}

async fn cancel(client: &Client, args: &CancelArgs) -> anyhow::Result<Exit> {
    let body = CancelRequest { reason: args.reason.clone().unwrap_or_default() };
    let run = client.post(&["runs", &args.id, "cancel"]).json(&body).send().await?;
    if args.remote.json {
        output::json(&run)?;
    } else {
        output::line(format!("{}: {}", args.id, told::<StartedRun>(&run)?.status));
    }
    Ok(Exit::Good)
}

/// A run that stopped on an error or was stopped is a no; one that was rejected did what it is for.
fn exit(status: RunStatus) -> Exit {
    match status {
        RunStatus::Failed | RunStatus::Cancelled => Exit::No,
        RunStatus::Running | RunStatus::Waiting | RunStatus::Completed | RunStatus::Rejected => Exit::Good,
    }
}

/// ` - http_503: the service is away`, or nothing.
fn error(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (None, None) => String::new(),
        (Some(code), None) => format!(" - {code}"),
        (None, Some(message)) => format!(" - {message}"),
        (Some(code), Some(message)) => format!(" - {code}: {message}"),
    }
}

/// ` for unknown outcome`, or nothing.
fn waiting(waiting_for: Option<WaitingFor>) -> String {
    waiting_for.map(|what| format!(" for {}", spaced(what.as_str()))).unwrap_or_default()
}
