//! What leaves by the channels of conversations, on a clock that is moved by hand.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_engine::{Clock, StartRun};
use countersign_store::{
    ConsentHow, ConsentRow, MessageRow, NewOutbound, OutboundKind, OutboundReason, OutboundRow, RunStatus,
    testing::TestDatabase,
};
use serde_json::{Value, json};
use std::time::Duration;
use support::{WORKSPACE, World};

fn delivery(message: &MessageRow) -> Value {
    serde_json::from_str(message.delivery.as_deref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_that_says_too_fast_without_a_time_holds_back_the_other_conversations_too() {
    let world = World::new().await;
    let (ada, bob) = ("+15555550101", "+15555550102");
    let (ada, bob) = (world.conversation_over("whatsapp", ada).await, world.conversation_over("whatsapp", bob).await);
    // 429 with code 130429 and no `Retry-After`.
    world.fault(json!({ "service": "whatsapp", "kind": "fail", "status": 429, "times": 1 })).await;
    let refused = world.operator_says(&ada, "refused").await;
    world.until_message(&refused, |message| delivery(message)["error"].is_string()).await;
    // Not even tried, though the fault is over: it is put off.
    let held = world.operator_says(&bob, "held back").await;
    // Whoever takes it has it for two minutes; put off it is for five seconds.
    let put_off = |message: &MessageRow| {
        let later = message.send_at.unwrap_or_default() - held.at;
        delivery(message)["status"] != "queued" || (5000..60_000).contains(&later)
    };
    let held = world.until_message(&held, put_off).await;
    assert_eq!(delivery(&held)["status"], "queued");
    assert_eq!(world.count("whatsapp.message.send").await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_itself_says_whether_an_operator_wrote_too_late() {
    let world = World::new().await;
    // The sandbox's number whose window is closed, and one whose customer did something that is no message here.
    for (address, status, code) in
        [("+15550131047", "failed", json!("outside_window")), ("+15555550101", "accepted", Value::Null)]
    {
        let conversation = world.conversation_over("whatsapp", address).await;
        world.says(&conversation, "hello").await;
        world.clock.advance(25 * 3_600_000);
        let late = world.operator_says(&conversation, "too late?").await;
        let late = world.until_message(&late, |message| message.send_at.is_none()).await;
        assert_eq!((&delivery(&late)["status"], &delivery(&late)["code"]), (&json!(status), &code), "{late:?}");
    }
}

/// An address that wants no messages.
fn no_more(channel: &str, address: &str) -> ConsentRow {
    ConsentRow {
        workspace: WORKSPACE.to_owned(),
        channel: channel.to_owned(),
        address: address.to_owned(),
        opted_out: true,
        at: 1,
        how: ConsentHow::Word,
        message: None,
        told_to: None,
        reason: String::new(),
    }
}

const TELLS: &str = "
schema: 1
name: Tells
start: tell
steps:
  tell: { type: notify, channels: CHANNELS, delivery: first, to: { phone: '+1 555 555 0101', email: ada@example.com },
    subject: Parcel, body: It is there., next: done }
  done: { type: end }
";

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_wants_no_messages_gets_none_and_the_next_channel_does() {
    let world = World::new().await;
    world.store.put_consent(&no_more("whatsapp", "+15555550101"), vec![]).await.unwrap();
    let conversation = world.conversation_over("whatsapp", "+15555550101").await;
    let said = world.operator_says(&conversation, "still there?").await;
    let said = world.until_message(&said, |message| message.send_at.is_none()).await;
    assert_eq!((&delivery(&said)["status"], &delivery(&said)["code"]), (&json!("failed"), &json!("opted_out")));

    world.publish("two", &TELLS.replace("CHANNELS", "[whatsapp, email]")).await;
    world.publish("one", &TELLS.replace("CHANNELS", "[whatsapp]")).await;
    let run = world.engine.start_run(world.start("two")).await.unwrap().run;
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Completed);
    let tried = &world.history(&run.id).await[0].attempts;
    assert_eq!(tried[0].error.as_ref().unwrap().code, "opted_out");
    let run = world.engine.start_run(world.start("one")).await.unwrap().run;
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Failed);
    assert_eq!(world.history(&run.id).await[0].error.as_ref().unwrap().code, "opted_out");
    assert_eq!(world.count("whatsapp.message.send").await, (0, 0), "it was not even tried");
}

/// What a run says in the conversation of somebody who wants no messages there is not said: the next channel tells it, or the
/// step fails, and the history has what was tried.
async fn the_conversation_of_who_wants_none(database: TestDatabase) {
    let world = World::on(database).await;
    let (ada, bob) = ("+15555550101", "+15555550102");
    world.store.put_consent(&no_more("whatsapp", ada), vec![]).await.unwrap();
    let (stopped, open) =
        (world.conversation_over("whatsapp", ada).await, world.conversation_over("whatsapp", bob).await);
    world.publish("two", &TELLS.replace("CHANNELS", "[conversation, email]")).await;
    world.publish("one", &TELLS.replace("CHANNELS", "[conversation]")).await;
    let told = async |workflow: &str, conversation: &str| {
        let start = StartRun { conversation: Some(conversation.to_owned()), ..world.start(workflow) };
        let run = world.engine.start_run(start).await.unwrap().run;
        let run = world.until_over(&run.id).await;
        let said = world.store.list_messages(WORKSPACE, conversation, 0, 10).await.unwrap();
        (run.status, world.history(&run.id).await[0].clone(), said)
    };

    let (status, history, said) = told("two", &stopped).await;
    assert_eq!((status, said.len()), (RunStatus::Completed, 0), "{said:?}");
    assert_eq!(history.attempts[0].error.as_ref().unwrap().code, "opted_out");
    assert!(history.attempts[0].error.as_ref().unwrap().message.contains("they wrote so"), "{history:?}");
    assert_eq!((history.attempts.len(), &history.attempts[1].error), (2, &None));

    let (status, history, said) = told("one", &stopped).await;
    assert_eq!((status, said.len()), (RunStatus::Failed, 0), "{said:?}");
    assert_eq!(history.error.as_ref().unwrap().code, "opted_out");

    // Whoever wants messages gets it there, once.
    let (status, history, said) = told("two", &open).await;
    assert_eq!((status, said.len(), history.messages.len()), (RunStatus::Completed, 1, 1));
    assert_eq!(history.attempts.len(), 1);
    world.until_message(&said[0], |message| message.send_at.is_none()).await;

    // In the web chat there is nothing to ask.
    world.conversation("web").await;
    let (status, history, said) = told("two", "web").await;
    assert_eq!((status, said.len(), history.attempts.len()), (RunStatus::Completed, 1, 0));
    assert_eq!(world.count("whatsapp.message.send").await.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_who_wants_no_messages_is_no_channel_that_took_it() {
    the_conversation_of_who_wants_none(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_who_wants_no_messages_is_no_channel_that_took_it_on_postgres() {
    let Some(database) = TestDatabase::postgres().await else { return };
    the_conversation_of_who_wants_none(database).await;
}

/// Between two attempts somebody says STOP.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_sent_again_is_not_when_its_reader_wants_no_more_meanwhile() {
    let world = World::new().await;
    let (ada, bob) = ("+15555550101", "+15555550102");
    let conversation = world.conversation_over("whatsapp", bob).await;
    let once_more = "[whatsapp], retry: { attempts: 3, initial: 30s }";
    world.publish("again", &TELLS.replace("CHANNELS", once_more)).await;
    world.fault(json!({ "service": "whatsapp", "kind": "fail", "status": 429, "times": 1 })).await;
    let start = StartRun { wait: None, ..world.start("again") };
    let run = world.engine.start_run(start).await.unwrap().run;
    world.until(&run.id, |run| run.wake_at.is_some_and(|at| at > world.clock.now())).await;
    let said = world.operator_says(&conversation, "still there?").await;
    world
        .until_message(&said, |message| delivery(message)["status"] == "queued" && message.send_at > Some(said.at))
        .await;
    for address in [ada, bob] {
        world.store.put_consent(&no_more("whatsapp", address), vec![]).await.unwrap();
    }
    world.clock.advance(3 * 3_600_000);
    // The database has a clock of its own; what is said next makes the engine look.
    world.store.raw("UPDATE messages SET send_at = 0 WHERE send_at IS NOT NULL").await.unwrap();
    world.operator_says(&conversation, "hello?").await;
    let said = world.until_message(&said, |message| message.send_at.is_none()).await;
    assert_eq!(delivery(&said)["code"], "opted_out");
    assert_eq!(world.until_over(&run.id).await.status, RunStatus::Failed);
    assert_eq!(world.history(&run.id).await[0].error.as_ref().unwrap().code, "opted_out");
    assert_eq!(world.count("whatsapp.message.send").await.1, 0, "nothing arrived");
}

const ASKS: &str = "
schema: 1
name: Asks
start: ask
steps:
  ask: { type: approval, summary: go, on_approve: done, on_reject: done, timeout: { after: 1h, outcome: rejected } }
  done: { type: end }
";

/// The card of a message on Telegram is to turn final; the row once it is as wanted.
async fn turning_final(
    world: &World,
    (checkpoint, about): (&str, &str),
    wanted: impl Fn(&OutboundRow) -> bool,
) -> OutboundRow {
    let new = NewOutbound { checkpoint: checkpoint.to_owned(), reason: OutboundReason::Decided };
    let row = OutboundRow {
        id: format!("{about}/final"),
        kind: OutboundKind::Final,
        channel: Some("telegram".to_owned()),
        address: Some("1001".to_owned()),
        about: Some(about.to_owned()),
        ..OutboundRow::new(WORKSPACE, &new, 0)
    };
    world.store.add_outbound(std::slice::from_ref(&row)).await.unwrap();
    let mut changes = world.store.subscribe();
    let waiting = async {
        loop {
            let row = world.store.get_outbound(WORKSPACE, &row.id).await.unwrap().unwrap();
            if wanted(&row) {
                return row;
            }
            // The engine looks once a second.
            world.clock.advance(1000);
            drop(tokio::time::timeout(Duration::from_millis(50), changes.recv()).await);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_turns_final_holds_its_account_and_is_held_with_it() {
    let world = World::new().await;
    let settings = json!({ "base_url": format!("{}/telegram", world.sandbox.url()) });
    world.channel("telegram", settings, json!({ "token": "1:t" })).await;
    world.publish("asks", ASKS).await;
    let run = world.engine.start_run(world.start("asks")).await.unwrap().run;
    let checkpoint = world.until_waiting_for(&run.id, "approval").await.id;
    let edit = "telegram.message.edit_text";
    world.fault(json!({ "operation": edit, "kind": "rate_limit", "retry_after_seconds": 900, "times": 1 })).await;
    turning_final(&world, (&checkpoint, "1"), |row| row.error.is_some()).await;
    // Longer than whoever takes it has it: it is put off, and was not tried.
    let from = |row: &OutboundRow| row.due_at - world.clock.now();
    let held = turning_final(&world, (&checkpoint, "2"), |row| from(row) > 200_000 || row.outcome.is_some()).await;
    assert_eq!((held.outcome, held.error), (None, None));
    assert_eq!(world.count(edit).await, (1, 0));
}
