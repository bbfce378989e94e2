//! Names and their addresses: resolved once, looked at, and connected to as they are.

use crate::hosts::{HostPolicy, HostRefused, Way};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

/// The addresses of a name, to come.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where names are looked up.
pub trait Names: fmt::Debug + Send + Sync + 'static {
    /// The addresses of a name.
    fn lookup(&self, name: &str) -> Lookup;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, name: &str) -> Lookup {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Why a name has no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error(transparent)]
    Refused(#[from] HostRefused),
    #[error("the name cannot be resolved: {0}")]
    Unknown(#[from] io::Error),
}

/// A resolver that leaves out what may not be called.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    pub(crate) policy: HostPolicy,
    pub(crate) names: Arc<dyn Names>,
    pub(crate) way: Way,
}

impl Resolver {
    /// The addresses of a name that may be connected to, with that port (0 where it is not known).
    pub(crate) async fn addresses(self, name: &str, port: Option<u16>) -> Result<Vec<SocketAddr>, NoAddress> {
        let found = self.names.lookup(name).await?;
        let mut refused = None;
        let mut open = Vec::with_capacity(found.len());
        for address in found {
            match self.policy.permits(address, port, self.way) {
                Ok(()) => open.push(SocketAddr::new(address, port.unwrap_or_default())),
                Err(rule) => refused = Some(rule),
            }
        }
        match refused {
            Some(rule) if open.is_empty() => Err(HostPolicy::refusal(name, port, rule).into()),
            Some(_) | None => Ok(open),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let open = resolver.addresses(name.as_str(), None).await?;
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
