//! A lean HTTP client: one connection that is kept open, one request at a time.

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{self, SendRequest},
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, SET_COOKIE},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;

/// How long one answer may take: longer than the server is asked to wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer read, bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A server, and as whom requests go to it.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Where it listens.
    pub(super) address: SocketAddr,
    host: HeaderValue,
    credential: Option<(HeaderName, HeaderValue)>,
}

impl Site {
    /// Nobody in particular.
    ///
    /// # Errors
    /// Never for an address; the header's type wants it.
    pub(super) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { address, host: HeaderValue::from_str(&address.to_string())?, credential: None })
    }

    /// With an API key.
    ///
    /// # Errors
    /// When the key is not text for a header.
    pub(super) fn with_key(&self, key: &str) -> anyhow::Result<Self> {
        let value = HeaderValue::from_str(&format!("Bearer {key}"))?;
        Ok(Self { credential: Some((AUTHORIZATION, value)), ..self.clone() })
    }

    /// With a session cookie.
    ///
    /// # Errors
    /// When the cookie is not text for a header.
    pub(super) fn with_cookie(&self, cookie: &str) -> anyhow::Result<Self> {
        Ok(Self { credential: Some((COOKIE, HeaderValue::from_str(cookie)?)), ..self.clone() })
    }

    /// The same caller at another place: a server that was started again.
    ///
    /// # Errors
    /// As [`Site::new`].
    pub(super) fn moved_to(&self, address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { credential: self.credential.clone(), ..Self::new(address)? })
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        // Paths are made here, of ids and numbers; one that does not parse is answered with 404.
        *request.uri_mut() = path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        if let Some((name, value)) = &self.credential {
            headers.insert(name, value.clone());
        }
        request
    }

    /// A GET.
    pub(super) fn get(&self, path: &str) -> Request<Full<Bytes>> {
        self.request(Method::GET, path, Bytes::new())
    }

    /// A POST of JSON text.
    pub(super) fn post(&self, path: &str, body: String) -> Request<Full<Bytes>> {
        let mut request = self.request(Method::POST, path, body.into());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-requested-with", HeaderValue::from_static("countersign"));
        request
    }

    /// A POST that is answered when the run stops moving.
    pub(super) fn post_and_wait(&self, path: &str, body: String) -> Request<Full<Bytes>> {
        let mut request = self.post(path, body);
        request.headers_mut().insert("prefer", HeaderValue::from_static("wait=30"));
        request
    }
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    /// `name=value` of the cookie that was set.
    pub(super) cookie: Option<String>,
    /// The body.
    pub(super) body: Bytes,
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
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// To this address.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, sender: None }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When there is no answer in time, or it does not say success.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let exchange = tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(request));
        let answer = exchange.await.map_err(|_| anyhow::anyhow!("no answer in {} s", ANSWER_TIMEOUT.as_secs()));
        let answer = match answer.and_then(|answer| answer) {
            Ok(answer) => answer,
            Err(error) => {
                // Half an exchange may still be on the wire.
                self.sender = None;
                return Err(error);
            }
        };
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            bail!("{}: {}", answer.status, body.chars().take(400).collect::<String>());
        }
        Ok(answer)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => connect(self.address).await?,
        };
        let sender = self.sender.insert(sender);
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let cookie = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("reading an answer: {error}"))?.to_bytes();
        Ok(Answer { status, cookie, body })
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender; what goes wrong is told to the sender.
    tokio::spawn(async move { drop(driver.await) });
    Ok(sender)
}
