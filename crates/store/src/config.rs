//! Where the database is and how much may wait for it.

use std::path::PathBuf;
use std::time::Duration;

use crate::{ReceiptKeys, Result, StoreError};

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:<path>`, `sqlite::memory:` (a temporary file, gone at the end) or `postgres://…`. A SQLite path may end
    /// in `?mode=ro` (reads beside a running server, writes nothing) or `?max_page_count=N` (bounds the file).
    pub url: String,
    /// Connections for reads (and, on PostgreSQL, for writes that are not commits).
    pub read_connections: usize,
    /// Commits that may wait; more are refused or held back.
    pub queue_max: usize,
    /// Commits written in one transaction at most.
    pub batch_max: usize,
    /// Group writers on PostgreSQL (SQLite always has one). The second writes only what the first has too much of: batches
    /// are larger and nobody waits for the other's audit chain.
    pub writers: usize,
    /// Memory for SQLite's page cache per connection, KiB. New rows go to few pages, the rest is the system's cache; and
    /// after a split of a page SQLite walks the whole of its own at the next commit.
    pub cache_kib: u32,
    /// How long PostgreSQL may say nothing to a transaction or a read before its connection counts as dead.
    pub answer_timeout: Duration,
    /// What decisions are signed with; without, they have no receipts.
    pub receipts: Option<ReceiptKeys>,
}

impl StoreConfig {
    /// Defaults for a database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 4,
            queue_max: 8192,
            batch_max: 512,
            writers: 2,
            cache_kib: 8_192,
            answer_timeout: Duration::from_secs(15),
            receipts: None,
        }
    }

    /// What a person calls the database: no password.
    pub(crate) fn place(&self) -> String {
        match self.target() {
            Ok(Target::Sqlite(SqliteTarget { path: Some(path), .. })) => path.display().to_string(),
            Ok(Target::Sqlite(SqliteTarget { path: None, .. })) => "a temporary file".to_owned(),
            Ok(Target::Postgres) | Err(_) => "PostgreSQL".to_owned(),
        }
    }

    pub(crate) fn target(&self) -> Result<Target> {
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(Target::Postgres);
        }
        let Some(rest) = self.url.strip_prefix("sqlite:") else {
            return Err(StoreError::Config(
                "the database must be sqlite:<path> or postgres://user@host/name".to_owned(),
            ));
        };
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let mut target = SqliteTarget {
            path: (path != ":memory:").then(|| PathBuf::from(path)),
            read_only: false,
            max_page_count: None,
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("mode", "ro")) => target.read_only = true,
                Some(("mode", "rwc")) => target.read_only = false,
                Some(("max_page_count", count)) => {
                    let count = count.parse().map_err(|_| StoreError::Config(format!("{count:?} is not a number")))?;
                    target.max_page_count = Some(count);
                }
                Some(_) | None => return Err(StoreError::Config(format!("unknown SQLite option {option:?}"))),
            }
        }
        if path.is_empty() {
            return Err(StoreError::Config("the SQLite path is empty".to_owned()));
        }
        Ok(Target::Sqlite(target))
    }
}

pub(crate) enum Target {
    Sqlite(SqliteTarget),
    Postgres,
}

pub(crate) struct SqliteTarget {
    /// `None`: a temporary file.
    pub(crate) path: Option<PathBuf>,
    pub(crate) read_only: bool,
    pub(crate) max_page_count: Option<u32>,
}
