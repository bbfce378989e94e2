//! OAuth 2.0 as a client: what a connection's client is, and what it says to the authorization server. The server is called
//! by the way out that all calls take. Keeps nothing.

mod client;
mod rule;
mod tokens;

pub use client::{Client, pkce_challenge};
pub(crate) use rule::Oauth2Rule;
pub use tokens::{TokenError, TokenFailure, Tokens};
