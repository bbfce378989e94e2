//! Every act leaves an entry in the audit trail: every route that is not a GET is performed, as the router has it.

use crate::{
    access::token,
    connecting,
    notifications::link_of,
    policies::{DAY_MS, own_id, refund},
    support::{Client, PASSWORD, TestApp, approval, echo, form},
};
use axum::http::Method;
use countersign_store::{ConversationRow, Role};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What leaves no entry, and why.
const SILENT: [(&str, &str); 8] = [
    ("checkDocument", "reads the document it is sent, keeps nothing"),
    ("evaluate", "calculates with what it is sent, keeps nothing"),
    ("keepChatFormDraft", "what is not sent yet is nobody's act: it is gone when the form is sent"),
    ("previewApprovers", "says who could decide by a policy it is sent, keeps nothing"),
    ("previewForm", "draws the form it is sent, keeps nothing"),
    ("previewSchedule", "counts the times of the clock it is sent, keeps nothing"),
    ("rehearseWorkflow", "plays in memory what it is sent, keeps nothing and calls nobody"),
    ("tryTrigger", "calculates with the call it is sent, keeps nothing and starts nothing"),
];

/// Addresses beside the API that take a POST, and where what came of it is on the record.
const BESIDE: [(&str, &str); 6] = [
    ("/hooks/t/{token}", "a row of `inbound`"),
    ("/hooks/{channel}/{account}", "a row of `inbound`; a button is a decision with its entry"),
    ("/hooks/email/{account}", "a row of `inbound`"),
    ("/d/{token}", "the same decision as `decideLink`"),
    ("/f/{token}", "the same form as `submitChatForm`"),
    ("/u/{token}", "an entry `consent.told`"),
];

/// Acts that change something there was: their entries say what it was and what it is.
const CHANGES: [&str; 19] = [
    "assignConversation",
    "changeTrigger",
    "closeConversation",
    "deleteSavedView",
    "endRamp",
    "forkDraft",
    "markAnswered",
    "rampWorkflow",
    "reassignCheckpoint",
    "rollbackWorkflow",
    "saveDraft",
    "setConsent",
    "setNotifications",
    "updateChannel",
    "updateConnection",
    "updateCustomer",
    "updatePerson",
    "updateSavedView",
    "updateWorkspace",
];

/// Walks along the routes and looks at the trail after each.
struct Walk {
    test: TestApp,
    routes: BTreeMap<String, (Method, String)>,
    done: BTreeSet<&'static str>,
}

