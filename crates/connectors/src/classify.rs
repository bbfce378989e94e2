//! What an answer, or its absence, says about the call.

use crate::{
    call::CallError,
    hosts::HostRefused,
    registry::{Action, Errors},
    template::{Response, Scope},
};
use countersign_core::{catalogue::Risk, log::FailureClass};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;
use std::{
    error::Error,
    time::{Duration, SystemTime},
};

/// Longest wait that is taken from the other side.
const RETRY_AFTER_SECONDS_MAX: u64 = 86_400;

/// Bodies longer than this are not repeated in an error's details; the exchange has them.
const DETAILS_BYTES_MAX: usize = 8 * 1024;

/// An answer, read to its end.
pub(crate) struct Answered<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Value,
    pub(crate) body_bytes: usize,
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
    let by_status = if refused { class_of_status(action, answered) } else { FailureClass::Fatal };
    let status_text = || match answered.status.canonical_reason() {
        Some(reason) => format!("{} {reason}", answered.status.as_u16()),
        None => answered.status.as_u16().to_string(),
    };
    let mut error = CallError::new(
        by_code.unwrap_or(by_status),
        own_code.unwrap_or_else(|| format!("http_{}", answered.status.as_u16())),
        own_message.unwrap_or_else(|| format!("the answer was {}", status_text())),
    );
    #[expect(clippy::disallowed_methods, reason = "a Retry-After date is relative to the wall clock of now")]
    let now = SystemTime::now();
    error.retry_after_seconds = retry_after(answered.headers, now);
    if answered.body_bytes <= DETAILS_BYTES_MAX {
        error.details = answered.body.clone();
    }
    Some(error)
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

fn class_of_status(action: &Action, answered: &Answered<'_>) -> FailureClass {
    let status = answered.status;
    let wish = action.errors.retry_header.as_ref().and_then(|name| answered.headers.get(name));
    if wish.is_some_and(|value| value == "true") || action.errors.retryable_statuses.contains(&status) {
        return FailureClass::Retryable;
    }
    match status.as_u16() {
        // 408: the server waited for a request that did not come; 425 and 429: it did not look at it.
        408 | 425 | 429 => FailureClass::Retryable,
        503 if answered.headers.contains_key(RETRY_AFTER) => FailureClass::Retryable,
        // Many services answer a form that was acted upon with "see there".
        302 | 303 => unless_read(action),
        501 | 505 => FailureClass::Fatal,
        500..=599 => FailureClass::Unknown,
        _ => FailureClass::Fatal,
    }
}

/// Unknown, except that a read has nothing to be unknown about.
pub(crate) fn unless_read(action: &Action) -> FailureClass {
    match action.risk {
        Risk::Read => FailureClass::Fatal,
        Risk::Write | Risk::High => FailureClass::Unknown,
    }
}

/// The failure of a request that got no answer. `begun` says whether writing its body began.
pub(crate) fn no_answer(error: &reqwest::Error, begun: bool) -> CallError {
    if let Some(refused) = chain(error).find_map(|error| error.downcast_ref::<HostRefused>()) {
        return CallError::fatal("host_refused", refused.to_string());
    }
    if error.is_builder() {
        return CallError::fatal("url_invalid", "the request cannot be built");
    }
    let cause = root_cause(error);
    if error.is_connect() || !begun {
        return CallError::new(FailureClass::Retryable, "connect", format!("no connection could be made: {cause}"));
    }
    if error.is_timeout() {
        return CallError::new(
            FailureClass::Unknown,
            "timeout",
            "no answer came in time; the call may have taken place",
        );
    }
    let message = format!("the connection was lost before the answer came ({cause}); the call may have taken place");
    CallError::new(FailureClass::Unknown, "connection_lost", message)
}

/// An error and what it stems from, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
    .take(16)
}

/// The innermost reason; the outer ones repeat the URL, which may hold what was put into it.
fn root_cause(error: &reqwest::Error) -> String {
    chain(error).skip(1).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

/// `Retry-After` in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds.ceil()).ok()?.as_secs(),
        Ok(_) => return None,
        Err(_) => {
            let wait = httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default();
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        }
    };
    Some(seconds.min(RETRY_AFTER_SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers, now)
        };
        assert_eq!(read("30"), Some(30));
        assert_eq!(read("0.2"), Some(1));
        assert_eq!(read("999999999"), Some(RETRY_AFTER_SECONDS_MAX));
        assert_eq!(read("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60));
        assert_eq!(read("Tue, 14 Nov 2023 22:00:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
    }
}
