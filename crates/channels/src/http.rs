//! The HTTP side of sending: a request to a provider, and what its answer means where the provider's words say nothing.

use crate::{account::Secret, sender::SendOutcome};
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_core::log::FailureClass;
use countersign_outbound::{Content, Failure, Outbound, Request, class_of_status, retry_after_seconds};
use reqwest::{
    Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;
use std::time::Duration;

/// Longest answer that is read; providers answer with a few hundred bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A provider's answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<u64>,
    pub(crate) class: FailureClass,
    /// Null when it is not JSON.
    pub(crate) body: Value,
}

/// What a request carries.
pub(crate) enum Body<'a> {
    Json(&'a Value),
    Form(&'a [(&'a str, &'a str)]),
}

/// What a request proves itself with.
pub(crate) enum Credentials<'a> {
    /// The address holds them.
    InAddress,
    Bearer(&'a Secret),
    Basic(&'a str, &'a Secret),
}

/// Posts to the provider and reads the answer; the error is what a missing answer means.
pub(crate) async fn post(
    outbound: &Outbound,
    url: &str,
    credentials: Credentials<'_>,
    body: Body<'_>,
    timeout: Duration,
) -> Result<Answer, SendOutcome> {
    let (kind, body) = match body {
        Body::Json(value) => ("application/json", value.to_string()),
        Body::Form(pairs) => {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            ("application/x-www-form-urlencoded", form)
        }
    };
    let mut request = request(Method::POST, url, credentials, timeout)?;
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    request.body = body.into();
    exchange(outbound, request).await
}

/// Asks the provider something and reads the answer.
pub(crate) async fn get(
    outbound: &Outbound,
    url: &str,
    credentials: Credentials<'_>,
    timeout: Duration,
) -> Result<Answer, SendOutcome> {
    exchange(outbound, request(Method::GET, url, credentials, timeout)?).await
}

fn request(method: Method, url: &str, credentials: Credentials<'_>, timeout: Duration) -> Result<Request, SendOutcome> {
    let invalid = || SendOutcome::fatal("account_invalid", "the account's base URL or identifiers cannot be used");
    let url = Url::parse(url).map_err(|_| invalid())?;
    let mut headers = HeaderMap::new();
    let proof = match credentials {
        Credentials::InAddress => None,
        Credentials::Bearer(token) => Some(format!("Bearer {}", token.expose())),
        Credentials::Basic(user, password) => {
            Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.expose()))))
        }
    };
    if let Some(proof) = proof {
        let mut proof = HeaderValue::from_str(&proof).map_err(|_| invalid())?;
        proof.set_sensitive(true);
        headers.insert(AUTHORIZATION, proof);
    }
    let body = String::new().into();
    Ok(Request { method, url, headers, body, timeout, body_bytes_max: BODY_BYTES_MAX, follow: false, only: None })
}

async fn exchange(outbound: &Outbound, request: Request) -> Result<Answer, SendOutcome> {
    let answer = outbound.exchange(request).await.map_err(no_answer)?;
    let class = class_of_status(answer.status, &answer.headers);
    let retry_after = retry_after_seconds(&answer.headers);
    // A lost rest does not change what the status said.
    let body = match answer.body.map(|bytes| Content::read(&answer.headers, &bytes)) {
        Ok(Content::Json(body)) => body,
        Ok(Content::Text(_) | Content::Empty) | Err(_) => Value::Null,
    };
    Ok(Answer { status: answer.status, retry_after, class, body })
}

/// What a missing answer means.
pub(crate) fn no_answer(failure: Failure) -> SendOutcome {
    SendOutcome::failed(failure.class, failure.code, failure.message)
}

/// A failure with nothing but a status to go by.
pub(crate) fn bare(answer: &Answer) -> SendOutcome {
    let status = answer.status.as_u16();
    let text = if answer.status.is_success() {
        "the answer is not one the provider gives; the message may have been sent".to_owned()
    } else {
        format!("the provider answered {}", answer.status)
    };
    let failed = SendOutcome::failed(answer.class, format!("http_{status}"), text).after(answer.retry_after);
    failed.of_account(answer.status == StatusCode::TOO_MANY_REQUESTS)
}
