//! Checkpoints: where a run waits for a person.

use crate::{
    CallRequest, Customer, DecidedBy, LookUp, Message, Notice, PersonRef, Receipt, Risk, RunStatus, StepError,
    StepExecution, WorkflowRef,
};
use countersign_core::run;
pub use countersign_core::run::{CheckpointKind, CheckpointStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// By whom or what, from the engine's record.
pub fn closed_by(by: &run::ClosedBy) -> DecidedBy {
    match by {
        run::ClosedBy::Person { actor } => DecidedBy {
            id: Some(actor.id.clone()),
            name: actor.name.clone(),
            via: serde_json::to_value(actor.via).ok().and_then(|via| via.as_str().map(str::to_owned)),
            on_behalf_of: on_behalf_of(actor),
        },
        run::ClosedBy::Timeout => nobody("the time limit", "timeout"),
        run::ClosedBy::Cancel => nobody("the end of the run", "cancel"),
    }
}

fn nobody(name: &str, via: &str) -> DecidedBy {
    DecidedBy { id: None, name: name.to_owned(), via: Some(via.to_owned()), on_behalf_of: None }
}

/// Whose decision it was, when somebody decided for another.
pub fn on_behalf_of(actor: &run::Actor) -> Option<PersonRef> {
    actor.on_behalf_of.as_ref().map(|other| PersonRef { id: other.id.clone(), name: other.name.clone() })
}

/// The run of a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckpointRun {
    /// Run id.
    pub id: String,
    /// Workflow id.
    pub workflow: String,
    /// Name of the workflow.
    pub name: String,
    /// Version it runs on.
    pub version: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// What it is about, as in the list of runs.
    pub title: String,
}

/// A checkpoint in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckpointSummary {
    /// Id.
    pub id: String,
    /// Why the run waits.
    pub kind: CheckpointKind,
    /// Whether it still does.
    pub status: CheckpointStatus,
    /// Which run.
    pub run: CheckpointRun,
    /// Which step.
    pub step: String,
    /// Title of the step.
    pub title: String,
    /// One line.
    pub summary: String,
    /// Since when.
    pub opened_at: i64,
    /// When it ends by itself.
    pub due_at: Option<i64>,
    /// For whom the run is.
    pub customer: Option<Customer>,
    /// The operator who took it.
    pub assigned_to: Option<PersonRef>,
    /// How it was decided.
    pub outcome: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
    /// By whom or what.
    pub decided_by: Option<DecidedBy>,
    /// Facts beside the summary.
    pub facts: Vec<Fact>,
    /// Whether the caller may decide it now.
    pub may_decide: bool,
    /// Until when whoever decided it can take that back; null while no decision is held. It counts then.
    pub held_until: Option<i64>,
    /// While it is open: hash of what is asked, for the decision to say what it is about. In a list it is null
    /// where a line and facts do not tell all of it (it was changed since an earlier yes, a colleague edited it, a yes takes a
    /// form, a call is in doubt): read the checkpoint itself.
    pub shown: Option<String>,
}

/// Who may decide an approval.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Approvers {
    /// Roles or groups, any of which is enough.
    pub roles: Vec<String>,
    /// E-mail addresses.
    pub users: Vec<String>,
    /// How many different people must approve.
    pub quorum: u32,
    /// Whether who started the run or had a hand in it may not decide.
    pub exclude_requester: bool,
    /// Whether who published the version may not decide.
    pub exclude_author: bool,
    /// How many of a role or group must be among those who approve.
    pub counts: BTreeMap<String, u32>,
    /// How many different people must say no to reject.
    pub rejections: u32,
    /// Roles, groups or e-mail addresses whose single no rejects.
    pub veto: Vec<String>,
    /// That who decides has given their password lately; null where that is not asked for.
    pub step_up: Option<StepUp>,
    /// The case that holds, in the words of the author; null where the step's own approvers decide.
    pub case: Option<String>,
}

