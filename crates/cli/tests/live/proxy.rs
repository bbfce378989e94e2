//! A wire to PostgreSQL that breaks at the worst moment: the commit arrives, its answer does not.

use super::postgres::Postgres;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

/// Name of the socket in its folder, by PostgreSQL's custom.
const SOCKET: &str = ".s.PGSQL.5432";
/// How long the server may take to write a commit down before its answer is thrown away.
const COMMITTED: Duration = Duration::from_millis(300);
/// How long nobody gets through afterwards: long enough for those who try again at once to give up.
const AWAY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Plan {
    /// A transaction that holds this text loses its answer.
    cut_at: Option<Vec<u8>>,
    away_until: Option<Instant>,
    cuts: u32,
}

/// The wire; gone when dropped.
pub struct Proxy {
    folder: tempfile::TempDir,
    plan: Arc<Mutex<Plan>>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// To that server.
    pub fn to(server: &Postgres) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let (plan, target) = (Arc::new(Mutex::new(Plan::default())), server.folder().join(SOCKET));
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, target, Arc::clone(&plan)));
        Self { folder, plan, _serving: serving }
    }

    /// How to reach the server through it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.path().display())
    }

    /// The next transaction that writes this text is written and its answer lost.
    pub fn lose_the_answer_to(&self, text: &str) {
        self.plan.lock().unwrap().cut_at = Some(text.as_bytes().to_vec());
    }

    /// Answers lost so far.
    pub fn cuts(&self) -> u32 {
        self.plan.lock().unwrap().cuts
    }
}

async fn serve(listener: UnixListener, target: PathBuf, plan: Arc<Mutex<Plan>>) {
    let mut wires = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let away = plan.lock().unwrap().away_until.is_some_and(|until| Instant::now() < until);
        if !away {
            wires.spawn(wire(client, target.clone(), Arc::clone(&plan)));
        }
    }
}

async fn wire(client: UnixStream, target: PathBuf, plan: Arc<Mutex<Plan>>) {
    let Ok(server) = UnixStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let cut = is_cut(&plan, &asked[..length]);
                if to_server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if cut {
                    let swallow = async { while matches!(from_server.read(&mut answered).await, Ok(1..)) {} };
                    drop(tokio::time::timeout(COMMITTED, swallow).await);
                    return;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if to_client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn is_cut(plan: &Mutex<Plan>, asked: &[u8]) -> bool {
    let holds = |text: &[u8]| asked.windows(text.len()).any(|window| window == text);
    let mut plan = plan.lock().unwrap();
    let cut = plan.cut_at.as_ref().is_some_and(|text| holds(text) && holds(b"COMMIT"));
    if cut {
        plan.cut_at = None;
        plan.cuts += 1;
        plan.away_until = Some(Instant::now() + COMMITTED + AWAY);
    }
    cut
}
