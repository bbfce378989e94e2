//! Workflow documents on their way in: from JSON or YAML to a value, and what the checks say about it.

use crate::{
    error::{ApiError, ApiResult},
    extract::too_large,
    wire::{Diagnostic, Severity, StepDifference},
};
use countersign_core::{
    catalogue::Catalogue,
    check,
    document::{self, Workflow},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Longest document, bytes of JSON.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of a workflow, characters.
const NAME_LENGTH_MAX: usize = 200;

/// A document that could not even be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    message: String,
    position: Option<(usize, usize)>,
}

impl Unreadable {
    /// As a finding of the checks.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        let message = match self.position {
            Some((line, column)) => format!("line {line}, column {column}: {}", self.message),
            None => self.message,
        };
        finding("source", "", message)
    }
}

impl From<Unreadable> for ApiError {
    fn from(unreadable: Unreadable) -> Self {
        let error = Self::unprocessable("invalid_source", "The text is not a workflow document")
            .pointer("/source")
            .detail(unreadable.message);
        match unreadable.position {
            Some((line, column)) => error.position(line, column),
            None => error,
        }
    }
}

/// The document of a request that has it as JSON or as text.
pub(crate) fn read(document: Option<Value>, source: Option<&str>) -> Result<Value, Unreadable> {
    let unreadable = |message: &str| Unreadable { message: message.to_owned(), position: None };
    let value = match (document, source) {
        (Some(document), None) => document,
        (None, Some(source)) => parse_yaml(source)?,
        (Some(_), Some(_)) => return Err(unreadable("give either `document` or `source`")),
        (None, None) => return Err(unreadable("give `document` (JSON) or `source` (YAML text)")),
    };
    if value.is_object() { Ok(value) } else { Err(unreadable("a workflow document is an object")) }
}

fn parse_yaml(source: &str) -> Result<Value, Unreadable> {
    let unreadable = |error: serde_norway::Error| Unreadable {
        message: error.to_string(),
        position: error.location().map(|at| (at.line(), at.column())),
    };
    // YAML's own value first: it notices a step that is there twice, where a JSON map would keep the last.
    let value: serde_norway::Value = serde_norway::from_str(source).map_err(unreadable)?;
    serde_norway::from_value(value).map_err(unreadable)
}

/// A document that may be kept as a draft, and its JSON text.
pub(crate) fn keepable(value: &Value) -> ApiResult<String> {
    let text = serde_json::to_string(value).map_err(ApiError::internal)?;
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(too_large());
    }
    if let Some(newer) = newer_schema(value) {
        return Err(ApiError::unprocessable("newer_schema", "This document is for a newer Countersign")
            .pointer("/schema")
            .detail(newer.message));
    }
    Ok(text)
}

fn newer_schema(value: &Value) -> Option<Diagnostic> {
    let found = value.get("schema")?.as_u64().filter(|schema| *schema > u64::from(document::SCHEMA))?;
    let message = format!("the document has schema {found}, this build knows up to {}", document::SCHEMA);
    Some(finding("newer_schema", "/schema", message))
}

/// The name in a document.
pub(crate) fn name_of(value: &Value) -> ApiResult<String> {
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default().trim();
    if name.is_empty() || name.chars().count() > NAME_LENGTH_MAX {
        return Err(ApiError::invalid("/name", format!("a workflow has a name of 1 to {NAME_LENGTH_MAX} characters")));
    }
    Ok(name.to_owned())
}

/// What the checks say; the document with its types when it has the right shape.
pub(crate) fn check(value: &Value, catalogue: &Catalogue) -> (Option<Workflow>, Vec<Diagnostic>) {
    if let Some(newer) = newer_schema(value) {
        return (None, vec![newer]);
    }
    let workflow: Workflow = match serde_path_to_error::deserialize(value) {
        Ok(workflow) => workflow,
        Err(error) => {
            let pointer = crate::extract::pointer(error.path());
            return (None, vec![finding("shape", &pointer, error.inner().to_string())]);
        }
    };
    let found = check::check(&workflow, catalogue).into_iter().map(diagnostic).collect();
    (Some(workflow), found)
}

fn diagnostic(found: check::Diagnostic) -> Diagnostic {
    Diagnostic {
        code: found.code.to_string(),
        severity: match found.severity {
            check::Severity::Error => Severity::Error,
            check::Severity::Warning => Severity::Warning,
        },
        pointer: found.pointer,
        message: found.message,
        help: Some(found.help).filter(|help| !help.is_empty()),
    }
}

fn finding(code: &str, pointer: &str, message: String) -> Diagnostic {
    Diagnostic { code: code.to_owned(), severity: Severity::Error, pointer: pointer.to_owned(), message, help: None }
}

/// SHA-256 hex of a document's text: the hash of the version it becomes.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The document as YAML, in the author's order.
pub(crate) fn to_yaml(value: &Value) -> ApiResult<String> {
    match serde_json::from_value::<Workflow>(value.clone()) {
        Ok(workflow) => Ok(document::to_yaml(&workflow)),
        Err(_) => serde_norway::to_string(value).map_err(ApiError::internal),
    }
}

/// Unified difference of two texts.
pub(crate) fn text_difference(from: (&str, &str), to: (&str, &str)) -> String {
    let difference = similar::TextDiff::from_lines(from.1, to.1);
    difference.unified_diff().context_radius(3).header(from.0, to.0).to_string()
}

/// Which steps differ.
pub(crate) fn step_difference(from: &Value, to: &Value) -> StepDifference {
    let none = Map::new();
    let steps = |document: &Value| document.get("steps").and_then(Value::as_object).cloned();
    let (before, after) = (steps(from).unwrap_or_else(|| none.clone()), steps(to).unwrap_or(none));
    let mut difference = StepDifference::default();
    for (id, step) in &after {
        match before.get(id) {
            None => difference.added.push(id.clone()),
            Some(old) if old == step => {}
            Some(old) if without_position(old) == without_position(step) => difference.moved.push(id.clone()),
            Some(_) => difference.changed.push(id.clone()),
        }
    }
    difference.removed = before.keys().filter(|id| !after.contains_key(*id)).cloned().collect();
    difference
}

fn without_position(step: &Value) -> Value {
    let mut step = step.clone();
    if let Some(step) = step.as_object_mut() {
        step.shift_remove("position");
    }
    step
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_are_compared_by_what_they_do_and_where_they_are() {
        let from = json!({ "steps": { "a": { "type": "end" }, "b": { "type": "end" }, "c": { "type": "end" } } });
        let to = json!({ "steps": {
            "a": { "type": "end", "position": [1.0, 2.0] }, "b": { "type": "notify" }, "d": { "type": "end" }
        } });
        let difference = step_difference(&from, &to);
        assert_eq!(difference.added, ["d"]);
        assert_eq!(difference.removed, ["c"]);
        assert_eq!(difference.changed, ["b"]);
        assert_eq!(difference.moved, ["a"]);
    }

    #[test]
    fn a_step_that_is_there_twice_is_noticed() {
        let source = "steps:\n  a: { type: end }\n  a: { type: end }\n";
        let unreadable = read(None, Some(source)).unwrap_err();
        assert!(unreadable.message.contains("duplicate"), "{}", unreadable.message);
    }
}
