//! The log of a run as answers to be given again: by step, by which entry of it, in order.

use super::EndFacts;
use crate::{
    approval::{Edits, GuardedRequest},
    document::StepId,
    log::{LogEntry, StepError},
    run::{
        Actor, CallEvent, CallId, CallRequest, CheckpointEvent, CheckpointKind, ClosedBy, Continuation, Event, Found,
        Opened, Outcome, RunEvent, Start, StateEdit, StepEvent, Verdict,
    },
    time::Timestamp,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A step and which entry of it, from 1.
pub(super) type Key = (StepId, u32);

/// What a run was told, and what it did.
pub(super) struct Recording {
    pub(super) start: Start,
    /// What it went on from, when it followed another run.
    pub(super) continued: Option<Box<Continuation>>,
    pub(super) started_at: Timestamp,
    pub(super) path: Vec<StepId>,
    pub(super) entries: BTreeMap<Key, Entry>,
    pub(super) reopened: VecDeque<Reopened>,
    pub(super) end: Option<EndFacts>,
    /// Who stopped it and why, when somebody did.
    pub(super) cancelled: Option<(String, Actor)>,
}

/// What happened in one entry of a step.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) calls: Vec<Call>,
    pub(super) look_ups: VecDeque<LookUp>,
    pub(super) waits: VecDeque<Wait>,
    /// What was said without a form.
    pub(super) words: Vec<String>,
    /// It ended here because somebody stopped it.
    pub(super) stopped: Option<(String, Actor)>,
    /// Somebody asked for that before this look-up was answered.
    pub(super) stopped_at_look_up: Option<(usize, String, Actor)>,
}

/// One attempt of one call.
pub(super) struct Call {
    pub(super) call: u16,
    pub(super) attempt: u32,
    pub(super) request: Arc<CallRequest>,
    pub(super) at: Timestamp,
    pub(super) answer: Option<(Timestamp, Answer)>,
    /// How often it was sent again after a crash.
    pub(super) resumed: u32,
    /// Somebody asked for the run to be stopped while it was under way.
    pub(super) stopped: Option<(String, Actor)>,
}

/// How a call was answered.
#[derive(Clone)]
pub(super) enum Answer {
    Output(Value),
    Error(StepError),
}

/// One look-up of a call in doubt.
pub(super) struct LookUp {
    pub(super) found: Found,
    pub(super) output: Value,
}

/// One wait for a person.
pub(super) struct Wait {
    pub(super) kind: CheckpointKind,
    pub(super) opened_at: Timestamp,
    /// When a timer was to end it.
    pub(super) due: Option<Timestamp>,
    /// When more people were asked.
    pub(super) escalated_at: Option<Timestamp>,
    pub(super) requests: Arc<[GuardedRequest]>,
    pub(super) given: Vec<Said>,
    pub(super) closed: Option<Closed>,
}

/// How a wait ended.
#[derive(Clone)]
pub(super) struct Closed {
    pub(super) at: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) by: ClosedBy,
    pub(super) comment: String,
    pub(super) values: Value,
    /// What was changed with it.
    pub(super) edits: Edits,
}

/// The run was over and taken up again.
pub(super) struct Reopened {
    pub(super) step: StepId,
    pub(super) edit: StateEdit,
    pub(super) by: Actor,
    pub(super) at: Timestamp,
}

impl Recording {
    pub(super) fn of(log: &[LogEntry]) -> Option<Self> {
        let first = log.first()?;
        let Some(Event::Run(RunEvent::Started { start, at, .. })) = first.events.first() else { return None };
        let mut recording = Self {
            start: (**start).clone(),
            continued: None,
            started_at: *at,
            path: Vec::new(),
            entries: BTreeMap::new(),
            reopened: VecDeque::new(),
            end: None,
            cancelled: None,
        };
        let mut times: BTreeMap<StepId, u32> = BTreeMap::new();
        let mut current: Option<Key> = None;
        for entry in log {
            for event in &entry.events {
                if let Event::Step { what: StepEvent::Entered { step, .. }, .. } = event {
                    let occurrence = times.entry(step.clone()).or_default();
                    *occurrence += 1;
                    current = Some((step.clone(), *occurrence));
                    recording.path.push(step.clone());
                }
                recording.take(current.as_ref(), event, entry.at);
            }
        }
        Some(recording)
    }

