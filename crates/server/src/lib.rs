//! The HTTP server: the API, live streams, the customer chat, and the web pages inside the executable.
//!
//! Handlers extract, authorise, call and respond. What may happen is decided by `core` and the engine; what is stored is
//! decided by the store; there is no SQL here. A GET changes nothing.

mod api;
mod app;
mod auth;
mod cache;
mod config;
mod http;
mod openapi;
mod pages;
mod router;
mod rows;
pub mod seed;
mod serve;

pub use app::{App, Parts};
pub use auth::{Caller, Credential, SetupLink, ensure_admin};
pub use config::ServerConfig;
pub use http::problem::{ApiError, ApiResult};
pub use router::{openapi, router};
pub use serve::serve;
