//! The only hosts that something may call.

use super::{AllowedHost, AllowedHostError, normal, rule};
use std::{fmt, sync::Arc};
use url::{Host, Url};

/// The only hosts that calls may go to. It opens nothing that the policy of the server refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostList(Arc<[AllowedHost]>);

impl HostList {
    /// These.
    pub fn new(hosts: impl IntoIterator<Item = AllowedHost>) -> Self {
        Self(hosts.into_iter().collect())
    }

    /// The same and the host of this URL, at its port.
    ///
    /// # Errors
    /// When the URL has no host.
    pub fn with(&self, url: &Url) -> Result<Self, AllowedHostError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let own: AllowedHost = format!("{}:{port}", url.host_str().unwrap_or_default()).parse()?;
        Ok(Self::new(self.0.iter().cloned().chain([own])))
    }

    /// Whether the host of this URL is one of them.
    #[must_use]
    pub fn has(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return false };
        let has_address = |address| {
            let address = rule::canonical(address);
            self.0.iter().any(|allowed| allowed.contains(address, Some(port)))
        };
        match host {
            Host::Domain(name) => self.0.iter().any(|allowed| allowed.names(&normal(name), port)),
            Host::Ipv4(address) => has_address(address.into()),
            Host::Ipv6(address) => has_address(address.into()),
        }
    }
}

impl fmt::Display for HostList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_in_the_list_however_it_is_spelled() {
        let url = |text: &str| Url::parse(text).unwrap();
        let hosts = ["api.example", "files.example:8443", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        let list = HostList::new(hosts).with(&url("https://[::1]:90/v1")).unwrap();
        for (text, has) in [
            ("https://api.example/x", true),
            ("http://API.example.:81/x", true),
            ("https://api.example.evil/x", false),
            ("https://evil-api.example/x", false),
            ("https://files.example:8443/", true),
            ("https://files.example/", false),
            ("http://10.1.2.3/", true),
            ("http://[::ffff:10.1.2.3]/", true),
            ("http://167838211/", true),
            ("http://11.1.2.3/", false),
            ("https://[::1]:90/", true),
            ("https://[::1]/", false),
            ("https://user@evil.example/", false),
        ] {
            assert_eq!(list.has(&url(text)), has, "{text}");
        }
        assert!(!HostList::default().has(&url("https://api.example/")));
    }
}
