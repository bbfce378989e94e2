//! Samples lose what is secret before they are kept.

use super::tokens;
use crate::{Engine, EngineError};
use countersign_outbound::{MASK, Mask};
use serde_json::Value;

/// Headers that are credentials whoever wrote them.
const SECRET_HEADERS: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-shopify-access-token",
    "x-webhook-secret",
];

impl Engine {
    /// Takes what the workspace keeps sealed (secrets and tokens of connections, of channels, of a workflow's triggers) out of
    /// a sample, and what stands in `headers` that are credentials.
    ///
    /// # Errors
    /// When the database does not answer, or a secret cannot be opened.
    pub async fn without_secrets(&self, workspace: &str, workflow: &str, value: &mut Value) -> Result<(), EngineError> {
        let mask: Mask = self.all_sealed(workspace, workflow).await?.iter().map(String::as_str).collect();
        mask.value(value);
        let headers = value.get_mut("headers").and_then(Value::as_object_mut);
        for (name, said) in headers.into_iter().flatten() {
            if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                *said = MASK.into();
            }
        }
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

/// A secret as it may be echoed; flags are none.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
        Value::Null | Value::Bool(_) => None,
    }
}
