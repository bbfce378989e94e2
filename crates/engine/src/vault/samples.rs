//! Samples lose what is secret before they are kept.

use super::tokens;
use crate::{Engine, EngineError};
use countersign_outbound::{MASK, Mask};
use serde_json::Value;

/// What the names of headers and parameters hold that are credentials, whoever wrote them.
const SECRET_WORDS: [&str; 8] = ["auth", "token", "secret", "key", "cookie", "password", "signature", "credential"];
/// Names that hold such a word and are none.
const NO_SECRETS: [&str; 2] = ["idempotency-key", "author"];

impl Engine {
    /// Takes what the workspace keeps sealed (secrets and tokens of connections, of channels, of a workflow's triggers) out of
    /// a sample, and what stands in `headers` and `query` that are credentials by their name, at any depth.
    ///
    /// # Errors
    /// When the database does not answer, or a secret cannot be opened.
    pub async fn without_secrets(&self, workspace: &str, workflow: &str, value: &mut Value) -> Result<(), EngineError> {
        let mask: Mask = self.all_sealed(workspace, workflow).await?.iter().map(String::as_str).collect();
        mask.value(value);
        mask_named(value, false);
        Ok(())
    }

    async fn all_sealed(&self, workspace: &str, workflow: &str) -> Result<Vec<String>, EngineError> {
        let store = &self.0.store;
        let mut sealed = Vec::new();
        for row in store.list_connections(workspace).await? {
            sealed.push((format!("{workspace}/connection/{}", row.id), row.sealed));
        }
        for row in store.list_connection_tokens(workspace).await? {
            sealed.push((tokens::context(&row), row.sealed));
        }
        for row in store.list_channel_accounts(workspace).await? {
            sealed.push((format!("{workspace}/channel/{}", row.id), row.sealed));
        }
        for row in store.list_triggers(workspace, workflow).await? {
            sealed.push((format!("{workspace}/trigger/{workflow}/{}/secret", row.id), row.secret_sealed));
            sealed.push((format!("{workspace}/trigger/{workflow}/{}/token", row.id), row.token_sealed));
        }
        let mut secrets = Vec::new();
        for (context, sealed) in sealed {
            secrets.extend(self.open_sealed(&context, &sealed)?.values().filter_map(as_text));
        }
        Ok(secrets)
    }
}

/// `told` where it is of a request's headers or query.
fn mask_named(value: &mut Value, told: bool) {
    match value {
        Value::Object(members) => {
            for (name, said) in members {
                let name = name.to_ascii_lowercase();
                let is_secret =
                    SECRET_WORDS.iter().any(|word| name.contains(word)) && !NO_SECRETS.contains(&name.as_str());
                if told && is_secret {
                    *said = MASK.into();
                } else {
                    mask_named(said, told || name == "headers" || name == "query");
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_named(item, told)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A secret as it may be echoed; flags are none.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn credentials_are_masked_by_their_name_wherever_a_request_is_told() {
        let mut sample = json!({
            "headers": { "X-Gitlab-Token": "t", "Stripe-Signature": "s", "Content-Type": "json", "Idempotency-Key": "k" },
            "query": { "access_token": ["a", "b"], "page": "2" },
            "body": { "token": "a field of the shop", "request": { "headers": { "authorization": "Bearer x", "host": "h" } } },
        });
        mask_named(&mut sample, false);
        let wanted = json!({
            "headers": { "X-Gitlab-Token": MASK, "Stripe-Signature": MASK, "Content-Type": "json", "Idempotency-Key": "k" },
            "query": { "access_token": MASK, "page": "2" },
            "body": { "token": "a field of the shop", "request": { "headers": { "authorization": MASK, "host": "h" } } },
        });
        assert_eq!(sample, wanted);
    }
}
