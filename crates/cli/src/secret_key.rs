//! The keys that open the vault of the database: `COUNTERSIGN_SECRET_KEY`, or a file only its owner can read.

use anyhow::{Context, bail, ensure};
use countersign_engine::{EngineError, SecretKey, check_vault};
use countersign_store::Store;
use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// The variable that holds the keys instead of the file.
pub const VARIABLE: &str = "COUNTERSIGN_SECRET_KEY";

/// The first seals; another one is there only while it is being replaced.
pub struct SecretKeys {
    /// One or more; none where the file is not there.
    pub keys: Vec<SecretKey>,
    /// Where they are kept; nothing when the environment says them.
    pub file: Option<PathBuf>,
}

impl SecretKeys {
    /// Reads the keys, each 64 hexadecimal digits with white space between: from the environment, else from `path`.
    ///
    /// # Errors
    /// When a key is malformed, or the file cannot be read or is readable by others.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        if let Ok(text) = std::env::var(VARIABLE) {
            return Ok(Self { keys: parse(&text).context(VARIABLE)?, file: None });
        }
        let keys = match fs::read_to_string(path) {
            Ok(text) => {
                only_owner(path)?;
                parse(&text).with_context(|| path.display().to_string())?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        Ok(Self { keys, file: Some(path.to_owned()) })
    }

    /// The keys for a database; where there are none, one is made for a database that has no vault yet. Of one that has, the
    /// key is lost, and another one would only hide that.
    ///
    /// # Errors
    /// When the key is lost, or none can be made.
    pub async fn for_database(self, store: &Store) -> anyhow::Result<Vec<SecretKey>> {
        let Some(file) = self.file.filter(|_| self.keys.is_empty()) else { return Ok(self.keys) };
        match check_vault(store, &[]).await {
            Err(EngineError::NotFound(_)) => {
                let keys = vec![make()?];
                create(&file, &keys)?;
                Ok(keys)
            }
            Ok(()) => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| format!("{} is not there: put it back", file.display())),
        }
    }
}

/// A new key.
///
/// # Errors
/// When the system has no randomness.
pub fn make() -> anyhow::Result<SecretKey> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(key)
}

/// Writes keys into a new file only its owner can read.
///
/// # Errors
/// When it is there already, or cannot be made.
pub fn create(path: &Path, keys: &[SecretKey]) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    for key in keys {
        writeln!(file, "{}", hex::encode(key))?;
    }
    file.sync_all()?;
    sync_folder(path)
}

/// Writes keys in the place of those in a file: either the old ones are in it or the new ones, whatever happens.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, keys: &[SecretKey]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    create(&beside, keys)?;
    fs::rename(&beside, path).with_context(|| path.display().to_string())?;
    sync_folder(path)
}

/// A name is on the disk only when its folder is.
fn sync_folder(path: &Path) -> anyhow::Result<()> {
    match path.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty()) {
        Some(folder) => Ok(fs::File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}

fn parse(text: &str) -> anyhow::Result<Vec<SecretKey>> {
    let key = |word: &str| hex::decode(word).ok().and_then(|bytes| bytes.try_into().ok());
    let keys: Option<Vec<SecretKey>> = text.split_whitespace().map(key).collect();
    let keys = keys.context("a key is 64 hexadecimal digits")?;
    ensure!(!keys.is_empty(), "a key is 64 hexadecimal digits");
    Ok(keys)
}

#[cfg(unix)]
fn only_owner(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("{} can be read by others (mode {:o}): run `chmod 600` on it", path.display(), mode & 0o777);
    }
    Ok(())
}

#[cfg(not(unix))]
fn only_owner(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_is_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let none = SecretKeys::read(&path).unwrap();
        assert_eq!((none.keys.len(), none.file.as_ref()), (0, Some(&path)));
        let made = make().unwrap();
        create(&path, &[made]).unwrap();
        assert_eq!(SecretKeys::read(&path).unwrap().keys, [made]);
        replace(&path, &[[1; 32], made]).unwrap();
        assert_eq!(SecretKeys::read(&path).unwrap().keys, [[1; 32], made]);
        assert!(create(&path, &[made]).is_err(), "what is there is not written over");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(SecretKeys::read(&path).is_err());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", " \n", "abc", &"5a".repeat(31), &format!("{} 5a", "5a".repeat(32)), &"zz".repeat(32)] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(&format!("{}\n{} ", "5a".repeat(32), "5b".repeat(32))).unwrap().len(), 2);
    }
}
