//! From a decision to the rows that are written with it.

mod checkpoints;

use crate::EngineError;
use countersign_core::{
    document::Exit,
    log::{ExecutionStatus, FailureClass, StepError},
    run::{
        Actor, CallEvent, CallId, Event, Moved, Place, RunEvent, RunState, RunStatus, StepEvent, Version, Via,
        WaitingFor,
    },
    time::Timestamp,
};
use countersign_store::{
    Author, CheckpointChange, Commit, ConversationStatus, NewAudit, NewMessage, RunRow, StepExecutionRow,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a commit is made from.
pub struct Facts<'a> {
    /// The run's row before the decision.
    pub before: &'a RunRow,
    /// Where it stood then, by its state.
    pub stood: &'a Stood,
    /// The version it runs on.
    pub version: &'a Version,
    /// The run's state after the decision.
    pub after: &'a RunState,
    /// What was decided.
    pub events: &'a [Event],
    /// When, milliseconds since the Unix epoch.
    pub at: i64,
    /// The process that decided.
    pub node: &'a str,
    /// The customer that was proven, where one was.
    pub proven: Option<&'a str>,
    /// What the run is about, where that is told anew.
    pub case: Option<String>,
}

/// Where a run stands, by its state: the step entry, call and checkpoint that what is decided next belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stood {
    place: Option<Place>,
    /// When the attempt was made that is under way, in doubt or to be followed by another.
    requested_at: Option<Timestamp>,
    checkpoint: Option<String>,
    /// SHA-256 (hex) of what that checkpoint shows.
    shown: String,
    status: RunStatus,
    waiting_for: Option<WaitingFor>,
    wake_at: Option<Timestamp>,
}

impl Stood {
    /// By this state.
    #[must_use]
    pub fn of(state: &RunState) -> Self {
        let (status, waiting_for) = state.phase.standing();
        Self {
            place: state.place().cloned(),
            requested_at: state.phase.call().map(|calling| calling.requested_at),
            checkpoint: state.open_checkpoint(),
            shown: state.shown.clone(),
            status,
            waiting_for,
            wake_at: state.wake_at(),
        }
    }

    /// The checkpoint that was open.
    pub(crate) fn checkpoint(&self) -> Option<&String> {
        self.checkpoint.as_ref()
    }

    /// Whether a row says the same: it is of the same `seq`.
    #[must_use]
    pub fn is_of(&self, row: &RunRow) -> bool {
        self.status == row.status
            && self.waiting_for == row.waiting_for
            && self.place.as_ref().map(|place| &place.step) == row.step.as_ref()
            && self.wake_at.map(|at| at.0) == row.wake_at
    }
}

/// The commit of a decision.
///
/// # Errors
/// `Corrupt` when the events cannot be written down.
pub fn commit(facts: &Facts<'_>) -> Result<Commit, EngineError> {
    debug_assert!(
        facts.before.seq == 0 || facts.stood.is_of(facts.before),
        "decided on a row and a state that are not of one seq: {:?} and {:?}",
        facts.before,
        facts.stood
    );
    let events = serde_json::to_string(facts.events)
        .map_err(|error| EngineError::Corrupt(format!("events cannot be written: {error}")))?;
    let mut projection = Projection {
        facts,
        place: facts.stood.place.clone(),
        requested_at: facts.stood.requested_at,
        answered: None,
        shown: facts.stood.shown.clone(),
        commit: empty(facts, events),
    };
    for event in facts.events {
        projection.take(event);
    }
    projection.asks();
    projection.found();
    let failed = |row: &RunRow| row.status == RunStatus::Failed;
    projection.commit.alert =
        failed(&projection.commit.run) && !failed(facts.before) && facts.version.workflow().alerts.is_some();
    Ok(projection.commit)
}

fn empty(facts: &Facts<'_>, events: String) -> Commit {
    Commit {
        workspace: facts.before.workspace.clone(),
        run_id: facts.before.id.clone(),
        expected_seq: facts.before.seq,
        at: facts.at,
        events,
        run: run_row(facts),
        step_executions: Vec::new(),
        checkpoints: Vec::new(),
        messages: Vec::new(),
        proven: facts.proven.map(str::to_owned),
        conversation_status: None,
        audit: Vec::new(),
        pointed: None,
        inbound: None,
        wanted_by: None,
        outbound: Vec::new(),
        alert: false,
        idempotency: None,
    }
}

