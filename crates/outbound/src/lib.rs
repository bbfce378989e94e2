//! The way out: the one HTTP client, which hosts may be called, limits of size and time, and what the absence of an
//! answer means.
//!
//! Connectors and channels send through [`Outbound`]; nothing else in the product opens a connection to an address that
//! somebody typed.

mod client;
mod content;
mod document;
mod exchange;
mod failure;
mod hosts;
mod mask;
mod names;
mod watched;

pub use client::{Outbound, OutboundError, Settings, direct, machine_roots};
pub use content::{Content, text};
pub use exchange::{Answer, Request};
pub use failure::{Failure, class_of_status, retry_after_seconds};
pub use hosts::{AllowedHost, AllowedHostError, HostList, HostPolicy, HostRefused, Rule};
pub use mask::{MASK, Mask};
pub use names::{Lookup, Names, SystemNames};
