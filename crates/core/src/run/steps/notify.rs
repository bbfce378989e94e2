//! `notify`: a message over one or more channels.

use crate::{
    document::{self, Channel, DEFAULT_CALL_TIMEOUT, Delivery, Recipient, Retry, StepId},
    expr::{Scope, TextTemplate},
    run::{
        CallRequest, CompileError, Event, StepError, calls,
        machine::{Completion, Flow, Machine},
        state::Place,
        version,
    },
    time::Span,
};
use serde_json::Value;

/// A compiled `notify`.
#[derive(Debug)]
pub struct Compiled {
    pub(in crate::run) channels: Vec<Channel>,
    delivery: Delivery,
    phone: Option<TextTemplate>,
    email: Option<TextTemplate>,
    telegram: Option<TextTemplate>,
    subject: TextTemplate,
    pub(in crate::run) body: TextTemplate,
    pub(in crate::run) next: StepId,
    pub(in crate::run) retry: Retry,
    pub(in crate::run) timeout: Span,
    pub(in crate::run) on_error: Option<StepId>,
}

pub(in crate::run) fn compile(step: &document::Notify, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    let Recipient { phone, email, telegram } = step.to.clone().unwrap_or_default();
    let address =
        |field: &str, source: Option<String>| source.map(|source| at.text(&format!("to/{field}"), &source)).transpose();
    Ok(Compiled {
        channels: step.channels.clone(),
        delivery: step.delivery,
        phone: address("phone", phone)?,
        email: address("email", email)?,
        telegram: address("telegram", telegram)?,
        subject: at.text("subject", &step.subject)?,
        body: at.text("body", &step.body)?,
        next: step.next.clone(),
        retry: step.retry.clone().unwrap_or_default(),
        timeout: step.timeout.unwrap_or(DEFAULT_CALL_TIMEOUT),
        on_error: step.on_error.as_ref().map(|to| to.next.clone()),
    })
}

pub(in crate::run) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    deliver(machine, step, place, 0)
}

/// Sends over the channel number `call` and those after it.
fn deliver(machine: &mut Machine<'_>, step: &Compiled, place: &Place, call: u16) -> Flow {
    let mut call = call;
    while let Some(channel) = step.channels.get(usize::from(call)).copied() {
        match message(step, channel, &machine.scope()) {
            Ok(CallRequest::Message { channel: Channel::Conversation, body, .. }) => {
                machine.emit(Event::MessagePosted { visit: place.visit, body, form: None });
                if step.delivery == Delivery::First {
                    break;
                }
                call += 1;
            }
            Ok(request) => return calls::first_request(machine, place, call, request),
            Err(error) => return refused(machine, step, place, call, error),
        }
    }
    done(machine, step, place)
}

fn message(step: &Compiled, channel: Channel, scope: &Scope<'_>) -> Result<CallRequest, StepError> {
    let text = |template: &TextTemplate| {
        template.render(scope).map_err(|error| StepError::fatal(error.code(), format!("message: {error}")))
    };
    let (own, field) = match channel {
        Channel::Conversation => (None, ""),
        Channel::Whatsapp | Channel::Sms => (step.phone.as_ref(), "phone"),
        Channel::Telegram => (step.telegram.as_ref(), "telegram"),
        Channel::Email => (step.email.as_ref(), "email"),
    };
    let to = match own {
        Some(template) => text(template)?,
        None => customer_address(scope, field),
    };
    if to.is_empty() && channel != Channel::Conversation {
        return Err(StepError::fatal("no_address", format!("the customer has no {field} for {}", channel.tag())));
    }
    Ok(CallRequest::Message { channel, to, subject: text(&step.subject)?, body: text(&step.body)? })
}

fn customer_address(scope: &Scope<'_>, field: &str) -> String {
    match scope.get("customer").and_then(|customer| customer.get(field)) {
        Some(Value::String(address)) => address.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

pub(in crate::run) fn accepted(machine: &mut Machine<'_>, step: &Compiled, place: &Place, call: u16) -> Flow {
    match step.delivery {
        Delivery::All => {
            if let Some((reason, by)) = machine.state.cancel.clone() {
                return machine.cancelled(reason, by);
            }
            deliver(machine, step, place, call.saturating_add(1))
        }
        Delivery::First => done(machine, step, place),
    }
}

/// One channel would not take it.
pub(in crate::run) fn refused(
    machine: &mut Machine<'_>,
    step: &Compiled,
    place: &Place,
    call: u16,
    error: StepError,
) -> Flow {
    let next = call.saturating_add(1);
    if step.delivery == Delivery::First && usize::from(next) < step.channels.len() {
        return deliver(machine, step, place, next);
    }
    machine.fail(place, error, step.on_error.as_ref())
}

fn done(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    machine.complete(
        place,
        Completion { exit: "next".into(), next: &step.next, set: &[], output: None, on_error: step.on_error.as_ref() },
    )
}
