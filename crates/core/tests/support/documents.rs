//! Random documents that compile more often than not.

use proptest::prelude::*;
use serde_json::{Value, json};

const STEPS: usize = 7;
const ACTIONS: [&str; 5] = ["shop.read", "shop.keyed", "shop.unkeyed", "shop.looked_up", "bank.pay"];
const EXPRESSIONS: [&str; 6] =
    ["a = 1", "steps.s1.output.x > 2", "nothing.at.all", "$count(steps.*)", "'x' + 1", "$not(b)"];
const TEXTS: [&str; 4] = ["plain", "{{ a }}", "{{ steps.s2.output }} and {{ customer.name }}", "{{ 'x' + 1 }}"];

fn target() -> impl Strategy<Value = String> {
    (0..STEPS).prop_map(|index| format!("s{index}"))
}

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(from)
}

fn step() -> impl Strategy<Value = Value> {
    let timeout = || prop::option::of(target().prop_map(|next| json!({ "after": "1h", "next": next })));
    prop_oneof![
        (pick(&ACTIONS), pick(&TEXTS), target(), prop::option::of(target()), 1..4_u32).prop_map(
            |(action, text, next, error, attempts)| json!({
                "type": "tool_call", "action": action, "input": { "x": text }, "set": { "a": "{{ output.x }}" },
                "retry": { "attempts": attempts }, "next": next, "on_error": error.map(|next| json!({ "next": next })),
            })
        ),
        (pick(&TEXTS), target(), timeout()).prop_map(|(prompt, next, timeout)| json!({
            "type": "collect_form", "prompt": prompt, "next": next, "timeout": timeout,
            "form": { "type": "object", "required": ["x"], "properties": { "x": { "type": "integer" } } },
            "set": { "b": "{{ output.x }}" },
        })),
        (pick(&EXPRESSIONS), target(), target()).prop_map(|(when, next, otherwise)| json!({
            "type": "condition", "branches": [{ "when": when, "next": next }], "otherwise": otherwise,
        })),
        (pick(&TEXTS), any::<bool>(), target(), prop::option::of(target())).prop_map(
            |(body, all, next, error)| json!({
                "type": "notify", "channels": ["conversation", "whatsapp", "telegram", "email"], "body": body,
                "delivery": if all { "all" } else { "first" }, "next": next,
                "on_error": error.map(|next| json!({ "next": next })),
            })
        ),
        (
            pick(&TEXTS),
            prop::collection::vec(target(), 0..3),
            1..3_u32,
            target(),
            target(),
            pick(&["approved", "rejected", "escalate"])
        )
            .prop_map(|(summary, guards, quorum, yes, no, outcome)| json!({
                "type": "approval", "summary": summary, "guards": guards, "approvers": { "quorum": quorum },
                "remind_after": "10m", "timeout": { "after": "1h", "outcome": outcome },
                "on_approve": yes, "on_reject": no,
            })),
        (pick(&TEXTS), target(), timeout()).prop_map(|(note, next, timeout)| json!({
            "type": "human_handoff", "note": note, "message": note, "next": next, "timeout": timeout,
        })),
        (pick(&TEXTS), pick(&["completed", "rejected", "failed"]))
            .prop_map(|(message, status)| json!({ "type": "end", "message": message, "status": status })),
    ]
}

pub fn document() -> impl Strategy<Value = Value> {
    prop::collection::vec(step(), STEPS).prop_map(|steps| {
        let mut steps: serde_json::Map<String, Value> =
            steps.into_iter().enumerate().map(|(index, step)| (format!("s{index}"), step)).collect();
        for step in steps.values_mut() {
            if let Value::Object(fields) = step {
                fields.retain(|_, value| !value.is_null());
            }
        }
        json!({ "schema": 1, "name": "random", "start": "s0", "step_limit": 40, "vars": { "a": 1, "b": null }, "steps": steps })
    })
}
