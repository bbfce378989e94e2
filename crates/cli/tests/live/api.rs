//! A client of the API that shows status, headers and body as they came.

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use std::time::Duration;

/// The longest a request may take: nothing hangs.
const TIMEOUT: Duration = Duration::from_secs(75);

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The body of a good answer.
    ///
    /// # Panics
    /// On any other.
    pub fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A request, so that it can be sent again.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
}

impl Request {
    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, headers: Vec::new() }
    }

    /// A POST with JSON.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), headers: Vec::new() }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Who asks; the address is given with each request because servers come and go.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    key: Option<String>,
}

impl Api {
    /// With an API key or as a visitor.
    pub fn new(key: Option<&str>) -> Self {
        super::install_crypto();
        // No connection is kept: one that a dying server left half open would blur whose fault an error is.
        let http =
            countersign_outbound::direct().no_proxy().pool_max_idle_per_host(0).timeout(TIMEOUT).build().unwrap();
        Self { http, key: key.map(str::to_owned) }
    }

    /// The API key.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap()
    }

    /// Sends it to the server at `base`.
    pub async fn send(&self, base: &str, request: &Request) -> reqwest::Result<Answer> {
        let mut builder = self.http.request(request.method.clone(), format!("{base}/api/v1{}", request.path));
        if let Some(key) = &self.key {
            builder = builder.bearer_auth(key);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let answer = builder.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), text })
    }

    /// An open stream.
    pub async fn stream(&self, base: &str, path: &str) -> reqwest::Result<reqwest::Response> {
        let request = self.http.get(format!("{base}/api/v1{path}"));
        request.bearer_auth(self.key.as_deref().unwrap_or_default()).send().await?.error_for_status()
    }

    /// The body of a GET that must go well.
    pub async fn get(&self, base: &str, path: &str) -> Value {
        self.send(base, &Request::get(path)).await.unwrap().good()
    }

    /// The body of a POST that must go well.
    pub async fn post(&self, base: &str, path: &str, body: Value) -> Value {
        self.send(base, &Request::post(path, body)).await.unwrap().good()
    }

    /// Every item of a list.
    pub async fn all(&self, base: &str, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for _ in 0..1000 {
            let page = self.get(base, &format!("{path}{joint}limit=200{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
        panic!("{path} does not end");
    }
}
