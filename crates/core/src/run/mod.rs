//! The run machine: [`step`] decides, [`apply`] remembers. Nothing here reads a clock, draws a number or does IO.
//!
//! A run is one token on the graph. [`step`] takes the state and one [`Input`], and answers with the [`Event`]s to
//! commit and the [`Effect`]s to perform once they are committed. Replaying the events gives the same state.

mod actor;
mod approval_request;
pub mod approvers;
mod calls;
mod effect;
mod event;
mod failure;
mod forms;
mod history;
mod input;
mod machine;
mod preview;
mod retry;
mod state;
mod steps;
mod version;

pub use actor::{Actor, Via};
pub use approval_request::{GuardedRequest, RequestDifference, request_hash};
pub use effect::Effect;
pub use event::{BranchValue, CallRequest, CheckpointKind, ClosedBy, EndedStatus, Event, Opened, PostedForm};
pub use failure::{FailureClass, StepError};
pub use history::{AttemptRecord, CheckpointRecord, ExecutionStatus, LogEntry, StepExecution, history};
pub use input::{Input, LookUpResult, Start, UnknownAnswer};
pub use machine::{Decision, FieldProblem, Refusal, step};
pub use preview::{PreviewStep, preview};
pub use state::{
    ApprovalWait, BackingOff, Calling, Ended, FormWait, Grant, HandoffWait, LookingUp, Phase, Place, RunInfo, RunState,
    UnknownWait, apply,
};
pub use version::{CompileError, CompiledStep, Version};
