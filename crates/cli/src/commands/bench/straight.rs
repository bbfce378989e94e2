//! *straight*: start by HTTP, three calls, a condition, the end.

use super::{
    Options,
    bed::{Bed, Bound, Cost, Start, Usage, say},
    latency::Latencies,
    load::{Outcome, per_second},
    report::{Report, number},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The workflow.
pub(super) const WORKFLOW: &str = include_str!("workflows/straight.yaml");
/// Numbers of connections of which the fastest is taken for saturation.
const PROBES: [usize; 4] = [64, 128, 256, 512];
/// What is not counted at the beginning of a window.
const WARM_UP: Duration = Duration::from_secs(1);
/// Connections while the server warms up.
const WARM_UP_CONCURRENCY: usize = 32;

/// Runs that ended while somebody looked.
pub(super) struct Window {
    /// Connections.
    pub(super) concurrency: usize,
    /// From the start request to its answer, which comes when the run has ended.
    pub(super) latencies: Latencies,
    /// Ended runs per second.
    pub(super) per_second: f64,
    pub(super) before: Usage,
    pub(super) after: Usage,
    /// Including those before and after the window.
    pub(super) all: Outcome,
}

/// Loads the server for the warm-up and `length`; what ended in `length` is measured.
///
/// # Errors
/// When the server is gone.
pub(super) async fn window(bed: &Bed, workflow: &str, concurrency: usize, length: Duration) -> anyhow::Result<Window> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + length;
    let load = bed.start_runs(Start { workflow, reaches: "completed" }, concurrency, Bound::Until(end), |_, _| {});
    let watch = async {
        tokio::time::sleep_until(begin.into()).await;
        let before = bed.usage().await?;
        tokio::time::sleep_until(end.into()).await;
        anyhow::Ok((before, bed.usage().await?))
    };
    let (all, usage) = tokio::join!(load, watch);
    let (before, after) = usage?;
    let all = all.all_well()?;
    let counted = all.done.iter().filter(|done| done.at > before.at && done.at <= after.at);
    let latencies: Latencies = counted.map(|done| done.took).collect();
    let per_second = per_second(latencies.count(), after.at - before.at);
    Ok(Window { concurrency, latencies, per_second, before, after, all })
}

/// The number of connections at which most runs end per second, and what each gave.
async fn saturation(bed: &Bed, workflow: &str, length: Duration) -> anyhow::Result<(usize, Value)> {
    let mut probes: Vec<(usize, f64)> = Vec::new();
    for concurrency in PROBES {
        say(&format!("probing {concurrency} connections"));
        probes.push((concurrency, window(bed, workflow, concurrency, length).await?.per_second));
    }
    let best =
        probes.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(PROBES[0], |(concurrency, _)| concurrency);
    let probes = probes
        .iter()
        .map(|(concurrency, rate)| json!({ "concurrency": concurrency, "runs_per_second": number(Some(*rate)) }));
    Ok((best, probes.collect()))
}

/// The concurrency that was asked for, or the fastest.
///
/// # Errors
/// When the server is gone.
pub(super) async fn concurrency(
    bed: &Bed,
    workflow: &str,
    options: &Options,
) -> anyhow::Result<(usize, Option<Value>)> {
    match options.concurrency {
        Some(concurrency) => Ok((concurrency, None)),
        None => {
            let length = Duration::from_secs((options.seconds / 5).clamp(1, 3));
            let (concurrency, probes) = saturation(bed, workflow, length).await?;
            Ok((concurrency, Some(probes)))
        }
    }
}

/// Measures.
///
/// # Errors
/// When a part does not work, or a run did not end well.
pub(super) async fn run(options: &Options) -> anyhow::Result<Report> {
    let bed = Bed::make(options).await?;
    let mut report = bed.report("straight", options);
    let workflow = bed.publish(WORKFLOW).await?;
    say("warming up");
    window(&bed, &workflow, WARM_UP_CONCURRENCY, WARM_UP).await?;
    say("one at a time");
    let alone = window(&bed, &workflow, 1, Duration::from_secs((options.seconds / 3).clamp(1, 5))).await?;
    let (concurrency, probes) = concurrency(&bed, &workflow, options).await?;
    bed.stub.reset().await?;
    let bytes_before = bed.database.bytes().await?;
    say(&format!("{concurrency} connections for {} s", options.seconds));
    let full = window(&bed, &workflow, concurrency, Duration::from_secs(options.seconds)).await?;
    report.count("concurrency", full.concurrency as u64);
    report.number("seconds", (full.after.at - full.before.at).as_secs_f64());
    report.count("runs", full.latencies.count() as u64);
    report.number("runs_per_second", full.per_second);
    report.percentiles("", "", &full.latencies);
    report.percentiles("", "_at_1", &alone.latencies);
    report.number("runs_per_second_at_1", alone.per_second);
    let cost = Cost { before: full.before, after: full.after, bytes_before, runs_stored: full.all.done.len() };
    bed.cost(&mut report, full.latencies.count(), &cost).await?;
    say("the database alone");
    bed.yardstick(&mut report, yardstick_length(options)).await?;
    check_calls(&bed, &mut report, &[1, 2, 3], full.all.done.len()).await?;
    if let Some(probes) = probes {
        report.put("probes", probes);
    }
    bed.close().await?;
    Ok(report)
}

/// How long the yardstick is measured.
pub(super) fn yardstick_length(options: &Options) -> Duration {
    Duration::from_secs((options.seconds / 2).clamp(1, 5))
}

/// Holds the calls the stub got against the runs that ended.
///
/// # Errors
/// When a call is missing: then the runs did not do the work.
pub(super) async fn check_calls(bed: &Bed, report: &mut Report, steps: &[usize], runs: usize) -> anyhow::Result<()> {
    let counted = bed.stub.counted().await?;
    for step in steps {
        let calls = counted.runs[step - 1];
        anyhow::ensure!(calls == runs as u64, "{runs} runs ended, but step {step} was called for {calls}");
    }
    report.count("duplicate_calls", counted.duplicates.iter().sum::<u64>());
    Ok(())
}
