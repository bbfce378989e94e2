//! Expressions simple enough to be answered on the JSON values themselves: plain paths, literals, and comparisons of a
//! plain path with a literal. Anything unusual on the way (an array to map over, values of different types) is left to
//! the evaluator, so the answers are the same.

// The syntax tree is JSONata's enum: where only some nodes matter, the rest are passed over on purpose.
#![allow(clippy::wildcard_enum_match_arm)]

use super::{analyse::is_plain, carried, convert::number_of, natives::counts};
use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// How an expression is answered.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// A chain of names from the root.
    Path(Vec<String>),
    /// A literal.
    Literal(Value),
    /// A chain of names compared with a literal.
    Compare { path: Vec<String>, test: Test, literal: Value },
    /// By the evaluator.
    Evaluate,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What following a path found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found<'a> {
    /// A value.
    Value(&'a Value),
    /// It leads nowhere.
    Nothing,
    /// An array on the way: JSONata maps over it.
    Mapped,
}

impl Plan {
    pub(super) fn of(node: &AstNode) -> Self {
        if let Some(path) = names(node) {
            return Self::Path(path);
        }
        if let Some(value) = literal(node) {
            return Self::Literal(value);
        }
        let AstNode::Binary { op, lhs, rhs } = node else { return Self::Evaluate };
        match (test(*op), names(lhs), literal(rhs)) {
            (Some(test), Some(path), Some(literal)) => Self::Compare { path, test, literal },
            _ => Self::Evaluate,
        }
    }
}

pub(super) fn names(node: &AstNode) -> Option<Vec<String>> {
    let AstNode::Path { steps } = node else { return None };
    let steps = match steps.first().map(|step| &step.node) {
        Some(AstNode::Variable(name)) if name.is_empty() && is_plain(&steps[0]) => &steps[1..],
        _ => &steps[..],
    };
    let name = |step: &PathStep| match &step.node {
        AstNode::Name(name) if is_plain(step) => Some(name.clone()),
        _ => None,
    };
    let names: Option<Vec<String>> = steps.iter().map(name).collect();
    names.filter(|names| !names.is_empty())
}

pub(super) fn literal(node: &AstNode) -> Option<Value> {
    match node {
        // What cannot be kept is refused by the evaluation.
        AstNode::String(text) if !text.contains('\0') => Some(Value::String(text.clone())),
        AstNode::Boolean(value) => Some(Value::Bool(*value)),
        AstNode::Null => Some(Value::Null),
        AstNode::Number(number) => number_of(*number).ok().map(Value::Number),
        _ => None,
    }
}

pub(super) fn test(op: BinaryOp) -> Option<Test> {
    Some(match op {
        BinaryOp::Equal => Test::Equal,
        BinaryOp::NotEqual => Test::NotEqual,
        BinaryOp::LessThan => Test::Less,
        BinaryOp::LessThanOrEqual => Test::LessOrEqual,
        BinaryOp::GreaterThan => Test::Greater,
        BinaryOp::GreaterThanOrEqual => Test::GreaterOrEqual,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Concatenate
        | BinaryOp::Range
        | BinaryOp::In
        | BinaryOp::ColonEqual
        | BinaryOp::FocusBind
        | BinaryOp::IndexBind
        | BinaryOp::Coalesce
        | BinaryOp::Default
        | BinaryOp::ChainPipe => return None,
    })
}

/// Follows names from a value.
pub(super) fn follow<'a>(start: Option<&'a Value>, rest: &[String]) -> Found<'a> {
    let Some(mut value) = start else { return Found::Nothing };
    for name in rest {
        match value {
            Value::Object(members) => match members.get(name) {
                Some(member) => value = member,
                None => return Found::Nothing,
            },
            Value::Array(_) => return Found::Mapped,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Found::Nothing,
        }
    }
    Found::Value(value)
}

/// The answer of a comparison; `None` when it is the evaluator's to give.
pub(super) fn compare(found: Found<'_>, test: Test, literal: &Value) -> Option<Option<bool>> {
    let value = match found {
        Found::Mapped => return None,
        // Nothing equals nothing and differs from nothing; ordered it stays nothing, if the other side can be ordered.
        Found::Nothing => {
            return match test {
                Test::Equal | Test::NotEqual => Some(Some(false)),
                Test::Less | Test::LessOrEqual | Test::Greater | Test::GreaterOrEqual => {
                    matches!(literal, Value::Number(_) | Value::String(_)).then_some(None)
                }
            };
        }
        Found::Value(value) => value,
    };
    match test {
        Test::Equal => equal(value, literal).map(Some),
        Test::NotEqual => equal(value, literal).map(|equal| Some(!equal)),
        Test::Less | Test::LessOrEqual | Test::Greater | Test::GreaterOrEqual => {
            ordered(value, test, literal).map(Some)
        }
    }
}

fn equal(value: &Value, literal: &Value) -> Option<bool> {
    match (value, literal) {
        // What a double does not hold equals nothing that an expression can write.
        (Value::Number(a), Value::Number(b)) => Some(carried::carry(a).is_none() && a.as_f64()? == b.as_f64()?),
        (Value::Array(_) | Value::Object(_), _) => None,
        (a, b) => Some(a == b),
    }
}

fn ordered(value: &Value, test: Test, literal: &Value) -> Option<bool> {
    let order = match (value, literal) {
        (Value::Number(a), Value::Number(b)) => order(a, b.as_f64()?)?,
        // JSONata orders text as JavaScript does, by UTF-16 units; below U+D800 that is the order of bytes.
        (Value::String(a), Value::String(b)) if simple_text(a) && simple_text(b) => a.cmp(b),
        _ => return None,
    };
    match test {
        Test::Less => Some(order.is_lt()),
        Test::LessOrEqual => Some(order.is_le()),
        Test::Greater => Some(order.is_gt()),
        Test::GreaterOrEqual => Some(order.is_ge()),
        Test::Equal | Test::NotEqual => None,
    }
}

/// How a number stands to a double, exactly.
#[allow(clippy::cast_possible_truncation)]
fn order(number: &Number, double: f64) -> Option<Ordering> {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match whole.filter(|whole| !counts(*whole)) {
        // Where doubles have gaps they are whole numbers, if they are near.
        Some(whole) if double.abs() < 1e30 => Some(whole.cmp(&(double as i128))),
        Some(_) | None => number.as_f64()?.partial_cmp(&double),
    }
}

fn simple_text(text: &str) -> bool {
    text.is_ascii()
}
