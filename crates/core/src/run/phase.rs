//! Where the token of a run is, and what it waits for there.

use super::{Actor, CallId, CallRequest, CheckpointKind, EndedStatus, HeldDecision, Opened};
use crate::{
    approval::GuardedRequest,
    document::{Approvers, StepId},
    log::StepError,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Where the token is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No event yet.
    #[default]
    Unstarted,
    /// Between two steps; no commit ends here.
    Moving,
    /// In a step, before or after its call; no commit ends here.
    AtStep(Place),
    /// A call is to be seen through.
    Calling {
        /// The call.
        calling: Calling,
        /// How far it is.
        stage: Stage,
    },
    /// Waiting for a person.
    Waiting(Wait),
    /// Over.
    Ended(Ended),
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its answer is awaited.
    UnderWay,
    /// It has failed and what follows is not yet decided; no commit ends here.
    Down,
    /// Waiting to try again.
    BackingOff {
        /// The attempt to come.
        attempt: u32,
        /// When.
        due: Timestamp,
    },
    /// Finding out whether it took place.
    LookingUp {
        /// Why it is in doubt.
        error: StepError,
    },
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a run waits for one thing at a time, and its state is boxed")]
pub enum Wait {
    /// A form.
    Form(FormWait),
    /// An approval.
    Approval(ApprovalWait),
    /// The conversation is with a person.
    Handoff(HandoffWait),
    /// To be told what became of a call.
    Unknown(UnknownWait),
}

/// One entry of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Ordinal of the entry in the run, from 1.
    pub visit: u32,
    /// The step.
    pub step: StepId,
    /// When it was entered.
    pub entered_at: Timestamp,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calling {
    /// Which entry.
    pub place: Place,
    /// Which call of the step.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
    /// Idempotency key.
    pub key: Arc<str>,
    /// What was sent.
    pub request: Arc<CallRequest>,
    /// When this attempt was made.
    pub requested_at: Timestamp,
    /// Whether an earlier attempt, or an earlier sending of this one, may have taken place: then a later failure does not
    /// mean that nothing happened.
    pub in_doubt: bool,
}

/// Waiting for a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormWait {
    /// Which entry.
    pub place: Place,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
    /// The messages so far that were no answer, where the step counts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<String>,
}

/// Waiting for an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalWait {
    /// Which entry.
    pub place: Place,
    /// What is shown.
    pub opened: Arc<Opened>,
    /// What is approved.
    pub requests: Arc<[GuardedRequest]>,
    /// The step at whose door it is asked: a yes leads there.
    #[serde(default)]
    pub door: Option<StepId>,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
    /// When the people are reminded.
    pub remind_at: Option<Timestamp>,
    /// How many rungs of the ladder were reached.
    #[serde(default)]
    pub rung: u32,
    /// When the next one is.
    #[serde(default)]
    pub rung_at: Option<Timestamp>,
    /// Who has approved so far.
    pub given: Vec<Actor>,
    /// Who has said no so far, where one no is not enough.
    #[serde(default)]
    pub against: Vec<Actor>,
    /// Roles, groups or addresses added by escalation; none before.
    pub escalated: Option<Vec<String>>,
    /// Roles, groups or addresses added by the ladder.
    #[serde(default)]
    pub added: Vec<String>,
    /// Who may decide, when that is not what the step says of everybody: a case holds, or the run was moved to a version that
    /// names other people, and those who were asked stay asked.
    #[serde(default)]
    pub people: Option<Approvers>,
    /// The decision that is held; meanwhile no other timer of it fires.
    #[serde(default)]
    pub held: Option<Box<HeldDecision>>,
}

/// The conversation is with a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffWait {
    /// Which entry.
    pub place: Place,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
}

/// Waiting to be told what became of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnknownWait {
    /// The call in doubt.
    pub calling: Calling,
    /// Why.
    pub error: StepError,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub status: EndedStatus,
    /// What it answers.
    pub output: Value,
    /// What went wrong.
    pub error: Option<StepError>,
    /// The last step.
    pub last: Option<Place>,
}

impl Calling {
    /// Which attempt of which call of which entry.
    #[must_use]
    pub fn id(&self) -> CallId {
        CallId { visit: self.place.visit, call: self.call, attempt: self.attempt }
    }
}

impl Wait {
    /// The step entry that waits.
    #[must_use]
    pub fn place(&self) -> &Place {
        match self {
            Self::Form(wait) => &wait.place,
            Self::Approval(wait) => &wait.place,
            Self::Handoff(wait) => &wait.place,
            Self::Unknown(wait) => &wait.calling.place,
        }
    }

    /// What for.
    #[must_use]
    pub fn kind(&self) -> CheckpointKind {
        match self {
            Self::Form(_) => CheckpointKind::Form,
            Self::Approval(_) => CheckpointKind::Approval,
            Self::Handoff(_) => CheckpointKind::Handoff,
            Self::Unknown(_) => CheckpointKind::UnknownOutcome,
        }
    }

    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        match self {
            Self::Form(wait) => wait.due,
            Self::Approval(ApprovalWait { held: Some(held), .. }) => Some(held.until),
            Self::Approval(wait) => [wait.due, wait.remind_at, wait.rung_at].into_iter().flatten().min(),
            Self::Handoff(wait) => wait.due,
            Self::Unknown(_) => None,
        }
    }

    /// As [`super::Opened::checkpoint_id`] says.
    pub(super) fn checkpoint_id(&self, run: &str) -> String {
        match self {
            Self::Form(FormWait { place, .. })
            | Self::Approval(ApprovalWait { place, .. })
            | Self::Handoff(HandoffWait { place, .. }) => format!("{run}.{}", place.visit),
            Self::Unknown(UnknownWait { calling, .. }) => {
                let CallId { visit, call, attempt } = calling.id();
                format!("{run}.{visit}.{call}.{attempt}")
            }
        }
    }
}

impl Phase {
    /// Whether no commit ends here.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unstarted | Self::Moving | Self::AtStep(_) => true,
            Self::Calling { stage, .. } => *stage == Stage::Down,
            Self::Waiting(_) | Self::Ended(_) => false,
        }
    }

    /// What it waits for, when it waits for a person.
    #[must_use]
    pub fn waiting(&self) -> Option<&Wait> {
        if let Self::Waiting(wait) = self { Some(wait) } else { None }
    }

    /// The open approval.
    #[must_use]
    pub fn approval(&self) -> Option<&ApprovalWait> {
        if let Self::Waiting(Wait::Approval(wait)) = self { Some(wait) } else { None }
    }

    /// The decision that is held, if one is.
    #[must_use]
    pub fn held(&self) -> Option<&HeldDecision> {
        self.approval().and_then(|wait| wait.held.as_deref())
    }

    pub(super) fn approval_mut(&mut self) -> Option<&mut ApprovalWait> {
        if let Self::Waiting(Wait::Approval(wait)) = self { Some(wait) } else { None }
    }

    /// The call that is to be seen through, a person's answer about it included.
    #[must_use]
    pub fn call(&self) -> Option<&Calling> {
        match self {
            Self::Calling { calling, .. } | Self::Waiting(Wait::Unknown(UnknownWait { calling, .. })) => Some(calling),
            Self::Unstarted
            | Self::Moving
            | Self::AtStep(_)
            | Self::Waiting(Wait::Form(_) | Wait::Approval(_) | Wait::Handoff(_))
            | Self::Ended(_) => None,
        }
    }
}
