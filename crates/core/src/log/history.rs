//! The log as people read it: one entry per step, with attempts, checkpoint and outcome.

use crate::{
    document::StepId,
    log::{FailureClass, StepError},
    run::{Actor, BranchValue, CallRequest, CheckpointKind, ClosedBy, EndedStatus, Event, Moved, Opened, Version},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Events that were committed together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Position in the run's log, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was decided.
    pub events: Vec<Event>,
}

/// Where a step execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// A call is under way.
    Running,
    /// It waits for a person.
    Waiting,
    /// It waits to try again.
    Retrying,
    /// It did what it was for.
    Completed,
    /// It failed.
    Failed,
    /// A person said no.
    Rejected,
    /// Nobody answered.
    TimedOut,
    /// The run was stopped here.
    Cancelled,
    /// What became of its call is not known.
    Unknown,
}

impl ExecutionStatus {
    /// The status as written in rows and the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

/// One entry of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepExecution {
    /// Ordinal of the entry in the run, from 1.
    pub visit: u32,
    /// The step.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// Its type tag.
    pub kind: String,
    /// `<connector>.<action>` of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was entered.
    pub started_at: Timestamp,
    /// When it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The exit that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// What went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables that got new values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// Every attempt of every call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptRecord>,
    /// The checkpoints it opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<CheckpointRecord>,
    /// A condition's branches as evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<BranchRecord>,
    /// What was said in the conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// The times the run was moved to another version while it waited here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<MoveRecord>,
}

/// One attempt of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRecord {
    /// Which call of the step.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
    /// Idempotency key.
    pub key: String,
    /// What was sent.
    pub request: Value,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was made.
    pub started_at: Timestamp,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// Facts about the exchange: method, address, status, duration.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub exchange: Value,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// One wait for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointRecord {
    /// The checkpoint's id.
    pub id: String,
    /// What for.
    pub kind: CheckpointKind,
    /// What the person was shown.
    pub shown: Value,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Approvals given so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Actor>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// By whom or what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<ClosedBy>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// The run was moved to another version while it waited here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoveRecord {
    /// The version it was on.
    pub from: u32,
    /// The version it went on with.
    pub to: u32,
    /// Whether this took back the move before.
    pub undo: bool,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// One branch of a condition as it was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BranchRecord {
    /// The expression.
    pub when: String,
    /// Its value; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether it counts as true.
    pub held: bool,
}

/// Folds a run's log into its step executions, in the order they were entered.
#[must_use]
pub fn history(version: &Version, log: &[LogEntry]) -> Vec<StepExecution> {
    history_across(version, &|_| None, log)
}

/// As [`history`], for a run that was moved: `find` knows its versions, `version` stands in for those it does not.
#[must_use]
pub fn history_across<'a>(
    version: &'a Version,
    find: &'a dyn Fn(u32) -> Option<&'a Version>,
    log: &[LogEntry],
) -> Vec<StepExecution> {
    let mut history = History { version, find, run: String::new(), executions: Vec::new() };
    for entry in log {
        for event in &entry.events {
            history.take(event, entry.at);
        }
    }
    history.executions
}

struct History<'a> {
    version: &'a Version,
    find: &'a dyn Fn(u32) -> Option<&'a Version>,
    run: String,
    executions: Vec<StepExecution>,
}

