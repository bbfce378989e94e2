//! Conversations.

pub(crate) mod canned;
pub(crate) mod consent;
pub(crate) mod handlers;
pub(crate) mod snooze;
pub(crate) mod view;
