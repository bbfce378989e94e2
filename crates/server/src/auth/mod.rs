//! Who is who: passwords, sessions, API keys, visitors of a chat, the one-time set-up link.

mod caller;
mod credentials;
mod guesses;
mod identity;
mod password;
mod rights;
mod secret;
mod session;
mod setup;
mod visitor;

pub use caller::Caller;
pub(crate) use caller::{Address, address, bearer, known, unauthenticated};
pub(crate) use credentials::{by_session, still};
pub(crate) use guesses::Guesses;
pub use identity::Credential;
pub(crate) use identity::Identity;
pub(crate) use password::{Passwords, check_password_rules, hash as hash_password};
pub(crate) use rights::{Least, also, least};
pub(crate) use secret::{fingerprint, random_secret, sha256_hex};
pub(crate) use session::{clear_cookie, end, open};
pub(crate) use setup::{Setup, invite, setup_token, used};
pub use setup::{SetupLink, ensure_admin};
pub(crate) use visitor::Visitor;
