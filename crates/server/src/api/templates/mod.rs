//! Templates.

pub(crate) mod gallery;
pub(crate) mod handlers;
