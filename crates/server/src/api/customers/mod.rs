//! Customers.

pub(crate) mod handlers;
pub(crate) mod record;
