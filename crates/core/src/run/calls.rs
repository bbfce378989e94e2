//! Calls to the world: intent first, honest outcomes after (DESIGN invariant: nothing is repeated silently).

use super::{
    CallEvent, CallId, CallRequest, Calling, CheckpointEvent, CompiledStep, Effect, Opened, StepEvent, backoff,
    machine::{Flow, Machine},
    phase::Place,
    steps::notify,
};
use crate::{
    catalogue::Risk,
    document::{Channel, DEFAULT_CALL_TIMEOUT, Retry, StepId},
    log::{FailureClass, StepError},
    time::{Span, Timestamp},
};
use serde_json::Value;
use std::sync::Arc;

/// What decides the pause before the next attempt.
pub(crate) struct Pause {
    pub(crate) asked_seconds: Option<u64>,
    pub(crate) jitter_per_mille: u16,
}

/// How a step's calls are to be treated.
pub(crate) struct Policy<'a> {
    retry: Retry,
    timeout: Span,
    on_error: Option<&'a StepId>,
    /// Sending it again is harmless.
    repeatable: bool,
    /// It changes nothing.
    read_only: bool,
    look_up: bool,
}

/// Of this request, if it is about one: what a repetition does can depend on what is sent.
fn policy<'a>(machine: &Machine<'a>, step: &str, request: Option<&CallRequest>) -> Policy<'a> {
    let input = match request {
        Some(CallRequest::Action { input, .. }) => input,
        Some(CallRequest::Message { .. }) | None => &Value::Null,
    };
    // Whether the conversation takes words is only asked; they are said with the answer.
    let only_asks = matches!(request, Some(CallRequest::Message { channel: Channel::Conversation, .. }));
    let version = machine.version;
    match version.steps.get(step) {
        Some(CompiledStep::ToolCall(step)) => Policy {
            retry: step.retry.clone(),
            timeout: step.timeout,
            on_error: step.on_error.as_ref(),
            repeatable: step.spec.repeatable(input),
            read_only: step.spec.risk_of(input) == Risk::Read,
            look_up: step.spec.look_up.is_some(),
        },
        Some(CompiledStep::Notify(step)) => Policy {
            retry: step.retry.clone(),
            timeout: step.timeout,
            on_error: step.on_error.as_ref(),
            repeatable: only_asks,
            read_only: only_asks,
            look_up: false,
        },
        _ => Policy {
            retry: Retry::default(),
            timeout: DEFAULT_CALL_TIMEOUT,
            on_error: None,
            repeatable: false,
            read_only: false,
            look_up: false,
        },
    }
}

/// Writes down the intent and asks for the call.
pub(crate) fn request(machine: &mut Machine<'_>, calling: &Calling, attempt: u32) -> Flow {
    let timeout = policy(machine, &calling.place.step, Some(&calling.request)).timeout;
    let (id, at) = (CallId { attempt, ..calling.id() }, machine.now);
    let (key, request) = (Arc::clone(&calling.key), Arc::clone(&calling.request));
    machine.call(id, CallEvent::Requested { key, request, at });
    machine.perform(effect(calling, id, timeout, calling.in_doubt));
    Flow::Stay
}

/// The first call of a step, or the next one of a notification.
pub(crate) fn first_request(machine: &mut Machine<'_>, place: &Place, call: u16, sent: CallRequest) -> Flow {
    let key = machine.key(place, call);
    request(
        machine,
        &Calling {
            place: place.clone(),
            call,
            attempt: 1,
            key,
            request: Arc::new(sent),
            requested_at: machine.now,
            in_doubt: false,
        },
        1,
    )
}

fn effect(calling: &Calling, id: CallId, timeout: Span, repeated: bool) -> Effect {
    let key = Arc::clone(&calling.key);
    match CallRequest::clone(&calling.request) {
        CallRequest::Action { action, connection, account, input } => {
            Effect::InvokeAction { id, key, action, connection, account, input, timeout, repeated }
        }
        CallRequest::Message { channel, to, subject, body, template } => {
            Effect::SendMessage { id, key, channel, to, subject, body, template, timeout }
        }
    }
}

