//! Answers of the reference implementation (`vectors/jsonata.json`, written by `vectors/jsonata.mjs`) are ours too: the
//! same value, nothing, or an error; never another value without a word.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use countersign_core::{expr::Expression, time::Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is answered, as text that can be compared.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            format!("{}", if number == 0.0 { 0.0 } else { number })
        }
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, member)| (name, shown(member))).collect();
            format!("{members:?}")
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

fn ours(source: &str, data: &Value) -> String {
    match Expression::compile(source).and_then(|it| it.evaluate_value(data, Timestamp(0))) {
        Ok(Some(value)) => shown(&value),
        Ok(None) => "nothing".to_owned(),
        Err(error) => format!("error {}", error.message.split(':').next().unwrap()),
    }
}

/// Where an error is right and the reference answers.
const REFUSED: [(&str, &str); 6] = [
    ("$toMillis(", "a picture without a year would take it from the clock; 30 February and half a year are no dates"),
    ("$base64decode(", "bytes that are no UTF-8 are no text"),
    ("$fromMillis(1e18)", "no date"),
    ("$fromMillis(-1.5, \"\", \"\")", "no zone"),
    ("$number(\"12345678901234567890\")", "digits would be lost"),
    ("$s", "$sift and $split with arguments that do not fit"),
];

/// Where the answer is another on purpose, or out of reach.
const OTHER: [(&str, &str); 9] = [
    ("base64encode(", "text is encoded as UTF-8; the reference drops what is not Latin-1"),
    ("[Z01:01]", "the reference adds the minutes of an offset west of UTC"),
    ("/l/", "a regular expression where a function is wanted: the reference's own internals show"),
    ("/[/", "a class that is not closed matches nothing"),
    ("$trim(", "no-break spaces are spaces"),
    ("$formatNumber(1e21", "the reference writes an exponent that the picture has not"),
    ("\"\u{1F600}\" < ", "by code points, not by halves of surrogate pairs"),
    ("$round(", "half a decimal place"),
    ("$formatInteger(-1.5", "a picture that is none for a whole number"),
];

#[test]
fn answers_are_those_of_the_reference() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/jsonata.json")).unwrap();
    let mut wrong = Vec::new();
    for answer in vectors["answers"].as_array().unwrap() {
        let source = answer[0].as_str().unwrap();
        let ours = ours(source, &vectors["data"]);
        let (right, same) = match (answer.get(2), answer.get(1)) {
            (Some(code), _) => (format!("error {code}"), ours.starts_with("error")),
            (None, Some(value)) => (shown(value), ours == shown(value)),
            (None, None) => ("nothing".to_owned(), ours == "nothing"),
        };
        let excused = if ours.starts_with("error") { &REFUSED[..] } else { &OTHER[..] };
        // Infinity and not-a-number are no JSON; the reference writes null.
        if !same && !ours.starts_with("error D1001") && !excused.iter().any(|(part, _)| source.contains(part)) {
            wrong.push(format!("{source}\n    ours {ours}\n    right {right}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        vectors["answers"].as_array().unwrap().len(),
        wrong.join("\n")
    );
}
