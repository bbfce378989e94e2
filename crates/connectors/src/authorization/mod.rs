//! OAuth 2.0 as a client: what it says to the authorization server, and what that answers. The server is called
//! by the way out that all calls take. Keeps nothing.

mod client;
mod tokens;

pub(crate) use client::Addresses;
pub use client::{Client, pkce_challenge};
pub use tokens::{TokenError, TokenFailure, Tokens};
