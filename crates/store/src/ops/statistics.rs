//! What the dashboard shows: one bounded query each, on indexes that are there for other reasons. The newest of a period
//! are looked at; what is left out is told.

use super::runs::newest_first;
use crate::database::{Row, column, column_of};
use crate::sql::Query;
use crate::{CheckpointKind, ExecutionStatus, Outcome, Result, RunStatus, Store};

/// Runs counted over time, per status.
const COUNTED_MAX: u32 = 100_000;
/// Newest runs whose steps are measured.
const MEASURED_RUNS_MAX: u32 = 2_000;
/// Step executions measured.
const MEASURED_STEPS_MAX: u32 = 40_000;
/// Newest failed runs looked at.
const FAILED_MAX: u32 = 5_000;
/// Newest decided checkpoints looked at.
const DECIDED_MAX: u32 = 5_000;

/// A period, and of which workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Workflow id; all when absent.
    pub workflow: Option<String>,
    /// From this time on, milliseconds since the epoch.
    pub after: i64,
    /// Before this time.
    pub before: i64,
}

/// Runs that started in one bucket of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsInBucket {
    /// Start of the bucket.
    pub at: i64,
    /// Where they stand now.
    pub status: RunStatus,
    /// How many.
    pub count: u64,
}

/// How long one step execution took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTime {
    /// Workflow id.
    pub workflow: String,
    /// Version.
    pub version: u32,
    /// Step id.
    pub step: String,
    /// Step type.
    pub kind: String,
    /// How it ended.
    pub status: ExecutionStatus,
    /// Milliseconds.
    pub took_ms: i64,
}

/// A step at which runs failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingStep {
    /// Workflow id.
    pub workflow: String,
    /// The newest version that failed there.
    pub version: u32,
    /// Step id; empty when the run failed before its first.
    pub step: String,
    /// Error code.
    pub error_code: String,
    /// How many runs.
    pub count: u64,
    /// The newest of them.
    pub last_run: String,
    /// When that one started.
    pub last_at: i64,
}

/// One approval that was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalWait {
    /// Workflow id.
    pub workflow: String,
    /// Version.
    pub version: u32,
    /// Step id.
    pub step: String,
    /// When it was asked.
    pub opened_at: i64,
    /// When it was decided.
    pub decided_at: i64,
    /// How.
    pub outcome: Outcome,
}

impl Span {
    fn conditions(&self, query: &mut Query, time: &str) {
        query.and_some("workflow = ", self.workflow.as_deref());
        query.and(&format!("{time} >= "), self.after);
        query.and(&format!("{time} < "), self.before);
    }

    /// `SELECT columns` of the newest runs of one status, for the merge of all.
    fn newest_runs(&self, query: &mut Query, columns: &str, workspace: &str, status: RunStatus, limit: u32) {
        query.push(&format!("SELECT {columns} FROM runs WHERE workspace = "));
        query.bind(workspace);
        query.and("status = ", &status);
        self.conditions(query, "started_at");
        newest_first(query, limit);
    }
}

