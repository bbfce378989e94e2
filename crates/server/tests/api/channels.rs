//! Customers on every channel, played by the sandbox: it signs and posts as the platforms do, twice, badly and with statuses
//! in the wrong order, and its phone shows what arrived.

use crate::support::{Client, TestApp};
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_server::ServerConfig;
use countersign_store::{Author, MessageRow, NewMessage, Role};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use tokio::net::TcpListener;

const UPGRADE: &str = include_str!("../../../../examples/subscription-upgrade.yaml");
const SECRET: &str = "a-secret";

/// A channel, and Ada's address on it.
const CHANNELS: [(&str, &str); 4] =
    [("whatsapp", "+15555550101"), ("telegram", "1001"), ("sms", "+15555550101"), ("email", "ada@example.com")];

pub(crate) struct Town {
    pub(crate) test: TestApp,
    pub(crate) sandbox: Sandbox,
    pub(crate) client: reqwest::Client,
    base_url: String,
    pub(crate) admin: Client,
    pub(crate) manager: Client,
}

impl Town {
    pub(crate) async fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let sandbox = Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let test = TestApp::with(ServerConfig { base_url: base_url.clone(), ..ServerConfig::default() }).await;
        let router = test.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let admin = test.key(Role::Admin).await;
        let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
        let client = countersign_outbound::direct().no_proxy().build().unwrap();
        let town = Self { test, sandbox, client, base_url, admin, manager };
        town.furnish().await;
        town
    }

    async fn furnish(&self) {
        let (url, smtp) = (self.sandbox.url(), self.sandbox.smtp_addr());
        for (connector, secrets) in
            [("identity", json!({ "token": "identity_test" })), ("stripe", json!({ "api_key": "sk_test_1" }))]
        {
            let settings = json!({ "base_url": format!("{url}/{connector}") });
            let body = json!({ "connector": connector, "name": "sandbox", "settings": settings, "secrets": secrets });
            self.admin.post("/connections", body).await.is(201);
        }
        let at = |service: &str| format!("{url}/{service}");
        for (channel, settings, secrets) in [
            (
                "whatsapp",
                json!({ "base_url": at("whatsapp"), "phone_number_id": "15550000001" }),
                json!({ "token": "t", "app_secret": SECRET, "verify_token": "v" }),
            ),
            ("telegram", json!({ "base_url": at("telegram") }), json!({ "token": "1:t", "webhook_secret": SECRET })),
            (
                "sms",
                json!({ "base_url": at("twilio"), "account_sid": "AC1", "from": "+15550000002" }),
                json!({ "auth_token": SECRET }),
            ),
            (
                "email",
                json!({ "host": smtp.ip(), "port": smtp.port(), "tls": "none", "from": "Support <support@example.com>" }),
                json!({ "webhook_secret": SECRET }),
            ),
        ] {
            let body = json!({ "channel": channel, "name": "sandbox", "settings": settings, "secrets": secrets });
            let made = self.admin.post("/channels", body).await;
            let id = made.is(201).json["id"].as_str().unwrap().to_owned();
            let url = format!("{}/hooks/{channel}/{id}", self.base_url);
            self.sandbox("/_/hooks", &json!({ "channel": channel, "url": url, "secret": SECRET })).await;
        }
        let made = self.admin.post("/workflows", json!({ "source": UPGRADE })).await;
        let id = made.is(201).json["id"].as_str().unwrap().to_owned();
        self.admin.post(&format!("/workflows/{id}/publish"), json!({ "message": "first" })).await.is(201);
    }

    /// Posts to the sandbox's own addresses; its answer.
    pub(crate) async fn sandbox(&self, path: &str, body: &Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.sandbox.url())).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {body}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap_or(Value::Null)
    }

    /// The customer does something; the statuses it was answered with.
    pub(crate) async fn act(&self, (channel, from): (&str, &str), mut what: Value) -> Vec<u64> {
        what["channel"] = json!(channel);
        what["from"] = json!(from);
        let answer = self.sandbox("/_/customer", &what).await;
        answer["statuses"].as_array().unwrap().iter().map(|status| status.as_u64().unwrap()).collect()
    }

    /// Asks for a page of a customer, as a telephone does: no script, no account.
    pub(crate) async fn page(&self, url: &str, form: Option<Vec<u8>>) -> (u16, String) {
        let request = match form {
            None => self.client.get(url),
            Some(body) => self.client.post(url).header("content-type", "multipart/form-data; boundary=BB").body(body),
        };
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert!(header("x-robots-tag").unwrap_or_default().contains("noindex"), "{url}");
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// What arrived on the phone.
    pub(crate) async fn phone(&self, (channel, to): (&str, &str)) -> Vec<Value> {
        let url = format!("{}/_/messages?channel={channel}&to={}", self.sandbox.url(), to.replace('+', "%2B"));
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until the phone's last message says this.
    pub(crate) async fn reads(&self, who: (&str, &str), words: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..400 {
            last = self.phone(who).await.pop().unwrap_or_default();
            if last["text"].as_str().is_some_and(|text| text.contains(words)) {
                return last;
            }
            self.a_moment().await;
        }
        panic!("{who:?} does not read “{words}” but {last}");
    }

    /// Until something changes, or a little later: what the sandbox does changes nothing here.
    pub(crate) async fn a_moment(&self) {
        let mut changes = self.test.store.subscribe();
        drop(tokio::time::timeout(Duration::from_millis(50), changes.recv()).await);
    }

    pub(crate) async fn conversation(&self, channel: &str) -> Value {
        let found = self.admin.get(&format!("/conversations?channel={channel}")).await.json;
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{channel}: {items:?}");
        self.admin.get(&format!("/conversations/{}", items[0]["id"].as_str().unwrap())).await.json
    }

    /// Waits until every message of ours has come so far.
    async fn delivered(&self, channel: &str, status: &str) -> Value {
        let mut shown = Value::Null;
        for _ in 0..400 {
            shown = self.conversation(channel).await;
            let ours = shown["messages"].as_array().unwrap().iter().filter(|one| one["author"]["kind"] != "customer");
            if ours.clone().count() > 0 && ours.clone().all(|one| one["delivery"]["status"] == status) {
                return shown;
            }
            self.a_moment().await;
        }
        panic!("{channel}: not all is {status}: {:#}", shown["messages"]);
    }

    /// The id of the conversation of an address, once it is there.
    pub(crate) async fn conversation_of(&self, channel: &str, address: &str) -> String {
        for _ in 0..400 {
            let found = self.admin.get(&format!("/conversations?channel={channel}")).await.json;
            for one in found["items"].as_array().unwrap() {
                let id = one["id"].as_str().unwrap();
                let row = self.test.store.get_conversation(&self.test.workspace, id).await.unwrap().unwrap();
                if row.external_id.as_deref() == Some(address) {
                    return row.id;
                }
            }
            self.a_moment().await;
        }
        panic!("{address} has no conversation");
    }

    /// The message of these words, once it is known what became of it.
    pub(crate) async fn ended(&self, channel: &str, words: &str) -> Value {
        for _ in 0..400 {
            let shown = self.conversation(channel).await;
            let found = shown["messages"].as_array().unwrap().iter().find(|one| one["body"] == words).cloned();
            let status = |one: &Value| one["delivery"]["status"].as_str().unwrap_or_default().to_owned();
            if let Some(found) = found.filter(|one| !matches!(status(one).as_str(), "queued" | "sending")) {
                return found;
            }
            self.a_moment().await;
        }
        panic!("nothing became of “{words}”");
    }

    async fn approve(&self) {
        for _ in 0..400 {
            let open = self.manager.get("/checkpoints?status=open&kind=approval").await.json;
            if let Some(id) = open["items"][0]["id"].as_str() {
                let path = format!("/checkpoints/{id}/decision");
                self.manager.post(&path, json!({ "outcome": "approved" })).await.is(200);
                return;
            }
            self.a_moment().await;
        }
        let runs = self.admin.get("/runs").await.json;
        let id = runs["items"][0]["id"].as_str().unwrap_or_default();
        panic!("no approval came: {}", self.admin.get(&format!("/runs/{id}")).await.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_played_from_message_to_notification_on_every_channel() {
    for who in CHANNELS {
        let (channel, town) = (who.0, Town::start().await);
        let bad = town.act(who, json!({ "text": "I want to upgrade", "bad_signature": true })).await;
        assert_eq!(bad, [401], "{channel}");
        let started = town.act(who, json!({ "text": "I want to upgrade", "times": 3 })).await;
        assert_eq!(started, [200; 3], "{channel}");
        let asked = town.reads(who, "(1/2) Account e-mail").await;
        assert!(asked["text"].as_str().unwrap().starts_with("Happy to help"), "{channel}: {asked}");
        town.act(who, json!({ "text": "ada at example", "times": 2 })).await;
        town.reads(who, "this is no e-mail address").await;
        town.act(who, json!({ "text": "ada@example.com", "times": 2 })).await;
        town.reads(who, "(2/2) What do you need Enterprise for?").await;
        town.act(who, json!({ "text": "SKIP", "times": 2 })).await;
        town.approve().await;
        town.reads(who, "Done! You are on Enterprise now.").await;
        let told = town.phone(("whatsapp", "+15555550101")).await;
        let confirmed = told.iter().filter(|one| one["text"].as_str().unwrap().contains("now on Enterprise")).count();
        assert_eq!(confirmed, 1, "{channel}");
        // What the platforms tell of our messages comes later first and stands on the message.
        let far = if matches!(channel, "whatsapp" | "sms") { "delivered" } else { "accepted" };
        let shown = town.delivered(channel, far).await;
        assert_eq!(shown["runs"].as_array().unwrap().len(), 1, "{channel}: one message, one run");
        let said: Vec<&str> =
            shown["messages"].as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap()).collect();
        assert_eq!(
            said.iter().filter(|words| words.contains("upgrade") && !words.contains("Happy")).count(),
            1,
            "{said:?}"
        );

        // An operator's words leave by the same channel.
        let id = shown["id"].as_str().unwrap();
        let path = format!("/conversations/{id}/messages");
        let reply = json!({ "body": "Anything else we can do?", "client_id": "r1" });
        for _ in 0..2 {
            let said = town.manager.post(&path, reply.clone()).await;
            assert!(said.is(201).json["delivery"]["status"].is_string(), "{channel}");
        }
        let read = town.reads(who, "Anything else").await;
        if channel == "email" {
            assert_eq!(read["subject"], "Re: A question");
        }
        town.delivered(channel, far).await;
        let all = town.phone(who).await;
        let count = all.iter().filter(|one| one["text"].as_str().unwrap().contains("Anything else")).count();
        assert_eq!(count, 1, "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_are_pressed_and_failures_are_told_on_the_message() {
    let town = Town::start().await;
    let document = json!({
        "schema": 1, "name": "Pick", "start": "ask", "triggers": [{ "type": "message", "when": "text = 'pick'" }],
        "steps": {
            "ask": { "type": "collect_form", "title": "Ask", "prompt": "Which plan?", "next": "done", "form": {
                "type": "object", "required": ["plan"], "properties": { "plan": { "enum": ["Pro", "Max"] } } } },
            "done": { "type": "end", "title": "Done", "status": "completed", "message": "{{ steps.ask.output.plan }} it is." },
        },
    });
    town.test.publish(&town.admin, document).await;
    for who in [("whatsapp", "+15555550102"), ("telegram", "1002")] {
        town.act(who, json!({ "text": "pick" })).await;
        let asked = town.reads(who, "Which plan?").await;
        assert_eq!(asked["choices"], json!(["Pro", "Max"]), "{who:?}");
        town.act(who, json!({ "press": "Max", "times": 2 })).await;
        town.reads(who, "Max it is.").await;
    }
    // The window of the customer is closed: the reason stands on the message, and it is not tried again.
    let id = town.conversation("whatsapp").await["id"].as_str().unwrap().to_owned();
    town.sandbox("/_/whatsapp/recipients", &json!({ "to": "+15555550102", "window": "closed" })).await;
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "too late" })).await.is(201);
    let failed = async {
        loop {
            let shown = town.conversation("whatsapp").await;
            let last = shown["messages"].as_array().unwrap().last().unwrap().clone();
            if last["delivery"]["status"] == "failed" {
                return last;
            }
            town.a_moment().await;
        }
    };
    let last = tokio::time::timeout(Duration::from_secs(20), failed).await.unwrap();
    assert!(last["delivery"]["error"].as_str().unwrap().contains("24 hours"), "{last}");
    // A service that is away for a moment is tried again, in order.
    let fault = json!({ "service": "telegram", "kind": "rate_limit", "retry_after_seconds": 1, "times": 1 });
    town.sandbox("/_/faults", &fault).await;
    let id = town.conversation("telegram").await["id"].as_str().unwrap().to_owned();
    for body in ["first", "second"] {
        town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": body })).await.is(201);
    }
    town.reads(("telegram", "1002"), "second").await;
    let read: Vec<Value> = town.phone(("telegram", "1002")).await;
    let words: Vec<&str> = read.iter().rev().take(2).map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(words, ["second", "first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_sent_is_not_sent_again() {
    let (town, who) = (Town::start().await, ("telegram", "1003"));
    assert_eq!(town.act(who, json!({ "text": "hello" })).await, [200]);
    let id = loop {
        let found = town.admin.get("/conversations?channel=telegram").await.json;
        if let Some(id) = found["items"][0]["id"].as_str() {
            break id.to_owned();
        }
        town.a_moment().await;
    };
    // A process died while it sent this one: it said that it would, and nobody says what came of it.
    let (store, workspace) = (&town.test.store, &town.test.workspace);
    let said = NewMessage {
        id: "in-doubt".to_owned(),
        conversation: id.clone(),
        at: town.test.app.now(),
        author: Author::Operator,
        author_name: "Manager".to_owned(),
        body: "once only".to_owned(),
        form: None,
        checkpoint: None,
        run: None,
        data: None,
        leaves: false,
    };
    let before = store.append_message(workspace, &said, vec![]).await.unwrap();
    let delivery = Some(json!({ "status": "sending", "attempts": 1 }).to_string());
    let sending = MessageRow { delivery, send_at: Some(0), ..before.clone() };
    assert!(store.change_message(&before, &sending, None, None).await.unwrap());
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "and then" })).await.is(201);
    town.reads(who, "and then").await;
    let words: Vec<Value> = town.phone(who).await;
    assert!(words.iter().all(|one| one["text"] != "once only"), "{words:?}");
    let shown = town.conversation("telegram").await;
    let doubt = shown["messages"].as_array().unwrap().iter().find(|one| one["id"] == "in-doubt").unwrap();
    assert_eq!(doubt["delivery"]["status"], "failed");
    assert_eq!(doubt["delivery"]["code"], "in_doubt");
    assert!(doubt["delivery"]["error"].as_str().unwrap().contains("may have arrived"), "{doubt}");

    // The provider took it and its answer was lost: nobody knows, and it is no refusal.
    town.sandbox("/_/faults", &json!({ "service": "telegram", "kind": "drop_after", "times": 1 })).await;
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "lost answer" })).await.is(201);
    let lost = town.ended("telegram", "lost answer").await;
    assert_eq!(
        (lost["delivery"]["status"].as_str(), lost["delivery"]["code"].as_str()),
        (Some("failed"), Some("in_doubt"))
    );
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "the end" })).await.is(201);
    town.reads(who, "the end").await;
    let words = town.phone(who).await;
    assert_eq!(words.iter().filter(|one| one["text"] == "lost answer").count(), 1, "{words:?}");
}

