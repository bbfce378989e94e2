//! The HTTP clients: pools, TLS, and who resolves names.

use crate::{
    hosts::{HostPolicy, Way},
    names::{Names, NoAddress, Resolver, SystemNames},
};
use reqwest::{Client, ClientBuilder, Proxy, redirect};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};
use url::{Host, Url};

/// How long opening a connection may take, so that a host that does not answer is told apart from a slow answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the keep-alive of common servers (Node: 5 s): a request on a connection the other side is just closing
/// ends in an unknown outcome, which costs a person's time; a new connection costs a millisecond.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How the way out is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which hosts may be called.
    pub policy: HostPolicy,
    /// `http://host:port` of a proxy for public hosts; hosts on the list are called directly. The environment's
    /// `HTTP_PROXY` is not looked at.
    pub proxy: Option<String>,
    /// Where names are looked up.
    pub names: Arc<dyn Names>,
}

impl Default for Settings {
    /// Public hosts only, no proxy, the machine's names.
    fn default() -> Self {
        Self { policy: HostPolicy::default(), proxy: None, names: Arc::new(SystemNames) }
    }
}

/// The way out cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Not an address of a proxy.
    #[error("`{0}` is not a proxy's address, such as http://proxy.intern:3128")]
    Proxy(String),
    /// The HTTP library refused.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// The way out. Holds the connection pools; share one per process (it is cheap to clone).
#[derive(Debug, Clone)]
pub struct Outbound(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    settings: Settings,
    /// For hosts that are not on the list; behind the proxy, if there is one.
    public: Client,
    /// For hosts on the list.
    listed: Client,
}

impl Outbound {
    /// A way out with its own pools.
    ///
    /// # Errors
    /// When the proxy's address is none.
    pub fn new(settings: Settings) -> Result<Self, OutboundError> {
        let resolver = |way| Resolver { policy: settings.policy.clone(), names: Arc::clone(&settings.names), way };
        let public = match &settings.proxy {
            None => client(resolver(Way::Public)).no_proxy(),
            Some(proxy) => {
                let wrong = || OutboundError::Proxy(proxy.clone());
                let url = Url::parse(proxy).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                let url = url.filter(Url::has_host).ok_or_else(wrong)?;
                // Only the proxy's own name is resolved here, and whoever runs the server chose it.
                builder().proxy(Proxy::all(url).map_err(|_| wrong())?)
            }
        };
        let listed = client(resolver(Way::Listed)).no_proxy().build()?;
        Ok(Self(Arc::new(Inner { public: public.build()?, listed, settings })))
    }

    /// A way out that calls this machine and private networks too; for tests and tools.
    ///
    /// # Panics
    /// When the TLS library refuses its own defaults, which no input can cause.
    #[must_use]
    pub fn with_private() -> Self {
        let settings = Settings { policy: HostPolicy::with_private(), ..Settings::default() };
        Self::new(settings).expect("a client from constant settings")
    }

    /// The client for a URL, or why its host is not called.
    pub(crate) async fn client_for(&self, url: &Url) -> Result<&Client, NoAddress> {
        let settings = &self.0.settings;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Ok(&self.0.public);
        };
        let way = settings.policy.vet(&host, port)?;
        if let (Host::Domain(name), Way::Public, Some(_)) = (host, way, &settings.proxy) {
            // The proxy resolves the name itself; one that is known here to be an inner one does not get so far.
            match self.resolver(way).addresses(name, Some(port)).await {
                Err(NoAddress::Refused(refused)) => return Err(refused.into()),
                Err(NoAddress::Unknown(_)) | Ok(_) => {}
            }
        }
        Ok(match way {
            Way::Public => &self.0.public,
            Way::Listed => &self.0.listed,
        })
    }

    /// The addresses of a host that may be connected to, for protocols other than HTTP. What is connected to must be
    /// one of these, not the name again.
    ///
    /// # Errors
    /// A failure of class fatal when the host may not be called, retryable when it cannot be resolved.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, crate::Failure> {
        let parsed = Host::parse(host).or_else(|error| host.parse().map(Host::Ipv6).map_err(|_| error));
        let parsed = parsed.map_err(|_| crate::Failure::url_invalid("the host is not a name or an address"))?;
        let borrowed = match &parsed {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(v4) => Host::Ipv4(*v4),
            Host::Ipv6(v6) => Host::Ipv6(*v6),
        };
        let way = self.0.settings.policy.vet(&borrowed, port).map_err(|refused| crate::Failure::refused(&refused))?;
        match parsed {
            Host::Ipv4(v4) => Ok(vec![SocketAddr::new(v4.into(), port)]),
            Host::Ipv6(v6) => Ok(vec![SocketAddr::new(v6.into(), port)]),
            Host::Domain(name) => self.resolver(way).addresses(&name, Some(port)).await.map_err(|error| match error {
                NoAddress::Refused(refused) => crate::Failure::refused(&refused),
                NoAddress::Unknown(error) => crate::Failure::connect(&error.to_string()),
            }),
        }
    }

    fn resolver(&self, way: Way) -> Resolver {
        let Settings { policy, names, .. } = &self.0.settings;
        Resolver { policy: policy.clone(), names: Arc::clone(names), way }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where a client is made")]
fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("Countersign/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .tls_backend_preconfigured(tls())
}

fn client(resolver: Resolver) -> ClientBuilder {
    builder().dns_resolver(resolver)
}

/// A client for this product's own commands and tests, which call the server that the person at the keyboard names:
/// no host policy. Nothing that a workflow or a page can reach may use it.
pub fn direct() -> ClientBuilder {
    builder()
}

/// TLS by ring, trusting the web's roots and the machine's: the executable works in an empty container and behind a
/// company's own certificate authority.
///
/// # Panics
/// When the TLS library refuses its own defaults, which no input can cause.
fn tls() -> ClientConfig {
    static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(machine_roots().iter().cloned());
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth()
    });
    TLS.clone()
}

/// The certificate authorities of the machine, besides the web's.
#[must_use]
pub fn machine_roots() -> &'static [CertificateDer<'static>] {
    static ROOTS: LazyLock<Vec<CertificateDer<'static>>> =
        LazyLock::new(|| rustls_native_certs::load_native_certs().certs);
    &ROOTS
}
