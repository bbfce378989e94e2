//! JSONata's `$boolean`.

use serde_json::Value;

/// Whether a value counts as true, by JSONata's `$boolean`: the empty string, zero, `null`, an empty object and an
/// array without a member that counts as true are false.
#[must_use]
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(truthy),
        Value::Object(members) => !members.is_empty(),
    }
}
