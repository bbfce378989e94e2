//! A run's log, read: as people read it ([`history()`]), at each of its points, with a hint at what went wrong.

mod ending;
mod failures;
mod hints;
mod history;
mod points;

pub use ending::{Ending, ending};
pub use failures::{FailureClass, StepError};
pub use hints::{Hint, hint, hint_for};
pub use history::{
    AttemptRecord, BranchRecord, CheckpointRecord, ExecutionStatus, GivenRecord, LogEntry, LookUpRecord, MoveRecord,
    StepExecution, TakenBackRecord, history, history_across,
};
pub use points::{AtPoint, Point, at_point, evaluate_at, point_of_visit, points};
