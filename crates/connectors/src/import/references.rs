//! `$ref`: what a reference stands for.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// References are followed this many times before they count as a circle.
const STEPS_MAX: usize = 64;

/// The text of a `$ref`; empty when there is none.
pub(super) fn target(value: &Value) -> &str {
    value.get("$ref").and_then(Value::as_str).unwrap_or_default()
}

/// What a value stands for: itself, or what its `$ref` leads to; nothing when that is not in the document.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let mut value = value;
    for _ in 0..STEPS_MAX {
        match target(value) {
            "" => return Some(value),
            reference => value = document.pointer(&pointer(reference)?)?,
        }
    }
    None
}

/// The JSON pointer of a reference into the same document.
pub(super) fn pointer(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let decoded = percent_decode_str(fragment).decode_utf8().ok()?.into_owned();
    (decoded.is_empty() || decoded.starts_with('/')).then_some(decoded)
}
