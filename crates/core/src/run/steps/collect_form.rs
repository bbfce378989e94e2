//! `collect_form`: a form inline in the conversation.

use crate::{
    document::{self, Exit, StepId, WaitTimeout},
    expr::{Template, TextTemplate},
    run::{
        Actor, CheckpointEvent, ClosedBy, CompileError, CompiledStep, FormWait, Opened, Outcome, Phase, PostedForm,
        Refusal, StepEvent, Wait, forms,
        machine::{Completion, Flow, Machine},
        phase::Place,
        version,
    },
};
use jsonschema::Validator;
use serde_json::Value;

/// A compiled `collect_form`.
#[derive(Debug)]
pub struct Compiled {
    prompt: TextTemplate,
    schema: Value,
    prefill: Template,
    submit: String,
    validator: Validator,
    set: Vec<(String, Template)>,
    next: StepId,
    timeout: Option<WaitTimeout>,
}

pub(crate) fn compile(step: &document::CollectForm, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let validator = forms::validator(&step.form).map_err(|error| at.error("form", error))?;
    Ok(Compiled {
        prompt: at.text("prompt", &step.prompt)?,
        schema: step.form.clone(),
        prefill: at.template("prefill", &Value::Object(step.prefill.clone()))?,
        submit: step.submit.clone(),
        validator,
        set: at.set(&step.set)?,
        next: step.next.clone(),
        timeout: step.timeout.clone(),
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let rendered = {
        let scope = machine.scope();
        step.prompt
            .render(&scope)
            .and_then(|prompt| Ok((prompt, step.prefill.render(&scope).map_err(|error| error.error)?)))
    };
    let (prompt, prefill) = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return machine.fail_expression(place, "prompt", &error),
    };
    let (visit, schema, submit) = (place.visit, step.schema.clone(), step.submit.clone());
    let form = PostedForm { schema: schema.clone(), prefill: prefill.clone(), submit: submit.clone() };
    machine.step(visit, StepEvent::Said { body: prompt.clone(), form: Some(form), waiting: None });
    let due = step.timeout.as_ref().map(|timeout| machine.now.plus(timeout.after));
    let opened = Opened::Form { prompt, schema, prefill, submit };
    machine.checkpoint(visit, CheckpointEvent::Opened { opened, due, remind_at: None, rung_at: None });
    Flow::Stay
}

pub(crate) fn submitted(machine: &mut Machine<'_>, visit: u32, values: Value, by: Actor) -> Result<Flow, Refusal> {
    let version = machine.version;
    let Phase::Waiting(Wait::Form(FormWait { place, .. })) = &machine.state.phase else { return Err(Refusal::Stale) };
    if place.visit != visit {
        return Err(Refusal::Stale);
    }
    let place = place.clone();
    let Some(CompiledStep::CollectForm(step)) = version.step(&place.step) else {
        return Ok(machine.lost(&place));
    };
    let problems = forms::problems(&step.validator, &values);
    if !problems.is_empty() {
        return Err(Refusal::InvalidForm { problems });
    }
    machine.close(visit, Outcome::Submitted, ClosedBy::Person { actor: by }, String::new(), values.clone());
    Ok(machine.complete(
        &place,
        Completion { exit: Exit::Next, next: &step.next, set: &step.set, output: Some(values), on_error: None },
    ))
}

pub(crate) fn timed_out(machine: &mut Machine<'_>, place: &Place) -> Flow {
    let version = machine.version;
    let Some(CompiledStep::CollectForm(step)) = version.step(&place.step) else { return machine.lost(place) };
    let Some(timeout) = &step.timeout else { return machine.lost(place) };
    machine.wait_timed_out(place, &timeout.next)
}
