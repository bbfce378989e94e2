//! What a run is at one instant: the fold of its events.

use super::{
    Actor, ApprovalWait, CallEvent, CallId, Calling, CheckpointEvent, ClosedBy, Ended, Event, FormWait, Found,
    HandoffWait, Moved, Opened, Outcome, Phase, Place, Resolution, RunEvent, Stage, StepEvent, UnknownWait, Verdict,
    Wait, Waiting,
};
use crate::{
    approval::{Contributors, Grants},
    document::{Approvers, RungAct, StepId},
    expr::Scope,
    log::{FailureClass, StepError},
    run::customer,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A run at one instant.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunState {
    /// What never changes once it has started.
    pub info: RunInfo,
    /// Variables.
    pub vars: Map<String, Value>,
    /// An object: `{output, error}` by step id, of each step's latest entry.
    pub steps: Value,
    /// The steps that failed when they were entered last, the one that failed last at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<StepId>,
    /// The latest step failure, as `error` in the scope; null before the first.
    pub error: Value,
    /// How many steps were entered.
    pub visits: u32,
    /// What approvals have allowed.
    pub grants: Grants,
    /// The people who had a hand in it.
    pub contributors: Contributors,
    /// What people changed in requests that were not sent yet, by step.
    #[serde(default)]
    pub edited: BTreeMap<StepId, EditedInput>,
    /// How often changes were asked for, by approval.
    #[serde(default)]
    pub sent_back: BTreeMap<StepId, u32>,
    /// What the customer was told to wait for since they did something last: approvals by step, failures by the empty name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub told: BTreeSet<StepId>,
    /// Whether a person sent it on from a step after an end: then every guarded step needs an approval of its own.
    #[serde(default)]
    pub sent_on: bool,
    /// The last thing that happened, when that is a move that can be taken back.
    #[serde(default)]
    pub undoable: Option<Box<Moved>>,
    /// Set while a call is under way and the run is to stop after it.
    pub cancel: Option<(String, Actor)>,
    /// SHA-256 (hex) of what the checkpoint opened last shows.
    #[serde(default)]
    pub shown: String,
    /// Where the token is.
    pub phase: Phase,
}

/// An input that a person changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditedInput {
    /// As the document gives it.
    pub before: Value,
    /// As it is sent instead.
    pub after: Value,
}

/// What never changes once a run has started.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunInfo {
    /// The run's id.
    pub run: String,
    /// The workflow's id.
    pub workflow: String,
    /// The version it runs on.
    pub version: u32,
    /// What it was started with.
    pub input: Value,
    /// The customer, or null.
    pub customer: Value,
    /// The conversation, or null.
    pub conversation: Value,
    /// What set it off.
    pub trigger: Value,
    /// The `run` object in the scope: id, workflow, version, started_at.
    pub scope: Value,
    /// Who started it.
    pub started_by: Option<Actor>,
    /// When.
    pub started_at: Timestamp,
}

