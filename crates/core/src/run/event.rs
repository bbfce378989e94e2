//! What is remembered. The log of these is the truth about a run.

use super::{Actor, CheckpointKind, Continuation, Found, HeldDecision, Outcome, Start, StateEdit, TakenBack, Waiting};
use crate::{
    approval::{Edits, GuardedRequest, RequestDifference, ShownFact, json_hash},
    document::{Approvers, Channel, Exit, MessageTemplate, RungAct, StepId, Tier},
    log::StepError,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Which attempt of which call of which step entry. Stored as `[visit, call, attempt]`: a log names one in every second event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u16, u32)", into = "(u32, u16, u32)")]
pub struct CallId {
    /// Ordinal of the step entry in the run, from 1.
    pub visit: u32,
    /// Which call of it.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
}

impl From<(u32, u16, u32)> for CallId {
    fn from((visit, call, attempt): (u32, u16, u32)) -> Self {
        Self { visit, call, attempt }
    }
}

impl From<CallId> for (u32, u16, u32) {
    fn from(CallId { visit, call, attempt }: CallId) -> Self {
        (visit, call, attempt)
    }
}

/// One thing that was decided, by what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The run as a whole.
    Run(RunEvent),
    /// One entry of one step.
    Step {
        /// Ordinal of the entry in the run, from 1.
        visit: u32,
        /// What.
        what: StepEvent,
    },
    /// One call to the world.
    Call {
        /// Which.
        id: CallId,
        /// What.
        what: CallEvent,
    },
    /// One wait for a person.
    Checkpoint {
        /// The step entry that waits.
        visit: u32,
        /// What.
        what: CheckpointEvent,
    },
}

/// What becomes of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEvent {
    /// It exists.
    Started {
        /// What it was started with.
        start: Box<Start>,
        /// First values of the variables.
        vars: Map<String, Value>,
        /// When.
        at: Timestamp,
    },
    /// A new run goes on where another one ended.
    Continued {
        /// From where and with what.
        from: Box<Continuation>,
    },
    /// Somebody wants it stopped; a call is still under way.
    CancelRequested {
        /// Why.
        reason: String,
        /// Who.
        by: Actor,
    },
    /// It is over.
    Ended {
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
    /// It was over and goes on.
    Reopened {
        /// From this step.
        step: StepId,
        /// What was changed in its state first.
        #[serde(flatten)]
        edit: StateEdit,
        /// Steps whose effects a person agreed to have a second time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repeats: Vec<StepId>,
        /// Who.
        by: Actor,
    },
    /// An action proved who the customer is.
    CustomerProven {
        /// By which step.
        step: StepId,
        /// Who: `external_id`, `name`, `email`, `phone` as far as they are known, and `data`.
        customer: Map<String, Value>,
    },
    /// It goes on on another version. Its checkpoint, people and timers stay.
    Moved {
        /// What is needed to go on there, and to take it back.
        moved: Box<Moved>,
        /// When.
        at: Timestamp,
    },
}

/// What becomes of one entry of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEvent {
    /// The token entered the step.
    Entered {
        /// The step.
        step: StepId,
        /// When.
        at: Timestamp,
    },
    /// A condition was evaluated.
    Evaluated {
        /// Each branch tried and the value it had.
        branches: Vec<BranchValue>,
    },
    /// Something was said in the conversation.
    Said {
        /// The text.
        body: String,
        /// The form shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<PostedForm>,
        /// What keeps the customer waiting, when it says only that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waiting: Option<Waiting>,
    },
    /// What was approved is not what the step would send: the approval is asked again.
    ApprovalVoided {
        /// The approval step to pass again.
        approval: StepId,
        /// What changed.
        difference: RequestDifference,
    },
    /// It is over and the token moves on.
    Completed {
        /// Which exit was taken.
        exit: Exit,
        /// The step's output, where no earlier event of this entry holds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// Variables that got new values.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        set: Map<String, Value>,
    },
    /// It failed; the token moves on to the error branch, or the run ends.
    Failed {
        /// Why.
        error: StepError,
        /// `error` when there is such a branch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<Exit>,
    },
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEvent {
    /// It is about to be made: the intent, before the request leaves.
    Requested {
        /// Idempotency key.
        key: Arc<str>,
        /// What will be sent.
        request: Arc<CallRequest>,
        /// When.
        at: Timestamp,
    },
    /// After a crash it was made again under the same key.
    Resumed,
    /// It was answered well.
    Succeeded {
        /// The answer.
        output: Value,
        /// Facts about the exchange.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        exchange: Value,
    },
    /// It failed.
    Failed {
        /// Why.
        error: StepError,
        /// Facts about the exchange.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        exchange: Value,
    },
    /// It will be made, after a pause: this attempt is to come.
    Scheduled {
        /// When.
        due: Timestamp,
    },
    /// It is being found out whether it took place.
    LookUpRequested,
    /// That was told.
    LookUpAnswered {
        /// What was found.
        found: Found,
    },
}