/// That who decides has given their password lately.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepUp {
    /// How many minutes ago at most.
    pub minutes: u32,
    /// Whether only who decides by a personal link must.
    pub links_only: bool,
}

/// Somebody who may decide now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Decider {
    /// Who.
    pub person: PersonRef,
    /// Whom they would decide for, when they may only so.
    pub on_behalf_of: Option<PersonRef>,
}

/// One of several needed approvals.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalGiven {
    /// Who.
    pub by: PersonRef,
    /// When.
    pub at: i64,
    /// Their words.
    pub comment: Option<String>,
    /// Whose decision it was, when somebody decided for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonRef>,
}

/// A request as it would be sent; secrets are `***`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenderedRequest {
    /// HTTP method.
    pub method: String,
    /// Whole URL.
    pub url: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; a string when it is text, null when there is none.
    pub body: Value,
}

/// What an approval allows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GuardedRequest {
    /// The guarded step.
    pub step: String,
    /// Its title.
    pub title: String,
    /// `<connector>.<action>`.
    pub action: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// Named connection.
    pub connection: Option<String>,
    /// Rendered input.
    pub input: Value,
    /// Hash of what is approved; it is compared before the call.
    pub hash: String,
    /// What would go over the wire.
    pub request: Option<RenderedRequest>,
    /// Why that cannot be told.
    pub error: Option<String>,
}

/// One step that would be taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PreviewStep {
    /// The step.
    pub step: String,
    /// Its title.
    pub title: String,
    /// Its type tag.
    pub kind: String,
    /// `<connector>.<action>` of a call.
    pub action: Option<String>,
    /// How much harm it can do.
    pub risk: Option<Risk>,
    /// Rendered input; null when it cannot be told yet.
    pub input: Value,
    /// What would go over the wire; null when it cannot be told yet.
    pub request: Option<RenderedRequest>,
    /// Text of a message.
    pub message: Option<String>,
    /// Channels of a message.
    pub channels: Vec<String>,
}

/// What would follow an outcome, up to the next decision, person or end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BranchPreview {
    /// The first step.
    pub step: String,
    /// Its title.
    pub title: String,
    /// What people would read.
    pub messages: Vec<String>,
    /// Each step.
    pub steps: Vec<PreviewStep>,
}

/// A step by title.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepRef {
    /// Step id.
    pub step: String,
    /// Its title.
    pub title: String,
}

/// The conversation of a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckpointConversation {
    /// Id.
    pub id: String,
    /// The newest messages, oldest first.
    pub messages: Vec<Message>,
}

/// The state of a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckpointState {
    /// Variables.
    pub vars: Map<String, Value>,
    /// `{output, error}` by step.
    pub steps: Map<String, Value>,
}

/// An earlier decision for the same customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EarlierDecision {
    /// Checkpoint id.
    pub checkpoint: String,
    /// How.
    pub outcome: String,
    /// When.
    pub decided_at: i64,
    /// By whom or what.
    pub decided_by: Option<DecidedBy>,
    /// One line.
    pub summary: String,
}

/// A form that waits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenForm {
    /// JSON Schema of the answers.
    pub schema: Value,
    /// What the customer reads.
    pub prompt: String,
    /// First values.
    pub prefill: Value,
    /// Text of the button.
    pub submit: String,
}

/// A call of which nobody knows whether it took place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UnknownCall {
    /// What was sent.
    pub sent: CallRequest,
    /// When.
    pub at: i64,
    /// `<connector>.<action>`, or the channel of a message.
    pub action: String,
    /// The key it was sent with.
    pub key: String,
    /// Why nobody knows.
    pub error: StepError,
    /// Facts about the exchange, as far as it went: method, address, status, duration.
    #[serde(default)]
    pub exchange: Value,
    /// What the other side told of it when it was asked; nothing where its action has no look-up.
    pub look_up: Option<LookUp>,
}

