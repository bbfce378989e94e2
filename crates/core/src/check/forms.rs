//! Forms and the schema of a run's input.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{document::StepKind, run};
use serde_json::{Map, Value};

/// The most fields that are asked one after the other without tiring people.
const FIELDS_MAX: usize = 10;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    report.document();
    if let Some(Err(message)) = context.workflow.input.as_ref().map(valid) {
        report.error("input_schema", "/input", message, "Write a JSON Schema, or leave `input` out.");
    }
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        // What an approver or whoever hands a conversation back fills in.
        let beside = match &step.kind {
            StepKind::Approval(approval) => approval.form.as_ref(),
            StepKind::HumanHandoff(handoff) => handoff.form.as_ref(),
            StepKind::ToolCall(_)
            | StepKind::CollectForm(_)
            | StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::End(_) => None,
        };
        if let Some(form) = beside {
            check_form(form, Shown::OnPages, &format!("/steps/{}/form", token(id)), report);
        }
        if let StepKind::CollectForm(form) = &step.kind {
            check_form(&form.form, Shown::ToCustomers, &format!("/steps/{}/form", token(id)), report);
            let Some(Value::Object(fields)) = form.form.get("properties") else { continue };
            for name in form.prefill.keys().filter(|name| !fields.contains_key(*name)) {
                let message = format!("the form has no field `{}` to fill in", shown(name));
                let pointer = format!("/steps/{}/prefill/{}", token(id), token(name));
                report.warning("form_prefill", &pointer, message, "Remove it or correct its name.");
            }
        }
    }
}

pub(super) fn valid(schema: &Value) -> Result<(), String> {
    if !schema.is_object() && !schema.is_boolean() {
        return Err("this is no JSON Schema".to_owned());
    }
    run::forms::validator(schema)
        .map(|_| ())
        .map_err(|error| format!("this is no valid JSON Schema: {}", shown(&error)))
}

/// Where a form is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// On pages alone.
    OnPages,
    /// Over the channels of customers too.
    ToCustomers,
}

fn check_form(form: &Value, to: Shown, pointer: &str, report: &mut Report) {
    let help = "A form is `type: object` with `properties`, one for each field.";
    let fields = match (form.get("type"), form.get("properties")) {
        (Some(Value::String(kind)), Some(Value::Object(fields))) if kind == "object" => fields,
        _ => {
            report.error("form_schema", pointer, "the form is not the schema of an object", help);
            return;
        }
    };
    if let Err(message) = valid(form) {
        report.error("form_schema", pointer, message, "Correct the schema.");
        return;
    }
    if fields.is_empty() {
        report.error("form_schema", &format!("{pointer}/properties"), "the form has no fields", help);
    }
    for (name, field) in fields.iter().filter(|(_, field)| !can_be_shown(field)) {
        let message = format!("`{}` has no `type`: nobody can tell how to ask for it", shown(name));
        let help = "Give the field a `type`, for example `type: string` beside its choices.";
        let pointer = format!("{pointer}/properties/{}", token(name));
        report.error("form_schema", &pointer, message, if field.is_object() { help } else { "A field is a schema." });
    }
    let required = form.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        let message = format!("`{}` is required and is no field of the form", shown(name));
        let help = "Nobody could ever fill it in: add the field or do not require it.";
        report.error("form_schema", &format!("{pointer}/required"), message, help);
    }
    if let Some((place, message)) = run::page_problem(form) {
        let help = "Name each field on exactly one page, or leave `pages` out.";
        report.error("form_pages", &format!("{pointer}{place}"), shown(&message), help);
    } else if to == Shown::OnPages && form.get("pages").is_some() {
        let message = "only a form that a customer fills in is shown page by page";
        report.warning("form_pages", &format!("{pointer}/pages"), message.to_owned(), "Leave `pages` out here.");
    }
    if to == Shown::ToCustomers {
        channels(fields, pointer, report);
    }
}

/// Whether a field says what it is: itself, by its choices, or by a reference.
fn can_be_shown(field: &Value) -> bool {
    let one_of = field.get("oneOf").and_then(Value::as_array);
    let choices = one_of.is_some_and(|choices| choices.iter().all(|choice| choice.get("const").is_some()));
    choices || ["type", "enum", "const", "$ref", "allOf"].iter().any(|keyword| field.get(keyword).is_some())
}

/// What a text channel, which asks one field after the other, cannot show.
fn channels(fields: &Map<String, Value>, pointer: &str, report: &mut Report) {
    let help = "In the web chat it is shown as it is; over WhatsApp, Telegram and SMS a link to it is sent.";
    for (name, field) in fields {
        let nested = match field.get("type").and_then(Value::as_str) {
            Some("object") => true,
            Some("array") => field.pointer("/items/enum").is_none() && field.pointer("/items/oneOf").is_none(),
            _ => field.get("$ref").is_some(),
        };
        if nested {
            let pointer = format!("{pointer}/properties/{}", token(name));
            report.info("form_channel", &pointer, format!("`{}` is too rich for text channels", shown(name)), help);
        }
    }
    if fields.len() > FIELDS_MAX {
        let message = format!("a form of {} fields is too long for text channels", fields.len());
        report.info("form_channel", pointer, message, help);
    }
}
