//! PostgreSQL: a fresh database on a given server, or on one started for it.

use super::{
    super::process,
    YARDSTICK_BATCH,
    copies::{Chunk, Copies, FACTS_SQL, TABLES, templates_sql},
    postgres_server::Throwaway,
    yardstick_key, yardstick_text,
};
use anyhow::Context;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, NoTls};

/// A database, and what is known about its server.
#[derive(Debug)]
pub(in super::super) struct Postgres {
    /// URL of a database that was there before.
    admin_url: String,
    url: String,
    name: String,
    version: String,
    /// The server's first process, when it runs on this machine.
    postmaster: Option<u32>,
    server: Option<Throwaway>,
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, driver) = tokio_postgres::connect(url, NoTls).await.context("connecting to PostgreSQL")?;
    // It ends with the client, which is told what went wrong.
    tokio::spawn(async move { drop(driver.await) });
    Ok(client)
}

/// `postgres://user@host/old?options` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let server = rest.split_once('/').map_or(rest, |(server, _)| server);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{scheme}://{server}/{name}{options}")
}

impl Postgres {
    pub(super) async fn create(url: Option<&str>, folder: &Path) -> anyhow::Result<Self> {
        let (admin_url, server) = match url {
            Some(url) => (url.to_owned(), None),
            None => {
                let server = Throwaway::start(folder).await?;
                (server.url(), Some(server))
            }
        };
        let name = format!("countersign_bench_{}_{}", std::process::id(), process::monotonic_ns());
        let client = connect(&admin_url).await?;
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).await?;
        let sql = "SELECT current_setting('server_version'), pg_backend_pid(), \
                   inet_server_addr() IS NOT DISTINCT FROM inet_client_addr()";
        let row = client.query_one(sql, &[]).await?;
        let (version, backend, local): (String, i32, bool) = (row.get(0), row.get(1), row.get(2));
        let backend = u32::try_from(backend).ok().filter(|_| local);
        let postmaster = backend.and_then(|pid| process::parent_of_same_kind(pid, "postgres"));
        let url = with_database(&admin_url, &name);
        Ok(Self { admin_url, url, name, version, postmaster, server })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn version(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }

    pub(super) fn cpu(&self) -> Option<Duration> {
        self.postmaster.and_then(process::family_cpu)
    }

    pub(super) async fn bytes(&self) -> anyhow::Result<i64> {
        let client = connect(&self.url).await?;
        // Only some may ask for a checkpoint; the size of the files is the same without.
        drop(client.batch_execute("CHECKPOINT").await);
        let row = client.query_one("SELECT pg_database_size(current_database())", &[]).await?;
        Ok(row.get(0))
    }

    /// Mean length of the rows that runs left.
    async fn row_bytes(client: &Client) -> anyhow::Result<i64> {
        let (mut rows, mut bytes) = (0_i64, 0_i64);
        for (table, _) in TABLES {
            let sql = format!(
                "SELECT count(*), coalesce(sum(octet_length(t::text)), 0)::bigint FROM (SELECT * FROM {table} LIMIT 5000) t"
            );
            let row = client.query_one(&sql, &[]).await?;
            rows += row.get::<_, i64>(0);
            bytes += row.get::<_, i64>(1);
        }
        Ok(bytes.checked_div(rows).unwrap_or_default())
    }

    pub(super) async fn yardstick(&self, duration: Duration) -> anyhow::Result<f64> {
        let client = connect(&self.url).await?;
        let (workspace, text) = (yardstick_key(0), yardstick_text(Self::row_bytes(&client).await?));
        client
            .batch_execute(
                "SET synchronous_commit = on; DROP TABLE IF EXISTS yardstick; \
                 CREATE TABLE yardstick (workspace text COLLATE \"C\" NOT NULL, run text COLLATE \"C\" NOT NULL, \
                 seq bigint NOT NULL, at bigint NOT NULL, events text COLLATE \"C\" NOT NULL, \
                 PRIMARY KEY (workspace, run, seq))",
            )
            .await?;
        let insert = "INSERT INTO yardstick SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])";
        let insert = client.prepare(insert).await?;
        let (workspaces, texts) = (vec![workspace; YARDSTICK_BATCH], vec![text; YARDSTICK_BATCH]);
        let ones = vec![1_i64; YARDSTICK_BATCH];
        let (begun, mut rows) = (Instant::now(), 0_usize);
        while begun.elapsed() < duration {
            let keys: Vec<String> = (0..YARDSTICK_BATCH).map(|row| yardstick_key(rows + row)).collect();
            client.execute(&insert, &[&workspaces, &keys, &ones, &ones, &texts]).await?;
            rows += YARDSTICK_BATCH;
        }
        let rate = super::super::load::per_second(rows, begun.elapsed());
        client.batch_execute("DROP TABLE yardstick").await?;
        Ok(rate)
    }

    pub(super) async fn fill_up(&self, wanted: i64) -> anyhow::Result<i64> {
        let client = connect(&self.url).await?;
        // Only these copies may be lost by a crash, and then the measurement is lost too.
        client.batch_execute("SET synchronous_commit = off; SET work_mem = '256MB'").await?;
        client.batch_execute(&templates_sql()).await?;
        client.batch_execute("ANALYZE templates").await?;
        let row = client.query_one(FACTS_SQL, &[]).await?;
        let (completed, templates): (i64, i64) = (row.get(0), row.get(1));
        let copies = Copies::plan(wanted, completed, templates, row.get::<_, Option<i64>>(2).unwrap_or_default());
        let time = |at: &str| {
            let hex = |value: String, width: u32| format!("lpad(to_hex({value}), {width}, '0')");
            format!("{} || '-' || {}", hex(format!("{at} >> 16"), 8), hex(format!("{at} & 65535"), 4))
        };
        let sql = "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() \
                   AND table_name = $1 ORDER BY ordinal_position";
        let mut inserts = Vec::new();
        for table in TABLES {
            let columns: Vec<String> = client.query(sql, &[&table.0]).await?.iter().map(|row| row.get(0)).collect();
            inserts.push((copies.insert_sql(table, &columns, time), table));
        }
        for Chunk { from, to } in copies.chunks() {
            for (insert, (name, key)) in &inserts {
                let tail = format!(
                    "FROM generate_series({from}::bigint, {to}::bigint - 1) AS k CROSS JOIN templates AS p \
                     JOIN {name} AS s ON s.workspace = p.workspace AND s.{key} = p.id ORDER BY k, p.position"
                );
                client.batch_execute(&format!("{insert} {tail}")).await?;
            }
        }
        // What autovacuum would have done in so much time.
        client.batch_execute("VACUUM (ANALYZE) runs").await?;
        client.batch_execute("VACUUM (ANALYZE) run_events").await?;
        client.batch_execute("VACUUM (ANALYZE) step_executions").await?;
        drop(client.batch_execute("CHECKPOINT").await);
        Ok(completed + copies.runs())
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        if self.server.is_some() {
            return Ok(());
        }
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = async { anyhow::Ok(connect(&self.admin_url).await?.batch_execute(&drop_it).await?) };
        dropped.await.with_context(|| format!("the database {} is left on the server", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_replaced_in_a_url() {
        for (url, expected) in [
            ("postgres://u@h/old", "postgres://u@h/new"),
            ("postgres://u@h", "postgres://u@h/new"),
            ("postgresql://u:p@h:1,i:2/old?host=/tmp/x", "postgresql://u:p@h:1,i:2/new?host=/tmp/x"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
