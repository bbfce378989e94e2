//! How the server is set up. The command line reads flags, environment and file into this.

use ipnet::IpNet;
use std::time::Duration;

/// How the server is set up. Bounds that are reached answer 429 or 503, never crash.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where people reach it, without a slash at the end; `https` makes cookies `Secure`.
    pub base_url: String,
    /// Address to listen on, for logs and `readyz`.
    pub listen: String,
    /// Proxies in front, whose `X-Forwarded-For` is believed; that of all others is not.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests worked on at the same time.
    pub requests_max: usize,
    /// How many of them are kept for callers who were let in lately.
    pub requests_reserved: usize,
    /// Requests of one address worked on at the same time, of callers who were not let in lately.
    pub requests_per_address: usize,
    /// Requests that may hold on for a run to finish (`Prefer: wait`) at the same time.
    pub waiting_max: usize,
    /// Live streams of people and programs open at the same time.
    pub streams_max: usize,
    /// Live streams of visitors' chats open at the same time; they take no place of the others.
    pub chat_streams_max: usize,
    /// Live streams of one address' chats.
    pub chat_streams_per_address: usize,
    /// Live streams of one conversation.
    pub chat_streams_per_conversation: usize,
    /// Rehearsals, test cases and back-tests played at the same time.
    pub plays_max: usize,
    /// The longest one request may play.
    pub play_timeout: Duration,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// The longest a request's body may take to arrive; an upload has a longer time of its own.
    pub body_timeout: Duration,
    /// How long known credentials are believed without asking the database.
    pub credential_cache: Duration,
    /// The bearer token that opens `/metrics`; without one there are none.
    pub metrics_token: Option<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            base_url: "http://localhost:8080".to_owned(),
            listen: "127.0.0.1:8080".to_owned(),
            trusted_proxies: Vec::new(),
            requests_max: 2_048,
            requests_reserved: 512,
            requests_per_address: 256,
            waiting_max: 1_024,
            streams_max: 2_000,
            chat_streams_max: 2_000,
            chat_streams_per_address: 100,
            chat_streams_per_conversation: 8,
            plays_max: 2,
            play_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(90),
            body_timeout: Duration::from_secs(20),
            credential_cache: Duration::from_secs(5),
            metrics_token: None,
        }
    }
}

impl ServerConfig {
    /// Whether cookies may travel over TLS only.
    pub(crate) fn secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}
