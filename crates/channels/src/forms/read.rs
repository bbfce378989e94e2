//! What somebody wrote, as the value it is meant for.

use countersign_core::{
    contact, money,
    run::{FieldKind, is_time, time_of_day},
};
use serde_json::{Value, json};

/// A choice by its number or its label.
pub(super) fn chosen(all: &[(String, Value)], lower: &str) -> Option<Value> {
    let by_label = all.iter().find(|(label, _)| label.to_lowercase() == lower);
    let by_number = || {
        let number = lower.trim_end_matches(['.', ')']).parse::<usize>().ok()?;
        all.get(number.checked_sub(1)?)
    };
    let short = || match lower {
        "y" | "true" => all.iter().find(|(_, value)| *value == json!(true)),
        "n" | "false" => all.iter().find(|(_, value)| *value == json!(false)),
        _ => None,
    };
    by_label.or_else(by_number).or_else(short).map(|(_, value)| value.clone())
}

/// A number as people write it, with a point or a comma before its decimals. What may be meant as a thousand or as one is
/// not guessed.
fn number(words: &str) -> Result<serde_json::Number, String> {
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = words.trim_start_matches('-');
    let groups: Vec<&str> = unsigned.split([',', '.', '\u{a0}', '\u{202f}', ' ', '\'']).collect();
    let grouped = groups.len() > 1
        && !groups[0].starts_with('0')
        && digits(groups[0], 3)
        && groups[1..].iter().all(|group| group.len() == 3 && digits(group, 3));
    if grouped {
        let sign = if words.starts_with('-') { "-" } else { "" };
        let whole = groups.concat();
        let or = match (groups.as_slice(), unsigned.contains(['.', ','])) {
            ([before, after], true) => format!(" or {sign}{before}.{after}0"),
            _ => String::new(),
        };
        return Err(format!("{words} can be read in two ways: please write {sign}{whole}{or}."));
    }
    serde_json::from_str(&words.replace(',', ".")).map_err(|_| "Please answer with a number.".to_owned())
}

/// A number as [`number`] reads it, so that what is kept as it is shown is the same.
pub(super) fn shown_number(number: &serde_json::Number) -> String {
    let words = number.to_string();
    if self::number(&words).is_ok() { words } else { format!("{words}0") }
}

/// What was written, as the field's type has it.
pub(super) fn written_value(field: &Value, words: &str) -> Result<Value, String> {
    let same = match FieldKind::of(field) {
        FieldKind::Number => return number(words).map(Value::Number),
        FieldKind::Money => {
            let currency = field.get("currency").and_then(Value::as_str).unwrap_or_default();
            return money::amount(words, currency).map(Value::String);
        }
        FieldKind::Time => {
            let read = time_of_day(words).or_else(|| is_time(words).then(|| words.to_owned()));
            return read.map(Value::String).ok_or_else(|| "Please write a time such as 14:30.".to_owned());
        }
        FieldKind::Email => contact::email(words),
        FieldKind::Phone => contact::phone(words),
        FieldKind::Summary
        | FieldKind::Consent
        | FieldKind::YesNo
        | FieldKind::Rating
        | FieldKind::Choice
        | FieldKind::Several
        | FieldKind::File
        | FieldKind::Group
        | FieldKind::List
        | FieldKind::Link
        | FieldKind::Date
        | FieldKind::Secret
        | FieldKind::Long
        | FieldKind::Text
        | FieldKind::Other => None,
    };
    Ok(Value::String(same.unwrap_or_else(|| words.to_owned())))
}

/// Some of the choices, by their numbers or labels, in the order they are listed.
pub(super) fn several(all: &[(String, Value)], lower: &str) -> Result<Value, String> {
    let parts = |words: &str, between: &[char]| -> Option<Vec<Value>> {
        let parts = words.split(between).map(str::trim).filter(|part| !part.is_empty());
        let parts: Option<Vec<Value>> = parts.map(|part| chosen(all, part)).collect();
        parts.filter(|parts| !parts.is_empty())
    };
    let joined = lower.replace(" and ", ", ").replace(" & ", ", ");
    // A label may hold a comma, and numbers stand apart by blanks alone.
    let found = if lower == "all" { Some(all.iter().map(|(_, value)| value.clone()).collect()) } else { None }
        .or_else(|| chosen(all, lower).map(|one| vec![one]))
        .or_else(|| parts(&joined, &[',', ';', '\n', '+']))
        .or_else(|| parts(&joined, &[',', ';', '\n', '+', ' ']));
    let found: Vec<Value> = found.ok_or_else(|| "Please reply with some of these numbers, such as 1, 3.".to_owned())?;
    Ok(all.iter().map(|(_, value)| value).filter(|value| found.contains(value)).cloned().collect())
}
