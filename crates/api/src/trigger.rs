//! What starts runs of a workflow.

use crate::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
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
    /// The inbound event; none where a person or the API started a run.
    pub event: Option<String>,
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

/// A sample of a call of a webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TryTriggerRequest {
    /// The body as it would come; it is read by the header `content-type`, as JSON without one.
    pub body: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Parameters of the query.
    pub query: BTreeMap<String, String>,
}

/// What a call of a webhook would come to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TriedTrigger {
    /// `starts` a run, is `ignored` (the filter does not hold), is a `duplicate` of a call that came before, is `refused` (it
    /// is answered with an error and not kept), or `fails` (it is kept and starts nothing).
    pub outcome: String,
    /// What expressions read as `body`.
    pub body: Option<Value>,
    /// What the run would be started with.
    pub input: Option<Value>,
    /// What this call has in common with calls that are the same one.
    pub dedup: Option<Value>,
    /// The inbound event of the call that came before with the same key.
    pub before: Option<String>,
    /// What is wrong, with its place: `/body`, `/filter`, `/input`, `/dedup`, and below `/input` of the run's input.
    pub problems: Vec<FieldError>,
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
