//! The JSON Schema of the document.

use super::{SCHEMA, Workflow};
use serde_json::{Map, Value, json};

/// JSON Schema (draft 2020-12) of a workflow document, generated from the types.
#[must_use]
pub fn workflow_schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Workflow>().to_value();
    if let Some(Value::Object(step)) = schema.pointer_mut("/$defs/Step") {
        spread_common(step);
    }
    if let Some(version) = schema.pointer_mut("/properties/schema").and_then(Value::as_object_mut) {
        version.insert("const".to_owned(), json!(SCHEMA));
    }
    if let Some(steps) = schema.pointer_mut("/properties/steps").and_then(Value::as_object_mut) {
        steps.insert("propertyNames".to_owned(), json!({ "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }));
    }
    schema
}

/// Gives every kind of step the fields that all of them have, so that each is closed and complete by itself: editors
/// complete and validate better with that than with one open object and seven open alternatives.
fn spread_common(step: &mut Map<String, Value>) {
    let common = match step.remove("properties") {
        Some(Value::Object(common)) => common,
        _ => Map::new(),
    };
    step.remove("unevaluatedProperties");
    let kinds = step.get_mut("oneOf").and_then(Value::as_array_mut);
    for kind in kinds.into_iter().flatten().filter_map(Value::as_object_mut) {
        kind.insert("additionalProperties".to_owned(), json!(false));
        kind.remove("unevaluatedProperties");
        let Some(Value::Object(properties)) = kind.get_mut("properties") else { continue };
        let own = std::mem::take(properties);
        let (tag, rest): (Vec<_>, Vec<_>) = own.into_iter().partition(|(name, _)| name == "type");
        properties.extend(tag);
        properties.extend(common.clone());
        properties.extend(rest);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::document::parse;

    #[test]
    fn the_schema_is_a_promise() {
        insta::assert_json_snapshot!(workflow_schema());
    }

    #[test]
    fn every_kind_of_step_is_one_closed_alternative() {
        let schema = workflow_schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let kinds = schema.pointer("/$defs/Step/oneOf").and_then(Value::as_array).unwrap();
        let tags: Vec<_> = kinds.iter().map(|kind| kind["properties"]["type"]["const"].as_str().unwrap()).collect();
        let all = ["tool_call", "collect_form", "condition", "notify", "approval", "human_handoff", "end"];
        assert_eq!(tags, all);
        assert!(
            kinds.iter().all(|kind| kind["additionalProperties"] == false && kind["properties"]["title"].is_object())
        );
    }

    #[test]
    fn it_takes_what_the_parser_takes() {
        let validator = jsonschema::validator_for(&workflow_schema()).unwrap();
        let good = json!({
            "schema": 1, "name": "x", "start": "a",
            "triggers": [{ "type": "api" }, { "type": "message", "when": "true" }],
            "steps": {
                "a": { "type": "condition", "title": "A", "position": [1, 2], "otherwise": "b",
                       "branches": [{ "when": "true", "next": "b" }] },
                "b": { "type": "approval", "summary": "s", "on_approve": "c", "on_reject": "c",
                       "timeout": { "after": "4h", "outcome": "escalate" } },
                "c": { "type": "end" },
            },
        });
        let errors: Vec<_> = validator.iter_errors(&good).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        assert!(parse(&good.to_string()).is_ok());
        for (pointer, bad) in [
            ("/steps/c", json!({ "type": "end", "mesage": "x" })),
            ("/steps/c", json!({ "type": "finish" })),
            ("/schema", json!(2)),
            ("/steps", json!({ "1x": { "type": "end" } })),
        ] {
            let mut document = good.clone();
            *document.pointer_mut(pointer).unwrap() = bad;
            assert!(!validator.is_valid(&document), "{document}");
        }
    }
}
