//! JSON Schemas that people's answers are held against.

use super::FieldProblem;
use crate::{contact, text};
use jsonschema::Validator;
use serde_json::{Map, Value};

/// The most problems reported for one value.
const PROBLEMS_MAX: usize = 50;

/// Compiles a schema, formats included: `email` and `phone` are what they are everywhere else.
pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("email", |text: &str| contact::email(text).is_some())
        .with_format("phone", |text: &str| contact::phone(text).is_some())
        .build(schema)
        .map_err(|error| error.to_string())
}

/// What of a value does not fit a schema; a schema that makes no sense fits nothing.
#[must_use]
pub fn value_problems(schema: &Value, value: &Value) -> Vec<FieldProblem> {
    match validator(schema) {
        Ok(validator) => problems(&validator, value),
        Err(message) => vec![FieldProblem { pointer: String::new(), message }],
    }
}

/// What does not fit of what somebody fills in beside their word; `lacking` is said where they fill in nothing.
pub(crate) fn answer_problems(form: Option<&Validator>, values: &Value, lacking: &str) -> Vec<FieldProblem> {
    let problem = |message: &str| FieldProblem { pointer: String::new(), message: message.to_owned() };
    match form {
        Some(form) if values.is_null() => {
            problems(form, &Value::Object(Map::new())).into_iter().chain([problem(lacking)]).collect()
        }
        Some(form) => problems(form, values),
        None if values.is_null() => Vec::new(),
        None => vec![problem("this takes no answers")],
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
