//! Which hosts may be called: a workflow must not read the cloud's metadata service through this process.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Which addresses may be called. Link-local ones (cloud metadata among them) never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedHosts {
    /// Whether loopback and private networks may be called: yes for who runs it for themselves.
    pub allow_private: bool,
}

impl Default for AllowedHosts {
    fn default() -> Self {
        Self { allow_private: true }
    }
}

/// The host's address is refused by [`AllowedHosts`].
#[derive(Debug, thiserror::Error)]
#[error("calls to {0} are not allowed here")]
pub(crate) struct HostRefused(pub(crate) String);

impl AllowedHosts {
    /// Whether that address may be called.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => self.allows_v4(v4),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => self.allows_v4(v4),
                None => self.allows_v6(v6),
            },
        }
    }

    fn allows_v4(self, address: Ipv4Addr) -> bool {
        let [a, b, ..] = address.octets();
        let never = address.is_link_local() || address.is_multicast() || address.is_broadcast();
        let private = address.is_private() || address.is_loopback() || a == 0 || (a == 100 && (64..128).contains(&b));
        !never && (self.allow_private || !private)
    }

    fn allows_v6(self, address: Ipv6Addr) -> bool {
        /// The metadata service's address at AWS, inside the private range.
        const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
        let never = address.is_unicast_link_local() || address.is_multicast() || address == AWS_METADATA;
        let private = address.is_unique_local() || address.is_loopback() || address.is_unspecified();
        !never && (self.allow_private || !private)
    }

    /// Refuses URLs whose host is an address that may not be called; names are checked when they are resolved.
    pub(crate) fn check(self, url: &Url) -> Result<(), HostRefused> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.allows(address) { Ok(()) } else { Err(HostRefused(address.to_string())) }
    }
}

impl Resolve for AllowedHosts {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let known = !found.is_empty();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| policy.allows(address.ip())).collect();
            if known && allowed.is_empty() {
                return Err(HostRefused(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn allows(allow_private: bool, address: &str) -> bool {
        AllowedHosts { allow_private }.allows(address.parse().unwrap())
    }

    #[test]
    fn metadata_addresses_are_never_allowed() {
        for address in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "224.0.0.1"] {
            assert!(!allows(true, address), "{address}");
        }
    }

    #[test]
    fn private_addresses_are_a_choice() {
        for address in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fd00::1", "0.0.0.0"]
        {
            assert!(allows(true, address), "{address}");
            assert!(!allows(false, address), "{address}");
        }
        assert!(allows(false, "93.184.216.34"));
    }

    #[test]
    fn other_spellings_of_an_address_are_seen_through() {
        for url in
            ["http://0xa9fea9fe/", "http://2852039166/", "http://169.254.169.254:80/x", "http://[::ffff:a9fe:a9fe]/"]
        {
            assert!(AllowedHosts::default().check(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
    }
}
