//! What an authorization server answers.

use countersign_core::log::FailureClass;
use countersign_outbound::{Answer, Content, Failure, Mask, class_of_status};
use serde_json::{Map, Value};
use std::fmt;
use url::form_urlencoded;

/// Longest lifetime that is believed, seconds: ten years.
const LIFETIME_SECONDS_MAX: f64 = 315_360_000.0;
/// How much of a server's words is told, characters.
const WORDS_MAX: usize = 300;

/// Codes, of the standard and of services that have their own, that mean that what a person agreed to is over.
const DEAD: [&str; 6] = [
    "invalid_grant",
    "bad_refresh_token",
    "invalid_refresh_token",
    "bad_verification_code",
    "token_revoked",
    "interaction_required",
];
/// Codes that mean that it may be asked again.
const PASSING: [&str; 4] = ["temporarily_unavailable", "server_error", "slow_down", "ratelimited"];
/// Kinds of tokens that are no bearer tokens.
const OTHER_KINDS: [&str; 3] = ["dpop", "mac", "pop"];

/// What was given. `Debug` shows no token.
pub struct Tokens {
    /// Sent with each call.
    pub access: String,
    /// For the next tokens; none where the one before stays, or there never is one.
    pub refresh: Option<String>,
    /// How long the access token holds, seconds; none when the server does not say.
    pub lifetime_seconds: Option<u64>,
    /// What was agreed to, as the server says it; empty when it does not.
    pub scope: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("lifetime_seconds", &self.lifetime_seconds).finish_non_exhaustive()
    }
}

/// What a refusal allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFailure {
    /// What was agreed to is over: somebody has to agree anew.
    Dead,
    /// The client or its request is refused: somebody has to correct the connection.
    Refused,
    /// It certainly did not happen: ask again later.
    Later,
    /// It may have happened, and its answer is lost.
    Unknown,
}

/// Why there are no tokens. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct TokenError {
    /// What it allows.
    pub kind: TokenFailure,
    /// The server's own, or such as `timeout`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl TokenError {
    pub(super) fn refused(code: &str, message: &str) -> Self {
        Self { kind: TokenFailure::Refused, code: code.to_owned(), message: message.to_owned() }
    }

    /// There was no answer.
    pub(super) fn failed(failure: Failure) -> Self {
        let kind = match failure.class {
            FailureClass::Retryable => TokenFailure::Later,
            FailureClass::Unknown => TokenFailure::Unknown,
            FailureClass::Fatal => TokenFailure::Refused,
        };
        Self { kind, code: failure.code.to_owned(), message: failure.message }
    }

    /// The same without secrets.
    pub(super) fn masked(mut self, mask: &Mask) -> Self {
        mask.text(&mut self.code);
        mask.text(&mut self.message);
        // What is cut off after it is masked leaves no beginning of a secret behind.
        self.code = words(&self.code, 60);
        self.message = words(&self.message, WORDS_MAX);
        self
    }
}

/// One line of at most so many characters.
fn words(text: &str, characters: usize) -> String {
    let line = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    line.collect::<Vec<_>>().join(" ").chars().take(characters).collect()
}

/// Reads an answer.
pub(super) fn read(answer: Answer) -> Result<Tokens, TokenError> {
    let by_status = match class_of_status(answer.status, &answer.headers) {
        FailureClass::Retryable => TokenFailure::Later,
        FailureClass::Unknown => TokenFailure::Unknown,
        FailureClass::Fatal => TokenFailure::Refused,
    };
    let told = |kind, code: String, message: String| TokenError { kind, code, message };
    let status = answer.status;
    let bytes = match answer.body {
        Ok(bytes) => bytes,
        Err(_) if !status.is_success() => bytes::Bytes::new(),
        Err(failure) => return Err(TokenError::failed(failure)),
    };
    let members = members(Content::read(&answer.headers, &bytes));
    let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(access) = text("access_token").filter(|_| status.is_success()) {
        return tokens(access, &members);
    }
    match text("error") {
        Some(code) => {
            let message = text("error_description").or_else(|| text("message")).unwrap_or("the service refused it");
            let kind = match code {
                _ if DEAD.contains(&code) => TokenFailure::Dead,
                _ if PASSING.contains(&code) => TokenFailure::Later,
                // Some answer 200 with an error in it.
                _ if status.is_success() => TokenFailure::Refused,
                _ => by_status,
            };
            Err(told(kind, code.to_owned(), message.to_owned()))
        }
        None if status.is_success() => {
            let message = "the answer holds no tokens, so it did not come from the authorization server".to_owned();
            Err(told(TokenFailure::Unknown, "answer_without_tokens".to_owned(), message))
        }
        None => Err(told(by_status, format!("http_{}", status.as_u16()), format!("the answer was {status}"))),
    }
}

/// Some services answer as a form.
fn members(content: Content) -> Map<String, Value> {
    match content {
        Content::Json(Value::Object(members)) => members,
        Content::Text(text) if text.len() < 64 * 1024 && text.contains('=') && !text.contains('<') => {
            form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into())).collect()
        }
        Content::Json(_) | Content::Text(_) | Content::Empty => Map::new(),
    }
}

