//! Whatever text comes in, reading and checking a document ends with an answer.
#![allow(clippy::unwrap_used)]

use countersign_core::{
    catalogue::Catalogue,
    check::{DIAGNOSTICS_MAX, check_source},
    document::{parse, to_yaml},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A document with a step of every kind; the mutations below break it.
fn whole() -> Value {
    json!({
        "schema": 1, "name": "Whole", "description": "All of it", "start": "form",
        "triggers": [{ "type": "message", "when": "true" }, { "type": "webhook", "path": "in" }, { "type": "api" },
                     { "type": "schedule", "cron": "0 9 * * *", "time_zone": "UTC" }, { "type": "manual" }],
        "input": { "type": "object" }, "vars": { "amount": 1, "name": null }, "step_limit": 100,
        "steps": {
            "form": { "type": "collect_form", "title": "Form", "position": [1.5, 2.0], "prompt": "Hi {{ name }}",
                      "form": { "type": "object", "properties": { "a": { "type": "string" } } },
                      "prefill": { "a": "{{ name }}" }, "submit": "Go", "set": { "name": "{{ output.a }}" },
                      "next": "test", "timeout": { "after": "1h", "next": "end" } },
            "test": { "type": "condition", "branches": [{ "when": "amount > 1", "next": "ask", "label": "large" }],
                      "otherwise": "tell" },
            "ask": { "type": "approval", "summary": "{{ amount }}", "guards": ["call"],
                     "approvers": { "roles": ["manager"], "users": ["ada@example.com"], "quorum": 2 },
                     "remind_after": "30m", "on_approve": "call", "on_reject": "end", "on_changes": "form",
                     "timeout": { "after": "4h", "outcome": "escalate", "next": "end", "escalate_to": ["admin"] } },
            "call": { "type": "tool_call", "action": "a.b", "connection": "c", "input": { "x": ["{{ amount }}"] },
                      "set": { "amount": "{{ output }}" }, "retry": { "attempts": 3, "backoff": "constant" },
                      "timeout": "10s", "next": "tell", "on_error": { "next": "person" } },
            "tell": { "type": "notify", "channels": ["email", "sms"], "delivery": "first", "to": { "email": "{{ name }}" },
                      "subject": "s", "body": "b", "next": "end" },
            "person": { "type": "human_handoff", "team": "t", "note": "n", "message": "m", "next": "end",
                        "outcomes": { "again": { "next": "call" } }, "timeout": { "after": "1d", "next": "end" } },
            "end": { "type": "end", "status": "completed", "message": "m", "output": { "a": "{{ amount }}" } },
        },
    })
}

/// Every pointer of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| pointers(member, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| pointers(item, &format!("{at}/{i}"), found))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop_oneof![Just("end"), Just("call"), Just("{{ amount }}"), Just("{{"), Just("1h"), Just("")]
            .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!({ "type": "end" })),
        Just(json!([{ "next": "end", "when": "$f(" }])),
    ]
}

#[test]
fn the_whole_document_is_read_and_written() {
    let text = whole().to_string();
    let workflow = parse(&text).unwrap();
    assert_eq!(parse(&to_yaml(&workflow)).unwrap(), workflow);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let (workflow, diagnostics) = check_source(&text, &Catalogue::default());
        prop_assert!(workflow.is_some() || !diagnostics.is_empty());
    }

    #[test]
    fn yaml_pieces_are_answered(pieces in prop::collection::vec(prop_oneof![
        Just("schema: 1\n"), Just("name: x\n"), Just("steps:\n"), Just("  a:\n"), Just("    type: end\n"), Just("- "),
        Just("{"), Just("}"), Just("["), Just("]"), Just("&a "), Just("*a "), Just("? "), Just(": "), Just("\n"),
        Just("|\n"), Just("'"), Just("\""), Just("!!x "), Just("<<: "), Just("---\n"), Just("%"), Just("\t"),
    ], 0..30)) {
        let (workflow, diagnostics) = check_source(&pieces.concat(), &Catalogue::default());
        prop_assert!(workflow.is_some() || !diagnostics.is_empty());
    }

    #[test]
    fn broken_documents_are_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), junk()), 1..4)) {
        let mut document = whole();
        for (index, value) in changes {
            let mut all = Vec::new();
            pointers(&document, "", &mut all);
            *document.pointer_mut(&all[index.index(all.len())]).unwrap() = value;
        }
        let (workflow, diagnostics) = check_source(&document.to_string(), &Catalogue::default());
        prop_assert!(diagnostics.len() <= DIAGNOSTICS_MAX);
        match workflow {
            Some(workflow) => prop_assert_eq!(parse(&to_yaml(&workflow)), Ok(workflow)),
            None => prop_assert!(!diagnostics.is_empty()),
        }
    }
}
