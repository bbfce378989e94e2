//! `notify`: a message over one or more channels.

use crate::{
    contact,
    document::{self, Channel, DEFAULT_CALL_TIMEOUT, Delivery, Exit, MessageTemplate, Recipient, Retry, StepId},
    expr::{Scope, TextTemplate},
    log::StepError,
    run::{
        CallRequest, CompileError, StepEvent, calls,
        machine::{Completion, Flow, Machine},
        phase::Place,
        version,
    },
    time::Span,
};
use serde_json::Value;

/// A compiled `notify`.
#[derive(Debug)]
pub struct Compiled {
    pub(crate) channels: Vec<Channel>,
    delivery: Delivery,
    phone: Option<TextTemplate>,
    email: Option<TextTemplate>,
    telegram: Option<TextTemplate>,
    subject: TextTemplate,
    pub(crate) body: TextTemplate,
    template: Option<Template>,
    pub(crate) next: StepId,
    pub(crate) retry: Retry,
    pub(crate) timeout: Span,
    pub(crate) on_error: Option<StepId>,
}

/// A compiled template of WhatsApp.
#[derive(Debug)]
struct Template {
    name: String,
    language: String,
    parameters: Vec<TextTemplate>,
}

pub(crate) fn compile(step: &document::Notify, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
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
        template: step.template.as_deref().map(|template| approved(template, at)).transpose()?,
        next: step.next.clone(),
        retry: step.retry.clone().unwrap_or_default(),
        timeout: step.timeout.unwrap_or(DEFAULT_CALL_TIMEOUT),
        on_error: step.on_error.as_ref().map(|to| to.next.clone()),
    })
}

fn approved(template: &MessageTemplate, at: &version::Place<'_>) -> Result<Template, CompileError> {
    let parameters = template.parameters.iter().enumerate();
    let parameters = parameters.map(|(index, text)| at.text(&format!("template/parameters/{index}"), text));
    Ok(Template {
        name: template.name.clone(),
        language: template.language.clone(),
        parameters: parameters.collect::<Result<_, _>>()?,
    })
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    deliver(machine, step, place, 0)
}

/// Sends over the channel number `call` and those after it.
fn deliver(machine: &mut Machine<'_>, step: &Compiled, place: &Place, call: u16) -> Flow {
    let mut call = call;
    while let Some(channel) = step.channels.get(usize::from(call)).copied() {
        match message(step, channel, &machine.scope()) {
            Ok(CallRequest::Message { channel: Channel::Conversation, body, .. })
                if !leaves(&machine.state.info.conversation) =>
            {
                machine.step(place.visit, StepEvent::Said { body, form: None, waiting: None });
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
    let to = reachable(channel, to)?;
    let filled = |template: &Template| -> Result<Box<MessageTemplate>, StepError> {
        let parameters = template.parameters.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Box::new(MessageTemplate { name: template.name.clone(), language: template.language.clone(), parameters }))
    };
    let template = step.template.as_ref().filter(|_| channel == Channel::Whatsapp).map(filled).transpose()?;
    Ok(CallRequest::Message { channel, to, subject: text(&step.subject)?, body: text(&step.body)?, template })
}

/// The address as the channel takes it.
fn reachable(channel: Channel, to: String) -> Result<String, StepError> {
    let (good, what) = match channel {
        Channel::Conversation | Channel::Telegram => return Ok(to),
        Channel::Whatsapp | Channel::Sms => {
            (contact::phone(&to), "no telephone number with its country, such as +4930123456")
        }
        Channel::Email => (contact::email(&to), "no e-mail address"),
    };
    good.ok_or_else(|| {
        let shown: String = to.chars().take(80).collect();
        StepError::fatal("bad_address", format!("`{shown}` is {what}"))
    })
}

fn customer_address(scope: &Scope<'_>, field: &str) -> String {
    match scope.get("customer").and_then(|customer| customer.get(field)) {
        Some(Value::String(address)) => address.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

/// Whether what is said in a conversation leaves by a channel, whose customer may want no messages there: that is asked before
/// it counts as said.
fn leaves(conversation: &Value) -> bool {
    conversation.get("channel").and_then(Value::as_str).is_some_and(|channel| channel != "web")
}

/// A channel took it. What the conversation takes is said now.
pub(crate) fn accepted(machine: &mut Machine<'_>, step: &Compiled, place: &Place, call: u16) -> Flow {
    if step.channels.get(usize::from(call)) == Some(&Channel::Conversation) {
        if let Some((reason, by)) = machine.state.cancel.clone() {
            return machine.cancelled(reason, by);
        }
        match message(step, Channel::Conversation, &machine.scope()) {
            Ok(CallRequest::Message { body, .. }) => {
                machine.step(place.visit, StepEvent::Said { body, form: None, waiting: None });
            }
            Ok(CallRequest::Action { .. }) => return machine.lost(place),
            Err(error) => return refused(machine, step, place, call, error),
        }
    }
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
pub(crate) fn refused(machine: &mut Machine<'_>, step: &Compiled, place: &Place, call: u16, error: StepError) -> Flow {
    let next = call.saturating_add(1);
    if step.delivery == Delivery::First && usize::from(next) < step.channels.len() {
        return deliver(machine, step, place, next);
    }
    machine.fail(place, error, step.on_error.as_ref())
}

fn done(machine: &mut Machine<'_>, step: &Compiled, place: &Place) -> Flow {
    machine.complete(
        place,
        Completion { exit: Exit::Next, next: &step.next, set: &[], output: None, on_error: step.on_error.as_ref() },
    )
}
