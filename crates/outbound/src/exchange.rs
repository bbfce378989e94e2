//! One request and its answer, within limits.

use crate::{Failure, HostList, Outbound, watched::WatchedBody};
use bytes::{Bytes, BytesMut};
use reqwest::{
    Body, Method, StatusCode,
    header::{self, HeaderMap, HeaderName},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use url::Url;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;

/// What may follow a redirect to another origin: everything else may be a credential.
const HARMLESS_HEADERS: [HeaderName; 3] = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT];

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; `http` or `https`, without credentials.
    pub url: Url,
    /// Headers besides those of the transport.
    pub headers: HeaderMap,
    /// The body; an empty one is none.
    pub body: Bytes,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// Longest answer that is read, bytes after decompression.
    pub body_bytes_max: usize,
    /// Whether a GET or HEAD without a body goes where the other side sends it: at most five times, each time only
    /// where the policy allows, and without its headers when that is another origin.
    pub follow: bool,
    /// The only hosts it may go to, those of redirects included; all that the policy allows when absent.
    pub only: Option<HostList>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers, without those of the compression that was undone.
    pub headers: HeaderMap,
    /// The body, or why it did not come whole.
    pub body: Result<Bytes, Failure>,
}

impl Outbound {
    /// Sends a request, once, and reads its answer.
    ///
    /// # Errors
    /// Why there is no answer, and whether it may have happened all the same.
    pub async fn exchange(&self, request: Request) -> Result<Answer, Failure> {
        let Request { method, mut url, mut headers, body, timeout, body_bytes_max, follow, only } = request;
        let follow = follow && body.is_empty() && matches!(method, Method::GET | Method::HEAD);
        let until = Instant::now() + timeout;
        let mut followed = 0;
        loop {
            acceptable(&url)?;
            if only.as_ref().is_some_and(|only| !only.has(&url)) {
                return Err(Failure::not_listed(url.host_str().unwrap_or_default()));
            }
            let client = self.client_for(&url).await.map_err(|error| Failure::no_address(&error))?;
            let remaining = until.saturating_duration_since(Instant::now());
            let builder = client.request(method.clone(), url.clone()).headers(headers.clone()).timeout(remaining);
            let (builder, begun) = with_body(builder, body.clone());
            let response = match builder.send().await {
                Ok(response) => response,
                Err(error) => {
                    // Without a body nothing tells whether the request had left: it may have.
                    let left = begun.is_none_or(|flag| flag.load(Ordering::Acquire));
                    return Err(Failure::no_answer(&error, left));
                }
            };
            match target(&response, &url).filter(|_| follow) {
                None => return Ok(read(response, body_bytes_max).await),
                Some(_) if followed == REDIRECTS_MAX => {
                    return Err(Failure::redirects("the answer leads on and on to other addresses"));
                }
                Some(next) => {
                    if next.origin() != url.origin() {
                        let kept = HARMLESS_HEADERS.map(|name| headers.remove(&name).map(|value| (name, value)));
                        headers = kept.into_iter().flatten().collect();
                    }
                    url = next;
                    followed += 1;
                }
            }
        }
    }
}

/// What can be called at all.
fn acceptable(url: &Url) -> Result<(), Failure> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(Failure::url_invalid("only http and https URLs with a host can be called"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::url_invalid("credentials do not belong into a URL: use a connection"));
    }
    Ok(())
}

fn with_body(builder: reqwest::RequestBuilder, body: Bytes) -> (reqwest::RequestBuilder, Option<Arc<AtomicBool>>) {
    if body.is_empty() {
        return (builder, None);
    }
    let (body, begun) = WatchedBody::new(body);
    (builder.body(Body::wrap(body)), Some(begun))
}

/// Where a redirect leads.
fn target(response: &reqwest::Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = std::str::from_utf8(response.headers().get(header::LOCATION)?.as_bytes()).ok()?;
    from.join(location).ok()
}

async fn read(mut response: reqwest::Response, body_bytes_max: usize) -> Answer {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    Answer { status, headers, body: read_body(response, body_bytes_max).await }
}

/// Decompressed as it comes, so that a small answer that becomes a huge one ends at the limit.
async fn read_body(mut response: reqwest::Response, body_bytes_max: usize) -> Result<Bytes, Failure> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    // Ends with the body or when it is too long.
    while let Some(chunk) = response.chunk().await.map_err(|error| Failure::no_end(&error))? {
        if first.len() + rest.len() + chunk.len() > body_bytes_max {
            return Err(Failure::too_long(body_bytes_max));
        }
        if first.is_empty() {
            first = chunk;
        } else {
            rest.extend_from_slice(&chunk);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}
