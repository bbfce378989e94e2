//! Golden vectors the browser's model is tested with too (`ui/src/model/operations/vectors.test.ts`, `ui/src/model/risk.test.ts`,
//! `ui/src/model/field-kind.test.ts`): both sides see the same connections, the same places, the same functions, the same risk
//! and the same fields.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use countersign_core::{
    catalogue::{ActionSpec, Catalogue},
    check, document,
    expr::FUNCTIONS,
    money,
    run::{FieldKind, asked_values, form_fields, is_asked_for, value_problems},
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

#[test]
fn fields_are_of_the_same_kind_and_amounts_are_read_alike() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/fields.json")).unwrap();
    for case in vectors["kinds"].as_array().unwrap() {
        assert_eq!(json!(FieldKind::of(&case["schema"]).tag()), case["kind"], "{case}");
    }
    for case in vectors["amounts"].as_array().unwrap() {
        let (words, currency) = (case["words"].as_str().unwrap(), case["currency"].as_str().unwrap());
        assert_eq!(json!(money::amount(words, currency).ok()), case["read"], "{case}");
        let schema = json!({ "properties": { "a": { "type": "string", "format": "money", "currency": currency } } });
        if !case["read"].is_null() {
            assert_eq!(value_problems(&schema, &json!({ "a": case["read"] })), [], "{case}");
        }
    }
}

#[test]
fn what_is_asked_for_under_conditions_is_the_same() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/fields.json")).unwrap();
    for one in vectors["conditions"].as_array().unwrap() {
        let mut form = json!({ "type": "object", "properties": one["fields"] });
        if let Some(pages) = one.get("pages") {
            form["pages"] = pages.clone();
        }
        for case in one["cases"].as_array().unwrap() {
            let kept = asked_values(&form, case["values"].clone());
            assert_eq!(kept, case["kept"], "{case}");
            let fields = form_fields(&form).into_iter();
            let asked = fields.filter(|(_, field)| is_asked_for(field, kept.as_object().unwrap()));
            assert_eq!(asked.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), texts(&case["asked"]), "{case}");
        }
    }
}
