//! What comes in and what goes out, independent of the HTTP library's connection handling.

pub(crate) mod form;
pub(crate) mod reply;
pub(crate) mod request;
