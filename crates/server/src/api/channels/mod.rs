//! Channels.

pub(crate) mod handlers;
pub(crate) mod kinds;
