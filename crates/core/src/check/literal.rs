//! Whether the literal parts of an input fit a JSON Schema. What a template will become is not known, so it fits
//! anything; of `anyOf` and `oneOf` one alternative must fit. Other keywords that need the whole value (`if`, `not`…) are
//! looked at where no template is in it, as the run looks at them.

use super::report::{shown, token};
use crate::{expr::TextTemplate, pointer};
use serde_json::{Map, Value};

/// Deepest nesting that is looked into.
const DEPTH_MAX: usize = 32;
/// Most problems of one input.
const PROBLEMS_MAX: usize = 20;

/// What bounds a number or a text.
const BOUNDS: [&str; 8] =
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"];

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
    problems_knowing(input, schema, &|_| None)
}

/// As [`problems`], where `types` tells of which types the value of a text is that is one template.
pub(super) fn problems_knowing(input: &Value, schema: &Value, types: Types<'_>) -> Vec<Problem> {
    let mut walk = Walk { root: schema, types, found: Vec::new(), at: String::new() };
    let empty = Value::Object(Map::new());
    let input = if input.is_null() { &empty } else { input };
    walk.value(input, schema, 0);
    if walk.found.is_empty() && !holds_template(input) {
        walk.whole(input, schema);
    }
    walk.found
}

/// Of which types the value of a template is, where that is known.
type Types<'a> = &'a dyn Fn(&str) -> Option<Vec<String>>;

struct Walk<'a> {
    root: &'a Value,
    types: Types<'a>,
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
        let Some(schema) = pointer::resolve(self.root, schema).filter(|_| depth <= DEPTH_MAX) else { return };
        let kind = match value {
            Value::String(text) if is_template(text) => {
                let known = (self.types)(text).unwrap_or_default();
                // A number may be a whole one.
                let fits = |kind: &String| allows(schema, kind) || (kind == "number" && allows(schema, "integer"));
                if !known.is_empty() && !known.iter().any(fits) {
                    self.problem(format!(
                        "`{}` is {} and this must be {}",
                        shown(text),
                        known.join(" or "),
                        types(schema)
                    ));
                }
                return;
            }
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
        if self.alternatives(value, schema, depth) {
            return;
        }
        match value {
            Value::Object(members) => self.object(members, schema, depth),
            Value::Array(items) => {
                self.length(items, schema);
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.below(&index.to_string(), item, schema, depth);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.scalar(value, schema),
        }
    }

    /// Whether no alternative fits, which is then said: of the one that comes nearest.
    fn alternatives(&mut self, value: &Value, schema: &'a Map<String, Value>, depth: usize) -> bool {
        for all in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.value(value, all, depth + 1);
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(Value::Array(branches)) = schema.get(keyword) else { continue };
            let tried = branches.iter().map(|branch| {
                let mut walk = Walk { root: self.root, types: self.types, found: Vec::new(), at: self.at.clone() };
                walk.value(value, branch, depth + 1);
                walk.found
            });
            let nearest = tried.min_by_key(Vec::len).unwrap_or_default();
            if !nearest.is_empty() {
                nearest.into_iter().for_each(|problem| {
                    if self.found.len() < PROBLEMS_MAX && !self.found.contains(&problem) {
                        self.found.push(problem);
                    }
                });
                return true;
            }
        }
        false
    }

    /// By all that the schema says; one that cannot be read refuses nothing, as at the run.
    fn whole(&mut self, input: &Value, schema: &Value) {
        let Ok(validator) = jsonschema::validator_for(schema) else { return };
        for error in validator.iter_errors(input).take(PROBLEMS_MAX) {
            self.found.push(Problem { pointer: error.instance_path().to_string(), message: error.to_string() });
        }
    }

    /// Numbers and texts within their bounds.
    fn bounds(&mut self, value: &Value, schema: &Map<String, Value>) {
        let part: Map<String, Value> = BOUNDS
            .iter()
            .filter_map(|keyword| schema.get(*keyword).map(|bound| ((*keyword).to_owned(), bound.clone())))
            .collect();
        if part.is_empty() {
            return;
        }
        let Ok(validator) = jsonschema::validator_for(&Value::Object(part)) else { return };
        let messages: Vec<String> = validator.iter_errors(value).map(|error| shown(&error.to_string())).collect();
        messages.into_iter().for_each(|message| self.problem(message));
    }

    /// As many items as there may be; one that is a template may be left out.
    fn length(&mut self, items: &[Value], schema: &Map<String, Value>) {
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
        let sure = items.iter().filter(|item| !item.as_str().is_some_and(is_template)).count() as u64;
        if let Some(least) = bound("minItems").filter(|least| *least > items.len() as u64) {
            self.problem(format!("{} items are fewer than {least}", items.len()));
        }
        if let Some(most) = bound("maxItems").filter(|most| *most < sure) {
            self.problem(format!("{sure} items are more than {most}"));
        }
    }

    fn scalar(&mut self, value: &Value, schema: &Map<String, Value>) {
        self.bounds(value, schema);
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
        // What stands in `anyOf` and the like does not open what is closed beside it; patterns do.
        let composed = schema.contains_key("patternProperties");
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
}

/// Whether a string is exactly one expression, which may become anything.
fn is_template(text: &str) -> bool {
    text.contains("{{") && TextTemplate::compile(text.trim()).is_ok_and(|template| template.is_single())
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(holds_template),
        Value::Object(members) => members.values().any(holds_template),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
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
    fn alternatives_do_not_open_what_is_closed() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": { "email": { "type": "string" }, "phone": { "type": "string" }, "n": { "oneOf": [
                { "type": "integer" }, { "type": "object", "required": ["of"], "properties": { "of": {} } },
            ] } },
            "anyOf": [{ "required": ["email"] }, { "required": ["phone"] }],
        });
        let found = |input: Value| problems(&input, &schema).into_iter().map(|one| one.message).collect::<Vec<_>>();
        assert_eq!(found(json!({ "email": "{{ e }}", "n": 1 })), [""; 0]);
        assert_eq!(found(json!({ "phone": "x", "n": "{{ n }}" })), [""; 0]);
        assert_eq!(found(json!({ "email": "x", "mail": "y" })), ["there is no `mail` to give"]);
        assert_eq!(found(json!({ "n": 1 })), ["`email` is missing"]);
        assert_eq!(found(json!({ "email": "x", "n": true })).len(), 1);
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
