//! How a run ended, when and by whom.

use crate::{
    log::LogEntry,
    run::{CheckpointEvent, ClosedBy, EndedStatus, Event, RunEvent},
    time::Timestamp,
};

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub status: EndedStatus,
    /// When.
    pub at: Timestamp,
    /// Whose act it followed from; none when it followed from a call or a rule.
    pub by: Option<ClosedBy>,
}

/// The last end in a log; none when it has none.
#[must_use]
pub fn ending(log: &[LogEntry]) -> Option<Ending> {
    log.iter().rev().find_map(|entry| {
        let (status, stopped) = entry.events.iter().find_map(|event| match event {
            Event::Run(RunEvent::Ended { status, by, .. }) => Some((*status, by.clone())),
            Event::Run(_) | Event::Step { .. } | Event::Call { .. } | Event::Checkpoint { .. } => None,
        })?;
        let decided = || {
            entry.events.iter().find_map(|event| match event {
                Event::Checkpoint { what: CheckpointEvent::Closed { by, .. }, .. } => Some(by.clone()),
                Event::Checkpoint { .. } | Event::Run(_) | Event::Step { .. } | Event::Call { .. } => None,
            })
        };
        let by = stopped.map(|actor| ClosedBy::Person { actor }).or_else(decided);
        Some(Ending { status, at: entry.at, by })
    })
}
