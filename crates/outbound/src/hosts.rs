//! Which hosts may be called: what a workflow's author types must not reach the network this process stands in.

mod allowed;
mod list;
mod rule;

pub use allowed::{AllowedHost, AllowedHostError};
pub use list::HostList;
pub use rule::Rule;

use std::{net::IpAddr, sync::Arc};
use url::Host;

/// Which hosts may be called: everything public, and what whoever runs the server allowed.
#[derive(Debug, Clone, Default)]
pub struct HostPolicy(Arc<[AllowedHost]>);

/// A host is not called, by which rule, and how that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} is not called from here because it is {rule}; whoever runs the server can allow it with --allow-host {allow}"
)]
pub struct HostRefused {
    /// The host as it was meant to be called.
    pub host: String,
    /// What it is.
    pub rule: Rule,
    /// What `--allow-host` would have to say.
    pub allow: String,
}

/// How a host that may be called is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As any public host: its addresses must be public, and a proxy may stand between.
    Public,
    /// The list names it: its addresses may be private, and it is called directly.
    Listed,
}

impl HostPolicy {
    /// Everything public and these.
    pub fn new(allowed: impl IntoIterator<Item = AllowedHost>) -> Self {
        Self(allowed.into_iter().collect())
    }

    /// Everything public, this machine and private networks, but no metadata service: for tests and for who runs it
    /// for themselves.
    #[must_use]
    pub fn with_private() -> Self {
        const PRIVATE: [&str; 6] = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7"];
        let list = PRIVATE.iter().map(|text| text.parse::<AllowedHost>());
        Self::new(list.flatten().chain(AllowedHost::name("localhost")))
    }

    /// How to reach the host of a URL, unless its name or address says already that it may not be called. Names are
    /// looked at again when they are resolved.
    pub(crate) fn vet(&self, host: &Host<&str>, port: u16) -> Result<Way, HostRefused> {
        match *host {
            Host::Ipv4(v4) => self.vet_address(IpAddr::V4(v4), port),
            Host::Ipv6(v6) => self.vet_address(IpAddr::V6(v6), port),
            Host::Domain(name) => {
                let name = normal(name);
                if self.0.iter().any(|allowed| allowed.names(&name, port)) {
                    return Ok(Way::Listed);
                }
                match Rule::of_name(&name) {
                    Some(rule) => Err(HostRefused { allow: with_port(&name, port), host: name, rule }),
                    None => Ok(Way::Public),
                }
            }
        }
    }

    fn vet_address(&self, address: IpAddr, port: u16) -> Result<Way, HostRefused> {
        let listed = self.lists(address, Some(port));
        match Rule::of(address) {
            _ if listed => Ok(Way::Listed),
            None => Ok(Way::Public),
            Some(rule) => {
                let host = address.to_string();
                Err(HostRefused { allow: with_port(&host, port), host, rule })
            }
        }
    }

    /// Whether an address that a name was resolved to may be connected to. `port` is absent where it is not known.
    pub(crate) fn permits(&self, address: IpAddr, port: Option<u16>, way: Way) -> Result<(), Rule> {
        match Rule::of(address) {
            None => Ok(()),
            Some(_) if self.lists(address, port) => Ok(()),
            // A listed name stands for its private addresses, but a name that leads to a metadata service was not
            // what was allowed.
            Some(rule) if way == Way::Listed && !rule.needs_its_address() => Ok(()),
            Some(rule) => Err(rule),
        }
    }

    fn lists(&self, address: IpAddr, port: Option<u16>) -> bool {
        let address = rule::canonical(address);
        let listed = |address: IpAddr| self.0.iter().any(|allowed| allowed.contains(address, port));
        listed(address) && rule::embedded(address).is_none_or(|inner| Rule::of(inner).is_none() || listed(inner))
    }

    pub(crate) fn refusal(name: &str, port: Option<u16>, rule: Rule) -> HostRefused {
        let host = normal(name);
        let allow = match (rule.needs_its_address(), port) {
            (true, _) => "and its address".to_owned(),
            (false, Some(port)) => with_port(&host, port),
            (false, None) => host.clone(),
        };
        HostRefused { host, rule, allow }
    }
}

/// A name as it is compared: lower case, without the dot at the end.
fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use url::Url;

    fn policy(allowed: &[&str]) -> HostPolicy {
        HostPolicy::new(allowed.iter().map(|text| text.parse().unwrap()))
    }

    fn vet(policy: &HostPolicy, url: &str) -> Result<Way, HostRefused> {
        let url = Url::parse(url).unwrap();
        policy.vet(&url.host().unwrap(), url.port_or_known_default().unwrap())
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "0x0",
            "10.0.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "192.168.257",
            "100.64.0.1",
            "100.127.255.254",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b::5db8:d822]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[100::1]",
            "[4000::1]",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal",
            "１２７.0.0.1",
            "127。0。0。1",
            "ⓛocalhost",
        ] {
            for url in [format!("http://{host}/"), format!("https://public.example@{host}:8443/x")] {
                assert!(vet(&policy(&[]), &url).is_err(), "{url}");
            }
        }
    }

    #[test]
    fn public_hosts_are_called_as_they_are() {
        for host in ["93.184.216.34", "1.1.1.1", "[2606:4700::1111]", "example.com", "[::ffff:93.184.216.34]"] {
            assert_eq!(vet(&policy(&[]), &format!("http://{host}/")), Ok(Way::Public), "{host}");
        }
    }

    #[test]
    fn the_list_opens_what_it_names_and_nothing_beside_it() {
        let list = policy(&["127.0.0.1:8090", "10.1.0.0/16", "Intern.Example", "db.example:5432", "[fd00::1]:80"]);
        for (url, open) in [
            ("http://127.0.0.1:8090/", true),
            ("http://[::ffff:127.0.0.1]:8090/", true),
            ("http://2130706433:8090/", true),
            ("http://127.0.0.1:8091/", false),
            ("http://127.0.0.2:8090/", false),
            ("http://10.1.255.1/", true),
            ("http://10.2.0.1/", false),
            ("http://intern.example./", true),
            ("http://[fd00::1]/", true),
            ("http://[fd00::1]:81/", false),
        ] {
            assert_eq!(vet(&list, url).is_ok(), open, "{url}");
        }
        assert_eq!(vet(&list, "http://db.example:5432/"), Ok(Way::Listed));
        assert_eq!(vet(&list, "http://db.example/"), Ok(Way::Public));
    }

    #[test]
    fn a_metadata_service_is_opened_by_its_address_alone() {
        let metadata: IpAddr = "169.254.169.254".parse().unwrap();
        for wide in ["0.0.0.0/0", "169.254.0.0/16", "name.example"] {
            let list = policy(&[wide]);
            assert!(vet(&list, "http://169.254.169.254/").is_err(), "{wide}");
            assert_eq!(list.permits(metadata, None, Way::Listed), Err(Rule::Metadata), "{wide}");
        }
        assert_eq!(policy(&["169.254.169.254"]).permits(metadata, None, Way::Public), Ok(()));
        assert!(vet(&policy(&["64:ff9b::/96"]), "http://[64:ff9b::a9fe:a9fe]/").is_err());
        assert!(vet(&policy(&["64:ff9b::/96"]), "http://[64:ff9b::5db8:d822]/").is_ok());
    }

    #[test]
    fn a_refusal_says_the_rule_and_how_to_allow_it() {
        let text = vet(&policy(&[]), "http://[::1]:9/").unwrap_err().to_string();
        assert!(text.contains("this machine itself") && text.ends_with("--allow-host [::1]:9"), "{text}");
    }
}
