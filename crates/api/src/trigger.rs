//! What starts runs of a workflow.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A trigger of the active version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// Its id, the same in every version.
    pub id: String,
    /// `message`, `api`, `webhook`, `schedule` or `manual`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it starts runs.
    pub enabled: bool,
    /// Where a webhook is received (POST); itself a secret, told to builders only.
    pub url: Option<String>,
    /// Whether it has a secret that calls are verified with.
    pub has_secret: bool,
    /// When a schedule fires next.
    pub next_at: Option<i64>,
    /// What came of it lately, newest first.
    pub last_fires: Vec<TriggerFire>,
}

/// One fire of a trigger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TriggerFire {
    /// The inbound event.
    pub event: String,
    /// When.
    pub at: i64,
    /// `waiting`, `started`, `ignored`, `skipped` or `failed`.
    pub outcome: String,
    /// The run it started.
    pub run: Option<String>,
    /// Why nothing came of it.
    pub error: Option<String>,
}

/// What to change of a trigger; absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerChangeRequest {
    /// Whether it starts runs.
    pub enabled: Option<bool>,
    /// What calls are verified with; empty takes it away.
    pub secret: Option<String>,
}

/// A webhook call that is on disk.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookAccepted {
    /// Always true.
    pub accepted: bool,
    /// The inbound event.
    pub event: String,
    /// Whether it counts as a call that came before (`dedup`); the event is that one's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// The run it started, when its caller waited for that and it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}
