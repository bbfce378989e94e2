//! What is remembered. The log of these is the truth about a run.

use super::{Actor, Start};
use crate::{
    approval::{GuardedRequest, RequestDifference},
    document::{Approvers, Channel, StepId},
    log::StepError,
    moves::{Continuation, StateEdit},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that was decided. Stored forever: fields are added with defaults, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The run exists.
    RunStarted {
        /// What it was started with.
        start: Box<Start>,
        /// First values of the variables.
        vars: Map<String, Value>,
        /// When.
        at: Timestamp,
    },
    /// The token entered a step.
    StepEntered {
        /// Ordinal of this entry in the run, from 1.
        visit: u32,
        /// The step.
        step: StepId,
        /// When.
        at: Timestamp,
    },
    /// A call is about to be made: the intent, before the request leaves.
    CallRequested {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// 1 for the first try.
        attempt: u32,
        /// Idempotency key.
        key: String,
        /// What will be sent.
        request: CallRequest,
        /// When.
        at: Timestamp,
    },
    /// After a crash a repeatable call was made again under the same key.
    CallResumed {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// Which attempt.
        attempt: u32,
    },
    /// The call was answered well.
    CallSucceeded {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// Which attempt.
        attempt: u32,
        /// The answer.
        output: Value,
        /// Facts about the exchange.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        exchange: Value,
    },
    /// The call failed.
    CallFailed {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: StepError,
        /// Facts about the exchange.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        exchange: Value,
    },
    /// It will be tried again.
    RetryScheduled {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// The attempt to come.
        attempt: u32,
        /// When.
        due: Timestamp,
    },
    /// It is being found out whether the call took place.
    LookUpRequested {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
    },
    /// It turned out that the call took place, or not, or that nobody can tell.
    LookUpAnswered {
        /// Which step entry.
        visit: u32,
        /// Which call of it.
        call: u16,
        /// `happened`, `did_not_happen` or `unclear`.
        found: String,
    },
    /// The run waits for a person.
    CheckpointOpened {
        /// Which step entry.
        visit: u32,
        /// What for.
        opened: Opened,
        /// When the wait ends by itself.
        due: Option<Timestamp>,
        /// When the people are reminded.
        remind_at: Option<Timestamp>,
    },
    /// The people were reminded.
    CheckpointReminded {
        /// Which step entry.
        visit: u32,
    },
    /// Nobody answered: more people may.
    CheckpointEscalated {
        /// Which step entry.
        visit: u32,
        /// Roles added.
        roles: Vec<String>,
        /// When the second wait ends.
        due: Timestamp,
    },
    /// One of several needed approvals was given.
    ApprovalGiven {
        /// Which step entry.
        visit: u32,
        /// Who.
        by: Actor,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// The wait is over. Exactly one of these per opened checkpoint.
    CheckpointClosed {
        /// Which step entry.
        visit: u32,
        /// `submitted`, `approved`, `rejected`, `changes`, `returned`, a named outcome, `timeout`, `happened`…
        outcome: String,
        /// By whom or what.
        by: ClosedBy,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// A form's answers, or a resolved call's result.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        values: Value,
    },
    /// What was approved is not what would run: the approval is asked again.
    ApprovalVoided {
        /// The entry of the guarded step.
        visit: u32,
        /// The approval step to pass again.
        approval: StepId,
        /// What changed.
        difference: RequestDifference,
    },
    /// A condition was evaluated.
    ConditionEvaluated {
        /// Which step entry.
        visit: u32,
        /// Each branch tried and the value it had.
        branches: Vec<BranchValue>,
    },
    /// Something was said in the conversation.
    MessagePosted {
        /// Which step entry.
        visit: u32,
        /// The text.
        body: String,
        /// The form shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<PostedForm>,
    },
    /// A step is over and the token moves on.
    StepCompleted {
        /// Which step entry.
        visit: u32,
        /// Which exit was taken.
        exit: String,
        /// The step's output, where no earlier event of this entry holds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// Variables that got new values.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        set: Map<String, Value>,
    },
    /// A step failed; the token moves on to the error branch, or the run ends.
    StepFailed {
        /// Which step entry.
        visit: u32,
        /// Why.
        error: StepError,
        /// `error` when there is such a branch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<String>,
    },
    /// Somebody wants it stopped; a call is still under way.
    CancelRequested {
        /// Why.
        reason: String,
        /// Who.
        by: Actor,
    },
    /// The run is over.
    RunEnded {
        /// How.
        status: EndedStatus,
        /// What it answers.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        output: Value,
        /// What went wrong, when it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<StepError>,
        /// Who stopped it, when cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Actor>,
    },
    /// An ended run goes on.
    RunReopened {
        /// From this step.
        step: StepId,
        /// What was changed in its state first.
        #[serde(flatten)]
        edit: StateEdit,
        /// Who.
        by: Actor,
    },
    /// A waiting run goes on on another version. Its checkpoint, people and timers stay.
    RunMoved {
        /// What is needed to go on there, and to take it back.
        moved: Box<Moved>,
        /// When.
        at: Timestamp,
    },
    /// A new run goes on where another one ended.
    RunContinued {
        /// From where and with what.
        from: Box<Continuation>,
    },
}

/// One move of a waiting run to another version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Which step entry waits.
    pub visit: u32,
    /// The version it was on.
    pub from: u32,
    /// The version it is on now.
    pub to: u32,
    /// The step it waited at.
    pub step: StepId,
    /// The step it waits at now.
    pub now_at: StepId,
    /// Variables the new version brings.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub added: Map<String, Value>,
    /// Variables that go: those that a move brought which is taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Who may decide the open approval, when the new version says something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Approvers>,
    /// The same before the move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_before: Option<Approvers>,
    /// Whether it takes back the move before it.
    #[serde(default)]
    pub undo: bool,
    /// Who.
    pub by: Actor,
}

