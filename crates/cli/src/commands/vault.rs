//! `countersign vault`: the key that credentials are sealed with.

use crate::{
    config::{Config, DatabaseArgs},
    output::{self, Exit},
    secret_key::{self, SecretKeys, VARIABLE},
};
use anyhow::{Context, bail};
use clap::{Args as ClapArgs, Subcommand};
use countersign_engine::{Clock, EngineError, SystemClock, check_vault, rotate_vault};
use countersign_store::Store;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Subcommands of `vault`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replace the secret key by a new one. With SQLite, stop the server first.
    Rotate(Args),
    /// Say whether the secret key opens what is sealed in the database, after a restore for instance.
    Check(Args),
}

/// Arguments of both.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs `vault`.
///
/// # Errors
/// When the database or the key cannot be read or written.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Rotate(args) => rotate(args).await,
        Command::Check(args) => check(args).await,
    }
}

async fn opened(args: &Args) -> anyhow::Result<(Store, SecretKeys)> {
    let config = Config::load(&args.database)?;
    let store = Store::open(&config.store()?).await?;
    store.check_schema().await?;
    Ok((store, config.secret_keys()?))
}

async fn check(args: Args) -> anyhow::Result<Exit> {
    let (store, secret) = opened(&args).await?;
    let checked = check_vault(&store, &secret.keys).await;
    store.close().await;
    let (opens, said) = match checked {
        Ok(()) => (true, "the secret key opens what is sealed in this database".to_owned()),
        Err(EngineError::NotFound(_)) => (true, "nothing is sealed in this database yet".to_owned()),
        Err(EngineError::Corrupt(why)) => (false, why),
        Err(error) => return Err(error.into()),
    };
    if args.json {
        output::json(&json!({ "opens": opens, "keys": secret.keys.len() }))?;
    } else {
        output::line(said);
    }
    Ok(if opens { Exit::Good } else { Exit::No })
}

async fn rotate(args: Args) -> anyhow::Result<Exit> {
    let (store, secret) = opened(&args).await?;
    let done = match &secret.file {
        Some(file) => in_file(&store, &secret, file).await.map(Some),
        None => in_environment(&store, &secret).await.map(|()| None),
    };
    store.close().await;
    let former = done?;
    if args.json {
        output::json(&json!({ "rotated": true, "former_key": former }))?;
        return Ok(Exit::Good);
    }
    output::line(
        "what is sealed in the database is now opened by the new key only; it is on the record of every workspace",
    );
    output::line(match former {
        Some(path) => format!(
            "the former key is in {}: it opens backups from before; delete it when none of them matters any more",
            path.display()
        ),
        None => format!("take the former key out of {VARIABLE}; it opens backups from before"),
    });
    Ok(Exit::Good)
}

/// The new key is in the file before anything is sealed with it, and the former one leaves it last: whatever is interrupted,
/// the file opens the database, and the same command goes on.
async fn in_file(store: &Store, secret: &SecretKeys, file: &Path) -> anyhow::Result<PathBuf> {
    check_vault(store, &secret.keys).await.context("nothing was changed")?;
    let keys = match secret.keys.as_slice() {
        [only] => {
            let keys = vec![secret_key::make()?, *only];
            secret_key::replace(file, &keys)?;
            keys
        }
        begun => begun.to_vec(),
    };
    let now = SystemClock.now();
    rotate_vault(store, &keys, now).await?;
    let former = file.with_extension(format!("former-{now}"));
    secret_key::create(&former, &keys[1..])?;
    secret_key::replace(file, &keys[..1])?;
    Ok(former)
}

async fn in_environment(store: &Store, secret: &SecretKeys) -> anyhow::Result<()> {
    if secret.keys.len() < 2 {
        bail!(
            "the key is said by {VARIABLE}: make a new one (`openssl rand -hex 32`), set {VARIABLE} to `NEW FORMER` for \
             every process, restart them, and run this again"
        );
    }
    rotate_vault(store, &secret.keys, SystemClock.now()).await.map(|_| ()).map_err(Into::into)
}
