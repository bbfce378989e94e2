//! Several processes on one PostgreSQL: one dies, one is cut off and comes back, all are replaced one by one, the
//! database goes away, the primary fails over.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

mod live;

use live::{
    api::{Api, Request},
    eventually,
    furnish::{People, furnish, is_over, publish, start},
    judge::judge,
    load::{CHAT, Notes, ORDER, Town},
    node::{Launch, Node},
    outside::{Calls, Outside},
    postgres::Postgres,
    proxy::Proxy,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::watch;

/// The promise: runs of a dead process are taken up within this time.
const TAKE_OVER: Duration = Duration::from_secs(10);
/// Where nothing is promised about time.
const PATIENCE: Duration = Duration::from_secs(60);

/// One call that is held, keyed or not, and one after it.
const HELD: &str = r#"
schema: 1
name: Held
triggers: [{ type: api }]
input: { type: object, properties: { keyed: { type: boolean } } }
start: which
steps:
  which: { type: condition, branches: [{ when: input.keyed, next: keyed }], otherwise: unkeyed }
  keyed:
    type: tool_call
    action: http.keyed_request
    input: { url: "/held/{{ run.id }}" }
    retry: { attempts: 5, initial: 200ms, max: 1s }
    next: after
  unkeyed: { type: tool_call, action: http.request, input: { url: "/held/{{ run.id }}" }, next: after }
  after: { type: tool_call, action: http.keyed_request, input: { url: "/after/{{ run.id }}" }, next: done }
  done: { type: end }
"#;

/// A database, the sandbox, and processes.
struct Fleet {
    nodes: Vec<Node>,
    launch: Launch,
    people: People,
    outside: Outside,
    database: Postgres,
    _folder: tempfile::TempDir,
}

impl Fleet {
    async fn start(database: Postgres, url: &str, nodes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let launch = Launch::postgres(url, folder.path());
        let mut fleet = vec![launch.start().await];
        let outside = Outside::start().await;
        let people = furnish(&fleet[0], &outside).await;
        for source in [HELD, ORDER, CHAT] {
            publish(&fleet[0], &people.admin, source).await;
        }
        for _ in 1..nodes {
            fleet.push(launch.start().await);
        }
        Self { nodes: fleet, launch, people, outside, database, _folder: folder }
    }

    fn admin(&self) -> &Api {
        &self.people.admin
    }

    fn url(&self, node: usize) -> &str {
        &self.nodes[node].url
    }

    /// Holds the answers of the next calls to `/held/…`.
    async fn hold(&self, calls: usize, milliseconds: u64) {
        let fault = json!({ "service": "rest", "contains": "/held/", "kind": "delay", "delay_ms": milliseconds, "times": calls });
        self.outside.order(&fault).await;
    }

    async fn begin(&self, node: usize, key: &str, keyed: bool) -> String {
        let answer = self.admin().send(self.url(node), &start("Held", key, json!({ "keyed": keyed }))).await.unwrap();
        answer.good()["id"].as_str().unwrap().to_owned()
    }

    /// Half keyed, half not, all with their held call on its way when this returns.
    async fn begin_held(&self, node: usize, each: usize) -> (Vec<String>, Vec<String>) {
        let (mut keyed, mut unkeyed) = (Vec::new(), Vec::new());
        for number in 0..each {
            keyed.push(self.begin(node, &format!("keyed-{number}"), true).await);
            unkeyed.push(self.begin(node, &format!("unkeyed-{number}"), false).await);
        }
        eventually("all calls are on their way", PATIENCE, || async {
            let posts = self.outside.posts().await;
            (posts.keys().filter(|path| path.starts_with("/held/")).count() == 2 * each).then_some(())
        })
        .await;
        (keyed, unkeyed)
    }

    async fn run(&self, node: usize, id: &str) -> Value {
        self.admin().get(self.url(node), &format!("/runs/{id}")).await
    }

    /// When the run's log tells of such an event.
    async fn at(&self, node: usize, id: &str, kind: &str) -> Option<i64> {
        let events = self.admin().get(self.url(node), &format!("/runs/{id}/events")).await;
        let found = events["items"].as_array().unwrap().iter().find(|event| event["type"] == kind)?;
        found["at"].as_i64()
    }

    async fn ends(&self, node: usize, id: &str, within: Duration) -> Value {
        let over = || async { Some(self.run(node, id).await).filter(is_over) };
        eventually(&format!("run {id} ends"), within, over).await
    }

    /// Tells the run that its call in doubt took place.
    async fn it_happened(&self, node: usize, id: &str) {
        let open = self.admin().get(self.url(node), &format!("/checkpoints?run={id}&status=open")).await;
        let checkpoint = open["items"][0]["id"].as_str().unwrap();
        let decision = json!({ "outcome": "happened", "result": {} });
        self.admin().post(self.url(node), &format!("/checkpoints/{checkpoint}/decision"), decision).await;
    }

    /// Every run of these is taken up by the others; the latest time it happened.
    async fn taken_up(&self, node: usize, keyed: &[String], unkeyed: &[String], within: Duration) -> i64 {
        let mut latest = 0;
        let wanted =
            keyed.iter().map(|id| (id, "call_resumed")).chain(unkeyed.iter().map(|id| (id, "checkpoint_opened")));
        for (id, kind) in wanted {
            let at = eventually(&format!("{kind} in {id}"), within, || self.at(node, id, kind)).await;
            latest = latest.max(at);
        }
        latest
    }

    /// The keyed were sent again under their key and executed once; the others were sent once and asked about.
    async fn nothing_twice(&self, node: usize, keyed: &[String], unkeyed: &[String]) {
        let posts = self.outside.posts().await;
        for id in keyed.iter().chain(unkeyed) {
            let run = self.run(node, id).await;
            assert_eq!(run["status"], "completed", "{run:#}");
            let (held, after) = (posts[&format!("/held/{id}")], posts[&format!("/after/{id}")]);
            assert_eq!((held.executed, after), (1, Calls { received: 1, executed: 1 }), "{run:#}");
            let steps: Vec<&str> =
                run["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
            let which = if keyed.contains(id) { "keyed" } else { "unkeyed" };
            assert_eq!(steps, ["which", which, "after", "done"]);
        }
        for id in unkeyed {
            assert_eq!(posts[&format!("/held/{id}")].received, 1, "sent again without being asked");
        }
        let audit = self.admin().get(self.url(node), "/audit/verify").await;
        assert_eq!(audit["ok"], true, "{audit}");
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_of_a_killed_process_are_taken_up() {
    let Some(database) = Postgres::start() else { return };
    let url = database.url();
    let mut fleet = Fleet::start(database, &url, 3).await;
    // Answered long before anybody takes over, so that a repeat of a key is not "in use".
    fleet.hold(8, 3_000).await;
    let (keyed, unkeyed) = fleet.begin_held(0, 4).await;
    fleet.nodes[0].kill().await;
    let killed_at = now();
    let latest = fleet.taken_up(1, &keyed, &unkeyed, PATIENCE).await;
    let took = latest - killed_at;
    eprintln!("taken up after {took} ms");
    assert!(took <= i64::try_from(TAKE_OVER.as_millis()).unwrap(), "taken up after {took} ms");
    for id in &unkeyed {
        fleet.it_happened(2, id).await;
    }
    for id in keyed.iter().chain(&unkeyed) {
        fleet.ends(1, id, PATIENCE).await;
    }
    fleet.nothing_twice(2, &keyed, &unkeyed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_taken_for_dead_cannot_commit_old_work() {
    let Some(database) = Postgres::start() else { return };
    let url = database.url();
    let fleet = Fleet::start(database, &url, 3).await;
    fleet.hold(6, 3_000).await;
    let (keyed, unkeyed) = fleet.begin_held(0, 3).await;
    fleet.nodes[0].signal(Signal::STOP);
    fleet.taken_up(1, &keyed, &unkeyed, PATIENCE).await;
    for id in &unkeyed {
        fleet.it_happened(1, id).await;
    }
    for id in keyed.iter().chain(&unkeyed) {
        fleet.ends(2, id, PATIENCE).await;
    }
    let before: Vec<Value> = futures::future::join_all(keyed.iter().chain(&unkeyed).map(|id| fleet.run(1, id))).await;
    fleet.nodes[0].signal(Signal::CONT);
    // The answers it was waiting for lie in its sockets; it takes each and finds that it comes too late.
    let refused = || async { (fleet.nodes[0].log().matches("came too late").count() >= 6).then_some(()) };
    eventually("the old answers are refused", PATIENCE, refused).await;
    let after: Vec<Value> = futures::future::join_all(keyed.iter().chain(&unkeyed).map(|id| fleet.run(1, id))).await;
    assert_eq!(before, after);
    fleet.nothing_twice(1, &keyed, &unkeyed).await;
    // It is a member again.
    let new = fleet.begin(0, "after-it-came-back", true).await;
    fleet.ends(0, &new, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_processes_are_replaced_without_a_failed_request() {
    let Some(database) = Postgres::start() else { return };
    let url = database.url();
    let Fleet { mut nodes, launch, people, outside, database, _folder } = Fleet::start(database, &url, 3).await;
    outside.order(&json!({ "service": "rest", "kind": "delay", "delay_ms": 15, "times": 1_000_000 })).await;
    let addresses = |nodes: &[Node]| nodes.iter().map(|node| node.url.clone()).collect::<Vec<_>>();
    let (servers, closing) = (watch::Sender::new(addresses(&nodes)), watch::Sender::new(false));
    let town = Arc::new(Town {
        servers: servers.subscribe(),
        closing: closing.subscribe(),
        people,
        outside,
        notes: Mutex::new(Notes::default()),
    });
    let clients = town.populate(6, 0, 1);
    let enough = |runs: usize| {
        let town = &town;
        move || async move { (town.notes.lock().unwrap().runs.len() >= runs).then_some(()) }
    };
    for index in 0..nodes.len() {
        let so_far = town.notes.lock().unwrap().runs.len();
        eventually("the load goes on", PATIENCE, enough(so_far + 6)).await;
        // Clients still have its address: all they meet is a closed door.
        let status = nodes[index].stop().await;
        assert!(status.success(), "{status}: {}", nodes[index].log());
        nodes[index] = launch.start().await;
        servers.send_replace(addresses(&nodes));
    }
    closing.send_replace(true);
    tokio::time::timeout(PATIENCE, clients.join_all()).await.expect("the clients come to rest");
    {
        let notes = town.notes.lock().unwrap();
        assert!(notes.broken.is_empty() && notes.put_off.is_empty(), "{:#?} {:#?}", notes.broken, notes.put_off);
        assert_eq!(notes.asked, 0, "an orderly end leaves no call in doubt");
    }
    eprintln!("{:?}", judge(&town, &nodes[0].url, "rolling restart").await);
    drop(database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_goes_away_and_comes_back() {
    let Some(database) = Postgres::start() else { return };
    let url = database.url();
    let mut fleet = Fleet::start(database, &url, 2).await;
    let mut live = Lines::open(&fleet, 1).await;
    live.wait_for(|line| line == "event: hello").await;

    // A change made through one process is seen on a page of another.
    let seen = fleet.begin(0, "seen", true).await;
    live.wait_for(|line| line.starts_with("data:") && line.contains(&seen)).await;
    fleet.ends(1, &seen, PATIENCE).await;

    fleet.hold(2, 700).await;
    let under_way = [fleet.begin(0, "one", true).await, fleet.begin(1, "two", false).await];
    let held = |id: &str| format!("/held/{id}");
    eventually("both calls are on their way", PATIENCE, || async {
        let posts = fleet.outside.posts().await;
        under_way.iter().all(|id| posts.contains_key(&held(id))).then_some(())
    })
    .await;
    fleet.database.crash();
    let order = start("Held", "while-away", json!({ "keyed": true }));
    for (node, request) in [(0, order.clone()), (1, Request::get("/runs")), (0, Request::get(format!("/runs/{seen}")))]
    {
        let answer = fleet.admin().send(fleet.url(node), &request).await.unwrap();
        assert_eq!((answer.status, answer.code()), (503, "busy"), "{request:?}: {answer:?}");
        let again: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&again));
    }
    assert_eq!(fleet.nodes[0].probe("/healthz").await, 200);
    assert_eq!(fleet.nodes[0].probe("/readyz").await, 503);
    // Their answers arrive while there is nowhere to write them to.
    let waits = || async { fleet.nodes.iter().all(|node| node.log().contains("waits for the database")).then_some(()) };
    eventually("both answers wait for the database", PATIENCE, waits).await;

    fleet.database.restart();
    for (id, keyed) in under_way.iter().zip([true, false]) {
        let run = fleet.ends(1, id, PATIENCE).await;
        assert_eq!(run["status"], "completed", "{run:#}");
        let posts = fleet.outside.posts().await;
        // A database that is away for longer than a lease lets the other process take the run up: what has a key is then sent
        // again under it, and done once.
        let held = posts[&held(id)];
        assert_eq!((held.executed, posts[&format!("/after/{id}")].executed), (1, 1), "{held:?}");
        assert!(held.received == 1 || keyed, "{held:?}");
    }
    live.wait_for(|line| line == "event: resync").await;
    // The start that was put off is taken now, once.
    let first = fleet.admin().send(fleet.url(1), &order).await.unwrap().good();
    let again = fleet.admin().send(fleet.url(0), &order).await.unwrap().good();
    assert_eq!(first["id"], again["id"]);
    fleet.ends(0, first["id"].as_str().unwrap(), PATIENCE).await;
    assert_eq!(fleet.nodes[0].probe("/readyz").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_not_forgotten() {
    let Some(database) = Postgres::start() else { return };
    let proxy = Proxy::to(&database);
    let fleet = Fleet::start(database, &proxy.url(), 1).await;
    let good = |request: Request| {
        let fleet = &fleet;
        move || {
            let request = request.clone();
            async move {
                let answer = fleet.admin().send(fleet.url(0), &request).await.unwrap();
                (answer.status < 500).then_some(answer)
            }
        }
    };
    // A start.
    proxy.lose_the_answer_to("{\"run\":{\"started\"");
    let begin = start("Held", "started", json!({ "keyed": true }));
    let started = eventually("the start is answered", PATIENCE, good(begin)).await.good();
    let started = started["id"].as_str().unwrap().to_owned();
    assert_eq!(proxy.cuts(), 1);
    // The answers of two calls.
    let mut ids = vec![started];
    for keyed in [true, false] {
        fleet.hold(1, 700).await;
        let begin = start("Held", &format!("answered-{keyed}"), json!({ "keyed": keyed }));
        let id = eventually("the start is answered", PATIENCE, good(begin)).await.good();
        let id = id["id"].as_str().unwrap().to_owned();
        proxy.lose_the_answer_to("\"succeeded\":{\"output\"");
        let seen = || async { fleet.outside.posts().await.contains_key(&format!("/held/{id}")).then_some(()) };
        eventually("the call is made", PATIENCE, seen).await;
        let cuts = if keyed { 2 } else { 3 };
        eventually("the answer is lost", PATIENCE, || async { (proxy.cuts() == cuts).then_some(()) }).await;
        ids.push(id);
    }
    // A person's answer.
    let order = start("Order", "decided", json!({ "email": "ada@example.com" }));
    let order = eventually("the order is answered", PATIENCE, good(order)).await.good();
    let order = order["id"].as_str().unwrap().to_owned();
    proxy.lose_the_answer_to("\"closed\":{\"outcome\"");
    let form = json!({ "outcome": "submitted", "values": { "note": "a" } });
    let form = Request::post(format!("/checkpoints/{order}.1/decision"), form);
    let told = eventually("the form is answered", PATIENCE, good(form)).await;
    assert!(matches!((told.status, told.code()), (200, _) | (409, "already_decided")), "{told:?}");
    assert_eq!(proxy.cuts(), 4);

    // Until the wire holds again, requests are answered with 503.
    let shown = good(Request::get(format!("/runs/{order}")));
    let at_approval = || async { (shown().await?.body["waiting_for"] == "approval").then_some(()) };
    eventually("the order goes on by itself", PATIENCE, at_approval).await;
    for id in &ids {
        let run = fleet.ends(0, id, PATIENCE).await;
        assert_eq!(run["status"], "completed", "{run:#}");
    }
    let posts = fleet.outside.posts().await;
    for path in
        ids.iter().flat_map(|id| [format!("/held/{id}"), format!("/after/{id}")]).chain([format!("/keyed/{order}")])
    {
        assert_eq!(posts[&path].executed, 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_fails_over() {
    let Some(primary) = Postgres::start() else { return };
    let mut standby = primary.standby();
    let url = primary.url_with(&standby);
    // What is acknowledged is on both.
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    primary.sql("SELECT pg_reload_conf()").await;
    let mut fleet = Fleet::start(primary, &url, 2).await;
    let waiting = start("Order", "waiting", json!({ "email": "ada@example.com" }));
    let waiting = fleet.admin().send(fleet.url(0), &waiting).await.unwrap().good()["id"].as_str().unwrap().to_owned();
    fleet.hold(4, 700).await;
    let (keyed, unkeyed) = fleet.begin_held(1, 2).await;
    fleet.database.crash();
    standby.promote();
    for id in keyed.iter().chain(&unkeyed) {
        let over = || async {
            let answer = fleet.admin().send(fleet.url(0), &Request::get(format!("/runs/{id}"))).await.unwrap();
            (answer.status == 200 && is_over(&answer.body)).then_some(())
        };
        eventually(&format!("{id} ends on the new primary"), PATIENCE, over).await;
    }
    fleet.nothing_twice(0, &keyed, &unkeyed).await;
    assert_eq!(fleet.run(1, &waiting).await["waiting_for"], "form");
    let new = fleet.begin(0, "on-the-new-primary", true).await;
    fleet.ends(1, &new, PATIENCE).await;
}

/// A live stream, line by line.
struct Lines {
    response: reqwest::Response,
    rest: String,
}

impl Lines {
    async fn open(fleet: &Fleet, node: usize) -> Self {
        let response = fleet.admin().stream(fleet.url(node), "/events").await.unwrap();
        Self { response, rest: String::new() }
    }

    async fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) {
        let read = async {
            loop {
                while let Some((line, rest)) = self.rest.split_once('\n') {
                    let found = wanted(line.trim());
                    self.rest = rest.to_owned();
                    if found {
                        return;
                    }
                }
                let chunk = self.response.chunk().await.unwrap().expect("the stream ended");
                self.rest.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the live page is told");
    }
}
