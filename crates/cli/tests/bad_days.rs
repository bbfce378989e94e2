//! Bad input and bad days: each ends in a clear message and status, and the rest goes on.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod live;

use live::{
    api::{Answer, Api, Request},
    disk::Disk,
    eventually,
    furnish::{People, furnish, is_over, publish, start},
    node::{Launch, Node},
    outside::Outside,
    postgres::Postgres,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// Where nothing is promised about time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a person, then calls.
const ASKED: &str = r#"
schema: 1
name: Asked
triggers: [{ type: api }]
start: approve
steps:
  approve:
    type: approval
    summary: May it?
    approvers: { roles: [manager] }
    timeout: { after: 24h, outcome: rejected }
    on_approve: call
    on_reject: refused
  call: { type: tool_call, action: http.keyed_request, input: { url: "/call/{{ run.id }}" }, next: done }
  done: { type: end }
  refused: { type: end, status: rejected }
"#;

/// Nobody answers in time.
const TIMED: &str = r#"
schema: 1
name: Timed
triggers: [{ type: api }]
input: { type: object }
start: wait
steps:
  wait:
    type: approval
    summary: Anybody?
    approvers: { roles: [manager] }
    timeout: { after: 1500ms, outcome: rejected }
    on_approve: done
    on_reject: done
  done: { type: end }
"#;

struct World {
    node: Node,
    launch: Launch,
    outside: Outside,
    people: People,
    /// Last, so that the log of a server is there when a failed test shows it.
    folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let launch = Launch::sqlite(folder.path());
        Self::on(folder, launch).await
    }

    async fn on(folder: tempfile::TempDir, launch: Launch) -> Self {
        let node = launch.start().await;
        let outside = Outside::start().await;
        let people = furnish(&node, &outside).await;
        publish(&node, &people.admin, ASKED).await;
        Self { node, launch, outside, people, folder }
    }

    fn admin(&self) -> &Api {
        &self.people.admin
    }

    async fn begin(&self, workflow: &str) -> String {
        let started = self.admin().post(&self.node.url, "/runs", json!({ "workflow": workflow })).await;
        started["id"].as_str().unwrap().to_owned()
    }

    async fn run(&self, id: &str) -> Answer {
        self.admin().send(&self.node.url, &Request::get(format!("/runs/{id}"))).await.unwrap()
    }

    async fn approve(&self, run: &str) -> Answer {
        let request = Request::post(format!("/checkpoints/{run}.1/decision"), json!({ "outcome": "approved" }));
        self.people.managers[0].send(&self.node.url, &request).await.unwrap()
    }

    async fn ends(&self, id: &str) -> Value {
        let over = || async { Some(self.run(id).await.good()).filter(is_over) };
        eventually(&format!("run {id} ends"), PATIENCE, over).await
    }

    /// Another hand in the file, beside the running server.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.folder.path().join("countersign.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    async fn restart(&mut self) {
        self.node.kill().await;
        self.node = self.launch.start().await;
    }

    /// What is broken is told as broken, by name, and everything else works.
    async fn only_this_is_broken(&self, broken: &str, word: &str) {
        for answer in [self.run(broken).await, self.approve(broken).await] {
            assert_eq!((answer.status, answer.code()), (500, "corrupt_data"), "{answer:?}");
            assert!(answer.body["detail"].as_str().unwrap().contains(word), "{answer:?}");
        }
        let listed = self.admin().all(&self.node.url, "/runs").await;
        assert!(listed.iter().any(|run| run["id"] == broken));
        let open = self.admin().all(&self.node.url, "/checkpoints?status=open").await;
        assert!(
            open.iter().any(|checkpoint| checkpoint["run"]["id"] == broken || checkpoint["run"] == broken),
            "{open:?}"
        );
        assert_eq!(self.node.probe("/readyz").await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_file_is_refused() {
    let world = World::start().await;
    let (code, said) = world.launch.refused().await;
    assert_eq!(code, 3);
    assert!(said.contains("countersign.db is in use by another process"), "{said}");
    let run = world.begin("Asked").await;
    assert_eq!(world.approve(&run).await.status, 200);
    world.ends(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_newer_build_is_refused() {
    let mut world = World::start().await;
    assert!(world.node.stop().await.success());
    world.tamper("INSERT INTO schema_migrations VALUES (999, '0999_future', 1)");
    let (code, said) = world.launch.refused().await;
    assert_eq!(code, 3);
    assert!(said.contains("schema 999") && said.contains("run the newer build"), "{said}");
    world.tamper("DELETE FROM schema_migrations WHERE version = 999");
    world.node = world.launch.start().await;
    world.begin("Asked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_log_stops_its_own_run_only() {
    let mut world = World::start().await;
    let (broken, good) = (world.begin("Asked").await, world.begin("Asked").await);
    world.tamper(&format!("UPDATE run_events SET events = '[{{\"type\":' WHERE run = '{broken}'"));
    world.only_this_is_broken(&broken, &broken).await;
    assert_eq!(world.approve(&good).await.status, 200);
    world.ends(&good).await;
    // It was on the move, as far as anybody can tell: taking it up fails, the start does not.
    world.tamper(&format!("UPDATE runs SET status = 'running' WHERE id = '{broken}'"));
    world.restart().await;
    assert!(world.node.log().contains(&broken), "{}", world.node.log());
    world.only_this_is_broken(&broken, &broken).await;
    let new = world.begin("Asked").await;
    assert_eq!(world.approve(&new).await.status, 200);
    world.ends(&new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_no_longer_parses_stops_its_own_runs_only() {
    let mut world = World::start().await;
    let other = publish(&world.node, world.admin(), &ASKED.replace("name: Asked", "name: Other")).await;
    let (broken, good) = (world.begin("Other").await, world.begin("Asked").await);
    world.tamper(&format!("UPDATE workflow_versions SET document = '{{\"schema\":1}}' WHERE workflow = '{other}'"));
    // A running server keeps what it compiled; the next one reads it anew.
    world.restart().await;
    world.only_this_is_broken(&broken, &other).await;
    let answer = world.admin().send(&world.node.url, &start("Other", "k", json!({}))).await.unwrap();
    assert_eq!((answer.status, answer.code()), (500, "corrupt_data"), "{answer:?}");
    assert_eq!(world.approve(&good).await.status, 200);
    world.ends(&good).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_cannot_be_fired_holds_up_no_other() {
    let world = World::start().await;
    publish(&world.node, world.admin(), TIMED).await;
    let broken = world.begin("Timed").await;
    world.tamper(&format!("UPDATE run_events SET events = 'x' WHERE run = '{broken}'"));
    let seen = || async { world.node.log().contains("a timer could not be fired").then_some(()) };
    eventually("the broken timer is due", PATIENCE, seen).await;
    let began = Instant::now();
    let good = world.begin("Timed").await;
    let run = world.ends(&good).await;
    let late = run["ended_at"].as_i64().unwrap() - run["started_at"].as_i64().unwrap() - 1500;
    assert!((0..1000).contains(&late), "{late} ms late: {run:#}");
    // It is looked at now and then, not as fast as the machine can.
    let tries = world.node.log().matches("a timer could not be fired").count();
    let seconds = began.elapsed().as_secs() as usize + 2;
    assert!(tries <= seconds * 4, "{tries} tries in {seconds} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_nobody_understands_holds_up_no_other() {
    let mut world = World::start().await;
    publish(&world.node, world.admin(), TIMED).await;
    let (broken, good) = (world.begin("Timed").await, world.begin("Asked").await);
    world.tamper(&format!("UPDATE runs SET status = 'nonsense', wake_at = 1 WHERE id = '{broken}'"));
    let answer = world.run(&broken).await;
    assert_eq!((answer.status, answer.code()), (500, "corrupt_data"), "{answer:?}");
    // Its timer is the first that is due.
    let timed = world.begin("Timed").await;
    assert_eq!(world.ends(&timed).await["status"], "completed");
    world.tamper(&format!("UPDATE runs SET status = 'running', version = -1 WHERE id = '{broken}'"));
    world.restart().await;
    assert_eq!(world.approve(&good).await.status, 200);
    world.ends(&good).await;
    let timed = world.begin("Timed").await;
    assert_eq!(world.ends(&timed).await["status"], "completed");
}

/// A loop of many conditions and one call, turned until a counter says so.
fn long_document(conditions: usize, turns: usize) -> String {
    let mut steps = serde_json::Map::new();
    let first = json!({ "when": format!("turn >= {turns}"), "next": "done" });
    steps.insert("c0".into(), json!({ "type": "condition", "branches": [first], "otherwise": "c1" }));
    for number in 1..conditions {
        let next = if number + 1 == conditions { "call".to_owned() } else { format!("c{}", number + 1) };
        let never = json!({ "when": "turn < 0", "next": "done" });
        steps.insert(format!("c{number}"), json!({ "type": "condition", "branches": [never], "otherwise": next }));
    }
    let input = json!({ "url": "/turn/{{ run.id }}/{{ $string(turn) }}" });
    steps.insert(
        "call".into(),
        json!({ "type": "tool_call", "action": "http.keyed_request", "input": input,
        "set": { "turn": "{{ turn + 1 }}" }, "next": "c0" }),
    );
    steps.insert("done".into(), json!({ "type": "end", "output": { "turns": "{{ turn }}" } }));
    json!({ "schema": 1, "name": "Long", "triggers": [{ "type": "api" }], "vars": { "turn": 0 }, "step_limit": 20_000,
        "start": "c0", "steps": steps })
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_ten_thousand_steps_works_and_can_be_looked_at() {
    let world = World::start().await;
    publish(&world.node, world.admin(), &long_document(49, 200)).await;
    let began = Instant::now();
    let id = world.begin("Long").await;
    let over = || async {
        let runs = world.admin().get(&world.node.url, "/runs?workflow=Long").await;
        Some(runs["items"][0].clone()).filter(is_over)
    };
    eventually("the long run ends", Duration::from_secs(120), over).await;
    let (ran, began) = (began.elapsed(), Instant::now());
    let run = world.run(&id).await.good();
    eprintln!("ran for {ran:?}, shown in {:?}", began.elapsed());
    assert_eq!(
        (run["status"].as_str(), run["output"]["turns"].as_i64()),
        (Some("completed"), Some(200)),
        "{}",
        run["error_message"]
    );
    assert_eq!(run["steps"].as_array().unwrap().len(), 200 * 50 + 2);
    let events = world.admin().get(&world.node.url, &format!("/runs/{id}/events")).await;
    assert!(events["items"].as_array().unwrap().len() > 20_000);
    let posts = world.outside.posts().await;
    assert_eq!(posts.values().map(|calls| calls.executed).sum::<u64>(), 200);
}

/// A file system of its own; taken away again when dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// `None`, with a word on standard error, where mounting is not allowed.
    fn new(at: &Path, megabytes: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("no file system can be mounted here: skipped");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        let status = mount.arg("-o").arg(format!("remount,{options}")).arg(&self.0).status().unwrap();
        assert!(status.success(), "remount,{options}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a server that is being killed may still have it open.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_survived() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(_mounted) = Mounted::new(disk.path(), 24) else { return };
    let database = format!("sqlite:{}", disk.path().join("countersign.db").display());
    let launch = Launch { database: Some(database), ..Launch::sqlite(folder.path()) };
    let world = World::on(folder, launch).await;
    let waiting = world.begin("Asked").await;
    let slow = json!({ "service": "rest", "contains": "/call/", "kind": "delay", "delay_ms": 1500, "times": 1 });
    world.outside.order(&slow).await;
    let under_way = world.begin("Asked").await;
    assert_eq!(world.approve(&under_way).await.status, 200);
    let called = || async { world.outside.posts().await.contains_key(&format!("/call/{under_way}")).then_some(()) };
    eventually("the call is on its way", PATIENCE, called).await;

    let ballast = disk.path().join("ballast");
    fill(&ballast);
    let order = start("Asked", "while-full", json!({}));
    // What space the log of the database has left is used up first.
    let refused = || async {
        let answer =
            world.admin().send(&world.node.url, &start("Asked", &format!("k{}", rand()), json!({}))).await.unwrap();
        (answer.status != 201).then_some(answer)
    };
    let answer = eventually("the disk is full", PATIENCE, refused).await;
    assert_eq!((answer.status, answer.code()), (507, "disk_full"), "{answer:?}");
    let answer = world.admin().send(&world.node.url, &order).await.unwrap();
    assert_eq!((answer.status, answer.code()), (507, "disk_full"), "{answer:?}");
    assert_eq!(world.run(&waiting).await.status, 200);
    assert_eq!(world.approve(&waiting).await.status, 507);
    let waits = || async { world.node.log().contains("waits for the database").then_some(()) };
    eventually("the call's answer waits for room", PATIENCE, waits).await;

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(world.ends(&under_way).await["status"], "completed");
    assert_eq!(world.outside.posts_to(&format!("/call/{under_way}")).await.received, 1);
    assert_eq!(world.admin().send(&world.node.url, &order).await.unwrap().status, 201);
    assert_eq!(world.approve(&waiting).await.status, 200);
    world.ends(&waiting).await;
}

fn rand() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    let mut piece = vec![0_u8; 64 * 1024];
    for _ in 0..100_000 {
        if file.write_all(&piece).is_err() {
            if piece.len() < 1024 {
                return;
            }
            piece.truncate(piece.len() / 2);
        }
    }
    panic!("the disk does not fill");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_disk_is_refused_at_the_start() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(mounted) = Mounted::new(disk.path(), 24) else { return };
    let database = format!("sqlite:{}", disk.path().join("countersign.db").display());
    let launch = Launch { database: Some(database), ..Launch::sqlite(folder.path()) };
    let mut world = World::on(folder, launch).await;
    let waiting = world.begin("Asked").await;
    assert!(world.node.stop().await.success());
    mounted.remount("ro");
    let (code, said) = world.launch.refused().await;
    assert_eq!(code, 3);
    assert!(said.contains("read-only"), "{said}");
    mounted.remount("rw");
    world.node = world.launch.start().await;
    assert_eq!(world.approve(&waiting).await.status, 200);
    world.ends(&waiting).await;
}

/// Lines of a server's log that hold this.
fn logged(node: &Node, words: &str) -> Vec<String> {
    node.log().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
}

/// Starts and decisions are refused by name, what can be read is read, and everybody who asks is told.
async fn is_told_to_be_read_only(world: &World, waiting: &str, database: &str) {
    let refused = || async {
        let order = start("Asked", &format!("k{}", rand()), json!({}));
        let answer = world.admin().send(&world.node.url, &order).await.unwrap();
        (answer.status != 201).then_some(answer)
    };
    let answer = eventually("it is read-only", PATIENCE, refused).await;
    let decision = world.approve(waiting).await;
    for answer in [answer, decision] {
        assert_eq!((answer.status, answer.code()), (503, "database_read_only"), "{answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    assert_eq!(world.node.probe("/readyz").await, 503);
    assert_eq!(world.node.probe("/healthz").await, 200);
    assert_eq!(world.node.metric("countersign_store_writable").await, Some(0.0));
    assert_eq!(world.run(waiting).await.status, 200, "what is there can be read");
    let told = logged(&world.node, "cannot be written");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(database) && told[0].contains("remount"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_turns_read_only_while_it_runs_is_told_and_survived() {
    let Some(disk) = Disk::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = disk.file("countersign.db");
    let launch = Launch { database: Some(format!("sqlite:{database}")), ..Launch::sqlite(folder.path()) };
    let mut world = World::on(folder, launch).await;
    let (waiting, later) = (world.begin("Asked").await, world.begin("Asked").await);
    let slow = json!({ "service": "rest", "contains": "/call/", "kind": "delay", "delay_ms": 1500, "times": 1 });
    world.outside.order(&slow).await;
    let under_way = world.begin("Asked").await;
    assert_eq!(world.approve(&under_way).await.status, 200);
    let called = || async { world.outside.posts().await.contains_key(&format!("/call/{under_way}")).then_some(()) };
    eventually("the call is on its way", PATIENCE, called).await;

    let files = ["countersign.db", "countersign.db-wal"];
    disk.refuse_writes(&files, true);
    is_told_to_be_read_only(&world, &waiting, &database).await;
    let waits = || async { world.node.log().contains("waits for the database").then_some(()) };
    eventually("the call's answer waits", PATIENCE, waits).await;

    disk.refuse_writes(&files, false);
    assert_eq!(world.ends(&under_way).await["status"], "completed");
    assert_eq!(world.outside.posts_to(&format!("/call/{under_way}")).await.received, 1);
    assert_eq!(world.admin().send(&world.node.url, &start("Asked", "after", json!({}))).await.unwrap().status, 201);
    assert_eq!(world.approve(&waiting).await.status, 200);
    world.ends(&waiting).await;
    let ready = || async { (world.node.probe("/readyz").await == 200).then_some(()) };
    eventually("it is ready", PATIENCE, ready).await;
    assert_eq!(world.node.metric("countersign_store_writable").await, Some(1.0));
    assert_eq!(logged(&world.node, "is written again").len(), 1);

    if !disk.mounted {
        eprintln!("no file system can be mounted here: the kernel turns none read-only");
        return;
    }
    world.restart().await;
    disk.turn_read_only();
    is_told_to_be_read_only(&world, &later, &database).await;
    world.node.kill().await;
    disk.mend();
    world.node = world.launch.start().await;
    assert_eq!(world.approve(&later).await.status, 200);
    world.ends(&later).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_turns_read_only_is_told_and_survived() {
    let Some(database) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::postgres(&database.url(), folder.path());
    let world = World::on(folder, launch).await;
    let waiting = world.begin("Asked").await;
    let slow = json!({ "service": "rest", "contains": "/call/", "kind": "delay", "delay_ms": 700, "times": 1 });
    world.outside.order(&slow).await;
    let under_way = world.begin("Asked").await;
    assert_eq!(world.approve(&under_way).await.status, 200);
    database.sql("ALTER SYSTEM SET default_transaction_read_only = on").await;
    database.sql("SELECT pg_reload_conf()").await;
    let refused = || async {
        let answer =
            world.admin().send(&world.node.url, &start("Asked", &format!("k{}", rand()), json!({}))).await.unwrap();
        (answer.status != 201).then_some(answer)
    };
    let answer = eventually("it is read-only", PATIENCE, refused).await;
    assert_eq!((answer.status, answer.code()), (503, "database_read_only"), "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(world.run(&waiting).await.status, 200);
    let waits = || async { world.node.log().contains("waits for the database").then_some(()) };
    eventually("the call's answer waits", PATIENCE, waits).await;
    database.sql("SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only").await;
    database.sql("SELECT pg_reload_conf()").await;
    assert_eq!(world.ends(&under_way).await["status"], "completed");
    assert_eq!(world.outside.posts_to(&format!("/call/{under_way}")).await.received, 1);
    assert_eq!(world.approve(&waiting).await.status, 200);
    world.ends(&waiting).await;
}