/// What changed since an earlier approval that became void.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestDifference {
    /// The guarded step.
    pub step: String,
    /// What was approved.
    pub approved: Value,
    /// What would be sent now.
    pub now: Value,
    /// The account behind the connection is another than it was, or was changed.
    #[serde(default)]
    pub account_changed: bool,
}

/// A checkpoint with everything a person needs to decide.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    /// As in lists.
    #[serde(flatten)]
    pub item: CheckpointSummary,
    /// What silence counts as: approved, rejected, escalate, or timeout.
    pub on_timeout: Option<String>,
    /// Where the run goes then.
    pub on_timeout_step: Option<StepRef>,
    /// Who may decide an approval.
    pub approvers: Option<Approvers>,
    /// What happens while nobody decides, in order.
    pub ladder: Vec<Rung>,
    /// Approvals given so far.
    pub approvals: Vec<ApprovalGiven>,
    /// Rejections given so far, where one is not enough.
    pub rejections: Vec<ApprovalGiven>,
    /// Who may decide now and is there, the caller included; empty when it is decided.
    pub deciders: Vec<Decider>,
    /// What is missing for a yes, in words; null when one yes is enough and nothing is special about it.
    pub missing: Option<String>,
    /// How often it may still be sent back; null where that is not offered.
    pub changes_left: Option<u32>,
    /// What people changed in the requests: before, and now.
    pub edited: Vec<RequestDifference>,
    /// What an approver may or must give besides a word.
    pub asked: Option<AskedOfApprover>,
    /// Why the caller may not decide.
    pub why_not: Option<String>,
    /// What may be chosen.
    pub outcomes: Vec<String>,
    /// What an approval allows.
    pub requests: Vec<GuardedRequest>,
    /// What changed since an earlier approval that became void.
    pub difference: Option<RequestDifference>,
    /// What would follow approval.
    pub on_approve: Option<BranchPreview>,
    /// What would follow rejection.
    pub on_reject: Option<BranchPreview>,
    /// What would follow "ask for changes".
    pub on_changes: Option<BranchPreview>,
    /// Who should take a handoff.
    pub team: Option<String>,
    /// What they read.
    pub note: Option<String>,
    /// JSON Schema of what they fill in to hand it back.
    pub hand_back: Option<Value>,
    /// The form that waits.
    pub form: Option<OpenForm>,
    /// The call in doubt.
    pub unknown: Option<UnknownCall>,
    /// What was said.
    pub conversation: Option<CheckpointConversation>,
    /// What the run knows.
    pub state: CheckpointState,
    /// How it came here.
    pub path: Vec<StepExecution>,
    /// Earlier decisions for this customer, newest first, at most 10.
    pub earlier: Vec<EarlierDecision>,
    /// The words of who decided.
    pub comment: Option<String>,
    /// Whom it reached, over what and when, oldest first.
    pub notices: Vec<Notice>,
    /// The decision, signed; of a decided one.
    pub receipt: Option<Receipt>,
    /// The decision that is held.
    pub held: Option<HeldDecision>,
    /// Decisions that were taken back, oldest first.
    pub taken_back: Vec<TakenBackDecision>,
}

/// A decision that counts in a moment, unless who took it takes it back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeldDecision {
    /// How.
    pub outcome: String,
    /// By whom.
    pub by: DecidedBy,
    /// Their words.
    pub comment: Option<String>,
    /// When they said it.
    pub at: i64,
    /// When it counts.
    pub until: i64,
    /// Whether it is the caller's to take back.
    pub yours: bool,
}

/// A decision that was taken back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TakenBackDecision {
    /// How it was.
    pub outcome: String,
    /// Who took it, and took it back.
    pub by: PersonRef,
    /// When they had said it.
    pub said_at: i64,
    /// When they took it back.
    pub at: i64,
}

