//! Rehearsals and test cases. What is kept ([`Script`], [`TestCase`]) has the shape of `countersign_core::play::rehearsal`; fields
//! that are not set are left out.

use crate::{
    CallRequest, FailureClass, FieldError, GuardedRequest, PreviewStep, RenderedRequest, RequestDifference, Risk,
    StepError, StepExecution,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A rehearsal as it is kept: how a run begins, and what people, clock and services do then.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What sets the run off.
    #[serde(default)]
    pub opening: Opening,
    /// What happens then, in order; at most 500.
    #[serde(default)]
    pub acts: Vec<Act>,
}

/// What sets a rehearsed run off.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What the customer writes first; absent for a start by hand or API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The run's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The customer: `name`, `email`, `phone`, `telegram` and data of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Map<String, Value>>,
    /// Who starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Persona>,
    /// When it starts; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// A person who is played.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What people call them.
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Role and groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// One thing that happens in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The customer writes.
    Says {
        /// The words.
        text: String,
    },
    /// The customer sends the form.
    Submits {
        /// The answers.
        values: Value,
    },
    /// An operator decides an approval.
    Decides {
        /// approved, rejected or changes.
        outcome: String,
        /// Their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Who; somebody who may, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
        /// What they change in the requests they approve: by guarded step, by JSON pointer into its input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edits: Option<BTreeMap<String, Map<String, Value>>>,
        /// What they fill in with a yes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        values: Option<Value>,
    },
    /// An operator hands the conversation back.
    HandsBack {
        /// `returned` or a named outcome.
        outcome: String,
        /// Their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Who; some operator when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
    },
    /// An operator says what became of a call with an unknown outcome.
    Resolves {
        /// What they found.
        answer: Resolution,
        /// Their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Time passes; it stops where a call wants its answer.
    Waits {
        /// How long, for example `4h`; until the next timer when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duration: Option<String>,
    },
    /// The call under way is answered.
    Answers {
        /// The step that calls; refused when it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// With what.
        answer: Answer,
    },
    /// Somebody stops the run.
    Cancels {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// What a person says about a call with an unknown outcome.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Resolution {
    /// It took place.
    Happened {
        /// What to go on with as the call's output.
        result: Value,
    },
    /// It did not: send it.
    NotHappened,
    /// The step fails.
    Stop,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Made from the action's schema.
    Sample,
    /// From a run that took place.
    Recorded,
    /// The service itself answered.
    Real,
}

/// How a call is answered in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Well.
    Output {
        /// The action's output.
        output: Value,
        /// Where it came from; typed by hand when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Given>,
    },
    /// Badly.
    Error {
        /// What it allows; fatal when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<FailureClass>,
        /// Stable short name, for example `http_404`.
        code: String,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whatever the other side said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Value>,
        /// Where it came from; typed by hand when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Given>,
    },
    /// Not at all.
    Timeout,
    /// A look-up found that the call took place.
    Happened {
        /// What the call would have answered.
        output: Value,
    },
    /// A look-up found that it did not.
    DidNotHappen,
    /// A look-up could not tell.
    Unclear,
}

/// Plays a script on a document, the draft or a version.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RehearseRequest {
    /// The document; the draft as it is saved when neither this nor `version` is given.
    pub document: Option<Value>,
    /// A version.
    pub version: Option<u32>,
    /// What is played.
    pub script: Script,
}

/// Makes the call a rehearsal waits for, once, at the real service.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RealCallRequest {
    /// The document; the draft as it is saved when absent.
    pub document: Option<Value>,
    /// What was played so far.
    pub script: Script,
    /// The step that calls.
    pub step: String,
    /// That the service is really to be called.
    pub confirm: bool,
    /// That something may be changed there; needed for actions of risk `write`.
    #[serde(default)]
    pub confirm_write: bool,
}

/// What the service answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RealCallResponse {
    /// The answer, to be put into the script.
    pub answer: Answer,
    /// What was sent; secrets are `***`.
    pub request: Option<RenderedRequest>,
    /// Status of the service's answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: u64,
}

/// What an action answered in a run that took place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordedAnswer {
    /// The run.
    pub run: String,
    /// When.
    pub at: i64,
    /// The action.
    pub action: String,
    /// What was sent.
    pub input: Value,
    /// What came back; secrets are `***`.
    pub answer: Answer,
}

/// An act that could not be played; those after it were not tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotPlayed {
    /// Which act, from 0; null for the opening.
    pub act: Option<usize>,
    /// Why.
    pub message: String,
    /// What does not fit.
    pub problems: Vec<FieldError>,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The workflow.
    Workflow,
}

