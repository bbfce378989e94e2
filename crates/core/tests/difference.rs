//! What differs between two documents.
#![allow(clippy::unwrap_used)]

use countersign_core::difference::document::{ConnectionChange, FieldChange, StepChangeKind, difference};
use serde_json::{Value, json};

fn base() -> Value {
    json!({
        "schema": 1, "name": "A", "start": "check", "vars": { "a": 1 }, "triggers": [{ "type": "api" }],
        "steps": {
            "check": { "type": "condition", "position": [0.0, 0.0], "branches": [{ "when": "a = 1", "next": "ask" }], "otherwise": "no" },
            "ask": { "type": "approval", "summary": "?", "guards": ["pay"], "on_approve": "pay", "on_reject": "no" },
            "pay": { "type": "tool_call", "action": "bank.pay", "input": { "amount": 1 }, "next": "yes" },
            "yes": { "type": "end" },
            "no": { "type": "end", "status": "rejected" },
        },
    })
}

fn kinds(before: &Value, after: &Value) -> Vec<(StepChangeKind, String)> {
    difference(before, after).steps.into_iter().map(|step| (step.kind, step.step)).collect()
}

#[test]
fn the_same_document_has_no_difference() {
    assert!(difference(&base(), &base()).is_empty());
    assert!(difference(&Value::Null, &Value::Null).is_empty());
    assert_eq!(kinds(&Value::Null, &base()).len(), 5);
}

#[test]
fn a_changed_field_is_named_by_its_pointer() {
    let mut after = base();
    after["steps"]["pay"]["input"] = json!({ "amount": 2, "note/1": "x" });
    after["vars"]["b"] = json!(null);
    let found = difference(&base(), &after);
    let change = |pointer: &str, before: Option<Value>, after: Option<Value>| FieldChange {
        pointer: pointer.into(),
        before,
        after,
    };
    assert_eq!(found.steps.len(), 1);
    assert_eq!(
        found.steps[0].fields,
        [change("/input/amount", Some(json!(1)), Some(json!(2))), change("/input/note~11", None, Some(json!("x")))]
    );
    assert_eq!(found.document, [change("/vars/b", None, Some(json!(null)))]);
    assert!(found.connections.is_empty());
}

#[test]
fn a_connection_that_leads_elsewhere_changes_its_step_and_a_place_only_moves_it() {
    let mut after = base();
    after["steps"]["check"]["branches"][0]["next"] = json!("pay");
    after["steps"]["yes"]["position"] = json!([1.0, 2.0]);
    let found = difference(&base(), &after);
    let rewired = |exit: &str, before: &str, now: &str| ConnectionChange {
        step: "check".into(),
        exit: exit.into(),
        before: Some(before.into()),
        after: Some(now.into()),
    };
    assert_eq!(found.connections, [rewired("when 1", "ask", "pay")]);
    assert_eq!(
        kinds(&base(), &after),
        [(StepChangeKind::Changed, "check".to_owned()), (StepChangeKind::Moved, "yes".to_owned())]
    );
}

#[test]
fn added_and_removed_steps_are_told_apart_from_a_rename() {
    let text = base().to_string().replace("\"pay\"", "\"charge\"");
    let renamed: Value = serde_json::from_str(&text).unwrap();
    let found = difference(&base(), &renamed);
    assert_eq!(found.steps.len(), 1, "{found:?}");
    assert_eq!((found.steps[0].kind, found.steps[0].was.as_deref()), (StepChangeKind::Renamed, Some("pay")));
    assert!(found.connections.is_empty() && found.document.is_empty(), "{found:?}");

    let mut after = base();
    after["steps"].as_object_mut().unwrap().remove("pay");
    after["steps"]["refund"] = json!({ "type": "tool_call", "action": "bank.refund", "next": "yes" });
    after["steps"]["ask"]["on_approve"] = json!("refund");
    assert_eq!(
        kinds(&base(), &after),
        [
            (StepChangeKind::Changed, "ask".to_owned()),
            (StepChangeKind::Added, "refund".to_owned()),
            (StepChangeKind::Removed, "pay".to_owned())
        ]
    );
}

#[test]
fn two_steps_that_are_alike_are_not_taken_for_a_rename() {
    let before = json!({ "steps": { "a": { "type": "end" }, "b": { "type": "end" } } });
    let after = json!({ "steps": { "c": { "type": "end" }, "d": { "type": "end" } } });
    let found: Vec<_> = kinds(&before, &after).into_iter().map(|(kind, _)| kind).collect();
    use StepChangeKind::{Added, Removed};
    assert_eq!(found, [Added, Added, Removed, Removed]);
}

#[test]
fn drafts_of_any_shape_are_compared() {
    let odd =
        [json!([]), json!({ "steps": 3 }), json!({ "steps": { "a": 7, "b": { "branches": [1], "timeout": "x" } } })];
    for before in &odd {
        for after in &odd {
            assert_eq!(difference(before, after).is_empty(), before == after || steps_equal(before, after));
        }
    }
}

fn steps_equal(before: &Value, after: &Value) -> bool {
    // A list and an object whose steps are no object both have no steps and nothing else.
    before.get("steps").is_none_or(|steps| !steps.is_object())
        && after.get("steps").is_none_or(|steps| !steps.is_object())
}
