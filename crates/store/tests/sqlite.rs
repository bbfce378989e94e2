//! What is special about SQLite: one process per file, read-only files, full disks, a full queue, `kill -9`.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "behaviour/fixtures.rs"]
#[allow(dead_code, unreachable_pub)]
mod fixtures;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use countersign_store::testing::TestDatabase;
use countersign_store::*;
use fixtures::*;
use futures::future::join_all;

const CHILD_URL: &str = "COUNTERSIGN_TEST_CHILD_URL";

fn with_option(database: &TestDatabase, option: &str) -> StoreConfig {
    StoreConfig::new(format!("{}?{option}", database.config().url))
}

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_lets_go() {
    let database = TestDatabase::sqlite();
    let store = database.open().await.unwrap();
    let second = Store::open(database.config()).await;
    assert!(matches!(&second, Err(StoreError::InUse { path }) if path.ends_with("test.db")), "{second:?}");
    store.close().await;
    database.open().await.unwrap();
}

#[tokio::test]
async fn a_dropped_store_lets_go_of_the_file() {
    let database = TestDatabase::sqlite();
    for round in 0..20 {
        let store = database.open().await.unwrap();
        written(&store, commit(&format!("r{round}"), 0)).await;
    }
}

#[tokio::test]
async fn a_reader_beside_the_server_sees_and_writes_nothing() {
    let database = TestDatabase::sqlite();
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    let reader = Store::open(&with_option(&database, "mode=ro")).await.unwrap();
    assert!(reader.get_run(WORKSPACE, "r1").await.unwrap().is_some());
    let refused = reader.commit(commit("r2", 0), Priority::Start).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    let refused = reader.append_audit(WORKSPACE, vec![audit("a")]).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    written(&store, commit("r2", 0)).await;
    assert!(reader.get_run(WORKSPACE, "r2").await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_accepted() {
    let database = TestDatabase::sqlite();
    database.open().await.unwrap().close().await;
    let small = with_option(&database, "max_page_count=200");
    let store = Store::open(&small).await.unwrap();
    let mut accepted = 0;
    let full = loop {
        let mut start = commit(&format!("r{accepted}"), 0);
        start.events = format!("[\"{}\"]", "x".repeat(8_000));
        match store.commit(start, Priority::Start).await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
        assert!(accepted < 1_000, "the file never filled");
    };
    assert!(matches!(full, StoreError::Full), "{full:?}");
    assert!(accepted > 3);
    let again = join_all((0..5).map(|index| {
        let mut start = commit(&format!("late{index}"), 0);
        start.events = format!("[\"{}\"]", "x".repeat(8_000));
        store.commit(start, Priority::Continue)
    }));
    assert!(again.await.into_iter().all(|result| matches!(result, Err(StoreError::Full))));
    let counts = store.run_counts(WORKSPACE, None).await.unwrap();
    assert_eq!(counts[0].count, accepted);
    store.close().await;

    // With room again it goes on.
    let store = database.open().await.unwrap();
    written(&store, commit("after", 0)).await;
    assert_eq!(store.run_counts(WORKSPACE, None).await.unwrap()[0].count, accepted + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_new_runs_and_holds_back_moving_ones() {
    let database = TestDatabase::sqlite();
    let config = StoreConfig { queue_max: 4, batch_max: 1, ..database.config().clone() };
    let store = Store::open(&config).await.unwrap();
    store.migrate().await.unwrap();
    written(&store, commit("r0", 0)).await;

    // Somebody else holds the write lock, so the writer stands still.
    let path = config.url.strip_prefix("sqlite:").unwrap();
    let blocker = rusqlite::Connection::open(path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let moving: Vec<_> = (0..30)
        .map(|index| {
            let (store, start) = (store.clone(), commit(&format!("m{index}"), 0));
            tokio::spawn(async move { store.commit(start, Priority::Continue).await })
        })
        .collect();
    // Starts are taken until the queue is full and refused from then on.
    let mut refused = None;
    for index in 0..1_000 {
        let start = store.commit(commit(&format!("s{index}"), 0), Priority::Start);
        match tokio::time::timeout(std::time::Duration::from_millis(5), start).await {
            Ok(result) => {
                refused = Some(result);
                break;
            }
            Err(_) => continue,
        }
    }
    assert!(matches!(refused, Some(Err(StoreError::Busy(_)))), "{refused:?}");
    blocker.execute_batch("COMMIT").unwrap();
    for result in join_all(moving).await {
        assert_eq!(result.unwrap().unwrap(), CommitOutcome::Committed { seq: 1 });
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.db");
    std::fs::write(&path, "This is not a database, however long it is.".repeat(100)).unwrap();
    let opened = Store::open(&StoreConfig::new(format!("sqlite:{}", path.display()))).await;
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{opened:?}");
}

#[tokio::test]
async fn a_temporary_database_leaves_nothing_behind() {
    let store = testing::sqlite().await;
    written(&store, commit("r1", 0)).await;
    assert_eq!(store.get_run(WORKSPACE, "r1").await.unwrap().unwrap().seq, 1);
    store.close().await;
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    for url in ["mysql://x", "sqlite:", "sqlite:x.db?mode=rwx", "sqlite:x.db?max_page_count=many"] {
        let opened = Store::open(&StoreConfig::new(url)).await;
        assert!(matches!(opened, Err(StoreError::Config(_))), "{url}: {opened:?}");
    }
}

/// The child of the test below: commits for ever, saying what was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let Ok(url) = std::env::var(CHILD_URL) else { return };
    let store = Store::open(&StoreConfig::new(url)).await.unwrap();
    store.migrate().await.unwrap();
    let drive = |worker: usize| {
        let store = store.clone();
        async move {
            for number in 0..1_000_000 {
                let run = format!("r{worker}-{}", number / 10);
                let mut next = commit(&run, number % 10);
                next.audit = vec![audit("run.moved")];
                let seq = written(&store, next).await;
                // One write call per line: a line is there whole or not at all.
                let line = format!("acked {run} {seq}\n");
                std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
            }
        }
    };
    join_all((0..16).map(|worker| tokio::spawn(drive(worker)))).await;
}

#[tokio::test]
async fn what_was_answered_survives_kill_9() {
    let database = TestDatabase::sqlite();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env(CHILD_URL, &database.config().url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acked: BTreeMap<String, u64> = BTreeMap::new();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for (count, line) in lines.map_while(Result::ok).enumerate() {
            if let [.., "acked", run, seq] = line.split(' ').collect::<Vec<_>>()[..] {
                acked.insert(run.to_owned(), seq.parse().unwrap());
            }
            if count == 150 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acked.values().sum::<u64>() >= 100, "the child did something: {acked:?}");

        let store = database.open().await.unwrap();
        for (run, seq) in &acked {
            let row = store.get_run(WORKSPACE, run).await.unwrap().unwrap();
            assert!(row.seq >= *seq, "{run} was answered {seq} and is at {}", row.seq);
            assert_eq!(store.run_events(WORKSPACE, run, 0).await.unwrap().len() as u64, row.seq, "{run}");
        }
        assert_eq!(store.verify_audit(WORKSPACE).await.unwrap().broken_at, None);
        store.raw("DELETE FROM runs; DELETE FROM run_events").await.unwrap();
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_that_turns_read_only_goes_on_by_itself() {
    let database = TestDatabase::sqlite();
    let store = database.open().await.unwrap();
    written(&store, commit("r1", 0)).await;
    store.writable().await.unwrap();
    store.raw("PRAGMA query_only = on").await.unwrap();
    let refused = store.commit(commit("r2", 0), Priority::Start).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    assert!(matches!(store.writable().await, Err(StoreError::ReadOnly)));
    assert!(store.get_run(WORKSPACE, "r1").await.unwrap().is_some());
    store.raw("PRAGMA query_only = off").await.unwrap();
    written(&store, commit("r2", 0)).await;
    store.writable().await.unwrap();
}

/// Whether a command does what it should.
fn done(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// An ext4 in a file.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None`, with a word on standard error, where mounting is not allowed.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        std::fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        let disk = Self(folder);
        let image = image.to_str().unwrap();
        let mounted = done("mkfs.ext4", &["-q", image]) && done("mount", &["-o", "loop", image, &disk.file("")]);
        if !mounted {
            eprintln!("no file system can be mounted here: skipped");
        }
        mounted.then_some(disk)
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join("disk").join(name).display().to_string()
    }

    /// As the kernel does by itself when it finds the file system broken (`errors=remount-ro`).
    fn turn_read_only(&self) {
        assert!(done("mount", &["-o", "remount,abort", &self.file("")]));
    }

    /// No write gets through, not even of who has the files open.
    fn refuse_writes(&self, refuse: bool) {
        let flag = if refuse { "+i" } else { "-i" };
        assert!(done("chattr", &[flag, &self.file("test.db"), &self.file("test.db-wal")]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        done("umount", &["--lazy", &self.file("")]);
    }
}

#[tokio::test]
async fn a_disk_that_refuses_writes_while_it_runs_is_told_and_survived() {
    let Some(disk) = Disk::new() else { return };
    let store = Store::open(&StoreConfig::new(format!("sqlite:{}", disk.file("test.db")))).await.unwrap();
    store.migrate().await.unwrap();
    written(&store, commit("r1", 0)).await;
    disk.refuse_writes(true);
    for _ in 0..3 {
        let refused = store.commit(commit("r2", 0), Priority::Start).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    }
    assert!(matches!(store.writable().await, Err(StoreError::ReadOnly)));
    disk.refuse_writes(false);
    written(&store, commit("r2", 0)).await;
    store.writable().await.unwrap();

    disk.turn_read_only();
    let refused = store.commit(commit("r3", 0), Priority::Start).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    assert!(store.get_run(WORKSPACE, "r2").await.unwrap().is_some());
    store.close().await;
}
