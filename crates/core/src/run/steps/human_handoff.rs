//! `human_handoff`: the conversation goes to a person, and comes back.

use crate::{
    document::{self, Exit, StepId, WaitTimeout},
    expr::TextTemplate,
    run::{
        Actor, CheckpointEvent, ClosedBy, CompileError, CompiledStep, HandedBack, HandoffWait, Opened, Outcome, Phase,
        Refusal, StepEvent, Wait, forms,
        machine::{Completion, Flow, Machine},
        phase::Place,
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
    form: Option<forms::Form>,
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

    /// The schema of what is filled in to hand it back.
    #[must_use]
    pub fn form(&self) -> Option<&Value> {
        self.form.as_ref().map(forms::Form::schema)
    }
}

pub(crate) fn compile(step: &document::HumanHandoff, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let form = step.form.as_ref().map(forms::Form::new).transpose();
    Ok(Compiled {
        form: form.map_err(|error| at.error("form", error))?,
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
        machine.step(visit, StepEvent::Said { body, form: None, waiting: None });
    }
    let due = step.timeout.as_ref().map(|timeout| machine.now.plus(timeout.after));
    let opened = Opened::Handoff { team: step.team.clone(), note };
    machine.checkpoint(visit, CheckpointEvent::Opened { opened, due, remind_at: None, rung_at: None });
    Flow::Stay
}

/// What a person hands back.
pub(crate) struct Said {
    pub(crate) back: HandedBack,
    pub(crate) comment: String,
    pub(crate) values: Value,
    pub(crate) by: Actor,
}

pub(crate) fn handed_back(machine: &mut Machine<'_>, visit: u32, said: Said) -> Result<Flow, Refusal> {
    let Said { back, comment, values, by } = said;
    let version = machine.version;
    let Phase::Waiting(Wait::Handoff(HandoffWait { place, .. })) = &machine.state.phase else {
        return Err(Refusal::Stale);
    };
    if place.visit != visit {
        return Err(Refusal::Stale);
    }
    let place = place.clone();
    let Some(CompiledStep::HumanHandoff(step)) = version.step(&place.step) else {
        return Ok(machine.lost(&place));
    };
    // An outcome of the author's that is called as the ordinary one is that.
    let named = step.outcomes.iter().find(|(name, _)| name == back.word());
    let (exit, next) = match (named, &back) {
        (Some((name, next)), _) => (Exit::Named(name.clone()), next),
        (None, HandedBack::Returned) => (Exit::Next, &step.next),
        (None, HandedBack::Named(name)) => {
            return Err(Refusal::NotOffered { outcome: name.clone(), offered: step.outcomes() });
        }
    };
    let values = forms::answers_taken(step.form.as_ref(), values, "handing it back takes answers")
        .map_err(|problems| Refusal::InvalidForm { problems })?;
    let mut output = json!({ "outcome": back.word(), "comment": comment, "by": { "id": by.id, "name": by.name } });
    if !values.is_null() {
        output["values"] = values.clone();
    }
    let by = ClosedBy::Person { actor: by };
    machine.close(visit, Outcome::HandedBack(back), by, comment, values);
    Ok(machine.complete(&place, Completion { exit, next, set: &[], output: Some(output), on_error: None }))
}

pub(crate) fn timed_out(machine: &mut Machine<'_>, place: &Place) -> Flow {
    let version = machine.version;
    let Some(CompiledStep::HumanHandoff(step)) = version.step(&place.step) else { return machine.lost(place) };
    let Some(timeout) = &step.timeout else { return machine.lost(place) };
    machine.wait_timed_out(place, &timeout.next)
}
