//! What an approval shows and what it stands for.

use crate::document::StepId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a guarded step sends, and through what.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardedCall {
    /// `<connector>.<action>`.
    pub action: String,
    /// Named connection.
    pub connection: Option<String>,
    /// The account behind it as it stands.
    pub account: Option<String>,
    /// Rendered input.
    pub input: Value,
}

impl GuardedCall {
    /// SHA-256 (hex); the order of object keys does not matter.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = String::new();
        canonical(&Value::from(self.action.as_str()), &mut text);
        canonical(&Value::from(self.connection.as_deref()), &mut text);
        canonical(&Value::from(self.account.as_deref()), &mut text);
        canonical(&self.input, &mut text);
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// The rendered request of one guarded step, as approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuardedRequest {
    /// The guarded step.
    pub step: StepId,
    /// `<connector>.<action>`.
    pub action: String,
    /// Named connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The account behind the connection as it stood, see [`super::Accounts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Rendered input.
    pub input: Value,
    /// SHA-256 (hex) of action, connection, account and input with sorted keys.
    pub hash: String,
}

impl GuardedRequest {
    /// Whether both are the same call, whatever account is behind the connection: that is nothing a version decides.
    #[must_use]
    pub fn is_same_call(&self, other: &Self) -> bool {
        self.action == other.action && self.connection == other.connection && self.input == other.input
    }

    /// The request of `step` with its hash.
    #[must_use]
    pub fn new(step: StepId, call: GuardedCall) -> Self {
        let hash = call.hash();
        let GuardedCall { action, connection, account, input } = call;
        Self { step, action, connection, account, input, hash }
    }
}

/// What a person changes in guarded requests: by step, the new value by JSON pointer into its input.
pub type Edits = BTreeMap<StepId, Map<String, Value>>;

impl GuardedRequest {
    /// The same with another input.
    #[must_use]
    pub fn with_input(&self, input: Value) -> Self {
        let (action, connection, account) = (self.action.clone(), self.connection.clone(), self.account.clone());
        Self::new(self.step.clone(), GuardedCall { action, connection, account, input })
    }
}

/// One fact as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// What differs between the approved request and the one that would run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequestDifference {
    /// The guarded step.
    pub step: StepId,
    /// What was approved; null when the approval had been used up.
    pub approved: Value,
    /// What would be sent now.
    pub now: Value,
    /// The account behind the connection is another than it was, or was changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub account_changed: bool,
}

/// SHA-256 (hex) of a JSON value; the order of object keys does not matter.
#[must_use]
pub fn json_hash(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (key, value) in entries {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn key_order_does_not_change_the_hash_but_values_do() {
        let call = |connection: Option<&str>, account: Option<&str>, input: Value| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            GuardedCall { action: "a.b".into(), connection: text(connection), account: text(account), input }.hash()
        };
        let one = call(None, None, json!({"x": 1, "y": [1, {"p": null, "q": 2}]}));
        assert_eq!(one, call(None, None, json!({"y": [1, {"q": 2, "p": null}], "x": 1})));
        assert_ne!(one, call(None, None, json!({"x": 2, "y": [1, {"p": null, "q": 2}]})));
        assert_ne!(one, call(Some("eu"), None, json!({"x": 1, "y": [1, {"p": null, "q": 2}]})));
        assert_ne!(one, call(None, Some("eu"), json!({"x": 1, "y": [1, {"p": null, "q": 2}]})));
    }
}
