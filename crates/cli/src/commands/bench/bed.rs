//! The test bed: a fresh database, the server on it, the stub, and keys to the API.

use super::{
    Options,
    children::{METRICS_TOKEN, Server, Stub},
    database::Database,
    http::{Connection, Site},
    load::{self, Outcome, Plan},
    process,
    report::Report,
};
use crate::client::told;
use anyhow::Context;
use countersign_api::{ApiKey, Page, Trigger, Workflow};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Counted by the store: rows inserted or updated.
const ROWS_METRIC: &str = "countersign_store_rows_total";
/// The password of an administrator who is gone with the measurement.
const PASSWORD: &str = "countersign-bench";

/// Everything a workload needs. Dropped in this order: processes first, files last.
#[derive(Debug)]
pub(super) struct Bed {
    server: Option<Server>,
    pub(super) stub: Stub,
    pub(super) database: Database,
    folder: TempDir,
    /// May start runs, decide and look.
    pub(super) operator: Site,
    admin: Site,
    next_id: Cell<u64>,
    first_start: Duration,
    idle_mib: f64,
    file_system: Option<String>,
}

/// A run as the API answers its start.
#[derive(Debug, Deserialize)]
pub(super) struct Started<'a> {
    pub(super) id: &'a str,
    status: &'a str,
}

/// What processes have used up to now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) at: Instant,
    pub(super) server_cpu: Duration,
    pub(super) database_cpu: Option<Duration>,
    pub(super) rows: Option<f64>,
}

/// Which part of a processor a server that rests uses at most, how long that is looked at, and when it must have come to that.
const RESTS_AT: f64 = 0.05;
const LOOKED_AFTER: Duration = Duration::from_millis(500);
const RESTS_WITHIN: Duration = Duration::from_secs(300);