impl Walk {
    async fn start() -> Self {
        let document = countersign_server::openapi();
        let mut routes = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
                let method = method.to_uppercase().parse().unwrap();
                routes.insert(operation["operationId"].as_str().unwrap().to_owned(), (method, path.clone()));
            }
        }
        Self { test: TestApp::start().await, routes, done: BTreeSet::new() }
    }

    async fn trail(&self) -> Vec<countersign_store::AuditRow> {
        self.test.store.export_audit(&self.test.workspace, 0, 1000).await.unwrap()
    }

    /// Does something, which succeeds and is on the record afterwards.
    async fn act(&mut self, by: &Client, act: &'static str, places: &[&str], body: Value) -> Value {
        let (method, path) = self.routes.get(act).unwrap_or_else(|| panic!("{act} is no route")).clone();
        let mut parts = path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let mut places = places.iter();
        for part in parts.iter_mut().filter(|part| part.starts_with('{')) {
            *part = (*places.next().unwrap()).to_owned();
        }
        let before = self.trail().await.len();
        let reply = by.send(method, &format!("/{}", parts.join("/")), Some(body.to_string())).await;
        assert!(reply.status.is_success(), "{act}: {} {}", reply.status, reply.text);
        let trail = self.trail().await;
        let new = &trail[before..];
        assert_eq!(new.is_empty(), SILENT.iter().any(|(silent, _)| *silent == act), "{act} left {new:?}");
        for entry in new {
            let told =
                self.test.key(Role::Admin).await.get(&format!("/audit?subject={}&limit=200", entry.subject)).await;
            let told = told.is(200).json["items"].as_array().unwrap().iter().find(|it| it["seq"] == entry.seq).cloned();
            let told = told.unwrap_or_else(|| panic!("{act} left an entry that no filter finds: {entry:?}"));
            assert_ne!(told["sentence"], told["action"], "{act} has no sentence");
        }
        assert!(new.iter().all(|entry| !entry.actor.is_empty() && !entry.subject.is_empty()), "{act}: {new:?}");
        if CHANGES.contains(&act) {
            let detail: Value = serde_json::from_str(&new[0].detail).unwrap();
            let told = |name: &str| detail.get(name).is_some();
            assert!(told("before") && told("after"), "{act} says not what it changed: {detail}");
            assert_ne!(detail["before"], detail["after"], "{act}");
        }
        self.done.insert(act);
        reply.json
    }

    async fn people(&mut self, admin: &Client) -> Client {
        let person = json!({ "email": "grace@example.com", "name": "Grace", "role": "viewer" });
        let grace = self.act(admin, "createPerson", &[], person).await["id"].as_str().unwrap().to_owned();
        let invited = self.act(admin, "invitePerson", &[&grace], json!({})).await;
        let token = token(&invited);
        self.act(&self.test.anonymous(), "setUp", &[], json!({ "token": token, "password": PASSWORD })).await;
        self.act(admin, "updatePerson", &[&grace], json!({ "role": "operator" })).await;
        let mia = self.test.person("mia@example.com", Role::Admin, &["manager"]).await;
        let wish = json!({ "email": "mia@example.com", "password": PASSWORD });
        self.act(&self.test.anonymous(), "login", &[], wish).await;
        let leaving = self.test.person("leaving@example.com", Role::Viewer, &[]).await;
        let wish = json!({ "current": PASSWORD, "new": "another horse battery" });
        self.act(&leaving, "changePassword", &[], wish).await;
        let leaving = self.test.person("left@example.com", Role::Viewer, &[]).await;
        self.act(&leaving, "logout", &[], json!({})).await;
        self.act(admin, "updateWorkspace", &[], json!({ "name": "Main street" })).await;
        let address = json!({ "channels": [{ "channel": "email", "address": "mia@example.com" }] });
        self.act(&mia, "setNotifications", &[], address).await;
        self.act(&mia, "testNotification", &[], json!({ "channel": "email" })).await;
        let key = json!({ "name": "nightly", "role": "viewer" });
        let key = self.act(&mia, "createApiKey", &[], key).await["id"].as_str().unwrap().to_owned();
        self.act(&mia, "revokeApiKey", &[&key], json!({})).await;
        let until = self.test.app.now() + DAY_MS;
        let wish = json!({ "to": grace, "ends_at": until });
        let delegation = self.act(&mia, "createDelegation", &[], wish).await["id"].as_str().unwrap().to_owned();
        self.act(&mia, "endDelegation", &[&delegation], json!({})).await;
        let view = json!({ "name": "Failed", "search": { "status": "failed" } });
        let view = self.act(&mia, "createSavedView", &[], view).await["id"].as_str().unwrap().to_owned();
        let wish = json!({ "name": "Broken", "search": { "status": "failed" } });
        self.act(&mia, "updateSavedView", &[&view], wish).await;
        self.act(&mia, "deleteSavedView", &[&view], json!({})).await;
        mia
    }

    async fn settings(&mut self, admin: &Client) {
        let connection = json!({ "connector": "stripe", "name": "main", "secrets": { "api_key": "sk_test_1" } });
        let id = self.act(admin, "createConnection", &[], connection).await["id"].as_str().unwrap().to_owned();
        self.act(admin, "updateConnection", &[&id], json!({ "name": "primary" })).await;
        self.act(admin, "testConnection", &[&id], json!({})).await;
        self.act(admin, "deleteConnection", &[&id], json!({})).await;
        let (sandbox, id) = connecting::account(admin).await;
        let address = self.act(admin, "beginConnecting", &[&id], json!({})).await["address"].clone();
        let back = connecting::agree(&sandbox, &address, "yes").await;
        self.act(admin, "finishConnecting", &[], back).await;
        self.act(admin, "disconnect", &[&id], json!({})).await;
        let secrets = json!({ "token": "1:token" });
        let channel = json!({ "channel": "telegram", "name": "bot", "secrets": secrets });
        let id = self.act(admin, "createChannel", &[], channel).await["id"].as_str().unwrap().to_owned();
        self.act(admin, "updateChannel", &[&id], json!({ "name": "the bot" })).await;
        self.act(admin, "testChannel", &[&id], json!({})).await;
        self.act(admin, "deleteChannel", &[&id], json!({})).await;
        let source = json!({ "openapi": "3.1.0", "info": { "title": "Pet Shop" }, "servers": [{ "url": "https://pets.example.com" }],
            "paths": { "/pets": { "get": { "operationId": "pets" } } } });
        self.act(admin, "putInConnector", &[], json!({ "source": source.to_string() })).await;
        self.act(admin, "removeConnector", &["pet_shop"], json!({})).await;
        let nobody = json!({ "input": { "url": "http://127.0.0.1:9/x" } });
        self.act(admin, "tryAction", &["http", "get"], nobody).await;
    }

    async fn conversations(&mut self, admin: &Client, mia: &Client) -> String {
        let wish = json!({ "name": "Ada", "email": "ada@example.com" });
        let customer = self.act(admin, "createCustomer", &[], wish).await["id"].as_str().unwrap().to_owned();
        self.act(admin, "updateCustomer", &[&customer], json!({ "name": "Ada L" })).await;
        let other = self.act(admin, "createCustomer", &[], json!({ "name": "A. Lovelace" })).await["id"].clone();
        let wish = json!({ "customer": other, "reason": "said so" });
        let merged = self.act(mia, "mergeCustomers", &[&customer], wish).await;
        self.act(mia, "undoMerge", &[&customer, merged["merges"][0]["id"].as_str().unwrap()], json!({})).await;
        self.test.publish(admin, form()).await;
        let anonymous = self.test.anonymous();
        let chat = self.act(&anonymous, "startChat", &["main"], json!({})).await;
        let visitor = anonymous.with("x-visitor", chat["token"].as_str().unwrap());
        let chat = chat["conversation"].as_str().unwrap().to_owned();
        self.act(&visitor, "sendChatMessage", &[&chat], json!({ "body": "hello" })).await;
        let shown = visitor.get(&format!("/chat/conversations/{chat}")).await.json;
        let messages = shown["messages"].as_array().unwrap();
        let form = messages.iter().find_map(|message| message["form"]["checkpoint"].as_str());
        let form = form.unwrap_or_else(|| panic!("no form in {shown}"));
        // A question beside the form is nobody's to answer.
        self.act(&visitor, "sendChatMessage", &[&chat], json!({ "body": "why?" })).await;
        self.act(mia, "markAnswered", &[&chat], json!({})).await;
        self.act(&visitor, "keepChatFormDraft", &[&chat, form], json!({ "values": { "size": 2 } })).await;
        self.act(&visitor, "submitChatForm", &[&chat, form], json!({ "values": { "size": 3 } })).await;
        self.act(mia, "sendMessage", &[&chat], json!({ "body": "Good day" })).await;
        self.act(mia, "createNote", &[&chat], json!({ "body": "was friendly" })).await;
        self.act(mia, "assignConversation", &[&chat], json!({ "assigned_to": own_id(mia).await })).await;
        let row = self.test.store.get_conversation(&self.test.workspace, &chat).await.unwrap().unwrap();
        let by_sms = ConversationRow {
            id: "by-sms".to_owned(),
            channel: "sms".to_owned(),
            external_id: Some("+15555550101".to_owned()),
            token_hash: None,
            ..row
        };
        self.test.store.create_conversation(&by_sms, vec![]).await.unwrap();
        let wish = json!({ "channel": "sms", "opted_out": true, "reason": "asked by telephone" });
        let told = self.act(mia, "setConsent", &["by-sms"], wish).await;
        assert_eq!(told["consents"][0]["opted_out"], true, "{told}");
        let hours = json!({ "name": "hours", "body": "From nine to five, {{customer.name}}." });
        let reply = self.act(admin, "createCannedReply", &[], hours.clone()).await["id"].as_str().unwrap().to_owned();
        self.act(admin, "updateCannedReply", &[&reply], hours).await;
        self.act(admin, "deleteCannedReply", &[&reply], json!({})).await;
        self.act(mia, "snoozeConversation", &[&chat], json!({ "until": null })).await;
        self.act(mia, "wakeConversation", &[&chat], json!({})).await;
        self.act(mia, "closeConversation", &[&chat], json!({})).await;
        chat
    }

    async fn workflows(&mut self, admin: &Client) -> String {
        let document = json!({ "document": echo() });
        self.act(admin, "checkDocument", &[], document.clone()).await;
        self.act(admin, "evaluate", &[], json!({ "expression": "1 + 1", "data": {} })).await;
        self.act(admin, "previewApprovers", &[], json!({ "roles": ["manager"] })).await;
        self.act(admin, "previewForm", &[], json!({ "form": { "type": "object", "properties": {} } })).await;
        let clock = json!({ "cron": "0 9 * * *", "time_zone": "UTC" });
        self.act(admin, "previewSchedule", &[], clock).await;
        let id = self.act(admin, "createWorkflow", &[], document).await["id"].as_str().unwrap().to_owned();
        let mut webhook = echo();
        webhook["triggers"] = json!([{ "type": "api" }, { "type": "webhook" }]);
        let tagged = admin.with("if-match", "\"1\"");
        self.act(&tagged, "saveDraft", &[&id], json!({ "document": webhook })).await;
        self.act(admin, "publishWorkflow", &[&id], json!({ "message": "first" })).await;
        let tagged = admin.with("if-match", "\"2\"");
        self.act(&tagged, "forkDraft", &[&id], json!({ "version": 1 })).await;
        webhook["steps"]["done"]["output"] = json!({ "text": "two" });
        let tagged = admin.with("if-match", "\"3\"");
        self.act(&tagged, "saveDraft", &[&id], json!({ "document": webhook })).await;
        self.act(admin, "publishWorkflow", &[&id], json!({ "message": "second" })).await;
        self.act(admin, "rollbackWorkflow", &[&id], json!({ "version": 1 })).await;
        self.act(admin, "rampWorkflow", &[&id], json!({ "version": 2, "percent": 10 })).await;
        self.act(admin, "endRamp", &[&id], json!({})).await;
        self.act(admin, "rehearseWorkflow", &[&id], json!({})).await;
        let test = json!({ "name": "one", "script": {} });
        let case = self.act(admin, "createTestCase", &[&id], test.clone()).await["id"].as_str().unwrap().to_owned();
        self.act(admin, "updateTestCase", &[&id, &case], test).await;
        self.act(admin, "runTestCases", &[&id], json!({})).await;
        self.act(admin, "deleteTestCase", &[&id, &case], json!({})).await;
        self.act(admin, "importTestCases", &[&id], json!({ "source": "tests: []" })).await;
        let triggers = admin.get(&format!("/workflows/{id}/triggers")).await.json["items"].clone();
        let trigger = triggers.as_array().unwrap().iter().find(|trigger| trigger["url"].is_string()).unwrap();
        let (name, url) = (trigger["id"].as_str().unwrap(), trigger["url"].as_str().unwrap());
        self.act(admin, "changeTrigger", &[&id, name], json!({ "enabled": false })).await;
        self.act(admin, "changeTrigger", &[&id, name], json!({ "enabled": true })).await;
        let hook = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
        self.act(admin, "tryTrigger", &[&id, name], json!({ "body": "{}" })).await;
        let sample = json!({ "value": { "body": "{}" } });
        self.act(admin, "keepSample", &[&id, "trigger", name], sample).await;
        self.act(admin, "removeSample", &[&id, "trigger", name], json!({})).await;
        let event = self.test.anonymous().post(&format!("//{hook}"), json!({ "text": "hi" })).await;
        let event = event.json["event"].as_str().unwrap_or_else(|| panic!("{}", event.text)).to_owned();
        self.act(admin, "replayInbound", &[&event], json!({})).await;
        let call = json!({ "schema": 1, "name": "Call", "start": "call", "steps": {
            "call": { "type": "tool_call", "action": "http.get", "input": { "url": "http://127.0.0.1:9/x" }, "next": "done" },
            "done": { "type": "end" } } });
        let wish = json!({ "document": call, "script": {}, "step": "call", "confirm": true });
        self.act(admin, "callInRehearsal", &[&id], wish).await;
        let names: Vec<Value> = admin.get("/templates").await.json["items"].as_array().unwrap().clone();
        self.act(admin, "useTemplate", &[names[0]["id"].as_str().unwrap()], json!({ "name": "Mine" })).await;
        id
    }

    async fn runs(&mut self, admin: &Client, workflow: &str) {
        let run = self.act(admin, "startRun", &[], json!({ "workflow": workflow, "input": { "text": "x" } })).await;
        let run = run["id"].as_str().unwrap().to_owned();
        self.test.until_over(admin, &run).await;
        self.act(admin, "evaluateInRun", &[&run], json!({ "expression": "input.text" })).await;
        self.act(admin, "backtestWorkflow", &[workflow], json!({})).await;
        self.act(admin, "keepRunTestCase", &[&run], json!({ "name": "kept" })).await;
        self.act(admin, "retryRun", &[&run], json!({ "step": "done" })).await;
        self.act(admin, "archiveWorkflow", &[workflow], json!({})).await;
        self.act(admin, "restoreWorkflow", &[workflow], json!({})).await;
    }

    async fn checkpoints(&mut self, admin: &Client, mia: &Client) {
        let workflow = self.test.publish(admin, approval(json!({ "roles": ["manager"] }))).await;
        let start = json!({ "workflow": workflow, "input": { "who": "Ada" } });
        let mut open = Vec::new();
        for _ in 0..5 {
            open.push(admin.post("/runs", start.clone()).await.is(201).id());
        }
        let of = |run: &str| format!("{run}.1");
        self.act(mia, "takeCheckpoint", &[&of(&open[0])], json!({})).await;
        self.act(mia, "releaseCheckpoint", &[&of(&open[0])], json!({})).await;
        let me = own_id(mia).await;
        self.act(mia, "reassignCheckpoint", &[&of(&open[0])], json!({ "to": me })).await;
        self.act(mia, "decideCheckpoint", &[&of(&open[0])], json!({ "outcome": "approved" })).await;
        let batch = json!({ "decisions": [{ "checkpoint": of(&open[1]), "outcome": "approved" }] });
        self.act(mia, "decideCheckpoints", &[], batch).await;
        let token = link_of(&self.test, &of(&open[2]), 1, "mia@example.com").await;
        self.act(&self.test.anonymous(), "decideLink", &[&token], json!({ "outcome": "approved" })).await;
        self.held(admin, mia).await;
        let mut next = approval(json!({ "roles": ["manager"] }));
        next["steps"]["ask"]["title"] = json!("Ask again");
        let tagged = admin.with("if-match", "\"1\"");
        tagged.put(&format!("/workflows/{workflow}/draft"), json!({ "document": next })).await.is(200);
        admin.post(&format!("/workflows/{workflow}/publish"), json!({ "message": "two" })).await.is(201);
        self.act(admin, "moveRuns", &[&workflow], json!({ "to": 2, "runs": [open[3]] })).await;
        self.act(admin, "undoMoves", &[&workflow], json!({ "runs": [open[3]] })).await;
        self.act(admin, "cancelRun", &[&open[3]], json!({ "reason": "no more" })).await;
        self.act(admin, "bulkRuns", &[], json!({ "action": "cancel", "runs": [open[4]] })).await;
        let mut document = refund();
        let ask = document["steps"]["ask"].as_object_mut().unwrap();
        ask.insert("approvers".to_owned(), json!({ "roles": ["manager"] }));
        ask.insert(
            "standing".to_owned(),
            json!({ "step": "refund", "field": "/amount", "max": 5000, "per_day": 2, "days": 7 }),
        );
        ask.remove("form");
        let workflow = self.test.publish(admin, document).await;
        let until = self.test.app.now() + DAY_MS;
        let wish = json!({ "workflow": workflow, "step": "ask", "amount_max": 10, "per_day": 1, "until": until });
        let standing = self.act(mia, "createStandingApproval", &[], wish).await["id"].as_str().unwrap().to_owned();
        self.act(mia, "revokeStandingApproval", &[&standing], json!({})).await;
    }
}

