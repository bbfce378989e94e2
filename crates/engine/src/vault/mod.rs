//! Secrets: sealed at rest, opened where a call needs them.

mod choice;
mod connections;
mod health;
mod seal;

pub use choice::{AccountChoice, NotChosen, chosen};
pub use seal::{Vault, VaultError, receipt_keys};

pub(crate) use connections::{Connections, OpenAccount};
