//! Who the customer is: what an action proves counts from then on, what was said before is not taken over.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::run::{Event, RunEvent};
use serde_json::{Value, json};
use support::Play;

const VERIFY: &str = "
schema: 1
name: Verify
start: verify
steps:
  verify:
    type: tool_call
    action: shop.read
    input: {}
    customer:
      external_id: '{{ output.id }}'
      name: '{{ output.name }}'
      email: '{{ output.email }}'
      data: { plan: '{{ output.plan }}' }
    on_error: { next: unsure }
    next: done
  unsure: { type: end, status: rejected, output: '{{ error.code }}' }
  done: { type: end, output: '{{ customer }}' }
";

fn answered(output: Value) -> Play {
    let mut play = Play::started(VERIFY);
    play.succeed(output).unwrap();
    play
}

#[test]
fn the_proven_customer_is_the_customer() {
    let play = answered(json!({ "id": 7, "name": "Grace", "email": "Grace@Example.com", "plan": "pro" }));
    let proven = json!({
        "plan": "pro", "external_id": "7", "name": "Grace", "email": "grace@example.com", "phone": null,
        "telegram": null, "proven": true,
    });
    assert_eq!(play.state.ended().unwrap().output, proven, "nothing of whom the run had before");
    let told = play.log.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::Run(RunEvent::CustomerProven { step, customer }) => {
            Some((step.clone(), customer["external_id"].clone()))
        }
        _ => None,
    });
    assert_eq!(told, Some(("verify".to_owned(), json!("7"))));
}

#[test]
fn an_answer_that_proves_nobody_is_an_error() {
    for output in [json!({}), json!({ "name": "Grace" }), json!({ "email": "nonsense" }), json!({ "id": ["a"] })] {
        let play = answered(output.clone());
        assert_eq!(play.state.ended().unwrap().output, json!("customer_unproven"), "{output}");
    }
}
