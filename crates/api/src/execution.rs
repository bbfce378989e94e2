//! Step executions: the cards of a run.

use crate::{CheckpointKind, CheckpointStatus, DecidedBy};
pub use countersign_core::log::{ExecutionStatus, FailureClass};
pub use countersign_core::run::Found;
use countersign_core::{document, log, run};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

// Not the core's own: the hint goes with it, and `details` is always told.
/// Why a call or a step failed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepError {
    /// What it allows.
    pub class: FailureClass,
    /// Stable short name.
    pub code: String,
    /// For people.
    pub message: String,
    /// Whatever the other side said, without secrets.
    pub details: Value,
    /// What usually is behind it.
    pub cause: String,
    /// What to do about it.
    pub help: String,
}

impl From<log::StepError> for StepError {
    fn from(error: log::StepError) -> Self {
        let hint = log::hint_for(&error);
        Self {
            class: error.class,
            cause: hint.cause.to_owned(),
            help: hint.help.to_owned(),
            code: error.code,
            message: error.message,
            details: error.details,
        }
    }
}

// Not the core's own: what is kept of an approved call's account is nobody's business, and every field is told.
/// What a call sends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallRequest {
    /// A connector action.
    Action {
        /// `<connector>.<action>`.
        action: String,
        /// Named connection.
        #[serde(default)]
        connection: Option<String>,
        /// Rendered input.
        input: Value,
    },
    /// A message.
    Message {
        /// Over which channel.
        channel: String,
        /// Address.
        to: String,
        /// Subject, for e-mail.
        #[serde(default)]
        subject: String,
        /// The text.
        body: String,
        /// What is sent instead of the text over WhatsApp when the customer did not write there within 24 hours.
        #[serde(default)]
        template: Option<MessageTemplate>,
    },
}

// Not the core's own: every field is told.
/// A message that WhatsApp approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageTemplate {
    /// Its name at WhatsApp.
    pub name: String,
    /// Its language there.
    pub language: String,
    /// What stands for `{{1}}`, `{{2}}` … of its body.
    pub parameters: Vec<String>,
}

impl From<document::MessageTemplate> for MessageTemplate {
    fn from(template: document::MessageTemplate) -> Self {
        let document::MessageTemplate { name, language, parameters } = template;
        Self { name, language, parameters }
    }
}

impl From<run::CallRequest> for CallRequest {
    fn from(request: run::CallRequest) -> Self {
        match request {
            run::CallRequest::Action { action, connection, input, .. } => Self::Action { action, connection, input },
            run::CallRequest::Message { channel, to, subject, body, template } => {
                let template = template.map(|template| (*template).into());
                Self::Message { channel: channel.tag().to_owned(), to, subject, body, template }
            }
        }
    }
}

/// One attempt of one call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Which call of the step.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
    /// When it was made.
    pub started_at: i64,
    /// When it was answered.
    pub ended_at: Option<i64>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// Idempotency key: the same on every attempt.
    pub key: String,
    /// What was sent.
    pub request: Option<CallRequest>,
    /// What came back.
    pub output: Value,
    /// Facts about the exchange: method, address, status, duration.
    pub exchange: Value,
    /// Why it failed.
    pub error: Option<StepError>,
    /// When it is tried again.
    pub retry_at: Option<i64>,
    /// How it was found out whether it took place, last; nothing where that was not asked.
    pub look_up: Option<LookUp>,
}

/// The other side was asked whether a call took place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LookUp {
    /// When.
    pub asked_at: i64,
    /// What was told; nothing while no answer came.
    pub found: Option<Found>,
    /// When that was told.
    pub answered_at: Option<i64>,
}

impl From<log::LookUpRecord> for LookUp {
    fn from(record: log::LookUpRecord) -> Self {
        Self {
            asked_at: record.asked_at.0,
            found: record.answer.map(|(found, _)| found),
            answered_at: record.answer.map(|(_, at)| at.0),
        }
    }
}

impl From<log::AttemptRecord> for Attempt {
    fn from(record: log::AttemptRecord) -> Self {
        Self {
            call: record.call,
            attempt: record.attempt,
            started_at: record.started_at.0,
            ended_at: record.ended_at.map(|at| at.0),
            status: record.status,
            key: record.key,
            request: Some(run::CallRequest::clone(&record.request).into()),
            output: record.output.unwrap_or_default(),
            exchange: record.exchange,
            error: record.error.map(Into::into),
            retry_at: record.retry_at.map(|at| at.0),
            look_up: record.look_up.map(Into::into),
        }
    }
}

/// A wait for a person inside a step execution.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepCheckpoint {
    /// Id.
    pub id: String,
    /// Why the run waits.
    pub kind: CheckpointKind,
    /// Whether it still waits.
    pub status: CheckpointStatus,
    /// When it was opened.
    pub opened_at: i64,
    /// When it ends by itself.
    pub due_at: Option<i64>,
    /// How it ended.
    pub outcome: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
    /// By whom or what.
    pub decided_by: Option<DecidedBy>,
    /// Their words.
    pub comment: Option<String>,
    /// Names of those who approved, while more are needed.
    pub given: Vec<String>,
    /// What the person was shown.
    pub saw: Value,
}

