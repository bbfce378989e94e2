//! *approval*: a call, a person's yes, the next call.

use super::{
    Options,
    bed::{Bed, Bound, Cost, Start, say},
    http::Connection,
    latency::Latencies,
    load::{self, Outcome, Plan},
    process::monotonic_ns,
    report::Report,
    straight::{check_calls, yardstick_length},
};
use anyhow::Context;
use countersign_api::CheckpointSummary;
use std::{cell::RefCell, collections::HashMap, ops::Range, time::Duration};

/// The workflow.
const WORKFLOW: &str = include_str!("workflows/approval.yaml");
/// Runs when nothing else is asked for.
const RUNS: u64 = 2_000;
/// Connections when nothing else is asked for.
const CONCURRENCY: usize = 32;
/// Most decisions made one at a time.
const ALONE_MAX: u64 = 200;
/// How long the last calls may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Runs that wait: their numbers and the checkpoints they wait at.
struct Waiting {
    bed: Bed,
    checkpoints: Vec<(u64, String)>,
    /// When each decision was sent, nanoseconds of the monotonic clock.
    sent_ns: RefCell<HashMap<u64, u64>>,
}

impl Waiting {
    /// Approves these, in order.
    async fn decide(&self, which: Range<u64>, concurrency: usize) -> anyhow::Result<Outcome> {
        let site = &self.bed.operator;
        let plan = Plan { address: site.address, concurrency, ids: which, until: None };
        let work = async |connection: &mut Connection, index: u64| {
            let (run, checkpoint) = &self.checkpoints[usize::try_from(index)?];
            let path = format!("/api/v1/checkpoints/{checkpoint}/decision");
            let request = site.post(&path, r#"{"outcome":"approved"}"#);
            self.sent_ns.borrow_mut().insert(*run, monotonic_ns());
            connection.send(request).await.map(drop)
        };
        load::run(plan, work).await.all_well()
    }

    /// From sending the decision to the arrival of the call it allowed.
    async fn next_calls(&self, which: Range<u64>) -> anyhow::Result<Latencies> {
        let arrived = self.bed.stub.arrivals_ns(2).await?;
        let sent = self.sent_ns.borrow();
        let mut latencies = Vec::new();
        for index in which {
            let (run, _) = &self.checkpoints[usize::try_from(index)?];
            let arrived =
                arrived.get(usize::try_from(*run)?).copied().filter(|at| *at > 0).context("a call is missing")?;
            let sent = sent.get(run).copied().context("a decision is missing")?;
            latencies.push(Duration::from_nanos(arrived.saturating_sub(sent)));
        }
        Ok(latencies.into_iter().collect())
    }

    /// Waits until so many runs have made the second call.
    async fn all_called(&self, runs: u64) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            if self.bed.stub.counted().await?.runs[1] >= runs {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::bail!("not every decision was followed by its call within {} s", PATIENCE.as_secs())
    }
}

/// Starts the runs and waits until each waits.
async fn pause(
    bed: &Bed,
    workflow: &str,
    runs: u64,
    concurrency: usize,
) -> anyhow::Result<(Outcome, HashMap<String, u64>)> {
    let numbers = RefCell::new(HashMap::new());
    let start = Start { workflow, reaches: "waiting" };
    let note = |id, run: &str| {
        numbers.borrow_mut().insert(run.to_owned(), id);
    };
    let outcome = bed.start_runs(start, concurrency, Bound::Count(runs), note).await.all_well()?;
    Ok((outcome, numbers.into_inner()))
}

/// Measures.
///
/// # Errors
/// When a part does not work, or a run did not go as drawn.
pub(super) async fn run(options: &Options) -> anyhow::Result<Report> {
    let bed = Bed::make(options).await?;
    let mut report = bed.report("approval", options);
    let runs = options.runs.unwrap_or(RUNS).max(4);
    let concurrency = options.concurrency.unwrap_or(CONCURRENCY);
    let workflow = bed.publish(WORKFLOW).await?;
    say("warming up");
    let (warm, numbers) = pause(&bed, &workflow, (runs / 10).max(1), concurrency).await?;
    let bed = decide_all(bed, &workflow, numbers, warm.done.len()).await?;
    bed.stub.reset().await?;
    let bytes_before = bed.database.bytes().await?;
    let before = bed.usage().await?;
    say(&format!("{runs} runs to their approval"));
    let (paused, numbers) = pause(&bed, &workflow, runs, concurrency).await?;
    let checkpoints = checkpoints(&bed, &workflow, &numbers).await?;
    say("until people are told");
    bed.rests().await?;
    let waiting = Waiting { bed, checkpoints, sent_ns: RefCell::default() };
    let alone = 0..(runs / 4).min(ALONE_MAX);
    let together = alone.end..runs;
    say("decisions, one at a time");
    waiting.decide(alone.clone(), 1).await?;
    say(&format!("decisions, {concurrency} at once"));
    let decided = waiting.decide(together.clone(), concurrency).await?;
    waiting.all_called(runs).await?;
    let after = waiting.bed.usage().await?;
    report.count("runs", runs);
    report.count("concurrency", concurrency as u64);
    report.number("paused_per_second", paused.per_second());
    report.number("decisions_per_second", decided.per_second());
    report.number("runs_per_second", 1.0 / (1.0 / paused.per_second() + 1.0 / decided.per_second()));
    report.percentiles("", "", &paused.latencies());
    report.percentiles("decision_", "", &decided.latencies());
    report.percentiles("next_call_", "_at_1", &waiting.next_calls(alone).await?);
    report.percentiles("next_call_", &format!("_at_{concurrency}"), &waiting.next_calls(together).await?);
    let cost = Cost { before, after, bytes_before, runs_stored: paused.done.len() };
    waiting.bed.cost(&mut report, paused.done.len(), &cost).await?;
    check_calls(&waiting.bed, &mut report, &[1, 2], paused.done.len()).await?;
    say("the database alone");
    waiting.bed.yardstick(&mut report, yardstick_length(options)).await?;
    waiting.bed.close().await?;
    Ok(report)
}

/// Where the runs wait, oldest first.
async fn checkpoints(bed: &Bed, workflow: &str, numbers: &HashMap<String, u64>) -> anyhow::Result<Vec<(u64, String)>> {
    let path = format!("/checkpoints?status=open&workflow={workflow}");
    let items: Vec<CheckpointSummary> = bed.list(&path, numbers.len()).await?;
    let found = items.into_iter().rev().map(|item| {
        let run = numbers.get(&item.run.id).context("a checkpoint of another run")?;
        Ok((*run, item.id))
    });
    let found = found.collect::<anyhow::Result<Vec<_>>>()?;
    anyhow::ensure!(found.len() == numbers.len(), "{} runs wait at {} checkpoints", numbers.len(), found.len());
    Ok(found)
}

/// Decides what the warm-up left open.
async fn decide_all(bed: Bed, workflow: &str, numbers: HashMap<String, u64>, runs: usize) -> anyhow::Result<Bed> {
    let checkpoints = checkpoints(&bed, workflow, &numbers).await?;
    let waiting = Waiting { bed, checkpoints, sent_ns: RefCell::default() };
    waiting.decide(0..runs as u64, CONCURRENCY).await?;
    waiting.all_called(runs as u64).await?;
    Ok(waiting.bed)
}
