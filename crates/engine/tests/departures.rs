//! What leaves by the channels of conversations, on a clock that is moved by hand.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_store::MessageRow;
use serde_json::{Value, json};
use support::World;

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
