//! Many webhooks at once, a quarter of them twice, in no order, and the server killed in the middle: each message is there
//! once and starts one run, and so does each call of a webhook trigger. `HOOKS` says how many, `HOOKS_SEED` plays the same order again.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod live;

use live::{
    api::{Api, Request},
    eventually,
    furnish::furnish,
    furnish::publish,
    node::{Launch, Node},
    outside::Outside,
    random::Random,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

const SECRET: &str = "a-secret";
/// Messages; `make crash` asks for more.
const MESSAGES: u64 = 400;
/// Customers who write them.
const CHATS: u64 = 20;
/// Posted at the same time.
const AT_ONCE: usize = 32;
const KILLS: usize = 3;

const GO: &str = r#"
schema: 1
name: Go
triggers: [{ type: message, when: "$contains(text, 'go')" }]
start: done
steps:
  done: { type: end, status: completed }
"#;

fn messages() -> u64 {
    std::env::var("HOOKS").ok().and_then(|count| count.parse().ok()).unwrap_or(MESSAGES)
}

fn update(number: u64) -> Value {
    let chat = json!({ "id": 1 + number % CHATS, "type": "private" });
    let message = json!({ "message_id": number, "date": 5, "chat": chat, "text": format!("go {number}") });
    json!({ "update_id": number, "message": message })
}

/// What providers know: what is still to be delivered, and how long each took.
#[derive(Default)]
struct Provider {
    waiting: Vec<u64>,
    took: Vec<Duration>,
    again: u64,
}

/// Where and what is posted.
#[derive(Clone)]
struct Posted {
    path: String,
    body: fn(u64) -> Value,
}

/// Posts until all is taken, each again until it was answered well, as platforms do.
async fn deliver(provider: Arc<Mutex<Provider>>, server: watch::Receiver<Option<String>>, posted: Posted) {
    let client = countersign_outbound::direct().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    loop {
        let Some(number) = provider.lock().unwrap().waiting.pop() else { return };
        let mut server = server.clone();
        loop {
            let base = server.wait_for(Option::is_some).await.unwrap().clone().unwrap();
            let began = Instant::now();
            let request = client.post(format!("{base}{}", posted.path));
            let request = request.header("x-telegram-bot-api-secret-token", SECRET).header("x-webhook-secret", SECRET);
            match request.json(&(posted.body)(number)).send().await {
                Ok(answer) if answer.status().is_success() => {
                    provider.lock().unwrap().took.push(began.elapsed());
                    break;
                }
                Ok(answer) => assert!(matches!(answer.status().as_u16(), 429 | 503), "{answer:?}"),
                // It died under the request; whether it was kept nobody knows.
                Err(_) => {}
            }
            provider.lock().unwrap().again += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn seed() -> u64 {
    std::env::var("HOOKS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(Random::seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_is_there_once_whatever_is_killed() {
    let (seed, count) = (seed(), messages());
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::sqlite(folder.path());
    let node = launch.start().await;
    let outside = Outside::start().await;
    let admin = furnish(&node, &outside).await.admin;
    publish(&node, &admin, GO).await;
    let settings = json!({ "base_url": format!("{}/telegram", outside.sandbox.url()) });
    let secrets = json!({ "token": "1:t", "webhook_secret": SECRET });
    let account = json!({ "channel": "telegram", "name": "bot", "settings": settings, "secrets": secrets });
    let account = admin.post(&node.url, "/channels", account).await;
    let path = format!("/hooks/telegram/{}", account["id"].as_str().unwrap());
    let node = flood((&launch, node), &admin, Posted { path, body: update }, (count, seed)).await;
    judge(&admin, &node.url, count, seed).await;
}

const CALLED: &str = r#"
schema: 1
name: Called
case: "{{ input.id }}"
triggers: [{ type: webhook, verify: shared_secret, dedup: body.id }]
start: done
steps:
  done: { type: end, output: "{{ input }}" }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_call_of_a_webhook_trigger_starts_one_run_whatever_is_killed() {
    let (seed, count) = (seed(), messages());
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::sqlite(folder.path());
    let node = launch.start().await;
    let outside = Outside::start().await;
    let admin = furnish(&node, &outside).await.admin;
    let workflow = publish(&node, &admin, CALLED).await;
    let place = format!("/workflows/{workflow}/triggers");
    let secret =
        Request { method: Method::PATCH, ..Request::post(format!("{place}/webhook-1"), json!({ "secret": SECRET })) };
    assert_eq!(admin.send(&node.url, &secret).await.unwrap().status, 204);
    let address = admin.get(&node.url, &place).await["items"][0]["url"].as_str().unwrap().to_owned();
    let path = address[address.find("/hooks/").unwrap()..].to_owned();
    let posted = Posted { path, body: |number| json!({ "id": format!("call {number}") }) };
    let node = flood((&launch, node), &admin, posted, (count, seed)).await;

    let (runs, events) = (admin.all(&node.url, "/runs").await, admin.all(&node.url, "/inbound").await);
    let of: BTreeMap<&str, &Value> = runs.iter().map(|run| (run["title"].as_str().unwrap(), run)).collect();
    assert_eq!((of.len() as u64, runs.len() as u64), (count, count), "HOOKS_SEED={seed}: one call, one run");
    assert!((1..=count).all(|number| of.contains_key(format!("call {number}").as_str())), "HOOKS_SEED={seed}");
    assert!(runs.iter().all(|run| run["status"] == "completed"), "HOOKS_SEED={seed}");
    assert_eq!(events.len() as u64, count, "HOOKS_SEED={seed}: what came twice is kept once");
    let started: BTreeSet<&str> = events.iter().map(|event| event["run"].as_str().unwrap()).collect();
    assert_eq!(started, runs.iter().map(|run| run["id"].as_str().unwrap()).collect(), "HOOKS_SEED={seed}");
}

/// Posts all, a quarter of it twice and in no order, while the server is killed; returns when all is dealt with.
async fn flood((launch, mut node): (&Launch, Node), admin: &Api, posted: Posted, (count, seed): (u64, u64)) -> Node {
    let mut random = Random::new(seed);
    let mut order: Vec<u64> = (1..=count).chain((1..=count).filter(|number| number % 4 == 0)).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, usize::try_from(random.below(at as u64 + 1)).unwrap());
    }
    let provider = Arc::new(Mutex::new(Provider { waiting: order, ..Provider::default() }));
    let servers = watch::Sender::new(Some(node.url.clone()));
    let mut posting = JoinSet::new();
    for _ in 0..AT_ONCE {
        posting.spawn(deliver(Arc::clone(&provider), servers.subscribe(), posted.clone()));
    }
    for kill in 1..=KILLS {
        let left = provider.lock().unwrap().waiting.len() * (KILLS - kill + 1) / (KILLS + 1);
        eventually("some are delivered", Duration::from_secs(60), async || {
            (provider.lock().unwrap().waiting.len() <= left).then_some(())
        })
        .await;
        node.kill().await;
        servers.send_replace(None);
        node = launch.start().await;
        servers.send_replace(Some(node.url.clone()));
    }
    posting.join_all().await;
    eventually("all is dealt with", Duration::from_secs(120), async || {
        admin.get(&node.url, "/inbound?status=waiting&limit=1").await["items"]
            .as_array()
            .unwrap()
            .is_empty()
            .then_some(())
    })
    .await;
    let mut provider = provider.lock().unwrap();
    provider.took.sort();
    let at = |part: usize| provider.took[provider.took.len() * part / 100];
    eprintln!(
        "HOOKS_SEED={seed}: {count} of {}, {KILLS} kills, {} posted again, p50 {:?}, p99 {:?}",
        posted.path.split('/').nth(2).unwrap_or_default(),
        provider.again,
        at(50),
        at(99)
    );
    drop(provider);
    node
}

const ORDER: &str = r#"
schema: 1
name: Order
triggers: [{ type: webhook, respond: end, dedup: body.id }]
start: post
steps:
  post:
    type: tool_call
    action: http.keyed_request
    input: { method: POST, url: "/orders", body: { order: "{{ input.id }}" } }
    retry: { attempts: 10, initial: 1s }
    next: done
  done: { type: end, output: { order: "{{ input.id }}" } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_the_end_when_the_server_dies_starts_one_run_and_is_answered_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::sqlite(folder.path());
    let mut node = launch.start().await;
    let outside = Outside::start().await;
    let admin = furnish(&node, &outside).await.admin;
    let workflow = publish(&node, &admin, ORDER).await;
    let triggers = admin.get(&node.url, &format!("/workflows/{workflow}/triggers")).await;
    let address = triggers["items"][0]["url"].as_str().unwrap().to_owned();
    let path = address[address.find("/hooks/").unwrap()..].to_owned();
    let client = countersign_outbound::direct().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
    let order = json!({ "id": "7" });
    // No order is taken while it is tried again and again.
    outside.order(&json!({ "service": "rest", "kind": "fail", "status": 503 })).await;
    let first = tokio::spawn(client.post(format!("{}{path}", node.url)).json(&order).send());
    eventually("it is tried", Duration::from_secs(30), async || {
        (outside.posts_to("/orders").await.received > 0).then_some(())
    })
    .await;
    node.kill().await;
    assert!(first.await.unwrap().is_err(), "it died under the call");
    outside.no_more_faults().await;
    let node = launch.start().await;
    let again = client.post(format!("{}{path}", node.url)).json(&order).send().await.unwrap();
    let (status, told) = (again.status(), again.json::<Value>().await.unwrap());
    let runs = admin.all(&node.url, "/runs").await;
    assert_eq!((status.as_u16(), &told), (200, &json!({ "order": "7" })), "{runs:?}");
    let events = admin.all(&node.url, "/inbound").await;
    assert_eq!((events.len(), runs.len()), (1, 1), "{events:?} {runs:?}");
    assert_eq!((&events[0]["outcome"], &events[0]["run"]), (&json!("started"), &runs[0]["id"]));
    assert_eq!(outside.posts_to("/orders").await.executed, 1);
}

async fn judge(admin: &Api, base: &str, count: u64, seed: u64) {
    let mut said: BTreeMap<String, u64> = BTreeMap::new();
    let (mut runs, mut turned) = (BTreeSet::new(), 0);
    let conversations = admin.all(base, "/conversations?channel=telegram").await;
    assert_eq!(conversations.len() as u64, CHATS.min(count), "HOOKS_SEED={seed}");
    for conversation in conversations {
        let id = conversation["id"].as_str().unwrap();
        let mut before = u64::MAX;
        let mut last = 0;
        loop {
            let page = admin.get(base, &format!("/conversations/{id}?before={before}")).await;
            let messages = page["messages"].as_array().unwrap();
            for message in messages {
                let text = message["body"].as_str().unwrap().to_owned();
                let number: u64 = text.trim_start_matches("go ").parse().unwrap();
                turned += u64::from(number < last);
                last = number;
                *said.entry(text).or_default() += 1;
            }
            match page["has_older"] == true {
                true => before = messages[0]["position"].as_u64().unwrap(),
                false => break,
            }
        }
    }
    assert_eq!(said.len() as u64, count, "HOOKS_SEED={seed}: messages are lost");
    assert!(said.values().all(|times| *times == 1), "HOOKS_SEED={seed}: {said:?}");
    for run in admin.all(base, "/runs").await {
        assert_eq!(run["status"], "completed", "HOOKS_SEED={seed}");
        runs.insert(run["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(runs.len() as u64, count, "HOOKS_SEED={seed}: one message, one run");
    eprintln!("HOOKS_SEED={seed}: {turned} of {count} messages stand behind a later one, as they were posted");
}