impl RunState {
    /// The step entry the token is at, if it is at one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match &self.phase {
            Phase::Unstarted | Phase::Moving => None,
            Phase::AtStep(place) => Some(place),
            Phase::Calling { calling, .. } => Some(&calling.place),
            Phase::Waiting(wait) => Some(wait.place()),
            Phase::Ended(ended) => ended.last.as_ref(),
        }
    }

    /// Id of the checkpoint the run waits at; the same as [`super::Opened::checkpoint_id`] gave when it was opened.
    #[must_use]
    pub fn open_checkpoint(&self) -> Option<String> {
        self.phase.waiting().map(|wait| wait.checkpoint_id(&self.info.run))
    }

    /// Which attempt of which call is under way or being looked up.
    #[must_use]
    pub fn under_way(&self) -> Option<CallId> {
        match &self.phase {
            Phase::Calling { calling, stage: Stage::UnderWay | Stage::LookingUp { .. } } => Some(calling.id()),
            Phase::Calling { stage: Stage::Down | Stage::BackingOff { .. }, .. }
            | Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Waiting(_)
            | Phase::Ended(_) => None,
        }
    }

    /// When the earliest timer fires; none when the run waits for no time.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Calling { stage: Stage::BackingOff { due, .. }, .. } => Some(*due),
            Phase::Waiting(wait) => wait.wake_at(),
            Phase::Calling { .. } | Phase::Unstarted | Phase::Moving | Phase::AtStep(_) | Phase::Ended(_) => None,
        }
    }

    /// Whether the run is over.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        if let Phase::Ended(ended) = &self.phase { Some(ended) } else { None }
    }

    /// What expressions see: every variable at the root, and the reserved names, which win.
    #[must_use]
    pub fn scope(&self, now: Timestamp) -> Scope<'_> {
        Scope::new(now)
            .with_map(&self.vars)
            .with("input", &self.info.input)
            .with("steps", &self.steps)
            .with("customer", &self.info.customer)
            .with("conversation", &self.info.conversation)
            .with("trigger", &self.info.trigger)
            .with("run", &self.info.scope)
            .with("error", &self.error)
    }

    /// Whether the customer was told that they wait for this, and did nothing since.
    pub(crate) fn was_told(&self, waiting: Waiting) -> bool {
        self.told.contains(&self.told_of(waiting))
    }

    fn told_of(&self, waiting: Waiting) -> StepId {
        match waiting {
            Waiting::Approval => self.place().map(|place| place.step.clone()).unwrap_or_default(),
            Waiting::Failure => StepId::new(),
        }
    }

    /// The input a step sends when the document gives this: what a person made of it.
    pub(crate) fn edited_input(&self, step: &str, input: Value) -> Value {
        match self.edited.get(step) {
            Some(edited) if edited.before == input => edited.after.clone(),
            Some(_) | None => input,
        }
    }

    fn remember(&mut self, step: &str, key: &str, value: Value) {
        if !self.steps.is_object() {
            self.steps = json!({});
        }
        self.steps[step][key] = value;
    }
}

/// Remembers one event. Total: an event that does not fit the phase changes only what it can.
pub fn apply(state: &mut RunState, event: &Event) {
    state.undoable = None;
    match event {
        Event::Run(what) => run_event(state, what),
        Event::Step { visit, what } => step_event(state, *visit, what),
        Event::Call { id, what } => call_event(state, *id, what),
        Event::Checkpoint { what, .. } => checkpoint_event(state, what),
    }
}

fn run_event(state: &mut RunState, event: &RunEvent) {
    match event {
        RunEvent::Started { start, vars, at } => {
            state.info = RunInfo {
                run: start.run.clone(),
                workflow: start.workflow.clone(),
                version: start.version,
                input: start.input.clone(),
                customer: start.customer.clone(),
                conversation: start.conversation.clone(),
                trigger: start.trigger.clone(),
                scope: json!({ "id": start.run, "workflow": start.workflow, "version": start.version, "started_at": at }),
                started_by: start.started_by.clone(),
                started_at: *at,
            };
            start.started_by.iter().for_each(|by| state.contributors.add(by));
            state.vars.clone_from(vars);
            state.phase = Phase::Moving;
        }
        RunEvent::Continued { from } => {
            state.vars.clone_from(&from.vars);
            state.steps.clone_from(&from.steps);
            state.error.clone_from(&from.error);
            state.contributors.add(&from.by);
            state.contributors.extend(&from.contributors);
            state.sent_on = true;
        }
        RunEvent::CancelRequested { reason, by } => state.cancel = Some((reason.clone(), by.clone())),
        RunEvent::Ended { status, output, error, .. } => {
            let last = state.place().cloned();
            state.phase = Phase::Ended(Ended { status: *status, output: output.clone(), error: error.clone(), last });
        }
        RunEvent::Reopened { edit, by, .. } => {
            edit.apply(state);
            // What was approved before the end was approved for another course of things.
            state.grants.sent_on(!edit.is_empty());
            state.edited.clear();
            state.contributors.add(by);
            state.sent_on = true;
            state.cancel = None;
            state.phase = Phase::Moving;
        }
        RunEvent::Moved { moved, .. } => run_moved(state, moved),
        RunEvent::CustomerProven { customer, .. } => {
            state.info.customer = customer::proven(&state.info.customer, &state.info.conversation, customer);
        }
    }
}

