//! People are told what waits for them, and decide by a link that is theirs alone.

use crate::support::{Client, Reply, TestApp, approval};
use axum::http::Method;
use countersign_sandbox::{Sandbox, SandboxConfig};
use countersign_server::seed::{self, SeedAccount};
use countersign_store::{
    AuditRow, InboundFilter, InboundStatus, OutboundKind, OutboundReason, OutboundRow, OutboundStatus, PageRequest,
    Role,
};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// The rows about a checkpoint once they are as wanted; the change feed tells when to look.
pub(crate) async fn rows(
    test: &TestApp,
    checkpoint: &str,
    wanted: impl Fn(&[OutboundRow]) -> bool,
) -> Vec<OutboundRow> {
    let mut changes = test.store.subscribe();
    let found = async {
        loop {
            let rows = test.store.outbound_of(&test.workspace, checkpoint).await.unwrap();
            if wanted(&rows) {
                return rows;
            }
            drop(changes.recv().await);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("people are told")
}

fn messages(rows: &[OutboundRow]) -> Vec<&OutboundRow> {
    rows.iter().filter(|row| row.kind == OutboundKind::Message).collect()
}

/// So many messages, all done with.
fn done(count: usize) -> impl Fn(&[OutboundRow]) -> bool {
    move |rows| {
        let messages = messages(rows);
        messages.len() == count && messages.iter().all(|row| row.status == OutboundStatus::Done)
    }
}

/// A run that waits for these approvers; its checkpoint.
pub(crate) async fn asked(test: &TestApp, approvers: Value) -> String {
    let builder = test.key(Role::Builder).await;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut document = approval(approvers);
    document["name"] = json!(format!("Approval {}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let workflow = test.publish(&builder, document).await;
    let run = builder.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await.is(201).id();
    format!("{run}.1")
}

/// The token of a person's newest link, as their message has it.
pub(crate) async fn link_of(test: &TestApp, checkpoint: &str, count: usize, email: &str) -> String {
    let rows = rows(test, checkpoint, done(count)).await;
    let person = test.store.find_user(email).await.unwrap().unwrap().id;
    let of_them = messages(&rows).into_iter().rfind(|row| row.person.as_ref() == Some(&person));
    test.vault.token("link", &of_them.expect("they were told").id)
}

pub(crate) async fn with_mail(test: &TestApp, sandbox: &Sandbox) {
    let smtp = sandbox.smtp_addr();
    let settings = json!({ "host": "127.0.0.1", "port": smtp.port(), "tls": "none", "from": "support@example.com" });
    let (settings, secrets) = (settings.as_object().unwrap().clone(), serde_json::Map::new());
    let account = SeedAccount { kind: "email", name: "mail", settings, secrets };
    seed::channel(&test.store, &test.vault, &test.workspace, account).await.unwrap();
}

pub(crate) async fn sandbox() -> Sandbox {
    let any = "127.0.0.1:0".parse().unwrap();
    Sandbox::start(SandboxConfig { http: any, smtp: any }).await.unwrap()
}

async fn form(client: &Client, path: &str, body: &str) -> Reply {
    let client = client.with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(body.to_owned())).await
}

#[tokio::test]
async fn whoever_may_decide_gets_a_mail_with_one_link_that_decides() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
    test.person("other@example.com", Role::Operator, &[]).await;
    let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
    let told = rows(&test, &checkpoint, done(1)).await;
    let message = messages(&told)[0];
    assert_eq!(message.outcome.unwrap().as_str(), "sent", "{message:?}");

    let url = format!("{}/_/mails?to=manager@example.com", sandbox.url());
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    let mails: Value = serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(mails.as_array().unwrap().len(), 1, "{mails}");
    assert!(!mails[0]["raw"].as_str().unwrap().contains("List-Unsubscribe"), "they are no customer: {mails}");
    let text = mails[0]["text"].as_str().unwrap();
    assert_eq!(text.matches("https://").count(), 1, "{text}");
    assert!(text.contains("Do it for Ada?") && text.contains("Time left: 3 h 59 min"), "{text}");
    let token = text.split_once("https://countersign.example/d/").unwrap().1.split_whitespace().next().unwrap();

    let nobody = test.anonymous();
    let target = nobody.get(&format!("/links/{token}")).await;
    assert_eq!(
        (&target.is(200).json["summary"], &target.json["person"]["name"]),
        (&json!("Do it for Ada?"), &json!("manager"))
    );
    assert_eq!(target.json["outcomes"], json!(["approved", "rejected"]));
    let shown = manager.get(&format!("/checkpoints/{checkpoint}")).await;
    let notice = &shown.is(200).json["notices"][0];
    assert_eq!(
        (&notice["channel"], &notice["outcome"], &notice["person"]["name"]),
        (&json!("email"), &json!("sent"), &json!("manager"))
    );
    assert!(!shown.text.contains(token), "the card shows no secret");

    let path = format!("/links/{token}/decision");
    nobody.post(&path, json!({ "outcome": "maybe" })).await.is_problem(422, "outcome_not_offered");
    let decided = nobody.post(&path, json!({ "outcome": "approved", "comment": "fine" })).await;
    assert_eq!(
        (&decided.is(200).json["decided_by"]["name"], &decided.json["decided_by"]["via"]),
        (&json!("manager"), &json!("link"))
    );
    for again in
        [nobody.post(&path, json!({ "outcome": "rejected" })).await, nobody.get(&format!("/links/{token}")).await]
    {
        again.is_problem(410, "link_over");
        assert_eq!(
            (&again.json["outcome"], &again.json["decided_by"]["name"]),
            (&json!("approved"), &json!("manager"))
        );
        assert_eq!(again.json["decided_at"], decided.json["decided_at"]);
    }
    let page = nobody.get(&format!("//d/{token}")).await;
    assert!(page.is(410).text.contains("Decided: approve") && page.text.contains("by manager"), "{}", page.text);

    let receipt = manager.get(&format!("/checkpoints/{checkpoint}")).await.json["receipt"].clone();
    let document: Value = serde_json::from_str(receipt["document"].as_str().unwrap()).unwrap();
    assert_eq!(document["via"], "link");
    let audit = test.store.export_audit(&test.workspace, 0, 1000).await.unwrap();
    assert!(audit.iter().all(|entry| !entry.detail.contains(token)), "the trail holds no secret");
}

/// What mail scanners do: every method that reads, every link and form they find, the first button, and no second look.
#[tokio::test]
async fn scanners_decide_nothing() {
    let test = TestApp::start().await;
    test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
    let token = link_of(&test, &checkpoint, 1, "manager@example.com").await;
    let path = format!("//d/{token}");
    let scanner = test.anonymous().with("user-agent", "Mozilla/5.0 (compatible; SafeLinks)");
    let before = test.store.export_audit(&test.workspace, 0, 1000).await.unwrap().len();
    for _ in 0..3 {
        for query in ["", "?outcome=approved", "?outcome=approved&sure=yes&confirmation=1", "?utm_source=mail"] {
            for method in [Method::GET, Method::HEAD] {
                scanner.send(method, &format!("{path}{query}"), None).await.is(200);
            }
        }
        scanner.get(&format!("/links/{token}")).await.is(200);
        scanner.get(&format!("/links/{token}/decision")).await.is_problem(405, "method_not_allowed");
        scanner.send(Method::OPTIONS, &path, None).await;
    }
    let page = scanner.get(&path).await;
    let headers = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!((headers("referrer-policy"), headers("cache-control")), ("no-referrer".into(), "no-store".into()));
    assert!(
        headers("x-robots-tag").contains("noindex")
            && headers("content-security-policy").contains("default-src 'none'")
    );
    assert!(
        !page.text.contains("<script") && !page.text.contains("http"),
        "nothing is loaded from anywhere: {}",
        page.text
    );

    // Every button of the first page is pressed, and then the first one of what comes, and every form is sent as it stands.
    for outcome in ["approved", "rejected"] {
        assert!(page.text.contains(&format!("value=\"{outcome}\"")), "{}", page.text);
        let asks = form(&scanner, &path, &format!("outcome={outcome}")).await;
        asks.is(200);
        let first = asks.text.find("<form").map(|at| &asks.text[at..]).unwrap();
        assert!(first.starts_with("<form method=\"get\""), "the first button leads back: {first}");
        assert!(asks.text.contains("type=\"checkbox\" name=\"sure\" value=\"yes\" required"));
        let confirmation = confirmation(&asks.text);
        for body in [
            format!("outcome={outcome}&confirmation={confirmation}&comment="),
            format!("outcome={outcome}&sure=yes&comment="),
            format!("outcome={outcome}&sure=yes&confirmation={}", "1".repeat(60)),
            format!("outcome=whatever&sure=yes&confirmation={confirmation}"),
        ] {
            form(&scanner, &path, &body).await.is(200);
        }
    }
    // What was asked about one outcome confirms no other.
    let yes = confirmation(&form(&scanner, &path, "outcome=approved").await.text);
    form(&scanner, &path, &format!("outcome=rejected&sure=yes&confirmation={yes}")).await.is(200);
    assert_eq!(test.store.export_audit(&test.workspace, 0, 1000).await.unwrap().len(), before, "nothing happened");
    assert_eq!(scanner.get(&format!("/links/{token}")).await.is(200).json["checkpoint"], checkpoint.as_str());

    // A person does both steps.
    let sure = format!("outcome=approved&sure=yes&comment=all+good&confirmation={yes}");
    assert!(form(&scanner, &path, &sure).await.is(200).text.contains("Decided: approve by manager"));
    form(&scanner, &path, &sure).await.is(410);
}

fn confirmation(page: &str) -> String {
    let rest = page.split_once("name=\"confirmation\" value=\"").expect("the page asks").1;
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_a_workflow_wrote_is_text_on_the_page() {
    let test = TestApp::start().await;
    test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let builder = test.key(Role::Builder).await;
    let workflow = test.publish(&builder, approval(json!({ "roles": ["manager"] }))).await;
    let who = "<script>alert(1)</script>\"'&";
    let run = builder.post("/runs", json!({ "workflow": workflow, "input": { "who": who } })).await.is(201).id();
    let token = link_of(&test, &format!("{run}.1"), 1, "manager@example.com").await;
    let page = test.anonymous().get(&format!("//d/{token}")).await;
    assert!(page.is(200).text.contains("&lt;script&gt;") && !page.text.contains("<script"), "{}", page.text);
}

#[tokio::test]
async fn a_link_dies_with_its_person_its_request_and_its_time() {
    let test = TestApp::start().await;
    let admin = test.person("admin@example.com", Role::Admin, &[]).await;
    test.person("manager@example.com", Role::Operator, &["manager"]).await;
    test.person("second@example.com", Role::Operator, &["manager"]).await;
    let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
    let (first, second) = (
        link_of(&test, &checkpoint, 2, "manager@example.com").await,
        link_of(&test, &checkpoint, 2, "second@example.com").await,
    );
    let nobody = test.anonymous();
    let person = test.store.find_user("manager@example.com").await.unwrap().unwrap().id;
    // Out of the group: theirs no more, and theirs again.
    admin.patch(&format!("/people/{person}"), json!({ "groups": [] })).await.is(200);
    nobody.get(&format!("/links/{first}")).await.is_problem(410, "link_over");
    admin.patch(&format!("/people/{person}"), json!({ "groups": ["manager"] })).await.is(200);
    nobody.get(&format!("/links/{first}")).await.is(200);
    admin.patch(&format!("/people/{person}"), json!({ "disabled": true })).await.is(200);
    nobody.get(&format!("/links/{first}")).await.is_problem(410, "link_over");
    let decision = json!({ "outcome": "approved" });
    nobody.post(&format!("/links/{first}/decision"), decision.clone()).await.is_problem(410, "link_over");
    nobody.get(&format!("//d/{first}")).await.is(410);
    assert_eq!(admin.get(&format!("/checkpoints/{checkpoint}")).await.json["status"], "open");
    // The other's lives on, until somebody decides by another door.
    nobody.get(&format!("/links/{second}")).await.is(200);
    let key = test.key_in(&test.workspace, Role::Operator, &["manager"]).await;
    key.post(&format!("/checkpoints/{checkpoint}/decision"), json!({ "outcome": "rejected" })).await.is(200);
    let over = nobody.post(&format!("/links/{second}/decision"), decision).await;
    assert_eq!(over.is_problem(410, "link_over").json["outcome"], "rejected");
    // And tokens that were never given out are few.
    let guesses = (0..40).map(|guess| format!("/links/{guess:043}"));
    let mut answers = Vec::new();
    for guess in guesses {
        answers.push(nobody.get(&guess).await.status.as_u16());
    }
    assert_eq!((answers[0], answers[39]), (404, 429), "{answers:?}");
}

#[tokio::test]
async fn a_link_is_too_old_in_the_end_and_one_of_two_is_not_the_last() {
    let test = TestApp::start().await;
    test.person("manager@example.com", Role::Operator, &["manager"]).await;
    test.person("second@example.com", Role::Operator, &["manager"]).await;
    let builder = test.key(Role::Builder).await;
    let mut document = approval(json!({ "roles": ["manager"], "quorum": 2 }));
    document["steps"]["ask"].as_object_mut().unwrap().remove("timeout");
    let workflow = test.publish(&builder, document).await;
    let run = builder.post("/runs", json!({ "workflow": workflow, "input": { "who": "Ada" } })).await.is(201).id();
    let checkpoint = format!("{run}.1");
    let (first, second) = (
        link_of(&test, &checkpoint, 2, "manager@example.com").await,
        link_of(&test, &checkpoint, 2, "second@example.com").await,
    );
    let nobody = test.anonymous();
    let path = format!("/links/{first}/decision");
    let one = nobody.post(&path, json!({ "outcome": "approved" })).await;
    assert_eq!(one.is(200).json["status"], "open");
    nobody.post(&path, json!({ "outcome": "approved" })).await.is_problem(410, "link_over");
    nobody.get(&format!("/links/{second}")).await.is(200);
    test.put_forward(31 * 24);
    nobody.get(&format!("/links/{second}")).await.is_problem(410, "link_over");
}

/// Link, page and signed-in people at once: one decides.
#[tokio::test]
async fn of_link_page_and_api_one_wins() {
    let test = TestApp::start().await;
    test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let second = test.person("second@example.com", Role::Operator, &["manager"]).await;
    let nobody = test.anonymous();
    for round in 0..8 {
        let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
        let token = link_of(&test, &checkpoint, 2, "manager@example.com").await;
        let page = format!("//d/{token}");
        let sure = confirmation(&form(&nobody, &page, "outcome=approved").await.text);
        let (link, page_path) = (format!("/links/{token}/decision"), page.clone());
        let api = format!("/checkpoints/{checkpoint}/decision");
        let body = format!("outcome=approved&sure=yes&confirmation={sure}");
        let batch = json!({ "decisions": [{ "checkpoint": checkpoint, "outcome": "rejected" }] });
        let (link, page, api, batch) = tokio::join!(
            nobody.post(&link, json!({ "outcome": "rejected" })),
            form(&nobody, &page_path, &body),
            second.post(&api, json!({ "outcome": "approved" })),
            second.post("/checkpoints/decisions", batch),
        );
        let won =
            [link.status == 200, page.status == 200, api.status == 200, batch.json["results"][0]["problem"].is_null()];
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}: {won:?} {} {}", link.text, batch.text);
        let decided = test.store.export_audit(&test.workspace, 0, 1000).await.unwrap();
        let of_this = |entry: &&AuditRow| entry.action == "checkpoint.decided" && entry.detail.contains(&checkpoint);
        assert_eq!(decided.iter().filter(of_this).count(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_batch_answers_each_for_itself() {
    let test = TestApp::start().await;
    let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let (yes, no, foreign) = (
        asked(&test, json!({ "roles": ["manager"] })).await,
        asked(&test, json!({ "roles": ["manager"] })).await,
        asked(&test, json!({ "roles": ["legal"] })).await,
    );
    let decisions = json!([
        { "checkpoint": yes, "outcome": "approved", "comment": "same as last week" },
        { "checkpoint": foreign, "outcome": "approved" },
        { "checkpoint": "nothing.1", "outcome": "approved" },
        { "checkpoint": no, "outcome": "rejected" },
    ]);
    let answer = manager.post("/checkpoints/decisions", json!({ "decisions": decisions })).await;
    let results = answer.is(200).json["results"].as_array().unwrap().clone();
    assert_eq!(results[0]["decided"]["outcome"], "approved");
    assert_eq!(results[1]["problem"]["code"], "not_an_approver");
    assert_eq!(results[2]["problem"]["code"], "not_found");
    assert_eq!((&results[3]["decided"]["outcome"], &results[3]["checkpoint"]), (&json!("rejected"), &json!(no)));
    let decisions = test.store.export_audit(&test.workspace, 0, 1000).await.unwrap();
    assert_eq!(decisions.iter().filter(|entry| entry.action == "checkpoint.decided").count(), 2, "a record each");
    let twice = json!([{ "checkpoint": yes, "outcome": "approved" }, { "checkpoint": yes, "outcome": "rejected" }]);
    for refused in [json!([]), twice, json!(vec![json!({ "checkpoint": "x", "outcome": "approved" }); 101])] {
        manager
            .post("/checkpoints/decisions", json!({ "decisions": refused }))
            .await
            .is_problem(422, "invalid_request");
    }
}

#[tokio::test]
async fn people_say_how_they_are_told() {
    let test = TestApp::start().await;
    let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
    let path = "/me/notifications";
    assert_eq!(
        manager.get(path).await.is(200).json["channels"],
        json!([{ "channel": "email", "address": null, "except": [] }])
    );
    for (bad, pointer) in [
        (json!({ "channels": [{ "channel": "pigeon" }] }), "/channels/0/channel"),
        (json!({ "channels": [{ "channel": "sms", "address": "12" }] }), "/channels/0/address"),
        (json!({ "channels": [{ "channel": "telegram" }] }), "/channels/0/address"),
        (
            json!({ "channels": [], "quiet_hours": { "from": "22:00", "to": "25:00", "time_zone": "UTC" } }),
            "/quiet_hours/to",
        ),
    ] {
        assert_eq!(manager.put(path, bad).await.is_problem(422, "invalid_request").json["pointer"], pointer);
    }
    let wishes = json!({ "channels": [{ "channel": "telegram", "address": "4242" }, { "channel": "email", "address": "Home@Example.com" }] });
    let kept = manager.put(path, wishes).await;
    assert_eq!(kept.is(200).json["channels"][1]["address"], "home@example.com");
    assert_eq!(manager.get(path).await.json, kept.json);
    assert_eq!(kept.json["available"], json!([]), "the workspace has no account");
    test.key(Role::Admin).await.put(path, json!({ "channels": [] })).await.is_problem(403, "forbidden");

    let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
    let told = rows(&test, &checkpoint, done(2)).await;
    let mut reached: Vec<_> =
        messages(&told).iter().map(|row| (row.channel.clone().unwrap(), row.address.clone().unwrap())).collect();
    reached.sort();
    assert_eq!(reached, [("email".into(), "home@example.com".into()), ("telegram".into(), "4242".into())]);
    let shown = manager.get(&format!("/checkpoints/{checkpoint}")).await;
    let notice = &shown.is(200).json["notices"][0];
    assert_eq!(notice["outcome"], "undeliverable", "the workspace has no such accounts: {notice}");
    assert!(notice["error"].as_str().unwrap().contains("no account"), "{notice}");
    assert_eq!(manager.get("/outbound?outcome=undeliverable").await.is(200).json["items"].as_array().unwrap().len(), 2);

    // Nothing at all is a wish too; who gives a checkpoint back has the others told.
    manager.put(path, json!({ "channels": [] })).await.is(200);
    manager.post(&format!("/checkpoints/{checkpoint}/take"), json!({})).await.is(200);
    manager.post(&format!("/checkpoints/{checkpoint}/release"), json!({})).await.is(200);
    let announced = |rows: &[OutboundRow]| {
        rows.iter().any(|row| row.reason == OutboundReason::Reassigned && row.status == OutboundStatus::Done)
    };
    manager.post(&format!("/checkpoints/{checkpoint}/decision"), json!({ "outcome": "approved" })).await.is(200);
    let told = rows(&test, &checkpoint, |rows| announced(rows)).await;
    assert_eq!(messages(&told).len(), 2);
}

const SECRET: &str = "a-secret";

/// What the platform's hook is sent, and how it proves that it is the platform.
fn pressed(
    test: &TestApp,
    platform: &str,
    by: &str,
    button: &str,
    number: u32,
) -> (Vec<(&'static str, String)>, String) {
    if platform == "telegram" {
        let from = json!({ "id": by.parse::<i64>().unwrap(), "first_name": "Manager" });
        let message = json!({ "message_id": 7, "date": 5, "chat": { "id": 4242 } });
        let query = json!({ "id": format!("q{number}"), "from": from, "data": button, "message": message });
        let body = json!({ "update_id": number, "callback_query": query }).to_string();
        return (vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())], body);
    }
    let action = json!({ "action_id": button, "action_ts": format!("{number}.5"), "value": button, "type": "button" });
    let payload = json!({
        "type": "block_actions", "user": { "id": by, "username": "m" }, "channel": { "id": "D1" },
        "container": { "message_ts": "1.0", "channel_id": "D1" }, "actions": [action],
    });
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
    let time = (test.app.now() / 1000).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{time}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    let media = ("content-type", "application/x-www-form-urlencoded".to_owned());
    (vec![("x-slack-request-timestamp", time), ("x-slack-signature", signature), media], body)
}

async fn press(test: &TestApp, hook: &str, (headers, body): (Vec<(&'static str, String)>, String)) -> Reply {
    let mut client = test.anonymous();
    for (name, value) in &headers {
        client = client.with(name, value);
    }
    client.send(Method::POST, hook, Some(body)).await
}

/// What came of what a platform sent, newest first, once so many are dealt with.
async fn came(test: &TestApp, count: usize) -> Vec<Option<String>> {
    let mut changes = test.store.subscribe();
    for _ in 0..600 {
        let page = PageRequest { after: None, limit: 50 };
        let rows = test.store.list_inbound(&test.workspace, &InboundFilter::default(), &page).await.unwrap().items;
        if rows.len() == count && rows.iter().all(|row| row.status == InboundStatus::Done) {
            return rows.into_iter().map(|row| row.error).collect();
        }
        drop(tokio::time::timeout(Duration::from_millis(50), changes.recv()).await);
    }
    panic!("{count} presses were not dealt with");
}

/// So many presses were answered by the platform's own way.
async fn answered(client: &reqwest::Client, sandbox: &str, platform: &str, presses: u64) {
    let by = if platform == "slack" { "slack.chat.post_ephemeral" } else { "telegram.callback.answer" };
    let mut seen = 0;
    for _ in 0..500 {
        let counts = client.get(format!("{sandbox}/_/counts")).send().await.unwrap().text().await.unwrap();
        let counts: Value = serde_json::from_str(&counts).unwrap();
        seen = counts[by]["received"].as_u64().unwrap_or_default();
        if seen >= presses {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(seen, presses, "{platform}");
}

/// In both: buttons with opaque ids; who pressed is asked who they are here; the message turns final.
#[tokio::test]
async fn buttons_in_slack_and_telegram_decide_as_the_operator_who_pressed_them() {
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    for (platform, me, path, secrets) in [
        ("telegram", "4242", "telegram", json!({ "token": "1:t", "webhook_secret": SECRET })),
        ("slack", "U4242", "slack/api", json!({ "bot_token": "xoxb-1", "signing_secret": SECRET })),
    ] {
        let (test, sandbox) = (TestApp::start().await, sandbox().await);
        let admin = test.person("admin@example.com", Role::Admin, &[]).await;
        let manager = test.person("manager@example.com", Role::Operator, &["manager"]).await;
        let other = test.person("other@example.com", Role::Operator, &[]).await;
        let settings = json!({ "base_url": format!("{}/{path}", sandbox.url()) });
        let account = json!({ "channel": platform, "name": "one", "settings": settings, "secrets": secrets });
        let account = admin.post("/channels", account).await.is(201).id();
        let hook = format!("//hooks/{platform}/{account}");
        let stranger = me.replace("4242", "77");
        for (person, address) in [(&manager, me), (&other, stranger.as_str())] {
            let wishes = json!({ "channels": [{ "channel": platform, "address": address }] });
            person.put("/me/notifications", wishes).await.is(200);
        }
        let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
        let told = rows(&test, &checkpoint, done(1)).await;
        assert_eq!(messages(&told)[0].outcome.unwrap().as_str(), "sent", "{told:?}");
        let shown = async || -> Value {
            let url = format!("{}/_/messages?channel={platform}", sandbox.url());
            serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
        };
        let before = shown().await;
        assert_eq!(before[0]["choices"], json!(["Approve", "Reject"]), "{before}");
        let token = test.vault.token("button", &messages(&told)[0].id);
        let button = format!("d:{token}:approved");
        assert!(button.len() <= 64 && before.to_string().contains(&button), "{before}");

        // Not signed; an operator who may not; somebody nobody knows; a button that was never made; the button as a link.
        let unsigned = press(&test, &hook, (Vec::new(), pressed(&test, platform, me, &button, 1).1)).await;
        assert_eq!(unsigned.status, 401, "{}", unsigned.text);
        let unknown = me.replace("4242", "99");
        let made_up = format!("d:{}:approved", "A".repeat(43));
        for (number, (by, button)) in
            [(&stranger, &button), (&unknown, &button), (&me.to_owned(), &made_up)].into_iter().enumerate()
        {
            press(&test, &hook, pressed(&test, platform, by, button, 10 + number as u32)).await.is(200);
        }
        let came_of = came(&test, 3).await;
        // Each is told, where they pressed and nobody else.
        answered(&client, &sandbox.url(), platform, 3).await;
        assert!(came_of.iter().all(Option::is_some), "{came_of:?}");
        test.anonymous().get(&format!("/links/{token}")).await.is_problem(404, "not_found");
        assert_eq!(manager.get(&format!("/checkpoints/{checkpoint}")).await.json["status"], "open");
        assert_eq!(admin.get("/customers").await.json["items"], json!([]), "who presses is no customer");

        // The right one, three times: once.
        for number in 20..23 {
            press(&test, &hook, pressed(&test, platform, me, &button, number)).await.is(200);
        }
        let turned = |rows: &[OutboundRow]| {
            rows.iter().any(|row| row.kind == OutboundKind::Final && row.status == OutboundStatus::Done)
        };
        let ended = rows(&test, &checkpoint, turned).await;
        assert!(ended.iter().all(|row| row.error.is_none()), "{ended:?}");
        let decided = manager.get(&format!("/checkpoints/{checkpoint}")).await;
        let by = &decided.is(200).json["decided_by"];
        assert_eq!((&by["name"], &by["via"]), (&json!("manager"), &json!("channel")), "{by}");
        let after = shown().await;
        assert!(after[0]["text"].as_str().unwrap().contains("Decided: approved by manager"), "{after}");
        assert_eq!((after[0]["choices"].clone(), after.as_array().unwrap().len()), (json!([]), 1), "{after}");
    }
}

/// Who presses a button is known by their address: nobody takes that of somebody else, and who left holds none.
#[tokio::test]
async fn an_address_that_decides_is_one_persons() {
    let test = TestApp::start().await;
    let admin = test.person("admin@example.com", Role::Admin, &[]).await;
    let one = test.person("one@example.com", Role::Operator, &["manager"]).await;
    let two = test.person("two@example.com", Role::Operator, &["manager"]).await;
    let path = "/me/notifications";
    let by = |channel: &str, address: &str| json!({ "channels": [{ "channel": channel, "address": address }] });
    for (channel, own, room) in [("telegram", "4242", "-1004242"), ("slack", "U4242", "#approvals")] {
        one.put(path, by(channel, own)).await.is(200);
        one.put(path, by(channel, own)).await.is(200);
        let refused = two.put(path, by(channel, own)).await;
        assert!(refused.is_problem(409, "address_taken").json["title"].as_str().unwrap().contains(own));
        assert_ne!(two.get(path).await.json["channels"][0]["channel"], channel, "nothing was kept");
        // What others read too is everybody's, and so is what only leads to a link of one's own.
        for person in [&one, &two] {
            person.put(path, by(channel, room)).await.is(200);
        }
        two.put(path, by(channel, own)).await.is(200);
        one.put(path, by(channel, own)).await.is_problem(409, "address_taken");
        two.put(path, json!({ "channels": [] })).await.is(200);
    }
    for person in [&one, &two] {
        person.put(path, by("email", "team@example.com")).await.is(200);
    }
    two.put(path, by("telegram", "77")).await.is(200);
    let people = admin.get("/people").await.json;
    let left = people["items"].as_array().unwrap().iter().find(|person| person["email"] == "two@example.com").unwrap();
    admin.patch(&format!("/people/{}", left["id"].as_str().unwrap()), json!({ "disabled": true })).await.is(200);
    one.put(path, by("telegram", "77")).await.is(200);
}

/// Where others read too there is one message for all who named it and no link of anybody's. A button there decides for who
/// presses it, if they may.
#[tokio::test]
async fn a_message_that_others_read_decides_for_nobody_by_itself() {
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    for (platform, me, room, path, secrets) in [
        ("telegram", "4242", "-1004242", "telegram", json!({ "token": "1:t", "webhook_secret": SECRET })),
        ("slack", "U4242", "C0SHARED", "slack/api", json!({ "bot_token": "xoxb-1", "signing_secret": SECRET })),
    ] {
        let (test, sandbox) = (TestApp::start().await, sandbox().await);
        let admin = test.person("admin@example.com", Role::Admin, &[]).await;
        let one = test.person("one@example.com", Role::Operator, &["manager"]).await;
        let two = test.person("two@example.com", Role::Operator, &["manager"]).await;
        let other = test.person("other@example.com", Role::Operator, &[]).await;
        let settings = json!({ "base_url": format!("{}/{path}", sandbox.url()) });
        let account = json!({ "channel": platform, "name": "one", "settings": settings, "secrets": secrets });
        let account = admin.post("/channels", account).await.is(201).id();
        let hook = format!("//hooks/{platform}/{account}");
        let stranger = me.replace("4242", "77");
        let shared = json!({ "channel": platform, "address": room });
        let own = |address: &str| json!({ "channel": platform, "address": address });
        one.put("/me/notifications", json!({ "channels": [shared.clone(), own(me)] })).await.is(200);
        let night = json!({ "from": "00:00", "to": "23:59", "time_zone": "UTC" });
        two.put("/me/notifications", json!({ "channels": [shared.clone()], "quiet_hours": night })).await.is(200);
        other.put("/me/notifications", json!({ "channels": [own(&stranger)] })).await.is(200);
        let twice = json!({ "channels": [shared.clone(), { "channel": platform, "address": format!("{room}1") }] });
        assert_eq!(one.put("/me/notifications", twice).await.is(422).json["pointer"], "/channels/1/channel");

        let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
        let told = rows(&test, &checkpoint, done(2)).await;
        let told = messages(&told);
        let there: Vec<_> = told.iter().filter(|row| row.address.as_deref() == Some(room)).collect();
        assert_eq!((there.len(), &there[0].person), (1, &None), "{told:?}");
        let shown = async || -> Value {
            let url = format!("{}/_/messages?channel={platform}", sandbox.url());
            serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
        };
        let text = |all: &Value| {
            let found = all.as_array().unwrap().iter().find(|one| one["to"] == *room).unwrap_or(&Value::Null);
            found["text"].as_str().unwrap_or_else(|| panic!("nothing in {room}: {all}")).to_owned()
        };
        let before = text(&shown().await);
        assert!(!before.contains("/d/") && before.contains(&format!("/inbox/{checkpoint}")), "{before}");
        // The link that a message of a person's would have had leads nowhere.
        let link = test.vault.token("link", &there[0].id);
        test.anonymous().get(&format!("/links/{link}")).await.is_problem(404, "not_found");

        let button = format!("d:{}:approved", test.vault.token("button", &there[0].id));
        press(&test, &hook, pressed(&test, platform, &stranger, &button, 1)).await.is(200);
        assert!(came(&test, 1).await[0].is_some(), "who may not is told so");
        assert_eq!(one.get(&format!("/checkpoints/{checkpoint}")).await.json["status"], "open");
        press(&test, &hook, pressed(&test, platform, me, &button, 2)).await.is(200);
        rows(&test, &checkpoint, |rows| {
            let finals = rows.iter().filter(|row| row.kind == OutboundKind::Final);
            finals.filter(|row| row.status == OutboundStatus::Done).count() == 2
        })
        .await;
        let by = one.get(&format!("/checkpoints/{checkpoint}")).await.json["decided_by"].clone();
        assert_eq!((&by["name"], &by["via"]), (&json!("one"), &json!("channel")), "{by}");
        assert!(text(&shown().await).contains("Decided: approved by one"));
    }
}
