//! The run machine: [`step`] decides, [`apply`] remembers. Nothing here reads a clock, draws a number or does IO.
//!
//! A run is one token on the graph. [`step`] takes the state and one [`Input`], and answers with the [`Event`]s to
//! commit and the [`Effect`]s to perform once they are committed. Replaying the events gives the same state.

mod actor;
mod approval_request;
pub mod approvers;
mod backtest;
mod calls;
mod debug;
mod effect;
mod event;
mod failure;
mod forms;
mod hints;
mod history;
mod input;
mod machine;
mod moves;
mod preview;
mod ramp;
mod repeats;
mod resume;
mod retry;
mod state;
mod steps;
mod triggers;
mod version;

pub use actor::{Actor, Via};
pub use approval_request::{GuardedRequest, RequestDifference, request_hash};
pub use backtest::{
    Backtest, BacktestVerdict, CannotSay, EndChange, EndFacts, PathChange, RequestChange, backtest, backtest_renamed,
};
pub use debug::{AtPoint, Point, at_point, evaluate_at, point_of_visit, points};
pub use effect::Effect;
pub use event::{BranchValue, CallRequest, CheckpointKind, ClosedBy, EndedStatus, Event, Moved, Opened, PostedForm};
pub use failure::{FailureClass, StepError};
pub use hints::{Hint, hint, hint_for};
pub use history::{
    AttemptRecord, CheckpointRecord, ExecutionStatus, LogEntry, MoveRecord, StepExecution, history, history_across,
};
pub use input::{Input, LookUpResult, Start, UnknownAnswer};
pub use machine::{Decision, FieldProblem, Refusal, advance, step};
pub use moves::{MoveCheck, MoveReason, MoveRequest, MoveVerdict, check_move, move_run, undo_move};
pub use preview::{PreviewStep, preview};
pub use ramp::{Ramp, version_for};
pub use repeats::{Again, Repeat, asked_again, reachable, repeats};
pub use resume::{Continuation, StateEdit};
pub use state::{
    ApprovalWait, BackingOff, Calling, Ended, FormWait, Grant, HandoffWait, LookingUp, Phase, Place, RunInfo, RunState,
    UnknownWait, apply,
};
pub use triggers::{IncomingMessage, message_starts};
pub use version::{CompileError, CompiledStep, Version};
