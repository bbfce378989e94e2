//! What a rehearsal waits for now, as it is shown.

use super::sample;
use crate::{
    approval::{GuardedRequest, PreviewStep, RequestDifference, preview},
    catalogue::{Catalogue, Risk},
    document::{Exit, StepId},
    log::{LogEntry, StepError},
    run::{
        CallRequest, CheckpointEvent, CompiledStep, Effect, Event, OpenApproval, Opened, Phase, RunState, Stage,
        Version,
    },
    time::Timestamp,
};
use serde::Serialize;
use serde_json::Value;

/// A call of an action that is under way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Which entry of which step.
    pub visit: u32,
    /// The step.
    pub step: StepId,
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
    /// How long it may take, milliseconds.
    pub timeout_ms: u64,
    /// An output that fits the action's schema.
    pub sample: Value,
}

/// What a rehearsal waits for now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Waiting {
    /// It has not begun.
    Start {
        /// Why.
        reason: String,
    },
    /// An action wants its answer.
    Answer(Call),
    /// The look-up of a call with an unknown outcome wants its answer.
    LookUp(Call),
    /// The customer's form.
    Form {
        /// Which entry of which step.
        visit: u32,
        /// The step.
        step: StepId,
        /// What the customer reads.
        prompt: String,
        /// JSON Schema of the answers.
        schema: Value,
        /// First values.
        prefill: Value,
        /// Text of the button.
        submit: String,
        /// When it ends by itself.
        due: Option<Timestamp>,
    },
    /// A decision.
    Approval {
        /// Which entry of which step.
        visit: u32,
        /// The step.
        step: StepId,
        /// One line.
        summary: String,
        /// What would be sent after approval.
        requests: Vec<GuardedRequest>,
        /// What changed since an approval that became void.
        difference: Option<RequestDifference>,
        /// Roles that may decide.
        roles: Vec<String>,
        /// People who may decide, by e-mail address.
        users: Vec<String>,
        /// How many must approve.
        quorum: u32,
        /// Who has approved so far.
        given: Vec<String>,
        /// The outcomes to choose from.
        outcomes: Vec<String>,
        /// What approving leads to.
        on_approve: Vec<PreviewStep>,
        /// What rejecting leads to.
        on_reject: Vec<PreviewStep>,
        /// When it ends by itself.
        due: Option<Timestamp>,
        /// When the people are reminded.
        remind_at: Option<Timestamp>,
    },
    /// A person who has the conversation.
    Handoff {
        /// Which entry of which step.
        visit: u32,
        /// The step.
        step: StepId,
        /// Who takes it.
        team: String,
        /// What they read.
        note: String,
        /// The outcomes to hand back with.
        outcomes: Vec<String>,
        /// JSON Schema of what is filled in for that.
        form: Option<Value>,
        /// When it ends by itself.
        due: Option<Timestamp>,
    },
    /// A person who says what became of a call.
    UnknownOutcome {
        /// Which entry of which step.
        visit: u32,
        /// The step.
        step: StepId,
        /// What was sent.
        request: CallRequest,
        /// Why it is not known.
        error: StepError,
    },
    /// The time to try again.
    Retry {
        /// Which entry of which step.
        visit: u32,
        /// The step.
        step: StepId,
        /// The attempt to come.
        attempt: u32,
        /// When.
        due: Timestamp,
    },
    /// Nothing: it is over.
    Nothing,
}

/// Where a rehearsal stands.
pub(super) struct Standing<'a> {
    pub(super) version: &'a Version,
    pub(super) catalogue: &'a Catalogue,
    pub(super) state: &'a RunState,
    pub(super) log: &'a [LogEntry],
    pub(super) effect: Option<&'a Effect>,
    pub(super) now: Timestamp,
}

