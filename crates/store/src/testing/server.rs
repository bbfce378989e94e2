//! A throw-away PostgreSQL server for one test process.
//!
//! `initdb` runs once and its result is kept as a template; each process copies it and starts a server on a socket in a
//! temporary folder. A small shell holds the server: when this process ends, however it ends, the shell's input closes,
//! and the shell stops the server and removes the folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for its input to close. `$1` is the folder, `$2` the server's executable.
const KEEPER: &str = r#"
"$2" -D "$1/data" -k "$1" -c listen_addresses= -c max_connections=100 -c shared_buffers=16MB -c fsync=on -c log_min_messages=fatal \
  >"$1/log" 2>&1 </dev/null &
server=$!
trap '' PIPE
word="timed out"
for attempt in $(seq 600); do
  if [ -S "$1/.s.PGSQL.5432" ] && grep -q ready "$1/data/postmaster.pid"; then word=ready; break; fi
  kill -0 "$server" 2>/dev/null || { word=$(tail -n 1 "$1/log"); break; }
  sleep 0.05
done
echo "$word"
read -r _ignored
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$1"
"#;

/// The running server.
#[derive(Debug)]
pub(super) struct Server {
    /// Folder of the socket.
    pub(super) socket: PathBuf,
    /// Kept for its input, which closes with this process.
    _keeper: Child,
}

/// The folder of `initdb` and `postgres`, if PostgreSQL is installed.
fn binaries() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    folders.extend(["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// PostgreSQL refuses to run as root; then its own user does it.
fn command(program: &Path, root: bool) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Everything that can go wrong with files and processes, with what it was about.
fn about<T>(result: std::io::Result<T>, what: &Path) -> Result<T, String> {
    result.map_err(|error| format!("{}: {error}", what.display()))
}

/// Makes the template unless another test process already did.
fn template(binaries: &Path, root: bool) -> Result<PathBuf, String> {
    let user = if root { "postgres".to_owned() } else { std::env::var("USER").unwrap_or_default() };
    let base = std::env::temp_dir().join(format!("countersign-test-{user}"));
    about(fs::create_dir_all(&base), &base)?;
    let lock = base.join("lock");
    let held = about(File::create(&lock), &lock)?;
    about(held.lock(), &lock)?;
    let done = base.join("template");
    if done.join("PG_VERSION").exists() {
        return Ok(done);
    }
    let begun = base.join("template.new");
    let _ = fs::remove_dir_all(&begun);
    if root {
        succeed(Command::new("chown").arg("postgres:").arg(&base))?;
    }
    let mut initdb = command(&binaries.join("initdb"), root);
    initdb.args([
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--wal-segsize=1",
        "-D",
    ]);
    succeed(initdb.arg(&begun))?;
    about(fs::rename(&begun, &done), &done)?;
    Ok(done)
}

impl Server {
    /// Starts a server; `None` when PostgreSQL is not installed.
    pub(super) fn start() -> Result<Option<Self>, String> {
        let Some(binaries) = binaries() else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("countersign-pg-").tempdir();
        // From here on the keeper removes it.
        let folder = folder.map_err(|error| error.to_string())?.keep();
        let root = about(fs::metadata(&folder), &folder)?.uid() == 0;
        let template = template(&binaries, root)?;
        succeed(Command::new("cp").arg("-a").arg(&template).arg(folder.join("data")))?;
        about(fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)), &folder)?;
        if root {
            succeed(Command::new("chown").arg("-R").arg("postgres:").arg(&folder))?;
        }
        let mut keeper = command(Path::new("sh"), root);
        keeper.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(binaries.join("postgres"));
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().map_err(|error| format!("starting PostgreSQL: {error}"))?;
        let mut line = String::new();
        // Its other end stays open in the keeper only, so nothing of ours is held after this process.
        if let Some(output) = keeper.stdout.take() {
            about(BufReader::new(output).read_line(&mut line), &folder)?;
        }
        if line.trim() != "ready" {
            return Err(format!("PostgreSQL did not start: {}", line.trim()));
        }
        Ok(Some(Self { socket: folder, _keeper: keeper }))
    }
}
