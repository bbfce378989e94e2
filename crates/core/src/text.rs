//! Text that can be kept. Databases do not keep U+0000 (PostgreSQL) or keep it and cut it off (C libraries): what people
//! and programs send with it is refused at the door, what other services answer is kept with a mark in its place, so
//! that a call which happened stays one that happened.

use serde_json::Value;
use std::{borrow::Cow, ops::Range};

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

/// The first whole number in JSON text that 64 bits do not hold: read as a number it would lose digits.
#[must_use]
pub fn whole_beyond(json: &[u8]) -> Option<&str> {
    let found = next_beyond(json, 0)?;
    json.get(found).and_then(|digits| std::str::from_utf8(digits).ok())
}

/// JSON text in which whole numbers that 64 bits do not hold are texts, so that their digits are kept.
#[must_use]
pub fn whole_kept(json: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(found) = next_beyond(json, at) {
        kept.extend_from_slice(&json[at..found.start]);
        kept.push(b'"');
        kept.extend_from_slice(&json[found.clone()]);
        kept.push(b'"');
        at = found.end;
    }
    if at == 0 {
        return Cow::Borrowed(json);
    }
    kept.extend_from_slice(&json[at..]);
    Cow::Owned(kept)
}

/// Where, from a place outside of texts on, the next whole number stands that 64 bits do not hold.
fn next_beyond(json: &[u8], mut at: usize) -> Option<Range<usize>> {
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while json.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if json[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let of_a_number = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = json[at..].iter().take_while(of_a_number).count();
                let number = &json[at..at + length];
                // Shorter ones fit, and what has a fraction or an exponent is no whole number.
                if length > 18 && is_beyond(number) {
                    return Some(at..at + length);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

fn is_beyond(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let whole = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(number).unwrap_or_default();
    whole && text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
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
    fn digits_of_whole_numbers_beyond_64_bits_are_found_and_kept() {
        for fits in [
            "18446744073709551615",
            "-9223372036854775808",
            "1e400",
            "12345678901234567890.5",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(whole_beyond(fits.as_bytes()), None, "{fits}");
            assert_eq!(whole_kept(fits.as_bytes()), fits.as_bytes());
        }
        let json = r#"{"a\"1":[18446744073709551616,"x\\",-9223372036854775809],"b":1}"#;
        assert_eq!(whole_beyond(json.as_bytes()), Some("18446744073709551616"));
        let kept: Value = serde_json::from_slice(&whole_kept(json.as_bytes())).unwrap();
        assert_eq!(kept, json!({ "a\"1": ["18446744073709551616", "x\\", "-9223372036854775809"], "b": 1 }));
        for broken in ["\"", "\"\\", "-", "99999999999999999999"] {
            drop(whole_kept(broken.as_bytes()));
        }
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