/// What becomes of a wait for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointEvent {
    /// The run waits.
    Opened {
        /// What for.
        opened: Opened,
        /// When the wait ends by itself.
        due: Option<Timestamp>,
        /// When the people are reminded.
        remind_at: Option<Timestamp>,
        /// When the first rung of the ladder is reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rung_at: Option<Timestamp>,
    },
    /// Nobody decided: a rung of the ladder was reached.
    Climbed {
        /// Which, from 1.
        rung: u32,
        /// What happened.
        act: RungAct,
        /// Who decides from now on, or may besides.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<String>,
        /// The policy from now on, where others decide instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        people: Option<Box<Approvers>>,
        /// When the next one is reached.
        next: Option<Timestamp>,
    },
    /// The people were reminded.
    Reminded,
    /// Nobody answered: more people may.
    Escalated {
        /// Roles added.
        roles: Vec<String>,
        /// When the second wait ends.
        due: Timestamp,
    },
    /// One of several needed approvals was given.
    ApprovalGiven {
        /// Who.
        by: Actor,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// A person changed what would be sent: earlier approvals of it count no more.
    Edited {
        /// What is shown from now on.
        opened: Opened,
        /// What they changed.
        edits: Edits,
        /// Who.
        by: Actor,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// One of several needed rejections was given.
    RejectionGiven {
        /// Who.
        by: Actor,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// The customer wrote what is no answer to the form.
    Unusable {
        /// Id of the message: the same one counts once.
        reply: String,
        /// How many there are now.
        count: u32,
        /// With how many it is over.
        of: u32,
    },
    /// It is decided, and counts in a moment unless who decided takes it back.
    Held(Box<HeldDecision>),
    /// They did: it is open as it was.
    TakenBack(Box<TakenBack>),
    /// The wait is over. Exactly one of these per opened checkpoint.
    Closed {
        /// How.
        outcome: Outcome,
        /// By whom or what.
        by: ClosedBy,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// A form's answers, or a resolved call's result.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        values: Value,
        /// Id of the standing approval it was decided by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        standing: Option<String>,
        /// When it was said, where it was held before it counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said_at: Option<Timestamp>,
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
        /// Of an approved call: the account it was approved for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
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
        /// What WhatsApp takes instead when the customer did not write within 24 hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<Box<MessageTemplate>>,
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
        requests: Arc<[GuardedRequest]>,
        /// What changed since an earlier approval that became void.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        difference: Option<RequestDifference>,
        /// The step at whose door it is asked, to which a yes leads at once: the run came there without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<StepId>,
        /// The case that holds, and who may decide in it; none where the step's own approvers do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<Box<Tier>>,
        /// Facts beside the summary.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Vec<ShownFact>,
        /// What people changed in the requests: before, and now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edited: Vec<RequestDifference>,
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
        key: Arc<str>,
        /// What was sent.
        request: Arc<CallRequest>,
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

    /// Whether the line and the facts tell what is asked: nothing was changed since an earlier yes or by a colleague, and no
    /// call is in doubt.
    #[must_use]
    pub fn is_told_in_lists(&self) -> bool {
        match self {
            Self::Approval { difference, door, edited, .. } => {
                difference.is_none() && door.is_none() && edited.is_empty()
            }
            Self::Form { .. } | Self::Handoff { .. } => true,
            Self::UnknownOutcome { .. } => false,
        }
    }

    /// SHA-256 (hex) of what is shown, as stored with the checkpoint; the order of object keys does not matter.
    #[must_use]
    pub fn shown_hash(&self) -> String {
        json_hash(&serde_json::to_value(self).unwrap_or_default())
    }

    /// What it is found by beside the case of its run: the title of its step, what is asked, its tier and the facts, a line each.
    #[must_use]
    pub fn words(&self, title: &str) -> String {
        let mut words = vec![title];
        match self {
            Self::Form { prompt, .. } => words.push(prompt),
            Self::Approval { summary, tier, facts, .. } => {
                words.push(summary);
                words.extend(tier.iter().map(|tier| tier.label.as_str()));
                words.extend(facts.iter().map(|fact| fact.value.as_str()));
            }
            Self::Handoff { team, note } => words.extend([team.as_str(), note.as_str()]),
            Self::UnknownOutcome { request, .. } => words.push(match request.as_ref() {
                CallRequest::Action { action, .. } => action,
                CallRequest::Message { to, .. } => to,
            }),
        }
        words.join("\n")
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
