//! Workflows and their drafts.

pub(crate) mod handlers;
pub(crate) mod view;
