//! What whoever runs the server allows besides public hosts.

use super::{Rule, normal};
use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// A host, a host with its port, or a range of addresses: `crm.intern`, `127.0.0.1:8090`, `[::1]:80`, `10.0.0.0/8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: Which,
    /// Every port when absent.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    Name(String),
    Addresses(IpNet),
}

/// A text is no [`AllowedHost`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host (crm.intern), a host with its port (127.0.0.1:8090) or a range (10.0.0.0/8)")]
pub struct AllowedHostError(String);

impl AllowedHost {
    pub(super) fn name(name: &str) -> Option<Self> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        let name = normal(name);
        (!name.is_empty() && name.chars().all(plain)).then_some(Self { host: Which::Name(name), port: None })
    }

    pub(super) fn names(&self, name: &str, port: u16) -> bool {
        self.port.is_none_or(|own| own == port) && matches!(&self.host, Which::Name(own) if own == name)
    }

    /// Whether it holds the address; a port that is not known fits only where every port is allowed.
    pub(super) fn contains(&self, address: IpAddr, port: Option<u16>) -> bool {
        let Which::Addresses(range) = &self.host else { return false };
        let alone = range.prefix_len() == range.max_prefix_len();
        let needs_itself = Rule::of(address).is_some_and(Rule::needs_its_address);
        (self.port.is_none() || self.port == port) && range.contains(&address) && (alone || !needs_itself)
    }

    fn read(text: &str) -> Option<Self> {
        let addresses = |net: IpNet, port| Self { host: Which::Addresses(net), port };
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(addresses(net, None));
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest),
            None if text.parse::<IpAddr>().is_ok() => (text, ""),
            None => text.split_once(':').map_or((text, ""), |(host, _)| (host, &text[host.len()..])),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?),
            None if port.is_empty() => None,
            None => return None,
        };
        match host.parse::<IpAddr>() {
            Ok(address) => Some(addresses(IpNet::from(super::rule::canonical(address)), port)),
            Err(_) => Self::name(host).map(|name| Self { port, ..name }),
        }
    }
}

impl From<SocketAddr> for AllowedHost {
    fn from(address: SocketAddr) -> Self {
        Self { host: Which::Addresses(IpNet::from(super::rule::canonical(address.ip()))), port: Some(address.port()) }
    }
}

impl FromStr for AllowedHost {
    type Err = AllowedHostError;

    fn from_str(text: &str) -> Result<Self, AllowedHostError> {
        Self::read(text.trim()).ok_or_else(|| AllowedHostError(text.to_owned()))
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (Which::Name(name), None) => f.write_str(name),
            (Which::Name(name), Some(port)) => write!(f, "{name}:{port}"),
            (Which::Addresses(range), Some(port)) => f.write_str(&super::with_port(&range.addr().to_string(), port)),
            (Which::Addresses(range), None) if range.prefix_len() == range.max_prefix_len() => {
                write!(f, "{}", range.addr())
            }
            (Which::Addresses(range), None) => write!(f, "{range}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_and_print_the_same() {
        for text in ["crm.intern", "crm.intern:8080", "127.0.0.1", "127.0.0.1:80", "::1", "[::1]:80", "10.0.0.0/8"] {
            assert_eq!(text.parse::<AllowedHost>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "http://x", "a b", "x:0", "x:99999", "x:y", "[::1]x", "10.0.0.0/40", "*"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
