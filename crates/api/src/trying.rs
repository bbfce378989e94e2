//! Trying an action, away from any run.

use crate::{RenderedRequest, Risk, StepError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Tries an action: shows the request, and sends it unless `dry_run`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryActionRequest {
    /// Name of the connection; may be left out where the connector has one at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Fits the action's input schema.
    #[serde(default)]
    pub input: Value,
    /// Whether the request is only shown.
    #[serde(default)]
    pub dry_run: bool,
    /// The `request_hash` that was shown: that exactly this request is to be sent. Needed for whatever changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Why it is sent, 1 to 1,000 characters, kept in the audit trail. Needed for actions of high risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was or would be sent, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TriedAction {
    /// `<connector>.<action>`.
    pub action: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// The connection's name; null when the call needs none.
    pub connection: Option<String>,
    /// The request; secrets are `***`.
    pub request: RenderedRequest,
    /// Names this request through this connection as it stands: another text when any of it differs.
    pub request_hash: String,
    /// Whether the caller may send it.
    pub may_send: bool,
    /// What came of it; null when it was not sent.
    pub result: Option<TryResult>,
}

/// What came of a call that was tried. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TryResult {
    /// The action's output; null when it failed.
    pub output: Value,
    /// Why it failed; null when it did not.
    pub error: Option<StepError>,
    /// Status of the answer; null when none came.
    pub status: Option<u16>,
    /// Those headers of the answer that help to explain it.
    pub response_headers: BTreeMap<String, String>,
    /// The body of the answer as text, at most 64 KiB.
    pub response_body: String,
    /// Whether the body was longer.
    pub response_truncated: bool,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
}
