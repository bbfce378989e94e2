//! Accounts and what their services say of them: asked before they are saved, and heard from the calls of runs.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_connectors::{Call, CallOutcome, Connection, Secrets};
use countersign_core::catalogue::AccountState;
use countersign_store::{OutboundKind, OutboundReason};
use serde_json::{Value, json};
use std::time::Duration;
use support::{WORKSPACE, World};

async fn probed(world: &World, connector: &str, secret: &str) -> AccountState {
    let name = match connector {
        "stripe" => "api_key",
        "slack" => "bot_token",
        "shopify" => "access_token",
        _ => "token",
    };
    let connection = Connection {
        id: String::new(),
        connector: connector.to_owned(),
        name: "new".to_owned(),
        settings: json!({ "base_url": format!("{}/{connector}", world.sandbox.url()) }).as_object().unwrap().clone(),
        secrets: Secrets::from_iter([(name, secret)]),
        revision: String::new(),
    };
    let found = world.engine.probe(WORKSPACE, &connection).await.unwrap();
    found.map_or(AccountState::Untried, |probed| {
        assert!(!probed.message.contains(secret), "{}", probed.message);
        probed.state
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn built_in_connectors_tell_good_credentials_from_bad_ones() {
    let world = World::new().await;
    for (connector, good, bad) in [
        ("stripe", "sk_test_sandbox", "hello"),
        ("slack", "xoxb-sandbox", "hello"),
        ("shopify", "shpat_sandbox", "hello"),
    ] {
        assert_eq!(probed(&world, connector, good).await, AccountState::Sound, "{connector}");
        assert_eq!(probed(&world, connector, bad).await, AccountState::Refused, "{connector}");
    }
    assert_eq!(probed(&world, "identity", "anything").await, AccountState::Untried, "it names no call to ask with");
    world.fault(json!({ "operation": "stripe.customer.list", "kind": "fail", "status": 500, "times": 1 })).await;
    assert_eq!(probed(&world, "stripe", "sk_test_sandbox").await, AccountState::Failing);
    world.fault(json!({ "operation": "stripe.customer.list", "kind": "drop_before", "times": 1 })).await;
    assert_eq!(probed(&world, "stripe", "sk_test_sandbox").await, AccountState::Unreachable);
}

const READ: &str = "
schema: 1
name: Read
start: call
steps:
  call: { type: tool_call, action: stripe.subscription.get, input: { subscription: sub_ada }, on_error: { next: done }, next: done }
  done: { type: end }
";

/// What is written of the account, once what is under way is over.
async fn health(world: &mut World) -> Value {
    world.engine.shutdown(Duration::from_secs(10)).await;
    world.crash().await;
    let rows = world.store.list_connections(WORKSPACE).await.unwrap();
    let row = rows.into_iter().find(|row| row.connector == "stripe").unwrap();
    serde_json::from_str(&row.health).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_key_dies_is_noticed_by_the_next_call_of_a_run_and_when_it_holds_again() {
    let mut world = World::new().await;
    world.publish("read", READ).await;
    for (fault, state, message) in [
        (None, "sound", ""),
        (
            Some(json!({ "operation": "stripe.subscription.get", "kind": "fail", "status": 401, "times": 1 })),
            "refused",
            "401",
        ),
        (None, "sound", ""),
    ] {
        if let Some(fault) = fault {
            world.fault(fault).await;
        }
        let run = world.engine.start_run(world.start("read")).await.unwrap().run;
        world.until_over(&run.id).await;
        let health = health(&mut world).await;
        assert_eq!(health["state"], state, "{health}");
        assert!(health["message"].as_str().unwrap().contains(message) || state == "refused", "{health}");
    }
    let entries = world.store.export_audit(WORKSPACE, 0, 1000).await.unwrap();
    let heard = entries.iter().filter(|entry| entry.action == "connection.heard").count();
    assert_eq!(heard, 3, "one entry for each change, none for calls that tell nothing new");
    let told = world.store.outbound_of(WORKSPACE, "").await.unwrap();
    let alerts =
        told.iter().filter(|row| row.reason == OutboundReason::Disconnected && row.kind == OutboundKind::Alert);
    assert_eq!(alerts.count(), 1, "administrators are told of the refusal, and of nothing else: {told:?}");
}

/// One call through an account of the sandbox; its output, or the code of its failure.
async fn called(world: &World, action: &str, input: Value) -> Result<Value, String> {
    let secrets = Secrets::from_iter([("bot_token", "xoxb-sandbox")]);
    let settings = json!({ "base_url": format!("{}/slack", world.sandbox.url()) }).as_object().unwrap().clone();
    let (connector, name) = ("slack".to_owned(), "main".to_owned());
    let connection = Connection { id: String::new(), connector, name, settings, secrets, revision: String::new() };
    let (key, timeout, connection) = ("a-key", Duration::from_secs(5), Some(&connection));
    match world.engine.invoker().invoke(Call { action, input: &input, key, timeout, connection, repeated: false }).await
    {
        CallOutcome::Succeeded { output, .. } => Ok(output),
        CallOutcome::Failed { error, .. } => Err(error.code),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_of_slack_does_what_it_says_and_tells_what_is_refused() {
    let world = World::new().await;
    let posted = called(&world, "slack.message.post", json!({ "channel": "#billing", "text": "waits" })).await.unwrap();
    let at = |more: Value| {
        let mut input = json!({ "channel": posted["channel"], "ts": posted["ts"] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let updated = called(&world, "slack.message.update", at(json!({ "text": "is <approved>" }))).await.unwrap();
    assert_eq!(updated["text"], "is &lt;approved&gt;", "it reads as it is");
    let check = || at(json!({ "name": "white_check_mark" }));
    assert_eq!(called(&world, "slack.reaction.add", check()).await, Ok(json!({ "ok": true })));
    assert_eq!(called(&world, "slack.reaction.add", check()).await, Ok(json!({ "ok": true })), "it is there already");
    assert!(called(&world, "slack.message.delete", at(json!({}))).await.is_ok());
    for action in ["slack.message.delete", "slack.message.update", "slack.reaction.add"] {
        let input = match action {
            "slack.message.delete" => at(json!({})),
            "slack.message.update" => at(json!({ "text": "late" })),
            _ => check(),
        };
        assert_eq!(called(&world, action, input).await, Err("message_not_found".to_owned()), "{action}");
    }
    let view = json!({ "trigger_id": "1.2.abc", "view": {
        "type": "modal", "title": { "type": "plain_text", "text": "Upgrade" }, "blocks": [],
    } });
    assert!(called(&world, "slack.view.open", view.clone()).await.unwrap()["view_id"].is_string());
    assert_eq!(called(&world, "slack.view.open", view).await, Err("exchanged_trigger_id".to_owned()));
    let ada = called(&world, "slack.user.find_by_email", json!({ "email": "ADA@example.com" })).await.unwrap();
    assert!(ada["name"].as_str().unwrap().starts_with("Ada"), "{ada}");
    let nobody = called(&world, "slack.user.find_by_email", json!({ "email": "nobody@example.com" })).await;
    assert_eq!(nobody, Err("users_not_found".to_owned()));
}