/// A form shown in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RehearsedForm {
    /// JSON Schema of the answers.
    pub schema: Value,
    /// First values.
    pub prefill: Value,
    /// Text of the button.
    pub submit: String,
}

/// Something that was said in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// When.
    pub at: i64,
    /// Who.
    pub by: Speaker,
    /// Which step entry it comes from.
    pub visit: Option<u32>,
    /// Over which channel.
    pub channel: String,
    /// Address, for messages that leave the conversation.
    pub to: String,
    /// Subject, for e-mail.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The form shown with it.
    pub form: Option<RehearsedForm>,
    /// The answers the customer sent.
    pub values: Value,
}

/// A call that is under way in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingCall {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// 1 for the first try.
    pub attempt: u32,
    /// `<connector>.<action>`.
    pub action: String,
    /// Named connection.
    pub connection: Option<String>,
    /// Rendered input.
    pub input: Value,
    /// How much harm it can do.
    pub risk: Risk,
    /// An output that fits the action's schema.
    pub sample: Value,
    /// What would be sent; secrets are `***`.
    pub request: Option<RenderedRequest>,
    /// Why it cannot be rendered.
    pub error: Option<String>,
}

/// A form a rehearsal waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingForm {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// What the customer reads.
    pub prompt: String,
    /// JSON Schema of the answers.
    pub schema: Value,
    /// First values.
    pub prefill: Value,
    /// Text of the button.
    pub submit: String,
    /// When it ends by itself.
    pub due_at: Option<i64>,
}

/// A decision a rehearsal waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingApproval {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// One line.
    pub summary: String,
    /// What would be sent after approval.
    pub requests: Vec<GuardedRequest>,
    /// What changed since an approval that became void.
    pub difference: Option<RequestDifference>,
    /// Roles and groups that may decide.
    pub roles: Vec<String>,
    /// People who may decide.
    pub users: Vec<String>,
    /// How many must approve.
    pub quorum: u32,
    /// Who has approved so far.
    pub given: Vec<String>,
    /// The outcomes to choose from.
    pub outcomes: Vec<String>,
    /// What approving leads to.
    pub on_approve: Vec<PreviewStep>,
    /// What rejecting leads to.
    pub on_reject: Vec<PreviewStep>,
    /// When it ends by itself.
    pub due_at: Option<i64>,
    /// When the approvers are reminded.
    pub remind_at: Option<i64>,
}

/// A person a rehearsal waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingHandoff {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// Who takes it.
    pub team: String,
    /// What they read.
    pub note: String,
    /// The outcomes to hand back with.
    pub outcomes: Vec<String>,
    /// When it ends by itself.
    pub due_at: Option<i64>,
}

/// A call of which nobody knows whether it took place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingUnknown {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// What was sent.
    pub request: CallRequest,
    /// Why it is not known.
    pub error: StepError,
}

/// A pause before a call is tried again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingRetry {
    /// Which step entry.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// The attempt to come.
    pub attempt: u32,
    /// When.
    pub due_at: i64,
}

/// Why a rehearsal has not begun.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingStart {
    /// Why.
    pub reason: String,
}

/// What a rehearsal waits for now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Waiting {
    /// It has not begun.
    Start(WaitingStart),
    /// An action wants its answer.
    Answer(WaitingCall),
    /// A look-up wants its answer.
    LookUp(WaitingCall),
    /// The customer's form.
    Form(WaitingForm),
    /// A decision.
    Approval(Box<WaitingApproval>),
    /// A person who has the conversation.
    Handoff(WaitingHandoff),
    /// A person who says what became of a call.
    UnknownOutcome(WaitingUnknown),
    /// The time to try again.
    Retry(WaitingRetry),
    /// Nothing: it is over.
    Nothing,
}

/// How a rehearsal ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RehearsalEnd {
    /// How.
    pub status: super::RunStatus,
    /// What the run answers.
    pub output: Value,
    /// What went wrong.
    pub error: Option<StepError>,
}

/// How a rehearsal went, and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Rehearsal {
    /// When it began.
    pub began_at: i64,
    /// What time it is there.
    pub now: i64,
    /// How many acts were played.
    pub played: usize,
    /// The act that could not be played.
    pub refused: Option<NotPlayed>,
    /// Every step that was entered, in order.
    pub steps: Vec<StepExecution>,
    /// What was said, in order.
    pub said: Vec<Said>,
    /// What it waits for now.
    pub waiting: Waiting,
    /// Variables.
    pub vars: Map<String, Value>,
    /// How it ended.
    pub ended: Option<RehearsalEnd>,
}
