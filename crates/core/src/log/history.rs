//! The log as people read it: one entry per step, with attempts, checkpoint and outcome.

use crate::{
    document::{Exit, StepId},
    log::{FailureClass, StepError},
    run::{
        Actor, BranchValue, CallEvent, CallId, CallRequest, CheckpointEvent, CheckpointKind, ClosedBy, EndedStatus,
        Event, Found, HeldDecision, Moved, Opened, Outcome, Resolution, RunEvent, StepEvent, Verdict, Version,
    },
    time::Timestamp,
    words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

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

words! {
    /// Where a step execution or an attempt stands.
    #[derive(JsonSchema, ToSchema)]
    pub enum ExecutionStatus {
        /// A call is under way.
        Running = "running",
        /// It waits for a person.
        Waiting = "waiting",
        /// It waits to try again.
        Retrying = "retrying",
        /// It did what it was for.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// A person said no.
        Rejected = "rejected",
        /// Nobody answered.
        TimedOut = "timed_out",
        /// The run was stopped here.
        Cancelled = "cancelled",
        /// What became of its call is not known.
        Unknown = "unknown",
    }
}

/// One entry of one step.
#[derive(Debug, Clone, PartialEq)]
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
    pub action: Option<String>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was entered.
    pub started_at: Timestamp,
    /// When it was left.
    pub ended_at: Option<Timestamp>,
    /// The exit that was taken.
    pub exit: Option<String>,
    /// What went in.
    pub input: Option<Value>,
    /// What came out.
    pub output: Option<Value>,
    /// Variables that got new values.
    pub set: Map<String, Value>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// Every attempt of every call.
    pub attempts: Vec<AttemptRecord>,
    /// The checkpoints it opened.
    pub checkpoints: Vec<CheckpointRecord>,
    /// A condition's branches as evaluated.
    pub branches: Vec<BranchRecord>,
    /// What was said in the conversation.
    pub messages: Vec<String>,
    /// The times the run was moved to another version while it waited here.
    pub moves: Vec<MoveRecord>,
}

impl StepExecution {
    /// The actions it called, over which connection and with what, each call once.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (&str, Option<&str>, &Value)> {
        self.attempts.iter().filter(|attempt| attempt.attempt == 1).filter_map(|attempt| {
            match attempt.request.as_ref() {
                CallRequest::Action { action, connection, input, .. } => {
                    Some((action.as_str(), connection.as_deref(), input))
                }
                CallRequest::Message { .. } => None,
            }
        })
    }
}

/// One attempt of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// Which call of the step.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
    /// Idempotency key.
    pub key: String,
    /// What was sent.
    pub request: Arc<CallRequest>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was made.
    pub started_at: Timestamp,
    /// When it was sent last, be it again after a crash.
    pub sent_at: Timestamp,
    /// Whether it may have taken place though no answer says so.
    pub in_doubt: bool,
    /// When it was answered.
    pub ended_at: Option<Timestamp>,
    /// What came back.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// Facts about the exchange: method, address, status, duration.
    pub exchange: Value,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// How it was found out whether it took place, last.
    pub look_up: Option<LookUpRecord>,
}

/// The other side was asked whether a call took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUpRecord {
    /// When.
    pub asked_at: Timestamp,
    /// What was told, and when.
    pub answer: Option<(Found, Timestamp)>,
}

/// One wait for a person.
#[derive(Debug, Clone, PartialEq)]
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
    pub due_at: Option<Timestamp>,
    /// Approvals given so far.
    pub given: Vec<Actor>,
    /// The same with their words and times.
    pub approvals: Vec<GivenRecord>,
    /// Rejections given so far, where one is not enough.
    pub rejections: Vec<GivenRecord>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// By whom or what.
    pub closed_by: Option<ClosedBy>,
    /// When.
    pub closed_at: Option<Timestamp>,
    /// Their words.
    pub comment: String,
    /// A form's answers, or a resolved call's result.
    pub values: Value,
    /// The decision that is held, while it can be taken back.
    pub held: Option<HeldDecision>,
    /// Decisions that were taken back.
    pub taken_back: Vec<TakenBackRecord>,
}

/// A decision that was taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenBackRecord {
    /// How it was.
    pub verdict: Verdict,
    /// Who took it, and took it back.
    pub by: Actor,
    /// When they had said it.
    pub said_at: Timestamp,
    /// When they took it back.
    pub at: Timestamp,
}

/// One of several needed approvals or rejections.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenRecord {
    /// Who.
    pub by: Actor,
    /// Their words.
    pub comment: String,
    /// When.
    pub at: Timestamp,
}