fn run_row(facts: &Facts<'_>) -> RunRow {
    let (status, waiting_for) = facts.after.phase.standing();
    let step = facts.after.place().map(|place| place.step.clone());
    let kind = step.as_ref().and_then(|step| facts.version.workflow().steps.get(step)).map(|step| step.kind.tag());
    let ended = facts.after.ended();
    let error = ended.and_then(|ended| ended.error.as_ref());
    let failed = if ended.is_some() && error.is_none() { facts.after.failed_step() } else { None };
    let (failed_step, failed_message) = failed.unzip();
    RunRow {
        customer: facts.proven.map_or_else(|| facts.before.customer.clone(), |id| Some(id.to_owned())),
        version: facts.after.info.version,
        title: facts.case.clone().unwrap_or_else(|| facts.before.title.clone()),
        status,
        step_kind: kind.map(str::to_owned),
        step,
        waiting_for,
        updated_at: facts.at,
        ended_at: ended.map(|_| facts.at),
        wake_at: facts.after.wake_at().map(|at| at.0),
        node: if status == RunStatus::Running { driver(facts) } else { None },
        error_code: error.map(|error| error.code.clone()),
        error_message: error.map(|error| error.message.clone()),
        failed_step,
        failed_message,
        output: ended.filter(|ended| !ended.output.is_null()).map(|ended| ended.output.to_string()),
        ..facts.before.clone()
    }
}

/// Who drives the run from here on: the process that performs what the decision asks for. A cancel while a call is under
/// way asks for nothing, so the run stays with the process that awaits the call.
fn driver(facts: &Facts<'_>) -> Option<String> {
    let asks = |event: &Event| match event {
        Event::Call { what, .. } => {
            matches!(what, CallEvent::Requested { .. } | CallEvent::Resumed | CallEvent::LookUpRequested)
        }
        Event::Run(_) | Event::Step { .. } | Event::Checkpoint { .. } => false,
    };
    if facts.events.iter().any(asks) { Some(facts.node.to_owned()) } else { facts.before.node.clone() }
}

struct Projection<'a> {
    facts: &'a Facts<'a>,
    /// The step entry the events are at.
    place: Option<Place>,
    /// When the attempt was made that an answer belongs to.
    requested_at: Option<Timestamp>,
    /// The step entry whose call was answered in this commit.
    answered: Option<u32>,
    /// The hash of what the open checkpoint shows.
    shown: String,
    commit: Commit,
}

