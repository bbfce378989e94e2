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

    pub(super) async fn bytes(&self) -> anyhow::Result<i64> {
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

    pub(super) async fn fill_up(&self, completed: i64) -> anyhow::Result<i64> {
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
fn row_bytes(connection: &Connection) -> anyhow::Result<i64> {
    let (mut rows, mut bytes) = (0_i64, 0_i64);
    for (table, _) in TABLES {
        let lengths = columns(connection, table)?;
        let lengths: Vec<String> =
            lengths.iter().map(|name| format!("coalesce(octet_length(\"{name}\"), 0)")).collect();
        let sql = format!(
            "SELECT count(*), coalesce(sum({}), 0) FROM (SELECT * FROM {table} LIMIT 5000)",
            lengths.join(" + ")
        );
        let (count, sum): (i64, i64) = connection.query_one(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows += count;
        bytes += sum;
    }
    Ok(bytes.checked_div(rows).unwrap_or_default())
}

/// Inserts batches of rows with the settings the store writes with.
fn measure(path: &Path, row_bytes: i64, duration: Duration) -> anyhow::Result<f64> {
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
            insert.execute((&workspace, yardstick_key(rows + row), 1, 1, &text))?;
        }
        connection.execute_batch("COMMIT")?;
        rows += YARDSTICK_BATCH;
    }
    Ok(super::super::load::per_second(rows, begun.elapsed()))
}

fn fill_up(path: &Path, wanted: i64) -> anyhow::Result<i64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Only these copies may be lost by a crash, and then the measurement is lost too.
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -262_144)?;
    connection.execute_batch(&templates_sql())?;
    let (completed, templates, oldest): (i64, i64, Option<i64>) =
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

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = include_str!("../../../../../store/migrations/sqlite/0001_initial.sql");
    const RUN: &str = "0197a1b2-c3d4-7abc-8000-0123456789ab";
    const STARTED_AT: i64 = 0x0197_a1b2_c3d4;

    fn with_one_run(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let rows = format!(
            "INSERT INTO runs (id, workspace, workflow, version, status, seq, \"trigger\", title, started_at, updated_at, \
             ended_at) VALUES ('{RUN}', 'w', 'f', 1, 'completed', 2, 'api', 't', {STARTED_AT}, {STARTED_AT} + 30, \
             {STARTED_AT} + 30); \
             INSERT INTO run_events VALUES ('w', '{RUN}', 1, {STARTED_AT}, '[]'), ('w', '{RUN}', 2, {STARTED_AT} + 30, '[]'); \
             INSERT INTO step_executions VALUES ('w', '{RUN}', 1, 1, 1, 's', 'end', 't', 'completed', NULL, NULL, NULL, NULL, \
             NULL, NULL, {STARTED_AT}, {STARTED_AT} + 30);"
        );
        connection.execute_batch(&rows).unwrap();
        connection
    }

    #[test]
    fn copies_are_whole_runs_of_the_past() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.db");
        let connection = with_one_run(&path);
        assert_eq!(fill_up(&path, 500).unwrap(), 500);
        assert_eq!(fill_up(&path, 1_500).unwrap(), 1_500);
        let number = |sql: &str| connection.query_one(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(DISTINCT id) FROM runs"), 1_500);
        assert_eq!(number("SELECT count(*) FROM runs JOIN run_events ON run = id"), 3_000);
        assert_eq!(number("SELECT count(*) FROM runs JOIN step_executions ON run = id"), 1_500);
        assert_eq!(number("SELECT count(*) FROM runs WHERE ended_at - started_at = 30 AND length(id) = 36"), 1_500);
        let newest: String = connection.query_one("SELECT max(id) FROM runs", [], |row| row.get(0)).unwrap();
        assert_eq!(newest, RUN);
        let disordered = "SELECT count(*) FROM runs a JOIN runs b ON a.id < b.id AND a.started_at >= b.started_at";
        assert_eq!(number(disordered), 0);
    }

    #[test]
    fn rows_are_as_long_as_their_texts_and_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.db");
        drop(with_one_run(&path));
        let mean = row_bytes(&read_only(&path).unwrap()).unwrap();
        assert!((60..200).contains(&mean), "{mean}");
    }
}
