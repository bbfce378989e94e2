//! `collect_form`: a form inline in the conversation.

use crate::{
    document::{self, Exit, OnUnusable, StepId, WaitTimeout},
    expr::{ExpressionError, Template, TextTemplate},
    pointer::token,
    run::{
        Actor, CheckpointEvent, ClosedBy, CompileError, CompiledStep, FieldKind, FormWait, Opened, Outcome, Phase,
        PostedForm, Refusal, StepEvent, Wait, forms,
        machine::{Completion, Flow, Machine},
        phase::Place,
        version,
    },
};
use serde_json::{Map, Value};

/// A compiled `collect_form`.
#[derive(Debug)]
pub struct Compiled {
    prompt: TextTemplate,
    form: forms::Form,
    /// What is written in the form to read, by field.
    words: Vec<(String, TextTemplate)>,
    prefill: Template,
    submit: String,
    set: Vec<(String, Template)>,
    next: StepId,
    timeout: Option<WaitTimeout>,
    on_unusable: Option<OnUnusable>,
}

impl Compiled {
    /// Whether replies that are no answer are counted.
    #[must_use]
    pub const fn counts_replies(&self) -> bool {
        self.on_unusable.is_some()
    }

    /// Whether the form is over with this reply, if it is no answer.
    #[must_use]
    pub fn is_over_with(&self, wait: &FormWait, reply: &str) -> bool {
        let counted = wait.unusable.iter().any(|known| known == reply);
        let count = wait.unusable.len() + 1;
        self.on_unusable
            .as_ref()
            .is_some_and(|on| !counted && u32::try_from(count).is_ok_and(|count| count >= on.replies))
    }
}

pub(crate) fn compile(step: &document::CollectForm, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let form = forms::Form::new(&step.form).map_err(|error| at.error("form", error))?;
    let words = document::sites::summaries(&step.form).map(|(name, words)| {
        Ok((name.clone(), at.text(&format!("form/properties/{}/description", token(name)), words)?))
    });
    Ok(Compiled {
        words: words.collect::<Result<_, CompileError>>()?,
        prompt: at.text("prompt", &step.prompt)?,
        form,
        prefill: at.template("prefill", &Value::Object(step.prefill.clone()))?,
        submit: step.submit.clone(),
        set: at.set(&step.set)?,
        next: step.next.clone(),
        timeout: step.timeout.clone(),
        on_unusable: step.on_unusable.clone(),
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let rendered = {
        let scope = machine.scope();
        step.prompt.render(&scope).and_then(|prompt| {
            let prefill = step.prefill.render(&scope).map_err(|error| error.error)?;
            let words = step.words.iter().map(|(name, words)| Ok((name, words.render(&scope)?)));
            Ok((prompt, prefill, words.collect::<Result<Vec<_>, ExpressionError>>()?))
        })
    };
    let (prompt, mut prefill, words) = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return machine.fail_expression(place, "prompt", &error),
    };
    let (visit, mut schema, submit) = (place.visit, step.form.schema().clone(), step.submit.clone());
    for (name, words) in words {
        schema["properties"][name]["description"] = words.into();
    }
    // Nobody has agreed to anything before they were asked.
    without_consents(&schema, &mut prefill);
    let form = PostedForm { schema: schema.clone(), prefill: prefill.clone(), submit: submit.clone() };
    machine.step(visit, StepEvent::Said { body: prompt.clone(), form: Some(form), waiting: None });
    let due = step.timeout.as_ref().map(|timeout| machine.now.plus(timeout.after));
    let opened = Opened::Form { prompt, schema, prefill, submit };
    machine.checkpoint(visit, CheckpointEvent::Opened { opened, due, remind_at: None, rung_at: None });
    Flow::Stay
}

/// Takes what is a consent out of values, at any depth.
fn without_consents(schema: &Value, values: &mut Value) {
    let (Some(values), Some(fields)) = (values.as_object_mut(), fields(schema)) else { return };
    values.retain(|name, _| fields.get(name).map(FieldKind::of) != Some(FieldKind::Consent));
    for (name, value) in values {
        fields.get(name).into_iter().for_each(|field| without_consents(field, value));
    }
}

fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
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
    let values = step.form.taken(values).map_err(|problems| Refusal::InvalidForm { problems })?;
    machine.close(visit, Outcome::Submitted, ClosedBy::Person { actor: by }, String::new(), values.clone());
    Ok(machine.complete(
        &place,
        Completion { exit: Exit::Next, next: &step.next, set: &step.set, output: Some(values), on_error: None },
    ))
}

/// A reply that is no answer: the form stays until there are too many. One that was counted is not counted again.
pub(crate) fn unusable(machine: &mut Machine<'_>, visit: u32, reply: String, by: Actor) -> Result<Flow, Refusal> {
    let version = machine.version;
    let Phase::Waiting(Wait::Form(FormWait { place, unusable, .. })) = &machine.state.phase else {
        return Err(Refusal::Stale);
    };
    if place.visit != visit || unusable.contains(&reply) {
        return Err(Refusal::Stale);
    }
    let (place, before) = (place.clone(), unusable.len());
    let Some(CompiledStep::CollectForm(step)) = version.step(&place.step) else {
        return Ok(machine.lost(&place));
    };
    let Some(OnUnusable { replies, next }) = &step.on_unusable else { return Err(Refusal::Stale) };
    let count = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
    machine.checkpoint(visit, CheckpointEvent::Unusable { reply, count, of: *replies });
    if count < *replies {
        return Ok(Flow::Stay);
    }
    machine.close(visit, Outcome::Unusable, ClosedBy::Person { actor: by }, String::new(), Value::Null);
    Ok(machine.complete(&place, Completion { exit: Exit::Unusable, next, set: &[], output: None, on_error: None }))
}

pub(crate) fn timed_out(machine: &mut Machine<'_>, place: &Place) -> Flow {
    let version = machine.version;
    let Some(CompiledStep::CollectForm(step)) = version.step(&place.step) else { return machine.lost(place) };
    let Some(timeout) = &step.timeout else { return machine.lost(place) };
    machine.wait_timed_out(place, &timeout.next)
}
