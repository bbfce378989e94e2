//! How workflows fare, for their list: one bounded query whatever their runs.

use std::collections::HashMap;

use crate::database::{Row, column};
use crate::rows::params;
use crate::{Result, RunRow, RunStatus, Store};

/// Ended runs of a workflow that its rate is reckoned from, the newest.
const ENDED_LOOKED_AT: u32 = 50;
/// Workflows of one list.
const WORKFLOWS_MAX: u32 = 1000;
/// Runs read at once by id.
const IDS_MAX: usize = 200;

/// How a workflow fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkflowStanding {
    /// The run that started last.
    pub last: Option<RunRow>,
    /// The newest that failed.
    pub last_failed: Option<RunRow>,
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

fn standings() -> String {
    let last = newest(RunStatus::ALL, 1);
    let failed = newest(&[RunStatus::Failed], 1);
    let ended = newest(&[RunStatus::Completed, RunStatus::Rejected, RunStatus::Failed], ENDED_LOOKED_AT);
    format!(
        "SELECT w.id, (SELECT id FROM ({last}) AS last_run), (SELECT id FROM ({failed}) AS last_failed), \
         (SELECT count(*) FROM ({ended}) AS ended), \
         (SELECT count(*) FROM ({ended}) AS ended_badly WHERE status = 'failed') \
         FROM workflows AS w WHERE w.workspace = ?1 ORDER BY w.name, w.id LIMIT ?2"
    )
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
        Ok(Self {
            workflow: column(&mut row, "workflows.id")?,
            last: column(&mut row, "last run")?,
            last_failed: column(&mut row, "last failed run")?,
            ended: column(&mut row, "ended")?,
            failed: column(&mut row, "failed")?,
        })
    }
}

impl Store {
    /// How each workflow of a workspace fares, by its id; of the first 1,000 by name.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn workflow_standings(&self, workspace: &str) -> Result<HashMap<String, WorkflowStanding>> {
        let rows = self.query(standings(), params![workspace, WORKFLOWS_MAX]).await?;
        let found: Vec<Found> = rows.into_iter().map(Found::read).collect::<Result<_>>()?;
        let ids = found.iter().flat_map(|of| [&of.last, &of.last_failed]).flatten();
        let mut ids: Vec<&str> = ids.map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut runs = HashMap::new();
        for part in ids.chunks(IDS_MAX) {
            runs.extend(self.get_runs(workspace, part).await?.into_iter().map(|run| (run.id.clone(), run)));
        }
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
    use crate::sql::Query;
    use crate::sqlite::plan_of as plan;

    #[test]
    fn runs_are_only_looked_at_through_the_index_of_their_workflow() {
        let query = Query { text: standings(), params: params!["ws", WORKFLOWS_MAX] };
        let lines = plan(&query);
        let searches: Vec<_> = lines.iter().filter(|line| line.contains(" runs ")).collect();
        assert!(searches.len() >= 6 && searches.iter().all(|line| line.contains("runs_by_workflow")), "{lines:#?}");
    }
}
