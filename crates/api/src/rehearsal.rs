//! Rehearsals. What is kept ([`Script`], [`crate::TestCaseBody`]) is the core's own; fields that are not set are left out.

use crate::{
    CallRequest, FieldError, GuardedRequest, PreviewStep, RenderedRequest, RequestDifference, Risk, StepError,
    StepExecution,
};
pub use countersign_core::{
    play::rehearsal::{Act, Answer, Given, Opening, Persona, Script},
    run::UnknownAnswer as Resolution,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

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
    /// JSON Schema of what is filled in for that.
    pub form: Option<Value>,
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
