//! Workflow documents, kept or not.

pub(crate) mod around;
pub(crate) mod forms;
pub(crate) mod handlers;
pub(crate) mod source;