impl Bed {
    /// Makes it, in the folder that was asked for or the machine's for temporary files.
    ///
    /// # Errors
    /// When a part does not come up.
    pub(super) async fn make(options: &Options) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("countersign-bench-");
        let folder = match &options.folder {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        };
        let folder = folder.context("a folder for the measurement")?;
        let file_system = process::file_system(folder.path());
        if file_system.as_deref().is_some_and(|kind| matches!(kind, "tmpfs" | "ramfs")) {
            eprintln!("note: {} is in memory, so nothing waits for a disk; choose --folder", folder.path().display());
        }
        let database = Database::create(&options.store, folder.path()).await?;
        let stub = Stub::start().await?;
        let server = Server::start(&database.url(), folder.path()).await?;
        let first_start = server.started_in;
        let idle_mib = server.resident_mib()?;
        let (admin, operator) = keys(&server).await.context("setting the server up")?;
        let (server, next_id) = (Some(server), Cell::new(0));
        Ok(Self { server, stub, database, folder, operator, admin, next_id, first_start, idle_mib, file_system })
    }

    /// The server.
    ///
    /// # Errors
    /// When it is stopped.
    pub(super) fn server(&self) -> anyhow::Result<&Server> {
        self.server.as_ref().context("the server is stopped")
    }

    /// How many runs were started.
    pub(super) fn started(&self) -> u64 {
        self.next_id.get()
    }

    /// Stops the server.
    ///
    /// # Errors
    /// When it does not drain.
    pub(super) async fn stop_server(&mut self) -> anyhow::Result<()> {
        match self.server.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// Starts the server again on what is there.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) async fn start_server(&mut self) -> anyhow::Result<&Server> {
        let server = Server::start(&self.database.url(), self.folder.path()).await?;
        self.operator = self.operator.moved_to(server.address);
        self.admin = self.admin.moved_to(server.address);
        Ok(self.server.insert(server))
    }

    /// Adds and publishes a workflow that calls `http://stub`; its id.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(super) async fn publish(&self, source: &str) -> anyhow::Result<String> {
        let source = source.replace("http://stub", &self.stub.url());
        let made = ask(&self.admin, "/api/v1/workflows", json!({ "source": source })).await?;
        let id = told::<Workflow>(&made)?.id;
        ask(&self.admin, &format!("/api/v1/workflows/{id}/publish"), json!({ "message": "measured" })).await?;
        Ok(id)
    }

    /// Where the webhook of a workflow is called.
    ///
    /// # Errors
    /// When it has none.
    pub(super) async fn hook(&self, workflow: &str) -> anyhow::Result<String> {
        let request = self.admin.get(&format!("/api/v1/workflows/{workflow}/triggers"));
        let triggers: Page<Trigger> = told(&Connection::new(self.admin.address).send(request).await?.json()?)?;
        let url = triggers.items.into_iter().find_map(|trigger| trigger.url).context("the workflow has no webhook")?;
        let begin = url.find("/hooks/").with_context(|| format!("{url} is no address of a webhook"))?;
        Ok(url[begin..].to_owned())
    }

    /// Starts runs and waits for each to get where it should; `count` of them, or as long as `until`.
    pub(super) async fn start_runs(
        &self,
        start: Start<'_>,
        concurrency: usize,
        bound: Bound,
        started: impl Fn(u64, &str),
    ) -> Outcome {
        let first = self.next_id.get();
        let (end, until) = match bound {
            Bound::Count(count) => (first + count, None),
            Bound::Until(until) => (u64::MAX, Some(until)),
        };
        let plan = Plan { address: self.operator.address, concurrency, ids: first..end, until };
        let outcome = load::run(plan, async |connection, id| {
            let body = format!(r#"{{"workflow":"{}","input":{{"id":{id}}}}}"#, start.workflow);
            let answer = connection.send(self.operator.post_and_wait("/api/v1/runs", &body)).await?;
            let run: Started<'_> = serde_json::from_slice(&answer.body)?;
            anyhow::ensure!(run.status == start.reaches, "run {} is {}, not {}", run.id, run.status, start.reaches);
            started(id, run.id);
            Ok(())
        })
        .await;
        self.next_id.set(first + outcome.done.len() as u64 + outcome.errors);
        outcome
    }

    /// Asks for something below `/api/v1` as the operator.
    ///
    /// # Errors
    /// When there is no good answer.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.operator.get(&format!("/api/v1{path}"));
        Connection::new(self.operator.address).send(request).await.with_context(|| path.to_owned())?.json()
    }

    /// Every item of a list, at most `at_most`.
    ///
    /// # Errors
    /// When a page cannot be had.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str, at_most: usize) -> anyhow::Result<Vec<T>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..=at_most / 200 {
            let page: Page<T> = told(&self.get(&format!("{path}&limit=200{cursor}")).await?)?;
            items.extend(page.items);
            match page.next {
                Some(next) if items.len() < at_most => cursor = format!("&cursor={next}"),
                Some(_) | None => break,
            }
        }
        Ok(items)
    }

    /// What the processes have used up to now.
    ///
    /// # Errors
    /// When the server is gone.
    pub(super) async fn usage(&self) -> anyhow::Result<Usage> {
        let server = self.server()?;
        let metrics =
            Connection::new(server.address).send(self.operator.with_key(METRICS_TOKEN).get("/metrics")).await?;
        let rows = metric(&String::from_utf8_lossy(&metrics.body), ROWS_METRIC);
        Ok(Usage { server_cpu: process::cpu(server.pid)?, database_cpu: self.database.cpu(), rows, at: Instant::now() })
    }

    /// Waits until what was asked for before is done, such as telling people of what opened: the server hardly works.
    ///
    /// # Errors
    /// When the server is gone, or works on.
    pub(super) async fn rests(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + RESTS_WITHIN;
        let mut before = self.usage().await?;
        while Instant::now() < deadline {
            tokio::time::sleep(LOOKED_AFTER).await;
            let now = self.usage().await?;
            if (now.server_cpu - before.server_cpu).as_secs_f64() < RESTS_AT * (now.at - before.at).as_secs_f64() {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("the server does not come to rest within {} s", RESTS_WITHIN.as_secs())
    }

    /// A report that says on what it was measured.
    pub(super) fn report(&self, workload: &'static str, options: &Options) -> Report {
        let mut report = Report::new(workload, &options.store.to_string());
        report.text("database", &self.database.version());
        report.text("file_system", self.file_system.as_deref().unwrap_or("unknown"));
        report.number("startup_ms", self.first_start.as_secs_f64() * 1e3);
        report.number("idle_rss_mib", self.idle_mib);
        report
    }

    /// Adds what `runs` runs cost between two looks, and memory and disk now.
    ///
    /// # Errors
    /// When a process is gone.
    pub(super) async fn cost(&self, report: &mut Report, runs: usize, cost: &Cost) -> anyhow::Result<()> {
        let Cost { before, after, bytes_before, runs_stored } = cost;
        let per_run = |time: Duration| time.as_secs_f64() * 1e3 / runs.max(1) as f64;
        let server = per_run(after.server_cpu.saturating_sub(before.server_cpu));
        let database = before.database_cpu.zip(after.database_cpu);
        let database = database.map(|(before, after)| per_run(after.saturating_sub(before)));
        report.number("server_cpu_ms_per_run", server);
        report.number("database_cpu_ms_per_run", database);
        report.number("cpu_ms_per_run", database.map(|database| server + database));
        report.number("rss_mib", self.server()?.resident_mib()?);
        let grown = self.database.bytes().await?.saturating_sub(*bytes_before);
        report.number("bytes_per_run", grown as f64 / (*runs_stored).max(1) as f64);
        let rows = before.rows.zip(after.rows).map(|(before, after)| after - before);
        report.number("rows_per_run", rows.map(|rows| rows / runs.max(1) as f64));
        let rate = rows.map(|rows| rows / (after.at - before.at).as_secs_f64());
        report.number("rows_per_second", rate);
        Ok(())
    }

    /// Adds the raw speed of the database and how much of it the runs had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn yardstick(&self, report: &mut Report, duration: Duration) -> anyhow::Result<()> {
        let yardstick = self.database.yardstick(duration).await.context("the yardstick")?;
        report.number("yardstick_rows_per_second", yardstick);
        report.number("ratio", report.value("rows_per_second").map(|rate| rate / yardstick));
        Ok(())
    }

    /// Stops everything and leaves nothing behind.
    ///
    /// # Errors
    /// When the server does not drain.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        self.stop_server().await?;
        self.database.close().await
    }
}

