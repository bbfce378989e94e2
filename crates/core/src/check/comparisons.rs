//! Comparisons that can never hold: the type of what is read is told by the schemas of inputs, forms and actions.

use super::{
    Context,
    report::{Report, shown},
};
use crate::{
    document::StepKind,
    expr::{Comparison, Expression},
};
use serde_json::{Map, Value};

/// What a schema says of a value.
struct Known<'a> {
    types: Vec<&'a str>,
    /// Whether it may be left out.
    optional: bool,
}

pub(super) fn check(context: &Context<'_>, expression: &Expression, pointer: &str, report: &mut Report) {
    for comparison in expression.comparisons() {
        let Some(known) = known(context, &comparison.path) else { continue };
        check_one(comparison, &known, pointer, report);
    }
}

fn check_one(comparison: &Comparison, known: &Known<'_>, pointer: &str, report: &mut Report) {
    let path = comparison.path.join(".");
    let path = shown(&path);
    if comparison.literal.is_null() {
        if known.optional || !known.types.contains(&"null") {
            let message = format!("`{path}` is nothing when it is absent, and nothing does not equal null");
            let help = format!("Write $not($exists({path})) for what is absent.");
            report.warning("compare_null", pointer, message, help);
        }
        return;
    }
    let literal = kind(&comparison.literal);
    let fits = |allowed: &&str| *allowed == literal || (literal == "number" && *allowed == "integer");
    if known.types.iter().any(fits) {
        return;
    }
    let types = known.types.join(" or ");
    let outcome = if comparison.ordered { "which is an error when it is read" } else { "which they never are alike" };
    let message = format!("`{path}` is {types} and is compared with a {literal}, {outcome}");
    let help = match (literal, known.types.as_slice()) {
        ("string", ["integer" | "number"]) => "Leave out the quotes.".to_owned(),
        ("number", ["string"]) => format!("Put the number in quotes, or write $number({path})."),
        ("boolean", ["string"]) => "Put the word in quotes.".to_owned(),
        _ => format!("Compare it with a value that is {types}."),
    };
    report.warning("compare_type", pointer, message, help);
}

fn kind(literal: &Value) -> &'static str {
    match literal {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The types a value at a path has if it is there, and whether it always is: where a schema tells that is held against what
/// comes, as the schemas of inputs and forms are.
pub(super) fn types_at<'a>(context: &Context<'a>, path: &[String]) -> Option<(Vec<&'a str>, bool)> {
    let held = match path {
        [root, ..] if root == "input" => true,
        [root, id, ..] if root == "steps" => {
            context.workflow.steps.get(id).is_some_and(|step| matches!(step.kind, StepKind::CollectForm(_)))
        }
        _ => false,
    };
    held.then(|| known(context, path)).flatten().map(|known| (known.types, !known.optional))
}

/// What is known of the value at a path from the root of the scope.
fn known<'a>(context: &Context<'a>, path: &[String]) -> Option<Known<'a>> {
    let (schema, rest) = match path {
        [root, rest @ ..] if root == "input" => (context.workflow.input.as_ref()?, rest),
        [root, id, member, rest @ ..] if root == "steps" && member == "output" => {
            let schema = match &context.workflow.steps.get(id)?.kind {
                StepKind::CollectForm(form) => &form.form,
                StepKind::ToolCall(call) => &context.catalogue.action(&call.action)?.output,
                StepKind::Condition(_)
                | StepKind::Notify(_)
                | StepKind::Approval(_)
                | StepKind::HumanHandoff(_)
                | StepKind::End(_) => return None,
            };
            (schema, rest)
        }
        _ => return None,
    };
    let (mut at, mut optional) = (resolve(schema, schema)?, false);
    for name in rest {
        let required = at.get("required").and_then(Value::as_array);
        optional |= !required.is_some_and(|required| required.iter().any(|one| one == name));
        at = resolve(schema, at.get("properties")?.get(name)?)?;
    }
    let types = match at.get("type")? {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    // A list is mapped over: each of its items is compared.
    (!types.contains(&"array") && !types.is_empty()).then_some(Known { types, optional })
}

/// Follows references inside the schema.
pub(super) fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Map<String, Value>> {
    for _ in 0..8 {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => schema = root.pointer(reference.strip_prefix('#')?)?,
            None => return schema.as_object(),
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{catalogue::Catalogue, check, document};

    fn found(when: &str) -> Vec<&'static str> {
        let text = format!(
            r##"
schema: 1
name: Compared
triggers: [{{ type: api }}]
input: {{ type: object, required: [amount], properties: {{ amount: {{ type: string }}, note: {{ type: [string, "null"] }}, n: {{ $ref: "#/$defs/n" }},
  tags: {{ type: array, items: {{ type: string }} }} }}, $defs: {{ n: {{ type: integer }} }} }}
start: ask
steps:
  ask: {{ type: collect_form, prompt: x, form: {{ type: object, properties: {{ sure: {{ type: boolean }} }} }}, next: is }}
  is: {{ type: condition, branches: [{{ when: {}, next: done }}], otherwise: done }}
  done: {{ type: end }}
"##,
            serde_json::to_string(when).unwrap()
        );
        let workflow = document::parse(&text).unwrap();
        let found = check::check(&workflow, &Catalogue::default());
        found.iter().filter(|one| one.code.starts_with("compare")).map(|one| one.code).collect()
    }

    #[test]
    fn what_can_never_hold_is_said() {
        for when in [
            "input.amount = 5",
            "input.amount > 5",
            "5 < input.amount",
            "$not(input.n = '5')",
            "steps.ask.output.sure = 'true'",
            "input.n != 'x' and true",
            "input.n = true",
        ] {
            assert_eq!(found(when), ["compare_type"], "{when}");
        }
        for when in ["input.amount = null", "input.note = null", "steps.ask.output.sure = null", "null != input.n"] {
            assert_eq!(found(when), ["compare_null"], "{when}");
        }
        for when in [
            "input.amount = '5'",
            "input.n > 5",
            "input.n = 1.5",
            "input.tags = 'x'",
            "input.unknown = 5",
            "$number(input.amount) > 5",
            "steps.ask.output.sure",
            "steps.ask.output.sure = true",
            "input.note = 'x'",
            "customer.age = '5'",
        ] {
            assert_eq!(found(when), [""; 0], "{when}");
        }
    }
}
