//! How the server is set up. The command line reads flags, environment and file into this.

use std::time::Duration;

/// How the server is set up. Bounds that are reached answer 429 or 503, never crash.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where people reach it, without a slash at the end; `https` makes cookies `Secure`.
    pub base_url: String,
    /// Address to listen on, for logs and `readyz`.
    pub listen: String,
    /// Whether `X-Forwarded-For` of a proxy in front names the caller.
    pub trust_proxy: bool,
    /// Requests worked on at the same time.
    pub requests_max: usize,
    /// Requests that may hold on for a run to finish (`Prefer: wait`) at the same time.
    pub waiting_max: usize,
    /// Live streams open at the same time.
    pub streams_max: usize,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// How long known credentials are believed without asking the database.
    pub credential_cache: Duration,
    /// Whether `/metrics` is served.
    pub metrics: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            base_url: "http://localhost:8080".to_owned(),
            listen: "127.0.0.1:8080".to_owned(),
            trust_proxy: false,
            requests_max: 2_048,
            waiting_max: 1_024,
            streams_max: 2_000,
            request_timeout: Duration::from_secs(90),
            credential_cache: Duration::from_secs(5),
            metrics: true,
        }
    }
}

impl ServerConfig {
    /// Whether cookies may travel over TLS only.
    pub(crate) fn secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}