impl History<'_> {
    fn take(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::RunStarted { start, .. } => {
                self.run.clone_from(&start.run);
                self.version = (self.find)(start.version).unwrap_or(self.version);
            }
            Event::RunMoved { moved, .. } => self.moved(moved, at),
            Event::StepEntered { visit, step, .. } => self.entered(*visit, step, at),
            Event::CallRequested { call, attempt, key, request, .. } => {
                self.requested(
                    AttemptRecord {
                        call: *call,
                        attempt: *attempt,
                        key: key.clone(),
                        request: serde_json::to_value(request).unwrap_or_default(),
                        status: ExecutionStatus::Running,
                        started_at: at,
                        ended_at: None,
                        output: None,
                        error: None,
                        exchange: Value::Null,
                        retry_at: None,
                    },
                    request,
                );
            }
            Event::CallSucceeded { output, exchange, .. } => self.succeeded(output, exchange, at),
            Event::CallFailed { error, exchange, .. } => self.call_failed(error, exchange, at),
            Event::RetryScheduled { due, .. } => self.current(|execution| {
                execution.status = ExecutionStatus::Retrying;
                if let Some(attempt) = execution.attempts.last_mut() {
                    attempt.retry_at = Some(*due);
                }
            }),
            Event::CheckpointOpened { visit, opened, due, .. } => self.opened(*visit, opened, *due, at),
            Event::CheckpointEscalated { due, .. } => self.checkpoint(|checkpoint| checkpoint.due_at = Some(*due)),
            Event::ApprovalGiven { by, .. } => self.checkpoint(|checkpoint| checkpoint.given.push(by.clone())),
            Event::CheckpointClosed { outcome, by, comment, values, .. } => {
                self.closed(outcome, by, comment, values, at);
            }
            Event::ConditionEvaluated { branches, .. } => self.current(|execution| {
                execution.branches = branches.iter().map(branch_record).collect();
            }),
            Event::MessagePosted { body, .. } => self.current(|execution| execution.messages.push(body.clone())),
            Event::StepCompleted { exit, output, set, .. } => self.completed(exit, output.as_ref(), set, at),
            Event::StepFailed { error, exit, .. } => self.current(|execution| {
                execution.status = ExecutionStatus::Failed;
                execution.error = Some(error.clone());
                execution.exit.clone_from(exit);
                execution.ended_at = Some(at);
            }),
            Event::ApprovalVoided { approval, .. } => self.current(|execution| {
                execution.status = ExecutionStatus::Rejected;
                execution.exit = Some(format!("asked again: {approval}"));
                execution.ended_at = Some(at);
            }),
            Event::RunEnded { status, .. } => self.ended(*status, at),
            Event::CallResumed { .. }
            | Event::LookUpRequested { .. }
            | Event::LookUpAnswered { .. }
            | Event::CheckpointReminded { .. }
            | Event::CancelRequested { .. }
            | Event::RunReopened { .. }
            | Event::RunContinued { .. } => {}
        }
    }

    fn current(&mut self, change: impl FnOnce(&mut StepExecution)) {
        if let Some(execution) = self.executions.last_mut() {
            change(execution);
        }
    }

    fn checkpoint(&mut self, change: impl FnOnce(&mut CheckpointRecord)) {
        self.current(|execution| {
            if let Some(checkpoint) = execution.checkpoints.last_mut() {
                change(checkpoint);
            }
        });
    }

    fn moved(&mut self, moved: &Moved, at: Timestamp) {
        self.version = (self.find)(moved.to).unwrap_or(self.version);
        let record = MoveRecord { from: moved.from, to: moved.to, undo: moved.undo, by: moved.by.clone(), at };
        self.current(|execution| execution.moves.push(record));
    }

    fn entered(&mut self, visit: u32, step: &str, at: Timestamp) {
        let kind = self.version.workflow().steps.get(step).map_or("", |step| step.kind.tag());
        self.executions.push(StepExecution {
            visit,
            step: step.to_owned(),
            title: self.version.title(step).to_owned(),
            kind: kind.to_owned(),
            action: None,
            status: ExecutionStatus::Running,
            started_at: at,
            ended_at: None,
            exit: None,
            input: None,
            output: None,
            set: Map::new(),
            error: None,
            attempts: Vec::new(),
            checkpoints: Vec::new(),
            branches: Vec::new(),
            messages: Vec::new(),
            moves: Vec::new(),
        });
    }

    fn requested(&mut self, record: AttemptRecord, request: &CallRequest) {
        self.current(|execution| {
            execution.status = ExecutionStatus::Running;
            if let CallRequest::Action { action, input, .. } = request {
                execution.action = Some(action.clone());
                execution.input = Some(input.clone());
            }
            execution.attempts.push(record);
        });
    }

    fn succeeded(&mut self, output: &Value, exchange: &Value, at: Timestamp) {
        self.current(|execution| {
            execution.output = Some(output.clone());
            if let Some(attempt) = execution.attempts.last_mut() {
                attempt.output = Some(output.clone());
                attempt.exchange = exchange.clone();
                attempt.status = ExecutionStatus::Completed;
                attempt.ended_at = Some(at);
            }
        });
    }

    fn call_failed(&mut self, error: &StepError, exchange: &Value, at: Timestamp) {
        self.current(|execution| {
            if let Some(attempt) = execution.attempts.last_mut() {
                attempt.error = Some(error.clone());
                attempt.exchange = exchange.clone();
                attempt.status = match error.class {
                    FailureClass::Unknown => ExecutionStatus::Unknown,
                    FailureClass::Retryable | FailureClass::Fatal => ExecutionStatus::Failed,
                };
                attempt.ended_at = Some(at);
            }
        });
    }

    fn opened(&mut self, visit: u32, opened: &Opened, due_at: Option<Timestamp>, at: Timestamp) {
        let id = opened.checkpoint_id(&self.run, visit);
        self.current(|execution| {
            execution.status = match opened.kind() {
                CheckpointKind::UnknownOutcome => ExecutionStatus::Unknown,
                CheckpointKind::Form | CheckpointKind::Approval | CheckpointKind::Handoff => ExecutionStatus::Waiting,
            };
            execution.checkpoints.push(CheckpointRecord {
                id,
                kind: opened.kind(),
                shown: serde_json::to_value(opened).unwrap_or_default(),
                opened_at: at,
                due_at,
                given: Vec::new(),
                outcome: None,
                closed_by: None,
                closed_at: None,
                comment: String::new(),
            });
        });
    }

    fn closed(&mut self, outcome: &str, by: &ClosedBy, comment: &str, values: &Value, at: Timestamp) {
        self.current(|execution| {
            execution.status = match (outcome, by) {
                (_, ClosedBy::Cancel) => ExecutionStatus::Cancelled,
                (_, ClosedBy::Timeout) => ExecutionStatus::TimedOut,
                ("rejected", ClosedBy::Person { .. }) => ExecutionStatus::Rejected,
                (_, ClosedBy::Person { .. }) => ExecutionStatus::Completed,
            };
            if !values.is_null() {
                execution.output = Some(values.clone());
            }
            if let Some(checkpoint) = execution.checkpoints.last_mut() {
                checkpoint.outcome = Some(outcome.to_owned());
                checkpoint.closed_by = Some(by.clone());
                checkpoint.closed_at = Some(at);
                checkpoint.comment = comment.to_owned();
            }
        });
    }

    fn completed(&mut self, exit: &str, output: Option<&Value>, set: &Map<String, Value>, at: Timestamp) {
        self.current(|execution| {
            // A rejection or a timeout is a completed step with another word for how.
            if !matches!(execution.status, ExecutionStatus::Rejected | ExecutionStatus::TimedOut) {
                execution.status = ExecutionStatus::Completed;
            }
            execution.exit = Some(exit.to_owned());
            if let Some(output) = output {
                execution.output = Some(output.clone());
            }
            execution.set.clone_from(set);
            execution.ended_at = Some(at);
        });
    }

    fn ended(&mut self, status: EndedStatus, at: Timestamp) {
        self.current(|execution| {
            if execution.ended_at.is_none() {
                execution.ended_at = Some(at);
                execution.status = match status {
                    EndedStatus::Cancelled => ExecutionStatus::Cancelled,
                    EndedStatus::Failed => ExecutionStatus::Failed,
                    EndedStatus::Completed | EndedStatus::Rejected => ExecutionStatus::Completed,
                };
            }
        });
    }
}

fn branch_record(branch: &BranchValue) -> BranchRecord {
    BranchRecord { when: branch.when.clone(), value: branch.value.clone(), held: branch.held }
}
