//! Throw-away databases for tests, of this crate and of those above it.

use crate::{Result, Store, StoreConfig};

/// A database that belongs to one test. Open it as often as needed; it is gone when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    config: StoreConfig,
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// An empty SQLite file.
    ///
    /// # Panics
    /// When there is no temporary folder.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test without a folder cannot go on")]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = StoreConfig::new(format!("sqlite:{}", folder.path().join("test.db").display()));
        Self { config, _folder: Some(folder) }
    }

    /// How to open it.
    #[must_use]
    pub fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// Opens it and brings the schema up to date.
    ///
    /// # Errors
    /// Whatever [`Store::open`] says.
    pub async fn open(&self) -> Result<Store> {
        let store = Store::open(&self.config).await?;
        store.migrate().await?;
        Ok(store)
    }
}

/// A migrated SQLite store in a temporary file that goes with it.
///
/// # Panics
/// When it cannot be opened.
#[allow(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn sqlite() -> Store {
    let store = Store::open(&StoreConfig::new("sqlite::memory:")).await.expect("a temporary SQLite file");
    store.migrate().await.expect("migrations");
    store
}
