//! What is known beforehand of what an expression gives: a step that cannot have run gives nothing, a closed schema has no
//! other members, a variable that nothing sets stays as it is.

use super::Context;
use crate::{
    document::StepKind,
    expr::{Expression, Knowing, TextTemplate},
    pointer,
};
use serde_json::{Map, Value};
use std::cell::OnceCell;

/// What a plain path gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Foreseen {
    /// Always this.
    Value(Value),
    /// Never anything, and why.
    Nothing(String),
    /// It depends.
    Unknown,
}

/// What the expressions of a step can read when they are rendered at the step of index `at`.
pub(super) struct Knowledge<'a> {
    context: &'a Context<'a>,
    /// Of each step, from which steps an edge leads to it.
    entries: &'a [Vec<usize>],
    at: usize,
    /// By index, whether a step may have run before; found out when it is asked.
    before: OnceCell<Vec<bool>>,
}

impl<'a> Knowledge<'a> {
    pub(super) fn at(context: &'a Context<'a>, entries: &'a [Vec<usize>], at: usize) -> Self {
        Self { context, entries, at, before: OnceCell::new() }
    }

    /// Whether a step may have run before: itself only where a loop leads back to it.
    fn before(&self, index: usize) -> bool {
        let before = self.before.get_or_init(|| {
            let mut before = vec![false; self.entries.len()];
            let mut todo = self.entries[self.at].clone();
            while let Some(step) = todo.pop() {
                if self.context.reachable[step] && !std::mem::replace(&mut before[step], true) {
                    todo.extend(&self.entries[step]);
                }
            }
            before
        });
        before[index]
    }

    /// What an expression gives that is a plain path.
    pub(super) fn of(&self, expression: &Expression) -> Foreseen {
        match expression.plain_path() {
            Some(path) => self.of_path(path),
            None => match expression.constant() {
                Some(Ok(Some(value))) => Foreseen::Value(value),
                Some(Ok(None)) => Foreseen::Nothing("it reads nothing and gives nothing".to_owned()),
                Some(Err(_)) | None => Foreseen::Unknown,
            },
        }
    }

    fn of_path(&self, path: &[String]) -> Foreseen {
        let workflow = self.context.workflow;
        let closed = |schema: Option<&Value>, rest: &[String], of: &str| match schema {
            Some(schema) => {
                lacks(schema, rest).map_or(Foreseen::Unknown, |name| Foreseen::Nothing(format!("{of} has no `{name}`")))
            }
            None => Foreseen::Unknown,
        };
        match path {
            [root, rest @ ..] if root == "input" => closed(workflow.input.as_ref(), rest, "the input"),
            [root, id, rest @ ..] if root == "steps" => {
                let Some((index, _, step)) = workflow.steps.get_full(id) else { return Foreseen::Unknown };
                if !self.before(index) {
                    return Foreseen::Nothing(format!("`{id}` has never run then"));
                }
                match (&step.kind, rest) {
                    (StepKind::CollectForm(form), [member, rest @ ..]) if member == "output" => {
                        closed(Some(&form.form), rest, "the form")
                    }
                    (StepKind::HumanHandoff(handoff), [output, values, rest @ ..])
                        if output == "output" && values == "values" && handoff.form.is_some() =>
                    {
                        closed(handoff.form.as_ref(), rest, "the form")
                    }
                    _ => Foreseen::Unknown,
                }
            }
            [name, rest @ ..] => self.variable(name, rest),
            [] => Foreseen::Unknown,
        }
    }

    /// A variable that no step before sets.
    fn variable(&self, name: &str, rest: &[String]) -> Foreseen {
        let steps = &self.context.workflow.steps;
        let sets = |index: usize| match &steps[index].kind {
            StepKind::ToolCall(step) => step.set.contains_key(name),
            StepKind::CollectForm(step) => step.set.contains_key(name),
            StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::End(_) => false,
        };
        let (earlier, later): (Vec<usize>, Vec<usize>) =
            (0..steps.len()).filter(|index| sets(*index)).partition(|index| self.before(*index));
        if !earlier.is_empty() {
            return Foreseen::Unknown;
        }
        let nothing = || match later.first().and_then(|index| steps.get_index(*index)) {
            Some((id, _)) => Foreseen::Nothing(format!("`{id}` sets it, which has never run then")),
            None => Foreseen::Nothing("nothing sets it".to_owned()),
        };
        let Some(mut value) = self.context.workflow.vars.get(name) else {
            return if later.is_empty() { Foreseen::Unknown } else { nothing() };
        };
        for name in rest {
            match value {
                Value::Object(members) => match members.get(name) {
                    Some(member) => value = member,
                    None => return nothing(),
                },
                // Mapped over.
                Value::Array(_) => return Foreseen::Unknown,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return nothing(),
            }
        }
        Foreseen::Value(value.clone())
    }

    /// The input with what is known put in and what is never there left out; in `gone` the places of the latter, and why.
    pub(super) fn filled(&self, input: &Value, at: &str, gone: &mut Vec<(String, String)>) -> Option<Value> {
        Some(match input {
            Value::Object(members) => {
                let mut filled = Map::with_capacity(members.len());
                for (name, member) in members {
                    let at = format!("{at}/{}", super::report::token(name));
                    if let Some(member) = self.filled(member, &at, gone) {
                        filled.insert(name.clone(), member);
                    }
                }
                Value::Object(filled)
            }
            Value::Array(items) => {
                // Kept in their places, so that what is said of one points to it.
                let each = items.iter().enumerate();
                let item = |(index, item): (usize, &Value)| {
                    self.filled(item, &format!("{at}/{index}"), gone).unwrap_or_else(|| item.clone())
                };
                Value::Array(each.map(item).collect())
            }
            Value::String(text) => match single(text).map(|expression| self.of(&expression)) {
                Some(Foreseen::Value(value)) => value,
                Some(Foreseen::Nothing(why)) => {
                    gone.push((at.to_owned(), why));
                    return None;
                }
                Some(Foreseen::Unknown) | None => input.clone(),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => input.clone(),
        })
    }
}

impl Knowing for Knowledge<'_> {
    fn nothing_at(&self, path: &[String]) -> Option<String> {
        match self.of_path(path) {
            Foreseen::Nothing(why) => Some(format!("`{}` is never there: {why}", path.join("."))),
            Foreseen::Value(_) | Foreseen::Unknown => None,
        }
    }

    fn never_equal(&self, path: &[String], literal: &Value) -> Option<String> {
        match self.of_path(path) {
            Foreseen::Value(value) if value != *literal => Some(format!("`{}` is always {value}", path.join("."))),
            Foreseen::Value(_) | Foreseen::Nothing(_) | Foreseen::Unknown => None,
        }
    }
}

/// The expression of a text that is exactly one.
pub(super) fn single(text: &str) -> Option<Expression> {
    if !text.contains("{{") {
        return None;
    }
    let template = TextTemplate::compile(text.trim()).ok().filter(TextTemplate::is_single)?;
    template.expressions().next().cloned()
}

/// The name on a path that a closed schema has no member for.
fn lacks<'p>(root: &Value, path: &'p [String]) -> Option<&'p str> {
    let mut schema = root;
    for name in path {
        let at = pointer::resolve(root, schema)?;
        match at.get("properties").and_then(|properties| properties.get(name)) {
            Some(member) => schema = member,
            None => {
                let closed = at.get("additionalProperties") == Some(&Value::Bool(false))
                    && !at.contains_key("patternProperties")
                    && at.get("type").and_then(Value::as_str) == Some("object");
                return closed.then_some(name);
            }
        }
    }
    None
}
