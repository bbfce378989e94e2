//! The workflow document: what the builder edits, versions store and the API carries. Schema number [`SCHEMA`].

mod alerts;
mod approval;
mod bounds;
mod calendar;
mod exits;
pub mod graph;
mod schedule;
mod schema;
pub(crate) mod sites;
mod source;
mod step;
mod trigger;
mod verdict;
mod waiting;

pub use alerts::Alerts;
pub use approval::{
    Approval, ApprovalTimeout, Approvers, CHANGES_DEFAULT, Fact, Rung, RungAct, StandingLimits, StepUp, Tier,
    TimeoutOutcome, UNDO_SECONDS_MAX,
};
pub use bounds::{DEFAULT_CALL_TIMEOUT, STEP_LIMIT_DEFAULT, STEP_LIMIT_MAX, UNUSABLE_MAX};
pub use calendar::{Calendar, Weekday};
pub use exits::Exit;
pub use schedule::{CRON_BYTES_MAX, Schedule, ScheduleError, time_zone_named};
pub use schema::workflow_schema;
pub use source::{SOURCE_BYTES_MAX, SourceError, decode, parse, parse_all, to_yaml};
pub use step::{
    Backoff, Branch, Channel, CollectForm, Condition, Delivery, End, EndStatus, HandoffOutcome, HumanHandoff,
    MessageTemplate, Notify, OnError, OnUnusable, ProvenCustomer, Recipient, Retry, Step, StepKind, ToolCall,
    WaitTimeout,
};
pub use trigger::{
    Missed, Overlap, RESPOND_WITHIN, Respond, Signature, SignatureAlgorithm, SignatureEncoding, Trigger, Verify,
};
pub use verdict::Verdict;
pub use waiting::WaitingMessage;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The document format this build reads and writes.
pub const SCHEMA: u32 = 1;

/// Name of a step inside its document: a letter or `_`, then letters, digits or `_`, at most 64 characters.
pub type StepId = String;

/// A whole workflow document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Format number; this build knows 1.
    pub schema: u32,
    /// Human name, 1 to 200 characters.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What a run is about, for lists and search: a template such as `Order {{ input.order }} · {{ customer.name }}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub case: String,
    /// What starts a run; `api` and `manual` starts are possible to who may start runs, unless
    /// the trigger for them is there and switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// JSON Schema of the input that starts a run; absent means anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Variables and their first values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub vars: Map<String, Value>,
    /// Working times, by name, that approvals reckon with.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub calendars: IndexMap<String, Calendar>,
    /// Who is told when runs fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
    /// What the customer reads when a run fails: `true` for the workspace's words, or a template; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_message: Option<WaitingMessage>,
    /// The first step.
    pub start: StepId,
    /// How many steps one run may enter before it is stopped as a runaway loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_limit: Option<u32>,
    /// The steps, in the author's order.
    pub steps: IndexMap<StepId, Step>,
}

impl Workflow {
    /// How many steps one run may enter.
    #[must_use]
    pub fn step_limit(&self) -> u32 {
        self.step_limit.unwrap_or(STEP_LIMIT_DEFAULT).min(STEP_LIMIT_MAX)
    }
}
