//! `countersign run watch`

use super::{error, exit};
use crate::{
    client::{
        Client, Events, Remote, is_unreachable,
        text::{duration, words},
        told,
    },
    output::{self, Exit},
    timeline::{Card, Columns},
};
use clap::Args;
use countersign_api::{RunDetail, RunStatus, RunSummary, StepExecution};
use jiff::tz::TimeZone;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Between two looks although the server told of nothing.
const SURE: Duration = Duration::from_secs(20);
/// Between two looks at a run that moves, when the server does not tell.
const MOVING: Duration = Duration::from_millis(250);
/// Between two looks at a run that waits for a person.
const WAITING: Duration = Duration::from_secs(2);
/// A server that is gone this often in a row is not coming back soon: a restart takes less.
const FAILURES_MAX: u32 = 20;

/// Arguments of `run watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    remote: Remote,
    /// Id of the run.
    id: String,
    /// Give up after this long.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

pub(super) async fn run(args: &WatchArgs) -> anyhow::Result<Exit> {
    args.remote
        .run(async |client| {
            let Some(seconds) = args.timeout else { return watch(client, args).await };
            let end = Instant::now() + Duration::from_secs(seconds);
            match timeout_at(end, watch(client, args)).await {
                Ok(result) => result,
                Err(_) => anyhow::bail!("the run did not end within {seconds} seconds"),
            }
        })
        .await
}

/// Waits until something of the run may be new: told by the server, or, when it does not tell, after a while.
async fn wait_for_news(client: &Client, id: &str, stream: &mut Option<Events>, otherwise: Duration) {
    if stream.is_none() {
        *stream = client.get(&["events"]).open_events().await.ok();
        if stream.is_some() {
            // What happened before the stream stood is read once more.
            return;
        }
    }
    let Some(events) = stream else { return sleep(otherwise).await };
    match timeout(SURE, events.until_run(id)).await {
        Ok(true) | Err(_) => {}
        Ok(false) => {
            *stream = None;
            sleep(otherwise).await;
        }
    }
}

async fn watch(client: &Client, args: &WatchArgs) -> anyhow::Result<Exit> {
    let mut seen = Seen::default();
    let mut stream = None;
    let mut failures = 0;
    loop {
        let answer = match client.get(&["runs", &args.id]).send().await {
            Ok(answer) => answer,
            // The run goes on after a restart of the server, and so does watching it.
            Err(error) if is_unreachable(&error) && failures < FAILURES_MAX && seen.any() => {
                failures += 1;
                sleep(WAITING).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        failures = 0;
        let run: RunDetail = told(&answer)?;
        let ended = run.summary.ended_at.is_some();
        let news = seen.news(&run.steps);
        if args.remote.json {
            for index in news {
                output::json(&json!({ "step": answer["steps"][index] }))?;
            }
            if ended {
                output::json(&json!({ "run": answer }))?;
            }
        } else {
            for line in news.into_iter().flat_map(|index| seen.lines(&run.steps[index])) {
                output::line(line);
            }
            if ended {
                output::line(last_line(&run.summary));
            }
        }
        if ended {
            return Ok(exit(run.summary.status));
        }
        let otherwise = if run.summary.status == RunStatus::Waiting { WAITING } else { MOVING };
        wait_for_news(client, &args.id, &mut stream, otherwise).await;
    }
}

fn last_line(run: &RunSummary) -> String {
    let took = run.ended_at.map(|ended| format!(" in {}", duration(ended - run.started_at))).unwrap_or_default();
    let error = error(run.error_code.as_deref(), run.error_message.as_deref());
    format!("{}{took}{error}", words(run.status.as_str()))
}

/// What was printed of each step.
#[derive(Debug, Default)]
struct Seen {
    states: BTreeMap<u32, String>,
    notes: BTreeMap<u32, Vec<String>>,
    looked: bool,
}

impl Seen {
    fn any(&self) -> bool {
        self.looked
    }

    /// Which of the steps are new or changed since the last look.
    fn news(&mut self, steps: &[StepExecution]) -> Vec<usize> {
        self.looked = true;
        let mut changed = |step: &StepExecution| {
            // Everything a person would see of it; a later look at the same is no news.
            let card = Card::of(step, &TimeZone::UTC);
            let state = [card.status().to_owned()].into_iter().chain(card.notes()).collect::<Vec<_>>().join("\n");
            self.states.insert(step.visit, state.clone()) != Some(state)
        };
        steps.iter().enumerate().filter(|(_, step)| changed(step)).map(|(index, _)| index).collect()
    }

    /// The card of a changed step, with the notes that were not printed before.
    fn lines(&mut self, step: &StepExecution) -> Vec<String> {
        let card = Card::of(step, &TimeZone::system());
        let printed = self.notes.entry(step.visit).or_default();
        let fresh: Vec<String> = card.notes().filter(|note| !printed.contains(note)).collect();
        printed.extend(fresh.iter().cloned());
        [Columns::usual().line(&card)].into_iter().chain(fresh).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn only_news_is_printed() {
        let mut seen = Seen::default();
        let mut run = json!([
            { "visit": 1, "kind": "tool_call", "title": "Verify", "status": "completed", "duration_ms": 300 },
            { "visit": 2, "kind": "approval", "title": "Approve", "status": "waiting",
              "checkpoint": { "id": "r.2", "kind": "approval", "status": "open" } },
        ]);
        let steps = sample::steps(&run);
        assert_eq!(seen.news(&steps), [0, 1]);
        let lines = seen.lines(&steps[1]);
        assert_eq!(lines[1..], ["    waits for approval r.2"]);
        assert!(lines[0].ends_with("Waiting"));
        assert!(seen.news(&steps).is_empty());
        run[1]["status"] = json!("completed");
        run[1]["duration_ms"] = json!(61_000);
        run[1]["checkpoint"] = json!({ "id": "r.2", "status": "decided", "outcome": "approved",
            "decided_by": { "name": "Ada Example", "via": "portal" } });
        let steps = sample::steps(&run);
        assert_eq!(seen.news(&steps), [1]);
        let lines = seen.lines(&steps[1]);
        assert!(lines[0].ends_with("Completed (1m 01s)"));
        assert_eq!(lines[1..], ["    Approved by Ada Example (portal)"]);
    }

    #[test]
    fn the_last_line_says_how_it_ended() {
        let run = sample::of(
            &json!({ "status": "failed", "started_at": 0, "ended_at": 1_500, "error_code": "http_503" }),
            &json!({ "id": "r", "workflow": { "id": "w", "name": "Upgrade" }, "version": 3, "title": "", "trigger": "api", "updated_at": 0 }),
        );
        assert_eq!(last_line(&run), "Failed in 1.5s - http_503");
    }
}
