//! Workflow documents on their way in: from JSON or YAML to a value, and what the checks say about it.

use crate::http::{
    extract::too_large,
    problem::{ApiError, ApiResult},
};
use countersign_api::{Diagnostic, Severity, StepDifference};
use countersign_core::{
    catalogue::Catalogue,
    check::{self, Among},
    difference::document::{Difference, StepChangeKind},
    document::{self, SourceError, Workflow},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest document, bytes of JSON.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of a workflow, characters.
const NAME_LENGTH_MAX: usize = 200;

/// A document that could not even be read.
#[derive(Debug)]
pub(crate) struct Unreadable(Vec<SourceError>);

impl Unreadable {
    fn one(message: &str) -> Self {
        let message = message.to_owned();
        Self(vec![SourceError { code: "syntax", message, pointer: String::new(), line: None, column: None }])
    }

    /// As findings of the checks.
    pub(crate) fn diagnostics(self) -> Vec<Diagnostic> {
        self.0.into_iter().map(|error| diagnostic(error.into())).collect()
    }
}

impl From<Unreadable> for ApiError {
    fn from(unreadable: Unreadable) -> Self {
        let place = unreadable.0.first().and_then(|error| Some((error.line?, error.column?)));
        let error = Self::unprocessable("invalid_source", "The text is not a workflow document")
            .pointer("/source")
            .diagnostics(unreadable.diagnostics());
        match place {
            Some((line, column)) => error.position(line, column),
            None => error,
        }
    }
}

/// The document of a request that has it as JSON or as text.
pub(crate) fn read(document: Option<Value>, source: Option<&str>) -> Result<Value, Unreadable> {
    let value = match (document, source) {
        (Some(document), None) => document,
        (None, Some(source)) => read_text(source)?,
        (Some(_), Some(_)) => return Err(Unreadable::one("give either `document` or `source`")),
        (None, None) => return Err(Unreadable::one("give `document` (JSON) or `source` (YAML text)")),
    };
    let Value::Object(mut members) = value else {
        return Err(Unreadable::one("a workflow document is an object"));
    };
    // Spaces around a name are nobody's: it is looked for without them.
    if let Some(Value::String(name)) = members.get_mut("name")
        && name.trim().len() < name.len()
    {
        *name = name.trim().to_owned();
    }
    Ok(Value::Object(members))
}

/// Text that is YAML or JSON without doubt. A document with the wrong shape is fine here: a draft may have errors.
fn read_text(source: &str) -> Result<Value, Unreadable> {
    if let Err(errors) = document::parse_all(source) {
        let unreadable = |error: &SourceError| matches!(error.code, "source_size" | "syntax" | "duplicate_key");
        if errors.iter().any(unreadable) {
            return Err(Unreadable(errors));
        }
    }
    serde_norway::from_str(countersign_core::text::without_mark(source))
        .map_err(|error| Unreadable::one(&error.to_string()))
}

/// A document that may be kept as a draft, and its JSON text.
pub(crate) fn keepable(value: &Value) -> ApiResult<String> {
    let text = serde_json::to_string(value).map_err(ApiError::internal)?;
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(too_large());
    }
    let schema = value.get("schema").and_then(Value::as_u64).unwrap_or(0);
    if schema > u64::from(document::SCHEMA) {
        let detail = format!("the document has schema {schema}, this build reads up to {}", document::SCHEMA);
        return Err(ApiError::unprocessable("schema_newer", "This document is for a newer Countersign")
            .pointer("/document/schema")
            .detail(detail));
    }
    Ok(text)
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
    check_among(value, catalogue, Among::default())
}

/// As [`check`], and whether what there is around it can do what it asks.
pub(crate) fn check_among(
    value: &Value,
    catalogue: &Catalogue,
    among: Among<'_>,
) -> (Option<Workflow>, Vec<Diagnostic>) {
    match document::decode(value.clone()) {
        Ok(workflow) => {
            let found = check::check_among(&workflow, catalogue, among).into_iter().map(diagnostic).collect();
            (Some(workflow), found)
        }
        Err(errors) => (None, Unreadable(errors).diagnostics()),
    }
}

fn diagnostic(found: check::Diagnostic) -> Diagnostic {
    Diagnostic {
        code: found.code.to_owned(),
        severity: match found.severity {
            check::Severity::Error => Severity::Error,
            check::Severity::Warning => Severity::Warning,
            check::Severity::Info => Severity::Info,
        },
        pointer: found.pointer,
        message: found.message,
        help: Some(found.help).filter(|help| !help.is_empty()),
    }
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

/// Which steps differ, by how.
pub(crate) fn step_difference(difference: &Difference) -> StepDifference {
    let of = |kind: StepChangeKind| {
        difference.steps.iter().filter(|step| step.kind == kind).map(|step| step.step.clone()).collect()
    };
    StepDifference {
        added: of(StepChangeKind::Added),
        removed: of(StepChangeKind::Removed),
        changed: of(StepChangeKind::Changed),
        moved: of(StepChangeKind::Moved),
        renamed: of(StepChangeKind::Renamed),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_step_that_is_there_twice_is_noticed() {
        let source = "steps:\n  a: { type: end }\n  a: { type: end }\n";
        let found = read(None, Some(source)).unwrap_err().diagnostics();
        assert_eq!(found.first().map(|finding| finding.code.as_str()), Some("duplicate_key"));
    }
}
