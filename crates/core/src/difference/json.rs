//! What differs between two JSON values, by JSON pointer (RFC 6901).

use crate::pointer::token;
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
    changes(before, after, Reading::State, CHANGES_MAX)
}

/// How two values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a state: arrays by position, what is new last.
    State,
    /// As a text that people edit: arrays of different length as a whole, what is gone last.
    Document,
}

/// The innermost places that differ, at most `most`.
pub(super) fn changes(before: &Value, after: &Value, reading: Reading, most: usize) -> Vec<Change> {
    let mut walk = Walk { reading, most, at: String::new(), changes: Vec::new() };
    walk.compare(Some(before), Some(after));
    walk.changes
}

struct Walk {
    reading: Reading,
    most: usize,
    at: String,
    changes: Vec<Change>,
}

impl Walk {
    fn compare(&mut self, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            (Some(Value::Object(before)), Some(Value::Object(after))) => self.members(before, after),
            (Some(Value::Array(before)), Some(Value::Array(after)))
                if self.reading == Reading::State || before.len() == after.len() =>
            {
                for index in 0..before.len().max(after.len()) {
                    self.below(&index.to_string(), before.get(index), after.get(index));
                }
            }
            (Some(before), Some(after)) => self.push(ChangeKind::Changed, before, after),
            (Some(before), None) => self.push(ChangeKind::Removed, before, &Value::Null),
            (None, Some(after)) => self.push(ChangeKind::Added, &Value::Null, after),
            (None, None) => {}
        }
    }

    fn members(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let (first, last) = match self.reading {
            Reading::State => (before, after),
            Reading::Document => (after, before),
        };
        for key in first.keys().chain(last.keys().filter(|key| !first.contains_key(*key))) {
            self.below(key, before.get(key), after.get(key));
        }
    }

    fn below(&mut self, key: &str, before: Option<&Value>, after: Option<&Value>) {
        if self.changes.len() >= self.most {
            return;
        }
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(&token(key));
        self.compare(before, after);
        self.at.truncate(length);
    }

    fn push(&mut self, kind: ChangeKind, before: &Value, after: &Value) {
        self.changes.push(Change { pointer: self.at.clone(), kind, before: before.clone(), after: after.clone() });
    }
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
