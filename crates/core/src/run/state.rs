//! What a run is at one instant: the fold of its events.

use super::{Actor, CallRequest, EndedStatus, Event, Moved, Opened};
use crate::{
    approval::GuardedRequest,
    document::{Approvers, StepId},
    expr::Scope,
    log::{FailureClass, StepError},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A run at one instant.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunState {
    /// What never changes once it has started.
    pub info: RunInfo,
    /// Variables.
    pub vars: Map<String, Value>,
    /// An object: `{output, error}` by step id, of each step's latest entry.
    pub steps: Value,
    /// The latest step failure, as `error` in the scope; null before the first.
    pub error: Value,
    /// How many steps were entered.
    pub visits: u32,
    /// Approvals granted, by guarded step.
    pub grants: BTreeMap<StepId, Grant>,
    /// Whether a person sent it on from a step after an end: then every guarded step needs an approval of its own.
    #[serde(default)]
    pub sent_on: bool,
    /// Set while a call is under way and the run is to stop after it.
    pub cancel: Option<(String, Actor)>,
    /// Where the token is.
    pub phase: Phase,
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

/// An approval that was granted for one guarded step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The approval step.
    pub approval: StepId,
    /// The approved request.
    pub request: GuardedRequest,
    /// Whether a call has been made on it.
    pub used: bool,
}

/// Where the token is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// No event yet.
    #[default]
    Unstarted,
    /// Between two steps; no commit ends here.
    Moving,
    /// In a step, before or after its call; no commit ends here.
    AtStep(Place),
    /// A call is under way.
    Calling(Calling),
    /// A call has failed and what follows is not yet decided; no commit ends here.
    CallDown(Calling),
    /// Waiting to try again.
    BackingOff(BackingOff),
    /// Finding out whether a call took place.
    LookingUp(LookingUp),
    /// Waiting for a form.
    WaitingForm(FormWait),
    /// Waiting for an approval.
    WaitingApproval(ApprovalWait),
    /// The conversation is with a person.
    WaitingHandoff(HandoffWait),
    /// Waiting to be told what became of a call.
    WaitingUnknown(UnknownWait),
    /// Over.
    Ended(Ended),
}

/// One entry of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Ordinal of the entry in the run, from 1.
    pub visit: u32,
    /// The step.
    pub step: StepId,
    /// When it was entered.
    pub entered_at: Timestamp,
}

/// A call that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calling {
    /// Which entry.
    pub place: Place,
    /// Which call of the step.
    pub call: u16,
    /// 1 for the first try.
    pub attempt: u32,
    /// Idempotency key.
    pub key: String,
    /// What was sent.
    pub request: CallRequest,
    /// When this attempt was made.
    pub requested_at: Timestamp,
    /// Whether an earlier attempt, or an earlier sending of this one, may have taken place: then a later failure does not
    /// mean that nothing happened.
    #[serde(default)]
    pub in_doubt: bool,
}

/// Waiting to try again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackingOff {
    /// The call that failed.
    pub calling: Calling,
    /// The attempt to come.
    pub attempt: u32,
    /// When.
    pub due: Timestamp,
}

/// Finding out whether a call took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookingUp {
    /// The call in doubt.
    pub calling: Calling,
    /// Why it is in doubt.
    pub error: StepError,
}

/// Waiting for a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormWait {
    /// Which entry.
    pub place: Place,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
}

/// Waiting for an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalWait {
    /// Which entry.
    pub place: Place,
    /// What is approved.
    pub requests: Vec<GuardedRequest>,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
    /// When the people are reminded.
    pub remind_at: Option<Timestamp>,
    /// Who has approved so far.
    pub given: Vec<Actor>,
    /// Roles added by escalation; none before.
    pub escalated: Option<Vec<String>>,
    /// Who may decide, when the run was moved to a version that names other people: those who were asked stay asked.
    #[serde(default)]
    pub people: Option<Approvers>,
}

/// The conversation is with a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffWait {
    /// Which entry.
    pub place: Place,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
}

/// Waiting to be told what became of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnknownWait {
    /// The call in doubt.
    pub calling: Calling,
    /// Why.
    pub error: StepError,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub status: EndedStatus,
    /// What it answers.
    pub output: Value,
    /// What went wrong.
    pub error: Option<StepError>,
    /// The last step.
    pub last: Option<Place>,
}

