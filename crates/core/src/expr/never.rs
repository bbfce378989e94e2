//! Conditions that can never hold, as far as that can be told from the words alone.

// The syntax tree is JSONata's enum: where only some nodes matter, the rest are passed over on purpose.
#![allow(clippy::wildcard_enum_match_arm)]

use super::{plan, truth};
use jsonata_core::{
    ast::{AstNode, BinaryOp},
    value::with_stack,
};
use serde_json::Value;

/// What is known of what a condition reads.
pub trait Knowing {
    /// Why there is never anything at this path.
    fn nothing_at(&self, path: &[String]) -> Option<String>;
    /// Why what is at this path never equals the literal.
    fn never_equal(&self, path: &[String], literal: &Value) -> Option<String>;
}

/// Why the condition never holds; `None` when it may.
pub(super) fn never(node: &AstNode, known: &dyn Knowing) -> Option<String> {
    with_stack(|| told(node, known))
}

fn told(node: &AstNode, known: &dyn Knowing) -> Option<String> {
    if let Some(path) = plan::names(node) {
        return known.nothing_at(&path);
    }
    if let Some(value) = plan::literal(node) {
        return (!truth::truthy(&value)).then(|| format!("{value} is never true"));
    }
    match node {
        AstNode::Block(parts) => match parts.as_slice() {
            [only] => never(only, known),
            _ => None,
        },
        AstNode::Function { name, args, is_builtin: true } => function(name, args, known),
        AstNode::Binary { op, lhs, rhs } => match op {
            BinaryOp::And => never(lhs, known).or_else(|| never(rhs, known)),
            BinaryOp::Or => never(lhs, known).and_then(|why| never(rhs, known).map(|_| why)),
            BinaryOp::Equal => equal(lhs, rhs, known).or_else(|| equal(rhs, lhs, known)),
            BinaryOp::In => is_in(lhs, rhs, known),
            _ => None,
        },
        _ => None,
    }
}

fn function(name: &str, args: &[AstNode], known: &dyn Knowing) -> Option<String> {
    match (name, args) {
        ("contains", [text, part]) => {
            let nothing = plan::names(text).and_then(|path| known.nothing_at(&path));
            nothing.or_else(|| plan::literal(part).and_then(|part| other_case(text, &part)))
        }
        ("exists", [what]) => plan::names(what).and_then(|path| known.nothing_at(&path)),
        ("boolean", [what]) => never(what, known),
        _ => None,
    }
}

fn equal(one: &AstNode, other: &AstNode, known: &dyn Knowing) -> Option<String> {
    let literal = plan::literal(other)?;
    match plan::names(one) {
        Some(path) => known.nothing_at(&path).or_else(|| known.never_equal(&path, &literal)),
        None => other_case(one, &literal),
    }
}

/// None of the choices can be it.
fn is_in(one: &AstNode, choices: &AstNode, known: &dyn Knowing) -> Option<String> {
    let AstNode::Array(choices) = choices else { return None };
    let mut why = None;
    for choice in choices {
        why = Some(equal(one, choice, known)?);
    }
    why
}

/// Text made small letters of holds no capital, and the other way round.
fn other_case(made: &AstNode, literal: &Value) -> Option<String> {
    let (AstNode::Function { name, is_builtin: true, .. }, Value::String(text)) = (made, literal) else { return None };
    let (kept, letters) = match name.as_str() {
        "lowercase" => (text.to_lowercase() == *text, "small"),
        "uppercase" => (text.to_uppercase() == *text, "capital"),
        _ => return None,
    };
    (!kept).then(|| format!("${name} makes {letters} letters, and '{text}' has others"))
}
