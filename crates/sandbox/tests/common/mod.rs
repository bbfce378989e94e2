//! One door for the tests: a running sandbox and a client that knows its addresses.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::net::{Ipv4Addr, SocketAddr};

use countersign_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

pub struct TestSandbox {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
}

/// A status and a JSON body.
pub struct Answer {
    pub status: u16,
    pub replayed: bool,
    pub body: Value,
}

impl TestSandbox {
    pub async fn start() -> Self {
        // The plain-HTTP client still wants a process-wide TLS provider; a second test in the process finds it there.
        rustls::crypto::ring::default_provider().install_default().ok();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
        Self { sandbox, client: countersign_outbound::direct().no_proxy().build().unwrap() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(self.url(path)).bearer_auth("sk_test_1");
        Self::answer(request).await.body
    }

    /// A Stripe call: form-encoded, with an idempotency key unless that is empty.
    pub fn stripe(&self, path: &str, key: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url(&format!("/stripe/v1/{path}"))).bearer_auth("sk_test_1").form(form);
        if key.is_empty() { request } else { request.header("Idempotency-Key", key) }
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::answer(self.client.post(self.url(path)).bearer_auth("xoxb-1").json(body)).await
    }

    pub async fn fault(&self, fault: &Value) {
        assert_eq!(self.post("/_/faults", fault).await.status, 201);
    }

    pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let replayed = response.headers().get("idempotent-replayed").is_some();
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
        Answer { status, replayed, body }
    }
}

/// The change everybody makes: a Pro subscription becomes Enterprise.
pub const UPGRADE: [(&str, &str); 3] =
    [("items[0][id]", "si_ada"), ("items[0][price]", "price_enterprise"), ("proration_behavior", "always_invoice")];
