//! What steps and triggers are tried with.

use crate::PersonRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a step or a trigger of a workflow is tried with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// `step` or `trigger`.
    pub of: String,
    /// Id of the step or the trigger.
    pub id: String,
    /// The output of the step, or a call of the webhook as it is tried; without secrets.
    pub value: Value,
    /// When it was kept.
    pub kept_at: i64,
    /// Who kept it.
    pub kept_by: Option<PersonRef>,
}

/// A sample to keep.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepSampleRequest {
    /// At most 64 KiB as JSON.
    pub value: Value,
}
