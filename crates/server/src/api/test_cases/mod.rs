//! Test cases.

pub(crate) mod handlers;
pub(crate) mod of_run;
pub(crate) mod play;