/// The customer of this conversation wrote last more than a day ago.
async fn silent_for_a_day(town: &Town, conversation: &str) {
    let said = NewMessage {
        id: format!("{conversation}-old"),
        conversation: conversation.to_owned(),
        at: town.test.app.now() - 25 * 3_600_000,
        author: Author::Customer,
        author_name: "Ada".to_owned(),
        body: "yesterday".to_owned(),
        form: None,
        checkpoint: None,
        run: None,
        data: None,
        leaves: false,
    };
    town.test.store.append_message(&town.test.workspace, &said, vec![]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_its_window_whatsapp_gets_the_template_or_the_next_channel_the_message() {
    let town = Town::start().await;
    let (whatsapp, sms) = (("whatsapp", "+15555550106"), ("sms", "+15555550106"));
    let tell = |template: Value| {
        let mut step = json!({ "type": "notify", "title": "Tell", "channels": ["whatsapp", "sms"], "delivery": "first",
            "to": { "phone": "+15555550106" }, "body": "Your parcel is {{ input.state }}.", "next": "done" });
        let name = if template.is_null() { "Parcel" } else { "Parcel with template" };
        if !template.is_null() {
            step["template"] = template;
        }
        json!({ "schema": 1, "name": name, "start": "tell", "steps": { "tell": step,
            "done": { "type": "end", "title": "Done", "status": "completed" } } })
    };
    let plain = town.test.publish(&town.admin, tell(Value::Null)).await;
    let template = json!({ "name": "parcel", "language": "en_US", "parameters": ["{{ input.state }}"] });
    let templated = town.test.publish(&town.admin, tell(template)).await;
    let run = async |workflow: &str, state: &str| {
        let body = json!({ "workflow": workflow, "input": { "state": state } });
        let run = town.admin.post("/runs", body).await.is(201).json.clone();
        let id = run["id"].as_str().unwrap().to_owned();
        for _ in 0..400 {
            let shown = town.admin.get(&format!("/runs/{id}")).await.json;
            if shown["status"] != "running" && shown["status"] != "waiting" {
                return shown;
            }
            town.a_moment().await;
        }
        panic!("{id} does not end");
    };
    // Inside: free words, also where there is a template.
    town.act(whatsapp, json!({ "text": "hello" })).await;
    let conversation = town.conversation_of(whatsapp.0, whatsapp.1).await;
    run(&templated, "packed").await;
    town.reads(whatsapp, "Your parcel is packed.").await;
    // Outside: the template, and where there is none the next channel; the history says why.
    silent_for_a_day(&town, &conversation).await;
    let sent = run(&templated, "sent").await;
    town.reads(whatsapp, "[template parcel] sent").await;
    let shown = json!({ "name": "parcel", "language": "en_US", "parameters": ["sent"] });
    let step = &sent["steps"][0];
    assert_eq!(
        (&step["attempts"][0]["request"]["template"], &step["notify"]["messages"][0]["template"]),
        (&shown, &shown)
    );
    let told = run(&plain, "there").await;
    town.reads(sms, "Your parcel is there.").await;
    let attempts = told["steps"][0]["attempts"].as_array().unwrap().clone();
    assert_eq!(attempts[0]["request"]["channel"], "whatsapp", "{attempts:?}");
    assert_eq!(attempts[0]["error"]["code"], "outside_window", "{attempts:?}");
    assert_eq!((&attempts[1]["request"]["channel"], &attempts[1]["status"]), (&json!("sms"), &json!("completed")));
    // Operators' words are given to WhatsApp, which says whether they come too late.
    town.sandbox("/_/whatsapp/recipients", &json!({ "to": "+15555550106", "window": "closed" })).await;
    let late =
        town.manager.post(&format!("/conversations/{conversation}/messages"), json!({ "body": "too late" })).await;
    late.is(201);
    let late = town.ended("whatsapp", "too late").await;
    assert_eq!(late["delivery"]["code"], "outside_window");
    // WhatsApp knows better than we do: it is asked once more with the template.
    town.act(whatsapp, json!({ "text": "hello again" })).await;
    town.sandbox("/_/whatsapp/recipients", &json!({ "to": "+15555550106", "window": "closed" })).await;
    run(&templated, "back").await;
    town.reads(whatsapp, "[template parcel] back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_sends_too_fast_is_left_alone_as_a_whole() {
    let town = Town::start().await;
    let (ada, bob, sms) = (("telegram", "1004"), ("telegram", "1005"), ("sms", "+15555550105"));
    for who in [ada, bob, sms] {
        town.act(who, json!({ "text": "hello" })).await;
    }
    let mut conversations = Vec::new();
    for (channel, address) in [ada, bob, sms] {
        conversations.push(town.conversation_of(channel, address).await);
    }
    let fault = json!({ "service": "telegram", "kind": "rate_limit", "retry_after_seconds": 60, "times": 1 });
    town.sandbox("/_/faults", &fault).await;
    let say = async |id: &str, body: &str| {
        town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": body })).await.is(201);
    };
    say(&conversations[0], "refused").await;
    for _ in 0..400 {
        let shown = town.admin.get(&format!("/conversations/{}", conversations[0])).await.json;
        let last = shown["messages"].as_array().unwrap().last().unwrap().clone();
        if last["delivery"]["error"].is_string() {
            break;
        }
        town.a_moment().await;
    }
    // Bob's is not even tried, though the fault is over; other accounts go on.
    say(&conversations[1], "held back").await;
    say(&conversations[2], "goes on").await;
    town.reads(sms, "goes on").await;
    assert!(town.phone(bob).await.is_empty());
    let shown = town.admin.get(&format!("/conversations/{}", conversations[1])).await.json;
    let held = shown["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(held["delivery"]["status"], "queued", "{held}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_for_in_words_is_filled_in_on_a_page_once() {
    let town = Town::start().await;
    let document = json!({
        "schema": 1, "name": "Claim", "start": "ask", "triggers": [{ "type": "message", "when": "text = 'claim'" }],
        "steps": {
            "ask": { "type": "collect_form", "title": "Your claim", "prompt": "What <happened>?", "next": "done", "form": {
                "type": "object", "required": ["email", "bill"], "properties": {
                    "email": { "type": "string", "format": "email", "title": "E-mail" },
                    "plan": { "enum": ["Pro", "Max"] },
                    "bill": { "type": "string", "format": "data-url", "contentMediaType": "image/png" } } } },
            "done": { "type": "end", "title": "Done", "status": "completed",
                "message": "{{ steps.ask.output.plan }} for {{ steps.ask.output.email }}: {{ steps.ask.output.bill }}" },
        },
    });
    town.test.publish(&town.admin, document.clone()).await;
    let warned = town.admin.post("/check", json!({ "document": document })).await.is(200).json.clone();
    let lowered = warned["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "form_lowered").unwrap();
    assert_eq!(lowered["pointer"], "/steps/ask/form");
    assert!(lowered["message"].as_str().unwrap().contains("By a link to a page over sms: `bill`"), "{lowered}");
    let who = ("sms", "+15555550104");
    town.act(who, json!({ "text": "claim" })).await;
    let told = town.reads(who, "Please fill this in here: ").await;
    let text = told["text"].as_str().unwrap();
    let link = text.split(' ').next_back().unwrap();
    assert!(link.starts_with(&format!("{}/f/", town.base_url)), "{text}");
    // The preview says what was sent, but for the link.
    let ask = &document["steps"]["ask"];
    let preview = town.admin.post("/forms/preview", json!({ "form": ask["form"], "prompt": ask["prompt"] })).await.json;
    let sms = preview["channels"].as_array().unwrap().iter().find(|one| one["channel"] == "sms").unwrap();
    assert_eq!(sms["message"]["text"].as_str().unwrap().split("/f/").next(), text.split("/f/").next());
    // A GET changes nothing, however often.
    for _ in 0..3 {
        let (status, html) = town.page(link, None).await;
        assert_eq!(status, 200);
        assert!(html.contains("What &lt;happened&gt;?") && html.contains("type=\"email\""), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }
    let filled = |email: &str, kind: &str| {
        let text = |name: &str, value: &str| {
            format!("--BB\r\nContent-Disposition: form-data; name=\"/{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--BB\r\nContent-Disposition: form-data; name=\"/bill\"; filename=\"b.png\"\r\nContent-Type: {kind}\r\n\r\n\u{1}\u{2}\r\n--BB--\r\n"
        );
        Some(format!("{}{}{file}", text("email", email), text("plan", "1")).into_bytes())
    };
    let (status, html) = town.page(link, filled("nobody", "image/png")).await;
    assert_eq!(status, 422, "{html}");
    assert!(html.contains("value=\"nobody\"") && html.contains("role=\"alert\""), "what was written stays: {html}");
    let (status, html) = town.page(link, filled("ada@example.com", "text/html")).await;
    assert!(status == 422 && html.contains("wanted is image/png"), "{html}");
    let part =
        |name: &str, value: &str| format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let begun = format!("{}{}--BB--\r\n", part("/email", "ada@exam"), part("later", "yes")).into_bytes();
    let (status, html) = town.page(link, Some(begun)).await;
    assert!(status == 200 && html.contains("Kept for later"), "{html}");
    let (status, html) = town.page(link, None).await;
    assert!(status == 200 && html.contains("value=\"ada@exam\""), "by the same link it goes on: {html}");
    let both = tokio::join!(
        town.page(link, filled("ada@example.com", "image/png")),
        town.page(link, filled("ada@example.com", "image/png"))
    );
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410], "the first one wins: {both:?}");
    town.reads(who, "Max for ada@example.com: data:image/png;name=b.png;base64,AQI=").await;
    assert_eq!(town.page(link, None).await.0, 410);
    let entries = town.admin.get("/audit?action=checkpoint.decided").await.is(200).json["items"].clone();
    assert_eq!(entries.as_array().map(Vec::len), Some(1), "{entries}");
    assert_eq!(entries[0]["actor"]["via"], "conversation");
    assert_eq!(town.page(&format!("{}/f/guessed", town.base_url), None).await.0, 404);
}
