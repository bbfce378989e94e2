//! Runs, their events, step executions and checkpoints.

use super::row;
pub use countersign_core::{
    log::ExecutionStatus,
    run::{CheckpointKind, CheckpointStatus, Outcome, RunStatus, WaitingFor},
};

row! {
    /// The current projection of a run. The truth is its events.
    pub struct RunRow in "runs" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Owning workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// Version the run is on: the one it started with, unless it was moved.
        pub version: u32,
        /// Where it stands.
        pub status: RunStatus,
        /// Current step id.
        pub step: Option<String>,
        /// Type of the current step.
        pub step_kind: Option<String>,
        /// What it waits for.
        pub waiting_for: Option<WaitingFor>,
        /// Number of the last committed event row. The store overwrites it with `expected_seq + 1`.
        pub seq: u64,
        /// Customer id.
        pub customer: Option<String>,
        /// Conversation id.
        pub conversation: Option<String>,
        /// What started it: message, api, webhook, schedule, manual.
        pub trigger: String,
        /// One line for lists: the case, by the workflow's template, or the workflow's name.
        pub title: String,
        /// User or API key that started it.
        pub started_by: Option<String>,
        /// Start.
        pub started_at: i64,
        /// Last commit.
        pub updated_at: i64,
        /// End, once final.
        pub ended_at: Option<i64>,
        /// Earliest timer; `None` when nothing is due.
        pub wake_at: Option<i64>,
        /// Node that drives it; only looked at while the status is running.
        pub node: Option<String>,
        /// Stable error code of a failed run.
        pub error_code: Option<String>,
        /// Readable error of a failed run.
        pub error_message: Option<String>,
        /// JSON output of a finished run.
        pub output: Option<String>,
        /// Run this one repeats.
        pub retry_of: Option<String>,
        /// Of a run that ended well: a step that failed on the way and did not succeed since.
        pub failed_step: Option<String>,
        /// What that step said.
        pub failed_message: Option<String>,
    }
}

row! {
    /// Events decided together, committed as one row.
    pub struct RunEventsRow in "run_events" key(workspace, run, seq) {
        /// Owning workspace.
        pub workspace: String,
        /// Run id.
        pub run: String,
        /// Position, 1…, without gaps.
        pub seq: u64,
        /// Time of the decision.
        pub at: i64,
        /// JSON array of events.
        pub events: String,
    }
}

row! {
    /// One attempt of one call of one visit of a step.
    pub struct StepExecutionRow in "step_executions" key(workspace, run, visit, call, attempt) {
        /// Owning workspace.
        pub workspace: String,
        /// Run id.
        pub run: String,
        /// Ordinal of the step entry in the run, 1….
        pub visit: u32,
        /// Ordinal of the call within the visit, 0 when the step makes none.
        pub call: u32,
        /// Attempt, 1….
        pub attempt: u32,
        /// Step id.
        pub step: String,
        /// Step type.
        pub kind: String,
        /// Step title at the time.
        pub title: String,
        /// Where it stands.
        pub status: ExecutionStatus,
        /// `<connector>.<action>` of a tool call.
        pub action: Option<String>,
        /// JSON input, redacted.
        pub input: Option<String>,
        /// JSON output, redacted.
        pub output: Option<String>,
        /// Stable error code.
        pub error_code: Option<String>,
        /// Readable error.
        pub error_message: Option<String>,
        /// JSON: whatever else the page shows (branch taken and values, idempotency key, decision).
        pub detail: Option<String>,
        /// Start of the attempt.
        pub started_at: i64,
        /// End of the attempt.
        pub ended_at: Option<i64>,
    }
}

row! {
    /// A place where a run waits for a person.
    pub struct CheckpointRow in "checkpoints" key(workspace, id) {
        /// `<run id>.<visit>`.
        pub id: String,
        /// Owning workspace.
        pub workspace: String,
        /// Run id.
        pub run: String,
        /// Workflow id.
        pub workflow: String,
        /// Version of the run.
        pub version: u32,
        /// Step id.
        pub step: String,
        /// Ordinal of the step entry.
        pub visit: u32,
        /// Kind.
        pub kind: CheckpointKind,
        /// Open or decided.
        pub status: CheckpointStatus,
        /// One line for the inbox.
        pub title: String,
        /// Customer id.
        pub customer: Option<String>,
        /// Conversation id.
        pub conversation: Option<String>,
        /// JSON: what is shown and what was hashed (form, rendered requests, approvers, partial approvals).
        pub payload: String,
        /// Operator (user id) who took it.
        pub assigned_to: Option<String>,
        /// When it opened.
        pub opened_at: i64,
        /// When a timer decides or escalates it.
        pub due_at: Option<i64>,
        /// How it ended, once decided.
        pub outcome: Option<Outcome> as kind,
        /// When it was decided.
        pub decided_at: Option<i64>,
        /// JSON: who decided and how they were identified.
        pub decided_by: Option<String>,
        /// How: page, chat, api, email, timeout, cancel.
        pub via: Option<String>,
        /// Comment of the person.
        pub comment: Option<String>,
        /// JSON: whom it asks, by what they are.
        pub asks: Option<String>,
        /// SHA-256 hex of `asks` while it is open.
        pub audience: Option<String>,
        /// People who may not decide it although they are asked by what they are: `|<user id>|…|`, or empty.
        pub barred: String,
        /// What it is found by, in lower case.
        pub words: String,
        /// JSON: what the customer filled in of an open form and has not sent.
        pub draft: Option<String>,
    }
}