impl Walk {
    /// Decisions that are taken back.
    async fn held(&mut self, admin: &Client, mia: &Client) {
        let mut document = approval(json!({ "roles": ["manager"] }));
        document["name"] = json!("Held");
        document["steps"]["ask"]["undo_seconds"] = json!(60);
        let workflow = self.test.publish(admin, document).await;
        let run = admin.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await.is(201).id();
        let checkpoint = format!("{run}.1");
        let token = link_of(&self.test, &checkpoint, 1, "mia@example.com").await;
        let path = format!("/checkpoints/{checkpoint}/decision");
        mia.post(&path, json!({ "outcome": "approved" })).await.is(200);
        self.act(mia, "undoDecision", &[&checkpoint], json!({})).await;
        mia.post(&path, json!({ "outcome": "approved" })).await.is(200);
        self.act(&self.test.anonymous(), "undoLink", &[&token], json!({})).await;
    }
}

#[tokio::test]
async fn every_act_leaves_an_entry_that_says_what_changed() {
    let mut walk = Walk::start().await;
    let admin = walk.test.person("root@example.com", Role::Admin, &[]).await;
    let mia = walk.people(&admin).await;
    walk.settings(&admin).await;
    walk.conversations(&admin, &mia).await;
    let workflow = walk.workflows(&admin).await;
    walk.runs(&admin, &workflow).await;
    walk.checkpoints(&admin, &mia).await;
    let missing: Vec<_> = walk.routes.keys().filter(|act| !walk.done.contains(act.as_str())).collect();
    assert!(missing.is_empty(), "nobody saw whether these leave an entry: {missing:?}");
    let verdict = walk.test.store.verify_audit(&walk.test.workspace).await.unwrap();
    assert_eq!(verdict.broken_at, None);
}

