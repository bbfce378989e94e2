//! What an answer, or its absence, says about the call.

use crate::{
    call::CallError,
    registry::{Action, Budget, Errors},
    template::{Pointer, Response, Scope},
};
use countersign_core::{catalogue::Risk, log::FailureClass};
use countersign_outbound::{Failure, class_of_status, retry_after_seconds};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;
use std::time::Duration;

/// Bodies longer than this are not repeated in an error's details; the exchange has them.
const DETAILS_BYTES_MAX: usize = 8 * 1024;

/// A budget that takes longer to refill is one that says nothing sensible.
const BUDGET_SECONDS_MAX: u64 = 60;

/// An answer, read to its end.
pub(crate) struct Answered<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Value,
    pub(crate) body_bytes: usize,
    /// Of the call.
    pub(crate) risk: Risk,
}

/// The failure an answer reports, if it reports one.
pub(crate) fn answer(action: &Action, answered: &Answered<'_>) -> Option<CallError> {
    let rules = &action.errors;
    let status = Value::from(answered.status.as_u16());
    let response = Response { status: &status, headers: &Value::Null, body: answered.body };
    let scope = Scope { response: Some(response), ..Scope::default() };
    let refused = !answered.status.is_success();
    if !refused && !rules.failed_when.iter().any(|rule| rule.holds(&scope)) {
        return None;
    }
    let own_code = rules.code.iter().find_map(|pointer| text(pointer.find(&scope)));
    let own_message = rules.message.iter().find_map(|pointer| text(pointer.find(&scope)));
    let by_code = own_code.as_deref().and_then(|code| class_of_code(rules, code));
    let by_status = if refused { class_of_refusal(action, answered) } else { FailureClass::Fatal };
    let status_text = || match answered.status.canonical_reason() {
        Some(reason) => format!("{} {reason}", answered.status.as_u16()),
        None => answered.status.as_u16().to_string(),
    };
    let mut error = CallError::new(
        by_code.unwrap_or(by_status),
        own_code.unwrap_or_else(|| match refused {
            true => format!("http_{}", answered.status.as_u16()),
            false => "refused".to_owned(),
        }),
        own_message.unwrap_or_else(|| format!("the answer was {}", status_text())),
    );
    error.retry_after_seconds = retry_after_seconds(answered.headers).or_else(|| {
        let budget = rules.budget.as_ref().filter(|_| error.class == FailureClass::Retryable)?;
        refilled_after_seconds(budget, &scope)
    });
    if answered.body_bytes <= DETAILS_BYTES_MAX {
        error.details = answered.body.clone();
    }
    Some(error)
}

/// Until what the call costs is there again; nothing where it is there.
fn refilled_after_seconds(budget: &Budget, scope: &Scope<'_>) -> Option<u64> {
    let number = |pointer: &Pointer| pointer.find(scope).and_then(Value::as_f64).filter(|number| *number >= 0.0);
    let missing = number(&budget.cost)? - number(&budget.left)?;
    let seconds = (missing / number(&budget.per_second)?).ceil();
    Duration::try_from_secs_f64(seconds)
        .ok()
        .map(|wait| wait.as_secs().min(BUDGET_SECONDS_MAX))
        .filter(|seconds| *seconds > 0)
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn class_of_code(rules: &Errors, code: &str) -> Option<FailureClass> {
    if rules.retryable_codes.iter().any(|known| known == code) {
        Some(FailureClass::Retryable)
    } else if rules.unknown_codes.iter().any(|known| known == code) {
        Some(FailureClass::Unknown)
    } else {
        None
    }
}

fn class_of_refusal(action: &Action, answered: &Answered<'_>) -> FailureClass {
    let status = answered.status;
    let wish = action.errors.retry_header.as_ref().and_then(|name| answered.headers.get(name));
    if wish.is_some_and(|value| value == "true") || action.errors.retryable_statuses.contains(&status) {
        return FailureClass::Retryable;
    }
    match status.as_u16() {
        302 | 303 => unless_read(answered.risk),
        _ => class_of_status(status, answered.headers),
    }
}

/// Unknown, except that a read has nothing to be unknown about.
pub(crate) fn unless_read(risk: Risk) -> FailureClass {
    match risk {
        Risk::Read => FailureClass::Fatal,
        Risk::Write | Risk::High => FailureClass::Unknown,
    }
}

/// The failure of a request without a usable answer.
pub(crate) fn failure(risk: Risk, failure: Failure) -> CallError {
    let class = match failure.code {
        // The answer was there; a read has nothing to be unknown about, and would be answered the same again.
        "answer_too_long" => unless_read(risk),
        _ => failure.class,
    };
    CallError::new(class, failure.code, failure.message)
}
