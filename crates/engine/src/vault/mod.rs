//! Secrets: sealed at rest, opened where a call needs them.

mod channel_health;
mod choice;
mod connect;
mod connections;
mod health;
mod master;
mod refresh;
mod renewal;
mod samples;
mod seal;
mod tokens;
mod uses;

pub use channel_health::{ChannelError, ChannelHealth};
pub use choice::{AccountChoice, NotChosen, chosen};
pub use connect::{Agreeing, ConnectError, Revocation};
pub use master::{OpenVault, SecretKey, check_vault, open_vault, rotate_vault};
pub use seal::{Vault, VaultError};

pub use tokens::{Standing, TokenStanding};

pub(crate) use connections::{CHANNEL, Connections, OpenAccount};
pub(crate) use tokens::{NotReady, Ready};
pub(crate) use uses::UsedBy;
