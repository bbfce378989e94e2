//! What a manifest may say, as JSON Schema, and what of a document does not fit it.

use crate::manifest::Manifest;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The most faults of one document.
const FAULTS_MAX: usize = 50;

/// Something a manifest cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer to the place.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// The JSON Schema of manifests.
#[must_use]
pub fn manifest_schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.into_generator().into_root_schema_for::<Manifest>().to_value()
}

/// What of a document no manifest says, each at its place; empty when it has the shape of one.
pub(crate) fn faults(document: &Value) -> Vec<Fault> {
    static VALIDATOR: LazyLock<Option<Validator>> =
        LazyLock::new(|| jsonschema::validator_for(&manifest_schema()).ok());
    let Some(validator) = VALIDATOR.as_ref() else { return Vec::new() };
    let mut faults = Vec::new();
    for error in validator.iter_errors(document) {
        collect(&error, &mut faults);
        if faults.len() >= FAULTS_MAX {
            faults.truncate(FAULTS_MAX);
            break;
        }
    }
    faults
}

/// Of alternatives only the one that was meant is told: the one that names itself, else the one that fits furthest.
fn collect(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let (ValidationErrorKind::OneOfNotValid { context: alternatives }
    | ValidationErrorKind::AnyOf { context: alternatives }) = error.kind()
    else {
        faults.push(Fault { pointer: error.instance_path().to_string(), message: error.to_string() });
        return;
    };
    let meant = alternatives
        .iter()
        .filter(|errors| !errors.is_empty() && errors.iter().all(|error| misnamed(error).is_none()))
        .max_by_key(|errors| {
            let depth = errors.iter().map(|error| error.instance_path().as_str().matches('/').count()).max();
            (depth, std::cmp::Reverse(errors.len()))
        });
    if let Some(meant) = meant {
        meant.iter().for_each(|error| collect(error, faults));
        return;
    }
    let named: Vec<&ValidationError<'_>> =
        alternatives.iter().flatten().filter(|error| misnamed(error).is_some()).collect();
    let names: Vec<String> = named.iter().filter_map(|error| misnamed(error)).map(|name| name.to_string()).collect();
    let (pointer, found) = match named.first() {
        Some(error) => (error.instance_path().to_string(), error.instance().clone().into_owned()),
        None => (error.instance_path().to_string(), json!(null)),
    };
    faults.push(Fault { pointer, message: format!("{found} is not one of {}", names.join(", ")) });
}

/// The name an alternative has, where that is what does not fit.
fn misnamed(error: &ValidationError<'_>) -> Option<Value> {
    let ValidationErrorKind::Constant { expected_value } = error.kind() else { return None };
    Some(expected_value.as_ref().clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn good() -> Value {
        json!({
            "name": "echo", "title": "Echo", "base_url": "https://echo.example.com",
            "auth": { "kind": "bearer", "secret": "token" },
            "actions": { "say": {
                "title": "Say", "method": "POST", "path": "/words", "risk": "write",
                "body": { "encoding": "json", "value": "$input" }, "idempotency": { "kind": "none" },
            } },
        })
    }

    fn found(pointer: &str, value: Value) -> Vec<(String, String)> {
        let mut document = good();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.remove(name);
        if !value.is_null() {
            parent.insert(name.to_owned(), value);
        }
        assert!(serde_json::from_value::<Manifest>(document.clone()).is_err(), "the parser takes {document}");
        faults(&document).into_iter().map(|fault| (fault.pointer, fault.message)).collect()
    }

    #[test]
    fn what_comes_with_the_executable_fits() {
        assert_eq!(faults(&good()), []);
        for connector in crate::Registry::built_in().unwrap().connectors() {
            assert_eq!(faults(&json!(connector)), [], "{}", connector.name);
        }
    }

    #[test]
    fn of_alternatives_the_one_that_fits_deeper_is_meant_however_long_a_name_is() {
        let number = json!({ "type": "integer" });
        let schema = json!({ "anyOf": [
            { "properties": { "a_name_that_is_long": number } },
            { "properties": { "a": { "properties": { "b": number } } } },
        ] });
        let document = json!({ "a_name_that_is_long": "x", "a": { "b": "x" } });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut faults = Vec::new();
        validator.iter_errors(&document).for_each(|error| collect(&error, &mut faults));
        assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/a/b"]);
    }

    #[test]
    fn a_fault_is_told_at_its_place() {
        for (pointer, value, place, word) in [
            ("/actions/say/risk", json!("danger"), "/actions/say/risk", "\"high\""),
            ("/actions/say/risk", Value::Null, "/actions/say", "\"risk\" is a required property"),
            ("/actions/say/colour", json!("red"), "/actions/say", "colour"),
            ("/actions/say/body", json!({ "encoding": "smoke" }), "/actions/say/body/encoding", "\"graphql\""),
            ("/auth", json!({ "kind": "magic" }), "/auth/kind", "\"bearer\""),
            ("/auth", json!({ "kind": "bearer" }), "/auth", "\"secret\" is a required property"),
            ("/auth", json!({ "kind": "bearer", "secret": 7 }), "/auth/secret", "string"),
            ("/actions/say/idempotency", json!({ "kind": "header" }), "/actions/say/idempotency", "\"name\""),
        ] {
            let found = found(pointer, value.clone());
            let told = found.iter().any(|(at, message)| at == place && message.contains(word));
            assert!(told && found.len() == 1, "{pointer} {value}: {found:?}");
        }
    }
}
