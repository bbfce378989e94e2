//! What handlers take out of a request. Everything that does not fit becomes a problem document.

mod body;
mod caller;
mod conditional;
mod parameters;
mod visitor;

pub(crate) use body::{Body, OptionalBody, too_large};
pub(crate) use caller::{Address, unauthenticated};
pub use caller::{Caller, Credential};
pub(crate) use conditional::{IdempotencyHeader, IfMatch, PreferWait};
pub(crate) use parameters::{Listing, Path, Query, invalid_parameter, words};
pub(crate) use visitor::Visitor;
