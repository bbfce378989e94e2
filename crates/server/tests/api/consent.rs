//! Who wants no messages gets none: by a word, by the link of a mail, by an operator.

use crate::channels::Town;
use countersign_store::{AuditFilter, ConsentHow};
use serde_json::{Value, json};

const WHATSAPP: (&str, &str) = ("whatsapp", "+15555550101");
const SMS: (&str, &str) = ("sms", "+15555550101");

impl Town {
    /// How often a phone was told something.
    async fn times(&self, who: (&str, &str), words: &str) -> usize {
        self.phone(who).await.iter().filter(|one| one["text"].as_str().unwrap().contains(words)).count()
    }

    /// Waits until a channel's conversation knows what its address wants.
    async fn wants(&self, channel: &str, opted_out: bool) -> Value {
        let mut shown = Value::Null;
        for _ in 0..400 {
            shown = self.conversation(channel).await;
            if shown["consents"][0]["opted_out"] == opted_out {
                return shown;
            }
            self.a_moment().await;
        }
        panic!("{channel}: {}", shown["consents"]);
    }

    async fn reply(&self, channel: &str, body: &str) -> Value {
        let id = self.conversation(channel).await["id"].as_str().unwrap().to_owned();
        self.manager.post(&format!("/conversations/{id}/messages"), json!({ "body": body })).await.is(201);
        self.ended(channel, body).await
    }

    /// Runs a workflow to its end.
    async fn run_to_end(&self, workflow: &str) -> Value {
        let run = self.admin.post("/runs", json!({ "workflow": workflow, "input": {} })).await.is(201).id();
        for _ in 0..400 {
            let shown = self.admin.get(&format!("/runs/{run}")).await.json;
            if shown["status"] != "running" && shown["status"] != "waiting" {
                return shown;
            }
            self.a_moment().await;
        }
        panic!("{run} does not end");
    }

    async fn told(&self) -> usize {
        let filter = AuditFilter::default();
        let trail = self.test.store.list_audit(&self.test.workspace, &filter, None, 200).await.unwrap();
        trail.iter().filter(|entry| entry.action == "consent.told").count()
    }
}

