//! `human_handoff`: the conversation goes to a person, and comes back.

use crate::{
    document::{self, StepId, WaitTimeout},
    expr::TextTemplate,
    run::{
        Actor, ClosedBy, CompileError, CompiledStep, Event, Opened, Phase, Refusal,
        machine::{Completion, Flow, Machine},
        state::Place,
        version,
    },
};
use serde_json::{Value, json};

/// A compiled `human_handoff`.
#[derive(Debug)]
pub struct Compiled {
    team: String,
    note: TextTemplate,
    message: TextTemplate,
    outcomes: Vec<(String, StepId)>,
    next: StepId,
    timeout: Option<WaitTimeout>,
}

impl Compiled {
    /// The outcomes it can be handed back with.
    #[must_use]
    pub fn outcomes(&self) -> Vec<String> {
        ["returned".to_owned()].into_iter().chain(self.outcomes.iter().map(|(name, _)| name.clone())).collect()
    }
}

pub(crate) fn compile(step: &document::HumanHandoff, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    Ok(Compiled {
        team: step.team.clone(),
        note: at.text("note", &step.note)?,
        message: at.text("message", &step.message)?,
        outcomes: step.outcomes.iter().map(|(name, outcome)| (name.clone(), outcome.next.clone())).collect(),
        next: step.next.clone(),
        timeout: step.timeout.clone(),
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let rendered = {
        let scope = machine.scope();
        step.note.render(&scope).and_then(|note| Ok((note, step.message.render(&scope)?)))
    };
    let (note, body) = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return machine.fail_expression(place, "note", &error),
    };
    let visit = place.visit;
    if !body.is_empty() {
        machine.emit(Event::MessagePosted { visit, body, form: None });
    }
    let due = step.timeout.as_ref().map(|timeout| machine.now.plus(timeout.after));
    let opened = Opened::Handoff { team: step.team.clone(), note };
    machine.emit(Event::CheckpointOpened { visit, opened, due, remind_at: None });
    Flow::Stay
}

pub(crate) fn handed_back(
    machine: &mut Machine<'_>,
    visit: u32,
    outcome: String,
    comment: String,
    by: Actor,
) -> Result<Flow, Refusal> {
    let version = machine.version;
    let Phase::WaitingHandoff(wait) = machine.state.phase.clone() else { return Err(Refusal::Stale) };
    if wait.place.visit != visit {
        return Err(Refusal::Stale);
    }
    let Some(CompiledStep::HumanHandoff(step)) = version.step(&wait.place.step) else {
        return Ok(machine.lost(&wait.place));
    };
    let named = step.outcomes.iter().find(|(name, _)| *name == outcome);
    let next = match named {
        Some((_, next)) => next,
        None if outcome == "returned" => &step.next,
        None => return Err(Refusal::NotOffered { outcome, offered: step.outcomes() }),
    };
    let output = json!({ "outcome": outcome, "comment": comment, "by": { "id": by.id, "name": by.name } });
    let by = ClosedBy::Person { actor: by };
    let exit = if named.is_some() { outcome.clone() } else { "next".to_owned() };
    machine.emit(Event::CheckpointClosed { visit, outcome, by, comment, values: Value::Null });
    Ok(machine.complete(&wait.place, Completion { exit, next, set: &[], output: Some(output), on_error: None }))
}

pub(crate) fn timed_out(machine: &mut Machine<'_>, place: &Place) -> Flow {
    let version = machine.version;
    let Some(CompiledStep::HumanHandoff(step)) = version.step(&place.step) else { return machine.lost(place) };
    let Some(timeout) = &step.timeout else { return machine.lost(place) };
    machine.wait_timed_out(place, &timeout.next)
}
