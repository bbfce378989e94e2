//! Back-tests.

pub(crate) mod handlers;
pub(crate) mod mask;