/// A call failed: try again, find out, ask, or give up.
pub(crate) fn failed(machine: &mut Machine<'_>, calling: &Calling, error: StepError, pause: Pause) -> Flow {
    let policy = policy(machine, &calling.place.step, Some(&calling.request));
    let may_repeat = match error.class {
        FailureClass::Retryable => true,
        FailureClass::Unknown => policy.repeatable,
        FailureClass::Fatal => false,
    };
    if may_repeat && calling.attempt < policy.retry.attempts && machine.state.cancel.is_none() {
        let attempt = calling.attempt + 1;
        let wait = backoff::pause(&policy.retry, attempt, pause.jitter_per_mille, pause.asked_seconds);
        let due = machine.now.plus(wait);
        machine.call(CallId { attempt, ..calling.id() }, CallEvent::Scheduled { due });
        return Flow::Stay;
    }
    // That this attempt was refused does not say that no earlier one took place.
    if !policy.read_only && (calling.in_doubt || error.class == FailureClass::Unknown) {
        return doubt(machine, calling, error, policy.look_up);
    }
    give_up(machine, &calling.place, calling.call, error)
}

/// A call was not sent, so nothing is known of it that was not known before: the same attempt again, later.
pub(crate) fn put_off(machine: &mut Machine<'_>, calling: &Calling, due: Timestamp) -> Flow {
    if machine.state.cancel.is_some() && !calling.in_doubt {
        let error = StepError::fatal("not_sent", "the call had no place yet when the run was cancelled");
        return give_up(machine, &calling.place, calling.call, error);
    }
    machine.call(calling.id(), CallEvent::Scheduled { due });
    Flow::Stay
}

fn doubt(machine: &mut Machine<'_>, calling: &Calling, error: StepError, look_up: bool) -> Flow {
    if !look_up {
        return ask(machine, calling, error);
    }
    self::look_up(machine, calling)
}

/// Asks the action's look-up whether the call took place.
pub(crate) fn look_up(machine: &mut Machine<'_>, calling: &Calling) -> Flow {
    let id = calling.id();
    machine.call(id, CallEvent::LookUpRequested);
    let timeout = policy(machine, &calling.place.step, Some(&calling.request)).timeout;
    match CallRequest::clone(&calling.request) {
        CallRequest::Action { action, connection, input, .. } => {
            machine.perform(Effect::LookUp { id, key: Arc::clone(&calling.key), action, connection, input, timeout });
        }
        CallRequest::Message { .. } => {}
    }
    Flow::Stay
}

/// Asks a person: did this happen?
pub(crate) fn ask(machine: &mut Machine<'_>, calling: &Calling, error: StepError) -> Flow {
    let opened = Opened::UnknownOutcome {
        call: calling.call,
        attempt: calling.attempt,
        key: Arc::clone(&calling.key),
        request: Arc::clone(&calling.request),
        error,
    };
    machine
        .checkpoint(calling.place.visit, CheckpointEvent::Opened { opened, due: None, remind_at: None, rung_at: None });
    Flow::Stay
}

/// It certainly did not take place: send it again while attempts are left.
pub(crate) fn again_or_fail(machine: &mut Machine<'_>, calling: &Calling, error: StepError) -> Flow {
    let policy = policy(machine, &calling.place.step, Some(&calling.request));
    if calling.attempt < policy.retry.attempts && machine.state.cancel.is_none() {
        return request(machine, calling, calling.attempt + 1);
    }
    give_up(machine, &calling.place, calling.call, error)
}

/// No more attempts.
pub(crate) fn give_up(machine: &mut Machine<'_>, place: &Place, call: u16, error: StepError) -> Flow {
    let version = machine.version;
    if let Some((reason, by)) = machine.state.cancel.clone() {
        machine.step(place.visit, StepEvent::Failed { error, exit: None });
        return machine.cancelled(reason, by);
    }
    if let Some(CompiledStep::Notify(step)) = version.steps.get(&place.step) {
        return notify::refused(machine, step, place, call, error);
    }
    let on_error = policy(machine, &place.step, None).on_error;
    machine.fail(place, error, on_error)
}

/// The process that made the call is gone; its answer will never come.
pub(crate) fn recover(machine: &mut Machine<'_>, calling: &Calling) -> Flow {
    let policy = policy(machine, &calling.place.step, Some(&calling.request));
    let id = calling.id();
    if policy.repeatable {
        machine.call(id, CallEvent::Resumed);
        machine.perform(effect(calling, id, policy.timeout, true));
        return Flow::Stay;
    }
    let error = StepError {
        class: FailureClass::Unknown,
        code: "interrupted".into(),
        message: "the process stopped while the call was under way".into(),
        details: serde_json::Value::Null,
    };
    machine.call(id, CallEvent::Failed { error: error.clone(), exchange: serde_json::Value::Null });
    doubt(machine, calling, error, policy.look_up)
}