impl Standing<'_> {
    pub(super) fn waiting(&self) -> Waiting {
        match &self.state.phase {
            Phase::Unstarted => Waiting::Start { reason: String::new() },
            Phase::Calling { calling, stage } => {
                let step = &calling.place.step;
                match stage {
                    Stage::UnderWay => self.call(step).map_or(Waiting::Nothing, Waiting::Answer),
                    Stage::LookingUp { .. } => self.call(step).map_or(Waiting::Nothing, Waiting::LookUp),
                    Stage::BackingOff { attempt, due } => {
                        Waiting::Retry { visit: calling.place.visit, step: step.clone(), attempt: *attempt, due: *due }
                    }
                    Stage::Down => Waiting::Nothing,
                }
            }
            Phase::Waiting(_) => self.opened().map_or(Waiting::Nothing, |opened| self.checkpoint(opened)),
            Phase::Moving | Phase::AtStep(_) | Phase::Ended(_) => Waiting::Nothing,
        }
    }

    fn call(&self, step: &str) -> Option<Call> {
        let (Effect::InvokeAction { id, action, connection, input, timeout, .. }
        | Effect::LookUp { id, action, connection, input, timeout, .. }) = self.effect?
        else {
            return None;
        };
        let spec = self.catalogue.action(action);
        Some(Call {
            visit: id.visit,
            step: step.to_owned(),
            attempt: id.attempt,
            action: action.clone(),
            connection: connection.clone(),
            input: input.clone(),
            risk: spec.map_or(Risk::High, |spec| spec.risk_of(input)),
            timeout_ms: timeout.0,
            sample: spec.map_or(Value::Null, |spec| sample(&spec.output)),
        })
    }

    /// What the open checkpoint showed.
    fn opened(&self) -> Option<&Opened> {
        let events = self.log.iter().rev().flat_map(|entry| entry.events.iter().rev());
        events
            .filter_map(|event| match event {
                Event::Checkpoint { what: CheckpointEvent::Opened { opened, .. }, .. } => Some(opened),
                Event::Checkpoint { .. } | Event::Run(_) | Event::Step { .. } | Event::Call { .. } => None,
            })
            .next()
    }

    fn checkpoint(&self, opened: &Opened) -> Waiting {
        let Some(place) = self.state.place() else { return Waiting::Nothing };
        let (visit, step, due) = (place.visit, place.step.clone(), self.state.wake_at());
        match opened.clone() {
            Opened::Form { prompt, schema, prefill, submit } => {
                Waiting::Form { visit, step, prompt, schema, prefill, submit, due }
            }
            Opened::Approval { summary, requests, difference, door: _, tier: _, facts: _, edited: _ } => {
                self.approval((visit, step), (summary, requests.to_vec(), difference))
            }
            Opened::Handoff { team, note } => {
                let (outcomes, form) = match self.version.step(&step) {
                    Some(CompiledStep::HumanHandoff(handoff)) => (handoff.outcomes(), handoff.form().cloned()),
                    _ => (Vec::new(), None),
                };
                Waiting::Handoff { visit, step, team, note, outcomes, form, due }
            }
            Opened::UnknownOutcome { request, error, .. } => {
                let request = CallRequest::clone(&request);
                Waiting::UnknownOutcome { visit, step, request, error }
            }
        }
    }

    fn approval(
        &self,
        (visit, step): (u32, StepId),
        (summary, requests, difference): (String, Vec<GuardedRequest>, Option<RequestDifference>),
    ) -> Waiting {
        let (Some(wait), Some(CompiledStep::Approval(approval))) =
            (self.state.phase.approval(), self.version.step(&step))
        else {
            return Waiting::Nothing;
        };
        let leads = |exit: Exit| {
            let kind = self.version.workflow().steps.get(&step).map(|step| &step.kind);
            let exits = kind.map(|kind| kind.exits()).unwrap_or_default();
            let target = exits.into_iter().find(|(name, _)| *name == exit).map(|(_, target)| target.clone());
            target.map(|target| preview(self.version, self.state, &target, self.now)).unwrap_or_default()
        };
        let outcomes = OpenApproval::of(self.version, self.state).map_or_else(Vec::new, |open| open.outcomes());
        let approvers = wait.people.as_ref().unwrap_or_else(|| approval.approvers());
        let escalated = wait.escalated.iter().flatten().chain(&wait.added);
        Waiting::Approval {
            visit,
            on_approve: leads(Exit::Approved),
            on_reject: leads(Exit::Rejected),
            step,
            summary,
            requests,
            difference,
            roles: approvers.roles.iter().chain(approvers.counts.keys()).chain(escalated).cloned().collect(),
            users: approvers.users.clone(),
            quorum: approvers.quorum,
            given: wait.given.iter().map(|actor| actor.name.clone()).collect(),
            outcomes,
            due: wait.due,
            remind_at: wait.remind_at,
        }
    }
}
