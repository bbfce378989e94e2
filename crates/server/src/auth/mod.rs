//! Who is who: passwords, sessions, API keys, the one-time set-up link.

mod credentials;
mod guesses;
mod password;
mod secret;
mod session;
mod setup;

pub(crate) use credentials::{Identity, actor_roles, by_api_key, by_session};
pub(crate) use guesses::Guesses;
pub(crate) use password::{Passwords, check_password_rules, hash as hash_password};
pub(crate) use secret::{fingerprint, random_secret, sha256_hex};
pub(crate) use session::{clear_cookie, end, open, session_cookie};
pub(crate) use setup::{Setup, invite, use_setup_token};
pub use setup::{SetupLink, ensure_admin};