fn step_event(state: &mut RunState, visit: u32, event: &StepEvent) {
    match event {
        StepEvent::Entered { step, at } => {
            state.visits = visit;
            state.phase = Phase::AtStep(Place { visit, step: step.clone(), entered_at: *at });
        }
        StepEvent::Evaluated { .. } => {}
        StepEvent::Said { waiting: Some(waiting), .. } => {
            let of = state.told_of(*waiting);
            state.told.insert(of);
        }
        // Something new was said: that it goes wrong afterwards is new too.
        StepEvent::Said { waiting: None, .. } => {
            state.told.remove("");
        }
        StepEvent::ApprovalVoided { .. } => state.phase = Phase::Moving,
        StepEvent::Completed { output, set, .. } => {
            if let Some(place) = state.place().cloned() {
                state.failing.retain(|step| *step != place.step);
                if let Some(output) = output {
                    state.remember(&place.step, "output", output.clone());
                }
            }
            state.vars.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
            state.phase = Phase::Moving;
        }
        StepEvent::Failed { error, exit } => {
            let value = serde_json::to_value(error).unwrap_or_default();
            if let Some(place) = state.place().cloned() {
                state.remember(&place.step, "error", value.clone());
                state.failing.retain(|step| *step != place.step);
                state.failing.push(place.step.clone());
                // Without an error branch the run ends here, and says where.
                state.phase = if exit.is_some() { Phase::Moving } else { Phase::AtStep(place) };
            }
            state.error = value;
        }
    }
}

fn call_event(state: &mut RunState, id: CallId, event: &CallEvent) {
    match event {
        CallEvent::Requested { key, request, at } => {
            let Some(place) = state.place().cloned() else { return };
            let in_doubt = state.phase.call().is_some_and(|earlier| earlier.key == *key && earlier.in_doubt);
            state.grants.used(&place.step);
            state.edited.remove(&place.step);
            let (key, request, requested_at) = (Arc::clone(key), Arc::clone(request), *at);
            let calling = Calling { place, call: id.call, attempt: id.attempt, key, request, requested_at, in_doubt };
            state.phase = Phase::Calling { calling, stage: Stage::UnderWay };
        }
        CallEvent::Resumed => in_doubt(state, true),
        CallEvent::Succeeded { output, .. } => {
            if let Some(place) = state.place().cloned() {
                state.remember(&place.step, "output", output.clone());
                state.phase = Phase::AtStep(place);
            }
        }
        CallEvent::Failed { error, .. } => {
            if let Phase::Calling { calling, stage: stage @ Stage::UnderWay } = &mut state.phase {
                calling.in_doubt |= error.class == FailureClass::Unknown;
                *stage = Stage::Down;
            }
        }
        CallEvent::Scheduled { due } => goes_on(state, Stage::BackingOff { attempt: id.attempt, due: *due }),
        CallEvent::LookUpRequested => {
            let error = StepError::fatal("unknown_outcome", "it is not known whether the call took place");
            goes_on(state, Stage::LookingUp { error });
        }
        CallEvent::LookUpAnswered { found } => in_doubt(state, *found != Found::DidNotHappen),
    }
}

fn in_doubt(state: &mut RunState, doubt: bool) {
    if let Phase::Calling { calling, .. } = &mut state.phase {
        calling.in_doubt = doubt;
    }
}

/// The call is so far now.
fn goes_on(state: &mut RunState, stage: Stage) {
    if let Some(calling) = state.phase.call().cloned() {
        state.phase = Phase::Calling { calling, stage };
    }
}