    /// Calls steps by their new ids, wherever they are named.
    pub(super) fn rename(&mut self, renamed: &BTreeMap<StepId, StepId>) {
        let rename = |id: &mut StepId| {
            if let Some(now) = renamed.get(id) {
                id.clone_from(now);
            }
        };
        let results = |steps: &mut Value| {
            if let Value::Object(steps) = steps {
                let named = std::mem::take(steps).into_iter();
                steps.extend(named.map(|(id, result)| (renamed.get(&id).cloned().unwrap_or(id), result)));
            }
        };
        self.path.iter_mut().for_each(rename);
        self.entries = std::mem::take(&mut self.entries)
            .into_iter()
            .map(|((mut step, occurrence), mut entry)| {
                rename(&mut step);
                for wait in &mut entry.waits {
                    let mut shown = wait.requests.to_vec();
                    shown.iter_mut().for_each(|request| rename(&mut request.step));
                    wait.requests = shown.into();
                }
                ((step, occurrence), entry)
            })
            .collect();
        for reopened in &mut self.reopened {
            rename(&mut reopened.step);
            reopened.edit.steps.iter_mut().for_each(results);
        }
        if let Some(from) = &mut self.continued {
            rename(&mut from.step);
            results(&mut from.steps);
        }
    }

    fn take(&mut self, current: Option<&Key>, event: &Event, at: Timestamp) {
        match event {
            Event::Run(what) => self.run(current, what, at),
            Event::Step { what: StepEvent::Said { body, form: None, .. }, .. } => {
                self.entry(current, |entry| entry.words.push(body.clone()));
            }
            Event::Step { .. } => {}
            Event::Call { id, what } => self.entry(current, |entry| entry.call(*id, what, at)),
            Event::Checkpoint { what, .. } => self.entry(current, |entry| entry.checkpoint(what, at)),
        }
    }

    fn entry(&mut self, current: Option<&Key>, change: impl FnOnce(&mut Entry)) {
        if let Some(key) = current {
            change(self.entries.entry(key.clone()).or_default());
        }
    }

    fn run(&mut self, current: Option<&Key>, event: &RunEvent, at: Timestamp) {
        match event {
            RunEvent::Ended { status, output, error, by } => {
                let code = error.as_ref().map(|error| error.code.clone());
                self.end = Some(EndFacts { status: status.tag().into(), output: output.clone(), error: code });
                if let Some(by) = by {
                    let reason = error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
                    self.cancelled = Some((reason.clone(), by.clone()));
                    if let Some(entry) = current.and_then(|key| self.entries.get_mut(key)) {
                        entry.stopped.get_or_insert((reason, by.clone()));
                    }
                }
            }
            RunEvent::Continued { from } => self.continued = Some(from.clone()),
            RunEvent::Reopened { step, edit, by, .. } => {
                let (step, edit, by) = (step.clone(), edit.clone(), by.clone());
                self.reopened.push_back(Reopened { step, edit, by, at });
                self.end = None;
                self.cancelled = None;
            }
            RunEvent::CancelRequested { reason, by } => {
                self.entry(current, |entry| entry.stop_asked(reason, by));
            }
            RunEvent::Started { .. } | RunEvent::Moved { .. } | RunEvent::CustomerProven { .. } => {}
        }
    }
}

impl Entry {
    /// Whether anything was called, said or asked.
    pub(super) fn tells(&self) -> bool {
        !self.calls.is_empty() || !self.waits.is_empty() || !self.words.is_empty()
    }

    fn call(&mut self, id: CallId, event: &CallEvent, at: Timestamp) {
        match event {
            CallEvent::Requested { request, .. } => {
                // Put off before it was sent: the same attempt again.
                self.calls.pop_if(|last| (last.call, last.attempt) == (id.call, id.attempt) && last.answer.is_none());
                let (request, answer, stopped) = (Arc::clone(request), None, None);
                self.calls.push(Call { call: id.call, attempt: id.attempt, request, at, answer, resumed: 0, stopped });
            }
            CallEvent::Resumed => {
                if let Some(call) = self.calls.last_mut() {
                    call.resumed += 1;
                }
            }
            CallEvent::Succeeded { output, .. } => self.answered(at, Answer::Output(output.clone())),
            CallEvent::Failed { error, .. } => self.answered(at, Answer::Error(error.clone())),
            CallEvent::LookUpAnswered { found } => {
                self.look_ups.push_back(LookUp { found: *found, output: Value::Null });
            }
            CallEvent::Scheduled { .. } | CallEvent::LookUpRequested => {}
        }
    }

