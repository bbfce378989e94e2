//! Random acts of a rehearsal.

use countersign_core::{
    play::rehearsal::{Act, Answer},
    time::Span,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Acts in any order; most do not fit.
pub fn random() -> impl Strategy<Value = Vec<Act>> {
    let answer = prop_oneof![
        any::<u8>().prop_map(|x| Answer::Output { output: json!({ "x": x }), given: None }),
        prop::sample::select(vec!["retryable", "fatal", "unknown"]).prop_map(|class| {
            serde_json::from_value(json!({ "kind": "error", "class": class, "code": "x" })).unwrap()
        }),
        Just(Answer::Timeout),
        Just(Answer::Unclear),
        Just(Answer::DidNotHappen),
    ];
    let outcome = prop::sample::select(vec!["approved", "rejected", "changes"]);
    let act = prop_oneof![
        4 => (prop::option::of(0..7_u8), answer)
            .prop_map(|(step, answer)| Act::Answers { step: step.map(|step| format!("s{step}")), answer }),
        2 => any::<u8>().prop_map(|x| Act::Submits { values: json!({ "x": x }) }),
        2 => outcome.prop_map(|outcome| Act::Decides {
            outcome: outcome.into(),
            comment: String::new(),
            by: None,
            edits: Default::default(),
            values: json!(null),
        }),
        2 => prop::option::of(0..10_000_000_u64).prop_map(|wait| Act::Waits { duration: wait.map(Span) }),
        1 => Just(Act::HandsBack { outcome: "returned".into(), comment: String::new(), by: None, values: Value::Null }),
        1 => Just(Act::Says { text: "hello".into() }),
        1 => Just(serde_json::from_value(json!({ "act": "resolves", "answer": { "outcome": "not_happened" } })).unwrap()),
    ];
    prop::collection::vec(act, 0..25)
}
