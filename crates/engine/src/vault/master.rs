//! Two keys: one outside the database, which people keep and rotate, and one in it, sealed with the first. Everything else is
//! sealed and signed with the second, so that rotating the first seals one row anew and changes nothing else: no account, no
//! address, no link, no receipt.

use super::seal::Vault;
use crate::EngineError;
use countersign_store::{NewAudit, Store, VaultKeyRow};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// The id of the row.
const ID: &str = "data";
/// What it is sealed for.
const CONTEXT: &str = "vault/data";

/// A key outside the database.
pub type SecretKey = [u8; 32];

/// What is made from the key in the database; nothing of it can be learnt from either. `Debug` shows neither.
pub struct OpenVault {
    /// Seals and opens credentials.
    pub vault: Vault,
    /// What decisions are signed with, see [`countersign_store::ReceiptKeys`].
    pub receipt_secret: [u8; 32],
}

impl fmt::Debug for OpenVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenVault")
    }
}

/// The row as it was read, the key in it, and which of the secret keys opened it.
struct Opened {
    row: VaultKeyRow,
    key: [u8; 32],
    by: usize,
}

/// Opens the vault of a database with one of `keys`; makes its key, sealed with the first of them, where there is none yet.
///
/// # Errors
/// `Corrupt` when none of the keys opens it.
pub async fn open_vault(store: &Store, keys: &[SecretKey], now: i64) -> Result<OpenVault, EngineError> {
    if store.get_vault_key(ID).await?.is_none() {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let row = VaultKeyRow { id: ID.to_owned(), sealed: sealed(&key, keys)?, created_at: now, rotated_at: now };
        // Another process may have been faster: its key is the one.
        store.add_vault_key(&row).await?;
    }
    let Opened { key, .. } = opened(store, keys).await?;
    let receipt_secret = Sha256::new_with_prefix(b"countersign/receipts/").chain_update(key).finalize().into();
    Ok(OpenVault { vault: Vault::new(key), receipt_secret })
}

/// Whether one of `keys` opens the vault of a database.
///
/// # Errors
/// `NotFound` where there is none yet; `Corrupt` when none does.
pub async fn check_vault(store: &Store, keys: &[SecretKey]) -> Result<(), EngineError> {
    opened(store, keys).await.map(|_| ())
}

/// Seals the vault's key with the first of `keys` if another of them opens it, and puts that on the record of every
/// workspace. Done again it changes nothing. Says whether it was sealed anew.
///
/// # Errors
/// `NotFound` where there is none yet, or somebody else rotated meanwhile; `Corrupt` when none of the keys opens it.
pub async fn rotate_vault(store: &Store, keys: &[SecretKey], now: i64) -> Result<bool, EngineError> {
    let Opened { row, key, by } = opened(store, keys).await?;
    if by == 0 {
        return Ok(false);
    }
    let anew = VaultKeyRow { sealed: sealed(&key, keys)?, rotated_at: now, ..row.clone() };
    let entry = |id: String| {
        let entry = NewAudit {
            at: now,
            actor: "system".to_owned(),
            via: "command".to_owned(),
            action: "vault.rotated".to_owned(),
            subject: format!("workspace:{id}"),
            detail: "{}".to_owned(),
        };
        (id, entry)
    };
    let entries = store.list_workspaces().await?.into_iter().map(|workspace| entry(workspace.id)).collect();
    store.reseal_vault_key(&row, &anew, entries).await?;
    Ok(true)
}

fn sealed(key: &[u8; 32], keys: &[SecretKey]) -> Result<String, EngineError> {
    let first = keys.first().ok_or_else(|| EngineError::Corrupt("there is no secret key".to_owned()))?;
    let held = Map::from_iter([("key".to_owned(), Value::from(hex::encode(key)))]);
    Vault::new(*first).seal(CONTEXT, &held).map_err(|error| EngineError::Corrupt(error.to_string()))
}

async fn opened(store: &Store, keys: &[SecretKey]) -> Result<Opened, EngineError> {
    let row = store.get_vault_key(ID).await?.ok_or(EngineError::NotFound("vault"))?;
    let open = |with: &SecretKey| Vault::new(*with).open(CONTEXT, &row.sealed).ok();
    let found = keys.iter().enumerate().find_map(|(by, with)| Some((open(with)?, by)));
    let (held, by) = found.ok_or_else(|| {
        let why = if keys.is_empty() { "missing" } else { "not the one this database was set up with" };
        EngineError::Corrupt(format!("the secret key is {why}: what is sealed in this database cannot be opened"))
    })?;
    let mut key = [0_u8; 32];
    let text = held.get("key").and_then(Value::as_str).unwrap_or_default();
    hex::decode_to_slice(text, &mut key).map_err(|error| EngineError::Corrupt(format!("the vault's key: {error}")))?;
    Ok(Opened { row, key, by })
}
