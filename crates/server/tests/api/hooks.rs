//! What platforms send: only what is signed, once, into its conversation, and what follows.

use crate::support::{Client, TestApp};
use axum::{body::Body, http::Request};
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_store::{InboundFilter, PageRequest, Role};
use hmac::{Hmac, Mac};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use std::time::Duration;
use tower::ServiceExt;

const SECRET: &str = "a-secret";
const PLATFORMS: [&str; 5] = ["whatsapp", "telegram", "sms", "email", "slack"];

fn sha256(parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    hex::encode(mac.finalize().into_bytes())
}

/// A request of a platform: headers and body.
type Call = (Vec<(&'static str, String)>, String);

struct Hooks {
    test: TestApp,
    admin: Client,
    accounts: Vec<String>,
}

impl Hooks {
    async fn start() -> Self {
        let test = TestApp::start().await;
        let admin = test.key(Role::Admin).await;
        let mut accounts = Vec::new();
        for (channel, settings, secrets) in [
            (
                "whatsapp",
                json!({ "phone_number_id": "555" }),
                json!({ "token": "t", "app_secret": SECRET, "verify_token": SECRET }),
            ),
            ("telegram", json!({}), json!({ "token": "1:t", "webhook_secret": SECRET })),
            ("sms", json!({ "account_sid": "AC1", "from": "+15550009" }), json!({ "auth_token": SECRET })),
            ("email", json!({ "host": "localhost", "from": "s@example.org" }), json!({ "webhook_secret": SECRET })),
            ("slack", json!({}), json!({ "bot_token": "xoxb-1", "signing_secret": SECRET })),
        ] {
            let body = json!({ "channel": channel, "name": "one", "settings": settings, "secrets": secrets });
            let made = admin.post("/channels", body).await;
            accounts.push(made.is(201).json["id"].as_str().unwrap().to_owned());
        }
        Self { test, admin, accounts }
    }

    fn path(&self, platform: &str) -> String {
        let index = PLATFORMS.iter().position(|known| *known == platform).unwrap();
        format!("/hooks/{platform}/{}", self.accounts[index])
    }

    /// What a person wrote, as the platform posts it.
    fn wrote(&self, platform: &str, id: u32, text: &str) -> Call {
        match platform {
            "whatsapp" => {
                let message = json!({ "from": "15550001", "id": format!("wamid.{id}"), "type": "text", "text": { "body": text } });
                let value = json!({ "metadata": { "phone_number_id": "555" }, "messages": [message] });
                self.whatsapp(&value)
            }
            "telegram" => {
                let message = json!({ "message_id": id, "date": 5, "chat": { "id": 42 }, "from": { "first_name": "Ada" }, "text": text });
                let body = json!({ "update_id": id, "message": message }).to_string();
                (vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())], body)
            }
            "sms" => {
                let fields =
                    [("Body", text), ("From", "+15550001"), ("MessageSid", &format!("SM{id}")), ("To", "+15550009")];
                self.sms(&fields)
            }
            "email" => {
                let header = json!([{ "Name": "Message-ID", "Value": format!("<m{id}@example.com>") }]);
                let mail = json!({ "From": "ada@example.com", "Subject": "Plan", "TextBody": text, "Headers": header });
                let basic = BASE64_STANDARD.encode(format!("hook:{SECRET}"));
                (vec![("authorization", format!("Basic {basic}"))], mail.to_string())
            }
            "slack" => {
                let event =
                    json!({ "type": "message", "channel": "C1", "user": "U1", "text": text, "ts": format!("{id}.0") });
                self.slack(&json!({ "type": "event_callback", "event_id": format!("Ev{id}"), "event": event }), 0)
            }
            other => panic!("{other}"),
        }
    }

    fn whatsapp(&self, value: &Value) -> Call {
        let changes = json!([{ "field": "messages", "value": value }]);
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": changes }] });
        let body = body.to_string();
        (vec![("x-hub-signature-256", format!("sha256={}", sha256(&[&body])))], body)
    }

    fn slack(&self, body: &Value, age_seconds: i64) -> Call {
        let (time, body) = ((self.test.app.now() / 1000 - age_seconds).to_string(), body.to_string());
        let signature = format!("v0={}", sha256(&["v0:", &time, ":", &body]));
        (vec![("x-slack-request-timestamp", time), ("x-slack-signature", signature)], body)
    }

    fn sms(&self, fields: &[(&str, &str)]) -> Call {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("https://countersign.example{}", self.path("sms")).as_bytes());
        sorted.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = ("content-type", "application/x-www-form-urlencoded".to_owned());
        (vec![kind, ("x-twilio-signature", signature)], body)
    }

    async fn post(&self, path: &str, (headers, body): &Call) -> (u16, String) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(request.body(Body::from(body.clone())).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (u16, String) {
        let answer = self.test.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn rows(&self) -> Vec<countersign_store::InboundRow> {
        let page = PageRequest { after: None, limit: 200 };
        self.test.store.list_inbound(&self.test.workspace, &InboundFilter::default(), &page).await.unwrap().items
    }

    /// Waits until everything that came in is dealt with; what came of it, oldest first.
    async fn settled(&self) -> Vec<countersign_store::InboundRow> {
        let mut changes = self.test.store.subscribe();
        let all = async {
            loop {
                let mut rows = self.rows().await;
                if rows.iter().all(|row| row.done_at.is_some()) {
                    rows.reverse();
                    return rows;
                }
                let look = Duration::from_millis(100);
                drop(tokio::time::timeout(look, changes.recv()).await);
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all).await.expect("all is dealt with")
    }

    async fn conversations(&self) -> Vec<Value> {
        self.admin.get("/conversations").await.json["items"].as_array().unwrap().clone()
    }

    async fn conversation(&self) -> Value {
        let all = self.conversations().await;
        assert_eq!(all.len(), 1, "{all:?}");
        self.admin.get(&format!("/conversations/{}", all[0]["id"].as_str().unwrap())).await.json
    }
}

#[tokio::test]
async fn only_what_is_signed_is_kept_and_only_once() {
    for platform in PLATFORMS {
        let hooks = Hooks::start().await;
        let path = hooks.path(platform);
        let good = hooks.wrote(platform, 7, "hello");
        let unknown = hooks.post(&format!("/hooks/{platform}/019319c0-0000-7000-8000-000000000000"), &good).await;
        assert_eq!(unknown.0, 404, "{platform}");
        let unsigned = (Vec::new(), good.1.clone());
        assert_eq!(hooks.post(&path, &unsigned).await.0, 401, "{platform}");
        for changed in [0, 1] {
            let mut bad = good.clone();
            match (changed, platform) {
                // The token or password is all that Telegram and mail providers prove themselves with.
                (0, "whatsapp" | "sms" | "slack") => bad.1 = bad.1.replace("hello", "hellp"),
                _ => {
                    let (_, last) = bad.0.last_mut().unwrap();
                    let first = if last.starts_with('x') { "y" } else { "x" };
                    last.replace_range(..1, first);
                }
            }
            assert_eq!(hooks.post(&path, &bad).await.0, 401, "{platform} {:?}", bad.0);
        }
        assert_eq!(hooks.rows().await.len(), 0, "{platform}: what is refused leaves no row");

        let (first, again) = (hooks.post(&path, &good).await, hooks.post(&path, &good).await);
        assert_eq!((first.0, again.0), (200, 200), "{platform}: {} {}", first.1, again.1);
        hooks.settled().await;
        assert_eq!(hooks.post(&path, &good).await.0, 200);
        let rows = hooks.settled().await;
        assert_eq!(rows.len(), 2, "{platform}: the message and what follows from it: {rows:?}");
        let shown = hooks.conversation().await;
        assert_eq!((&shown["channel"], shown["messages"].as_array().unwrap().len()), (&json!(platform), 1));
        assert_eq!(shown["messages"][0]["body"], "hello");
        assert_eq!(shown["messages"][0]["content"]["kind"], "text");
    }
}

#[tokio::test]
async fn one_platform_is_not_another_and_replays_are_too_old() {
    let hooks = Hooks::start().await;
    let telegram = hooks.wrote("telegram", 1, "x");
    let account = hooks.path("telegram").rsplit('/').next().unwrap().to_owned();
    assert_eq!(hooks.post(&format!("/hooks/whatsapp/{account}"), &telegram).await.0, 404);
    assert_eq!(hooks.post(&format!("/hooks/pigeon/{account}"), &telegram).await.0, 404);
    let event = json!({ "type": "event_callback", "event_id": "Ev1", "event": {} });
    for (age, status) in [(299, 200), (301, 401), (-301, 401)] {
        assert_eq!(hooks.post(&hooks.path("slack"), &hooks.slack(&event, age)).await.0, status, "{age}");
    }
    let challenge = hooks.slack(&json!({ "type": "url_verification", "challenge": "c" }), 0);
    let answered = hooks.post(&hooks.path("slack"), &challenge).await;
    assert_eq!(answered, (200, json!({ "challenge": "c" }).to_string()));
    assert_eq!(hooks.post(&hooks.path("sms"), &hooks.wrote("sms", 1, "x")).await.1, "<Response/>");
}

#[tokio::test]
async fn who_writes_over_twilios_whatsapp_is_not_taken_for_their_text_messages() {
    let hooks = Hooks::start().await;
    let wrote = |sid: &str, from: &str, text: &str| {
        let to = from.replace("0001", "0009");
        hooks.sms(&[("Body", text), ("From", from), ("MessageSid", sid), ("To", &to)])
    };
    for (sid, from, text) in [("SM1", "+15550001", "by text"), ("SM2", "whatsapp:+15550001", "by WhatsApp")] {
        assert_eq!(hooks.post(&hooks.path("sms"), &wrote(sid, from, text)).await.0, 200);
    }
    hooks.settled().await;
    let conversations = hooks.conversations().await;
    assert_eq!(conversations.len(), 2, "{conversations:?}");
    let customer = |index: usize| conversations[index]["customer"]["id"].as_str().unwrap();
    assert_eq!(customer(0), customer(1), "one person, two ways");
    // Opted out of one, reached over the other.
    assert_eq!(hooks.post(&hooks.path("sms"), &wrote("SM3", "whatsapp:+15550001", "STOP")).await.0, 200);
    hooks.settled().await;
    for (address, out) in [("whatsapp:+15550001", true), ("+15550001", false)] {
        let row = hooks.test.store.get_consent(&hooks.test.workspace, "sms", address).await.unwrap();
        assert_eq!(row.is_some_and(|row| row.opted_out), out, "{address}");
    }
}

#[tokio::test]
async fn whatsapp_registers_by_the_verify_token() {
    let hooks = Hooks::start().await;
    let get = async |query: &str| {
        let uri = format!("{}?{query}", hooks.path("whatsapp"));
        hooks.send(Request::get(uri).body(Body::empty()).unwrap()).await
    };
    let good = get(&format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={SECRET}")).await;
    assert_eq!(good, (200, "1158201444".to_owned()));
    for bad in ["", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other", "hub.mode=subscribe&hub.challenge=1"] {
        assert_eq!(get(bad).await.0, 401, "{bad}");
    }
    let uri = format!("/hooks/telegram/{}?hub.mode=subscribe", hooks.accounts[1]);
    assert_eq!(hooks.send(Request::get(uri).body(Body::empty()).unwrap()).await.0, 401);
}

#[tokio::test]
async fn what_is_not_known_is_kept_and_never_an_error() {
    let hooks = Hooks::start().await;
    let strange = json!({ "from": "15550001", "id": "w1", "type": "hologram", "hologram": { "x": 1 } });
    let about = json!({ "id": "w0", "status": "pending", "recipient_id": "15550001" });
    for call in [
        hooks.whatsapp(&json!({ "messages": [strange], "statuses": [about] })),
        hooks.whatsapp(&json!({ "messages": 7 })),
        hooks.whatsapp(&json!(null)),
    ] {
        assert_eq!(hooks.post(&hooks.path("whatsapp"), &call).await.0, 200);
    }
    for body in ["", "{", "[]", "\u{0}\u{fffd}", "null"] {
        let headers = vec![("x-hub-signature-256", format!("sha256={}", sha256(&[body])))];
        assert_eq!(hooks.post(&hooks.path("whatsapp"), &(headers, body.to_owned())).await.0, 200, "{body:?}");
        let headers = vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())];
        assert_eq!(hooks.post(&hooks.path("telegram"), &(headers, body.to_owned())).await.0, 200, "{body:?}");
    }
    let rows = hooks.settled().await;
    assert!(rows.len() >= 12, "{}", rows.len());
    let shown = hooks.conversation().await;
    assert_eq!(
        (&shown["messages"][0]["body"], &shown["messages"][0]["content"]["kind"]),
        (&json!("[hologram]"), &json!("unknown"))
    );
}

#[tokio::test]
async fn guesses_of_one_address_come_to_an_end_but_the_platform_is_let_in() {
    let hooks = Hooks::start().await;
    let bad = (Vec::new(), "{}".to_owned());
    let mut statuses = Vec::new();
    for _ in 0..130 {
        statuses.push(hooks.post(&hooks.path("telegram"), &bad).await.0);
    }
    assert_eq!((statuses[0], statuses[129]), (401, 429));
    assert_eq!(hooks.post(&hooks.path("telegram"), &hooks.wrote("telegram", 1, "x")).await.0, 200);
    let large = (hooks.wrote("telegram", 2, "x").0, "x".repeat(3 * 1024 * 1024));
    assert_eq!(hooks.post(&hooks.path("telegram"), &large).await.0, 413);
}

fn asking() -> Value {
    json!({
        "schema": 1, "name": "Seats", "start": "ask",
        "triggers": [{ "type": "message", "when": "$contains(text, 'seats') and channel != 'web'" }],
        "steps": {
            "ask": { "type": "collect_form", "title": "Ask", "prompt": "Gladly.", "next": "done", "form": {
                "type": "object", "required": ["plan", "count"], "properties": {
                    "plan": { "enum": ["pro", "max"], "title": "Plan" },
                    "count": { "type": "integer", "minimum": 1, "title": "How many" } } } },
            "done": { "type": "end", "title": "Done", "status": "completed", "output": "{{ steps.ask.output }}" },
        },
    })
}

#[tokio::test]
async fn a_message_starts_one_run_and_answers_its_form() {
    for platform in PLATFORMS {
        let hooks = Hooks::start().await;
        hooks.test.publish(&hooks.admin, asking()).await;
        let path = hooks.path(platform);
        // Mail goes on in its thread.
        let say = async |id: u32, text: &str| {
            let mut call = hooks.wrote(platform, id, text);
            if platform == "email" && id > 1 {
                let mut mail: Value = serde_json::from_str(&call.1).unwrap();
                mail["Headers"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({ "Name": "References", "Value": "<m1@example.com>" }));
                call.1 = mail.to_string();
            }
            for _ in 0..2 {
                assert_eq!(hooks.post(&path, &call).await.0, 200);
            }
            hooks.settled().await;
        };
        say(1, "more seats please").await;
        say(2, "neither").await;
        let shown = hooks.conversation().await;
        let last = shown["messages"].as_array().unwrap().last().unwrap()["body"].as_str().unwrap().to_owned();
        assert!(last.starts_with("Please choose one of these.\n(1/2) Plan"), "{platform}: {last}");
        say(3, "2").await;
        say(4, "5").await;
        let shown = hooks.conversation().await;
        assert_eq!(shown["runs"].as_array().unwrap().len(), 1, "{platform}");
        let run = hooks.test.until_over(&hooks.admin, shown["runs"][0]["id"].as_str().unwrap()).await;
        assert_eq!(
            (&run["status"], &run["output"]),
            (&json!("completed"), &json!({ "plan": "max", "count": 5 })),
            "{platform}"
        );
        let outcomes: Vec<String> = hooks.settled().await.iter().map(|row| row.outcome.unwrap().to_string()).collect();
        let count = |wanted: &str| outcomes.iter().filter(|outcome| *outcome == wanted).count();
        assert_eq!((count("stored"), count("started"), count("asked"), count("answered")), (4, 1, 2, 1), "{platform}");
    }
}

#[tokio::test]
async fn edits_deletions_and_signs_change_their_message_and_a_person_is_not_interrupted() {
    let hooks = Hooks::start().await;
    let path = hooks.path("telegram");
    let headers = vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())];
    let chat = json!({ "id": 42 });
    // The edit comes before what it edits.
    let edit = json!({ "update_id": 9, "edited_message": { "message_id": 1, "chat": chat, "text": "hello!" } });
    let sign = json!({ "update_id": 10, "message_reaction": { "message_id": 1, "chat": chat, "new_reaction": [{ "emoji": "👍" }] } });
    assert_eq!(hooks.post(&path, &(headers.clone(), edit.to_string())).await.0, 200);
    assert_eq!(hooks.post(&path, &hooks.wrote("telegram", 1, "hello")).await.0, 200);
    assert_eq!(hooks.post(&path, &(headers, sign.to_string())).await.0, 200);
    hooks.settled().await;
    let shown = hooks.conversation().await;
    let message = &shown["messages"][0];
    assert_eq!((&message["body"], &message["content"]["reaction"]), (&json!("hello!"), &json!("👍")), "{message}");
    assert!(message["content"]["edited_at"].is_i64());
    assert_eq!(shown["customer"]["telegram"], "42");
}
