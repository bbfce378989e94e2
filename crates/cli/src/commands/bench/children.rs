//! The processes of a measurement: the server and the stub it calls. None outlives this one.

use super::{
    http::{Connection, Request, Site},
    process,
};
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
};

/// Opens the metrics of the server that is measured.
pub(super) const METRICS_TOKEN: &str = "countersign-bench";
/// How long a process may take to say that it is ready: opening a large database after a crash takes a while.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
/// How long the server may take to drain.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Runs a program so that the kernel ends it when this process ends, however it ends.
const SETPRIV: &str = "/usr/bin/setpriv";

/// A command that ends with this process; `options` are for `setpriv`.
pub(super) fn bound(program: &Path, signal: &str, options: &[&str]) -> std::process::Command {
    if !Path::new(SETPRIV).exists() {
        return std::process::Command::new(program);
    }
    let mut command = std::process::Command::new(SETPRIV);
    command.args(options).args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

/// Sends a signal to a child; one that is gone needs none.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        kill_process(pid, signal).ok();
    }
}

fn own_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("this program does not know where it is")
}

/// Reads the one line of JSON a process prints when it is ready.
async fn first_line(child: &mut Child) -> anyhow::Result<Value> {
    let output = child.stdout.take().context("a process without output")?;
    let mut line = String::new();
    let mut output = BufReader::new(output);
    let read = tokio::time::timeout(READY_TIMEOUT, output.read_line(&mut line));
    read.await.context("a process that does not get ready")??;
    serde_json::from_str(&line).with_context(|| format!("a process said {line:?}"))
}

fn address(ready: &Value) -> anyhow::Result<SocketAddr> {
    ready["address"].as_str().context("a process without an address")?.parse().context("an address")
}

/// `countersign serve` in a process of its own.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// Process id.
    pub(super) pid: u32,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// Token of the set-up link, the first time.
    pub(super) setup_token: Option<String>,
    /// From its start to the first healthy answer.
    pub(super) started_in: Duration,
}

impl Server {
    /// Starts it on a database; what it logs goes to `server.log` in the folder.
    ///
    /// # Errors
    /// When it does not come up; with the end of its log.
    pub(super) async fn start(database: &str, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("server.log");
        match Self::try_start(database, folder, &log).await {
            Ok(server) => Ok(server),
            Err(error) => {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<&str> = said.lines().rev().take(5).collect();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
                Err(error.context(format!("the server did not start\n{tail}")))
            }
        }
    }

    async fn try_start(database: &str, folder: &Path, log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let data = folder.join("data");
        let mut command = Command::from(bound(&own_program()?, "KILL", &[]));
        // The stub is on this machine.
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--json", "--allow-host", "127.0.0.1"];
        command.args(arguments).args(["--metrics-token", METRICS_TOKEN, "--database", database, "--data"]).arg(data);
        // A configuration of the machine must not change what is measured, but for the number of writers: that is tried.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"COUNTERSIGN_") && name != "COUNTERSIGN_WRITERS" {
                command.env_remove(name);
            }
        }
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn().context("starting the server")?;
        let ready = first_line(&mut child).await?;
        let address = address(&ready)?;
        Connection::new(address).send(Site::new(address).get("/healthz")).await.context("/healthz")?;
        let started_in = begun.elapsed();
        let setup_token = ready["setup"].as_str().and_then(|link| link.split('#').nth(1)).map(str::to_owned);
        let pid = child.id().context("the server has ended")?;
        Ok(Self { child, pid, address, setup_token, started_in })
    }

    /// Its memory now, MiB.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn resident_mib(&self) -> anyhow::Result<f64> {
        process::resident_mib(self.pid)
    }

    /// Asks it to drain and waits for its end.
    ///
    /// # Errors
    /// When it does not end, or badly.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        signal(self.pid, Signal::TERM);
        let ended = tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await;
        let status = ended.context("the server does not drain")??;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}

/// What runs call, in a process of its own.
#[derive(Debug)]
pub(super) struct Stub {
    _child: Child,
    /// It ends when this closes.
    _input: ChildStdin,
    site: Site,
}

/// What the stub counted; the first is step 1.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Counted {
    /// Runs that called.
    pub(super) runs: Vec<u64>,
    /// Calls beyond one per run.
    pub(super) duplicates: Vec<u64>,
}

impl Stub {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(own_program()?);
        command.args(["bench", "stub"]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("starting the stub")?;
        let input = child.stdin.take().context("the stub without input")?;
        let site = Site::new(address(&first_line(&mut child).await?)?);
        Ok(Self { _child: child, _input: input, site })
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.site.address)
    }

    async fn ask(&self, request: Request) -> anyhow::Result<Vec<u8>> {
        Ok(Connection::new(self.site.address).send(request).await.context("the stub")?.body)
    }

    /// What came since the start or [`Stub::reset`].
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn counted(&self) -> anyhow::Result<Counted> {
        Ok(serde_json::from_slice(&self.ask(self.site.get("/ctl/count")).await?)?)
    }

    /// When the call of a step came, by run; nanoseconds of the monotonic clock, 0 for none.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn arrivals_ns(&self, step: u32) -> anyhow::Result<Vec<u64>> {
        Ok(serde_json::from_slice(&self.ask(self.site.get(&format!("/ctl/arrivals/{step}"))).await?)?)
    }

    /// Forgets what came.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn reset(&self) -> anyhow::Result<()> {
        self.ask(self.site.post("/ctl/reset", "")).await.map(drop)
    }
}
