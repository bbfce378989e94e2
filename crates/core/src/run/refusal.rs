//! Why an input changes nothing.

use super::{HeldDecision, Repeat, RunState, Verdict};
use serde::Serialize;

/// Why an input was refused. A refused input changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// A second start.
    #[error("the run has already started")]
    AlreadyStarted,
    /// Anything before the start.
    #[error("the run has not started")]
    NotStarted,
    /// The run is over.
    #[error("the run is over")]
    RunOver,
    /// An answer to something the run no longer waits for.
    #[error("the run does not wait for this any more")]
    Stale,
    /// No timer is due.
    #[error("no timer is due")]
    NotDue,
    /// Who decides must be an approver.
    #[error("{0}")]
    NotAnApprover(String),
    /// The checkpoint does not offer this outcome.
    #[error("`{outcome}` is not offered here: choose one of {}", offered.join(", "))]
    NotOffered {
        /// What was asked for.
        outcome: String,
        /// What there is.
        offered: Vec<String>,
    },
    /// It is decided, and the decision is held for who took it to take back.
    #[error("{}", .0.told())]
    Held(Box<HeldDecision>),
    /// It is held no more: the time to take it back is over.
    #[error("the time to take it back is over")]
    HeldNoMore(Box<HeldDecision>),
    /// Nothing is held that could be taken back.
    #[error("no decision is held here: there is nothing to take back")]
    NothingHeld,
    /// Only who took a decision takes it back.
    #[error("only {} can take it back, who decided it", .0.by.name)]
    NotTheirs(Box<HeldDecision>),
    /// This takes their password, given lately.
    #[error("this takes your password, given in the last {minutes} min: sign in again")]
    StepUp {
        /// How many minutes ago at most.
        minutes: u32,
    },
    /// This takes a password, and a program has none.
    #[error("this takes a password given for it, and an API key has none: decide as a signed-in person")]
    NoStepUp,
    /// What is asked was changed since they looked.
    #[error("what is to be decided was changed since you looked: read it again")]
    ShownAnother,
    /// This takes words.
    #[error("`{}` takes a comment here", .0.word())]
    CommentNeeded(Verdict),
    /// The form's answers do not fit.
    #[error("the answers do not fit the form")]
    InvalidForm {
        /// Each with the place in the answers.
        problems: Vec<FieldProblem>,
    },
    /// The run cannot go on on that version, or its move cannot be taken back.
    #[error("{0}")]
    NotMovable(String),
    /// Only an ended run can be retried, and only from a step it has.
    #[error("{0}")]
    NotRetryable(String),
    /// Something that was done could be done again, and nobody agreed to that.
    #[error("{} would be done again", repeats.iter().map(|done| done.title.as_str()).collect::<Vec<_>>().join(", "))]
    WouldRepeat {
        /// What.
        repeats: Vec<Repeat>,
    },
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer into the answers.
    pub pointer: String,
    /// For the person who filled it in.
    pub message: String,
}

/// A refusal, and the state as it was.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// As it was before.
    pub state: Box<RunState>,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        refused.refusal
    }
}