#[test]
fn addresses_beside_the_api_are_named() {
    let source = include_str!("../../src/router.rs");
    let routes = source.lines().filter(|line| line.contains(".route(\"") && line.contains("post("));
    let found: Vec<&str> = routes.map(|line| line.split('"').nth(1).unwrap()).collect();
    let named: Vec<&str> = BESIDE.iter().map(|(path, _)| *path).collect();
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), named.iter().collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn what_leaves_the_house_and_who_was_not_let_in_is_on_the_record() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let wrong = json!({ "email": "root@example.com", "password": "wrong" });
    test.anonymous().post("/auth/login", wrong).await.is(401);
    admin.get("/runs/export?status=failed").await.is(200);
    admin.get("/audit/export").await.is(200);
    // Wherever it begins.
    admin.get("/audit/export?after=1").await.is(200);
    let trail = test.store.export_audit(&test.workspace, 0, 1000).await.unwrap();
    let count = |action: &str| trail.iter().filter(|entry| entry.action == action).count();
    assert_eq!((count("session.refused"), count("runs.exported"), count("audit.exported")), (1, 1, 2));
    assert!(trail.last().unwrap().detail.contains("\"after\":1"), "{:?}", trail.last());
    assert!(
        trail.iter().any(|entry| entry.action == "runs.exported" && entry.detail.contains("\"status\":\"failed\""))
    );
}

