//! What is special about PostgreSQL: several processes on one database, and connections that break.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "behaviour/fixtures.rs"]
#[allow(dead_code, unreachable_pub)]
mod fixtures;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use fixtures::*;
use futures::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;

/// Two stores with one database, like two processes.
async fn two_nodes() -> Option<(Store, Store)> {
    let database = TestDatabase::postgres().await?;
    let (one, two) = tokio::join!(database.open(), database.open());
    Some((one.unwrap(), two.unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_starting_together_migrate_once() {
    let Some((one, two)) = two_nodes().await else { return };
    one.check_schema().await.unwrap();
    two.check_schema().await.unwrap();
    assert!(one.pending_migrations().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_reach_other_nodes() {
    let Some((one, two)) = two_nodes().await else { return };
    let mut feed = two.subscribe();
    written(&one, commit("r1", 0)).await;
    one.create_conversation(&conversation("c1"), vec![]).await.unwrap();
    let mut heard = BTreeSet::new();
    while heard.len() < 2 {
        heard.insert(feed.recv().await.unwrap().id);
    }
    assert_eq!(heard, BTreeSet::from(["c1".to_owned(), "r1".to_owned()]));
    // Its own changes come once, not again through the database.
    let mut own = one.subscribe();
    written(&one, commit("r2", 0)).await;
    written(&two, commit("r3", 0)).await;
    let ids = [own.recv().await.unwrap().id, own.recv().await.unwrap().id];
    assert_eq!(ids, ["r2".to_owned(), "r3".to_owned()]);
    assert!(own.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_race_for_runs_keys_and_the_audit_chain() {
    let Some((one, two)) = two_nodes().await else { return };
    let work = |store: Store, node: usize| async move {
        let mut committed = 0;
        for index in 0..40_u64 {
            let mut start = commit(&format!("n{node}-{index}"), 0);
            start.audit = vec![audit("run.started")];
            start.idempotency = Some(NewIdempotency {
                scope: "run.start".to_owned(),
                key: format!("key-{index}"),
                request_hash: "request".to_owned(),
                response_status: 201,
                response_body: "{}".to_owned(),
            });
            match store.commit(start, Priority::Start).await.unwrap() {
                CommitOutcome::Committed { .. } => committed += 1,
                CommitOutcome::Replayed(row) => assert!(row.run.is_some()),
            }
        }
        committed
    };
    let tasks = (0..4).map(|node| tokio::spawn(work(if node % 2 == 0 { one.clone() } else { two.clone() }, node)));
    let committed: u64 = join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(committed, 40);
    let verdict = one.verify_audit(WORKSPACE).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (40, None));
    assert_eq!(two.active_run_counts(WORKSPACE).await.unwrap()[0].count, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_wins_a_run() {
    let Some((one, two)) = two_nodes().await else { return };
    written(&one, commit("r1", 0)).await;
    for seq in 1..20 {
        let (left, right) = tokio::join!(
            one.commit(commit("r1", seq), Priority::Continue),
            two.commit(commit("r1", seq), Priority::Continue),
        );
        assert_eq!(usize::from(left.is_ok()) + usize::from(right.is_ok()), 1, "{left:?} {right:?}");
        let lost = left.and(right).unwrap_err();
        assert!(matches!(lost, StoreError::Conflict(Conflict::RunMoved { .. })), "{lost:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_claim_different_orphans() {
    let Some((one, two)) = two_nodes().await else { return };
    for index in 0..40 {
        written(&one, commit(&format!("r{index:02}"), 0)).await;
    }
    one.sign_on("node-1").await.unwrap();
    one.raw(&silent("node-1", 10_000)).await.unwrap();
    for round in 0..8 {
        one.sign_on(&format!("new-{round}")).await.unwrap();
    }
    let claims = join_all((0..8).map(|round| {
        let store = if round % 2 == 0 { one.clone() } else { two.clone() };
        async move { store.claim_orphans(&format!("new-{round}"), Some(5_000), 5).await.unwrap() }
    }))
    .await;
    let claimed: Vec<_> = claims.into_iter().flatten().map(|run| run.id).collect();
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), claimed.len(), "nothing is claimed twice");
    // A claim passes over locked rows, so a last round takes what is left.
    let rest = one.claim_orphans("last", Some(5_000), 50).await.unwrap().len();
    assert_eq!(claimed.len() + rest, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_just_coming_back_keeps_its_runs() {
    let Some((one, two)) = two_nodes().await else { return };
    written(&one, commit("r1", 0)).await;
    one.sign_on("node-1").await.unwrap();
    one.raw(&silent("node-1", 10_000)).await.unwrap();
    // Its sign of life is written and not yet committed.
    two.raw("BEGIN; UPDATE nodes SET heartbeat_at = heartbeat_at + 10000 WHERE id = 'node-1'").await.unwrap();
    assert!(one.claim_orphans("other", Some(5_000), 50).await.unwrap().is_empty());
    two.raw("COMMIT").await.unwrap();
    assert!(one.claim_orphans("other", Some(5_000), 50).await.unwrap().is_empty());
    one.raw(&silent("node-1", 10_000)).await.unwrap();
    assert_eq!(one.claim_orphans("other", Some(5_000), 50).await.unwrap().len(), 1);
}

const CUT: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_are_replaced() {
    let Some((one, two)) = two_nodes().await else { return };
    written(&one, commit("r1", 0)).await;
    join_all((0..8).map(|_| one.get_run(WORKSPACE, "r1"))).await;
    let mut feed = one.subscribe();
    for seq in 1..6 {
        two.raw(CUT).await.unwrap();
        assert_eq!(one.get_run(WORKSPACE, "r1").await.unwrap().unwrap().seq, seq);
        one.append_audit(WORKSPACE, vec![audit("a")]).await.unwrap();
        assert_eq!(written(&one, commit("r1", seq)).await, seq + 1);
    }
    assert_eq!(one.verify_audit(WORKSPACE).await.unwrap().entries, 5);
    // Listeners are told that they may have missed something, and hear again afterwards.
    let mut heard = feed.recv().await.unwrap();
    while heard.kind != ChangeKind::Resync {
        heard = feed.recv().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_under_fire_are_written_once_or_refused() {
    let Some((one, two)) = two_nodes().await else { return };
    let drive = |run: usize| {
        let store = one.clone();
        async move {
            let run = format!("r{run}");
            let mut seq = 0;
            let mut refused = 0;
            while seq < 30 && refused < 500 {
                match store.commit(commit(&run, seq), Priority::Continue).await {
                    Ok(CommitOutcome::Committed { seq: now }) => seq = now,
                    // Not known: look, as the engine does.
                    Err(StoreError::Busy(_)) => {
                        refused += 1;
                        if let Ok(row) = store.get_run(WORKSPACE, &run).await {
                            seq = row.map_or(0, |row| row.seq);
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
            seq
        }
    };
    let drivers: Vec<_> = (0..8).map(|run| tokio::spawn(drive(run))).collect();
    for _ in 0..15 {
        two.raw(CUT).await.unwrap();
        two.ping().await.unwrap();
    }
    for seq in join_all(drivers).await {
        assert_eq!(seq.unwrap(), 30);
    }
    for run in 0..8 {
        assert_eq!(one.run_events(WORKSPACE, &format!("r{run}"), 0).await.unwrap().len(), 30);
    }
}

#[tokio::test]
async fn an_absent_server_is_busy() {
    let opened = Store::open(&StoreConfig::new("postgres://nobody@127.0.0.1:1/none")).await;
    assert!(matches!(opened, Err(StoreError::Busy(_))), "{opened:?}");
    let opened = Store::open(&StoreConfig::new("postgres://x@h/d?nonsense=1")).await;
    assert!(matches!(opened, Err(StoreError::Config(_))), "{opened:?}");
}

/// Stands between a store and the database. While it is silent it takes what it is given and keeps it for itself, like a
/// network that went away without a word.
struct Link {
    url: String,
    silent: watch::Sender<bool>,
    /// Statements that were executed through it.
    executed: Arc<AtomicUsize>,
}

impl Link {
    async fn to(database: &TestDatabase) -> Self {
        let config: tokio_postgres::Config = database.config().url.parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url =
            format!("postgres://{}@127.0.0.1:{port}/{}", config.get_user().unwrap(), config.get_dbname().unwrap());
        let silent = watch::Sender::new(false);
        let (told, executed) = (silent.subscribe(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&executed);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let port = config.get_ports().last().copied().unwrap_or(5432);
                // The socket of a server of its own is named after the host that every URL has.
                match config.get_hosts().last().unwrap() {
                    Host::Unix(folder) => {
                        join(
                            near,
                            UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap(),
                            &told,
                            &counter,
                        );
                    }
                    Host::Tcp(host) => {
                        join(near, TcpStream::connect((host.as_str(), port)).await.unwrap(), &told, &counter)
                    }
                }
            }
        });
        Self { url, silent, executed }
    }
}

fn join(
    near: TcpStream,
    far: impl AsyncRead + AsyncWrite + Send + 'static,
    silent: &watch::Receiver<bool>,
    executed: &Arc<AtomicUsize>,
) {
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = tokio::io::split(far);
    tokio::spawn(forward(from_near, to_far, silent.clone(), Some(Asked::of(executed))));
    tokio::spawn(forward(from_far, to_near, silent.clone(), None));
}

/// What a client sends, in place of a version, to ask for TLS (PostgreSQL's protocol, `SSLRequest`).
const TLS_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// Messages of a client: a first one without a type, then a type, a length and the rest.
struct Asked {
    unread: Vec<u8>,
    started: bool,
    executed: Arc<AtomicUsize>,
}

impl Asked {
    fn of(executed: &Arc<AtomicUsize>) -> Self {
        Self { unread: Vec::new(), started: false, executed: Arc::clone(executed) }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        loop {
            let head = usize::from(self.started);
            let Some(length) = self.unread.get(head..head + 4) else { return };
            let end = head + u32::from_be_bytes(length.try_into().unwrap()) as usize;
            if self.unread.len() < end {
                return;
            }
            if self.started && matches!(self.unread[0], b'E' | b'Q') {
                self.executed.fetch_add(1, Ordering::SeqCst);
            }
            // Before the first message the client may have asked for TLS.
            self.started |= self.unread.get(4..8) != Some(&TLS_REQUEST);
            self.unread.drain(..end);
        }
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    silent: watch::Receiver<bool>,
    mut asked: Option<Asked>,
) {
    let mut buffer = vec![0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *silent.borrow() {
            return std::future::pending().await;
        }
        if let Some(asked) = &mut asked {
            asked.take(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_takes_as_many_statements_as_a_commit() {
    const MANY: u64 = 300;
    let Some(database) = TestDatabase::postgres().await else { return };
    drop(database.open().await.unwrap());
    let link = Link::to(&database).await;
    let config = StoreConfig { url: link.url.clone(), writers: 1, ..database.config().clone() };
    let store = Store::open(&config).await.unwrap();
    let executed = || link.executed.load(Ordering::SeqCst);
    let with_audit = |run: String| Commit { audit: vec![audit("run.started")], ..commit(&run, 0) };
    written(&store, with_audit("first".to_owned())).await;
    let before = executed();
    written(&store, with_audit("alone".to_owned())).await;
    let alone = executed() - before;
    assert!(alone > 3, "{alone}");
    let before = executed();
    let together = (0..MANY).map(|run| store.commit(with_audit(format!("r{run}")), Priority::Continue));
    assert!(join_all(together).await.iter().all(|outcome| matches!(outcome, Ok(CommitOutcome::Committed { .. }))));
    let many = executed() - before;
    // The first may go alone, while the others gather.
    assert!(many <= 4 * alone, "{MANY} commits took {many} statements, one took {alone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_says_nothing_is_given_up() {
    let Some(database) = TestDatabase::postgres().await else { return };
    drop(database.open().await.unwrap());
    let link = Link::to(&database).await;
    let answer_timeout = Duration::from_secs(1);
    let config = StoreConfig { url: link.url.clone(), answer_timeout, ..database.config().clone() };
    let store = Store::open(&config).await.unwrap();
    written(&store, commit("r1", 0)).await;
    link.silent.send_replace(true);
    let all = async {
        let new = conversation("c1");
        tokio::join!(
            store.commit(commit("r2", 0), Priority::Continue),
            store.get_run(WORKSPACE, "r1"),
            store.create_conversation(&new, vec![]),
        )
    };
    let (commits, reads, writes) =
        tokio::time::timeout(Duration::from_secs(30), all).await.expect("none waits for ever");
    for error in [commits.unwrap_err(), reads.unwrap_err(), writes.unwrap_err()] {
        assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
    }
    link.silent.send_replace(false);
    written(&store, commit("r3", 0)).await;
    assert!(store.get_run(WORKSPACE, "r1").await.unwrap().is_some());
    assert!(store.get_run(WORKSPACE, "r2").await.unwrap().is_none(), "it never arrived");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_are_durable_whatever_the_database_says_by_default() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let store = database.open().await.unwrap();
    let off =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    store.raw(off).await.unwrap();
    let fresh = Store::open(database.config()).await.unwrap();
    let check = "DO $$ BEGIN ASSERT (SELECT setting = 'off' FROM pg_settings WHERE name = 'synchronous_commit') = false; \
                 ASSERT (SELECT reset_val = 'off' FROM pg_settings WHERE name = 'synchronous_commit'); END $$";
    fresh.raw(check).await.unwrap();
}
