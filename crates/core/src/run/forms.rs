//! JSON Schemas that people's answers are held against.

use super::{
    FieldProblem,
    form_when::{asked_values, missing, unconditional},
    is_time,
};
use crate::{
    contact, money,
    pointer::{hops, resolve},
    text,
};
use jsonschema::{Keyword, ValidationError, Validator};
use serde_json::{Map, Value};

/// The most problems reported for one value.
const PROBLEMS_MAX: usize = 50;

/// The longest draft that is kept, bytes of JSON.
pub const DRAFT_BYTES_MAX: usize = 32 * 1024;

/// Objects and lists inside one another at most, of a draft.
const DRAFT_DEPTH_MAX: usize = 8;

/// What may be kept of values that are not sent yet: what the form names, without secrets and files.
#[must_use]
pub fn draft(form: &Value, values: &Value) -> Value {
    kept(form, form, values, DRAFT_DEPTH_MAX).filter(Value::is_object).unwrap_or_else(|| Value::Object(Map::new()))
}

/// Whether a field is a secret or a file.
fn never_kept(field: &Value) -> bool {
    let says = |member: &str, what: &str| field.get(member).and_then(Value::as_str) == Some(what);
    let marked = |member: &str| field.get(member).and_then(Value::as_bool) == Some(true);
    marked("secret") || marked("writeOnly") || says("format", "password") || says("format", "data-url")
}

/// Whether nothing that a form asks for is left out of its draft.
#[must_use]
pub fn keeps_all(form: &Value) -> bool {
    keeps(form, form, DRAFT_DEPTH_MAX)
}

fn keeps(root: &Value, field: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if hidden(root, field, DRAFT_DEPTH_MAX) {
        return false;
    }
    let Some(field) = resolve(root, field) else { return true };
    let members = field.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    members.chain(field.get("items")).all(|inside| keeps(root, inside, depth))
}

/// Whether a field is a secret or a file, by itself, by what it refers to, or by one of the schemas it is made of.
fn hidden(root: &Value, field: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    let parts = |at: &Value| -> Vec<Value> {
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|of| at.get(*of)?.as_array().cloned()).flatten().collect()
    };
    hops(root, field).any(|at| never_kept(at) || parts(at).iter().any(|part| hidden(root, part, depth)))
}

/// What a field offers, where it offers something.
fn offers(field: &Map<String, Value>, value: &Value) -> bool {
    let list = |name: &str| field.get(name).and_then(Value::as_array).into_iter().flatten();
    list("enum").any(|choice| choice == value)
        || list("oneOf").chain(list("anyOf")).any(|choice| choice.get("const") == Some(value))
}

fn kept(root: &Value, field: &Value, value: &Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    if hidden(root, field, DRAFT_DEPTH_MAX) {
        return None;
    }
    let field = resolve(root, field)?;
    match value {
        chosen if text::unkept(chosen).is_none() && offers(field, chosen) => Some(chosen.clone()),
        Value::Object(members) => {
            let fields = field.get("properties")?;
            let member =
                |(name, value): (&String, &Value)| Some((name.clone(), kept(root, fields.get(name)?, value, depth)?));
            Some(Value::Object(members.iter().filter_map(member).collect()))
        }
        Value::Array(items) => {
            let of = field.get("items")?;
            Some(items.iter().filter_map(|item| kept(root, of, item, depth)).collect())
        }
        Value::String(_) if text::unkept(value).is_some() => None,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
}

/// `currency` beside `format: money`: a text that is an amount in it.
struct InCurrency(String);

impl<'i> Keyword<'i> for InCurrency {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(money::no_amount(&self.0)))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        // What is no text is the business of `type`.
        instance.as_str().is_none_or(|text| money::is_amount(text, &self.0))
    }
}

/// Compiles a schema, formats included: `email` and `phone` are what they are everywhere else, `time` may be `14:30`.
pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("email", |text: &str| contact::email(text).is_some())
        .with_format("phone", |text: &str| contact::phone(text).is_some())
        .with_format("time", is_time)
        .with_keyword("currency", |parent, value, _| {
            let money = parent.get("format").and_then(Value::as_str) == Some("money");
            let currency = value.as_str().filter(|_| money).unwrap_or_default();
            Ok(Box::new(InCurrency(currency.to_owned())))
        })
        .build(schema)
        .map_err(|error| error.to_string())
}

/// A form that answers are held against.
#[derive(Debug)]
pub(crate) struct Form {
    schema: Value,
    validator: Validator,
}

impl Form {
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        Ok(Self { validator: validator(&unconditional(schema))?, schema: schema.clone() })
    }

    /// The form as it is written.
    pub(crate) const fn schema(&self) -> &Value {
        &self.schema
    }

    /// The answers to what is asked for, or what does not fit.
    pub(crate) fn taken(&self, values: Value) -> Result<Value, Vec<FieldProblem>> {
        let asked = asked_values(&self.schema, values);
        let mut found = problems(&self.validator, &asked);
        let lacking = missing(&self.schema, &asked).into_iter();
        found.extend(lacking.map(|name| FieldProblem { pointer: String::new(), message: needed(name) }));
        if found.is_empty() { Ok(asked) } else { Err(found) }
    }
}

