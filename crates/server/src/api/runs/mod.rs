//! Runs, one or many.

pub(crate) mod debug;
pub(crate) mod exports;
pub(crate) mod handlers;
pub(crate) mod requests;
pub(crate) mod retry;
pub(crate) mod view;
