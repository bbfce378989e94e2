//! Errors by what the caller can do about them.

use crate::vault::NotChosen;
use countersign_core::{
    log::Ending,
    run::{FieldProblem, Refusal},
};
use countersign_store::{CheckpointRow, Conflict, StoreError};

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No such thing in this workspace.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The workflow has no active version.
    #[error("the workflow has no published version")]
    NotPublished,
    /// A version that new runs do not take, asked for by somebody who may not start another one.
    #[error("version {0} is neither the active nor the ramped one")]
    NotCurrent(u32),
    /// The trigger that the start would come through is switched off.
    #[error("the trigger `{0}` is switched off")]
    TriggerOff(String),
    /// Somebody was faster.
    #[error("the checkpoint is already decided")]
    AlreadyDecided(Box<CheckpointRow>),
    /// The run is over, by somebody who was faster or by itself.
    #[error("the run is over")]
    RunOver(Box<Ending>),
    /// The run does not take this now.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The run's input does not fit the workflow's schema.
    #[error("the input does not fit the workflow's input schema")]
    InvalidInput(Vec<FieldProblem>),
    /// No account of a connector is meant by a call.
    #[error("`{connector}` {why}")]
    NoAccount {
        /// The connector.
        connector: String,
        /// Why.
        why: NotChosen,
    },
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// More work is under way than the bounds allow: try again later.
    #[error("too much work is under way; try again later")]
    Busy,
    /// The database said no.
    #[error(transparent)]
    Store(StoreError),
    /// A published version that can no longer be compiled, or stored data that cannot be read.
    #[error("{0}")]
    Corrupt(String),
    /// What was sent is not shown to come from who it should.
    #[error("{0}")]
    Unverified(String),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
}

impl EngineError {
    /// Whether it passes by itself, or when somebody mends the database: what was to be done is done then.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Busy | Self::Store(StoreError::Conflict(_)) => true,
            Self::Store(error) => error.may_pass(),
            Self::NotFound(_)
            | Self::NotPublished
            | Self::NotCurrent(_)
            | Self::TriggerOff(_)
            | Self::AlreadyDecided(_)
            | Self::RunOver(_)
            | Self::Refused(_)
            | Self::InvalidInput(_)
            | Self::KeyReused
            | Self::Corrupt(_)
            | Self::Unverified(_)
            | Self::NoAccount { .. }
            | Self::Invalid(_) => false,
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Conflict(Conflict::AlreadyDecided(row)) = error {
            return Self::AlreadyDecided(row);
        }
        if let StoreError::NotFound(what) = error {
            return Self::NotFound(what);
        }
        Self::Store(error)
    }
}
