//! The run machine: [`step`] decides, [`apply`] remembers. Nothing here reads a clock, draws a number or does IO.
//!
//! A run is one token on the graph. [`step`] takes the state and one [`Input`], and answers with the [`Event`]s to
//! commit and the [`Effect`]s to perform once they are committed. Replaying the events gives the same state.

mod actor;
mod backoff;
mod calls;
mod effect;
mod event;
mod forms;
mod input;
pub(crate) mod machine;
mod state;
mod steps;
mod triggers;
mod version;

pub use actor::{Actor, Via};
pub use effect::Effect;
pub use event::{BranchValue, CallRequest, CheckpointKind, ClosedBy, EndedStatus, Event, Moved, Opened, PostedForm};
pub use input::{Input, LookUpResult, Start, UnknownAnswer};
pub use machine::{Decision, FieldProblem, Refusal, advance, step};
pub use state::{
    ApprovalWait, BackingOff, Calling, Ended, FormWait, Grant, HandoffWait, LookingUp, Phase, Place, RunInfo, RunState,
    UnknownWait, apply,
};
pub use triggers::{IncomingMessage, message_starts};
pub use version::{CompileError, CompiledStep, Version};
