//! Workflow documents, kept or not.

pub(crate) mod handlers;
pub(crate) mod source;
