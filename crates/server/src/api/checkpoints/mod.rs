//! Checkpoints.

pub(crate) mod batch;
pub(crate) mod handlers;
pub(crate) mod held;
pub(crate) mod inbox;
pub(crate) mod summary;
pub(crate) mod view;
