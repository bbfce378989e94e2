//! Customers and operators who keep on trying: they start runs, answer forms, decide approvals, resolve calls in doubt,
//! and write down what they were told.

use super::{
    api::{Answer, Api, Request},
    furnish::{People, is_over, start},
    outside::Outside,
    random::Random,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// Asks, calls with a key, has a look, asks for approval, calls without a key, mails, calls with a key again.
pub const ORDER: &str = r#"
schema: 1
name: Order
triggers: [{ type: api }]
input: { type: object, required: [email], properties: { email: { type: string } } }
vars: { note: null }
start: ask
steps:
  ask:
    type: collect_form
    prompt: Which one?
    form: { type: object, required: [note], additionalProperties: false, properties: { note: { type: string } } }
    set: { note: "{{ output.note }}" }
    timeout: { after: 24h, next: lost }
    next: keyed
  keyed:
    type: tool_call
    action: http.keyed_request
    input: { url: "/keyed/{{ run.id }}", body: { note: "{{ note }}" } }
    retry: { attempts: 8, initial: 200ms, max: 1s }
    next: look
  look: { type: tool_call, action: http.get, input: { url: "/look/{{ run.id }}" }, next: approve }
  approve:
    type: approval
    summary: "Order {{ note }}"
    guards: [unkeyed]
    approvers: { roles: [manager] }
    timeout: { after: 24h, outcome: rejected }
    on_approve: unkeyed
    on_reject: refused
  unkeyed:
    type: tool_call
    action: http.request
    input: { url: "/unkeyed/{{ run.id }}", body: { note: "{{ note }}" } }
    next: mail
  mail:
    type: notify
    channels: [email]
    to: { email: "{{ input.email }}" }
    subject: Your order
    body: "Order {{ note }} is under way."
    next: after
  after:
    type: tool_call
    action: http.keyed_request
    input: { url: "/after/{{ run.id }}", body: { note: "{{ note }}" } }
    retry: { attempts: 8, initial: 200ms, max: 1s }
    next: done
  done: { type: end, output: { note: "{{ note }}" } }
  refused: { type: end, status: rejected }
  lost: { type: end, status: failed }
"#;

/// A message starts it, a form moves it, and it says good-bye.
pub const CHAT: &str = r#"
schema: 1
name: Chat
triggers: [{ type: message, when: "$contains(text, 'please')" }]
start: ask
steps:
  ask:
    type: collect_form
    prompt: Which one would you like?
    form: { type: object, required: [note], additionalProperties: false, properties: { note: { type: string } } }
    timeout: { after: 24h, next: lost }
    next: keyed
  keyed:
    type: tool_call
    action: http.keyed_request
    input: { url: "/chat/{{ conversation.id }}", body: { note: "{{ steps.ask.output.note }}" } }
    retry: { attempts: 8, initial: 200ms, max: 1s }
    next: done
  done: { type: end, message: It is on its way. }
  lost: { type: end, status: failed }
"#;

/// How often one request is tried; with the pause between it is the bound on how long a server may be away.
const TRIES: usize = 3000;
/// How long to wait for another server before asking the same again.
const PAUSE: Duration = Duration::from_millis(30);
/// Looks at one run.
const LOOKS: usize = 4000;

/// One answer to a decision.
#[derive(Debug, Clone)]
pub struct Told {
    pub checkpoint: String,
    /// The outcome that holds, as told to whoever asked.
    pub outcome: String,
    /// Who decided, as told.
    pub by: String,
    /// Whether the asker was told that it was them.
    pub won: bool,
}

/// What was promised to clients.
#[derive(Debug, Default)]
pub struct Notes {
    /// Runs by `Idempotency-Key`.
    pub runs: BTreeMap<String, String>,
    /// Conversations of visitors, with their secrets.
    pub chats: BTreeMap<String, String>,
    pub told: Vec<Told>,
    /// Requests that ended in neither an answer nor a refused connection.
    pub broken: Vec<String>,
    /// Requests that were answered with "not now" or worse.
    pub put_off: Vec<String>,
    /// Calls in doubt that were asked about.
    pub asked: u64,
}

/// Everything clients need.
pub struct Town {
    /// Where servers are; empty while there is none.
    pub servers: watch::Receiver<Vec<String>>,
    /// True once nothing new is to be started.
    pub closing: watch::Receiver<bool>,
    pub people: People,
    pub outside: Outside,
    pub notes: Mutex<Notes>,
}

impl Town {
    /// Sends a request until some server answers it for good.
    ///
    /// # Panics
    /// When none does.
    pub async fn send(&self, api: &Api, request: &Request) -> Answer {
        let mut servers = self.servers.clone();
        let mut trouble = String::new();
        for attempt in 0..TRIES {
            let here = servers.wait_for(|servers| !servers.is_empty()).await.unwrap().clone();
            let base = &here[attempt % here.len()];
            match api.send(base, request).await {
                Ok(answer) if answer.status >= 500 || answer.status == 429 => {
                    trouble = format!("{request:?} at {base}: {answer:?}");
                    self.notes.lock().unwrap().put_off.push(trouble.clone());
                }
                Ok(answer) => return answer,
                Err(error) => {
                    trouble = format!("{error:?}");
                    if !error.is_connect() {
                        self.notes.lock().unwrap().broken.push(format!("{request:?} at {base}: {error:?}"));
                    }
                }
            }
            // Ends early when a server comes or goes.
            drop(tokio::time::timeout(PAUSE, servers.changed()).await);
        }
        panic!("no server answered {request:?}: {trouble}");
    }

    async fn get(&self, path: String) -> Value {
        self.send(&self.people.admin, &Request::get(path)).await.good()
    }

    /// Starts clients that go on until `closing`; each finishes what it began.
    pub fn populate(self: &Arc<Self>, clients: u64, visitors: u64, seed: u64) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let (town, mut random) = (Arc::clone(self), Random::new(seed ^ ((client + 1) << 32)));
            tasks.spawn(async move {
                for number in 0..10_000 {
                    if *town.closing.borrow() {
                        return;
                    }
                    town.order(&format!("c{client}-{number}"), &mut random).await;
                }
            });
        }
        for visitor in 0..visitors {
            let town = Arc::clone(self);
            tasks.spawn(async move {
                for number in 0..10_000 {
                    if *town.closing.borrow() {
                        return;
                    }
                    town.chat(&format!("v{visitor}-{number}")).await;
                }
            });
        }
        tasks
    }

    /// One run from start to end.
    async fn order(&self, key: &str, random: &mut Random) {
        let request = start("Order", key, json!({ "email": format!("{key}@example.com") }));
        // Now and then a client asks again although it was answered.
        for _ in 0..=u64::from(random.below(4) == 0) {
            let run = self.send(&self.people.admin, &request).await.good()["id"].as_str().unwrap().to_owned();
            let known = self.notes.lock().unwrap().runs.entry(key.to_owned()).or_insert_with(|| run.clone()).clone();
            assert_eq!(known, run, "one key, two runs");
        }
        let run = self.notes.lock().unwrap().runs[key].clone();
        for _ in 0..LOOKS {
            let now = self.get(format!("/runs/{run}")).await;
            if is_over(&now) {
                return;
            }
            let moved = match now["waiting_for"].as_str() {
                Some("form" | "approval" | "unknown_outcome") => self.attend(&run, random).await,
                _ => false,
            };
            if !moved {
                tokio::time::sleep(PAUSE).await;
            }
        }
        panic!("run {run} does not end: {:#}", self.get(format!("/runs/{run}")).await);
    }

    /// Does what the run's open checkpoint asks for; false when there is none any more.
    async fn attend(&self, run: &str, random: &mut Random) -> bool {
        let list = self.get(format!("/checkpoints?run={run}&status=open")).await;
        let Some(checkpoint) = list["items"].as_array().unwrap().first() else { return false };
        let id = checkpoint["id"].as_str().unwrap();
        let [one, two] = match checkpoint["kind"].as_str().unwrap() {
            "form" => ["a", "b"].map(|note| json!({ "outcome": "submitted", "values": { "note": note } })),
            "approval" => ["approved", "rejected"].map(|outcome| json!({ "outcome": outcome })),
            "unknown_outcome" => {
                let answer = self.find_out(id).await;
                [answer.clone(), answer]
            }
            other => panic!("nobody asked for a {other}"),
        };
        let [first, second] = &self.people.managers;
        match random.below(4) {
            0 => drop(tokio::join!(self.decide(first, id, one), self.decide(second, id, two))),
            1 => self.decide(second, id, two).await,
            _ => self.decide(first, id, one).await,
        }
        true
    }

    /// Looks outside whether a call in doubt took place, as a person would.
    async fn find_out(&self, id: &str) -> Value {
        self.notes.lock().unwrap().asked += 1;
        let checkpoint = self.get(format!("/checkpoints/{id}")).await;
        let sent = &checkpoint["unknown"]["sent"];
        let happened = match sent["kind"].as_str() {
            Some("action") => self.outside.posts_to(sent["input"]["url"].as_str().unwrap()).await.executed > 0,
            Some("message") => self.outside.mails().await.contains_key(sent["to"].as_str().unwrap()),
            // Decided meanwhile: whatever is said comes too late.
            _ => true,
        };
        if happened {
            json!({ "outcome": "happened", "result": { "found": true } })
        } else {
            json!({ "outcome": "not_happened" })
        }
    }

    async fn decide(&self, who: &Api, id: &str, body: Value) {
        let answer = self.send(who, &Request::post(format!("/checkpoints/{id}/decision"), body.clone())).await;
        let won = match (answer.status, answer.code()) {
            (200, _) => true,
            (409, "already_decided") => false,
            // The run went on to something else between two tries of the same decision.
            (409, "stale" | "run_over" | "run_moved") => return,
            _ => panic!("{id} {body}: {answer:?}"),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (outcome, by) = (text(&answer.body["outcome"]), text(&answer.body["decided_by"]["name"]));
        if won {
            assert_eq!(outcome, text(&body["outcome"]), "told that it won: {answer:?}");
        }
        self.notes.lock().unwrap().told.push(Told { checkpoint: id.to_owned(), outcome, by, won });
    }

    /// Says something and, when no answer comes, says it again only if it does not stand in the chat: what stands there is
    /// accepted, and what follows from it is the server's business.
    async fn say_once(&self, visitor: &Api, said: &Request, look: &Request) {
        let mut servers = self.servers.clone();
        for _ in 0..TRIES {
            let here = servers.wait_for(|servers| !servers.is_empty()).await.unwrap().clone();
            if let Ok(answer) = visitor.send(&here[0], said).await
                && answer.status < 500
                && answer.status != 429
            {
                answer.good();
                return;
            }
            let view = self.send(visitor, look).await.good();
            if view["messages"].as_array().is_some_and(|messages| !messages.is_empty()) {
                return;
            }
        }
        panic!("no server took {said:?}");
    }

    /// One chat from the first word to the last.
    async fn chat(&self, name: &str) {
        let visitor = &self.people.visitor;
        let opened =
            self.send(visitor, &Request::post("/chat/main/conversations", json!({ "name": name }))).await.good();
        let (id, token) = (opened["conversation"].as_str().unwrap(), opened["token"].as_str().unwrap());
        self.notes.lock().unwrap().chats.insert(id.to_owned(), token.to_owned());
        let with_token = |request: Request| request.header("x-visitor", token);
        let said = json!({ "body": "one of those please", "client_id": "only" });
        let said = with_token(Request::post(format!("/chat/conversations/{id}/messages"), said));
        self.say_once(visitor, &said, &with_token(Request::get(format!("/chat/conversations/{id}")))).await;
        for _ in 0..LOOKS {
            let view = self.send(visitor, &with_token(Request::get(format!("/chat/conversations/{id}")))).await.good();
            let messages = view["messages"].as_array().unwrap();
            if messages.iter().any(|message| message["body"] == "It is on its way.") {
                return;
            }
            let open = messages.iter().map(|message| &message["form"]).find(|form| form["status"] == "open");
            if let Some(form) = open.and_then(|form| form["checkpoint"].as_str()) {
                let form = Request::post(
                    format!("/chat/conversations/{id}/forms/{form}"),
                    json!({ "values": { "note": name } }),
                );
                let answer = self.send(visitor, &with_token(form)).await;
                assert!(matches!((answer.status, answer.code()), (200, _) | (409, "already_decided")), "{answer:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("chat {id} does not end");
    }
}
