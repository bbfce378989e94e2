//! Secrets on their way into the vault. They never come out of here again.

use crate::{
    app::App,
    http::problem::{ApiError, ApiResult},
};
use serde_json::{Map, Value};

/// The place of a secret, which it cannot be moved from.
pub(crate) fn context(workspace: &str, kind: &str, id: &str) -> String {
    format!("{workspace}/{kind}/{id}")
}

/// Opens what is sealed; nothing sealed is no secrets.
pub(crate) fn open(app: &App, context: &str, sealed: &str) -> ApiResult<Map<String, Value>> {
    if sealed.is_empty() {
        return Ok(Map::new());
    }
    app.engine.vault().open(context, sealed).map_err(ApiError::internal)
}

/// Seals secrets for their place.
pub(crate) fn seal(app: &App, context: &str, secrets: &Map<String, Value>) -> ApiResult<String> {
    app.engine.vault().seal(context, secrets).map_err(ApiError::internal)
}

/// Names of the secrets that are set. What cannot be opened (another key) shows as none.
pub(crate) fn names(app: &App, context: &str, sealed: &str) -> Vec<String> {
    match open(app, context, sealed) {
        Ok(secrets) => secrets.keys().cloned().collect(),
        Err(_) => Vec::new(),
    }
}

/// Puts changes in: a text replaces, null removes.
pub(crate) fn change(secrets: &mut Map<String, Value>, changes: Map<String, Value>) -> ApiResult<()> {
    for (name, value) in changes {
        match value {
            Value::Null => {
                secrets.shift_remove(&name);
            }
            Value::String(_) => {
                secrets.insert(name, value);
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(ApiError::invalid(format!("/secrets/{name}"), "a secret is a text"));
            }
        }
    }
    Ok(())
}
