//! How workflows fare, for their list: one bounded query whatever their runs.

use std::collections::HashMap;

use crate::database::{Row, column};
use crate::rows::params;
use crate::sql::Query;
use crate::{Result, RunStatus, Store};

/// Ended runs of a workflow that its rate is reckoned from, the newest.
const ENDED_LOOKED_AT: u32 = 50;
/// More than either of the two counts.
const BOTH: u64 = 1_000;
/// Workflows of one statement.
const WORKFLOWS_AT_ONCE: usize = 200;

/// What is shown of a run that stands for its workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBrief {
    /// Id.
    pub id: String,
    /// Its case.
    pub title: String,
    /// Status.
    pub status: RunStatus,
    /// Start, milliseconds since the epoch.
    pub started_at: i64,
    /// Why it failed.
    pub error_message: Option<String>,
}

impl RunBrief {
    fn read(row: Row) -> Result<Self> {
        let mut row = row.into_iter();
        Ok(Self {
            id: column(&mut row, "runs.id")?,
            title: column(&mut row, "runs.title")?,
            status: column(&mut row, "runs.status")?,
            started_at: column(&mut row, "runs.started_at")?,
            error_message: column(&mut row, "runs.error_message")?,
        })
    }
}

/// How a workflow fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkflowStanding {
    /// The run that started last.
    pub last: Option<RunBrief>,
    /// The newest that failed.
    pub last_failed: Option<RunBrief>,
    /// Of the newest runs that ended, how many there are, at most 50; cancelled ones do not count.
    pub ended: u64,
    /// How many of these failed.
    pub failed: u64,
}

/// The newest runs of `w` in any of these statuses, through the index of each.
fn newest(statuses: &[RunStatus], limit: u32) -> String {
    let part = |(index, status): (usize, &RunStatus)| {
        format!(
            "SELECT id, status, started_at FROM (SELECT id, status, started_at FROM runs WHERE workspace = ?1 \
             AND workflow = w.id AND status = '{status}' ORDER BY started_at DESC, id DESC LIMIT {limit}) AS part{index}"
        )
    };
    let parts: Vec<String> = statuses.iter().enumerate().map(part).collect();
    let parts = parts.join(" UNION ALL ");
    format!("SELECT id, status FROM ({parts}) AS merged ORDER BY started_at DESC, id DESC LIMIT {limit}")
}

/// How the workflows of these ids fare. Ended and failed runs are counted in one walk: what gives one number holds both.
fn standings(workspace: &str, ids: &[&str]) -> Query {
    let last = newest(RunStatus::ALL, 1);
    let failed = newest(&[RunStatus::Failed], 1);
    let ended = newest(&[RunStatus::Completed, RunStatus::Rejected, RunStatus::Failed], ENDED_LOOKED_AT);
    let text = format!(
        "SELECT w.id, (SELECT id FROM ({last}) AS last_run), (SELECT id FROM ({failed}) AS last_failed), \
         (SELECT count(*) + {BOTH} * count(CASE WHEN status = 'failed' THEN 1 END) FROM ({ended}) AS ended) \
         FROM workflows AS w WHERE w.workspace = ?1"
    );
    let mut query = Query { text, params: params![workspace] };
    query.and_in("w.id", ids.iter().copied());
    query
}

/// What the query gives for one workflow.
struct Found {
    workflow: String,
    last: Option<String>,
    last_failed: Option<String>,
    ended: u64,
    failed: u64,
}

impl Found {
    fn read(row: Row) -> Result<Self> {
        let mut row = row.into_iter();
        let (workflow, last) = (column(&mut row, "workflows.id")?, column(&mut row, "last run")?);
        let last_failed = column(&mut row, "last failed run")?;
        let both: u64 = column(&mut row, "ended and failed")?;
        Ok(Self { workflow, last, last_failed, ended: both % BOTH, failed: both / BOTH })
    }
}

impl Store {
    /// How these workflows fare, by id.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn workflow_standings(&self, workspace: &str, ids: &[&str]) -> Result<HashMap<String, WorkflowStanding>> {
        let mut found: Vec<Found> = Vec::new();
        for part in ids.chunks(WORKFLOWS_AT_ONCE) {
            let query = standings(workspace, part);
            for row in self.query(query.text, query.params).await? {
                found.push(Found::read(row)?);
            }
        }
        let mut runs: Vec<&str> =
            found.iter().flat_map(|of| [&of.last, &of.last_failed]).flatten().map(String::as_str).collect();
        runs.sort_unstable();
        runs.dedup();
        let rows = self.rows_of(("id, title, status, started_at, error_message", "runs"), workspace, &runs).await?;
        // One that cannot be read hides no workflow.
        let runs = rows.into_iter().filter_map(|row| RunBrief::read(row).ok()).map(|run| (run.id.clone(), run));
        let runs: HashMap<String, RunBrief> = runs.collect();
        let run = |id: Option<String>| id.and_then(|id| runs.get(&id).cloned());
        let standing = |of: Found| {
            let Found { workflow, last, last_failed, ended, failed } = of;
            (workflow, WorkflowStanding { last: run(last), last_failed: run(last_failed), ended, failed })
        };
        Ok(found.into_iter().map(standing).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::plan_of as plan;

    #[test]
    fn runs_are_only_looked_at_through_the_index_of_their_workflow() {
        let lines = plan(&standings("ws", &["w1", "w2"]));
        let searches: Vec<_> = lines.iter().filter(|line| line.contains(" runs ")).collect();
        assert!(searches.len() >= 6 && searches.iter().all(|line| line.contains("runs_by_workflow")), "{lines:#?}");
    }
}
