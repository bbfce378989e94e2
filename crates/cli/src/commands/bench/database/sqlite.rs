//! SQLite: a file, opened beside the server.

use super::{
    YARDSTICK_BATCH,
    copies::{Chunk, Copies, FACTS_SQL, TABLES, templates_sql},
    yardstick_key, yardstick_text,
};
use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The file, once the server has made it.
#[derive(Debug)]
pub(in super::super) struct Sqlite {
    path: PathBuf,
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

impl Sqlite {
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: folder.join("bench.db") }
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    pub(super) async fn bytes(&self) -> anyhow::Result<u64> {
        let path = self.path.clone();
        blocking(move || {
            let sql = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, \
                       pragma_page_size";
            Ok(read_only(&path)?.query_one(sql, [], |row| row.get(0))?)
        })
        .await
    }

    pub(super) async fn yardstick(&self, duration: Duration) -> anyhow::Result<f64> {
        let (path, yardstick) = (self.path.clone(), self.path.with_file_name("yardstick.db"));
        blocking(move || measure(&yardstick, row_bytes(&read_only(&path)?)?, duration)).await
    }

    pub(super) async fn fill_up(&self, completed: u64) -> anyhow::Result<u64> {
        let path = self.path.clone();
        blocking(move || fill_up(&path, completed)).await
    }
}

fn read_only(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).with_context(|| path.display().to_string())?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn columns(connection: &Connection, table: &str) -> anyhow::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Mean length of the rows that runs left.
fn row_bytes(connection: &Connection) -> anyhow::Result<u64> {
    let (mut rows, mut bytes) = (0_u64, 0_u64);
    for (table, _) in TABLES {
        let lengths = columns(connection, table)?;
        let lengths: Vec<String> = lengths.iter().map(|name| format!("coalesce(octet_length(\"{name}\"), 0)")).collect();
        let sql = format!(
            "SELECT count(*), coalesce(sum({}), 0) FROM (SELECT * FROM {table} LIMIT 5000)",
            lengths.join(" + ")
        );
        let (count, sum): (u64, u64) = connection.query_one(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows += count;
        bytes += sum;
    }
    Ok(bytes.checked_div(rows).unwrap_or_default())
}

/// Inserts batches of rows with the settings the store writes with.
fn measure(path: &Path, row_bytes: u64, duration: Duration) -> anyhow::Result<f64> {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        drop(std::fs::remove_file(name));
    }
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    connection.execute_batch(
        "CREATE TABLE yardstick (workspace TEXT NOT NULL, run TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, \
         events TEXT NOT NULL, PRIMARY KEY (workspace, run, seq)) STRICT",
    )?;
    let mut insert = connection.prepare("INSERT INTO yardstick VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (workspace, text) = (yardstick_key(0), yardstick_text(row_bytes));
    let (begun, mut rows) = (Instant::now(), 0_usize);
    while begun.elapsed() < duration {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for row in 0..YARDSTICK_BATCH {
            insert.execute((&workspace, yardstick_key((rows + row) as u64), 1, 1, &text))?;
        }
        connection.execute_batch("COMMIT")?;
        rows += YARDSTICK_BATCH;
    }
    Ok(super::super::load::per_second(rows, begun.elapsed()))
}

fn fill_up(path: &Path, wanted: u64) -> anyhow::Result<u64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Only these copies may be lost by a crash, and then the measurement is lost too.
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -262_144)?;
    connection.execute_batch(&templates_sql())?;
    let (completed, templates, oldest): (u64, u64, Option<i64>) =
        connection.query_one(FACTS_SQL, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let copies = Copies::plan(wanted, completed, templates, oldest.unwrap_or_default());
    let time = |at: &str| format!("printf('%08x-%04x', {at} >> 16, {at} & 65535)");
    let mut inserts = Vec::new();
    for table in TABLES {
        let insert = copies.insert_sql(table, &columns(&connection, table.0)?, time);
        let (name, key) = table;
        inserts.push(format!(
            "WITH RECURSIVE copies (k) AS (VALUES (?1) UNION ALL SELECT k + 1 FROM copies WHERE k + 1 < ?2) {insert} \
             FROM copies CROSS JOIN templates AS p CROSS JOIN {name} AS s WHERE s.workspace = p.workspace AND s.{key} = p.id"
        ));
    }
    for Chunk { from, to } in copies.chunks() {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for insert in &inserts {
            connection.execute(insert, (from, to))?;
        }
        connection.execute_batch("COMMIT")?;
    }
    // Written back and synced, as it would be after so much time.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(completed + copies.runs())
}
