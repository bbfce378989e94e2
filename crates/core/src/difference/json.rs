//! What differs between two JSON values, by JSON pointer (RFC 6901).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most changes that are listed.
pub const CHANGES_MAX: usize = 1_000;

/// What happened to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// JSON pointer; empty for the whole value.
    pub pointer: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The value before; null when there was none.
    pub before: Value,
    /// The value after; null when there is none.
    pub after: Value,
}

/// The innermost places that differ, in the order of `before` and then of what is new; at most [`CHANGES_MAX`].
/// Objects are compared by member whatever their order, arrays by position.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(before, after, &mut String::new(), &mut changes);
    changes
}

fn compare(before: &Value, after: &Value, pointer: &mut String, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => objects(before, after, pointer, changes),
        (Value::Array(before), Value::Array(after)) => {
            for (index, item) in before.iter().enumerate() {
                below(&index.to_string(), Some(item), after.get(index), pointer, changes);
            }
            for (index, item) in after.iter().enumerate().skip(before.len()) {
                below(&index.to_string(), None, Some(item), pointer, changes);
            }
        }
        (before, after) if before == after => {}
        (before, after) => push(changes, pointer, ChangeKind::Changed, before, after),
    }
}

fn objects(before: &Map<String, Value>, after: &Map<String, Value>, pointer: &mut String, changes: &mut Vec<Change>) {
    for (key, value) in before {
        below(key, Some(value), after.get(key), pointer, changes);
    }
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        below(key, None, Some(value), pointer, changes);
    }
}

fn below(key: &str, before: Option<&Value>, after: Option<&Value>, pointer: &mut String, changes: &mut Vec<Change>) {
    if changes.len() >= CHANGES_MAX {
        return;
    }
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&crate::pointer::token(key));
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, pointer, changes),
        (Some(before), None) => push(changes, pointer, ChangeKind::Removed, before, &Value::Null),
        (None, Some(after)) => push(changes, pointer, ChangeKind::Added, &Value::Null, after),
        (None, None) => {}
    }
    pointer.truncate(length);
}

fn push(changes: &mut Vec<Change>, pointer: &str, kind: ChangeKind, before: &Value, after: &Value) {
    changes.push(Change { pointer: pointer.to_owned(), kind, before: before.clone(), after: after.clone() });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(before: &Value, after: &Value) -> Vec<String> {
        let line = |change: Change| format!("{} {:?} {} {}", change.pointer, change.kind, change.before, change.after);
        difference(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn the_innermost_places_are_named() {
        let before = json!({ "a": 1, "b": { "c/d": [1, 2, 3], "e": null }, "gone": true });
        let after = json!({ "new": {}, "b": { "e": 0, "c/d": [1, 9] }, "a": 1 });
        assert_eq!(
            lines(&before, &after),
            [
                "/b/c~1d/1 Changed 2 9",
                "/b/c~1d/2 Removed 3 null",
                "/b/e Changed null 0",
                "/gone Removed true null",
                "/new Added null {}"
            ]
        );
        assert_eq!(lines(&json!([1]), &json!({})), [" Changed [1] {}"]);
        assert!(difference(&before, &before).is_empty());
    }

    #[test]
    fn big_numbers_are_not_rounded() {
        assert_eq!(difference(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)).len(), 1);
    }

    #[test]
    fn the_list_is_bounded() {
        let many = |value: i32| Value::from_iter((0..5_000).map(|index| (format!("k{index}"), Value::from(value))));
        assert_eq!(difference(&many(1), &many(2)).len(), CHANGES_MAX);
    }
}
