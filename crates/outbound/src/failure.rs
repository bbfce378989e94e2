//! "May it have happened?": what a missing or unusable answer, or its status, says about the request.

use crate::{hosts::HostRefused, names::NoAddress};
use countersign_core::log::FailureClass;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use std::{
    error::Error,
    time::{Duration, SystemTime},
};

/// Longest wait that is taken from the other side.
const RETRY_AFTER_SECONDS_MAX: u64 = 86_400;

/// A request that got no usable answer. Holds no part of the URL, which may hold what was put into it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What it allows: retryable means that it certainly did not happen, unknown that it may have.
    pub class: FailureClass,
    /// `host_refused`, `host_not_allowed`, `url_invalid`, `connect`, `timeout`, `connection_lost`, `answer_too_long`
    /// or `redirects`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Failure {
    fn new(class: FailureClass, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into() }
    }

    pub(crate) fn refused(refused: &HostRefused) -> Self {
        Self::new(FailureClass::Fatal, "host_refused", refused.to_string())
    }

    pub(crate) fn url_invalid(message: &str) -> Self {
        Self::new(FailureClass::Fatal, "url_invalid", message)
    }

    pub(crate) fn not_listed(host: &str) -> Self {
        let message = format!("the call leads to {host}, which is not among the hosts that it may go to");
        Self::new(FailureClass::Fatal, "host_not_allowed", message)
    }

    pub(crate) fn redirects(message: &str) -> Self {
        Self::new(FailureClass::Fatal, "redirects", message)
    }

    /// No connection came about: it did not happen.
    #[must_use]
    pub fn connect(cause: &str) -> Self {
        Self::new(FailureClass::Retryable, "connect", format!("no connection could be made: {cause}"))
    }

    /// Time ran out after the request was on its way.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(FailureClass::Unknown, "timeout", "no answer came in time; it may have taken place")
    }

    /// The connection broke after the request was on its way.
    #[must_use]
    pub fn connection_lost(cause: &str) -> Self {
        let message = format!("the connection was lost before the answer was whole ({cause}); it may have taken place");
        Self::new(FailureClass::Unknown, "connection_lost", message)
    }

    pub(crate) fn too_long(body_bytes_max: usize) -> Self {
        let message = format!("the answer is longer than {body_bytes_max} bytes; it may have taken place");
        Self::new(FailureClass::Unknown, "answer_too_long", message)
    }

    pub(crate) fn no_address(error: &NoAddress) -> Self {
        match error {
            NoAddress::Refused(refused) => Self::refused(refused),
            NoAddress::Unknown(error) => Self::connect(&error.to_string()),
        }
    }

    /// The failure of a request that got no answer. `begun` says whether writing its body began.
    pub(crate) fn no_answer(error: &reqwest::Error, begun: bool) -> Self {
        if let Some(NoAddress::Refused(refused)) = chain(error).find_map(|error| error.downcast_ref::<NoAddress>()) {
            return Self::refused(refused);
        }
        if error.is_builder() {
            return Self::url_invalid("the request cannot be built");
        }
        if error.is_connect() || !begun {
            return Self::connect(&root_cause(error));
        }
        if error.is_timeout() { Self::timeout() } else { Self::connection_lost(&root_cause(error)) }
    }

    /// The failure of an answer that began and did not end.
    pub(crate) fn no_end(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::timeout();
        }
        Self::connection_lost(&root_cause(error))
    }
}

/// An error and what it stems from, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source()).take(16)
}

/// The innermost reason; the outer ones repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    chain(error).skip(1).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

/// What a status says where the service's own words say nothing better.
#[must_use]
pub fn class_of_status(status: StatusCode, headers: &HeaderMap) -> FailureClass {
    match status.as_u16() {
        // 408: the server waited for a request that did not come; 425 and 429: it did not look at it.
        408 | 425 | 429 => FailureClass::Retryable,
        // 403: a limit that is told so (GitHub's); who says when to come again did not act.
        403 | 503 if headers.contains_key(RETRY_AFTER) => FailureClass::Retryable,
        501 | 505 => FailureClass::Fatal,
        // A good status with an answer that is not the service's own did not come from it, or was cut short. Many
        // services answer a form that was acted upon with "see there".
        200..=299 | 302 | 303 | 500..=599 => FailureClass::Unknown,
        _ => FailureClass::Fatal,
    }
}

/// `Retry-After` in seconds or as a date; at most a day.
#[must_use]
pub fn retry_after_seconds(headers: &HeaderMap) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a Retry-After date is relative to the wall clock of now")]
    let now = SystemTime::now();
    retry_after(headers, now)
}

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
