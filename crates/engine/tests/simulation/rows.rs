//! What a run's row must say.

use crate::checker::{Verdict, must};
use countersign_core::run::{Phase, RunState, Stage};
use countersign_store::{RunRow, RunStatus};

/// The row says what the state says.
pub fn same_standing(row: &RunRow, state: &RunState) -> Verdict {
    let status = match &state.phase {
        Phase::Unstarted | Phase::Moving | Phase::AtStep(_) => "moving",
        Phase::Calling { stage, .. } => match stage {
            Stage::Down => "moving",
            Stage::UnderWay | Stage::LookingUp { .. } => "running",
            Stage::BackingOff { .. } => "waiting",
        },
        Phase::Waiting(_) => "waiting",
        Phase::Ended(ended) => ended.status.tag(),
    };
    let step = state.place().map(|place| &place.step);
    must(row.status.as_str() == status, || format!("{}: the row says {:?}, the log {status}", row.id, row.status))?;
    must(row.step.as_ref() == step, || format!("{}: the row is at {:?}, the log at {step:?}", row.id, row.step))?;
    must(row.wake_at == state.wake_at().map(|at| at.0), || format!("{}: the row wakes at {:?}", row.id, row.wake_at))?;
    must(row.ended_at.is_some() == state.ended().is_some(), || format!("{}: ended at {:?}", row.id, row.ended_at))?;
    must((row.status == RunStatus::Running) == row.node.is_some(), || {
        format!("{}: {:?} and driven by {:?}", row.id, row.status, row.node)
    })
}