fn checkpoint_event(state: &mut RunState, event: &CheckpointEvent) {
    match event {
        CheckpointEvent::Opened { opened, due, remind_at, rung_at } => {
            opened_checkpoint(state, opened, *due, *remind_at);
            if let Some(wait) = state.phase.approval_mut() {
                wait.rung_at = *rung_at;
            }
        }
        CheckpointEvent::Climbed { rung, act, to, people, next } => {
            climbed(state, *rung, (*act, to, people.as_deref()), *next);
        }
        CheckpointEvent::Reminded => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.remind_at = None;
            }
        }
        CheckpointEvent::Escalated { roles, due } => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.escalated = Some(roles.clone());
                wait.due = Some(*due);
            }
        }
        CheckpointEvent::ApprovalGiven { by, .. } => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.given.push(by.clone());
                wait.held = None;
            }
        }
        CheckpointEvent::Edited { opened, by, .. } => {
            edited_requests(state, opened);
            state.contributors.add(by);
        }
        CheckpointEvent::RejectionGiven { by, .. } => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.against.push(by.clone());
                wait.held = None;
            }
        }
        CheckpointEvent::Unusable { reply, .. } => {
            if let Phase::Waiting(Wait::Form(wait)) = &mut state.phase {
                wait.unusable.push(reply.clone());
            }
        }
        CheckpointEvent::Held(said) => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.held = Some(said.clone());
            }
        }
        CheckpointEvent::TakenBack(_) => {
            if let Some(wait) = state.phase.approval_mut() {
                wait.held = None;
            }
        }
        CheckpointEvent::Closed { outcome, by, values, .. } => {
            contributed(state, by, values);
            if *outcome == Outcome::Submitted {
                state.told.clear();
            }
            closed_checkpoint(state, outcome, *by == ClosedBy::Timeout);
        }
    }
}

fn run_moved(state: &mut RunState, moved: &Moved) {
    state.undoable = (!moved.undo).then(|| Box::new(moved.clone()));
    state.info.version = moved.to;
    if let Some(scope) = state.info.scope.as_object_mut() {
        scope.insert("version".into(), moved.to.into());
    }
    for name in &moved.dropped {
        state.vars.shift_remove(name);
    }
    state.vars.extend(moved.added.iter().map(|(name, value)| (name.clone(), value.clone())));
    let place = match &mut state.phase {
        Phase::Calling { calling, .. } | Phase::Waiting(Wait::Unknown(UnknownWait { calling, .. })) => {
            Some(&mut calling.place)
        }
        Phase::Waiting(
            Wait::Form(FormWait { place, .. })
            | Wait::Approval(ApprovalWait { place, .. })
            | Wait::Handoff(HandoffWait { place, .. }),
        ) => Some(place),
        Phase::Unstarted | Phase::Moving | Phase::AtStep(_) | Phase::Ended(_) => None,
    };
    if let Some(place) = place {
        place.step.clone_from(&moved.now_at);
    }
    state.grants.renamed(&moved.step, &moved.now_at);
    if let Some(times) = state.sent_back.remove(&moved.step) {
        state.sent_back.insert(moved.now_at.clone(), times);
    }
    state.contributors.add(&moved.by);
    if let Some(wait) = state.phase.approval_mut() {
        wait.people.clone_from(&moved.people);
    }
}