impl Event {
    /// The type as written in the log.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run_started",
            Self::StepEntered { .. } => "step_entered",
            Self::CallRequested { .. } => "call_requested",
            Self::CallResumed { .. } => "call_resumed",
            Self::CallSucceeded { .. } => "call_succeeded",
            Self::CallFailed { .. } => "call_failed",
            Self::RetryScheduled { .. } => "retry_scheduled",
            Self::LookUpRequested { .. } => "look_up_requested",
            Self::LookUpAnswered { .. } => "look_up_answered",
            Self::CheckpointOpened { .. } => "checkpoint_opened",
            Self::CheckpointReminded { .. } => "checkpoint_reminded",
            Self::CheckpointEscalated { .. } => "checkpoint_escalated",
            Self::ApprovalGiven { .. } => "approval_given",
            Self::CheckpointClosed { .. } => "checkpoint_closed",
            Self::ApprovalVoided { .. } => "approval_voided",
            Self::ConditionEvaluated { .. } => "condition_evaluated",
            Self::MessagePosted { .. } => "message_posted",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepFailed { .. } => "step_failed",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::RunEnded { .. } => "run_ended",
            Self::RunReopened { .. } => "run_reopened",
            Self::RunContinued { .. } => "run_continued",
            Self::RunMoved { .. } => "run_moved",
        }
    }
}

/// What a call sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallRequest {
    /// A connector action.
    Action {
        /// `<connector>.<action>`.
        action: String,
        /// Named connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<String>,
        /// Rendered input.
        input: Value,
    },
    /// A message.
    Message {
        /// Over which channel.
        channel: Channel,
        /// Address.
        to: String,
        /// Subject, for e-mail.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        subject: String,
        /// The text.
        body: String,
    },
}

/// What a checkpoint waits for, and what the person is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Opened {
    /// A form.
    Form {
        /// What the customer reads.
        prompt: String,
        /// JSON Schema of the answers.
        schema: Value,
        /// First values.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        prefill: Value,
        /// Text of the button.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        submit: String,
    },
    /// An approval.
    Approval {
        /// One line.
        summary: String,
        /// What would be sent after approval.
        requests: Vec<GuardedRequest>,
        /// What changed since an earlier approval that became void.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        difference: Option<RequestDifference>,
    },
    /// A handoff.
    Handoff {
        /// Who takes it.
        team: String,
        /// What they read.
        note: String,
    },
    /// A call of unknown outcome.
    UnknownOutcome {
        /// Which call of the step.
        call: u16,
        /// Which attempt.
        attempt: u32,
        /// The key it was sent with.
        key: String,
        /// What was sent.
        request: CallRequest,
        /// Why it is not known.
        error: StepError,
    },
}

impl Opened {
    /// The kind of checkpoint.
    #[must_use]
    pub fn kind(&self) -> CheckpointKind {
        match self {
            Self::Form { .. } => CheckpointKind::Form,
            Self::Approval { .. } => CheckpointKind::Approval,
            Self::Handoff { .. } => CheckpointKind::Handoff,
            Self::UnknownOutcome { .. } => CheckpointKind::UnknownOutcome,
        }
    }

    /// The checkpoint's id: `<run>.<visit>`, and for a call in doubt also its number and attempt, since one entry
    /// of a step can come into doubt more than once.
    #[must_use]
    pub fn checkpoint_id(&self, run: &str, visit: u32) -> String {
        match self {
            Self::Form { .. } | Self::Approval { .. } | Self::Handoff { .. } => format!("{run}.{visit}"),
            Self::UnknownOutcome { call, attempt, .. } => format!("{run}.{visit}.{call}.{attempt}"),
        }
    }
}

/// The places where a run waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// A form for the customer.
    Form,
    /// An approval.
    Approval,
    /// The conversation is with a person.
    Handoff,
    /// "Did this happen?"
    UnknownOutcome,
}

impl CheckpointKind {
    /// The kind as written in rows and the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Approval => "approval",
            Self::Handoff => "handoff",
            Self::UnknownOutcome => "unknown_outcome",
        }
    }
}

/// By whom or what a checkpoint was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClosedBy {
    /// A person or program.
    Person {
        /// Who.
        actor: Actor,
    },
    /// Its timeout.
    Timeout,
    /// The end of its run.
    Cancel,
}

/// A form shown in the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostedForm {
    /// JSON Schema of the answers.
    pub schema: Value,
    /// First values.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub prefill: Value,
    /// Text of the button.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub submit: String,
}

/// One branch of a condition as it was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchValue {
    /// The expression.
    pub when: String,
    /// Its value; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether it counts as true.
    pub held: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedStatus {
    /// It did what it was for.
    Completed,
    /// It was refused on the way.
    Rejected,
    /// Something went wrong.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl EndedStatus {
    /// The status as written in rows and the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
