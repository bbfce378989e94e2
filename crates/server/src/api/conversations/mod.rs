//! Conversations.

pub(crate) mod handlers;
pub(crate) mod view;
