//! A run from its log.

use crate::{Engine, EngineError};
use countersign_core::{
    run::{Event, LogEntry, RunState, Version, apply},
    time::Timestamp,
};
use countersign_store::{RunEventsRow, RunRow};
use std::sync::Arc;

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
        let version = self.version(workspace, &row.workflow, row.version).await?;
        let log = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let mut state = RunState::default();
        for event in log.iter().flat_map(|entry| &entry.events) {
            apply(&mut state, event);
        }
        // The row may be a commit behind or ahead of the events read after it; the log is the truth.
        let row = RunRow { seq: log.last().map_or(0, |entry| entry.seq), ..row };
        Ok(LoadedRun { row, version, state, log })
    }
}

fn entry(row: &RunEventsRow) -> Result<LogEntry, EngineError> {
    let events: Vec<Event> = serde_json::from_str(&row.events)
        .map_err(|error| EngineError::Corrupt(format!("run {} event {}: {error}", row.run, row.seq)))?;
    Ok(LogEntry { seq: row.seq, at: Timestamp(row.at), events })
}
