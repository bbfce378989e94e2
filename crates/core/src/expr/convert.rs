//! Between JSON values and the evaluator's values, bounded in depth and weight.

use super::{ExpressionError, analyse::Tree, carried, limits};
use indexmap::IndexMap;
use jsonata_core::value::{JArray, JValue};
use serde_json::{Map, Number, Value};

/// What one conversion may still take.
pub(super) struct Budget {
    weight: usize,
    /// Whether a number was met that is carried for its digits.
    pub(super) carries: bool,
    /// Whether a text was met that looks like one.
    marked: bool,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { weight: limits::VALUE_WEIGHT_MAX, carries: false, marked: false }
    }

    /// Refuses values in which a carried number could not be told from a text.
    pub(super) fn told_apart(&self) -> Result<(), ExpressionError> {
        if self.carries && self.marked {
            let message = "a text begins with U+FDD0, which no text may beside numbers of so many digits";
            return Err(ExpressionError::new(super::ExpressionErrorKind::Evaluate, message));
        }
        Ok(())
    }

    fn take(&mut self, weight: usize) -> Result<(), ExpressionError> {
        self.weight = self.weight.checked_sub(weight).ok_or_else(too_large)?;
        Ok(())
    }
}

fn too_large() -> ExpressionError {
    ExpressionError::size(format!("a value is larger than {} MiB", limits::VALUE_WEIGHT_MAX / (1024 * 1024)))
}

fn too_deep() -> ExpressionError {
    ExpressionError::depth(format!("a value is nested deeper than {} levels", limits::VALUE_DEPTH_MAX))
}

pub(super) fn to_evaluator(value: &Value, budget: &mut Budget, depth: usize) -> Result<JValue, ExpressionError> {
    if depth > limits::VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    budget.take(16)?;
    Ok(match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => match carried::carry(number) {
            Some(text) => {
                budget.carries = true;
                JValue::string(text)
            }
            None => JValue::Number(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => {
            budget.take(text.len())?;
            budget.marked |= text.starts_with(carried::MARK);
            JValue::string(text.as_str())
        }
        Value::Array(items) => {
            let flat = !items.iter().any(Value::is_array);
            let items = items.iter().map(|item| to_evaluator(item, budget, depth + 1)).collect::<Result<_, _>>()?;
            JValue::Array(JArray::new_flat(items, flat))
        }
        Value::Object(members) => {
            let mut map = IndexMap::with_capacity(members.len());
            for (name, member) in members {
                budget.take(name.len())?;
                map.insert(name.clone(), to_evaluator(member, budget, depth + 1)?);
            }
            JValue::object(map)
        }
    })
}

/// As [`to_evaluator`], and only the members that are read.
pub(super) fn project(
    value: &Value,
    read: &Tree,
    budget: &mut Budget,
    depth: usize,
) -> Result<JValue, ExpressionError> {
    match value {
        Value::Object(members) if !read.all => {
            let mut map = IndexMap::with_capacity(read.names.len());
            for (name, below) in &read.names {
                if let Some(member) = members.get(name) {
                    budget.take(16 + name.len())?;
                    map.insert(name.clone(), project(member, below, budget, depth + 1)?);
                }
            }
            Ok(JValue::object(map))
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            to_evaluator(value, budget, depth)
        }
    }
}

/// `None` for nothing and for functions, which are no data. In an array they become `null`, in an object they are left
/// out, as JSON.stringify does.
pub(super) fn from_evaluator(
    value: &JValue,
    budget: &mut Budget,
    depth: usize,
) -> Result<Option<Value>, ExpressionError> {
    if depth > limits::VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    budget.take(16)?;
    Ok(Some(match value {
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(number) => Value::Number(number_of(*number)?),
        JValue::String(text) => {
            budget.take(text.len())?;
            if text.contains('\0') {
                let message = "the result has the character U+0000, which cannot be kept";
                return Err(ExpressionError::new(super::ExpressionErrorKind::Evaluate, message));
            }
            match carried::carried(text).filter(|_| budget.carries) {
                Some(number) => Value::Number(number),
                None => Value::String(text.to_string()),
            }
        }
        JValue::Array(items) => {
            let mut array = Vec::with_capacity(items.len().min(limits::SEQUENCE_ITEMS_MAX));
            for item in items.iter() {
                array.push(from_evaluator(item, budget, depth + 1)?.unwrap_or(Value::Null));
            }
            Value::Array(array)
        }
        JValue::Object(members) => {
            let mut map = Map::new();
            for (name, member) in members.iter() {
                budget.take(name.len())?;
                if let Some(member) = from_evaluator(member, budget, depth + 1)? {
                    map.insert(name.clone(), member);
                }
            }
            Value::Object(map)
        }
        JValue::Undefined | JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return Ok(None),
    }))
}

/// A whole number becomes an integer as far as JSON's integers reach, as JSON text would show it.
pub(super) fn number_of(number: f64) -> Result<Number, ExpressionError> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
    if number.fract() == 0.0 {
        if number >= i64::MIN as f64 && number < i64::MAX as f64 {
            return Ok(Number::from(number as i64));
        }
        if number > 0.0 && number < u64::MAX as f64 {
            return Ok(Number::from(number as u64));
        }
    }
    Number::from_f64(number).ok_or_else(|| {
        ExpressionError::new(super::ExpressionErrorKind::Evaluate, "D1001: the result is not a finite number")
    })
}
