//! What the sandbox keeps that is no service's own: people, messages, faults that were ordered, the record of calls.

pub(crate) mod directory;
pub(crate) mod fault;
pub(crate) mod ledger;
pub(crate) mod messages;
pub(crate) mod ring;
