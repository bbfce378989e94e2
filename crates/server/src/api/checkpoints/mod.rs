//! Checkpoints.

pub(crate) mod batch;
pub(crate) mod handlers;
pub(crate) mod view;