fn tokens(access: &str, members: &Map<String, Value>) -> Result<Tokens, TokenError> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("token_type").unwrap_or("bearer").to_ascii_lowercase();
    if OTHER_KINDS.contains(&kind.as_str()) {
        return Err(TokenError::refused("token_type", &format!("tokens of kind `{kind}` cannot be used")));
    }
    if !access.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::refused("token_invalid", "the access token has characters that no header takes"));
    }
    Ok(Tokens {
        access: access.to_owned(),
        refresh: text("refresh_token").map(str::to_owned),
        lifetime_seconds: members.get("expires_in").and_then(lifetime),
        scope: words(text("scope").unwrap_or_default(), 4000),
    })
}

/// A number or a text with one. Nothing and less is no time at which a token would end: whether it holds is seen when it is used.
fn lifetime(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the maximum")]
    (seconds >= 1.0).then(|| seconds.min(LIFETIME_SECONDS_MAX) as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use reqwest::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    };

    fn answered(status: u16, kind: &'static str, body: &str) -> Result<Tokens, TokenError> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        read(Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Ok(Bytes::from(body.to_owned())) })
    }

    fn failure(status: u16, kind: &'static str, body: &str) -> (TokenFailure, String) {
        let error = answered(status, kind, body).unwrap_err();
        (error.kind, error.code)
    }

    #[test]
    fn lifetimes_are_read_in_every_spelling() {
        for (given, read) in [
            (r#","expires_in":3600"#, Some(3600)),
            (r#","expires_in":"3600""#, Some(3600)),
            (r#","expires_in":3599.9"#, Some(3599)),
            ("", None),
            (r#","expires_in":null"#, None),
            (r#","expires_in":0"#, None),
            (r#","expires_in":-5"#, None),
            (r#","expires_in":"soon""#, None),
            (r#","expires_in":1e300"#, Some(315_360_000)),
            (r#","expires_in":99999999999999999999"#, Some(315_360_000)),
        ] {
            let body = format!(r#"{{"access_token":"a","token_type":"Bearer"{given}}}"#);
            assert_eq!(answered(200, "application/json", &body).unwrap().lifetime_seconds, read, "{given}");
        }
    }

    #[test]
    fn answers_as_a_form_are_read() {
        let form = "access_token=abc&expires_in=60&refresh_token=d%2Fe&scope=a%20b";
        let tokens = answered(200, "application/x-www-form-urlencoded", form).unwrap();
        assert_eq!((tokens.access.as_str(), tokens.refresh.as_deref()), ("abc", Some("d/e")));
        assert_eq!((tokens.lifetime_seconds, tokens.scope.as_str()), (Some(60), "a b"));
    }

    #[test]
    fn a_refusal_tells_what_can_be_done() {
        let json = "application/json";
        for (status, kind, body, expected, code) in [
            (400, json, r#"{"error":"invalid_grant"}"#, TokenFailure::Dead, "invalid_grant"),
            (200, json, r#"{"ok":false,"error":"invalid_refresh_token"}"#, TokenFailure::Dead, "invalid_refresh_token"),
            (401, json, r#"{"error":"invalid_client"}"#, TokenFailure::Refused, "invalid_client"),
            (
                200,
                json,
                r#"{"error":"incorrect_client_credentials"}"#,
                TokenFailure::Refused,
                "incorrect_client_credentials",
            ),
            (400, json, r#"{"error":"temporarily_unavailable"}"#, TokenFailure::Later, "temporarily_unavailable"),
            (429, "text/plain", "slow", TokenFailure::Later, "http_429"),
            (500, json, r#"{"error":"whatever"}"#, TokenFailure::Unknown, "whatever"),
            (502, "text/html", "<h1>Bad gateway</h1>", TokenFailure::Unknown, "http_502"),
            (200, "text/html", "<html><a href='?access_token=x'>", TokenFailure::Unknown, "answer_without_tokens"),
            (200, json, "[]", TokenFailure::Unknown, "answer_without_tokens"),
            (200, json, "", TokenFailure::Unknown, "answer_without_tokens"),
            (200, json, r#"{"access_token":{"a":1}}"#, TokenFailure::Unknown, "answer_without_tokens"),
            (200, json, r#"{"access_token":"a\nb"}"#, TokenFailure::Refused, "token_invalid"),
            (200, json, r#"{"access_token":"a","token_type":"DPoP"}"#, TokenFailure::Refused, "token_type"),
            (400, json, r#"{"access_token":"a"}"#, TokenFailure::Refused, "http_400"),
        ] {
            assert_eq!(failure(status, kind, body), (expected, code.to_owned()), "{status} {body}");
        }
    }

    #[test]
    fn what_a_server_echoes_is_masked_and_short() {
        let echo = format!("client secret s3cr3t-value\nis wrong {}", "x".repeat(500));
        let error = TokenError { kind: TokenFailure::Refused, code: "s3cr3t-value".into(), message: echo };
        let error = error.masked(&Mask::from_iter(["s3cr3t-value"]));
        assert_eq!((error.code.as_str(), error.message.len()), ("***", WORDS_MAX));
        assert!(error.message.starts_with("client secret *** is wrong x"), "{}", error.message);
    }
}
