//! SQLite: one writer thread, a few readers, one process per file.

mod apply;
#[cfg(feature = "testing")]
pub(crate) mod inline;
mod load;
mod query;
mod readers;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags};

use self::readers::Readers;
use self::writer::{Work, Writer};
use crate::config::SqliteTarget;
use crate::database::{Database, DatabaseKind, Done, Question, Row, Write};
use crate::feed::Feed;
use crate::{Commit, CommitOutcome, Priority, Result, StoreConfig, StoreError, migrations};

pub(crate) use self::query::store_error;

/// A SQLite database.
pub(crate) struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    /// What keeps other processes out, and the temporary folder if there is one; let go of by `close`.
    held: Mutex<Option<Held>>,
}

/// Dropped in this order: the lock before the folder it is in.
struct Held {
    _lock: Option<File>,
    _folder: Option<tempfile::TempDir>,
}

/// What every connection needs to know.
#[derive(Debug, Clone)]
struct Settings {
    path: PathBuf,
    read_only: bool,
    cache_kib: u32,
    max_page_count: Option<u32>,
}

impl Sqlite {
    pub(crate) async fn open(config: &StoreConfig, target: SqliteTarget, feed: Feed) -> Result<Self> {
        let config = config.clone();
        let opened = tokio::task::spawn_blocking(move || open_blocking(&config, target, feed)).await;
        opened.map_err(|error| StoreError::Other(error.to_string()))?
    }
}

fn open_blocking(config: &StoreConfig, target: SqliteTarget, feed: Feed) -> Result<Sqlite> {
    let cannot = |error: std::io::Error, what: &Path| StoreError::Config(format!("{}: {error}", what.display()));
    let (path, folder) = match target.path {
        Some(path) => (path, None),
        None => {
            let folder = tempfile::tempdir().map_err(|error| cannot(error, &std::env::temp_dir()))?;
            (folder.path().join("countersign.db"), Some(folder))
        }
    };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !target.read_only) {
        std::fs::create_dir_all(parent).map_err(|error| cannot(error, parent))?;
    }
    let lock = if target.read_only { None } else { Some(lock(&path)?) };
    let settings = Settings {
        path,
        read_only: target.read_only,
        cache_kib: config.cache_kib,
        max_page_count: target.max_page_count,
    };
    let connection = connect(&settings, settings.read_only)?;
    let writer = Writer::start(connection, config, feed)?;
    let path = settings.path.clone();
    let readers = Readers::new(settings, config);
    Ok(Sqlite { path, writer, readers, held: Mutex::new(Some(Held { _lock: lock, _folder: folder })) })
}

/// How the system says that a file may not be written.
const REFUSED: [std::io::ErrorKind; 2] = [std::io::ErrorKind::PermissionDenied, std::io::ErrorKind::ReadOnlyFilesystem];

/// SQLite's own locks would let two processes share the file; both would drive the same runs.
fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(|error| {
        if REFUSED.contains(&error.kind()) {
            return StoreError::ReadOnly;
        }
        StoreError::Config(format!("{}: {error}", Path::new(&name).display()))
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(StoreError::Other(format!("locking {}: {error}", path.display()))),
    }
}

fn connect(settings: &Settings, read_only: bool) -> Result<Connection> {
    let mode = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&settings.path, flags).map_err(|error| {
        let error = store_error(&error);
        if let StoreError::Other(message) = error {
            StoreError::Config(format!("{}: {message}", settings.path.display()))
        } else {
            error
        }
    })?;
    let set =
        |name: &str, value: &str| connection.pragma_update(None, name, value).map_err(|error| store_error(&error));
    set("busy_timeout", "5000")?;
    set("cache_size", &format!("-{}", settings.cache_kib))?;
    set("temp_store", "memory")?;
    set("foreign_keys", "off")?;
    if !read_only {
        set("journal_mode", "wal")?;
        set("synchronous", "full")?;
        // Fewer, larger checkpoints: each one syncs the main file and the writer waits for it.
        set("wal_autocheckpoint", "4000")?;
        if let Some(count) = settings.max_page_count {
            set("max_page_count", &count.to_string())?;
        }
    }
    // A plan does not depend on values, so a statement is not prepared again when they change.
    let stable = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    connection.set_db_config(stable, true).map_err(|error| store_error(&error))?;
    // Every statement of the crate stays prepared.
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