/// As a schema says it of what is always asked for.
fn needed(name: &str) -> String {
    format!("{} is a required property", Value::from(name))
}

/// What of answers does not fit a form; a schema that makes no sense fits nothing.
#[must_use]
pub fn value_problems(schema: &Value, value: &Value) -> Vec<FieldProblem> {
    match Form::new(schema) {
        Ok(form) => form.taken(value.clone()).err().unwrap_or_default(),
        Err(message) => vec![FieldProblem { pointer: String::new(), message }],
    }
}

/// What somebody fills in beside their word, or what does not fit of it; `lacking` is said where they fill in nothing.
pub(crate) fn answers_taken(form: Option<&Form>, values: Value, lacking: &str) -> Result<Value, Vec<FieldProblem>> {
    let problem = |message: &str| FieldProblem { pointer: String::new(), message: message.to_owned() };
    match form {
        Some(form) if values.is_null() => {
            let found = form.taken(Value::Object(Map::new())).err().unwrap_or_default();
            Err(found.into_iter().chain([problem(lacking)]).collect())
        }
        Some(form) => form.taken(values),
        None if values.is_null() => Ok(values),
        None => Err(vec![problem("this takes no answers")]),
    }
}

/// What does not fit.
pub(crate) fn problems(validator: &Validator, value: &Value) -> Vec<FieldProblem> {
    if let Some(pointer) = text::unkept(value) {
        return vec![FieldProblem { pointer, message: "the character U+0000 cannot be kept".to_owned() }];
    }
    validator
        .iter_errors(value)
        .take(PROBLEMS_MAX)
        .map(|error| FieldProblem { pointer: error.instance_path().to_string(), message: error.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_draft_holds_what_is_asked_for_and_no_secret() {
        let form = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "seats": { "type": "integer" },
                "pin": { "type": "string", "secret": true },
                "code": { "type": "string", "writeOnly": true },
                "word": { "type": "string", "format": "password" },
                "bill": { "type": "string", "format": "data-url" },
                "card": { "$ref": "#/$defs/card" },
                "cards": { "type": "array", "items": { "$ref": "#/$defs/card" } },
                "tags": { "type": "array", "items": { "type": "string" } },
                "again": { "$ref": "#" },
                "beside": { "$ref": "#/$defs/word", "secret": true },
                "chained": { "$ref": "#/$defs/chain" },
                "made": { "allOf": [{ "$ref": "#/$defs/pin" }] },
                "either": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/chain" }] },
                "plan": { "oneOf": [{ "title": "Big", "const": { "plan": 1 } }] },
            },
            "$defs": { "word": { "type": "string" }, "pin": { "type": "string", "secret": true },
                "chain": { "$ref": "#/$defs/pin" }, "card": { "type": "object", "properties": {
                "holder": { "type": "string" }, "number": { "type": "string", "secret": true } } } },
        });
        let typed = json!({
            "name": "Ada", "seats": "half", "pin": "1234", "code": "x", "word": "y", "bill": "data:,z", "nobody": "asked",
            "card": { "holder": "Ada", "number": "4242" }, "cards": [{ "holder": "Bo", "number": "4343" }], "tags": ["a"],
            "again": { "name": "Ada", "pin": "5678" },
            "beside": "s1", "chained": "s2", "made": "s3", "either": "s4", "plan": { "plan": 1 },
        });
        let kept = draft(&form, &typed);
        let expected = json!({
            "name": "Ada", "seats": "half", "card": { "holder": "Ada" }, "cards": [{ "holder": "Bo" }], "tags": ["a"],
            "again": { "name": "Ada" }, "plan": { "plan": 1 },
        });
        assert_eq!(kept, expected, "what does not fit yet is kept as it was typed");
        assert_eq!(draft(&form, &kept), kept, "kept again it is the same");
        for odd in [json!(null), json!("x"), json!([1])] {
            assert_eq!(draft(&form, &odd), json!({}), "{odd}");
        }
        assert_eq!(draft(&json!({ "type": "object" }), &typed), json!({}));
        // Judged by what is asked for, not by what could be referred to.
        let unused = json!({ "properties": { "name": { "type": "string" } }, "$defs": form["$defs"] });
        assert!(!keeps_all(&form) && keeps_all(&unused));
        for field in ["beside", "chained", "made", "either", "card", "cards"] {
            let one = json!({ "properties": { "x": form["properties"][field] }, "$defs": form["$defs"] });
            assert!(!keeps_all(&one), "{field}");
        }
        assert_eq!(draft(&form, &json!({ "name": "a\u{0}b" })), json!({}));
    }
}