#[tokio::test]
async fn results_that_somebody_made_up_stand_in_the_entry_of_the_run_that_goes_on_with_them() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let document = json!({ "schema": 1, "name": "Two", "triggers": [{ "type": "api" }], "vars": { "paid": false },
        "start": "done", "steps": { "done": { "type": "end", "output": { "paid": "{{ paid }}" } } } });
    let workflow = test.publish(&admin, document).await;
    let run = admin.post("/runs", json!({ "workflow": workflow })).await.is(201).id();
    test.until_over(&admin, &run).await;
    let forged = json!({ "vars": { "paid": true }, "steps": { "charge": { "output": { "status": "succeeded" } } } });
    for version in ["newest", "same"] {
        let wish = json!({ "step": "done", "version": version, "state": forged });
        let next = admin.post(&format!("/runs/{run}/retry"), wish).await.is(200).id();
        test.until_over(&admin, &next).await;
        let action = if version == "same" { "run.retried" } else { "run.continued" };
        let entries = admin.get(&format!("/audit?action={action}")).await.is(200).json["items"].clone();
        let changes = entries[0]["detail"]["changes"].as_array().unwrap_or_else(|| panic!("{entries}"));
        let of =
            |pointer: &str| changes.iter().find(|change| change["pointer"] == pointer).cloned().unwrap_or_default();
        assert_eq!((&of("/vars/paid")["before"], &of("/vars/paid")["after"]), (&json!(false), &json!(true)));
        assert!(entries[0]["detail"].to_string().contains("succeeded"), "{entries}");
    }
}

#[tokio::test]
async fn an_export_ends_although_each_part_of_it_is_on_the_record() {
    let test = TestApp::start().await;
    let admin = test.person("root@example.com", Role::Admin, &[]).await;
    let before = test.store.verify_audit(&test.workspace).await.unwrap().entries;
    for limit in [1, 2, 1000] {
        let (mut after, mut ended) = (0, false);
        for _ in 0..100 {
            let part = admin.get(&format!("/audit/export?after={after}&limit={limit}")).await.is(200).text.clone();
            let entries: Vec<Value> = part.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let seqs: Vec<u64> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
            ended = seqs.is_empty();
            if ended {
                break;
            }
            assert!(seqs.iter().enumerate().all(|(index, seq)| *seq == after + 1 + index as u64), "{part}");
            after += seqs.len() as u64;
        }
        assert!(ended && after > before, "{limit}: {after}");
    }
}