impl Calling {
    /// Which attempt of which call of which entry.
    #[must_use]
    pub fn sent(&self) -> (u32, u16, u32) {
        (self.place.visit, self.call, self.attempt)
    }
}

impl RunState {
    /// The step entry the token is at, if it is at one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match &self.phase {
            Phase::Unstarted | Phase::Moving => None,
            Phase::AtStep(place) => Some(place),
            Phase::Calling(calling) | Phase::CallDown(calling) => Some(&calling.place),
            Phase::BackingOff(wait) => Some(&wait.calling.place),
            Phase::LookingUp(wait) => Some(&wait.calling.place),
            Phase::WaitingForm(wait) => Some(&wait.place),
            Phase::WaitingApproval(wait) => Some(&wait.place),
            Phase::WaitingHandoff(wait) => Some(&wait.place),
            Phase::WaitingUnknown(wait) => Some(&wait.calling.place),
            Phase::Ended(ended) => ended.last.as_ref(),
        }
    }

    /// Id of the checkpoint the run waits at; the same as [`Opened::checkpoint_id`] gave when it was opened.
    #[must_use]
    pub fn open_checkpoint(&self) -> Option<String> {
        let run = &self.info.run;
        match &self.phase {
            Phase::WaitingForm(FormWait { place, .. })
            | Phase::WaitingApproval(ApprovalWait { place, .. })
            | Phase::WaitingHandoff(HandoffWait { place, .. }) => Some(format!("{run}.{}", place.visit)),
            Phase::WaitingUnknown(UnknownWait { calling, .. }) => {
                let (visit, call, attempt) = (calling.place.visit, calling.call, calling.attempt);
                Some(format!("{run}.{visit}.{call}.{attempt}"))
            }
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Calling(_)
            | Phase::CallDown(_)
            | Phase::BackingOff(_)
            | Phase::LookingUp(_)
            | Phase::Ended(_) => None,
        }
    }

    /// Which attempt of which call of which entry is under way or being looked up.
    #[must_use]
    pub fn under_way(&self) -> Option<(u32, u16, u32)> {
        match &self.phase {
            Phase::Calling(calling) => Some(calling.sent()),
            Phase::LookingUp(wait) => Some(wait.calling.sent()),
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::CallDown(_)
            | Phase::BackingOff(_)
            | Phase::WaitingForm(_)
            | Phase::WaitingApproval(_)
            | Phase::WaitingHandoff(_)
            | Phase::WaitingUnknown(_)
            | Phase::Ended(_) => None,
        }
    }

    /// When the earliest timer fires; none when the run waits for no time.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::BackingOff(wait) => Some(wait.due),
            Phase::WaitingForm(wait) => wait.due,
            Phase::WaitingApproval(wait) => [wait.due, wait.remind_at].into_iter().flatten().min(),
            Phase::WaitingHandoff(wait) => wait.due,
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Calling(_)
            | Phase::CallDown(_)
            | Phase::LookingUp(_)
            | Phase::WaitingUnknown(_)
            | Phase::Ended(_) => None,
        }
    }

    /// Whether the run is over.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        match &self.phase {
            Phase::Ended(ended) => Some(ended),
            Phase::Unstarted
            | Phase::Moving
            | Phase::AtStep(_)
            | Phase::Calling(_)
            | Phase::CallDown(_)
            | Phase::BackingOff(_)
            | Phase::LookingUp(_)
            | Phase::WaitingForm(_)
            | Phase::WaitingApproval(_)
            | Phase::WaitingHandoff(_)
            | Phase::WaitingUnknown(_) => None,
        }
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

    fn remember(&mut self, step: &str, key: &str, value: Value) {
        if !self.steps.is_object() {
            self.steps = json!({});
        }
        self.steps[step][key] = value;
    }
}

