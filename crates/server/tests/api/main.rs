//! The API from outside: a real engine on a real SQLite file, requests through the whole router.
#![allow(clippy::unwrap_used, missing_docs)]

mod access;
mod auth;
mod cases;
mod channels;
mod chat;
mod checkpoints;
mod connectors;
mod described;
mod errors;
mod gets;
mod hooks;
mod limits;
mod live;
mod notifications;
mod pointers;
mod policies;
mod rehearsal;
mod run_debug;
mod run_lists;
mod runs;
mod settings;
mod support;
mod triggers;
mod versions;
mod workflows;
