//! Workflow documents, kept or not.

pub(crate) mod forms;
pub(crate) mod handlers;
pub(crate) mod source;
