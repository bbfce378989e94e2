//! The committed OpenAPI document is the one the handlers make.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::path::Path;

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

#[test]
fn the_committed_document_is_fresh() {
    let mut made = serde_json::to_string_pretty(&countersign_server::openapi()).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(committed(), &made).unwrap();
    }
    let known = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(known == made, "openapi.json is stale: run `make gen` (UPDATE_OPENAPI=1 cargo test -p countersign-server)");
}

#[test]
fn every_operation_has_an_id_of_its_own_and_a_problem_response() {
    let document = countersign_server::openapi();
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(operation["responses"]["default"].is_object(), "{method} {path} has no problem response");
            assert!(operation["tags"].is_array(), "{method} {path} has no tag");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = countersign_server::openapi();
    let mut references = Vec::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