impl Store {
    /// How many runs started when, by where they stand now; the newest 100,000 of each status.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn runs_over_time(&self, workspace: &str, span: &Span, bucket_ms: i64) -> Result<Vec<RunsInBucket>> {
        let mut query = Query::default();
        for (index, status) in RunStatus::ALL.iter().enumerate() {
            query.push(if index > 0 { " UNION ALL " } else { "" });
            query.push("SELECT (started_at - ");
            query.bind(span.after);
            query.push(") / ");
            query.bind(bucket_ms.max(1));
            query.push(", ");
            query.bind(status);
            query.push(", count(*) FROM (");
            span.newest_runs(&mut query, "started_at, id", workspace, *status, COUNTED_MAX);
            query.push(&format!(") AS part{index} GROUP BY 1"));
        }
        let bucket = |row: Row| {
            let mut row = row.into_iter();
            let number: i64 = column(&mut row, "bucket")?;
            Ok(RunsInBucket {
                at: span.after + number * bucket_ms.max(1),
                status: column(&mut row, "runs.status")?,
                count: column(&mut row, "count")?,
            })
        };
        self.query(query.text, query.params).await?.into_iter().map(bucket).collect()
    }

    /// How long the steps of the newest 2,000 runs of the period took; those that are over.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn step_times(&self, workspace: &str, span: &Span) -> Result<Vec<StepTime>> {
        let mut query = Query::default();
        query.push("WITH picked (picked_run, picked_workflow, picked_version, picked_at) AS MATERIALIZED (");
        query.push("SELECT id, workflow, version, started_at FROM (");
        for (index, status) in RunStatus::ALL.iter().enumerate() {
            query.push(if index > 0 { " UNION ALL " } else { "" });
            query.push("SELECT id, workflow, version, started_at FROM (");
            let columns = "id, workflow, version, started_at";
            span.newest_runs(&mut query, columns, workspace, *status, MEASURED_RUNS_MAX);
            query.push(&format!(") AS part{index}"));
        }
        query.push(") AS merged");
        newest_first(&mut query, MEASURED_RUNS_MAX);
        query.push(
            ") SELECT picked_workflow, picked_version, step, kind, status, ended_at - step_executions.started_at \
             FROM picked CROSS JOIN step_executions WHERE workspace = ",
        );
        query.bind(workspace);
        query.push(" AND run = picked_run AND ended_at IS NOT NULL LIMIT ");
        query.bind(MEASURED_STEPS_MAX);
        let time = |row: Row| {
            let mut row = row.into_iter();
            Ok(StepTime {
                workflow: column(&mut row, "runs.workflow")?,
                version: column(&mut row, "runs.version")?,
                step: column(&mut row, "step_executions.step")?,
                kind: column(&mut row, "step_executions.kind")?,
                status: column(&mut row, "step_executions.status")?,
                took_ms: column(&mut row, "took_ms")?,
            })
        };
        self.query(query.text, query.params).await?.into_iter().map(time).collect()
    }

    /// The steps at which most of the newest 5,000 failed runs of the period failed, at most 20.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn failing_steps(&self, workspace: &str, span: &Span) -> Result<Vec<FailingStep>> {
        let mut query = Query::default();
        query.push(
            "SELECT workflow, max(version), coalesce(step, ''), coalesce(error_code, ''), count(*), max(id), \
             max(started_at) FROM (",
        );
        let columns = "workflow, version, step, error_code, id, started_at";
        span.newest_runs(&mut query, columns, workspace, RunStatus::Failed, FAILED_MAX);
        query.push(") AS failed GROUP BY workflow, step, error_code ORDER BY 5 DESC, 7 DESC LIMIT 20");
        let step = |row: Row| {
            let mut row = row.into_iter();
            Ok(FailingStep {
                workflow: column(&mut row, "runs.workflow")?,
                version: column(&mut row, "runs.version")?,
                step: column(&mut row, "runs.step")?,
                error_code: column(&mut row, "runs.error_code")?,
                count: column(&mut row, "count")?,
                last_run: column(&mut row, "runs.id")?,
                last_at: column(&mut row, "runs.started_at")?,
            })
        };
        self.query(query.text, query.params).await?.into_iter().map(step).collect()
    }

    /// Approvals of the period that were decided, the newest 5,000 decided checkpoints looked at.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn approval_waits(&self, workspace: &str, span: &Span) -> Result<Vec<ApprovalWait>> {
        let mut query = Query::default();
        query.push(
            "SELECT workflow, version, step, opened_at, decided_at, outcome FROM (SELECT workflow, version, step, \
             kind, opened_at, decided_at, outcome FROM checkpoints WHERE workspace = ",
        );
        query.bind(workspace);
        query.push(" AND status = 'decided'");
        span.conditions(&mut query, "opened_at");
        query.push(" ORDER BY opened_at DESC, id DESC LIMIT ");
        query.bind(DECIDED_MAX);
        query.push(") AS decided WHERE kind = 'approval' AND decided_at IS NOT NULL");
        let wait = |row: Row| {
            let mut row = row.into_iter();
            Ok(ApprovalWait {
                workflow: column(&mut row, "checkpoints.workflow")?,
                version: column(&mut row, "checkpoints.version")?,
                step: column(&mut row, "checkpoints.step")?,
                opened_at: column(&mut row, "checkpoints.opened_at")?,
                decided_at: column(&mut row, "checkpoints.decided_at")?,
                outcome: column_of(&mut row, "checkpoints.outcome", &CheckpointKind::Approval)?,
            })
        };
        self.query(query.text, query.params).await?.into_iter().map(wait).collect()
    }
}
