//! The HTTP side of sending: one client, and what a missing answer means.

use crate::sender::SendOutcome;
use countersign_core::log::FailureClass;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use std::{
    error::Error,
    sync::{Arc, LazyLock},
    time::Duration,
};

/// Longest answer that is read; providers answer with a few hundred bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// How long opening a connection may take, so that a host that does not answer is told apart from a slow answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the keep-alive of common servers, so that a message is not written to a connection just being closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Longest wait that is taken from a provider.
const RETRY_AFTER_SECONDS_MAX: u64 = 86_400;

/// TLS by ring, trusting the web's roots and the machine's.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
});

/// A client with its own pool.
///
/// # Panics
/// When the TLS library refuses its own defaults, which no input can cause.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .user_agent(concat!("Countersign/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .tls_backend_preconfigured(TLS.clone())
        .build()
        .expect("a client from constant settings")
}

/// A provider's answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<u64>,
    /// Null when it is not JSON.
    pub(crate) body: Value,
}

/// Sends the request and reads the answer; the error is what a missing answer means.
pub(crate) async fn exchange(request: reqwest::RequestBuilder) -> Result<Answer, SendOutcome> {
    let mut response = request.send().await.map_err(|error| no_answer(&error))?;
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    // Ends with the body or when it is too long; a lost rest does not change what the status said.
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body: serde_json::from_slice(&body).unwrap_or_default() })
}

fn no_answer(error: &reqwest::Error) -> SendOutcome {
    if error.is_builder() {
        return SendOutcome::fatal("account_invalid", "the account's base URL or identifiers cannot be used");
    }
    // The innermost cause only: the outer ones repeat the URL, which holds Telegram's token.
    let mut cause: &dyn Error = error;
    for _ in 0..16 {
        match cause.source() {
            Some(inner) => cause = inner,
            None => break,
        }
    }
    if error.is_connect() {
        return SendOutcome::failed(
            FailureClass::Retryable,
            "connect",
            format!("no connection could be made: {cause}"),
        );
    }
    if error.is_timeout() {
        let text = "no answer came in time; the message may have been sent";
        return SendOutcome::failed(FailureClass::Unknown, "timeout", text);
    }
    let text = "the connection was lost before the answer came; the message may have been sent";
    SendOutcome::failed(FailureClass::Unknown, "connection_lost", text)
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.min(RETRY_AFTER_SECONDS_MAX))
}

/// The class of a status when the body says nothing better.
pub(crate) fn class_of(answer: &Answer) -> FailureClass {
    match answer.status.as_u16() {
        408 | 425 | 429 => FailureClass::Retryable,
        503 if answer.retry_after.is_some() => FailureClass::Retryable,
        501 | 505 => FailureClass::Fatal,
        // A good status without the provider's id did not come from the provider, or was cut short.
        200..=299 | 500..=599 => FailureClass::Unknown,
        _ => FailureClass::Fatal,
    }
}

/// A failure with nothing but a status to go by.
pub(crate) fn bare(answer: &Answer) -> SendOutcome {
    let status = answer.status.as_u16();
    let text = if answer.status.is_success() {
        "the answer is not one the provider gives; the message may have been sent".to_owned()
    } else {
        format!("the provider answered {}", answer.status)
    };
    SendOutcome::failed(class_of(answer), format!("http_{status}"), text).after(answer.retry_after)
}
