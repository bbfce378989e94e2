//! What is the same for every request: connections, bounds, bodies and parameters, problems, idempotency.

pub(crate) mod bounds;
pub(crate) mod extract;
pub(crate) mod fields;
pub(crate) mod guard;
pub(crate) mod idempotency;
pub(crate) mod listen;
pub(crate) mod metrics;
pub(crate) mod problem;
