//! A run from its log.

use crate::{Engine, EngineError, run::aside::beside_workers};
use countersign_core::{
    log::{self, LogEntry, StepExecution},
    run::{Event, RunEvent, RunState, Version, apply},
    time::Timestamp,
};
use countersign_store::{CheckpointRow, RunEventsRow, RunRow};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

/// Folding a log of this size takes milliseconds.
const LONG_LOG_BYTES: usize = 256 * 1024;

/// Everything about a run.
pub struct LoadedRun {
    /// Its projection.
    pub row: RunRow,
    /// The version it runs on.
    pub version: Arc<Version>,
    /// Its state now.
    pub state: RunState,
    /// Its log.
    pub log: Vec<LogEntry>,
    /// The versions it was on before, when it was moved.
    pub earlier: BTreeMap<u32, Arc<Version>>,
}

/// A checkpoint and everything about its run.
pub struct LoadedCheckpoint {
    /// Its row.
    pub row: CheckpointRow,
    /// Its run.
    pub run: LoadedRun,
}

impl fmt::Debug for LoadedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedCheckpoint").field("row", &self.row).finish_non_exhaustive()
    }
}

impl LoadedRun {
    /// Its step executions, each as the version said that it was taken on.
    #[must_use]
    pub fn history(&self) -> Vec<StepExecution> {
        let find = |number: u32| self.earlier.get(&number).map(AsRef::as_ref);
        let now =
            |number: u32| if number == self.state.info.version { Some(self.version.as_ref()) } else { find(number) };
        log::history_across(&self.version, &now, &self.log)
    }
}

impl Engine {
    /// Reads a run and folds its log.
    ///
    /// # Errors
    /// `NotFound`, or `Corrupt` when the log or the version cannot be read.
    pub async fn load(&self, workspace: &str, run: &str) -> Result<LoadedRun, EngineError> {
        let store = &self.0.store;
        let found = store.run_with_events(workspace, run).await?;
        let (row, events) = found.ok_or(EngineError::NotFound("run"))?;
        self.fold(workspace, row, &events).await
    }

    /// Reads a checkpoint and its run, and folds the run's log.
    ///
    /// # Errors
    /// `NotFound`, or `Corrupt` when the log or the version cannot be read.
    pub async fn load_checkpoint(&self, workspace: &str, id: &str) -> Result<LoadedCheckpoint, EngineError> {
        let found = self.0.store.checkpoint_with_run(workspace, id).await?;
        let (row, run, events) = found.ok_or(EngineError::NotFound("checkpoint"))?;
        Ok(LoadedCheckpoint { row, run: self.fold(workspace, run, &events).await? })
    }

    /// Reads several runs with two queries and folds their logs. Each is readable or not for itself.
    ///
    /// # Errors
    /// `Store` when the database does not answer.
    pub async fn load_many(
        &self,
        workspace: &str,
        rows: Vec<RunRow>,
    ) -> Result<HashMap<String, Result<LoadedRun, EngineError>>, EngineError> {
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut events = self.0.store.run_events_of(workspace, &ids).await?;
        let mut loaded = HashMap::with_capacity(rows.len());
        for row in rows {
            let id = row.id.clone();
            let run = match events.remove(&id) {
                Some(Ok(events)) => self.fold(workspace, row, &events).await,
                Some(Err(error)) => Err(error.into()),
                None => Err(EngineError::Corrupt(format!("run {id} has no events"))),
            };
            loaded.insert(id, run);
        }
        Ok(loaded)
    }

    /// The log is cut where the row is: rows are read before their events, so others may have written in between, and what
    /// is decided on a row and a state of two instants is written with the step, the times and the owner of the older.
    async fn fold(&self, workspace: &str, row: RunRow, events: &[RunEventsRow]) -> Result<LoadedRun, EngineError> {
        let events = until(&row, events)?;
        let long = events.iter().map(|row| row.events.len()).sum::<usize>() > LONG_LOG_BYTES;
        let (log, state) = if long { beside_workers(|| folded(events)) } else { folded(events) }?;
        let version = self.version(workspace, &row.workflow, row.version).await?;
        let mut earlier = BTreeMap::new();
        for number in log.iter().flat_map(|entry| &entry.events).filter_map(left) {
            earlier.insert(number, self.version(workspace, &row.workflow, number).await?);
        }
        Ok(LoadedRun { row, version, state, log, earlier })
    }

    /// The log of a run.
    ///
    /// # Errors
    /// `Corrupt` when it cannot be read.
    pub async fn run_log(&self, workspace: &str, run: &str) -> Result<Vec<LogEntry>, EngineError> {
        self.0.store.run_events(workspace, run, 0).await?.iter().map(entry).collect()
    }
}

/// The events up to the row's commit.
fn until<'a>(row: &RunRow, events: &'a [RunEventsRow]) -> Result<&'a [RunEventsRow], EngineError> {
    let end = events.partition_point(|event| event.seq <= row.seq);
    match events.get(..end) {
        Some(until) if until.last().map_or(0, |last| last.seq) == row.seq => Ok(until),
        Some(_) | None => Err(EngineError::Corrupt(format!("run {} is at {}, its log ends before", row.id, row.seq))),
    }
}

fn folded(events: &[RunEventsRow]) -> Result<(Vec<LogEntry>, RunState), EngineError> {
    let log = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let mut state = RunState::default();
    for event in log.iter().flat_map(|entry| &entry.events) {
        apply(&mut state, event);
    }
    Ok((log, state))
}

fn entry(row: &RunEventsRow) -> Result<LogEntry, EngineError> {
    let events: Vec<Event> = serde_json::from_str(&row.events)
        .map_err(|error| EngineError::Corrupt(format!("run {} event {}: {error}", row.run, row.seq)))?;
    Ok(LogEntry { seq: row.seq, at: Timestamp(row.at), events })
}

/// The version a move left.
fn left(event: &Event) -> Option<u32> {
    if let Event::Run(RunEvent::Moved { moved, .. }) = event { Some(moved.from) } else { None }
}
