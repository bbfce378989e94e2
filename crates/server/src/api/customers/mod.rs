//! Customers.

pub(crate) mod handlers;
pub(crate) mod merges;
pub(crate) mod record;
