//! Connections.

pub(crate) mod handlers;
mod uses;