/// Remembers one event. Total: an event that does not fit the phase changes only what it can.
#[expect(clippy::too_many_lines, reason = "one arm an event: the table of transitions is read as a whole")]
pub fn apply(state: &mut RunState, event: &Event) {
    match event {
        Event::RunStarted { start, vars, at } => {
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
            state.vars.clone_from(vars);
            state.phase = Phase::Moving;
        }
        Event::StepEntered { visit, step, at } => {
            state.visits = *visit;
            state.phase = Phase::AtStep(Place { visit: *visit, step: step.clone(), entered_at: *at });
        }
        Event::CallRequested { call, attempt, key, request, at, .. } => {
            if let Some(place) = state.place().cloned() {
                let (key, request) = (key.clone(), request.clone());
                let earlier = doubtful_call(&state.phase).filter(|earlier| earlier.key == key);
                let in_doubt = earlier.is_some_and(|earlier| earlier.in_doubt);
                call_requested(
                    state,
                    Calling { place, call: *call, attempt: *attempt, key, request, requested_at: *at, in_doubt },
                );
            }
        }
        Event::CallResumed { .. } => {
            if let Phase::Calling(calling) = &mut state.phase {
                calling.in_doubt = true;
            }
        }
        Event::LookUpAnswered { found, .. } => {
            if let Phase::LookingUp(wait) = &mut state.phase {
                wait.calling.in_doubt = found != "did_not_happen";
            }
        }
        Event::ConditionEvaluated { .. } | Event::MessagePosted { .. } => {}
        Event::CallSucceeded { output, .. } => {
            if let Some(place) = state.place().cloned() {
                state.remember(&place.step, "output", output.clone());
                state.phase = Phase::AtStep(place);
            }
        }
        Event::CallFailed { error, .. } => {
            if let Phase::Calling(calling) = &state.phase {
                let in_doubt = calling.in_doubt || error.class == FailureClass::Unknown;
                state.phase = Phase::CallDown(Calling { in_doubt, ..calling.clone() });
            }
        }
        Event::RetryScheduled { attempt, due, .. } => {
            if let Some(calling) = doubtful_call(&state.phase) {
                state.phase = Phase::BackingOff(BackingOff { calling, attempt: *attempt, due: *due });
            }
        }
        Event::LookUpRequested { .. } => {
            if let Some(calling) = doubtful_call(&state.phase) {
                let error = StepError::fatal("unknown_outcome", "it is not known whether the call took place");
                state.phase = Phase::LookingUp(LookingUp { calling, error });
            }
        }
        Event::CheckpointOpened { opened, due, remind_at, .. } => opened_checkpoint(state, opened, *due, *remind_at),
        Event::CheckpointReminded { .. } => {
            if let Phase::WaitingApproval(wait) = &mut state.phase {
                wait.remind_at = None;
            }
        }
        Event::CheckpointEscalated { roles, due, .. } => {
            if let Phase::WaitingApproval(wait) = &mut state.phase {
                wait.escalated = Some(roles.clone());
                wait.due = Some(*due);
            }
        }
        Event::ApprovalGiven { by, .. } => {
            if let Phase::WaitingApproval(wait) = &mut state.phase {
                wait.given.push(by.clone());
            }
        }
        Event::CheckpointClosed { outcome, .. } => closed_checkpoint(state, outcome),
        Event::ApprovalVoided { difference, .. } => {
            state.grants.remove(&difference.step);
            state.phase = Phase::Moving;
        }
        Event::StepCompleted { output, set, .. } => {
            if let (Some(place), Some(output)) = (state.place().cloned(), output) {
                state.remember(&place.step, "output", output.clone());
            }
            state.vars.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
            state.phase = Phase::Moving;
        }
        Event::StepFailed { error, exit, .. } => {
            let value = serde_json::to_value(error).unwrap_or_default();
            if let Some(place) = state.place().cloned() {
                state.remember(&place.step, "error", value.clone());
                // Without an error branch the run ends here, and says where.
                state.phase = if exit.is_some() { Phase::Moving } else { Phase::AtStep(place) };
            }
            state.error = value;
        }
        Event::CancelRequested { reason, by } => state.cancel = Some((reason.clone(), by.clone())),
        Event::RunEnded { status, output, error, .. } => {
            let last = state.place().cloned();
            state.phase = Phase::Ended(Ended { status: *status, output: output.clone(), error: error.clone(), last });
        }
        Event::RunReopened { edit, .. } => {
            edit.apply(state);
            // What was approved before the end was approved for another course of things.
            state.grants.values_mut().for_each(|grant| grant.used = true);
            state.sent_on = true;
            state.cancel = None;
            state.phase = Phase::Moving;
        }
        Event::RunContinued { from } => {
            state.vars.clone_from(&from.vars);
            state.steps.clone_from(&from.steps);
            state.error.clone_from(&from.error);
            state.sent_on = true;
        }
        Event::RunMoved { moved, .. } => run_moved(state, moved),
    }
}

