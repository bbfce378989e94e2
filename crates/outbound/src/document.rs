//! A text read from an address.

use crate::{Failure, Outbound, Request};
use bytes::Bytes;
use reqwest::{
    Method,
    header::{ACCEPT, HeaderMap, HeaderValue},
};
use std::time::Duration;
use url::Url;

/// Longest text, bytes.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long reading it may take.
const TIMEOUT: Duration = Duration::from_secs(45);

impl Outbound {
    /// Reads a text, at most 64 MiB, from an address that somebody typed.
    ///
    /// # Errors
    /// Why not, for people.
    pub async fn document(&self, url: &str) -> Result<String, String> {
        let url = Url::parse(url).map_err(|error| format!("this is no address: {error}"))?;
        let accept = HeaderValue::from_static("application/json, application/yaml, text/yaml, text/plain, */*;q=0.5");
        let request = Request {
            method: Method::GET,
            url,
            headers: HeaderMap::from_iter([(ACCEPT, accept)]),
            body: Bytes::new(),
            timeout: TIMEOUT,
            body_bytes_max: BYTES_MAX,
            follow: true,
            only: None,
        };
        let told = |failure: Failure| failure.message;
        let answer = self.exchange(request).await.map_err(told)?;
        if !answer.status.is_success() {
            return Err(format!("it answered {}", answer.status));
        }
        let bytes = answer.body.map_err(told)?;
        Ok(crate::text(&answer.headers, &bytes).into_owned())
    }
}
