//! What is known of the value at a path before anything runs: from the schemas of inputs, forms and actions, from what
//! variables start with and are set to, and from what the run machine itself writes.

use super::Context;
use crate::{
    document::StepKind,
    expr::{Expression, TextTemplate},
    pointer,
};
use serde_json::Value;

/// Most variables that are followed one into the other.
const VARIABLES_DEEP: usize = 6;

/// What is known of a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// JSON types it may have; never empty.
    pub(super) types: Vec<String>,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// The only values it may have, where they are few.
    pub(super) choices: Option<Vec<Value>>,
}

impl Known {
    fn of(kind: &str, optional: bool) -> Self {
        Self { types: vec![kind.to_owned()], optional, choices: None }
    }

    fn one_of(words: &[&str]) -> Self {
        let choices = words.iter().map(|word| Value::from(*word)).collect();
        Self { types: vec!["string".to_owned()], optional: false, choices: Some(choices) }
    }

    /// Whether a value of this JSON type may be in it.
    pub(super) fn allows(&self, kind: &str) -> bool {
        self.types.iter().any(|allowed| allowed == kind || (kind == "number" && allowed == "integer"))
    }

    /// Whether some value could be of both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let wide = |kind: &str| if kind == "integer" { "number".to_owned() } else { kind.to_owned() };
        self.types.iter().any(|one| other.types.iter().any(|two| wide(one) == wide(two)))
    }

    /// What is known of a value that is this or the other.
    fn or(mut self, other: Self) -> Self {
        for kind in other.types {
            if !self.types.contains(&kind) {
                self.types.push(kind);
            }
        }
        self.optional |= other.optional;
        // What one starts with is no limit of what it is set to.
        self.choices = None;
        self
    }
}

/// What is known of the value at a path from the root of the scope; `None` when it may be anything.
pub(super) fn known(context: &Context<'_>, path: &[String]) -> Option<Known> {
    at(context, path, None, VARIABLES_DEEP)
}

/// The types a value at a path has if it is there, and whether it always is: where a schema tells that is held against what
/// comes, as the schemas of inputs and forms are.
pub(super) fn held(context: &Context<'_>, path: &[String]) -> Option<(Vec<String>, bool)> {
    let held = match path {
        [root, ..] if root == "input" => true,
        [root, id, ..] if root == "steps" => {
            context.workflow.steps.get(id).is_some_and(|step| matches!(step.kind, StepKind::CollectForm(_)))
        }
        _ => false,
    };
    held.then(|| known(context, path)).flatten().map(|known| (known.types, !known.optional))
}

/// `output`: the step whose `set` the path stands in.
fn at(context: &Context<'_>, path: &[String], output: Option<&str>, deep: usize) -> Option<Known> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["input", rest @ ..] => of_schema(context.workflow.input.as_ref()?, rest),
        ["steps", id, "output", rest @ ..] => of_output(context, id, rest),
        ["output", rest @ ..] if output.is_some() => of_output(context, output?, rest),
        ["customer", "id"] | ["run", "id" | "workflow"] | ["conversation", "id" | "channel"] => {
            Some(Known::of("string", names[0] != "run"))
        }
        ["trigger", "type"] => Some(Known::one_of(&["message", "api", "webhook", "schedule", "manual"])),
        ["run", "version" | "started_at"] => Some(Known::of("integer", false)),
        ["steps" | "customer" | "conversation" | "trigger" | "run" | "error", ..] | [] => None,
        [variable, rest @ ..] => of_variable(context, variable, rest, deep.checked_sub(1)?),
    }
}

/// What a step gives.
fn of_output(context: &Context<'_>, id: &str, rest: &[&str]) -> Option<Known> {
    match (&context.workflow.steps.get(id)?.kind, rest) {
        (StepKind::CollectForm(form), _) => of_schema(&form.form, rest),
        (StepKind::ToolCall(call), _) => of_schema(&context.catalogue.action(&call.action)?.output, rest),
        (StepKind::HumanHandoff(handoff), ["values", rest @ ..]) => of_schema(handoff.form.as_ref()?, rest),
        (StepKind::Approval(_) | StepKind::HumanHandoff(_), ["outcome" | "comment"]) => {
            Some(Known::of("string", false))
        }
        (
            StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::End(_),
            _,
        ) => None,
    }
}

/// What a variable may hold: what it starts with, and everything some step sets it to.
fn of_variable(context: &Context<'_>, name: &str, rest: &[&str], deep: usize) -> Option<Known> {
    let mut known = match context.workflow.vars.get(name) {
        Some(start) => Some(of_value(start, rest)?),
        None => None,
    };
    let mut add = |found: Known| {
        known = Some(known.take().map_or(found.clone(), |before| before.or(found)));
    };
    for (id, step) in &context.workflow.steps {
        let set = match &step.kind {
            StepKind::ToolCall(step) => &step.set,
            StepKind::CollectForm(step) => &step.set,
            StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::End(_) => continue,
        };
        if let Some(value) = set.get(name) {
            add(of_set(context, id, value, rest, deep)?);
        }
    }
    known
}

/// What a value of `set` becomes.
fn of_set(context: &Context<'_>, step: &str, value: &Value, rest: &[&str], deep: usize) -> Option<Known> {
    let Value::String(text) = value else { return of_value(value, rest) };
    if !text.contains("{{") {
        return of_value(value, rest);
    }
    let template = TextTemplate::compile(text).ok()?;
    if !template.is_single() {
        return rest.is_empty().then(|| Known::of("string", false));
    }
    let path = template.expressions().next().and_then(Expression::plain_path)?;
    let whole: Vec<String> = path.iter().cloned().chain(rest.iter().map(|name| (*name).to_owned())).collect();
    at(context, &whole, Some(step), deep)
}

/// What is known of a value that is written out.
fn of_value(value: &Value, rest: &[&str]) -> Option<Known> {
    let value = rest.iter().try_fold(value, |value, name| value.get(name))?;
    let kind = match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null => "null",
        // A list is mapped over, and what an object starts with says little of what it is set to.
        Value::Array(_) | Value::Object(_) => return None,
    };
    Some(Known::of(kind, false))
}

fn of_schema(schema: &Value, rest: &[&str]) -> Option<Known> {
    let (mut at, mut optional) = (pointer::resolve(schema, schema)?, false);
    for name in rest {
        let required = at.get("required").and_then(Value::as_array);
        optional |= !required.is_some_and(|required| required.iter().any(|one| one == name));
        at = pointer::resolve(schema, at.get("properties")?.get(name)?)?;
    }
    let choices = at.get("enum").and_then(Value::as_array).filter(|choices| !choices.is_empty()).cloned();
    let types: Vec<String> = match (at.get("type"), &choices) {
        (Some(Value::String(one)), _) => vec![one.clone()],
        (Some(Value::Array(several)), _) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        (None, Some(choices)) if choices.iter().all(Value::is_string) => vec!["string".to_owned()],
        (Some(_) | None, _) => return None,
    };
    // A list is mapped over: each of its items is compared.
    let lists = types.is_empty() || types.iter().any(|kind| kind == "array");
    (!lists).then_some(Known { types, optional, choices })
}
