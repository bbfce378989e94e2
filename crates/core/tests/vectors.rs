//! Golden vectors the browser's model is tested with too (`ui/src/model/operations/vectors.test.ts`, `ui/src/model/risk.test.ts`):
//! both sides see the same connections, the same places, the same functions and the same risk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use countersign_core::{
    catalogue::{ActionSpec, Catalogue},
    check, document,
    expr::FUNCTIONS,
};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/operations.json")).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn the_functions_are_the_same() {
    let vectors = vectors();
    assert_eq!(texts(&vectors["functions"]), FUNCTIONS.iter().map(|function| function.name).collect::<Vec<_>>());
}

#[test]
fn connections_and_findings_are_the_same() {
    for case in vectors()["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let workflow = document::decode(case["result"].clone()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        let edges: Vec<[String; 3]> = workflow
            .steps
            .iter()
            .flat_map(|(id, step)| {
                step.kind.exits().into_iter().map(move |(exit, to)| [id.clone(), exit.to_string(), to.clone()])
            })
            .filter(|[_, _, to]| workflow.steps.contains_key(to))
            .collect();
        assert_eq!(serde_json::to_value(&edges).unwrap(), case["edges"], "{name}");
        let found = check::check(&workflow, &Catalogue::default());
        let at = |code: &str| {
            let mut places: Vec<&str> =
                found.iter().filter(|one| one.code == code).map(|one| one.pointer.as_str()).collect();
            places.sort_unstable();
            places
        };
        assert_eq!(at("unknown_step"), texts(&case["nowhere"]), "{name}");
        let lost: Vec<String> = texts(&case["unreachable"]).iter().map(|id| format!("/steps/{id}")).collect();
        assert_eq!(at("unreachable_step"), lost, "{name}");
    }
}

#[test]
fn the_risk_of_what_is_written_is_the_same() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/risk.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let method = case.get("default").map_or_else(|| json!({}), |default| json!({ "default": default }));
        let spec: ActionSpec = serde_json::from_value(json!({
            "name": "web.request", "title": "", "description": "", "risk": vectors["risk"], "risk_by": vectors["risk_by"],
            "idempotency": { "kind": "none" }, "look_up": null, "output": {},
            "input": { "type": "object", "properties": { "method": method } },
        }))
        .unwrap();
        assert_eq!(json!(spec.risk_as_written(&case["input"])), case["risk"], "{case}");
    }
}
