//! The HTTP server: the API, live streams, the customer chat, and the web pages inside the executable.
//!
//! Handlers extract, authorise, call and respond. What may happen is decided by `core` and the engine; what is stored is
//! decided by the store; there is no SQL here. A GET changes nothing.

mod accept;
mod app;
mod auth;
mod cache;
mod channel_kinds;
mod config;
mod customers;
mod documents;
mod error;
mod extract;
mod guard;
mod handlers;
mod idempotency;
mod mask;
mod openapi;
mod pages;
mod publishing;
mod router;
mod secrets;
pub mod seed;
mod serve;
mod templates;
mod test_cases;
mod views;
pub mod wire;

pub use app::{App, Parts};
pub use auth::{SetupLink, ensure_admin};
pub use config::ServerConfig;
pub use error::{ApiError, ApiResult};
pub use extract::{Caller, Credential};
pub use router::{openapi, router};
pub use serve::serve;
