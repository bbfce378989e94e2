//! The run machine: [`step`] decides, [`apply`] remembers. Nothing here reads a clock, draws a number or does IO.
//!
//! A run is one token on the graph. [`step`] takes the state and one [`Input`], and answers with the [`Event`]s to
//! commit and the [`Effect`]s to perform once they are committed. Replaying the events gives the same state.

mod actor;
mod backoff;
mod calls;
mod case;
mod checked;
mod customer;
mod doubt;
mod effect;
mod event;
mod form_fields;
mod form_pages;
mod form_when;
pub(crate) mod forms;
mod held;
mod input;
pub(crate) mod machine;
mod outcome;
mod phase;
mod refusal;
mod resume;
mod standing;
mod state;
mod step_up;
mod steps;
mod told;
mod triggers;
mod version;
mod waiting;

pub use actor::{Actor, Represented, Via};
pub use case::CASE_CHARS_MAX;
pub use checked::{Again, Movable, Repeat};
pub use doubt::OpenDoubt;
pub use effect::Effect;
pub use event::{
    BranchValue, CallEvent, CallId, CallRequest, CheckpointEvent, ClosedBy, EndedStatus, Event, Moved, Opened,
    PostedForm, RunEvent, StepEvent,
};
pub use form_fields::{FieldKind, RATING_MAX, choices, is_time, time_of_day};
pub use form_pages::{form_page, form_pages, page_problem, page_to_ask};
pub(crate) use form_when::condition_problems;
pub use form_when::{asked_values, conditions, form_fields, is_asked_for, same_choice};
pub use forms::{DRAFT_BYTES_MAX, draft as form_draft, keeps_all, value_problems};
pub use held::{HeldDecision, TakenBack};
pub use input::{DecidedWith, Input, LookUpResult, StandingGrant, Start, UnknownAnswer};
pub use machine::{Decision, Moment, step};
pub use outcome::{Found, HandedBack, Outcome, Resolution, Verdict};
pub use phase::{ApprovalWait, Calling, Ended, FormWait, HandoffWait, Phase, Place, Stage, UnknownWait, Wait};
pub use refusal::{FieldProblem, Refusal, Refused};
pub use resume::{Continuation, StateEdit};
pub use standing::{CheckpointKind, CheckpointStatus, RunStatus, WaitingFor};
pub use state::{EditedInput, RunInfo, RunState, apply};
pub use steps::approval::OpenApproval;
pub use triggers::{IncomingMessage, asks_whether_first, message_starts, starts_through, switched_off};
pub use version::{CompileError, CompiledStep, Version};
pub use waiting::{WAITING_WORDS_MAX, Waiting, WaitingWords};
