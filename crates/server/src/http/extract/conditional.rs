//! Headers that make a request conditional: `Idempotency-Key`, `Prefer: wait`, `If-Match`.

use crate::http::{
    extract::parameters::invalid_parameter,
    problem::{ApiError, ApiResult},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use std::time::Duration;

/// Longest idempotency key, characters.
const KEY_LENGTH_MAX: usize = 255;
/// The longest a request may wait for its run, seconds.
const WAIT_SECONDS_MAX: u64 = 60;

/// The `Idempotency-Key`, if there is one.
pub(crate) struct IdempotencyHeader(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyHeader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > KEY_LENGTH_MAX {
            let detail = format!("1 to {KEY_LENGTH_MAX} printable characters");
            return Err(invalid_parameter(Some("Idempotency-Key"), detail));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

/// How long the client would wait for an answer (RFC 7240 `Prefer: wait=N`), bounded.
pub(crate) struct PreferWait(pub(crate) Option<Duration>);

impl<S: Send + Sync> FromRequestParts<S> for PreferWait {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        Ok(Self(wait(&parts.headers)))
    }
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    // A preference that cannot be read is one that is not honoured (RFC 7240 §2).
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let wait = preferences.flat_map(|value| value.split([',', ';'])).find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("wait") {
            return None;
        }
        value.trim().trim_matches('"').parse::<u64>().ok()
    })?;
    Some(Duration::from_secs(wait.min(WAIT_SECONDS_MAX)))
}

/// The draft revision in `If-Match`; required. `*` matches any.
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let title = "Send If-Match with the revision you changed";
            return Err(ApiError::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", title));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let revision = text.strip_prefix("W/").unwrap_or(text).trim_matches('"').parse();
        revision
            .map(|revision| Self(Some(revision)))
            .map_err(|_| invalid_parameter(Some("If-Match"), "not an ETag of a draft"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waits_are_read_and_bounded() {
        for (value, seconds) in [
            ("wait=10", Some(10)),
            ("respond-async, wait=5", Some(5)),
            ("Wait = \"7\"", Some(7)),
            ("wait=100000", Some(60)),
            ("wait=soon", None),
            ("return=minimal", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            assert_eq!(wait(&headers), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
