//! Where a run and its checkpoints stand, in the words of rows and the API.

use super::{EndedStatus, Phase, Stage};
use crate::words;
use schemars::JsonSchema;
use utoipa::ToSchema;

words! {
    /// Where a run stands.
    #[derive(JsonSchema, ToSchema)]
    pub enum RunStatus {
        /// A node is driving it.
        Running = "running",
        /// It waits for a person, a timer or a customer and costs only a row.
        Waiting = "waiting",
        /// It reached an end.
        Completed = "completed",
        /// It reached an end through a refusal.
        Rejected = "rejected",
        /// It stopped on an error nobody handled.
        Failed = "failed",
        /// A person or the API stopped it.
        Cancelled = "cancelled",
    }
}

words! {
    /// What a run waits for.
    #[derive(JsonSchema, ToSchema)]
    pub enum WaitingFor {
        /// The customer's form.
        Form = "form",
        /// An approval.
        Approval = "approval",
        /// The conversation is with a person.
        Handoff = "handoff",
        /// Somebody must say whether an action happened.
        UnknownOutcome = "unknown_outcome",
        /// The time to try a call again.
        Timer = "timer",
        /// The answer of a call.
        Call = "call",
    }
}

words! {
    /// Why a run waits for a person.
    #[derive(JsonSchema, ToSchema)]
    pub enum CheckpointKind {
        /// The customer fills in a form.
        Form = "form",
        /// Operators approve or reject.
        Approval = "approval",
        /// An operator has the conversation.
        Handoff = "handoff",
        /// Somebody must say whether an action happened.
        UnknownOutcome = "unknown_outcome",
    }
}

words! {
    /// A checkpoint is decided once.
    #[derive(JsonSchema, ToSchema)]
    pub enum CheckpointStatus {
        /// It waits.
        Open = "open",
        /// Final.
        Decided = "decided",
    }
}

impl RunStatus {
    /// Whether the run will never move again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Running | Self::Waiting => false,
            Self::Completed | Self::Rejected | Self::Failed | Self::Cancelled => true,
        }
    }
}

impl From<EndedStatus> for RunStatus {
    fn from(status: EndedStatus) -> Self {
        match status {
            EndedStatus::Completed => Self::Completed,
            EndedStatus::Rejected => Self::Rejected,
            EndedStatus::Failed => Self::Failed,
            EndedStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<CheckpointKind> for WaitingFor {
    fn from(kind: CheckpointKind) -> Self {
        match kind {
            CheckpointKind::Form => Self::Form,
            CheckpointKind::Approval => Self::Approval,
            CheckpointKind::Handoff => Self::Handoff,
            CheckpointKind::UnknownOutcome => Self::UnknownOutcome,
        }
    }
}

impl Phase {
    /// Where the run stands, and what it waits for.
    #[must_use]
    pub fn standing(&self) -> (RunStatus, Option<WaitingFor>) {
        match self {
            Self::Unstarted | Self::Moving | Self::AtStep(_) => (RunStatus::Running, None),
            Self::Calling { stage, .. } => match stage {
                Stage::UnderWay | Stage::LookingUp { .. } => (RunStatus::Running, Some(WaitingFor::Call)),
                Stage::BackingOff { .. } => (RunStatus::Waiting, Some(WaitingFor::Timer)),
                Stage::Down => (RunStatus::Running, None),
            },
            Self::Waiting(wait) => (RunStatus::Waiting, Some(wait.kind().into())),
            Self::Ended(ended) => (ended.status.into(), None),
        }
    }
}