fn telling(name: &str, channels: &[&str]) -> Value {
    json!({ "schema": 1, "name": name, "start": "tell", "steps": {
        "tell": { "type": "notify", "channels": channels, "delivery": "first", "subject": "Your parcel", "next": "done",
            "to": { "phone": "+1 555 555 0101", "email": "Ada@example.com" }, "body": format!("{name} is on its way.") },
        "done": { "type": "end" } } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_ends_the_messages_and_answers_no_form() {
    let town = Town::start().await;
    town.act(WHATSAPP, json!({ "text": "I want to upgrade" })).await;
    town.reads(WHATSAPP, "(1/2) Account e-mail").await;
    town.act(WHATSAPP, json!({ "text": "Stop", "times": 2 })).await;
    town.reads(WHATSAPP, "you get no more messages here").await;
    town.act(WHATSAPP, json!({ "text": "STOP" })).await;
    let shown = town.wants("whatsapp", true).await;
    let consent = &shown["consents"][0];
    assert_eq!((&consent["address"], &consent["how"]), (&json!(WHATSAPP.1), &json!("word")));
    let said = shown["messages"].as_array().unwrap().iter().find(|one| one["body"] == "Stop").unwrap();
    assert_eq!(said["id"], consent["message"]);
    let late = town.reply("whatsapp", "are you sure?").await;
    assert_eq!((&late["delivery"]["status"], &late["delivery"]["code"]), (&json!("failed"), &json!("opted_out")));
    // Who writes is told to whoever asks.
    town.act(WHATSAPP, json!({ "text": "HELP" })).await;
    town.reads(WHATSAPP, "support@example.com").await;
    // What is no word is an answer again once they want messages; the words before it are none.
    town.act(WHATSAPP, json!({ "text": "yes" })).await;
    town.reads(WHATSAPP, "you get messages here again").await;
    town.act(WHATSAPP, json!({ "text": "ada@example.com" })).await;
    town.reads(WHATSAPP, "(2/2)").await;
    assert_eq!(town.times(WHATSAPP, "you get no more").await, 1, "it is answered once");
    assert_eq!(town.times(WHATSAPP, "are you sure?").await, 0);
    assert_eq!(town.told().await, 2, "no more and again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_leaves_out_who_wants_no_messages_and_a_mail_says_where_to_say_so() {
    let town = Town::start().await;
    let both = town.test.publish(&town.admin, telling("Both", &["sms", "email"])).await;
    town.act(SMS, json!({ "text": "unsubscribe" })).await;
    town.conversation_of(SMS.0, SMS.1).await;
    town.wants("sms", true).await;
    let ran = town.run_to_end(&both).await;
    let attempts = ran["steps"][0]["attempts"].as_array().unwrap().clone();
    assert_eq!(
        (&attempts[0]["request"]["channel"], &attempts[0]["error"]["code"]),
        (&json!("sms"), &json!("opted_out"))
    );
    assert_eq!(attempts[1]["status"], "completed", "{attempts:?}");
    assert_eq!(town.phone(SMS).await.len(), 0, "Twilio answers its words itself");

    let mails: Value =
        town.client.get(format!("{}/_/mails", town.sandbox.url())).send().await.unwrap().json().await.unwrap();
    let raw = mails[0]["raw"].as_str().unwrap_or_else(|| panic!("{mails}")).replace("\r\n ", " ");
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{raw}");
    let url = raw.split_once("List-Unsubscribe: <").unwrap().1.split_once('>').unwrap().0.to_owned();
    let known = async || {
        let (store, workspace) = (&town.test.store, &town.test.workspace);
        let row = store.get_consent(workspace, "email", "ada@example.com").await.unwrap();
        row.map(|row| (row.opted_out, row.how))
    };
    let (status, shown) = town.page(&url, None).await;
    assert_eq!(
        (status, shown.contains("ada@example.com"), known().await),
        (200, true, None),
        "reading changes nothing"
    );
    let click = async |body: &'static str| {
        let request = town.client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    for _ in 0..2 {
        assert_eq!(click("List-Unsubscribe=One-Click").await, 200);
    }
    assert_eq!(known().await, Some((true, ConsentHow::Link)));
    let ran = town.run_to_end(&both).await;
    assert_eq!((&ran["status"], &ran["steps"][0]["error"]["code"]), (&json!("failed"), &json!("opted_out")));
    assert_eq!(click("again=yes").await, 200);
    assert_eq!(known().await, Some((false, ConsentHow::Link)));
    assert_eq!(town.told().await, 3, "the same twice is told once");
    assert_eq!(town.page(&url.replace("/u/", "/u/x"), None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_writes_down_what_a_customer_wants_and_why() {
    let town = Town::start().await;
    town.act(SMS, json!({ "text": "hello" })).await;
    let id = town.conversation_of(SMS.0, SMS.1).await;
    let path = format!("/conversations/{id}/consent");
    let wish = |channel: &str, opted_out: bool, reason: &str| json!({ "channel": channel, "opted_out": opted_out, "reason": reason });
    town.manager.post(&path, wish("sms", true, "")).await.is_problem(422, "invalid_request");
    town.manager.post(&path, wish("email", true, "asked")).await.is_problem(422, "invalid_request");
    let told = town.manager.post(&path, wish("sms", true, "asked on the telephone")).await;
    let consent = &told.is(200).json["consents"][0];
    assert_eq!((&consent["how"], &consent["reason"]), (&json!("operator"), &json!("asked on the telephone")));
    assert!(consent["told_to"]["name"].is_string(), "{consent}");
    let late = town.reply("sms", "one more thing").await;
    assert_eq!(late["delivery"]["code"], "opted_out");
    town.manager.post(&path, wish("sms", false, "wants them again")).await.is(200);
    town.reply("sms", "and now").await;
    town.reads(SMS, "and now").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_twilio_knows_of_a_customer_is_kept() {
    let (town, who) = (Town::start().await, ("sms", "+15005550004"));
    town.act(who, json!({ "text": "hello" })).await;
    town.conversation_of(who.0, who.1).await;
    let refused = town.reply("sms", "good day").await;
    assert_eq!(refused["delivery"]["code"], "opted_out", "{refused}");
    assert_eq!(town.wants("sms", true).await["consents"][0]["how"], "provider");
    assert_eq!(town.told().await, 1);
}
