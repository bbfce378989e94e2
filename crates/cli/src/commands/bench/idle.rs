//! *idle*: many runs wait; what that costs, and whether clocks are still kept.

use super::{
    Options,
    bed::{Bed, Bound, Cost, Start, say},
    latency::Latencies,
    pages::pages,
    report::Report,
    straight::yardstick_length,
};
use crate::client::told;
use anyhow::Context;
use countersign_api::{CheckpointCounts, CheckpointSummary, RunSummary};
use std::{collections::HashMap, time::Duration};

/// The workflow, with a time limit nobody lives to see.
const WORKFLOW: &str = include_str!("workflows/wait.yaml");
/// Runs when nothing else is asked for.
const RUNS: u64 = 100_000;
/// Connections when nothing else is asked for.
const CONCURRENCY: usize = 64;
/// Runs that end by their time limit.
const TIMERS: u64 = 200;
/// That limit.
const TIMER: Duration = Duration::from_secs(3);
/// How long the last of them may take beyond it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Measures.
///
/// # Errors
/// When a part does not work, or a run did not go as drawn.
pub(super) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut bed = Bed::make(options).await?;
    let mut report = bed.report("idle", options);
    let runs = options.runs.unwrap_or(RUNS).max(1);
    let concurrency = options.concurrency.unwrap_or(CONCURRENCY);
    let workflow = bed.publish(WORKFLOW).await?;
    let short = WORKFLOW.replace("after: 30d", &format!("after: {}s", TIMER.as_secs()));
    let timer = bed.publish(&short.replace("name: Bench wait", "name: Bench timer")).await?;
    let start = Start { workflow: &workflow, reaches: "waiting" };
    // A server that has worked is larger than one that has not; the difference is not what waiting costs.
    bed.start_runs(start, concurrency, Bound::Count(runs.min(1_000)), |_, _| {}).await.all_well()?;
    let warm_mib = bed.server()?.resident_mib()?;
    let bytes_before = bed.database.bytes().await?;
    say(&format!("{runs} runs to their approval"));
    let before = bed.usage().await?;
    let started = bed.start_runs(start, concurrency, Bound::Count(runs), |_, _| {}).await.all_well()?;
    let after = bed.usage().await?;
    report.count("runs", runs);
    report.count("concurrency", concurrency as u64);
    report.number("runs_per_second", started.per_second());
    report.percentiles("", "", &started.latencies());
    bed.cost(&mut report, started.done.len(), &Cost { before, after, bytes_before, runs_stored: started.done.len() })
        .await?;
    let loaded_mib = bed.server()?.resident_mib()?;
    report.number("rss_mib_before", warm_mib);
    report.number("more_rss_mib", loaded_mib - warm_mib);
    say("starting the server again");
    bed.stop_server().await?;
    let server = bed.start_server().await?;
    report.number("restart_ms", server.started_in.as_secs_f64() * 1e3);
    report.number("restarted_rss_mib", server.resident_mib()?);
    say(&format!("{TIMERS} time limits"));
    let late = timers(&bed, &timer).await?;
    report.count("timers", late.count() as u64);
    report.number("timer_late_p50_ms", late.p50());
    report.number("timer_late_p99_ms", late.p99());
    report.number("timer_late_max_ms", late.ms(1.0));
    say("pages of lists");
    report.percentiles("runs_page_", "", &pages(&bed, "/api/v1/runs?limit=50").await?);
    report.percentiles("checkpoints_page_", "", &pages(&bed, "/api/v1/checkpoints?status=open").await?);
    inbox(&bed, &mut report).await?;
    bed.yardstick(&mut report, yardstick_length(options)).await?;
    bed.close().await?;
    Ok(report)
}

/// Pages and numbers of the inbox of somebody who may decide all of them.
async fn inbox(bed: &Bed, report: &mut Report) -> anyhow::Result<()> {
    let counts: CheckpointCounts = told(&bed.get("/checkpoints/counts").await?)?;
    anyhow::ensure!(counts.mine > 0, "nothing is in the inbox of who may decide");
    for (name, path) in [
        ("inbox_page_", "/api/v1/checkpoints?scope=mine&status=open"),
        ("inbox_found_", "/api/v1/checkpoints?scope=mine&status=open&q=run%201"),
        ("inbox_not_found_", "/api/v1/checkpoints?scope=mine&status=open&q=nothing-like-it"),
        ("inbox_counts_", "/api/v1/checkpoints/counts"),
    ] {
        report.percentiles(name, "", &pages(bed, path).await?);
    }
    Ok(())
}

/// How late runs end by their time limit while the others wait.
async fn timers(bed: &Bed, workflow: &str) -> anyhow::Result<Latencies> {
    let start = Start { workflow, reaches: "waiting" };
    bed.start_runs(start, CONCURRENCY, Bound::Count(TIMERS), |_, _| {}).await.all_well()?;
    let deadline = tokio::time::Instant::now() + TIMER + PATIENCE;
    let ended = loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let ended: Vec<RunSummary> =
            bed.list(&format!("/runs?workflow={workflow}&status=rejected"), count(TIMERS)?).await?;
        if ended.len() as u64 >= TIMERS {
            break ended;
        }
        let waited = tokio::time::Instant::now() < deadline;
        anyhow::ensure!(waited, "{} of {TIMERS} time limits passed unnoticed", TIMERS - ended.len() as u64);
    };
    let ended: HashMap<&str, Option<i64>> = ended.iter().map(|run| (run.id.as_str(), run.ended_at)).collect();
    let due: Vec<CheckpointSummary> = bed.list(&format!("/checkpoints?workflow={workflow}"), count(TIMERS)?).await?;
    let late = due.iter().map(|checkpoint| {
        let ended = ended.get(checkpoint.run.id.as_str()).context("a run is missing")?;
        let late = ended.context("a run has no end")? - checkpoint.due_at.context("a checkpoint has no time limit")?;
        anyhow::ensure!(late >= 0, "a time limit passed {} ms early", -late);
        Ok(Duration::from_millis(late.unsigned_abs()))
    });
    late.collect()
}

fn count(number: u64) -> anyhow::Result<usize> {
    Ok(usize::try_from(number)?)
}