/// Decides a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// One of the checkpoint's `outcomes`; `submitted` with `values` for a form an operator fills in.
    pub outcome: String,
    /// Words, at most 4,000 characters.
    pub comment: Option<String>,
    /// A form's answers, what an approver fills in with a yes, or whoever hands a conversation back.
    pub values: Option<Map<String, Value>>,
    /// With a yes: what is changed in the requests, by guarded step and JSON pointer into its input.
    pub edits: Option<BTreeMap<String, Map<String, Value>>>,
    /// `happened`: what to go on with as the call's output.
    pub result: Option<Value>,
    /// The checkpoint's `shown` as it was read: where an approver changed what is asked meanwhile, nothing is decided (409
    /// `shown_changed`).
    pub shown: Option<String>,
}

/// One thing that happens while nobody decides.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Rung {
    /// remind, reassign or escalate.
    pub act: String,
    /// How long after it was asked, for example `4h`.
    pub after: String,
    /// Who decides from then on, or may besides.
    pub to: Vec<String>,
    /// Whether it was reached.
    pub reached: bool,
    /// When it will be; of the next one.
    pub at: Option<i64>,
}

/// One fact beside the summary.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// What an approver may or must give besides a word.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AskedOfApprover {
    /// What may be changed with a yes: by guarded step, JSON pointers into its input.
    pub editable: BTreeMap<String, Vec<String>>,
    /// JSON Schema of what is filled in with a yes.
    pub form: Option<Value>,
    /// Outcomes that take a comment.
    pub comment_required: Vec<String>,
    /// What the caller may allow in advance here; null where they may not, or the policy takes more than them.
    pub standing: Option<StandingOffer>,
}

/// Within which limits a person may allow requests like this in advance, with `POST /standing-approvals`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingOffer {
    /// The guarded step whose amount is limited.
    pub step: String,
    /// JSON pointer to the amount in its input.
    pub field: String,
    /// The largest amount that may be allowed.
    pub amount_max: f64,
    /// JSONata expression that must be true too.
    pub when: Option<String>,
    /// How many a day (UTC) at most.
    pub per_day: u32,
    /// For how many days at most.
    pub days: u32,
}

/// What a person allowed in advance.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingApproval {
    /// Id.
    pub id: String,
    /// The workflow.
    pub workflow: WorkflowRef,
    /// Its approval step.
    pub step: String,
    /// By whom: each use is a decision of theirs.
    pub granted_by: PersonRef,
    /// When, milliseconds since the epoch.
    pub granted_at: i64,
    /// Until when.
    pub until: i64,
    /// The largest amount.
    pub amount_max: f64,
    /// How many a day (UTC) at most.
    pub per_day: u32,
    /// Why.
    pub reason: String,
    /// How often it was used today.
    pub used_today: u32,
    /// How often in all.
    pub used: u32,
    /// Since when it allows nothing any more.
    pub revoked_at: Option<i64>,
}

/// Allows something in advance.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStandingApprovalRequest {
    /// Id or name of the workflow.
    pub workflow: String,
    /// The approval step of its active version.
    pub step: String,
    /// The largest amount.
    pub amount_max: f64,
    /// How many a day (UTC) at most.
    pub per_day: u32,
    /// Until when, milliseconds since the epoch.
    pub until: i64,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// Gives a checkpoint to somebody who may decide it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignRequest {
    /// User id: one of the checkpoint's `deciders`.
    pub to: String,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// How many checkpoints there are, each number counted up to `at_most`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct CheckpointCounts {
    /// Open approvals.
    pub approval: u64,
    /// Open forms.
    pub form: u64,
    /// Open handoffs.
    pub handoff: u64,
    /// Open questions about what became of a call.
    pub unknown_outcome: u64,
    /// Open ones that the caller may decide now and nobody took, and those the caller took.
    pub mine: u64,
    /// Open ones that ask one of the caller's groups.
    pub groups: u64,
    /// Open ones, without forms.
    pub all: u64,
    /// Decided ones, without forms.
    pub decided: u64,
    /// A number as large as this means so many or more.
    pub at_most: u64,
}
