//! Connections.

pub(crate) mod connecting;
pub(crate) mod handlers;
mod uses;
