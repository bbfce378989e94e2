//! What handlers take out of a request. Everything that does not fit becomes a problem document.

mod body;
mod conditional;
mod parameters;

pub(crate) use body::{Body, OptionalBody, Raw, Upload, too_large};
pub(crate) use conditional::{IdempotencyHeader, IfMatch, PreferWait};
pub(crate) use parameters::{Listing, Path, Query, invalid_parameter, limit, refuse_nul, words};
