//! Ended runs that go on.

use crate::{RetryVersion, StateChange};
pub use countersign_core::run::Repeat;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Takes an ended run up again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryRequest {
    /// From which step; the one it ended at when absent. On the newest version, absent and with nothing changed, the new
    /// run starts at its first step with the same input.
    pub step: Option<String>,
    /// On which version.
    pub version: RetryVersion,
    /// The point of the log whose state it goes on with; its end when absent.
    pub point: Option<u32>,
    /// Variables to change first.
    pub vars: Map<String, Value>,
    /// The whole state to go on with, in place of the one of that point.
    pub state: Option<RetryState>,
    /// Steps that may do again what they did. Without them such a retry is refused with `would_repeat`.
    pub repeat: Vec<String>,
}

/// The state a run goes on with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryState {
    /// All variables.
    pub vars: Map<String, Value>,
    /// What the steps gave: `{output, error}` by step id.
    pub steps: Map<String, Value>,
}

/// A step to go on from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetryStep {
    /// Step id.
    pub step: String,
    /// Its title.
    pub title: String,
    /// Its type tag.
    pub kind: String,
}

/// What a retry would mean; nothing is changed by asking.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetryPlan {
    /// The step it would go on from; null when it would start anew.
    pub step: Option<String>,
    /// The version the run is on.
    pub from_version: u32,
    /// The version it would go on with.
    pub to_version: u32,
    /// The state it would go on with.
    pub state: RetryState,
    /// The steps it could go on from.
    pub steps: Vec<RetryStep>,
    /// What may be done again.
    pub repeats: Vec<Repeat>,
    /// Guarded steps ahead: each will ask for a new approval.
    pub asks_again: Vec<RetryStep>,
    /// What differs between the two versions, at most 1,000 places.
    pub differences: Vec<StateChange>,
}

/// What to do with several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Stop them.
    Cancel,
    /// Take them up again from where they ended, on their own version, with their state as it is.
    Retry,
}

/// Several runs at once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// What to do.
    pub action: BulkAction,
    /// Run ids, 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub runs: Vec<String>,
    /// Why, at most 2,000 characters; for cancelling.
    #[serde(default)]
    pub reason: String,
}

/// What became of one of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    /// The run.
    pub run: String,
    /// Whether it was done.
    pub ok: bool,
    /// Where the run stands now.
    pub status: Option<super::RunStatus>,
    /// Code of the refusal.
    pub code: Option<String>,
    /// The refusal for people.
    pub detail: Option<String>,
}

/// What became of all of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkResponse {
    /// For how many it was done.
    pub done: u32,
    /// One for each run, in the order asked for.
    pub results: Vec<BulkResult>,
}
