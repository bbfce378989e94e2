//! `countersign bench`: how fast this build is on this machine, beside what the machine can do.
//!
//! Three processes as in real life: the server (`countersign serve`, as anybody starts it), what its runs call
//! (`countersign bench stub`), and the load, which is this one. bench/README.md says what each number means.

mod all;
mod approval;
mod bed;
mod children;
mod database;
mod growth;
mod hooks;
mod http;
mod idle;
mod latency;
mod load;
mod pages;
mod process;
mod report;
mod straight;
mod stub;
mod wire;

use crate::{
    output::{self, Exit},
    parts,
};
use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};
use database::Choice;
use report::Report;
use std::{path::PathBuf, time::Duration};
use tokio::task::LocalSet;

/// The longest a workload may take; the largest copies millions of runs.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start by HTTP, three calls, a condition, the end.
    Straight(Args),
    /// A call, an approval, a call: how fast runs pause, and how soon a decision moves them.
    Approval(Args),
    /// Many runs wait: memory, start-up, punctuality, pages of lists.
    Idle(Args),
    /// `straight` with millions of finished runs in the database.
    Growth(Args),
    /// 500 webhooks a second, each starts a run: how soon they are accepted.
    Hooks(Args),
    /// Everything on both databases.
    All(all::Args),
    /// What the measured runs call.
    #[command(hide = true)]
    Stub,
}

/// Arguments of a workload.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// `sqlite`, `postgres` (one is started for it), or the URL of a PostgreSQL server (a database is made in it).
    #[arg(long, default_value = "sqlite", value_name = "STORE")]
    store: Choice,
    /// Length of the measured window, for `straight`, `growth` and `hooks`.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS")]
    seconds: u64,
    /// Requests at once; `straight` and `growth` look for the fastest when absent, `hooks` has 128.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024), value_name = "COUNT")]
    concurrency: Option<usize>,
    /// Runs: 2,000 for `approval`, 100,000 for `idle`, 3,000,000 finished ones for `growth` when absent.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000), value_name = "COUNT")]
    runs: Option<u64>,
    /// Where the database is put; the machine's folder for temporary files when absent.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// How to measure.
#[derive(Debug, Clone)]
struct Options {
    store: Choice,
    seconds: u64,
    concurrency: Option<usize>,
    runs: Option<u64>,
    folder: Option<PathBuf>,
}

/// A workload.
#[derive(Debug, Clone, Copy)]
enum Workload {
    Straight,
    Approval,
    Idle,
    Growth,
    Hooks,
}

/// Measures, on one thread: the rest of the machine is for what is measured.
///
/// # Errors
/// When a part does not work, or a run did not go as drawn.
pub(crate) fn run(command: Command) -> anyhow::Result<Exit> {
    process::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    LocalSet::new().block_on(&runtime, async {
        match command {
            Command::Straight(args) => one(Workload::Straight, args).await,
            Command::Approval(args) => one(Workload::Approval, args).await,
            Command::Idle(args) => one(Workload::Idle, args).await,
            Command::Growth(args) => one(Workload::Growth, args).await,
            Command::Hooks(args) => one(Workload::Hooks, args).await,
            Command::All(args) => all::run(args).await,
            Command::Stub => stub::run().await,
        }
    })
}

async fn one(workload: Workload, args: Args) -> anyhow::Result<Exit> {
    let Args { store, seconds, concurrency, runs, folder, json } = args;
    let report = measure(workload, &Options { store, seconds, concurrency, runs, folder }).await?;
    if json {
        output::json(&report.as_json())?;
    } else {
        report.print();
    }
    Ok(Exit::Good)
}

/// Measures one workload. Whatever ends this, the processes it started end with it.
async fn measure(workload: Workload, options: &Options) -> anyhow::Result<Report> {
    let work = async {
        match workload {
            Workload::Straight => straight::run(options).await,
            Workload::Approval => approval::run(options).await,
            Workload::Idle => idle::run(options).await,
            Workload::Growth => growth::run(options).await,
            Workload::Hooks => hooks::run(options).await,
        }
    };
    tokio::select! {
        report = tokio::time::timeout(LIMIT, work) => report.context("it takes too long")?,
        () = parts::stop_signal() => anyhow::bail!("stopped"),
    }
}
