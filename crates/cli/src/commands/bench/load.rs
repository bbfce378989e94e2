//! A closed loop of requests: each worker sends its next when the last is answered.

use super::{http::Connection, latency::Latencies};
use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

/// After so many failures the rest is not tried.
const ERRORS_MAX: u64 = 100;
/// Pause of a worker after a failure.
const PAUSE: Duration = Duration::from_millis(5);

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Where the connections go.
    pub(super) address: SocketAddr,
    /// Workers, each with its own connection.
    pub(super) concurrency: usize,
    /// Numbers handed to the work, each once.
    pub(super) ids: Range<u64>,
    /// No new work after this.
    pub(super) until: Option<Instant>,
}

/// One piece of work that went well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// When it was done.
    pub(super) at: Instant,
    /// How long it took.
    pub(super) took: Duration,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// In order of completion.
    pub(super) done: Vec<Done>,
    /// Failures.
    pub(super) errors: u64,
    /// The last failure.
    pub(super) last_error: Option<String>,
    /// From the first to the last request.
    pub(super) took: Duration,
}

impl Outcome {
    /// Everything that was done.
    pub(super) fn latencies(&self) -> Latencies {
        self.done.iter().map(|done| done.took).collect()
    }

    /// What was done per second.
    pub(super) fn per_second(&self) -> f64 {
        per_second(self.done.len(), self.took)
    }

    /// The outcome, if nothing failed and something was done.
    ///
    /// # Errors
    /// What failed last.
    pub(super) fn all_well(self) -> anyhow::Result<Self> {
        match &self.last_error {
            Some(error) => anyhow::bail!("{} of {} requests failed; the last: {error}", self.errors, self.count()),
            None if self.done.is_empty() => anyhow::bail!("nothing was done in the time"),
            None => Ok(self),
        }
    }

    fn count(&self) -> u64 {
        self.errors + self.done.len() as u64
    }
}

/// A rate.
pub(super) fn per_second(count: usize, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

/// Works through the plan.
pub(super) async fn run(plan: Plan, work: impl AsyncFn(&mut Connection, u64) -> anyhow::Result<()>) -> Outcome {
    let started = Instant::now();
    let next = Cell::new(plan.ids.start);
    let outcome = RefCell::new(Outcome::default());
    let take = || {
        let id = next.get();
        let over = id >= plan.ids.end || plan.until.is_some_and(|until| Instant::now() >= until);
        next.set(if over { id } else { id + 1 });
        (!over && outcome.borrow().errors < ERRORS_MAX).then_some(id)
    };
    let worker = async || {
        let mut connection = Connection::new(plan.address);
        while let Some(id) = take() {
            let begun = Instant::now();
            match work(&mut connection, id).await {
                Ok(()) => {
                    let at = Instant::now();
                    outcome.borrow_mut().done.push(Done { at, took: at - begun });
                }
                Err(error) => {
                    {
                        let mut outcome = outcome.borrow_mut();
                        outcome.errors += 1;
                        outcome.last_error = Some(format!("{error:#}"));
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    futures::future::join_all((0..plan.concurrency).map(|_| worker())).await;
    let took = started.elapsed();
    Outcome { took, ..outcome.into_inner() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ids: Range<u64>, concurrency: usize) -> Plan {
        Plan { address: SocketAddr::from(([127, 0, 0, 1], 9)), concurrency, ids, until: None }
    }

    #[tokio::test]
    async fn every_number_is_handed_out_once() {
        let seen = RefCell::new(Vec::new());
        let outcome = run(plan(5..105, 7), async |_, id| {
            tokio::task::yield_now().await;
            seen.borrow_mut().push(id);
            Ok(())
        })
        .await;
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        assert_eq!(seen, (5..105).collect::<Vec<_>>());
        assert_eq!((outcome.done.len(), outcome.errors), (100, 0));
        assert!(outcome.all_well().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_when_nothing_works() {
        let outcome = run(plan(0..1_000_000, 3), async |_, _| anyhow::bail!("no")).await;
        assert!((ERRORS_MAX..ERRORS_MAX + 3).contains(&outcome.errors), "{}", outcome.errors);
        assert!(outcome.all_well().unwrap_err().to_string().contains("the last: no"));
    }
}
