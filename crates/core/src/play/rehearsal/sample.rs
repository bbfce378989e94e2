//! A value that fits a JSON Schema: what a service might answer.

use serde_json::{Map, Value, json};

/// Deepest nesting that is made.
const DEPTH_MAX: usize = 12;
/// The most members of one object.
const MEMBERS_MAX: usize = 100;

/// A likely value: the schema's own example, default, constant or first choice, else one made from its type.
#[must_use]
pub fn sample(schema: &Value) -> Value {
    make(schema, schema, "", 0)
}

fn make(root: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let Some(object) = schema.as_object().filter(|_| depth <= DEPTH_MAX) else { return Value::Null };
    if let Some(target) = object.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Value::Null, |found| make(root, found, name, depth + 1));
    }
    let first = |key: &str| object.get(key).and_then(Value::as_array).and_then(|values| values.first());
    let given = first("examples").or(object.get("example")).or(object.get("const")).or(object.get("default"));
    if let Some(value) = given.or(first("enum")) {
        return value.clone();
    }
    if let Some(choice) = first("oneOf").or(first("anyOf")).filter(|_| !object.contains_key("properties")) {
        return make(root, choice, name, depth + 1);
    }
    let kind = match object.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if object.contains_key("properties") => "object",
        _ if object.contains_key("items") => "array",
        _ => "",
    };
    match kind {
        "object" => members(root, object, depth),
        "array" => object.get("items").map_or_else(|| json!([]), |items| json!([make(root, items, name, depth + 1)])),
        "string" => json!(text(object, name)),
        "integer" => number(object, 1.0, 1),
        "number" => number(object, 1.5, 0),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

fn members(root: &Value, object: &Map<String, Value>, depth: usize) -> Value {
    let properties = object.get("properties").and_then(Value::as_object);
    let made = properties.into_iter().flatten().take(MEMBERS_MAX);
    Value::Object(made.map(|(name, schema)| (name.clone(), make(root, schema, name, depth + 1))).collect())
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    let text = match object.get("format").and_then(Value::as_str) {
        Some("email") => "ada@example.com".to_owned(),
        Some("date-time") => "2026-01-31T09:30:00Z".to_owned(),
        Some("date") => "2026-01-31".to_owned(),
        Some("time") => "09:30:00Z".to_owned(),
        Some("money") => crate::money::example(object.get("currency").and_then(Value::as_str).unwrap_or_default()),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        Some("uuid") => "018f3d3e-7d1b-7000-8000-000000000001".to_owned(),
        _ if name == "email" => "ada@example.com".to_owned(),
        _ if name == "phone" => "+15555550101".to_owned(),
        _ if name == "currency" => "usd".to_owned(),
        _ if name.is_empty() => "text".to_owned(),
        _ => name.replace('_', " "),
    };
    let bound = |key: &str| object.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let long = bound("minLength").unwrap_or(0).min(1_000);
    let padded = format!("{text:x<long$}");
    padded.chars().take(bound("maxLength").unwrap_or(usize::MAX)).collect()
}

fn number(object: &Map<String, Value>, ordinary: f64, whole: i64) -> Value {
    let bound = |key: &str| object.get(key).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound + 1.0));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound - 1.0));
    let value = most.map_or(ordinary, |most| ordinary.min(most)).max(least.unwrap_or(f64::MIN));
    if whole == 0 {
        return json!(value);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a sample of an integer; the cast saturates")]
    let value = value.ceil() as i64;
    json!(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_fits_its_schema() {
        let schema = json!({ "type": "object", "required": ["id", "plan", "amount", "lines"], "properties": {
            "id": { "type": "string", "minLength": 12 }, "plan": { "enum": ["pro", "free"] },
            "amount": { "type": "integer", "minimum": 500 }, "email": { "type": ["null", "string"], "format": "email" },
            "lines": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/line" } },
            "share": { "type": "number", "exclusiveMaximum": 1 }, "any": {},
        }, "$defs": { "line": { "type": "object", "properties": { "note": { "type": "string", "maxLength": 3 } } } } });
        let made = sample(&schema);
        assert!(jsonschema::validator_for(&schema).is_ok_and(|validator| validator.is_valid(&made)), "{made}");
        assert_eq!(made["plan"], "pro");
    }

    #[test]
    fn an_example_is_taken_as_it_is_and_endless_schemas_end() {
        assert_eq!(sample(&json!({ "examples": [{ "a": 1 }], "type": "object" })), json!({ "a": 1 }));
        assert_eq!(sample(&json!({ "$ref": "#" })), Value::Null);
        assert!(sample(&json!({ "type": "object", "properties": { "again": { "$ref": "#" } } })).is_object());
        assert!(sample(&json!({ "type": "integer", "minimum": 1e300 })).is_i64());
        assert_eq!(sample(&json!(true)), Value::Null);
    }
}
