//! What comes from outside.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Something that came from outside and was accepted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InboundEvent {
    /// Its id.
    pub id: String,
    /// `message`, `webhook` or `schedule`.
    pub kind: String,
    /// Through what it came: `conversation:<id>`, `trigger:<workflow>/<trigger>`.
    pub source: String,
    /// What it says.
    pub payload: Value,
    /// When it was accepted.
    pub at: i64,
    /// How often it was taken up.
    pub attempts: u32,
    /// `waiting` or `done`.
    pub status: String,
    /// `started`, `ignored`, `skipped` or `failed`; null while it waits.
    pub outcome: Option<String>,
    /// The run it started.
    pub run: Option<String>,
    /// Why nothing came of it.
    pub error: Option<String>,
    /// When it was dealt with.
    pub done_at: Option<i64>,
}
