//! `tool_call`: a connector action.

use crate::{
    approval::{GuardedCall, GuardedRequest, Missing, Needed, RequestDifference},
    catalogue::{ActionSpec, Risk},
    document::{self, DEFAULT_CALL_TIMEOUT, Exit, Retry, StepId},
    expr::Template,
    log::StepError,
    run::{
        CallRequest, CompileError, FieldProblem, RunEvent, calls,
        customer::Proof,
        forms,
        machine::{Completion, Flow, Machine},
        phase::Place,
        version,
    },
    time::Span,
};
use jsonschema::Validator;
use serde_json::Value;
use std::sync::Arc;

/// A compiled `tool_call`.
#[derive(Debug)]
pub struct Compiled {
    action: String,
    connection: Option<String>,
    pub(crate) input: Template,
    set: Vec<(String, Template)>,
    customer: Option<Proof>,
    pub(crate) next: StepId,
    pub(crate) spec: Arc<ActionSpec>,
    pub(crate) retry: Retry,
    pub(crate) timeout: Span,
    pub(crate) on_error: Option<StepId>,
    /// Of a guarded step: what its input must fit before a person is asked.
    schema: Option<Validator>,
}

impl Compiled {
    /// `<connector>.<action>`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The request this step would send now.
    pub(crate) fn request(&self, machine: &Machine<'_>, step: &str) -> Result<GuardedRequest, StepError> {
        let input = self.render(machine, step)?;
        Ok(GuardedRequest::new(step.to_owned(), self.call(machine, input)))
    }

    fn call(&self, machine: &Machine<'_>, input: Value) -> GuardedCall {
        let account = machine.accounts.behind(&self.action, self.connection.as_deref()).map(str::to_owned);
        GuardedCall { action: self.action.clone(), connection: self.connection.clone(), account, input }
    }

    /// What does not fit the action's schema; at most 50 problems.
    pub(crate) fn problems(&self, input: &Value) -> Vec<FieldProblem> {
        match &self.schema {
            Some(schema) => forms::problems(schema, input),
            None => Vec::new(),
        }
    }

    /// The input this step sends: as the document gives it, or what a person made of that.
    pub(crate) fn render(&self, machine: &Machine<'_>, step: &str) -> Result<Value, StepError> {
        let input = self.input.render(&machine.scope());
        let input = input.map_err(|error| StepError::fatal(error.code(), format!("input: {error}")))?;
        Ok(machine.state.edited_input(step, input))
    }
}

pub(crate) fn compile(step: &document::ToolCall, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let spec = at.action(&step.action)?;
    Ok(Compiled {
        action: step.action.clone(),
        connection: step.connection.clone(),
        input: at.template("input", &step.input)?,
        set: at.set(&step.set)?,
        customer: step.customer.as_deref().map(|customer| Proof::compile(customer, at)).transpose()?,
        next: step.next.clone(),
        retry: step.retry.clone().unwrap_or_default(),
        timeout: step.timeout.unwrap_or(DEFAULT_CALL_TIMEOUT),
        on_error: step.on_error.as_ref().map(|to| to.next.clone()),
        // As the connector reads it; what it cannot read it does not refuse by.
        schema: at.is_guarded().then(|| jsonschema::validator_for(&spec.input).ok()).flatten(),
        spec,
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    let input = match step.render(machine, &place.step) {
        Ok(input) => input,
        Err(error) => return machine.fail(place, error, step.on_error.as_ref()),
    };
    let call = step.call(machine, input);
    match approval_needed(machine, step, &place.step, &call) {
        Permission::Granted => {
            let GuardedCall { action, connection, account, input } = call;
            // Only what was approved is bound to the account: any other call takes the connection as it is when it is made.
            let account = account.filter(|_| machine.version.guarded_by.contains_key(&place.step));
            calls::first_request(machine, place, 0, CallRequest::Action { action, connection, account, input })
        }
        Permission::AskAgain(missing) => {
            let Missing { approval, approved } = *missing;
            let account_changed = approved.as_ref().is_some_and(|approved| approved.account != call.account);
            let approved = approved.map_or(Value::Null, |approved| approved.input);
            let difference = RequestDifference { step: place.step.clone(), approved, now: call.input, account_changed };
            machine.ask_again(place, &approval, difference)
        }
        Permission::Missing => {
            let message = format!("`{}` is high risk and no approval for it was given", step.action);
            machine.fail(place, StepError::fatal("unapproved_action", message), None)
        }
    }
}

enum Permission {
    Granted,
    AskAgain(Box<Missing>),
    Missing,
}

/// What was approved is what runs, once.
fn approval_needed(machine: &Machine<'_>, step: &Compiled, id: &StepId, call: &GuardedCall) -> Permission {
    let version = machine.version;
    let high = step.spec.risk_of(&call.input) == Risk::High && !version.allow_unguarded;
    let Some(naming) = version.guarded_by.get(id) else {
        return if high { Permission::Missing } else { Permission::Granted };
    };
    // A run that was sent on from a step may have been led around its approval.
    let (anyway, always) = (high || machine.state.sent_on, version.gates.guarding(id));
    let needed = Needed { naming, always, anyway, by_person: high };
    match machine.state.grants.missing(id, &call.hash(), needed) {
        Some(missing) => Permission::AskAgain(Box::new(missing)),
        None => Permission::Granted,
    }
}

pub(crate) fn answered(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    if let Some(proof) = &step.customer {
        let output = machine.state.steps.get(&place.step).and_then(|step| step.get("output")).unwrap_or(&Value::Null);
        match proof.render(&machine.scope().with("output", output)) {
            Ok(customer) => machine.run(RunEvent::CustomerProven { step: place.step.clone(), customer }),
            Err(error) => return machine.fail(place, error, step.on_error.as_ref()),
        }
    }
    machine.complete(
        place,
        Completion {
            exit: Exit::Next,
            next: &step.next,
            set: &step.set,
            output: None,
            on_error: step.on_error.as_ref(),
        },
    )
}