impl Projection<'_> {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Run(what) => self.run(what),
            Event::Step { visit, what } => self.step(*visit, what),
            Event::Call { id, what } => self.call(*id, what),
            Event::Checkpoint { visit, what } => self.checkpoint(*visit, what),
        }
    }

    fn run(&mut self, event: &RunEvent) {
        match event {
            RunEvent::CancelRequested { reason, by } => {
                self.audit_run(by, "run.cancel_requested", json!({ "reason": reason }));
            }
            RunEvent::Ended { by: Some(by), error, .. } => {
                let reason = error.as_ref().map(|error| error.message.clone());
                self.audit_run(by, "run.cancelled", json!({ "reason": reason }));
            }
            RunEvent::Reopened { step, edit, repeats, by } => {
                let mut detail = json!(edit);
                detail["step"] = json!(step);
                detail["repeats"] = json!(repeats);
                self.audit_run(by, "run.retried", detail);
            }
            RunEvent::Continued { from } => {
                let mut detail = json!(from.edit);
                detail["of"] = json!(from.of);
                detail["step"] = json!(from.step);
                detail["point"] = json!(from.point);
                detail["repeats"] = json!(from.repeats);
                self.audit_run(&from.by, "run.continued", detail);
            }
            RunEvent::Moved { moved, .. } => self.moved(moved),
            RunEvent::CustomerProven { step, .. } => {
                let (before, now) = (&self.facts.before.customer, self.facts.proven);
                let detail = json!({ "step": step, "before": before, "customer": now });
                self.audit_as("system".to_owned(), "workflow", "customer.proven", &detail);
            }
            RunEvent::Started { .. } => self.started(),
            RunEvent::Ended { by: None, .. } => {}
        }
    }

    /// Somebody started it: what came by itself is a row of `inbound`.
    fn started(&mut self) {
        let info = &self.facts.after.info;
        let Some(by) = &info.started_by else { return };
        let detail = json!({
            "workflow": info.workflow, "version": info.version, "trigger": info.trigger["type"],
            "customer": self.facts.before.customer,
            "input_sha256": hex::encode(Sha256::digest(info.input.to_string())),
            "by": { "name": by.name, "email": by.email },
        });
        self.audit_run(by, "run.started", detail);
    }

    fn step(&mut self, visit: u32, event: &StepEvent) {
        match event {
            StepEvent::Entered { step, at } => {
                self.place = Some(Place { visit, step: step.clone(), entered_at: *at });
                self.requested_at = None;
                self.answered = None;
            }
            StepEvent::Said { body, form, .. } => {
                let form = form.as_ref().map(|form| json!(form).to_string());
                self.message(visit, body, form);
            }
            StepEvent::Completed { exit, .. } => self.step_row(visit, exit),
            StepEvent::Failed { error, .. } => self.failed_row(visit, error),
            StepEvent::Evaluated { .. } | StepEvent::ApprovalVoided { .. } => {}
        }
    }

    fn call(&mut self, id: CallId, event: &CallEvent) {
        match event {
            CallEvent::Requested { at, .. } => self.requested_at = Some(*at),
            CallEvent::Succeeded { .. } => self.call_row(id, ExecutionStatus::Completed, None),
            CallEvent::Failed { error, .. } => {
                let status = match error.class {
                    FailureClass::Unknown => ExecutionStatus::Unknown,
                    FailureClass::Retryable | FailureClass::Fatal => ExecutionStatus::Failed,
                };
                self.call_row(id, status, Some(error));
            }
            CallEvent::Resumed
            | CallEvent::Scheduled { .. }
            | CallEvent::LookUpRequested
            | CallEvent::LookUpAnswered { .. } => {}
        }
    }

    fn kind_of(&self, step: &str) -> &'static str {
        self.facts.version.workflow().steps.get(step).map_or("", |step| step.kind.tag())
    }

    fn place_of(&self, visit: u32) -> Option<Place> {
        self.place.as_ref().filter(|place| place.visit == visit).cloned()
    }

    fn row(&self, place: &Place, status: ExecutionStatus) -> StepExecutionRow {
        StepExecutionRow {
            workspace: self.commit.workspace.clone(),
            run: self.commit.run_id.clone(),
            visit: place.visit,
            call: 0,
            attempt: 1,
            kind: self.kind_of(&place.step).to_owned(),
            title: String::new(),
            step: place.step.clone(),
            status,
            action: None,
            // The log holds what went in and out; twice would only cost space.
            input: None,
            output: None,
            error_code: None,
            error_message: None,
            detail: None,
            started_at: place.entered_at.0,
            ended_at: Some(self.facts.at),
        }
    }

    fn call_row(&mut self, id: CallId, status: ExecutionStatus, error: Option<&StepError>) {
        let Some(place) = self.place_of(id.visit) else { return };
        let action = match &self.facts.version.workflow().steps.get(&place.step).map(|step| &step.kind) {
            Some(countersign_core::document::StepKind::ToolCall(step)) => Some(step.action.clone()),
            _ => None,
        };
        let row = StepExecutionRow {
            call: u32::from(id.call),
            attempt: id.attempt,
            action,
            error_code: error.map(|error| error.code.clone()),
            error_message: error.map(|error| error.message.clone()),
            started_at: self.requested_at.unwrap_or(place.entered_at).0,
            ..self.row(&place, status)
        };
        self.answered = Some(id.visit);
        self.commit.step_executions.push(row);
    }

    fn step_row(&mut self, visit: u32, exit: &Exit) {
        // A call's own row already says that it is over.
        if self.answered == Some(visit) {
            return;
        }
        let Some(place) = self.place_of(visit) else { return };
        let status = match exit {
            Exit::Rejected => ExecutionStatus::Rejected,
            Exit::Timeout => ExecutionStatus::TimedOut,
            Exit::Next
            | Exit::When(_)
            | Exit::Otherwise
            | Exit::Approved
            | Exit::Changes
            | Exit::Named(_)
            | Exit::Error
            | Exit::Unusable
            | Exit::End => ExecutionStatus::Completed,
        };
        let row = StepExecutionRow {
            detail: Some(json!({ "exit": exit.to_string() }).to_string()),
            ..self.row(&place, status)
        };
        self.commit.step_executions.push(row);
    }

    fn failed_row(&mut self, visit: u32, error: &StepError) {
        if self.answered == Some(visit) {
            return;
        }
        let Some(place) = self.place_of(visit) else { return };
        let row = StepExecutionRow {
            error_code: Some(error.code.clone()),
            error_message: Some(error.message.clone()),
            ..self.row(&place, ExecutionStatus::Failed)
        };
        self.commit.step_executions.push(row);
    }

    /// The open checkpoint stays what it is, on the other version.
    fn moved(&mut self, moved: &Moved) {
        if let Some(id) = self.open_checkpoint() {
            let (version, step) = (moved.to, moved.now_at.clone());
            self.commit.checkpoints.push(CheckpointChange::Move { id, version, step });
        }
        let action = if moved.undo { "run.move_undone" } else { "run.moved" };
        let (from, to) = (moved.from, moved.to);
        self.audit_run(
            &moved.by,
            action,
            json!({ "from": from, "to": to, "step": moved.step, "now_at": moved.now_at }),
        );
    }

    fn conversation_status(&mut self, status: ConversationStatus) {
        self.commit.conversation_status = self.facts.before.conversation.clone().map(|id| (id, status));
    }

    fn message(&mut self, visit: u32, body: &str, form: Option<String>) {
        let Some(conversation) = self.facts.before.conversation.clone() else { return };
        let number = self.commit.messages.len();
        let checkpoint = form.as_ref().map(|_| format!("{}.{visit}", self.commit.run_id));
        // The chat on our own pages reads; every other channel is written to.
        let channel = self.facts.after.info.conversation.get("channel").and_then(Value::as_str);
        let leaves = channel.is_some_and(|channel| channel != "web");
        self.commit.messages.push(NewMessage {
            id: format!("{}.{}.{number}", self.commit.run_id, self.commit.expected_seq + 1),
            conversation,
            at: self.facts.at,
            author: Author::Workflow,
            author_name: self.facts.version.workflow().name.clone(),
            body: body.to_owned(),
            form,
            checkpoint,
            run: Some(self.commit.run_id.clone()),
            data: None,
            leaves,
        });
    }

    fn audit(&mut self, by: &Actor, action: &str, visit: u32, detail: Value) {
        let step = self.place_of(visit).map(|place| place.step);
        let mut detail = detail;
        detail["step"] = json!(step);
        detail["by"] = json!({ "name": by.name, "email": by.email });
        if let Some(at) = by.signed_in_at {
            detail["signed_in_at"] = json!(at);
        }
        if let Some(other) = &by.on_behalf_of {
            detail["on_behalf_of"] = json!({ "id": other.id, "name": other.name, "email": other.email });
        }
        self.audit_run(by, action, detail);
    }

    /// What no person did.
    fn audit_system(&mut self, action: &str, via: &str, visit: u32, mut detail: Value) {
        detail["step"] = json!(self.place_of(visit).map(|place| place.step));
        self.audit_as("system".to_owned(), via, action, &detail);
    }

    fn audit_run(&mut self, by: &Actor, action: &str, detail: Value) {
        self.audit_as(actor_name(by), via(by.via), action, &detail);
    }

    fn audit_as(&mut self, actor: String, via: &str, action: &str, detail: &Value) {
        self.commit.audit.push(NewAudit {
            at: self.facts.at,
            actor,
            via: via.to_owned(),
            action: action.to_owned(),
            subject: format!("run:{}", self.commit.run_id),
            detail: detail.to_string(),
        });
    }
}

fn actor_name(by: &Actor) -> String {
    match by.via {
        Via::Api => format!("key:{}", by.id),
        Via::Conversation => format!("customer:{}", by.id),
        Via::Portal | Via::Cli | Via::Link | Via::Channel | Via::Standing => format!("user:{}", by.id),
    }
}

fn via(via: Via) -> &'static str {
    match via {
        Via::Portal => "portal",
        Via::Api => "api",
        Via::Cli => "cli",
        Via::Conversation => "conversation",
        Via::Link => "link",
        Via::Standing => "standing",
        Via::Channel => "channel",
    }
}