    fn checkpoint(&mut self, event: &CheckpointEvent, at: Timestamp) {
        match event {
            CheckpointEvent::Opened { opened, due, .. } => self.waits.push_back(Wait::opened(opened, *due, at)),
            // What was held and taken back was not said; what was not taken back comes with the end.
            CheckpointEvent::Reminded
            | CheckpointEvent::Climbed { .. }
            | CheckpointEvent::Unusable { .. }
            | CheckpointEvent::Held(_)
            | CheckpointEvent::TakenBack(_) => {}
            CheckpointEvent::Escalated { due, .. } => self.waiting(|wait| {
                wait.due = Some(*due);
                wait.escalated_at = Some(at);
            }),
            CheckpointEvent::ApprovalGiven { by, comment } => {
                self.waiting(|wait| wait.said(Said::new(at, Verdict::Approved, comment, by)));
            }
            CheckpointEvent::RejectionGiven { by, comment } => {
                self.waiting(|wait| wait.said(Said::new(at, Verdict::Rejected, comment, by)));
            }
            CheckpointEvent::Edited { edits, by, comment, .. } => {
                let said = Said { edits: edits.clone(), ..Said::new(at, Verdict::Approved, comment, by) };
                self.waiting(|wait| wait.given.push(said));
            }
            CheckpointEvent::Closed { outcome, by, comment, values, said_at, .. } => {
                let said_at = said_at.unwrap_or(at);
                let (outcome, by) = (outcome.clone(), by.clone());
                let (comment, values) = (comment.clone(), values.clone());
                self.waiting(|wait| {
                    let edits = match &by {
                        ClosedBy::Person { actor } => wait.edits_of(at, actor),
                        ClosedBy::Timeout | ClosedBy::Cancel => Edits::new(),
                    };
                    wait.closed = Some(Closed { at: said_at, outcome, by, comment, values, edits });
                });
            }
        }
    }

    fn stop_asked(&mut self, reason: &str, by: &Actor) {
        match self.calls.last_mut() {
            Some(call) if call.answer.is_none() => call.stopped = Some((reason.to_owned(), by.clone())),
            Some(_) | None => self.stopped_at_look_up = Some((self.look_ups.len(), reason.to_owned(), by.clone())),
        }
    }

    fn waiting(&mut self, change: impl FnOnce(&mut Wait)) {
        if let Some(wait) = self.waits.back_mut() {
            change(wait);
        }
    }

    /// The answer of the call under way; after a failure, what a look-up found. What a person said is with their wait.
    fn answered(&mut self, at: Timestamp, answer: Answer) {
        let Some(call) = self.calls.last_mut() else { return };
        if call.answer.is_none() {
            call.answer = Some((at, answer));
        } else if let (Some(look_up), Answer::Output(output)) = (self.look_ups.back_mut(), answer)
            && look_up.found == Found::Happened
        {
            look_up.output = output;
        }
    }
}

/// What somebody said that did not end the wait, or what they changed first.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) at: Timestamp,
    pub(super) verdict: Verdict,
    pub(super) comment: String,
    pub(super) by: Actor,
    pub(super) edits: Edits,
}

impl Said {
    fn new(at: Timestamp, verdict: Verdict, comment: &str, by: &Actor) -> Self {
        Self { at, verdict, comment: comment.to_owned(), by: by.clone(), edits: Edits::new() }
    }
}

impl Wait {
    /// Somebody said this; where they changed something first, both are one act.
    fn said(&mut self, said: Said) {
        let edits = self.edits_of(said.at, &said.by);
        self.given.push(Said { edits, ..said });
    }

    /// What this person changed at that time, taken out.
    fn edits_of(&mut self, at: Timestamp, by: &Actor) -> Edits {
        match self.given.pop_if(|last| last.at == at && last.by == *by && !last.edits.is_empty()) {
            Some(last) => last.edits,
            None => Edits::new(),
        }
    }

    fn opened(opened: &Opened, due: Option<Timestamp>, at: Timestamp) -> Self {
        let requests = match opened {
            Opened::Approval { requests, .. } => Arc::clone(requests),
            Opened::Form { .. } | Opened::Handoff { .. } | Opened::UnknownOutcome { .. } => Arc::default(),
        };
        let kind = opened.kind();
        Self { kind, opened_at: at, due, escalated_at: None, requests, given: Vec::new(), closed: None }
    }
}
