//! The dashboard.

pub(crate) mod handlers;
pub(crate) mod view;
