//! A run from its log.

use crate::{Engine, EngineError};
use countersign_core::{
    run::{Event, LogEntry, RunState, Version, apply},
    time::Timestamp,
};
use countersign_store::{RunEventsRow, RunRow};
use std::{collections::HashMap, sync::Arc};

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
        let row = store.get_run(workspace, run).await?.ok_or(EngineError::NotFound("run"))?;
        let events = store.run_events(workspace, run, 0).await?;
        self.fold(workspace, row, &events).await
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

    async fn fold(&self, workspace: &str, row: RunRow, events: &[RunEventsRow]) -> Result<LoadedRun, EngineError> {
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
