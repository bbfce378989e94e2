//! Connections.

pub(crate) mod handlers;
