//! JSON pointers (RFC 6901), and what they refer to inside a JSON Schema.

use serde_json::{Map, Value};

/// References followed one after the other at most.
const HOPS_MAX: usize = 8;

/// A name as a token of a JSON pointer.
#[must_use]
pub fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A schema, what it refers to inside `root`, what that refers to, and so on.
pub fn hops<'a>(root: &'a Value, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
    let next = |at: &&'a Value| root.pointer(at.get("$ref")?.as_str()?.strip_prefix('#')?);
    std::iter::successors(Some(schema), next).take(HOPS_MAX)
}

/// The schema that references lead to; none when one leads nowhere, outside, or round and round.
#[must_use]
pub fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    hops(root, schema).last()?.as_object().filter(|members| !members.contains_key("$ref"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_followed_to_their_end() {
        let root = json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "type": "string" }, "round": { "$ref": "#/$defs/round" } } });
        let kind = |reference: &str| resolve(&root, &json!({ "$ref": reference })).map(|found| found["type"].clone());
        assert_eq!(kind("#/$defs/a"), Some(json!("string")));
        for nowhere in ["#/$defs/gone", "#/$defs/round", "https://example.com/x.json"] {
            assert_eq!(kind(nowhere), None, "{nowhere}");
        }
        assert!(resolve(&root, &json!(true)).is_none());
    }
}