fn opened_checkpoint(state: &mut RunState, opened: &Opened, due: Option<Timestamp>, remind_at: Option<Timestamp>) {
    let Some(place) = state.place().cloned() else { return };
    state.shown = opened.shown_hash();
    if let Opened::Approval { requests, .. } = opened {
        state.grants.asked(&place.step, requests);
    }
    state.phase = Phase::Waiting(match opened {
        Opened::Form { .. } => Wait::Form(FormWait { place, due, unusable: Vec::new() }),
        Opened::Approval { requests, door, tier, .. } => Wait::Approval(ApprovalWait {
            place,
            opened: Arc::new(opened.clone()),
            requests: Arc::clone(requests),
            door: door.clone(),
            due,
            remind_at,
            rung: 0,
            rung_at: None,
            given: Vec::new(),
            against: Vec::new(),
            escalated: None,
            added: Vec::new(),
            people: tier.as_ref().map(|tier| tier.approvers.clone()),
            held: None,
        }),
        Opened::Handoff { .. } => Wait::Handoff(HandoffWait { place, due }),
        Opened::UnknownOutcome { error, .. } => match state.phase.call().cloned() {
            Some(calling) => Wait::Unknown(UnknownWait { calling, error: error.clone() }),
            None => return,
        },
    });
}

/// What is sent is another; who approved the earlier did not approve this.
fn edited_requests(state: &mut RunState, opened: &Opened) {
    let Opened::Approval { requests, .. } = opened else { return };
    state.shown = opened.shown_hash();
    let Some(wait) = state.phase.approval_mut() else { return };
    let before = std::mem::replace(&mut wait.requests, Arc::clone(requests));
    wait.opened = Arc::new(opened.clone());
    wait.given.clear();
    let approval = wait.place.step.clone();
    for (old, new) in before.iter().zip(requests.iter()).filter(|(old, new)| old.input != new.input) {
        let first = state.edited.remove(&old.step).filter(|edited| edited.after == old.input);
        let before = first.map_or_else(|| old.input.clone(), |edited| edited.before);
        state.edited.insert(new.step.clone(), EditedInput { before, after: new.input.clone() });
    }
    state.grants.asked(&approval, requests);
}

/// A rung of the ladder was reached: others decide instead, or too.
fn climbed(
    state: &mut RunState,
    rung: u32,
    (act, to, people): (RungAct, &[String], Option<&Approvers>),
    next: Option<Timestamp>,
) {
    let Some(wait) = state.phase.approval_mut() else { return };
    wait.rung = rung;
    wait.rung_at = next;
    match act {
        RungAct::Remind => {}
        RungAct::Reassign => {
            wait.people = people.cloned();
            wait.added.clear();
            wait.escalated.iter_mut().for_each(Vec::clear);
        }
        RungAct::Escalate => wait.added.extend(to.iter().cloned()),
    }
}

/// Who filled in a form, for the customer or to hand a conversation back, or said what a call gave, had a hand in what follows.
fn contributed(state: &mut RunState, by: &ClosedBy, values: &Value) {
    if let (ClosedBy::Person { actor }, Some(Wait::Form(_) | Wait::Handoff(_) | Wait::Unknown(_))) =
        (by, state.phase.waiting())
        && !values.is_null()
    {
        state.contributors.add(actor);
    }
}

fn closed_checkpoint(state: &mut RunState, outcome: &Outcome, silent: bool) {
    let Some(place) = state.place().cloned() else { return };
    if let Phase::Waiting(Wait::Unknown(wait)) = &state.phase {
        // The call in doubt is still needed: it is answered or sent by the event that follows.
        let in_doubt = *outcome != Outcome::Resolved(Resolution::NotHappened);
        let calling = Calling { in_doubt, ..wait.calling.clone() };
        state.phase = Phase::Calling { calling, stage: Stage::Down };
        return;
    }
    if let Some(requests) = state.phase.approval().map(|wait| Arc::clone(&wait.requests)) {
        if *outcome == Outcome::Decided(Verdict::Approved) {
            state.grants.given(&place.step, &requests, silent);
        } else {
            requests.iter().for_each(|request| drop(state.edited.remove(&request.step)));
        }
        if *outcome == Outcome::Decided(Verdict::Changes) {
            state.grants.returned(&place.step, &requests);
            *state.sent_back.entry(place.step.clone()).or_default() += 1;
        }
    }
    state.phase = Phase::AtStep(place);
}
