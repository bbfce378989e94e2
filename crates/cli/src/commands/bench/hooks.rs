//! *hooks*: webhooks come at a fixed rate, whether the last is answered or not, and each starts a run.

use super::{
    Options,
    bed::{Bed, Cost, say},
    http::Connection,
    latency::Latencies,
    load::{self, Plan, per_second},
    report::Report,
    straight::{self, check_calls, yardstick_length},
};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Webhooks per second.
const RATE: u32 = 500;
/// Connections when nothing else is asked for: more than are ever busy while the server keeps up.
const CONNECTIONS: usize = 128;
/// What is not counted at the beginning.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long all runs may take after the last webhook.
const PATIENCE: Duration = Duration::from_secs(300);
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// When each webhook is due.
#[derive(Debug, Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn due(self, number: u64) -> Instant {
        self.0 + Duration::from_secs_f64(number as f64 / f64::from(RATE))
    }
}

/// Measures.
///
/// # Errors
/// When a part does not work, a webhook is not taken, or a run did not do its work.
pub(super) async fn run(options: &Options) -> anyhow::Result<Report> {
    let bed = Bed::make(options).await?;
    let mut report = bed.report("hooks", options);
    let workflow = bed.publish(&straight::WORKFLOW.replace("type: api", "type: webhook")).await?;
    let path = bed.hook(&workflow).await?;
    let window = Duration::from_secs(options.seconds);
    let numbers = |length: Duration| length.as_secs() * u64::from(RATE);
    let (skipped, all) = (numbers(WARM_UP), numbers(WARM_UP + window));
    let concurrency = options.concurrency.unwrap_or(CONNECTIONS);
    let bytes_before = bed.database.bytes().await?;
    say(&format!("{RATE} webhooks a second for {} s, each starts a run", options.seconds));
    let before = bed.usage().await?;
    let clock = Clock(Instant::now());
    let taken = RefCell::new(Vec::new());
    let plan = Plan { address: bed.operator.address, concurrency, ids: 0..all, until: None };
    let outcome = load::run(plan, async |connection: &mut Connection, number| {
        let due = clock.due(number);
        tokio::time::sleep_until(due.into()).await;
        connection.send(bed.operator.post(&path, &format!(r#"{{"id":{number}}}"#))).await?;
        // From when it was due, not from when a connection was free: who waits for the server waits.
        taken.borrow_mut().push((number, due.elapsed()));
        Ok(())
    })
    .await
    .all_well()?;
    let posted = outcome.done.len();
    all_called(&bed, posted as u64).await?;
    let after = bed.usage().await?;
    let counted = taken.into_inner().into_iter().filter(|(number, _)| *number >= skipped);
    let accepted: Latencies = counted.map(|(_, took)| took).collect();
    report.count("rate", RATE);
    report.count("concurrency", concurrency as u64);
    report.count("webhooks", accepted.count() as u64);
    report.number("webhooks_per_second", per_second(posted, outcome.took));
    report.number("runs_per_second", per_second(posted, after.at - before.at));
    report.percentiles("accepted_", "", &accepted);
    report.number("accepted_max_ms", accepted.ms(1.0));
    bed.cost(&mut report, posted, &Cost { before, after, bytes_before, runs_stored: posted }).await?;
    say("the database alone");
    bed.yardstick(&mut report, yardstick_length(options)).await?;
    check_calls(&bed, &mut report, &[1, 2, 3], posted).await?;
    bed.close().await?;
    Ok(report)
}

/// Waits until the runs of so many webhooks have made their last call, and the server rests.
async fn all_called(bed: &Bed, runs: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while bed.stub.counted().await?.runs[2] < runs {
        anyhow::ensure!(Instant::now() < deadline, "not every run was over within {} s", PATIENCE.as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bed.rests().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_due_at_an_even_rate() {
        let clock = Clock(Instant::now());
        assert_eq!(clock.due(0), clock.0);
        assert_eq!(clock.due(u64::from(RATE)) - clock.0, Duration::from_secs(1));
        assert_eq!(clock.due(u64::from(RATE) * 3600) - clock.0, Duration::from_secs(3600));
    }

    #[test]
    fn the_workflow_is_started_by_webhooks() {
        assert_eq!(straight::WORKFLOW.matches("type: api").count(), 1);
    }
}
