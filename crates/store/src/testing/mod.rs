//! Throw-away databases for tests, of this crate and of those above it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test without a database cannot go on")]

mod server;
mod simulated;

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::OnceCell;

use self::server::Server;
pub use self::simulated::{Network, SimulatedDatabase};
use crate::{ReceiptKeys, Result, Store, StoreConfig};

/// A PostgreSQL that is already there: a URL whose user may create databases.
const SERVER_URL: &str = "COUNTERSIGN_TEST_POSTGRES_URL";

/// A database that belongs to one test. Open it as often as needed; the file is gone when this is dropped, a PostgreSQL
/// database with the server.
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
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = self::config(format!("sqlite:{}", folder.path().join("test.db").display()));
        Self { config, _folder: Some(folder) }
    }

    /// An empty PostgreSQL database, on the server named in `COUNTERSIGN_TEST_POSTGRES_URL` or on one started for this
    /// process; `None` (with a word on standard error) when PostgreSQL is not installed.
    ///
    /// # Panics
    /// When PostgreSQL is installed but does not work, or is missing where `CI` is set.
    pub async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(url) = server_url().await else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
            eprintln!("PostgreSQL is not installed: skipped");
            return None;
        };
        let name = format!("countersign_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let config: tokio_postgres::Config = url.parse().expect("a PostgreSQL URL");
        let (client, driver) = config.connect(tokio_postgres::NoTls).await.expect("a connection to PostgreSQL");
        let driver = tokio::spawn(driver);
        let create = format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} TEMPLATE template0");
        for statement in create.split("; ") {
            client.batch_execute(statement).await.expect("a fresh database");
        }
        drop(client);
        driver.await.expect("the driver ends with the client").expect("the connection ends well");
        Some(Self { config: self::config(with_database(&url, &name)), _folder: None })
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

fn config(url: String) -> StoreConfig {
    StoreConfig { receipts: Some(ReceiptKeys::new([7; 32])), ..StoreConfig::new(url) }
}

/// `postgres://user@host/old?options` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let server = match address.split_once("://").and_then(|(_, rest)| rest.rfind('/').map(|at| rest.len() - at)) {
        Some(tail) => &address[..address.len() - tail],
        None => address,
    };
    format!("{server}/{name}?{options}")
}

async fn server_url() -> Option<String> {
    static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
    if let Ok(url) = std::env::var(SERVER_URL) {
        return Some(url);
    }
    let start = || async {
        let started = tokio::task::spawn_blocking(Server::start).await.expect("the starting task");
        started.unwrap_or_else(|error| panic!("{error}"))
    };
    let server = SERVER.get_or_init(start).await.as_ref()?;
    Some(format!("postgres://postgres@localhost/postgres?host={}", server.socket.display()))
}

/// A migrated SQLite store in a temporary file that goes with it.
///
/// # Panics
/// When it cannot be opened.
pub async fn sqlite() -> Store {
    let store = Store::open(&self::config("sqlite::memory:".to_owned())).await.expect("a temporary SQLite file");
    store.migrate().await.expect("migrations");
    store
}

/// A migrated store in a fresh PostgreSQL database; `None` when PostgreSQL is not installed.
///
/// # Panics
/// When it cannot be opened.
pub async fn postgres() -> Option<Store> {
    let database = TestDatabase::postgres().await?;
    Some(database.open().await.expect("a fresh PostgreSQL database"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_replaced_in_a_url() {
        for (url, expected) in [
            ("postgres://u@h/old", "postgres://u@h/new?"),
            ("postgres://u@h", "postgres://u@h/new?"),
            ("postgres://u:p@h:1/old?host=/tmp/x", "postgres://u:p@h:1/new?host=/tmp/x"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
