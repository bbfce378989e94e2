//! Connections.

pub(crate) mod handlers;
pub(crate) mod secrets;
