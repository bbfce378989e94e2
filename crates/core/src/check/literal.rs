//! Whether the literal parts of an input fit a JSON Schema. What a template will become is not known, so it fits
//! anything; keywords that need the whole value (`oneOf`, `if`…) are left to the run.

use super::report::{shown, token};
use crate::expr::TextTemplate;
use serde_json::{Map, Value};

/// Deepest nesting that is looked into.
const DEPTH_MAX: usize = 32;
/// Most problems of one input.
const PROBLEMS_MAX: usize = 20;

/// One part that does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// JSON pointer inside the input.
    pub(super) pointer: String,
    /// What does not fit.
    pub(super) message: String,
}

/// What does not fit; an input that is left out counts as an empty object.
pub(super) fn problems(input: &Value, schema: &Value) -> Vec<Problem> {
    let mut walk = Walk { root: schema, found: Vec::new(), at: String::new() };
    let empty = Value::Object(Map::new());
    walk.value(if input.is_null() { &empty } else { input }, schema, 0);
    walk.found
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<Problem>,
    at: String,
}

impl<'a> Walk<'a> {
    fn problem(&mut self, message: String) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push(Problem { pointer: self.at.clone(), message });
        }
    }

    fn below(&mut self, name: &str, value: &Value, schema: &'a Value, depth: usize) {
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(&token(name));
        self.value(value, schema, depth + 1);
        self.at.truncate(length);
    }

    fn value(&mut self, value: &Value, schema: &'a Value, depth: usize) {
        let Some(schema) = self.resolve(schema).filter(|_| depth <= DEPTH_MAX) else { return };
        let kind = match value {
            Value::String(text) if is_template(text) => return,
            // Text around an expression stays text.
            Value::String(text) if text.contains("{{") => {
                let broken = TextTemplate::compile(text).is_err();
                if !broken && !allows(schema, "string") {
                    self.problem(format!("text with expressions in it is text, and this must be {}", types(schema)));
                }
                return;
            }
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
                "number"
            }
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !allows(schema, kind) {
            self.problem(format!("this is {} {kind} and must be {}", article(kind), types(schema)));
            return;
        }
        match value {
            Value::Object(members) => self.object(members, schema, depth),
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.below(&index.to_string(), item, schema, depth);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.scalar(value, schema),
        }
    }

    fn scalar(&mut self, value: &Value, schema: &Map<String, Value>) {
        let choices = schema.get("enum").and_then(Value::as_array);
        if let Some(choices) = choices.filter(|choices| !choices.contains(value)) {
            let choices: Vec<String> = choices.iter().take(12).map(Value::to_string).collect();
            self.problem(format!("{} is not one of {}", shown(&value.to_string()), choices.join(", ")));
        }
        if let Some(only) = schema.get("const").filter(|only| *only != value) {
            self.problem(format!("this must be {}", shown(&only.to_string())));
        }
    }

    fn object(&mut self, members: &Map<String, Value>, schema: &'a Map<String, Value>, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.problem(format!("`{}` is missing", shown(name)));
            }
        }
        let composed =
            ["allOf", "anyOf", "oneOf", "patternProperties", "$ref"].iter().any(|key| schema.contains_key(*key));
        let closed = !composed && schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, member) in members {
            match properties.and_then(|properties| properties.get(name)) {
                Some(schema) => self.below(name, member, schema, depth),
                None if closed => self.problem(format!("there is no `{}` to give", shown(name))),
                None => {
                    if let Some(schema) =
                        schema.get("additionalProperties").filter(|schema| schema.is_object() && !composed)
                    {
                        self.below(name, member, schema, depth);
                    }
                }
            }
        }
    }

    /// Follows references inside the schema; `None` when anything goes or it cannot be told.
    fn resolve(&self, mut schema: &'a Value) -> Option<&'a Map<String, Value>> {
        for _ in 0..8 {
            let members = schema.as_object()?;
            match members.get("$ref").and_then(Value::as_str) {
                Some(reference) => schema = self.root.pointer(reference.strip_prefix('#')?)?,
                None => return Some(members),
            }
        }
        None
    }
}

/// Whether a string is exactly one expression, which may become anything.
fn is_template(text: &str) -> bool {
    text.contains("{{") && TextTemplate::compile(text.trim()).is_ok_and(|template| template.is_single())
}

fn allows(schema: &Map<String, Value>, kind: &str) -> bool {
    let fits = |allowed: &str| allowed == kind || (allowed == "number" && kind == "integer");
    match schema.get("type") {
        Some(Value::String(allowed)) => fits(allowed),
        Some(Value::Array(allowed)) => allowed.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

fn types(schema: &Map<String, Value>) -> String {
    match schema.get("type") {
        Some(Value::String(kind)) => format!("{} {kind}", article(kind)),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "something else".to_owned(),
    }
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(input: &Value) -> Vec<(String, String)> {
        let schema = json!({
            "type": "object", "required": ["amount", "currency"], "additionalProperties": false,
            "properties": {
                "amount": { "type": "integer" }, "currency": { "$ref": "#/$defs/currency" },
                "note": { "type": ["string", "null"] }, "lines": { "type": "array", "items": { "type": "number" } },
                "extra": { "type": "object" }, "flag": { "const": true },
            },
            "$defs": { "currency": { "type": "string", "enum": ["eur", "usd"] } },
        });
        problems(input, &schema).into_iter().map(|problem| (problem.pointer, problem.message)).collect()
    }

    #[test]
    fn what_fits_is_silent() {
        assert_eq!(
            found(&json!({ "amount": 1, "currency": "eur", "note": null, "lines": [1, 1.5], "extra": { "x": 1 } })),
            []
        );
        assert_eq!(
            found(&json!({ "amount": "{{ a }}", "currency": " {{ b }} ", "lines": "{{ c }}", "flag": true })),
            []
        );
        assert_eq!(found(&json!({ "amount": 1.0, "currency": "{{ a }}{{ b }}", "note": "Hi {{ c }}" })), []);
        assert_eq!(found(&json!("{{ everything }}")), []);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let pointers = |input: Value| found(&input).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
        assert_eq!(pointers(Value::Null), ["", ""]);
        assert_eq!(pointers(json!({ "amount": "1", "currency": "eur" })), ["/amount"]);
        assert_eq!(pointers(json!({ "amount": 1.5, "currency": "gbp" })), ["/amount", "/currency"]);
        assert_eq!(pointers(json!({ "amount": "{{ a }} EUR", "currency": "eur" })), ["/amount"]);
        assert_eq!(pointers(json!({ "amount": 1, "currency": "eur", "x/y": 1 })), [""]);
        assert_eq!(pointers(json!({ "amount": 1, "currency": "eur", "lines": [1, "a", "{{ b }}"] })), ["/lines/1"]);
        assert_eq!(pointers(json!({ "amount": 1, "currency": "eur", "flag": false })), ["/flag"]);
        assert_eq!(pointers(json!([])), [""]);
    }
}
