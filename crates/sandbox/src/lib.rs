//! The outside world in a box: a fake identity service, Stripe, WhatsApp, Telegram, Twilio, Slack and Shopify, an authorization
//! server, a generic REST service and an SMTP sink, in one process and in memory. Used by `countersign sandbox`, the demo and the tests.
//!
//! Nothing here is random: ids are counters, and a reset puts everything back. Every call is recorded, and faults can be
//! ordered through `/_/faults`, so that a test can say exactly how often the world was changed and by whom.

mod control;
mod http;
mod memory;
mod pass;
mod post;
mod services;
mod smtp;
mod wire;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use tokio::{net::TcpListener, task::JoinSet};

use crate::services::world::World;

/// Where the sandbox listens. Port 0 lets the operating system pick.
#[derive(Debug, Clone, Copy)]
pub struct SandboxConfig {
    /// Address of the HTTP services, the phone page and the control API.
    pub http: SocketAddr,
    /// Address of the SMTP sink.
    pub smtp: SocketAddr,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    http: SocketAddr,
    smtp: SocketAddr,
    tasks: JoinSet<()>,
}

/// The world behind one lock: a call is decided and recorded in one critical section, which is what makes counts exact.
type Shared = Arc<Mutex<World>>;

impl Sandbox {
    /// Binds both listeners, seeds the data and serves until [`Sandbox::shutdown`] or drop.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let (http_listener, http) = listen(config.http).await?;
        let (smtp_listener, smtp) = listen(config.smtp).await?;
        let world: Shared = Arc::new(Mutex::new(World::seeded(now_ms())));
        let mut tasks = JoinSet::new();
        tasks.spawn(http::serve(http_listener, Arc::clone(&world)));
        tasks.spawn(smtp::serve(smtp_listener, world));
        Ok(Self { http, smtp, tasks })
    }

    /// The address the HTTP services listen on.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// The address the SMTP sink listens on.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp
    }

    /// The base URL of the HTTP services, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Stops both listeners and closes every connection.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SandboxError> {
    let refused = |source| SandboxError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

/// Milliseconds since the epoch.
fn now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the sandbox is the world: it has its own clock")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
