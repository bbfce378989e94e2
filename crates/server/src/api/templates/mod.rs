//! Templates.

mod asks;
pub(crate) mod gallery;
pub(crate) mod handlers;
