//! Runs.

use crate::{CustomerRef, CustomerRequest, PersonRef, StepExecution};
pub use countersign_core::run::{RunStatus, WaitingFor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How many runs stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCounts {
    /// Moving.
    pub running: u64,
    /// Waiting.
    pub waiting: u64,
    /// Reached an end.
    pub completed: u64,
    /// Refused on the way.
    pub rejected: u64,
    /// Stopped on an error.
    pub failed: u64,
    /// Stopped by somebody.
    pub cancelled: u64,
    /// Whether there may be more: counting stopped at its bound.
    pub at_least: bool,
}

impl RunCounts {
    /// Counts runs that stand somewhere.
    pub fn add(&mut self, status: RunStatus, count: u64) {
        *self.place(status) += count;
    }

    /// How many stand there.
    #[must_use]
    pub fn of(&self, status: RunStatus) -> u64 {
        *self.clone().place(status)
    }

    fn place(&mut self, status: RunStatus) -> &mut u64 {
        match status {
            RunStatus::Running => &mut self.running,
            RunStatus::Waiting => &mut self.waiting,
            RunStatus::Completed => &mut self.completed,
            RunStatus::Rejected => &mut self.rejected,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Cancelled => &mut self.cancelled,
        }
    }
}

/// A workflow by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRef {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// Starts a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRunRequest {
    /// Id or name of the workflow.
    pub workflow: String,
    /// Fits the workflow's input schema; an empty object when absent.
    pub input: Option<Value>,
    /// Id of a customer, or what to know them by: they are added when nobody has that id, address or number.
    pub customer: Option<CustomerChoice>,
    /// Conversation the run talks in.
    pub conversation: Option<String>,
    /// A version other than the active one.
    pub version: Option<u32>,
}

/// A customer by id or by what is known about them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum CustomerChoice {
    /// Id.
    Id(String),
    /// What is known.
    Known(Box<CustomerRequest>),
}

/// A run that was started; small on purpose.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StartedRun {
    /// Id.
    pub id: String,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// On which version, to its end.
    pub version: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Current step.
    pub step: Option<String>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
    /// Start.
    pub started_at: i64,
    /// Last change.
    pub updated_at: i64,
    /// End.
    pub ended_at: Option<i64>,
    /// What it answered.
    pub output: Value,
    /// Stable code of the error.
    pub error_code: Option<String>,
    /// The error for people.
    pub error_message: Option<String>,
    /// Whether an earlier request with this Idempotency-Key started it.
    pub replayed: bool,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Id.
    pub id: String,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// On which version, to its end.
    pub version: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Current step.
    pub step: Option<String>,
    /// Its title.
    pub step_title: Option<String>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
    /// The case: what the run is about by its workflow's template; the workflow's name where it has none.
    pub title: String,
    /// What started it: message, api, webhook, schedule, manual.
    pub trigger: String,
    /// For whom.
    pub customer: Option<CustomerRef>,
    /// Conversation it talks in.
    pub conversation: Option<String>,
    /// Who started it.
    pub started_by: Option<PersonRef>,
    /// Run it repeats.
    pub retry_of: Option<String>,
    /// Start.
    pub started_at: i64,
    /// Last change.
    pub updated_at: i64,
    /// End.
    pub ended_at: Option<i64>,
    /// Stable code of the error.
    pub error_code: Option<String>,
    /// The error for people.
    pub error_message: Option<String>,
    /// Of a run that ended well: a step that failed on the way and did not succeed since.
    pub failed_step: Option<FailedStep>,
}

/// A step that failed in a run that went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedStep {
    /// Step id.
    pub step: String,
    /// Its title.
    pub title: String,
    /// What it said.
    pub message: String,
}

/// A run that is there and cannot be read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UnreadableRun {
    /// Its id; empty when not even that can be read.
    pub id: String,
    /// Start, when it can be read.
    pub started_at: Option<i64>,
    /// Always `corrupt_data`.
    pub code: String,
    /// Which column, and why.
    pub detail: String,
}

/// A part of the list of runs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunList {
    /// The runs.
    pub items: Vec<RunSummary>,
    /// Runs among them that cannot be read.
    pub unreadable: Vec<UnreadableRun>,
    /// `cursor` of the next page; null at the end.
    pub next: Option<String>,
}

/// A run with everything that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    /// As in lists.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// What it was started with.
    pub input: Value,
    /// Variables now.
    pub vars: Map<String, Value>,
    /// What it answered.
    pub output: Value,
    /// Position in its log.
    pub seq: u64,
    /// Every step entry, in order.
    pub steps: Vec<StepExecution>,
}

/// One entry of a run's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunEvent {
    /// Position of the commit; events decided together share it.
    pub seq: u64,
    /// When.
    pub at: i64,
    /// What.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its members.
    pub data: Map<String, Value>,
}

/// Stops a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelRequest {
    /// Why, at most 2,000 characters.
    pub reason: String,
}

/// Which version a retry uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryVersion {
    /// The run goes on, on its own version.
    #[default]
    Same,
    /// A new run goes on, on the active version.
    Newest,
}
