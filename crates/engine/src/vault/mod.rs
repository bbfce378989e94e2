//! Secrets: sealed at rest, opened where a call needs them.

mod choice;
mod connections;
mod health;
mod master;
mod seal;

pub use choice::{AccountChoice, NotChosen, chosen};
pub use master::{OpenVault, SecretKey, check_vault, open_vault, rotate_vault};
pub use seal::{Vault, VaultError};

pub(crate) use connections::{Connections, OpenAccount};
