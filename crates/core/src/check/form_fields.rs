//! What each kind of field needs besides its type, so that it can be drawn, asked and answered.

use super::report::{Report, shown, token};
use crate::{
    money,
    run::{FieldKind, RATING_MAX},
};
use serde_json::{Map, Value};

pub(super) fn check(form: &Value, fields: &Map<String, Value>, pointer: &str, report: &mut Report) {
    let required = form.get("required").and_then(Value::as_array);
    let required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    agreed_beforehand(form, form.get("default"), pointer, report);
    for (name, field) in fields {
        let at = format!("{pointer}/properties/{}", token(name));
        let says = |member: &str| field.get(member).and_then(Value::as_str).unwrap_or_default();
        match FieldKind::of(field) {
            FieldKind::Money => money(says("currency"), &at, report),
            FieldKind::Consent => consent(required(name), &at, report),
            FieldKind::Summary if says("description").trim().is_empty() => {
                let message = format!("there is nothing to read in `{}`", shown(name));
                report.error("form_field", &at, message, "Write what people read into its `description`.");
            }
            FieldKind::Summary if required(name) => {
                let message = format!("`{}` is only read, so nobody can fill it in", shown(name));
                report.error("form_field", &format!("{pointer}/required"), message, "Do not require it.");
            }
            FieldKind::Several if field.pointer("/items/enum").is_some_and(|all| all == &Value::Array(Vec::new())) => {
                let message = format!("there is nothing to choose in `{}`", shown(name));
                report.error("form_field", &format!("{at}/items/enum"), message, "List its choices.");
            }
            FieldKind::Number if says("format") == "money" => {
                let message = "an amount is a text, so that nothing of it is rounded".to_owned();
                report.error("form_field", &format!("{at}/type"), message, "Write `type: string`.");
            }
            FieldKind::Number if says("format") == "rating" => {
                let message = format!("a rating goes from 1 to at most {RATING_MAX}");
                let help = "Write `type: integer`, `minimum: 1` and for example `maximum: 5`.";
                report.error("form_field", &at, message, help);
            }
            FieldKind::Summary
            | FieldKind::Several
            | FieldKind::YesNo
            | FieldKind::Rating
            | FieldKind::Choice
            | FieldKind::File
            | FieldKind::Group
            | FieldKind::List
            | FieldKind::Number
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Link
            | FieldKind::Date
            | FieldKind::Time
            | FieldKind::Secret
            | FieldKind::Long
            | FieldKind::Text
            | FieldKind::Other => {}
        }
    }
}

fn money(currency: &str, at: &str, report: &mut Report) {
    if money::decimals(currency).is_some() {
        return;
    }
    let message = match currency {
        "" => "an amount needs its currency".to_owned(),
        other => format!("`{}` is no currency", shown(other)),
    };
    let help = "Write its three letters, for example `currency: EUR`.";
    report.error("form_field", &format!("{at}/currency"), message, help);
}

/// Nobody agrees to anything before they are asked: no consent has a value from its own `default` or that of a form or a
/// group around it.
fn agreed_beforehand(form: &Value, around: Option<&Value>, at: &str, report: &mut Report) {
    for (name, field) in form.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let given = field.get("default").or_else(|| around?.get(name));
        let at = format!("{at}/properties/{}", token(name));
        let kind = FieldKind::of(field);
        if kind == FieldKind::Consent && given.is_some() {
            let message = "nobody agrees to anything before they are asked".to_owned();
            report.error("form_field", &format!("{at}/default"), message, "Leave `default` out.");
        } else if kind == FieldKind::Group {
            agreed_beforehand(field, given, &at, report);
        }
    }
}

fn consent(required: bool, at: &str, report: &mut Report) {
    if !required {
        let message = "the form can be sent without this consent".to_owned();
        report.info("form_field", at, message, "Require it where nothing goes on without it.");
    }
}