impl Sqlite {
    /// SQLite says the same of a disk that fails and of one that was mounted read-only meanwhile; opening the file tells.
    fn told_by_the_file(&self, error: StoreError) -> StoreError {
        let read_only = matches!(error, StoreError::DiskFailed(_)) && cannot_be_opened_for_writing(&self.path);
        if read_only { StoreError::ReadOnly } else { error }
    }
}

fn cannot_be_opened_for_writing(path: &Path) -> bool {
    let opened = File::options().write(true).open(path);
    opened.is_err_and(|error| REFUSED.contains(&error.kind()))
}

#[async_trait]
impl Database for Sqlite {
    fn kind(&self) -> DatabaseKind {
        DatabaseKind::Sqlite
    }

    async fn write(&self, write: Write) -> Result<Vec<Done>> {
        let done = self.writer.queue.submit(Priority::Continue, |reply| Work::Write(write, reply)).await;
        done.map_err(|error| self.told_by_the_file(error))
    }

    async fn read(&self, queries: Vec<Question>) -> Result<Vec<Vec<Row>>> {
        self.readers.read(queries).await
    }

    async fn commit(&self, commit: Commit, priority: Priority) -> Result<CommitOutcome> {
        let started = std::time::Instant::now();
        let outcome = self.writer.queue.submit(priority, |reply| Work::Commit(Box::new(commit), reply)).await;
        metrics::histogram!("countersign_store_commit_seconds").record(started.elapsed().as_secs_f64());
        outcome.map_err(|error| self.told_by_the_file(error))
    }

    async fn migrate(&self) -> Result<Vec<String>> {
        self.writer.queue.submit(Priority::Continue, |reply| Work::Exclusive(Box::new(migrate), reply)).await
    }

    async fn applied_migrations(&self) -> Result<Vec<(i64, String)>> {
        let list = Box::new(|connection: &mut Connection| {
            let applied = applied(connection)?;
            Ok(applied.into_iter().map(|(version, name)| format!("{version} {name}")).collect())
        });
        let lines: Vec<String> =
            self.writer.queue.submit(Priority::Continue, |reply| Work::Exclusive(list, reply)).await?;
        let parse = |line: String| {
            let (version, name) = line.split_once(' ')?;
            Some((version.parse().ok()?, name.to_owned()))
        };
        Ok(lines.into_iter().filter_map(parse).collect())
    }

    #[cfg(feature = "testing")]
    async fn raw(&self, sql: String) -> Result<()> {
        let run = Box::new(move |connection: &mut Connection| {
            connection.execute_batch(&sql).map_err(|error| store_error(&error))?;
            Ok(Vec::new())
        });
        self.writer.queue.submit(Priority::Continue, |reply| Work::Exclusive(run, reply)).await.map(|_| ())
    }

    async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
        let held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        drop(held);
    }
}

fn applied(connection: &Connection) -> Result<Vec<(i64, String)>> {
    let exists: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'", [], |row| row.get(0))
        .map_err(|error| store_error(&error))?;
    if exists == 0 {
        return Ok(Vec::new());
    }
    let read = || {
        let mut statement = connection.prepare("SELECT version, name FROM schema_migrations ORDER BY version")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(i64, String)>>>()
    };
    read().map_err(|error| store_error(&error))
}

fn migrate(connection: &mut Connection) -> Result<Vec<String>> {
    let missing = migrations::missing(&applied(connection)?)?;
    let mut names = Vec::new();
    for migration in missing {
        let mut apply = || {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            transaction.execute_batch(migrations::TABLE)?;
            transaction.execute_batch(migration.sqlite)?;
            transaction.execute(
                "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3)",
                (migration.version, migration.name, migrations::applied_at()),
            )?;
            transaction.commit()
        };
        apply().map_err(|error| store_error(&error))?;
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

/// How SQLite would answer a query, for tests of indexes.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test's helper")]
pub(crate) fn plan_of(query: &crate::sql::Query) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(migrations::MIGRATIONS[0].sqlite).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", query.text)).unwrap();
    let rows = statement.query_map(rusqlite::params_from_iter(&query.params), |row| row.get(3)).unwrap();
    rows.map(std::result::Result::unwrap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign.db");
        let settings = Settings { path, read_only: false, cache_kib: 1024, max_page_count: None };
        let connection = connect(&settings, false).unwrap();
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(pragma("journal_mode"), "wal");
        let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }
}
