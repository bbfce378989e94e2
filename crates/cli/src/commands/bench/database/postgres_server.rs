//! A PostgreSQL server for one measurement, with its own settings as installed, on a socket in the measurement's folder.

use super::super::children::{bound, signal};
use anyhow::{Context, bail};
use rustix::process::Signal;
use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};
use tokio::process::Command;

/// How long it may take to come up.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// PostgreSQL refuses to run as root; Debian's package makes this user.
const USER: &str = "postgres";

/// The running server; it ends with this value, and its data goes with the folder.
#[derive(Debug)]
pub(super) struct Throwaway {
    child: Child,
    socket: PathBuf,
}

/// The folder of `initdb` and `postgres`, of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    debian.sort_by_key(version);
    let debian = debian.into_iter().rev().map(|folder| folder.join("bin"));
    let others = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut all = debian.chain(others.into_iter().flatten());
    all.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn command(program: &Path, as_root: bool) -> std::process::Command {
    let user: &[&str] = if as_root { &["--reuid", USER, "--regid", USER, "--clear-groups"] } else { &[] };
    bound(program, "INT", user)
}

async fn succeed(command: std::process::Command) -> anyhow::Result<()> {
    let shown = format!("{:?}", command.get_program());
    let output = Command::from(command).kill_on_drop(true).output().await.with_context(|| shown.clone())?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{shown}: {}", String::from_utf8_lossy(&output.stderr).trim())
}

impl Throwaway {
    /// Makes and starts one in this folder.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not come up.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let programs = programs().context("PostgreSQL is not installed: install it, or name a server by URL")?;
        let as_root = fs::metadata(folder)?.uid() == 0;
        let socket = folder.join("postgres");
        fs::create_dir(&socket)?;
        if as_root {
            // The key and the log of the server in here are for their owner only.
            fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
            let mut chown = std::process::Command::new("chown");
            chown.arg(format!("{USER}:")).arg(&socket);
            succeed(chown).await?;
        }
        let data = socket.join("data");
        let mut initdb = command(&programs.join("initdb"), as_root);
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "-D"]).arg(&data);
        succeed(initdb).await?;
        let log = File::create(folder.join("postgres.log"))?;
        let mut postgres = command(&programs.join("postgres"), as_root);
        postgres.arg("-D").arg(&data).arg("-k").arg(&socket).args(["-c", "listen_addresses="]);
        postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = postgres.spawn().context("starting PostgreSQL")?;
        let mut server = Self { child, socket };
        server.ready(&folder.join("postgres.log")).await?;
        Ok(server)
    }

    async fn ready(&mut self, log: &Path) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + READY_TIMEOUT;
        while tokio::time::Instant::now() < deadline {
            if tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await.is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let said = fs::read_to_string(log).unwrap_or_default();
        bail!("PostgreSQL did not start: {}", said.lines().last().unwrap_or("it says nothing"))
    }

    /// Its first database.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.socket.display())
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // At once: nothing in it is kept. It ends its own processes, within seconds.
        signal(self.child.id(), Signal::QUIT);
        drop(self.child.wait());
    }
}
