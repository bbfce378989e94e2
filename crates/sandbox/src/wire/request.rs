//! One received request, read to the end.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{HeaderMap, Method, body::Bytes, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::form;

/// A request as the services see it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Percent-decoded, with the leading slash.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// Reads method, path and query from the head; the body has been collected already.
    pub(crate) fn new(head: &hyper::http::request::Parts, body: Bytes) -> Self {
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self {
            method: head.method.clone(),
            path: percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned(),
            query,
            headers: head.headers.clone(),
            body,
        }
    }

    /// The path between slashes, empty pieces dropped.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The first query value of that name.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query value as a number; `default` when absent or not a number.
    pub(crate) fn query_number(&self, name: &str, default: usize) -> usize {
        self.query_value(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The key the caller sent, whether or not the service honours it.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key").filter(|key| !key.is_empty())
    }

    /// The token of `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// User and password of `Authorization: Basic …`.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.authorization("basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    fn authorization(&self, scheme: &str) -> Option<&str> {
        let (sent, token) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        (sent.eq_ignore_ascii_case(scheme) && !token.is_empty()).then_some(token.trim())
    }

    pub(crate) fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("json"))
    }

    /// The body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a form with brackets.
    pub(crate) fn form(&self) -> Value {
        form::parse(&self.body)
    }

    /// The query as a form with brackets.
    pub(crate) fn query_form(&self) -> Value {
        let mut encoder = form_urlencoded::Serializer::new(String::new());
        encoder.extend_pairs(&self.query);
        form::parse(encoder.finish().as_bytes())
    }

    /// The body in whatever shape it has: JSON, form, text or nothing.
    pub(crate) fn body_value(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        if let Some(value) = self.json() {
            return value;
        }
        if self.header("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded")) {
            return self.form();
        }
        Value::String(String::from_utf8_lossy(&self.body).into_owned())
    }

    pub(crate) fn query_object(&self) -> Value {
        Value::Object(self.query.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>())
    }

    /// What a call asked for, for the record: the body, with the query beside it when there is one.
    pub(crate) fn params(&self) -> Value {
        match (self.query.is_empty(), self.body.is_empty()) {
            (true, _) => self.body_value(),
            (false, true) => self.query_object(),
            (false, false) => json!({ "query": self.query_object(), "body": self.body_value() }),
        }
    }

    /// 16 hex digits over method, path, query and body: equal requests have equal prints.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.method.as_str());
        hash.update([0]);
        hash.update(&self.path);
        for (key, value) in &self.query {
            hash.update([0]);
            hash.update(key);
            hash.update([1]);
            hash.update(value);
        }
        hash.update([2]);
        hash.update(&self.body);
        hex::encode(&hash.finalize()[..8])
    }
}