fn run_moved(state: &mut RunState, moved: &Moved) {
    state.info.version = moved.to;
    if let Some(scope) = state.info.scope.as_object_mut() {
        scope.insert("version".into(), moved.to.into());
    }
    for name in &moved.dropped {
        state.vars.shift_remove(name);
    }
    state.vars.extend(moved.added.iter().map(|(name, value)| (name.clone(), value.clone())));
    if let Some(place) = waiting_place(&mut state.phase) {
        place.step.clone_from(&moved.now_at);
    }
    if let Phase::WaitingApproval(wait) = &mut state.phase {
        wait.people.clone_from(&moved.people);
    }
}

fn waiting_place(phase: &mut Phase) -> Option<&mut Place> {
    match phase {
        Phase::BackingOff(wait) => Some(&mut wait.calling.place),
        Phase::WaitingForm(wait) => Some(&mut wait.place),
        Phase::WaitingApproval(wait) => Some(&mut wait.place),
        Phase::WaitingHandoff(wait) => Some(&mut wait.place),
        Phase::WaitingUnknown(wait) => Some(&mut wait.calling.place),
        Phase::Unstarted
        | Phase::Moving
        | Phase::AtStep(_)
        | Phase::Calling(_)
        | Phase::CallDown(_)
        | Phase::LookingUp(_)
        | Phase::Ended(_) => None,
    }
}

fn call_requested(state: &mut RunState, calling: Calling) {
    if let Some(grant) = state.grants.get_mut(&calling.place.step) {
        grant.used = true;
    }
    state.phase = Phase::Calling(calling);
}

fn doubtful_call(phase: &Phase) -> Option<Calling> {
    match phase {
        Phase::Calling(calling) | Phase::CallDown(calling) => Some(calling.clone()),
        Phase::LookingUp(wait) => Some(wait.calling.clone()),
        Phase::WaitingUnknown(wait) => Some(wait.calling.clone()),
        Phase::BackingOff(wait) => Some(wait.calling.clone()),
        Phase::Unstarted
        | Phase::Moving
        | Phase::AtStep(_)
        | Phase::WaitingForm(_)
        | Phase::WaitingApproval(_)
        | Phase::WaitingHandoff(_)
        | Phase::Ended(_) => None,
    }
}

fn opened_checkpoint(state: &mut RunState, opened: &Opened, due: Option<Timestamp>, remind_at: Option<Timestamp>) {
    let Some(place) = state.place().cloned() else { return };
    state.phase = match opened {
        Opened::Form { .. } => Phase::WaitingForm(FormWait { place, due }),
        Opened::Approval { requests, .. } => Phase::WaitingApproval(ApprovalWait {
            place,
            requests: requests.clone(),
            due,
            remind_at,
            given: Vec::new(),
            escalated: None,
            people: None,
        }),
        Opened::Handoff { .. } => Phase::WaitingHandoff(HandoffWait { place, due }),
        Opened::UnknownOutcome { error, .. } => match doubtful_call(&state.phase) {
            Some(calling) => Phase::WaitingUnknown(UnknownWait { calling, error: error.clone() }),
            None => return,
        },
    };
}

fn closed_checkpoint(state: &mut RunState, outcome: &str) {
    let Some(place) = state.place().cloned() else { return };
    if let Phase::WaitingUnknown(wait) = &state.phase {
        // The call in doubt is still needed: it is answered or sent by the event that follows.
        let in_doubt = outcome != "not_happened";
        state.phase = Phase::CallDown(Calling { in_doubt, ..wait.calling.clone() });
        return;
    }
    if let Phase::WaitingApproval(wait) = &state.phase {
        for request in &wait.requests {
            // The last word counts: a "no" takes back what an earlier "yes" allowed.
            state.grants.remove(&request.step);
            if outcome == "approved" {
                let grant = Grant { approval: place.step.clone(), request: request.clone(), used: false };
                state.grants.insert(request.step.clone(), grant);
            }
        }
    }
    state.phase = Phase::AtStep(place);
}
