//! Conversations never go silent: what nobody and no workflow answers waits for a person or starts the fallback.

use crate::{
    channels::Town,
    chat,
    support::{Client, Reply, echo},
};
use countersign_store::Role;
use serde_json::{Value, json};

const WHATSAPP: (&str, &str) = ("whatsapp", "+15555550101");
const SMS: (&str, &str) = ("sms", "+15555550102");

impl Town {
    /// Waits until a conversation is in *Unanswered*, or is not.
    async fn waits(&self, id: &str, wanted: bool) -> Value {
        let mut shown = Value::Null;
        for _ in 0..400 {
            shown = self.admin.get(&format!("/conversations/{id}")).await.json;
            if shown["unanswered_since"].is_i64() == wanted {
                return shown;
            }
            self.a_moment().await;
        }
        panic!("{id} should {} wait: {shown:#}", if wanted { "" } else { "not" });
    }

    async fn until(&self, so: impl AsyncFn() -> bool) {
        for _ in 0..400 {
            if so().await {
                return;
            }
            self.a_moment().await;
        }
    }

    /// Waits until nothing that came in is left to do.
    async fn settled(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for _ in 0..400 {
            rows = self.admin.get("/inbound?limit=200").await.json["items"].as_array().unwrap().clone();
            if rows.iter().all(|row| row["status"] == "done") {
                return rows;
            }
            self.a_moment().await;
        }
        panic!("something is left: {rows:#?}");
    }

