//! Checkpoints that everybody wants to end at the same moment: two people on the page, two programs, a personal link, a
//! button in Telegram, one in Slack, the time limit and a cancel of the run. Each has one outcome, what follows fits it,
//! and whoever came too late is told who was faster and when. `RACES` says how many, on each database.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod live;

use hmac::{Hmac, Mac};
use live::{
    api::{Answer, Request},
    eventually,
    furnish::{People, furnish, is_over, publish, start},
    node::{Launch, Node},
    outside::Outside,
    postgres::Postgres,
    random::Random,
};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};
use tokio::task::JoinSet;

/// Checkpoints; `make crash` asks for more.
const RACES: usize = 48;
/// Asked, told of and fought for together.
const AT_ONCE: usize = 48;
/// The approval's time limit: long enough for everybody to be told before.
const LIMIT: &str = "4s";
const SECRET: &str = "a-secret";
/// Within which all of them act.
const MOMENT_MS: u64 = 200;
/// How long each may take to come to rest.
const SETTLE: Duration = Duration::from_secs(60);
/// Who is told where: by mail with a link, by a button in Telegram, by one in Slack.
const BY_MAIL: &str = "grace@example.com";
const TELEGRAM: &str = "4242";
const SLACK: &str = "U4242";

const RACE: &str = r#"
schema: 1
name: Race
triggers: [{ type: api }]
input: { type: object, required: [number], properties: { number: { type: integer } } }
start: ask
steps:
  ask:
    type: approval
    summary: "Race {{ input.number }}!"
    approvers: { roles: [manager] }
    guards: [call]
    timeout: { after: LIMIT, outcome: rejected }
    on_approve: call
    on_reject: no
  call: { type: tool_call, action: http.request, connection: sandbox, input: { url: "/race/{{ input.number }}", body: {} }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
"#;

fn races() -> usize {
    std::env::var("RACES").ok().and_then(|count| count.parse().ok()).unwrap_or(RACES)
}

/// A person who can be told; their session's cookie.
async fn joined(node: &Node, people: &People, email: &str) -> String {
    let person = json!({ "email": email, "name": email.split('@').next(), "role": "operator", "groups": ["manager"] });
    let link = people.admin.post(&node.url, "/people", person).await["setup_url"].as_str().unwrap().to_owned();
    let setup = json!({ "token": link.rsplit('#').next().unwrap(), "password": "countersign-test" });
    let answer = people.visitor.send(&node.url, &Request::post("/auth/setup", setup)).await.unwrap();
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn clicked(cookie: &str, request: Request) -> Request {
    request.header("cookie", cookie).header("x-requested-with", "countersign")
}

/// Not quite at once: nobody is always the first.
fn late<F: Future>(random: &mut Random, act: F) -> impl Future<Output = F::Output> + use<F> {
    let moment = random.millis(0, MOMENT_MS);
    async move {
        tokio::time::sleep(moment).await;
        act.await
    }
}

/// The server and those who fight.
struct Ring {
    base: String,
    http: reqwest::Client,
    outside: Outside,
    people: People,
    workflow: String,
    /// Sessions on the page.
    cookies: [String; 2],
    /// Addresses of the platforms' webhooks.
    telegram: String,
    slack: String,
}

impl Ring {
    async fn set(node: &Node) -> Self {
        let outside = Outside::start().await;
        let people = furnish(node, &outside).await;
        let workflow = publish(node, &people.admin, &RACE.replace("LIMIT", LIMIT)).await;
        let account = async |channel: &str, path: &str, secrets: Value| -> String {
            let settings = json!({ "base_url": format!("{}/{path}", outside.sandbox.url()) });
            let account = json!({ "channel": channel, "name": channel, "settings": settings, "secrets": secrets });
            let made = people.admin.post(&node.url, "/channels", account).await;
            format!("{}/hooks/{channel}/{}", node.url, made["id"].as_str().unwrap())
        };
        let telegram = account("telegram", "telegram", json!({ "token": "1:t", "webhook_secret": SECRET })).await;
        let slack = account("slack", "slack/api", json!({ "bot_token": "xoxb-1", "signing_secret": SECRET })).await;
        let mut cookies = Vec::new();
        for (email, channel, address) in [
            (BY_MAIL, "email", BY_MAIL),
            ("edsger@example.com", "telegram", TELEGRAM),
            ("alan@example.com", "slack", SLACK),
        ] {
            let cookie = joined(node, &people, email).await;
            let wishes = json!({ "channels": [{ "channel": channel, "address": address }] });
            let mut wish = clicked(&cookie, Request::post("/me/notifications", wishes));
            wish.method = reqwest::Method::PUT;
            people.visitor.send(&node.url, &wish).await.unwrap().good();
            cookies.push(cookie);
        }
        let http = countersign_outbound::direct().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let cookies = [cookies.swap_remove(0), cookies.swap_remove(0)];
        Self { base: node.url.clone(), http, outside, people, workflow, cookies, telegram, slack }
    }

    async fn recorded(&self, what: &str) -> Vec<Value> {
        let url = format!("{}/_/{what}limit={}", self.outside.sandbox.url(), AT_ONCE * 2);
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
    }

    /// What the three were sent about each of these races: the link's token, Telegram's button and Slack's.
    async fn told(&self, numbers: &[usize]) -> HashMap<usize, [String; 3]> {
        let number_of = |text: &str| -> Option<usize> {
            let rest = text.split_once("Race ")?.1;
            rest.split('!').next()?.parse().ok()
        };
        let button = |message: &Value| -> Option<String> {
            let payload = message["payload"].to_string();
            payload
                .split(['"', '\\'])
                .find(|word| word.starts_with("d:") && word.ends_with(":approved"))
                .map(str::to_owned)
        };
        eventually("everybody is told", SETTLE, async || {
            let mut found: HashMap<usize, [Option<String>; 3]> = HashMap::new();
            for mail in self.recorded(&format!("mails?to={BY_MAIL}&")).await {
                let text = mail["text"].as_str().unwrap_or_default();
                let token = text.split_once("/d/").and_then(|(_, rest)| rest.split_whitespace().next());
                if let (Some(number), Some(token)) = (number_of(text), token) {
                    found.entry(number).or_default()[0] = Some(token.to_owned());
                }
            }
            for (at, channel) in ["telegram", "slack"].into_iter().enumerate() {
                for message in self.recorded(&format!("messages?channel={channel}&")).await {
                    if let Some(number) = number_of(message["text"].as_str().unwrap_or_default()) {
                        found.entry(number).or_default()[at + 1] = button(&message);
                    }
                }
            }
            let whole = |number: &usize| {
                let [link, telegram, slack] = found.get(number)?.clone();
                Some((*number, [link?, telegram?, slack?]))
            };
            numbers.iter().map(whole).collect()
        })
        .await
    }

    async fn presses(&self, number: usize, telegram: &str, slack: &str) {
        let from = json!({ "id": TELEGRAM.parse::<i64>().unwrap(), "first_name": "Edsger" });
        let message = json!({ "message_id": 7, "date": 5, "chat": { "id": 4242 } });
        let query = json!({ "id": format!("q{number}"), "from": from, "data": telegram, "message": message });
        let update = json!({ "update_id": number, "callback_query": query });
        let in_telegram =
            self.http.post(&self.telegram).header("x-telegram-bot-api-secret-token", SECRET).json(&update).send();

        let action =
            json!({ "action_id": slack, "action_ts": format!("{number}.5"), "value": slack, "type": "button" });
        let payload = json!({
            "type": "block_actions", "user": { "id": SLACK, "username": "alan" }, "channel": { "id": "D1" },
            "container": { "message_ts": "1.0", "channel_id": "D1" }, "actions": [action],
        });
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
        let time = jiff::Timestamp::now().as_second().to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("v0:{time}:{body}").as_bytes());
        let in_slack = self
            .http
            .post(&self.slack)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", time)
            .header("x-slack-signature", format!("v0={}", hex::encode(mac.finalize().into_bytes())))
            .body(body)
            .send();
        let (telegram, slack) = tokio::join!(in_telegram, in_slack);
        assert!(telegram.unwrap().status().is_success() && slack.unwrap().status().is_success());
    }

    /// All of them within a moment, in any order, as the time limit ends; what each was answered.
    async fn fight(&self, race: &Race, mut random: Random) -> Vec<(&'static str, Answer)> {
        let decision = format!("/checkpoints/{}.1/decision", race.run);
        let api = |outcome: &str| Request::post(decision.clone(), json!({ "outcome": outcome, "comment": "now" }));
        let [link, telegram, slack] = &race.told;
        let by_link = Request::post(format!("/links/{link}/decision"), json!({ "outcome": "rejected" }));
        let cancel = Request::post(format!("/runs/{}/cancel", race.run), json!({ "reason": "no longer wanted" }));
        let (visitor, base) = (&self.people.visitor, &self.base);
        let [first, second] = &self.people.managers;
        let (click, other_click) =
            (clicked(&self.cookies[0], api("approved")), clicked(&self.cookies[1], api("rejected")));
        let (yes, no) = (api("approved"), api("rejected"));
        let (one, two, three, four, five, six, ()) = tokio::join!(
            late(&mut random, visitor.send(base, &click)),
            late(&mut random, visitor.send(base, &other_click)),
            late(&mut random, first.send(base, &yes)),
            late(&mut random, second.send(base, &no)),
            late(&mut random, visitor.send(base, &by_link)),
            late(&mut random, self.people.admin.send(base, &cancel)),
            // What platforms bring is decided a moment after it was taken.
            self.presses(race.number, telegram, slack),
        );
        let answers =
            [("session", one), ("session", two), ("api", three), ("api", four), ("link", five), ("cancel", six)];
        answers.into_iter().map(|(who, answer)| (who, answer.unwrap())).collect()
    }

    /// Starts these, waits until everybody was told, lets them fight and looks at each; who won how often.
    async fn round(self: &Arc<Self>, numbers: Vec<usize>, random: &mut Random, won: &mut BTreeMap<String, usize>) {
        let mut runs = HashMap::new();
        for number in &numbers {
            let request = start(&self.workflow, &format!("race-{number}"), json!({ "number": number }));
            let run = self.people.admin.send(&self.base, &request).await.unwrap().good();
            runs.insert(*number, run["id"].as_str().unwrap().to_owned());
        }
        let mut told = self.told(&numbers).await;
        let mut fights = JoinSet::new();
        for number in numbers {
            let race = Race { number, run: runs.remove(&number).unwrap(), told: told.remove(&number).unwrap() };
            let (ring, random) = (Arc::clone(self), Random::new(random.number()));
            fights.spawn(async move { ring.one(&race, random).await });
        }
        for winner in fights.join_all().await {
            *won.entry(winner).or_default() += 1;
        }
    }

    /// One race from the moment its time limit nearly ends; who won.
    async fn one(&self, race: &Race, mut random: Random) -> String {
        let path = format!("/checkpoints/{}.1", race.run);
        let due = self.people.admin.get(&self.base, &path).await["due_at"].as_i64().unwrap();
        let left = due - jiff::Timestamp::now().as_millisecond();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        tokio::time::sleep(left.saturating_sub(random.millis(0, 2 * MOMENT_MS))).await;
        let answers = self.fight(race, random).await;
        let run = format!("/runs/{}", race.run);
        let over = eventually("the run ends", SETTLE, async || {
            Some(self.people.admin.get(&self.base, &run).await).filter(is_over)
        })
        .await;
        let checkpoint = self.people.admin.get(&self.base, &path).await;
        race.judge(&checkpoint, &over, &answers)
    }
}

/// One checkpoint and what the three were sent about it.
struct Race {
    number: usize,
    run: String,
    told: [String; 3],
}

impl Race {
    /// Whether what everybody was answered agrees with how it ended; by which door it was decided.
    fn judge(&self, checkpoint: &Value, run: &Value, answers: &[(&str, Answer)]) -> String {
        let outcome = checkpoint["outcome"].as_str().unwrap_or_default();
        let via = checkpoint["decided_by"]["via"].as_str().unwrap_or_default();
        let context = || format!("race {}: {outcome} via {via}\n{checkpoint:#}\n{answers:#?}", self.number);
        assert_ne!(checkpoint["status"], "open", "{}", context());
        let deciding = || answers.iter().filter(|(who, _)| *who != "cancel");
        let winners: Vec<_> = deciding().filter(|(_, answer)| answer.status == 200).collect();
        assert!(winners.len() <= 1, "more than one was told that they decided: {}", context());
        for (who, loser) in deciding().filter(|(_, answer)| answer.status != 200) {
            let expected = if *who == "link" { (410, "link_over") } else { (409, "already_decided") };
            assert_eq!((loser.status, loser.code()), expected, "{who}: {}", context());
            assert_eq!(loser.body["outcome"], outcome, "{who} is told another outcome: {}", context());
            assert_eq!(loser.body["decided_at"], checkpoint["decided_at"], "{who}: {}", context());
            assert_eq!(loser.body["decided_by"], checkpoint["decided_by"], "{who}: {}", context());
        }
        if let Some((_, winner)) = winners.first() {
            assert_eq!(winner.body["outcome"], outcome, "{}", context());
        }
        let others = matches!(via, "channel" | "timeout") || outcome == "cancelled";
        assert_eq!(winners.is_empty(), others, "{}", context());
        let status = run["status"].as_str().unwrap();
        let fits = match outcome {
            "approved" => matches!(status, "completed" | "cancelled"),
            "rejected" => matches!(status, "rejected" | "cancelled"),
            "cancelled" => status == "cancelled",
            _ => false,
        };
        assert!(fits, "{status}: {}", context());
        if outcome == "cancelled" { outcome.to_owned() } else { via.to_owned() }
    }
}

async fn fought(node: &Node, seed: u64) {
    let ring = Arc::new(Ring::set(node).await);
    let (mut random, mut won) = (Random::new(seed), BTreeMap::new());
    let numbers: Vec<usize> = (1..=races()).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        ring.round(numbers.to_vec(), &mut random, &mut won).await;
    }
    let posts = ring.outside.posts().await;
    let runs = ring.people.admin.all(&node.url, "/runs").await;
    assert_eq!(runs.len(), races());
    for (path, calls) in posts.iter().filter(|(path, _)| path.starts_with("/race/")) {
        assert_eq!(calls.received, 1, "CRASH_SEED={seed}: {path}");
    }
    let trail = ring.people.admin.get(&node.url, "/audit/verify").await;
    assert_eq!(trail["ok"], true, "{trail}");
    assert!(won.len() > 1, "CRASH_SEED={seed}: nobody fought, {won:?}");
    eprintln!("CRASH_SEED={seed}: {} races, won by {won:?}, {} calls", races(), posts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_of_everybody_at_once_one_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = Launch::sqlite(folder.path()).start().await;
    fought(&node, Random::seed()).await;
    assert!(node.stop().await.success(), "{}", node.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_of_everybody_at_once_one_decides() {
    let Some(database) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut node = Launch::postgres(&database.url(), folder.path()).start().await;
    fought(&node, Random::seed()).await;
    assert!(node.stop().await.success(), "{}", node.log());
}
