//! What is stored in the end, held against the reference model.

use super::director::{Director, MESSAGES_MAX};
use crate::{people::WORKSPACE, scenario::Report, store::Store};
use countersign_core::{
    approval::audience,
    log::{ExecutionStatus, FailureClass},
    run::{CallEvent, Event, StepEvent},
};
use countersign_store::{
    AuditFilter, CheckpointFilter, CheckpointStatus, PageRequest, RunEventsRow, RunFilter, StepExecutionRow,
};
use std::collections::{BTreeMap, BTreeSet};

impl Director {
    pub async fn report(&self) -> Result<Report, String> {
        let mut stored = Store::default();
        for row in self.runs().await {
            let log = self.calm.run_events(WORKSPACE, &row.id, 0).await.map_err(|error| error.to_string())?;
            let steps = self.calm.list_step_executions(WORKSPACE, &row.id).await.map_err(|error| error.to_string())?;
            every_step_is_recorded(&row.id, &log, &steps)?;
            stored.log.insert(row.id.clone(), log);
            stored.runs.insert(row.id.clone(), row);
        }
        stored.checkpoints = self.checkpoints().await.into_iter().map(|row| (row.id.clone(), row)).collect();
        self.messages_started().await?;
        let chats = (0..MESSAGES_MAX).map(|number| format!("m{number}"));
        for id in (0..5).map(|number| format!("c{number}")).chain(chats) {
            let messages = self.calm.list_messages(WORKSPACE, &id, 0, 1000).await;
            stored.messages.extend(messages.map_err(|error| error.to_string())?);
        }
        let audit = self.calm.list_audit(WORKSPACE, &AuditFilter::default(), None, 1000).await;
        stored.audit = audit.map_err(|error| error.to_string())?;
        stored.audit.reverse();
        self.nothing_shows_elsewhere(&stored).await?;
        self.whom_each_asks_is_kept(&stored).await?;
        let world = self.world.lock();
        world.checker.finish(&stored)?;
        Ok(Report {
            tasks: world.commits,
            commits: world.checker.commits,
            executions: world.checker.executions,
            decisions: world.checker.decisions,
            around: world.checker.around(),
            trace: world.trace,
        })
    }
}

/// Another workspace on the same database.
const ELSEWHERE: &str = "ws2";

impl Director {
    /// Asked for by another workspace, nothing of this one is there.
    async fn nothing_shows_elsewhere(&self, stored: &Store) -> Result<(), String> {
        let (store, all) = (&self.calm, PageRequest { after: None, limit: 1000 });
        let mut seen = store.list_runs(ELSEWHERE, &RunFilter::default(), &all).await.unwrap().items.len();
        seen += store.list_checkpoints(ELSEWHERE, &CheckpointFilter::default(), &all).await.unwrap().items.len();
        seen += store.list_audit(ELSEWHERE, &AuditFilter::default(), None, 1000).await.unwrap().len();
        for run in stored.runs.keys() {
            seen += usize::from(store.get_run(ELSEWHERE, run).await.unwrap().is_some());
            seen += store.run_events(ELSEWHERE, run, 0).await.unwrap().len();
            seen += store.list_step_executions(ELSEWHERE, run).await.unwrap().len();
        }
        for checkpoint in stored.checkpoints.keys() {
            seen += usize::from(store.get_checkpoint(ELSEWHERE, checkpoint).await.unwrap().is_some());
        }
        if seen == 0 { Ok(()) } else { Err(format!("another workspace sees {seen} rows of this one")) }
    }
}

impl Director {
    /// Beside each open checkpoint stands whom its run asks now.
    async fn whom_each_asks_is_kept(&self, stored: &Store) -> Result<(), String> {
        let Some(engine) = self.some_engine() else { return Ok(()) };
        for row in stored.checkpoints.values().filter(|row| row.status == CheckpointStatus::Open) {
            // The network of the engine may still be down.
            let Ok(found) = engine.load_checkpoint(WORKSPACE, &row.id).await else { continue };
            let asked = audience(&found.run.version, &found.run.state);
            let asks = asked.as_ref().map(|audience| serde_json::to_string(&audience.asks).unwrap());
            let barred: BTreeSet<&str> = row.barred.split('|').filter(|id| !id.is_empty()).collect();
            let people = asked.iter().flat_map(|audience| &audience.barred).map(String::as_str).collect();
            if (&row.asks, row.audience.is_some(), &barred) != (&asks, asks.is_some(), &people) {
                return Err(format!("{} asks {asked:?}, and beside it stands {:?}, {barred:?}", row.id, row.asks));
            }
        }
        Ok(())
    }
}

/// Each answered attempt and each finished step of the log has its row, with its times and as what it ended; no row is
/// about anything else.
fn every_step_is_recorded(run: &str, log: &[RunEventsRow], rows: &[StepExecutionRow]) -> Result<(), String> {
    let (mut answers, mut finished) = (BTreeMap::new(), Vec::new());
    for entry in log {
        let events: Vec<Event> = serde_json::from_str(&entry.events).map_err(|error| error.to_string())?;
        for event in events {
            match event {
                Event::Call { id, what: CallEvent::Succeeded { .. } } => {
                    answers.insert((id.visit, u32::from(id.call), id.attempt), ExecutionStatus::Completed);
                }
                Event::Call { id, what: CallEvent::Failed { error, .. } } => {
                    let status = match error.class {
                        FailureClass::Unknown => ExecutionStatus::Unknown,
                        FailureClass::Retryable | FailureClass::Fatal => ExecutionStatus::Failed,
                    };
                    answers.insert((id.visit, u32::from(id.call), id.attempt), status);
                }
                Event::Step { visit, what: StepEvent::Completed { .. } | StepEvent::Failed { .. } } => {
                    finished.push(visit);
                }
                _ => {}
            }
        }
    }
    for ((visit, call, attempt), status) in &answers {
        let row = rows.iter().find(|row| (row.visit, row.call, row.attempt) == (*visit, *call, *attempt));
        // A step that a person ended later, after a call in doubt, is recorded in the place of its first call.
        let as_step = (*call, *attempt) == (0, 1) && finished.contains(visit);
        let recorded = row.is_some_and(|row| (row.status == *status || as_step) && row.ended_at.is_some());
        if !recorded {
            return Err(format!(
                "{run}: attempt {attempt} of call {call} of visit {visit} is {status}, but recorded as {row:?}"
            ));
        }
    }
    if let Some(visit) = finished.iter().find(|visit| !rows.iter().any(|row| row.visit == **visit)) {
        return Err(format!("{run}: visit {visit} is over, but not recorded"));
    }
    let known = |row: &&StepExecutionRow| {
        answers.contains_key(&(row.visit, row.call, row.attempt)) || (row.call == 0 && finished.contains(&row.visit))
    };
    match rows.iter().find(|row| !known(row)) {
        Some(row) => Err(format!("{run}: a record of what did not take place: {row:?}")),
        None => Ok(()),
    }
}
