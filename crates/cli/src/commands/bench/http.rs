//! A lean HTTP client: one connection that is kept open, one request at a time.

use super::wire::{self, Wire};
use anyhow::{Context, bail};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

/// How long one answer may take: longer than the server is asked to wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A server, and as whom requests go to it.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// A header line, or nothing.
    credential: String,
}

/// A request as it goes over the wire.
#[derive(Debug)]
pub(super) struct Request(String);

impl Site {
    /// Nobody in particular.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, credential: String::new() }
    }

    /// With an API key.
    pub(super) fn with_key(&self, key: &str) -> Self {
        Self { credential: format!("authorization: Bearer {key}\r\n"), ..self.clone() }
    }

    /// With a session cookie.
    pub(super) fn with_cookie(&self, cookie: &str) -> Self {
        Self { credential: format!("cookie: {cookie}\r\n"), ..self.clone() }
    }

    /// The same caller at another place: a server that was started again.
    pub(super) fn moved_to(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    fn request(&self, first: &str, headers: &str, body: &str) -> Request {
        let (host, credential, length) = (self.address, &self.credential, body.len());
        Request(format!(
            "{first} HTTP/1.1\r\nhost: {host}\r\n{credential}{headers}content-length: {length}\r\n\r\n{body}"
        ))
    }

    /// A GET.
    pub(super) fn get(&self, path: &str) -> Request {
        self.request(&format!("GET {path}"), "", "")
    }

    /// A POST of JSON text.
    pub(super) fn post(&self, path: &str, body: &str) -> Request {
        self.post_with(path, "", body)
    }

    /// A POST that is answered when the run stops moving.
    pub(super) fn post_and_wait(&self, path: &str, body: &str) -> Request {
        self.post_with(path, "prefer: wait=30\r\n", body)
    }

    fn post_with(&self, path: &str, more: &str, body: &str) -> Request {
        let headers = format!("content-type: application/json\r\nx-requested-with: countersign\r\n{more}");
        self.request(&format!("POST {path}"), &headers, body)
    }
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    /// `name=value` of the cookie that was set.
    pub(super) cookie: Option<String>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).context("an answer that is not JSON")
    }
}

/// A connection that is made when it is first needed, and again after it broke.
#[derive(Debug)]
pub(super) struct Connection {
    address: SocketAddr,
    wire: Option<Wire>,
}

impl Connection {
    /// To this address.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, wire: None }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When there is no answer in time, or it does not say success.
    pub(super) async fn send(&mut self, request: Request) -> anyhow::Result<Answer> {
        let exchange = tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(&request));
        let answer = exchange.await.map_err(|_| anyhow::anyhow!("no answer in {} s", ANSWER_TIMEOUT.as_secs()));
        let (status, answer) = answer.and_then(|answer| answer).inspect_err(|_| {
            // Half an exchange may still be on the wire.
            self.wire = None;
        })?;
        if !(200..300).contains(&status) {
            let body = String::from_utf8_lossy(&answer.body);
            bail!("{status}: {}", body.chars().take(400).collect::<String>());
        }
        Ok(answer)
    }

    async fn exchange(&mut self, request: &Request) -> anyhow::Result<(u16, Answer)> {
        let wire = match &mut self.wire {
            Some(wire) => wire,
            none => none.insert(connect(self.address).await?),
        };
        wire.write(request.0.as_bytes()).await?;
        let head = |bytes: &[u8]| {
            wire::response(bytes, |status, headers| {
                let cookie = wire::header(headers, "set-cookie").and_then(|value| value.split(';').next());
                (status, cookie.map(str::to_owned))
            })
        };
        let ((status, cookie), body) = wire.read(head).await?.context("closed without an answer")?;
        Ok((status, Answer { cookie, body: body.to_vec() }))
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<Wire> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
    Ok(Wire::new(stream)?)
}
