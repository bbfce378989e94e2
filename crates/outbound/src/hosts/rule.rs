//! What is not public, by the registries of special-purpose addresses (RFC 6890 and its successors).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// 127.0.0.0/8, `::1`, `localhost`.
    Loopback,
    /// 0.0.0.0/8, `::`.
    Unspecified,
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16.
    Private,
    /// 100.64.0.0/10.
    CarrierGrade,
    /// 169.254.0.0/16, `fe80::/10`.
    LinkLocal,
    /// `fc00::/7`, `fec0::/10`.
    UniqueLocal,
    /// Where clouds keep the credentials of their machines.
    Metadata,
    /// 224.0.0.0/4, `ff00::/8`, broadcast.
    Multicast,
    /// `64:ff9b::/96`, `64:ff9b:1::/48`, `2002::/16`, `2001::/32`: another network behind a translator or tunnel.
    Translated,
    /// Documentation, benchmarks and whatever nobody was given.
    Reserved,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::Unspecified => "an unspecified address",
            Self::Private => "in a private network",
            Self::CarrierGrade => "in a carrier's or a cloud's inner network",
            Self::LinkLocal => "a link-local address",
            Self::UniqueLocal => "in a private IPv6 network",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast or broadcast address",
            Self::Translated => "behind an address translator or tunnel",
            Self::Reserved => "a reserved address",
        })
    }
}

/// Metadata services: AWS, Google and most others; Azure; Alibaba; Oracle.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// The same over IPv6: AWS, Google.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// Names of metadata services, for where a proxy resolves names.
const METADATA_NAMES: [&str; 3] = ["metadata.google.internal", "metadata.goog", "metadata"];

impl Rule {
    /// What the address is, if it is not public.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        match canonical(address) {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }

    /// What a name (lower case, no dot at its end) says of itself.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        if name == "localhost" || name.ends_with(".localhost") {
            Some(Self::Loopback)
        } else if METADATA_NAMES.contains(&name) {
            Some(Self::Metadata)
        } else {
            None
        }
    }

    /// Whether only its very address on the list opens it, no range and no name.
    pub(crate) fn needs_its_address(self) -> bool {
        match self {
            Self::Metadata | Self::Multicast => true,
            Self::Loopback
            | Self::Unspecified
            | Self::Private
            | Self::CarrierGrade
            | Self::LinkLocal
            | Self::UniqueLocal
            | Self::Translated
            | Self::Reserved => false,
        }
    }
}

/// The address an IPv4-mapped or IPv4-compatible one means.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let compatible = || {
        let [0, 0, 0, 0, 0, 0, high, low] = v6.segments() else { return None };
        (high != 0).then(|| v4_of(high, low))
    };
    v6.to_ipv4_mapped().or_else(compatible).map_or(address, IpAddr::V4)
}

/// The IPv4 address that a translator would call for this one.
pub(super) fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(v6) = address else { return None };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(IpAddr::V4(v4_of(high, low))),
        // Teredo hides the client's address by inverting it.
        [0x2001, 0, .., high, low] => Some(IpAddr::V4(v4_of(!high, !low))),
        _ => None,
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

fn of_v4(address: Ipv4Addr) -> Option<Rule> {
    if METADATA_V4.contains(&address) {
        return Some(Rule::Metadata);
    }
    match address.octets() {
        [0, ..] => Some(Rule::Unspecified),
        [127, ..] => Some(Rule::Loopback),
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Some(Rule::Private),
        [100, 64..=127, ..] => Some(Rule::CarrierGrade),
        [169, 254, ..] => Some(Rule::LinkLocal),
        [192, 0, 0 | 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => Some(Rule::Reserved),
        [224..=239, ..] | [255, 255, 255, 255] => Some(Rule::Multicast),
        [240..=255, ..] => Some(Rule::Reserved),
        _ => None,
    }
}

fn of_v6(address: Ipv6Addr) -> Option<Rule> {
    if METADATA_V6.contains(&address) {
        return Some(Rule::Metadata);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Rule::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Rule::Loopback),
        [0x64, 0xff9b, 0 | 1, ..] | [0x2002, ..] | [0x2001, 0, ..] => Some(Rule::Translated),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Rule::UniqueLocal),
        [0xfe80..=0xfebf, ..] => Some(Rule::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Rule::Multicast),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Rule::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Rule::Reserved),
    }
}
