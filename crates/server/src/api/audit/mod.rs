//! The audit trail.

pub(crate) mod handlers;
pub(crate) mod sentences;
mod view;
