//! Forms and the schema of a run's input.

use super::{
    Context, form_fields,
    report::{Report, shown, token},
};
use crate::{
    document::{StepKind, sites},
    run::{self, FieldKind},
};
use serde_json::{Map, Value};

/// The most fields that are asked one after the other without tiring people.
const FIELDS_MAX: usize = 10;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    report.document();
    if let Some(Err(message)) = context.workflow.input.as_ref().map(valid) {
        report.error("input_schema", "/input", message, "Write a JSON Schema, or leave `input` out.");
    }
    let input = context.workflow.input.as_ref().and_then(|input| input.get("properties")?.as_object());
    for (name, _) in input.into_iter().flatten().filter(|(_, field)| field.get("when").is_some()) {
        let message = format!("`{}` is asked for always: only forms of steps know conditions", shown(name));
        let pointer = format!("/input/properties/{}/when", token(name));
        report.warning("form_when", &pointer, message, "Leave `when` out.");
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
            let pointer = format!("/steps/{}/form", token(id));
            check_form(form, Shown::OnPages, &pointer, report);
            for (name, _) in sites::summaries(form).filter(|(_, words)| words.contains("{{")) {
                let pointer = format!("{pointer}/properties/{}/description", token(name));
                let message = "only in a form that a customer fills in are expressions filled in".to_owned();
                report.error("form_field", &pointer, message, "Write it without expressions.");
            }
        }
        if let StepKind::CollectForm(form) = &step.kind {
            check_form(&form.form, Shown::ToCustomers, &format!("/steps/{}/form", token(id)), report);
            let Some(Value::Object(fields)) = form.form.get("properties") else { continue };
            for name in form.prefill.keys() {
                let pointer = format!("/steps/{}/prefill/{}", token(id), token(name));
                match fields.get(name).map(FieldKind::of) {
                    None => {
                        let message = format!("the form has no field `{}` to fill in", shown(name));
                        report.warning("form_prefill", &pointer, message, "Remove it or correct its name.");
                    }
                    Some(FieldKind::Consent | FieldKind::Summary) => {
                        let message = format!("`{}` cannot be filled in beforehand", shown(name));
                        report.warning("form_prefill", &pointer, message, "Remove it: it is left out.");
                    }
                    Some(_) => {}
                }
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
    if fields.values().all(|field| FieldKind::of(field) == FieldKind::Summary) {
        report.error("form_schema", &format!("{pointer}/properties"), "the form has no fields to fill in", help);
    }
    form_fields::check(form, fields, pointer, report);
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
    for (name, place, message) in run::condition_problems(form) {
        let pointer = format!("{pointer}/properties/{}{place}", token(name));
        let help = "Name a field with choices that is shown before it, for example `when: { damaged: true }`.";
        report.error("form_when", &pointer, shown(&message), help);
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
        let nested = matches!(FieldKind::of(field), FieldKind::Group | FieldKind::List);
        if nested || field.get("$ref").is_some() {
            let pointer = format!("{pointer}/properties/{}", token(name));
            report.info("form_channel", &pointer, format!("`{}` is too rich for text channels", shown(name)), help);
        }
    }
    let asked = fields.values().filter(|field| FieldKind::of(field) != FieldKind::Summary).count();
    if asked > FIELDS_MAX {
        let message = format!("a form of {asked} fields is too long for text channels");
        report.info("form_channel", pointer, message, help);
    }
}
