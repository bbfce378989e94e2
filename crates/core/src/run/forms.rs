//! JSON Schemas that people's answers are held against.

use super::FieldProblem;
use jsonschema::Validator;
use serde_json::Value;

/// The most problems reported for one value.
const PROBLEMS_MAX: usize = 50;

/// Compiles a schema, formats included.
pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options().should_validate_formats(true).build(schema).map_err(|error| error.to_string())
}

/// What does not fit.
pub(crate) fn problems(validator: &Validator, value: &Value) -> Vec<FieldProblem> {
    validator
        .iter_errors(value)
        .take(PROBLEMS_MAX)
        .map(|error| FieldProblem { pointer: error.instance_path().to_string(), message: error.to_string() })
        .collect()
}
