//! A throw-away PostgreSQL that can be stopped, started and promoted.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

/// Obeys lines on its input; when that closes, however this process ends, it stops the server and removes the folder.
/// `$1` is the folder, `$2` that of the executables.
const KEEPER: &str = r#"
trap '' PIPE
server=
begin() {
  "$2/postgres" -D "$1/data" -k "$1" -c max_connections=100 -c fsync=on $(cat "$1/options" 2>/dev/null || echo -c listen_addresses=) >>"$1/log" 2>&1 </dev/null &
  server=$!
  for attempt in $(seq 1200); do
    if [ -S "$1/.s.PGSQL.5432" ] && grep -q '^ready' "$1/data/postmaster.pid" 2>/dev/null; then echo ready; return; fi
    kill -0 "$server" 2>/dev/null || { tail -n 1 "$1/log"; return; }
    sleep 0.025
  done
  echo "timed out"
}
while read -r word; do
  case "$word" in
    start) begin "$@" ;;
    kill)
      processes="$server $(cat "/proc/$server/task/$server/children")"
      kill -KILL $processes
      wait "$server"
      for process in $processes; do
        for attempt in $(seq 1200); do [ -e "/proc/$process" ] && sleep 0.005 || break; done
      done
      rm -f "$1"/.s.PGSQL.5432*
      echo killed ;;
    promote) "$2/pg_ctl" -D "$1/data" -w promote >>"$1/log" 2>&1 && echo promoted ;;
  esac
done
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$1"
"#;

/// A server and its keeper.
pub struct Postgres {
    folder: PathBuf,
    keeper: Child,
    answers: BufReader<ChildStdout>,
}

fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    folders.sort();
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists())
}

/// PostgreSQL refuses to run as root; then its own user does it.
fn command(program: &Path) -> Command {
    let mut command = if rustix::process::getuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // The folder of the tests may be closed to that user.
    command.current_dir("/");
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn empty_folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("countersign-pg-").tempdir().unwrap().keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    if rustix::process::getuid().is_root() {
        succeed(Command::new("chown").arg("postgres:").arg(&folder));
    }
    folder
}

impl Postgres {
    /// A running empty server; `None`, with a word on standard error, when PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            eprintln!("PostgreSQL is not installed: skipped");
            return None;
        };
        let folder = empty_folder();
        let mut initdb = command(&binaries.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"]);
        succeed(initdb.arg(folder.join("data")));
        Some(Self::keep(folder, &binaries))
    }

    /// A standby that follows this server.
    pub fn standby(&self) -> Self {
        let binaries = binaries().unwrap();
        let folder = empty_folder();
        let mut copy = command(&binaries.join("pg_basebackup"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--username=postgres", "-h"]);
        succeed(copy.arg(&self.folder).arg("-D").arg(folder.join("data")));
        Self::keep(folder, &binaries)
    }

    fn keep(folder: PathBuf, binaries: &Path) -> Self {
        let mut keeper = command(Path::new("sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(binaries);
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let answers = BufReader::new(keeper.stdout.take().unwrap());
        let mut server = Self { folder, keeper, answers };
        server.order("start", "ready");
        server
    }

    fn order(&mut self, word: &str, expected: &str) {
        writeln!(self.keeper.stdin.as_mut().unwrap(), "{word}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), expected, "PostgreSQL, told to {word}");
    }

    /// Kills all its processes at once: nothing is finished, clients are cut off.
    pub fn crash(&mut self) {
        self.order("kill", "killed");
    }

    /// Starts it again.
    pub fn restart(&mut self) {
        self.order("start", "ready");
    }

    /// Makes a standby the primary.
    pub fn promote(&mut self) {
        self.order("promote", "promoted");
    }

    /// From its next start on it listens on an address of the loopback too, with TLS and passwords; the certificate is of
    /// this version of X.509, for `localhost`. The address; `None` when `openssl` does not make such a certificate.
    pub fn listen_with_tls(&self, version: u8) -> Option<String> {
        let data = self.folder.join("data");
        let file = |name: &str| data.join(name).display().to_string();
        let (key, certificate, request) = (file("server.key"), file("server.crt"), file("server.csr"));
        let new = ["-subj", "/CN=localhost", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out"];
        let openssl = |arguments: &[&[&str]]| succeed(command(Path::new("openssl")).args(arguments.concat()));
        if version == 3 {
            openssl(&[
                &["req", "-x509", "-extensions", "v3_req", "-addext", "subjectAltName=DNS:localhost"],
                &new,
                &[&certificate],
            ]);
        } else {
            openssl(&[&["req", "-new"], &new, &[&request]]);
            openssl(&[&["x509", "-req", "-in", &request, "-signkey", &key, "-out", &certificate]]);
        }
        let text =
            command(Path::new("openssl")).args(["x509", "-noout", "-text", "-in", &certificate]).output().unwrap();
        if !String::from_utf8_lossy(&text.stdout).contains(&format!("Version: {version} ")) {
            eprintln!("openssl makes no certificate of version {version}: skipped");
            return None;
        }
        let rules = "local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let [high, low] = (std::process::id() as u16).to_be_bytes();
        let address = format!("127.{}.{high}.{low}", 80 + version);
        fs::write(self.folder.join("options"), format!("-c listen_addresses={address} -c ssl=on")).unwrap();
        Some(address)
    }

    /// Folder of its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.display())
    }

    /// How to reach whichever of the two takes writes.
    pub fn url_with(&self, other: &Self) -> String {
        let [one, two] = [self, other].map(|server| server.folder.display().to_string().replace('/', "%2F"));
        format!("postgres://postgres@{one},{two}/postgres?target_session_attrs=read-write")
    }

    /// Runs SQL, one statement after the other: some must not be in a transaction.
    pub async fn sql(&self, sql: &str) {
        let config: tokio_postgres::Config = self.url().parse().unwrap();
        let (client, driver) = config.connect(tokio_postgres::NoTls).await.unwrap();
        let driver = tokio::spawn(driver);
        for statement in sql.split("; ") {
            client.batch_execute(statement).await.unwrap();
        }
        drop(client);
        drop(driver.await);
    }
}
