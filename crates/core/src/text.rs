//! Text that can be kept. Databases do not keep U+0000 (PostgreSQL) or keep it and cut it off (C libraries): what people
//! and programs send with it is refused at the door, what other services answer is kept with a mark in its place, so
//! that a call which happened stays one that happened.

use serde_json::Value;

/// What stands for U+0000 in answers from outside.
const REPLACEMENT: &str = "\u{FFFD}";

/// Where a value has text that cannot be kept, names included: a JSON pointer to it.
#[must_use]
pub fn unkept(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("/{index}{}", unkept(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let below = if name.contains('\0') { Some(String::new()) } else { unkept(member) };
            below.map(|below| format!("/{}{below}", crate::pointer::token(name)))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Replaces in a value what cannot be kept.
pub fn keep(value: &mut Value) {
    match value {
        Value::String(text) => keep_text(text),
        Value::Array(items) => items.iter_mut().for_each(keep),
        Value::Object(members) => {
            if members.keys().any(|name| name.contains('\0')) {
                let renamed = std::mem::take(members).into_iter();
                members.extend(renamed.map(|(name, member)| (name.replace('\0', REPLACEMENT), member)));
            }
            members.values_mut().for_each(keep);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces in a text what cannot be kept.
pub fn keep_text(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', REPLACEMENT);
    }
}

/// Whether JSON text names U+0000, as no JSON text that can be kept does. Cheaper than to read it.
#[must_use]
pub fn names_nul(json: &[u8]) -> bool {
    let mut at = 0;
    while let Some(found) = json[at..].windows(6).position(|part| part == b"\\u0000").map(|found| at + found) {
        let slashes = json[..found].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return true;
        }
        at = found + 1;
    }
    false
}

/// Text as it was meant: without the byte order mark that some editors put in front (YAML 1.2, 5.2).
#[must_use]
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_kept_is_found_and_replaced() {
        assert_eq!(unkept(&json!({ "a/b": [1, "x\u{0}"] })).as_deref(), Some("/a~1b/1"));
        assert_eq!(unkept(&json!({ "a\u{0}": 1 })).as_deref(), Some("/a\u{0}"));
        assert_eq!(unkept(&json!({ "a": ["fine", null, 1] })), None);
        let mut value = json!({ "a\u{0}": ["x\u{0}y"], "b": 1 });
        keep(&mut value);
        assert_eq!(value, json!({ "a\u{FFFD}": ["x\u{FFFD}y"], "b": 1 }));
    }

    #[test]
    fn json_text_that_names_it() {
        assert!(names_nul(br#"{"a":"x\u0000"}"#));
        assert!(names_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!names_nul(br#"{"a":"\\u0000"}"#));
        assert!(names_nul(br#"{"a":"\\u0000","b":"\u0000"}"#));
        assert!(!names_nul(b"{}"));
    }
}