impl From<log::CheckpointRecord> for StepCheckpoint {
    fn from(record: log::CheckpointRecord) -> Self {
        let open = record.closed_by.is_none();
        Self {
            id: record.id,
            kind: record.kind,
            status: if open { CheckpointStatus::Open } else { CheckpointStatus::Decided },
            opened_at: record.opened_at.0,
            due_at: record.due_at.map(|at| at.0),
            outcome: record.outcome.map(|outcome| outcome.word().to_owned()),
            decided_at: record.closed_at.map(|at| at.0),
            decided_by: record.closed_by.as_ref().map(super::closed_by),
            comment: Some(record.comment).filter(|comment| !comment.is_empty()),
            given: record.given.into_iter().map(|actor| actor.name).collect(),
            saw: record.shown,
        }
    }
}

/// One branch of a condition as it was evaluated.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BranchRecord {
    /// The expression.
    pub when: String,
    /// Its value; null for nothing.
    pub value: Value,
    /// Whether it counts as true.
    pub held: bool,
}

/// A condition as it was evaluated.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConditionRecord {
    /// Each branch tried.
    pub branches: Vec<BranchRecord>,
}

/// A message a step sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SentMessage {
    /// Over which channel.
    pub channel: String,
    /// Address.
    pub to: String,
    /// Subject, for e-mail.
    pub subject: String,
    /// The text.
    pub body: String,
    /// What was to be sent instead of the text where WhatsApp takes only what it approved.
    pub template: Option<MessageTemplate>,
    /// Where it stands.
    pub status: ExecutionStatus,
}

/// What a `notify` step sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotifyRecord {
    /// One for each channel, the last attempt of each.
    pub messages: Vec<SentMessage>,
}

/// One entry of one step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepExecution {
    /// Ordinal of the entry in the run, from 1.
    pub visit: u32,
    /// The step.
    pub step: String,
    /// Its type tag.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// `<connector>.<action>` of a call.
    pub action: Option<String>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was entered.
    pub started_at: i64,
    /// When it was left.
    pub ended_at: Option<i64>,
    /// Milliseconds between the two.
    pub duration_ms: Option<i64>,
    /// The exit that was taken.
    pub branch: Option<String>,
    /// What went in.
    pub input: Value,
    /// What came out.
    pub output: Value,
    /// Variables that got new values.
    pub set: Map<String, Value>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// Every attempt of every call.
    pub attempts: Vec<Attempt>,
    /// The checkpoint it opened last.
    pub checkpoint: Option<StepCheckpoint>,
    /// The checkpoints it opened before.
    pub earlier_checkpoints: Vec<StepCheckpoint>,
    /// A condition's branches as evaluated.
    pub condition: Option<ConditionRecord>,
    /// What a `notify` step sent.
    pub notify: Option<NotifyRecord>,
    /// What was said in the conversation.
    pub messages: Vec<String>,
    /// The times the run was moved to another version while it waited here.
    pub moves: Vec<MoveRecord>,
}

/// The run was moved to another version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveRecord {
    /// The version it was on.
    pub from: u32,
    /// The version it went on with.
    pub to: u32,
    /// Whether this took back the move before.
    pub undo: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: i64,
}

impl From<log::MoveRecord> for MoveRecord {
    fn from(record: log::MoveRecord) -> Self {
        let log::MoveRecord { from, to, undo, by, at } = record;
        Self { from, to, undo, by: by.name, at: at.0 }
    }
}

impl From<log::StepExecution> for StepExecution {
    fn from(execution: log::StepExecution) -> Self {
        let attempts: Vec<Attempt> = execution.attempts.into_iter().map(Into::into).collect();
        let mut checkpoints: Vec<StepCheckpoint> = execution.checkpoints.into_iter().map(Into::into).collect();
        let condition = (execution.kind == "condition").then(|| ConditionRecord {
            branches: execution
                .branches
                .into_iter()
                .map(|branch| BranchRecord {
                    when: branch.when,
                    value: branch.value.unwrap_or_default(),
                    held: branch.held,
                })
                .collect(),
        });
        Self {
            visit: execution.visit,
            step: execution.step,
            notify: (execution.kind == "notify").then(|| NotifyRecord { messages: sent(&attempts) }),
            kind: execution.kind,
            title: execution.title,
            action: execution.action,
            status: execution.status,
            started_at: execution.started_at.0,
            ended_at: execution.ended_at.map(|at| at.0),
            duration_ms: execution.ended_at.map(|at| at.0.saturating_sub(execution.started_at.0)),
            branch: execution.exit,
            input: execution.input.unwrap_or_default(),
            output: execution.output.unwrap_or_default(),
            set: execution.set,
            error: execution.error.map(Into::into),
            attempts,
            checkpoint: checkpoints.pop(),
            earlier_checkpoints: checkpoints,
            condition,
            messages: execution.messages,
            moves: execution.moves.into_iter().map(Into::into).collect(),
        }
    }
}

/// The last attempt of each call that is a message.
fn sent(attempts: &[Attempt]) -> Vec<SentMessage> {
    let last = |attempt: &&Attempt| {
        !attempts.iter().any(|other| other.call == attempt.call && other.attempt > attempt.attempt)
    };
    let message = |attempt: &Attempt| match &attempt.request {
        // What was said in the conversation is among the step's words.
        Some(CallRequest::Message { channel, .. })
            if channel == "conversation" && attempt.status == ExecutionStatus::Completed =>
        {
            None
        }
        Some(CallRequest::Message { channel, to, subject, body, template }) => Some(SentMessage {
            channel: channel.clone(),
            to: to.clone(),
            subject: subject.clone(),
            body: body.clone(),
            template: template.clone(),
            status: attempt.status,
        }),
        Some(CallRequest::Action { .. }) | None => None,
    };
    attempts.iter().filter(last).filter_map(message).collect()
}
