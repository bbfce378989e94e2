//! How things go: numbers over a period, and saved views of the list of runs.

use crate::{RunCounts, WorkflowRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Runs that started in one slice of the period.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunsInSlice {
    /// Start of the slice.
    pub at: i64,
    /// By where they stand now.
    pub runs: RunCounts,
}

/// How long things took, milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Times {
    /// How many were measured.
    pub count: u64,
    /// Half of them took at most this.
    pub p50_ms: i64,
    /// 95 of 100 took at most this.
    pub p95_ms: i64,
    /// The longest.
    pub max_ms: i64,
}

impl From<countersign_core::statistics::Spread> for Times {
    fn from(spread: countersign_core::statistics::Spread) -> Self {
        Self { count: spread.count, p50_ms: spread.p50, p95_ms: spread.p95, max_ms: spread.max }
    }
}

/// How long a step takes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepTimes {
    /// Of which workflow.
    pub workflow: WorkflowRef,
    /// Step id.
    pub step: String,
    /// Its title.
    pub title: String,
    /// Its type tag.
    pub kind: String,
    /// Whether it waits for a person.
    pub waits: bool,
    /// How long.
    pub times: Times,
    /// How many of them failed or have an unknown outcome; each attempt counts.
    pub failed: u64,
}

/// How long an approval is waited for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalTimes {
    /// Of which workflow.
    pub workflow: WorkflowRef,
    /// Step id.
    pub step: String,
    /// Its title.
    pub title: String,
    /// How long.
    pub times: Times,
    /// How many by outcome.
    pub outcomes: std::collections::BTreeMap<String, u64>,
}

/// A step at which runs fail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FailingStep {
    /// Of which workflow.
    pub workflow: WorkflowRef,
    /// Step id; null when they failed before the first.
    pub step: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Code of the error.
    pub error_code: String,
    /// What usually is behind it.
    pub cause: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// How many runs.
    pub count: u64,
    /// The newest of them.
    pub last_run: String,
    /// When that one started.
    pub last_at: i64,
}

/// How things went over a period.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Dashboard {
    /// Start of the period.
    pub after: i64,
    /// Its end.
    pub before: i64,
    /// Length of a slice, milliseconds.
    pub slice_ms: i64,
    /// Slices in order, empty ones included.
    pub runs: Vec<RunsInSlice>,
    /// Time per step, over the newest 2,000 runs; the slowest first.
    pub steps: Vec<StepTimes>,
    /// Waiting for approvals, by step; the slowest first.
    pub approvals: Vec<ApprovalTimes>,
    /// Waiting for approvals, all together.
    pub approvals_all: Option<Times>,
    /// Approvals that are open now, in the whole workspace, counted up to `approvals_at_most`.
    pub approvals_open: u64,
    /// A number as large as this means so many or more.
    pub approvals_at_most: u64,
    /// Where runs fail, over the newest 5,000 failed runs; the most frequent first.
    pub failing: Vec<FailingStep>,
    /// Connections whose calls wait for a place now, in the process that answers; the most first.
    pub calls_waiting: Vec<CallsWaiting>,
}

/// Calls of a connection that wait for a place: it has as many calls under way, or begun in this second, as it may have.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CallsWaiting {
    /// The connector.
    pub connector: String,
    /// Name of the connection; absent where calls go without one.
    pub connection: Option<String>,
    /// How many.
    pub count: u64,
}

/// Keeps the filters of the list of runs under a name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedViewRequest {
    /// 1 to 60 characters, unique among the person's views.
    pub name: String,
    /// The filters as in the address of the page, at most 20 of them.
    pub search: Map<String, Value>,
}

/// Filters of the list of runs under a name, of the person who asks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The filters.
    pub search: Map<String, Value>,
    /// Since when.
    pub created_at: i64,
}
