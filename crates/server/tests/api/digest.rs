//! What a person is told over which channel, all of it in one message, and whether messages arrive.

use crate::{
    notifications::{asked, rows, sandbox, with_mail},
    support::TestApp,
};
use countersign_sandbox::Sandbox;
use countersign_store::{
    NewOutbound, OutboundKind, OutboundOutcome, OutboundReason, OutboundRow, OutboundStatus, Role,
};
use serde_json::{Value, json};

async fn mails(sandbox: &Sandbox) -> Vec<Value> {
    let url = format!("{}/_/mails?to=mia@example.com", sandbox.url());
    let client = countersign_outbound::direct().no_proxy().build().unwrap();
    serde_json::from_str(&client.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
}

const PATH: &str = "/me/notifications";

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_at_their_place() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let with = |except: Value, digest: Value| json!({ "channels": [{ "channel": "email", "except": except }], "digest": digest });
    for (bad, pointer) in [
        (with(json!(["opened", "moon"]), json!(null)), "/channels/0/except/1"),
        (with(json!([]), json!({ "times": [], "time_zone": "UTC" })), "/digest/times"),
        (with(json!([]), json!({ "times": ["08:00", "8"], "time_zone": "UTC" })), "/digest/times/1"),
        (with(json!([]), json!({ "times": ["08:00"], "time_zone": "Mars/Olympus" })), "/digest/time_zone"),
    ] {
        assert_eq!(mia.put(PATH, bad).await.is_problem(422, "invalid_request").json["pointer"], pointer);
    }
    let digest = json!({ "times": ["08:00", "16:30"], "time_zone": "Europe/Berlin" });
    let kept = mia.put(PATH, with(json!(["reminded"]), digest.clone())).await.is(200).json.clone();
    assert_eq!((&kept["channels"][0]["except"], &kept["digest"]), (&json!(["reminded"]), &digest));
    assert_eq!(mia.get(PATH).await.json, kept);
}

#[tokio::test]
async fn over_a_channel_only_what_is_wanted_is_told() {
    let test = TestApp::start().await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let wish = json!({ "channels": [{ "channel": "email", "except": ["opened"] }, { "channel": "sms", "address": "+15555550100" }] });
    mia.put(PATH, wish).await.is(200);
    let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
    let told = rows(&test, &checkpoint, |rows| rows.iter().any(|row| row.kind == OutboundKind::Message)).await;
    let over: Vec<_> = told.iter().filter_map(|row| row.channel.as_deref()).collect();
    assert_eq!(over, ["sms"]);
}

#[tokio::test]
async fn what_waits_comes_in_one_message_and_what_is_urgent_at_once() {
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    let id = mia.get("/auth/me").await.json["user"]["id"].as_str().unwrap().to_owned();
    // Half an hour from now; what ends in four hours can wait for it.
    let soon = jiff::Timestamp::from_millisecond(test.app.now() + 30 * 60_000).unwrap();
    let soon = soon.strftime("%H:%M").to_string();
    let digest = json!({ "times": [soon], "time_zone": "UTC" });
    mia.put(PATH, json!({ "channels": [{ "channel": "email" }], "digest": digest })).await.is(200);
    let gathered = |rows: &[OutboundRow]| rows.iter().any(|row| row.outcome == Some(OutboundOutcome::InDigest));
    for _ in 0..2 {
        let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
        rows(&test, &checkpoint, gathered).await;
        let card = mia.get(&format!("/checkpoints/{checkpoint}")).await.is(200).json.clone();
        assert_eq!(card["notices"][0]["outcome"], "in_digest");
    }
    let waiting = test.store.outbound_of(&test.workspace, "").await.unwrap();
    assert_eq!(waiting.len(), 1, "one message for both: {waiting:?}");
    assert_eq!((waiting[0].kind, waiting[0].status), (OutboundKind::Digest, OutboundStatus::Waiting));
    assert_eq!(mails(&sandbox).await.len(), 0);

    // The same message, due now.
    let about = NewOutbound { checkpoint: String::new(), reason: OutboundReason::Opened };
    let due = OutboundRow {
        id: "digest/now".to_owned(),
        kind: OutboundKind::Digest,
        person: Some(id.clone()),
        channel: Some("email".to_owned()),
        address: Some("mia@example.com".to_owned()),
        ..OutboundRow::new(&test.workspace, &about, test.app.now())
    };
    test.store.add_outbound(&[due]).await.unwrap();
    let done = |rows: &[OutboundRow]| rows.iter().any(|row| row.id == "digest/now" && row.outcome.is_some());
    let told = rows(&test, "", done).await;
    let sent = told.iter().find(|row| row.id == "digest/now").unwrap();
    assert_eq!(sent.outcome, Some(OutboundOutcome::Sent), "{sent:?}");
    let mail = &mails(&sandbox).await[0];
    let text = mail["text"].as_str().unwrap();
    assert!(text.starts_with("2 things wait for you") && text.matches("Do it for Ada?").count() == 2, "{text}");
    assert!(text.contains("https://countersign.example/inbox") && !text.contains("/d/"), "nothing decides: {text}");

    // What ends before the next one is told by itself.
    mia.put(
        PATH,
        json!({ "channels": [{ "channel": "email" }], "digest": { "times": ["00:00"], "time_zone": "UTC" } }),
    )
    .await
    .is(200);
    let hours_left = 24 - test.app.now().rem_euclid(86_400_000) / 3_600_000;
    if hours_left > 4 {
        let checkpoint = asked(&test, json!({ "roles": ["manager"] })).await;
        let single = |rows: &[OutboundRow]| {
            rows.iter().any(|row| row.kind == OutboundKind::Message && row.status == OutboundStatus::Done)
        };
        let told = rows(&test, &checkpoint, single).await;
        let message = told.iter().find(|row| row.kind == OutboundKind::Message).unwrap();
        assert_eq!(message.outcome, Some(OutboundOutcome::Sent), "{message:?}");
    }
}

#[tokio::test]
async fn a_test_message_says_whether_it_was_taken() {
    let path = "/me/notifications/test";
    let bare = TestApp::start().await;
    let mia = bare.person("mia@example.com", Role::Operator, &["manager"]).await;
    let refused = mia.post(path, json!({ "channel": "email" })).await.is(200).json.clone();
    assert_eq!(refused, json!({ "sent": false, "error": "the workspace has no account of email" }));
    let (test, sandbox) = (TestApp::start().await, sandbox().await);
    with_mail(&test, &sandbox).await;
    let mia = test.person("mia@example.com", Role::Operator, &["manager"]).await;
    assert_eq!(
        mia.post(path, json!({ "channel": "email" })).await.is(200).json,
        json!({ "sent": true, "error": null })
    );
    let mails = mails(&sandbox).await;
    assert!(mails.len() == 1 && !mails[0]["text"].as_str().unwrap().contains("/d/"), "{mails:?}");
    mia.post(path, json!({ "channel": "sms" })).await.is_problem(422, "invalid_request");
    test.key(Role::Admin).await.post(path, json!({ "channel": "email" })).await.is_problem(403, "forbidden");
    let mut last = mia.post(path, json!({ "channel": "email" })).await;
    for _ in 0..10 {
        last = mia.post(path, json!({ "channel": "email" })).await;
    }
    last.is_problem(429, "rate_limited");
}
