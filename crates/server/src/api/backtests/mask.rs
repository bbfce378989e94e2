//! Values that are secret by the name of their member, where requests are compared side by side.

use countersign_api::FieldChange;
use serde_json::Value;

/// What stands where a secret was.
const MASK: &str = "***";
/// Parts of member names that say so.
const SECRET: [&str; 9] =
    ["password", "passphrase", "secret", "token", "api_key", "apikey", "authorization", "card_number", "cvc"];

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    SECRET.iter().any(|part| name.contains(part))
}

/// The change without secrets.
pub(crate) fn masked(mut change: FieldChange) -> FieldChange {
    let within = change.pointer.split('/').any(is_secret);
    for value in [&mut change.before, &mut change.after] {
        if within && !value.is_null() {
            *value = MASK.into();
        } else {
            mask(value);
        }
    }
    change
}

/// Masks every secret member.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if is_secret(name) && !member.is_null() {
                    *member = MASK.into();
                } else {
                    mask(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let change =
            |pointer: &str, before: Value, after: Value| FieldChange { pointer: pointer.to_owned(), before, after };
        let inside = masked(change("/body/Api-Key", json!("one"), Value::Null));
        assert_eq!((inside.before, inside.after), (json!("***"), Value::Null));
        let below = masked(change("/body", json!({ "user": "ada", "auth": [{ "password": "x" }] }), json!("plain")));
        assert_eq!(below.before, json!({ "user": "ada", "auth": [{ "password": "***" }] }));
        assert_eq!(below.after, json!("plain"));
    }
}
