//! Everything on both databases, and the results in a file.

use super::{Options, Workload, database::Choice, measure, report::Report};
use crate::output::{self, Exit};
use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// The order: short ones first.
const WORKLOADS: [Workload; 5] =
    [Workload::Straight, Workload::Hooks, Workload::Approval, Workload::Idle, Workload::Growth];
/// What is compared side by side.
const COLUMNS: [&str; 9] =
    ["workload", "store", "runs_per_second", "p50_ms", "p99_ms", "cpu_ms_per_run", "rss_mib", "bytes_per_run", "ratio"];

/// Arguments of `bench all`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Small numbers, to see that everything works; they say nothing about speed.
    #[arg(long)]
    quick: bool,
    /// A PostgreSQL server to use instead of one started for it.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Where the databases are put; the machine's folder for temporary files when absent.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// File for the results, JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn options(&self, workload: Workload, store: Choice) -> Options {
        let runs = match workload {
            Workload::Straight | Workload::Hooks => None,
            Workload::Approval => Some(200),
            Workload::Idle => Some(2_000),
            Workload::Growth => Some(3_000),
        };
        Options {
            store,
            seconds: if self.quick { 2 } else { 10 },
            concurrency: None,
            runs: runs.filter(|_| self.quick),
            folder: self.folder.clone(),
        }
    }
}

/// Measures one after the other. The answer is no when a promise is not kept.
pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut reports: Vec<Report> = Vec::new();
    for workload in WORKLOADS {
        for store in [Choice::Sqlite, Choice::Postgres(args.postgres.clone())] {
            eprintln!("{workload:?}, {store}");
            let report = measure(workload, &args.options(workload, store)).await?;
            if !args.json {
                report.print();
                output::line("");
            }
            reports.push(report);
        }
    }
    let results = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "machine": machine(),
        "results": reports.iter().map(Report::as_json).collect::<Vec<_>>(),
    });
    if let Some(path) = &args.out {
        let text = format!("{}\n", serde_json::to_string_pretty(&results)?);
        fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    if args.json {
        output::json(&results)?;
    } else {
        summary(&reports);
    }
    let kept = args.quick || reports.iter().all(|report| report.missed().is_empty());
    Ok(if kept { Exit::Good } else { Exit::No })
}

/// What the numbers were measured on.
fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    json!({
        "cores": std::thread::available_parallelism().map(usize::from).unwrap_or(1),
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}

fn summary(reports: &[Report]) {
    let mut headers = COLUMNS.map(|name| name.replace('_', " ")).to_vec();
    headers.push("missed".to_owned());
    let rows = reports.iter().map(|report| {
        let cells = COLUMNS.map(|name| report.cell(name));
        cells.into_iter().chain([report.missed().join(", ")]).collect()
    });
    output::table(&headers.iter().map(String::as_str).collect::<Vec<_>>(), &rows.collect::<Vec<_>>());
}
