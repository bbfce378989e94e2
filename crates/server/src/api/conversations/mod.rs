//! Conversations.

pub(crate) mod consent;
pub(crate) mod handlers;
pub(crate) mod view;