/// What to start, and where each run gets without anybody's doing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    /// Workflow id.
    pub(super) workflow: &'a str,
    /// Status it must have in the answer.
    pub(super) reaches: &'a str,
}

/// When to stop starting.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// After so many.
    Count(u64),
    /// At this time.
    Until(Instant),
}

/// What was measured around a number of runs.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) before: Usage,
    pub(super) after: Usage,
    pub(super) bytes_before: u64,
    /// Runs stored since `bytes_before`.
    pub(super) runs_stored: usize,
}

async fn ask(site: &Site, path: &str, body: Value) -> anyhow::Result<Value> {
    let request = site.post(path, &body.to_string());
    Connection::new(site.address).send(request).await.with_context(|| path.to_owned())?.json()
}

/// Makes the administrator and two API keys.
async fn keys(server: &Server) -> anyhow::Result<(Site, Site)> {
    let visitor = Site::new(server.address);
    let token = server.setup_token.as_deref().context("the database is not fresh")?;
    let admin = json!({ "token": token, "password": PASSWORD, "name": "Bench", "email": "bench@example.com" });
    let request = visitor.post("/api/v1/auth/setup", &admin.to_string());
    let answer = Connection::new(server.address).send(request).await?;
    let session = visitor.with_cookie(answer.cookie.as_deref().context("no session")?);
    let mut sites = Vec::new();
    for role in ["admin", "operator"] {
        let key = json!({ "name": format!("bench {role}"), "role": role, "may_decide": true });
        let made = ask(&session, "/api/v1/api-keys", key).await?;
        sites.push(visitor.with_key(&told::<ApiKey>(&made)?.key.context("no key")?));
    }
    let operator = sites.pop().context("no key")?;
    Ok((sites.pop().context("no key")?, operator))
}

/// The sum of a metric in Prometheus text.
fn metric(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with([' ', '{']) {
            return None;
        }
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or_default() + value))
}

/// Writes down what is measured now, for people who wait.
pub(super) fn say(text: &str) {
    eprintln!("  {text}");
}

#[cfg(test)]
mod tests {
    use super::metric;

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let text =
            "# TYPE rows counter\nrows_total_of_others 7\nrows 3\nrows{table=\"a b\"} 4\nrows{table=\"c\"} 0.5\n";
        assert_eq!(metric(text, "rows"), Some(7.5));
        assert_eq!(metric(text, "ro"), None);
    }
}
