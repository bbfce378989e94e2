//! Why a call failed, sorted by what may be done about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a failed call allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// It certainly did not take place (connection refused, 429, 503 with Retry-After): trying again is safe.
    Retryable,
    /// The other side refused it: trying again would be refused again.
    Fatal,
    /// The request left and no honest answer came: it may have taken place.
    Unknown,
}

/// A failure as the history keeps it and as `error` in the scope of later steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepError {
    /// What it allows.
    pub class: FailureClass,
    /// Stable short name, for example `http_404` or `expression_depth`.
    pub code: String,
    /// For people; never holds a secret.
    pub message: String,
    /// Whatever the other side said, redacted.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

impl StepError {
    /// A failure that trying again cannot mend.
    pub fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class: FailureClass::Fatal, code: code.into(), message: message.into(), details: Value::Null }
    }
}