    async fn unanswered(&self) -> Vec<String> {
        let found = self.admin.get("/conversations?unanswered=true").await.is(200).json.clone();
        let ids = found["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        let ids: Vec<String> = ids.collect();
        let counts = self.admin.get("/conversations/counts").await.is(200).json.clone();
        assert_eq!(counts["unanswered"], ids.len(), "{found}");
        ids
    }

    async fn set(&self, policy: Value) -> Reply {
        self.admin.patch("/workspace", json!({ "policy": policy })).await
    }

    /// A workflow whose runs end with these words.
    async fn greeter(&self, name: &str, trigger: Value, input: Value) -> String {
        let document = json!({ "schema": 1, "name": name, "triggers": trigger, "input": input, "start": "done",
            "steps": { "done": { "type": "end", "message": format!("{name} is here") } } });
        self.test.publish(&self.admin, document).await
    }

    async fn runs_of(&self, workflow: &str) -> Vec<Value> {
        let found = self.admin.get(&format!("/runs?workflow={workflow}")).await.is(200).json.clone();
        found["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_workflow_wants_waits_until_a_person_answers() {
    let town = Town::start().await;
    town.act(WHATSAPP, json!({ "text": "When are you open?", "times": 2 })).await;
    let id = town.conversation_of(WHATSAPP.0, WHATSAPP.1).await;
    let since = town.waits(&id, true).await["unanswered_since"].clone();
    town.act(WHATSAPP, json!({ "text": "Hello?" })).await;
    town.settled().await;
    assert_eq!(town.waits(&id, true).await["unanswered_since"], since, "it waits since the first");
    assert_eq!(town.unanswered().await, std::slice::from_ref(&id));
    // Words about messages themselves are answered by themselves.
    town.act(SMS, json!({ "text": "STOP" })).await;
    town.act(SMS, json!({ "text": "HELP" })).await;
    town.act(SMS, json!({ "text": "START" })).await;
    town.conversation_of(SMS.0, SMS.1).await;
    town.settled().await;
    assert_eq!(town.unanswered().await, std::slice::from_ref(&id));

    let path = |act: &str| format!("/conversations/{id}/{act}");
    let viewer = town.test.person("viewer@example.com", Role::Viewer, &[]).await;
    viewer.post(&path("answered"), json!({})).await.is(403);
    town.test.other_workspace().await.post(&path("answered"), json!({})).await.is(404);
    assert_eq!(town.unanswered().await.len(), 1);
    // Two people reply at once.
    let again = json!({ "body": "From nine to five." });
    let messages = path("messages");
    for sent in futures::future::join_all([0, 1].map(|_| town.manager.post(&messages, again.clone()))).await {
        sent.is(201);
    }
    assert!(town.unanswered().await.is_empty());
    let me = town.manager.get("/auth/me").await.json["user"]["id"].clone();
    for (act, body) in [
        ("answered", json!({})),
        ("assign", json!({ "assigned_to": me })),
        ("close", json!({})),
        ("answered", json!({})),
    ] {
        town.act(WHATSAPP, json!({ "text": format!("And before {act}?") })).await;
        town.waits(&id, true).await;
        town.manager.post(&path(act), body).await.is(200);
        assert!(town.unanswered().await.is_empty(), "{act}");
    }
    let entries = town.admin.get("/audit?action=conversation.answered").await.json["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert!(entries[0]["detail"]["before"]["unanswered_since"].is_i64(), "{entries}");
}

/// Put aside it is in no list, and comes back by itself: when its time is over, and when the customer writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_aside_is_in_no_list_until_its_time_or_the_customer_comes() {
    let town = Town::start().await;
    town.act(WHATSAPP, json!({ "text": "When are you open?" })).await;
    let id = town.conversation_of(WHATSAPP.0, WHATSAPP.1).await;
    town.waits(&id, true).await;
    let path = |act: &str| format!("/conversations/{id}/{act}");
    let listed = async |query: &str| {
        let found = town.admin.get(&format!("/conversations{query}")).await.is(200).json.clone();
        found["items"].as_array().unwrap().len()
    };
    let lists = async || [listed("").await, listed("?snoozed=true").await, listed("?snoozed=any&status=open").await];
    let returned = async || {
        let found = town.admin.get("/audit?action=conversation.returned").await.is(200).json.clone();
        let entries = found["items"].as_array().unwrap().clone();
        entries.into_iter().map(|entry| entry["detail"]["why"].clone()).collect::<Vec<Value>>()
    };
    let viewer = town.test.person("viewer@example.com", Role::Viewer, &[]).await;
    viewer.post(&path("snooze"), json!({ "until": null })).await.is(403);
    town.test.other_workspace().await.post(&path("snooze"), json!({ "until": null })).await.is(404);
    let now = town.manager.get(&format!("/conversations/{id}")).await.json["updated_at"].as_i64().unwrap();
    let refused = town.manager.post(&path("snooze"), json!({ "until": now - 1000 })).await;
    assert_eq!(refused.is(422).json["errors"][0]["pointer"], "/until");
    town.manager.post(&path("snooze"), json!({ "until": now + 400 * 86_400_000 })).await.is(422);
    assert_eq!(lists().await, [1, 0, 1]);

    let aside = town.manager.post(&path("snooze"), json!({ "until": null })).await.is(200).json.clone();
    assert_eq!(aside["snoozed"], json!({ "until": null }));
    assert_eq!(lists().await, [0, 1, 1]);
    assert!(town.unanswered().await.is_empty(), "nor does it wait in Unanswered meanwhile");
    town.manager.post(&path("messages"), json!({ "body": "We will tell you." })).await.is(201);
    assert_eq!(lists().await, [0, 1, 1], "an operator's words leave it aside");
    town.act(WHATSAPP, json!({ "text": "Hello?" })).await;
    town.until(async || returned().await.len() == 1).await;
    assert_eq!(returned().await, [json!("the customer wrote")]);
    assert_eq!(lists().await, [1, 0, 1]);

    let soon = town.manager.get(&format!("/conversations/{id}")).await.json["updated_at"].as_i64().unwrap() + 1500;
    let aside = town.manager.post(&path("snooze"), json!({ "until": soon })).await;
    assert_eq!(aside.is(200).json["snoozed"]["until"], soon);
    town.until(async || returned().await.len() == 2).await;
    assert_eq!(returned().await[0], json!("its time was over"));
    assert_eq!(lists().await, [1, 0, 1]);

    town.manager.post(&path("snooze"), json!({ "until": null })).await.is(200);
    let back = town.manager.post(&path("wake"), json!({})).await.is(200).json.clone();
    assert_eq!((&back["snoozed"], lists().await), (&Value::Null, [1, 0, 1]));
    // Brought back once more it is as it was, and nothing is on the record.
    let again = town.manager.post(&path("wake"), json!({})).await.is(200).json.clone();
    assert_eq!((&again["updated_at"], returned().await.len()), (&back["updated_at"], 3));

    // What the customer said meanwhile is not put aside unread.
    let messages = back["messages"].as_array().unwrap();
    let newest = messages.last().unwrap()["position"].clone();
    let heard = messages.iter().rfind(|one| one["author"]["kind"] == "customer").unwrap();
    let unread = json!({ "until": null, "seen": heard["position"].as_u64().unwrap() - 1 });
    town.manager.post(&path("snooze"), unread).await.is_problem(409, "messages_since");
    assert_eq!(lists().await, [1, 0, 1]);
    town.manager.post(&path("snooze"), json!({ "until": null, "seen": newest })).await.is(200);
    town.manager.post(&path("wake"), json!({})).await.is(200);
    for wrong in [json!(-1), json!("1"), json!(1.5)] {
        town.manager.post(&path("snooze"), json!({ "until": null, "seen": wrong })).await.is(422);
    }
    town.manager.post(&path("snooze"), json!({ "until": null, "seen": u64::MAX })).await.is(200);
    town.manager.post(&path("wake"), json!({})).await.is(200);
    town.manager.post(&path("close"), json!({})).await.is(200);
    town.manager.post(&path("snooze"), json!({ "until": null })).await.is(409);
    let put = town.admin.get("/audit?action=conversation.snoozed").await.is(200).json.clone();
    assert_eq!(put["items"].as_array().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_while_a_form_is_open_waits_for_a_person_too() {
    let town = Town::start().await;
    town.act(WHATSAPP, json!({ "text": "I want to upgrade" })).await;
    town.reads(WHATSAPP, "(1/2) Account e-mail").await;
    let id = town.conversation_of(WHATSAPP.0, WHATSAPP.1).await;
    assert!(town.unanswered().await.is_empty());
    town.act(WHATSAPP, json!({ "text": "What does it cost?" })).await;
    town.reads(WHATSAPP, "That does not fit").await;
    town.waits(&id, true).await;
    // Answering the form answers no question.
    town.act(WHATSAPP, json!({ "text": "ada@example.com" })).await;
    town.reads(WHATSAPP, "(2/2)").await;
    assert_eq!(town.unanswered().await, std::slice::from_ref(&id));
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "20 a month." })).await.is(201);
    assert!(town.unanswered().await.is_empty());

    // In the chat of our own pages the form stands beside what is typed.
    let (visitor, path) = chat::open(&town.test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "I want to upgrade" })).await.is(201);
    let id = path.rsplit('/').next().unwrap().to_owned();
    town.waits(&id, false).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "Is it safe?" })).await.is(201);
    town.waits(&id, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fallback_takes_what_no_workflow_wants_and_nothing_twice() {
    let town = Town::start().await;
    let own = json!([{ "type": "message", "when": "$contains(text, 'greet')" }]);
    let fallback = town.greeter("Fallback", own, json!({ "type": "object" })).await;
    let picky = json!({ "type": "object", "required": ["order"], "properties": { "order": { "type": "string" } } });
    let picky = town.greeter("Picky", json!([]), picky).await;
    let draft = town.admin.post("/workflows", json!({ "document": echo() })).await.is(201).id();
    for wrong in [picky.as_str(), &draft, "nowhere"] {
        let refused = town.set(json!({ "fallback_workflow": wrong })).await;
        assert_eq!(refused.is(422).json["errors"][0]["pointer"], "/policy/fallback_workflow", "{wrong}");
    }
    let stranger = town.test.other_workspace().await;
    stranger.patch("/workspace", json!({ "policy": { "fallback_workflow": fallback } })).await.is(422);
    let set = town.set(json!({ "fallback_workflow": fallback })).await;
    assert_eq!(set.is(200).json["policy"]["fallback_workflow"], json!(fallback));

    town.act(WHATSAPP, json!({ "text": "When are you open?", "times": 3 })).await;
    town.reads(WHATSAPP, "Fallback is here").await;
    town.settled().await;
    let runs = town.runs_of(&fallback).await;
    assert_eq!(runs.len(), 1, "one message, one run: {runs:?}");
    let log = town.admin.get(&format!("/runs/{}/events", runs[0]["id"].as_str().unwrap())).await.text;
    assert!(log.contains("\"fallback\":true"), "{log}");
    // One that it wants itself starts it once, as any workflow.
    town.act(WHATSAPP, json!({ "text": "please greet me" })).await;
    town.settled().await;
    let runs = town.runs_of(&fallback).await;
    assert_eq!(runs.len(), 2);
    // Its own words start nothing, and another workflow that wants a message has it.
    town.act(SMS, json!({ "text": "I want to upgrade" })).await;
    town.reads(SMS, "Account e-mail").await;
    assert_eq!(town.runs_of(&fallback).await.len(), 2);
    assert!(town.unanswered().await.is_empty());

    town.admin.delete(&format!("/workflows/{fallback}")).await.is(204);
    town.act(WHATSAPP, json!({ "text": "And on Sundays?" })).await;
    let id = town.conversation_of(WHATSAPP.0, WHATSAPP.1).await;
    town.waits(&id, true).await;
    assert_eq!(
        town.set(json!({ "fallback_workflow": "" })).await.is(200).json["policy"]["fallback_workflow"],
        Value::Null
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_told_so_in_the_workspaces_words() {
    let town = Town::start().await;
    let words = json!({ "approval": "Einen Moment bitte.", "failure": "" });
    town.set(json!({ "waiting_messages": { "approval": "x".repeat(1001), "failure": "" } })).await.is(422);
    town.set(json!({ "waiting_messages": words })).await.is(200);
    let document = json!({ "schema": 1, "name": "Asks", "waiting_message": true, "start": "ask",
        "triggers": [{ "type": "message", "when": "true" }],
        "steps": {
            "ask": { "type": "approval", "summary": "Shall we?", "waiting_message": true, "approvers": { "roles": ["manager"] },
                "on_approve": "no", "on_reject": "no" },
            "no": { "type": "end", "status": "failed" } } });
    town.test.publish(&town.admin, document).await;
    town.act(SMS, json!({ "text": "Shall you?" })).await;
    town.reads(SMS, "Einen Moment bitte.").await;
    let open = town.manager.get("/checkpoints?status=open&kind=approval").await.json;
    let path = format!("/checkpoints/{}/decision", open["items"][0]["id"].as_str().unwrap());
    town.manager.post(&path, json!({ "outcome": "approved" })).await.is(200);
    town.settled().await;
    // Where the workspace has no words, nothing is said.
    assert_eq!(town.phone(SMS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_says_whether_it_works_out_and_in() {
    let town = Town::start().await;
    let accounts = town.admin.get("/channels").await.is(200).json["items"].as_array().unwrap().clone();
    let test = async |caller: &Client, id: &str| caller.post(&format!("/channels/{id}/test"), json!({})).await;
    for account in &accounts {
        let (id, channel) = (account["id"].as_str().unwrap(), account["channel"].as_str().unwrap());
        // Adding it tested it, before the sandbox was told where to post.
        let health = &account["health"];
        assert_eq!(health["state"], "sound", "{channel}: {health}");
        let posts = ["telegram", "sms"].contains(&channel);
        assert_eq!(health["incoming_error"]["code"] == "webhook_elsewhere", posts, "{channel}: {health}");
        let tested = test(&town.admin, id).await.is(200).json["health"].clone();
        assert_eq!(
            (&tested["state"], &tested["incoming_error"]),
            (&json!("sound"), &Value::Null),
            "{channel}: {tested}"
        );
        assert!(tested["tested_at"].is_i64() && !tested["known_as"].as_str().unwrap().is_empty());
        assert_eq!(tested["heard_at"], Value::Null);
        assert!(account["address"].as_str().unwrap().ends_with(&format!("/hooks/{channel}/{id}")), "{account}");
    }
    let id = |channel: &str| {
        let found = accounts.iter().find(|one| one["channel"] == channel).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let operator = town.test.person("op@example.com", Role::Operator, &[]).await;
    test(&operator, &id("sms")).await.is(403);
    test(&town.test.other_workspace().await, &id("sms")).await.is(404);

    for (channel, secret, code) in [
        ("whatsapp", "token", "token_expired"),
        ("telegram", "token", "token_invalid"),
        ("sms", "auth_token", "token_invalid"),
    ] {
        let path = format!("/channels/{}", id(channel));
        let value = "1:revoked-secret";
        let saved =
            town.admin.patch(&path, json!({ "secrets": { secret: value } })).await.is(200).json["health"].clone();
        assert_eq!((&saved["state"], &saved["error"]["code"]), (&json!("refused"), &json!(code)), "{channel}: {saved}");
        assert!(!saved.to_string().contains("revoked-secret"), "{saved}");
    }
    let email = format!("/channels/{}", id("email"));
    let login = json!({ "username": "ada", "host": town.sandbox.smtp_addr().ip(), "port": town.sandbox.smtp_addr().port(),
        "tls": "none", "from": "support@example.com" });
    for (password, state) in [("revoked", "refused"), ("good", "sound")] {
        let change = json!({ "settings": login, "secrets": { "password": password } });
        let saved = town.admin.patch(&email, change).await.is(200).json["health"].clone();
        assert_eq!(saved["state"], state, "{saved}");
    }
    // What is over stays told, with its time.
    let saved = town.admin.get("/channels").await.json["items"].clone();
    let saved = saved.as_array().unwrap().iter().find(|one| one["channel"] == "email").unwrap().clone();
    assert_eq!(saved["health"]["error"]["code"], "smtp_535", "{saved}");
    // A provider that is ill says nothing against the credentials.
    town.sandbox("/_/faults", &json!({ "operation": "twilio.account.get", "kind": "fail", "status": 503, "times": 1 }))
        .await;
    let good = json!({ "secrets": { "auth_token": "a-secret" } });
    let ill = town.admin.patch(&format!("/channels/{}", id("sms")), good).await.is(200).json["health"].clone();
    assert_eq!(ill["state"], "failing", "{ill}");
    let tested = town.admin.get("/audit?action=channel.tested").await.json["items"].as_array().unwrap().len();
    assert_eq!(tested, accounts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_messages_say_whether_an_account_works() {
    let town = Town::start().await;
    town.act(WHATSAPP, json!({ "text": "When are you open?" })).await;
    let id = town.conversation_of(WHATSAPP.0, WHATSAPP.1).await;
    let account = async || {
        let found = town.admin.get("/channels").await.json["items"].clone();
        found.as_array().unwrap().iter().find(|one| one["channel"] == "whatsapp").unwrap()["health"].clone()
    };
    let until = async |wanted: &dyn Fn(&Value) -> bool| {
        for _ in 0..400 {
            let health = account().await;
            if wanted(&health) {
                return health;
            }
            town.a_moment().await;
        }
        panic!("it never came: {}", account().await);
    };
    until(&|health| health["heard_at"].is_i64()).await;
    let refused = json!({ "operation": "whatsapp.message.send", "kind": "fail", "status": 401, "times": 1 });
    town.sandbox("/_/faults", &refused).await;
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "From nine." })).await.is(201);
    let health = until(&|health| health["state"] == "refused").await;
    assert_eq!(health["error"]["code"], "token_expired", "{health}");
    town.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": "To five." })).await.is(201);
    let health = until(&|health| health["state"] == "sound").await;
    assert!(health["error"]["at"].as_i64() <= health["succeeded_at"].as_i64(), "{health}");
    let heard = town.admin.get("/audit?action=channel.heard").await.json["items"].as_array().unwrap().len();
    assert_eq!(heard, 2, "each change of its state is on the record once");
}