/// The run was moved to another version while it waited here.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
pub struct BranchRecord {
    /// The expression.
    pub when: String,
    /// Its value; absent for nothing.
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
            Event::Run(what) => self.run(what, at),
            Event::Step { visit, what } => self.step(*visit, what, at),
            Event::Call { id, what } => self.call(*id, what, at),
            Event::Checkpoint { visit, what } => self.waits(*visit, what, at),
        }
    }

    fn run(&mut self, event: &RunEvent, at: Timestamp) {
        match event {
            RunEvent::Started { start, .. } => {
                self.run.clone_from(&start.run);
                self.version = (self.find)(start.version).unwrap_or(self.version);
            }
            RunEvent::Moved { moved, .. } => self.moved(moved, at),
            RunEvent::Ended { status, .. } => self.ended(*status, at),
            RunEvent::CancelRequested { .. }
            | RunEvent::Reopened { .. }
            | RunEvent::Continued { .. }
            | RunEvent::CustomerProven { .. } => {}
        }
    }

    fn step(&mut self, visit: u32, event: &StepEvent, at: Timestamp) {
        match event {
            StepEvent::Entered { step, .. } => self.entered(visit, step, at),
            StepEvent::Evaluated { branches } => self.current(|execution| {
                execution.branches = branches.iter().map(branch_record).collect();
            }),
            StepEvent::Said { body, .. } => self.current(|execution| execution.messages.push(body.clone())),
            StepEvent::Completed { exit, output, set } => self.completed(exit, output.as_ref(), set, at),
            StepEvent::Failed { error, exit } => self.current(|execution| {
                execution.status = ExecutionStatus::Failed;
                execution.error = Some(error.clone());
                execution.exit = exit.as_ref().map(ToString::to_string);
                execution.ended_at = Some(at);
            }),
            StepEvent::ApprovalVoided { approval, .. } => self.current(|execution| {
                execution.status = ExecutionStatus::Rejected;
                execution.exit = Some(format!("asked again: {approval}"));
                execution.ended_at = Some(at);
            }),
        }
    }

    fn call(&mut self, id: CallId, event: &CallEvent, at: Timestamp) {
        match event {
            CallEvent::Requested { key, request, .. } => self.requested(AttemptRecord {
                call: id.call,
                attempt: id.attempt,
                key: key.to_string(),
                request: Arc::clone(request),
                status: ExecutionStatus::Running,
                started_at: at,
                sent_at: at,
                ended_at: None,
                output: None,
                error: None,
                exchange: Value::Null,
                retry_at: None,
                in_doubt: false,
                look_up: None,
            }),
            CallEvent::Resumed => self.attempt(|attempt| (attempt.sent_at, attempt.in_doubt) = (at, true)),
            CallEvent::Succeeded { output, exchange } => self.succeeded(output, exchange, at),
            CallEvent::Failed { error, exchange } => self.call_failed(error, exchange, at),
            CallEvent::Scheduled { due } => {
                self.current(|execution| execution.status = ExecutionStatus::Retrying);
                self.attempt(|attempt| attempt.retry_at = Some(*due));
            }
            CallEvent::LookUpRequested => {
                self.attempt(|attempt| attempt.look_up = Some(LookUpRecord { asked_at: at, answer: None }));
            }
            CallEvent::LookUpAnswered { found } => self.looked_up(id, *found, at),
        }
    }

    fn looked_up(&mut self, id: CallId, found: Found, at: Timestamp) {
        self.attempt(|attempt| {
            if let Some(look_up) = &mut attempt.look_up {
                look_up.answer = Some((found, at));
            }
        });
        if found == Found::DidNotHappen {
            self.current(|execution| {
                let of_call = execution.attempts.iter_mut().filter(|attempt| attempt.call == id.call);
                of_call.for_each(|attempt| attempt.in_doubt = false);
            });
        }
    }

    fn waits(&mut self, visit: u32, event: &CheckpointEvent, at: Timestamp) {
        match event {
            CheckpointEvent::Opened { opened, due, .. } => self.opened(visit, opened, *due, at),
            CheckpointEvent::Reminded | CheckpointEvent::Climbed { .. } | CheckpointEvent::Unusable { .. } => {}
            CheckpointEvent::Escalated { due, .. } => self.checkpoint(|checkpoint| checkpoint.due_at = Some(*due)),
            CheckpointEvent::ApprovalGiven { by, comment } => self.checkpoint(|checkpoint| {
                checkpoint.given.push(by.clone());
                checkpoint.approvals.push(GivenRecord { by: by.clone(), comment: comment.clone(), at });
            }),
            // Who approved the earlier request did not approve this one.
            CheckpointEvent::Edited { opened, .. } => self.checkpoint(|checkpoint| {
                checkpoint.given.clear();
                checkpoint.approvals.clear();
                checkpoint.shown = serde_json::to_value(opened).unwrap_or_default();
            }),
            CheckpointEvent::RejectionGiven { by, comment } => self.checkpoint(|checkpoint| {
                checkpoint.rejections.push(GivenRecord { by: by.clone(), comment: comment.clone(), at });
            }),
            CheckpointEvent::Held(said) => self.checkpoint(|checkpoint| checkpoint.held = Some(said.as_ref().clone())),
            CheckpointEvent::TakenBack(back) => self.checkpoint(|checkpoint| {
                let (verdict, by, said_at) = (back.verdict, back.by.clone(), back.said_at);
                checkpoint.taken_back.push(TakenBackRecord { verdict, by, said_at, at });
                checkpoint.held = None;
            }),
            CheckpointEvent::Closed { outcome, by, comment, values, .. } => {
                self.closed(outcome, by, comment, values, at)
            }
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

    fn attempt(&mut self, change: impl FnOnce(&mut AttemptRecord)) {
        self.current(|execution| {
            if let Some(attempt) = execution.attempts.last_mut() {
                change(attempt);
            }
        });
    }

    fn requested(&mut self, record: AttemptRecord) {
        self.current(|execution| {
            execution.status = ExecutionStatus::Running;
            if let CallRequest::Action { action, input, .. } = record.request.as_ref() {
                execution.action = Some(action.clone());
                execution.input = Some(input.clone());
            }
            // Put off before it was sent: the same attempt again.
            let put_off = |last: &&mut AttemptRecord| {
                (last.call, last.attempt) == (record.call, record.attempt) && last.ended_at.is_none()
            };
            match execution.attempts.last_mut().filter(put_off) {
                Some(last) => *last = record,
                None => execution.attempts.push(record),
            }
        });
    }

    fn succeeded(&mut self, output: &Value, exchange: &Value, at: Timestamp) {
        self.current(|execution| execution.output = Some(output.clone()));
        self.attempt(|attempt| {
            attempt.output = Some(output.clone());
            attempt.exchange = exchange.clone();
            attempt.status = ExecutionStatus::Completed;
            attempt.ended_at = Some(at);
        });
    }

    fn call_failed(&mut self, error: &StepError, exchange: &Value, at: Timestamp) {
        self.attempt(|attempt| {
            attempt.error = Some(error.clone());
            attempt.exchange = exchange.clone();
            attempt.status = match error.class {
                FailureClass::Unknown => ExecutionStatus::Unknown,
                FailureClass::Retryable | FailureClass::Fatal => ExecutionStatus::Failed,
            };
            attempt.in_doubt |= error.class == FailureClass::Unknown;
            attempt.ended_at = Some(at);
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
                approvals: Vec::new(),
                rejections: Vec::new(),
                outcome: None,
                closed_by: None,
                closed_at: None,
                comment: String::new(),
                values: Value::Null,
                held: None,
                taken_back: Vec::new(),
            });
        });
    }

    fn closed(&mut self, outcome: &Outcome, by: &ClosedBy, comment: &str, values: &Value, at: Timestamp) {
        self.current(|execution| {
            execution.status = match (outcome, by) {
                (_, ClosedBy::Cancel) => ExecutionStatus::Cancelled,
                (_, ClosedBy::Timeout) => ExecutionStatus::TimedOut,
                (Outcome::Decided(Verdict::Rejected), ClosedBy::Person { .. }) => ExecutionStatus::Rejected,
                (_, ClosedBy::Person { .. }) => ExecutionStatus::Completed,
            };
            if *outcome == Outcome::Resolved(Resolution::NotHappened) {
                execution.attempts.iter_mut().for_each(|attempt| attempt.in_doubt = false);
            }
            if !values.is_null() {
                execution.output = Some(values.clone());
            }
            if let Some(checkpoint) = execution.checkpoints.last_mut() {
                checkpoint.outcome = Some(outcome.clone());
                checkpoint.closed_by = Some(by.clone());
                checkpoint.closed_at = Some(at);
                checkpoint.comment = comment.to_owned();
                checkpoint.values = values.clone();
                checkpoint.held = None;
            }
        });
    }

    fn completed(&mut self, exit: &Exit, output: Option<&Value>, set: &Map<String, Value>, at: Timestamp) {
        self.current(|execution| {
            // A rejection or a timeout is a completed step with another word for how.
            if !matches!(execution.status, ExecutionStatus::Rejected | ExecutionStatus::TimedOut) {
                execution.status = ExecutionStatus::Completed;
            }
            execution.exit = Some(exit.to_string());
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
