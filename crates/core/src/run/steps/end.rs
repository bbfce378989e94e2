//! `end`: final status and last words.

use crate::{
    document::{self, EndStatus, Exit},
    expr::{Template, TextTemplate},
    log::StepError,
    run::{
        CompileError, EndedStatus, StepEvent, Waiting,
        machine::{Flow, Machine},
        phase::Place,
        version,
    },
};
use serde_json::{Map, Value};

/// A compiled `end`.
#[derive(Debug)]
pub struct Compiled {
    status: EndStatus,
    pub(crate) message: TextTemplate,
    output: Template,
}

pub(crate) fn compile(step: &document::End, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    Ok(Compiled {
        status: step.status,
        message: at.text("message", &step.message)?,
        output: at.template("output", &step.output)?,
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let rendered = {
        let scope = machine.scope();
        step.message
            .render(&scope)
            .and_then(|body| Ok((body, step.output.render(&scope).map_err(|error| error.error)?)))
    };
    let (body, output) = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return machine.fail_expression(place, "message", &error),
    };
    let visit = place.visit;
    if !body.is_empty() {
        // Whoever ends as failed with words of their own has told the customer.
        let told = step.status == EndStatus::Failed && machine.version.waiting.is_some();
        let waiting = told.then_some(Waiting::Failure);
        machine.step(visit, StepEvent::Said { body: body.clone(), form: None, waiting });
    }
    let (status, error) = match step.status {
        EndStatus::Completed => (EndedStatus::Completed, None),
        EndStatus::Rejected => (EndedStatus::Rejected, None),
        EndStatus::Failed => {
            let message = if body.is_empty() { "the workflow ended as failed".to_owned() } else { body };
            (EndedStatus::Failed, Some(StepError::fatal("ended_failed", message)))
        }
    };
    machine.step(visit, StepEvent::Completed { exit: Exit::End, output: None, set: Map::<String, Value>::new() });
    machine.end(status, output, error, None)
}
