//! One `countersign serve` in a process of its own.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The longest a start or an end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of its log that are shown when a test fails.
const LOG_LINES: usize = 40;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Launch {
    /// `sqlite:…` or `postgres://…`; SQLite in the data folder when absent.
    pub database: Option<String>,
    /// Data folder; also where the log goes.
    pub data: PathBuf,
    /// A command before the executable, for example a shell that sets a limit and runs `"$@"`.
    pub wrapper: Vec<OsString>,
}

impl Launch {
    /// On SQLite in that folder.
    pub fn sqlite(data: &Path) -> Self {
        Self { database: None, data: data.to_owned(), wrapper: Vec::new() }
    }

    /// On a PostgreSQL database; the folder holds the log.
    pub fn postgres(url: &str, data: &Path) -> Self {
        Self { database: Some(url.to_owned()), data: data.to_owned(), wrapper: Vec::new() }
    }

    fn command(&self) -> Command {
        let mut words = self.wrapper.iter().cloned().chain([env!("CARGO_BIN_EXE_countersign").into()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(["serve", "--listen", "127.0.0.1:0", "--json", "--allow-host", "127.0.0.0/8"]);
        command.arg("--data").arg(&self.data);
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        command
            // The same key on every node of a fleet.
            .env("COUNTERSIGN_SECRET_KEY", "5a".repeat(32))
            .env("COUNTERSIGN_METRICS_TOKEN", "for the tests")
            .env("COUNTERSIGN_LOG", "info")
            .env_remove("COUNTERSIGN_CONFIG")
            .current_dir(&self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts the process without waiting for it.
    pub fn spawn(&self) -> Starting {
        let log = (1..10_000).map(|number| self.data.join(format!("serve-{number}.log")));
        let (log, file) = log.filter_map(|log| Some((log.clone(), File::create_new(log).ok()?))).next().unwrap();
        let child = self.command().stderr(file).spawn().unwrap();
        Starting { child, log }
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When it ends instead.
    pub async fn start(&self) -> Node {
        match self.spawn().ready().await {
            Ok(node) => node,
            Err((status, log)) => panic!("the server ended with {status}: {log}"),
        }
    }

    /// Starts it, which must fail: the exit status and what it said.
    ///
    /// # Panics
    /// When it listens.
    pub async fn refused(&self) -> (i32, String) {
        match self.spawn().ready().await {
            Ok(node) => panic!("the server started: {}", node.url),
            Err((status, log)) => (status.code().unwrap(), log),
        }
    }
}

/// A server that may not listen yet.
pub struct Starting {
    child: Child,
    log: PathBuf,
}

impl Starting {
    /// Waits until it listens; else how it ended and its log.
    pub async fn ready(mut self) -> Result<Node, (ExitStatus, String)> {
        let mut lines = BufReader::new(self.child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the server neither starts nor ends");
        let Some(line) = line.unwrap() else {
            let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
            return Err((status, std::fs::read_to_string(&self.log).unwrap_or_default()));
        };
        let ready: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().map(str::to_owned);
        Ok(Node { url: text("url").unwrap(), setup: text("setup"), child: self.child, log: self.log })
    }

    /// Kills it on the way up.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A server that listens; killed when it is dropped.
pub struct Node {
    /// Where it is.
    pub url: String,
    /// The set-up link of an empty database.
    pub setup: Option<String>,
    child: Child,
    log: PathBuf,
}

impl Node {
    /// SIGKILL, and waits until the process is gone.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the server does not end").unwrap()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The value of a metric without labels.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let client = countersign_outbound::direct().no_proxy().build().unwrap();
        let answer = client.get(format!("{}/metrics", self.url)).bearer_auth("for the tests").send().await.unwrap();
        let told = answer.text().await.unwrap();
        told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    /// Status of an address outside the API, such as `/readyz`.
    pub async fn probe(&self, path: &str) -> u16 {
        let client = countersign_outbound::direct().no_proxy().build().unwrap();
        client.get(format!("{}{path}", self.url)).send().await.unwrap().status().as_u16()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n");
            eprintln!("--- the end of {}\n{shown}", self.log.display());
        }
    }
}
