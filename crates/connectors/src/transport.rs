//! The HTTP client: connection pool, TLS, and a body that knows whether it began to leave.

use crate::hosts::AllowedHosts;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

/// How long opening a connection may take, so that a host that does not answer is told apart from a slow answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the keep-alive of common servers (Node: 5 s): a request on a connection the other side is just closing
/// ends in an unknown outcome, which costs a person's time; a new connection costs a millisecond.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A client with its own pool.
///
/// # Panics
/// When the TLS library refuses its own defaults, which no input can cause.
pub(crate) fn client(hosts: AllowedHosts) -> reqwest::Client {
    reqwest::Client::builder()
        .user_agent(concat!("Countersign/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .dns_resolver(hosts)
        .tls_backend_preconfigured(TLS.clone())
        .build()
        .expect("a client from constant settings")
}

/// TLS by ring, trusting the web's roots and the machine's: the executable works in an empty container and behind a
/// company's own certificate authority.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
});

/// A body that notes when the client began to write it, which is after the connection was made: before that the
/// request certainly was not executed.
pub(crate) struct WatchedBody {
    bytes: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl WatchedBody {
    /// The body, and the flag that says whether writing it began.
    pub(crate) fn new(bytes: Bytes) -> (Self, Arc<AtomicBool>) {
        let begun = Arc::new(AtomicBool::new(false));
        (Self { bytes: Some(bytes), begun: Arc::clone(&begun) }, begun)
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
