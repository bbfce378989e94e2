//! Reading runs. They are written by [`Store::commit`] only; claiming moves nothing but the owner.

use crate::database::column;
use crate::rows::{TableRow, params};
use crate::sql::{self, Query, contains_pattern};
use crate::store::{decode, readable};
use crate::{
    CheckpointRow, Cursor, PageRequest, Result, RunCount, RunEventsRow, RunRow, RunStatus, StepExecutionRow, Store,
    StoreError,
};

/// Which runs; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Workflow id.
    pub workflow: Option<String>,
    /// Version.
    pub version: Option<u32>,
    /// Any of these; empty means any at all.
    pub status: Vec<RunStatus>,
    /// Current step.
    pub step: Option<String>,
    /// Error code.
    pub error_code: Option<String>,
    /// Any of these customers; empty means any. Who was merged is asked for by [`Store::customer_ids`].
    pub customer: Vec<String>,
    /// Conversation id.
    pub conversation: Option<String>,
    /// Started at or after.
    pub started_after: Option<i64>,
    /// Started before.
    pub started_before: Option<i64>,
    /// Part of the title (ASCII case ignored), or the whole run id or customer id.
    pub text: Option<String>,
    /// Customers the text also stands for.
    pub text_customers: Vec<String>,
}

impl RunFilter {
    /// Whether the filter has an index of its own, so that going through the statuses would be slower.
    pub(super) fn is_selective(&self) -> bool {
        !self.customer.is_empty() || self.conversation.is_some() || self.error_code.is_some()
    }

    /// Whether rows must be looked at one by one, because no index has what is asked for.
    pub(super) fn looks_at_rows(&self) -> bool {
        self.text.is_some() || self.step.is_some() || (self.version.is_some() && self.workflow.is_none())
    }

    /// What an index has: workflow and time.
    pub(super) fn indexed_conditions(&self, query: &mut Query) {
        query.and_some("workflow = ", self.workflow.as_deref());
        query.and_some("started_at >= ", self.started_after);
        query.and_some("started_at < ", self.started_before);
    }

    /// Everything but the status.
    pub(super) fn conditions(&self, query: &mut Query) {
        query.and_some("workflow = ", self.workflow.as_deref());
        query.and_some("version = ", self.version);
        query.and_some("step = ", self.step.as_deref());
        query.and_some("error_code = ", self.error_code.as_deref());
        query.and_any_of("customer", &self.customer);
        query.and_some("conversation = ", self.conversation.as_deref());
        query.and_some("started_at >= ", self.started_after);
        query.and_some("started_at < ", self.started_before);
        if let Some(text) = &self.text {
            query.and("(lower(title) LIKE ", contains_pattern(text).as_str());
            query.push(" ESCAPE '!' OR id = ");
            query.bind(text);
            query.push(" OR customer = ");
            query.bind(text);
            for customer in &self.text_customers {
                query.push(" OR customer = ");
                query.bind(customer);
            }
            query.push(")");
        }
    }
}

/// ` ORDER BY … LIMIT`, newest first.
pub(super) fn newest_first(query: &mut Query, limit: u32) {
    query.newest_first("started_at", limit);
}

pub(super) fn after(query: &mut Query, cursor: Option<&Cursor>) {
    query.after("started_at", cursor);
}

/// After the one and down to the other, both of them positions in the list.
pub(super) fn between(query: &mut Query, (from, to): (Option<&Cursor>, Option<&Cursor>)) {
    after(query, from);
    if let Some(floor) = to {
        query.and("(started_at, id) >= (", floor.at);
        query.push(", ");
        query.bind(&floor.id);
        query.push(")");
    }
}

/// One SELECT per status, each walking its index from the newest, merged: as fast with millions of finished runs and a
/// handful of waiting ones as the other way round.
pub(super) fn list_by_status(
    workspace: &str,
    filter: &RunFilter,
    range: (Option<&Cursor>, Option<&Cursor>),
    limit: u32,
) -> Query {
    let statuses = if filter.status.is_empty() { RunStatus::ALL } else { &filter.status };
    let columns = RunRow::column_list();
    let mut query = Query::default();
    for (index, status) in statuses.iter().enumerate() {
        query.push(if index > 0 { " UNION ALL " } else { "" });
        query.push(&format!("SELECT {columns} FROM (SELECT {columns} FROM runs WHERE workspace = "));
        query.bind(workspace);
        query.and("status = ", status);
        filter.conditions(&mut query);
        between(&mut query, range);
        newest_first(&mut query, limit);
        query.push(&format!(") AS part{index}"));
    }
    newest_first(&mut query, limit);
    query
}

pub(super) fn list_selective(workspace: &str, filter: &RunFilter, page: &PageRequest, limit: u32) -> Query {
    let mut query = Query::default();
    query.push(&format!("SELECT {} FROM runs WHERE workspace = ", RunRow::column_list()));
    query.bind(workspace);
    // The concatenation keeps SQLite from preferring the status index, which would be the wrong one here.
    query.and_in("status || ''", &filter.status);
    filter.conditions(&mut query);
    after(&mut query, page.after.as_ref());
    newest_first(&mut query, limit);
    query
}

fn without_gaps(run: &str, after_seq: u64, rows: Vec<RunEventsRow>) -> Result<Vec<RunEventsRow>> {
    for (expected, row) in (after_seq + 1..).zip(&rows) {
        if row.seq != expected {
            return Err(StoreError::Corrupt(format!("run {run} has no events at {expected}")));
        }
    }
    Ok(rows)
}

impl Store {
    /// One run.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_run(&self, workspace: &str, id: &str) -> Result<Option<RunRow>> {
        self.row(sql::BY_ID, params![workspace, id]).await
    }

    /// The events of a run after a position, in order and without gaps.
    ///
    /// # Errors
    /// `Corrupt` when a row is missing.
    pub async fn run_events(&self, workspace: &str, run: &str, after_seq: u64) -> Result<Vec<RunEventsRow>> {
        let tail = "WHERE workspace = ?1 AND run = ?2 AND seq > ?3 ORDER BY seq";
        without_gaps(run, after_seq, self.rows(tail, params![workspace, run, &after_seq]).await?)
    }

    /// A run with all its events. The run is read first: its log may be ahead of it, never behind.
    ///
    /// # Errors
    /// `Corrupt` when a row is missing.
    pub async fn run_with_events(&self, workspace: &str, id: &str) -> Result<Option<(RunRow, Vec<RunEventsRow>)>> {
        let run = sql::select::<RunRow>(sql::BY_ID);
        let events = sql::select::<RunEventsRow>("WHERE workspace = ?1 AND run = ?2 ORDER BY seq");
        let queries = vec![(run.into(), params![workspace, id]), (events.into(), params![workspace, id])];
        let mut answers = self.query_all(queries).await?.into_iter();
        let runs: Vec<RunRow> = decode(answers.next().unwrap_or_default())?;
        let events = without_gaps(id, 0, decode(answers.next().unwrap_or_default())?)?;
        Ok(runs.into_iter().next().map(|run| (run, events)))
    }

    /// A checkpoint with its run and the run's log, in one trip and in this order: what is read later may be ahead.
    ///
    /// # Errors
    /// `Corrupt` when a row is missing.
    pub async fn checkpoint_with_run(
        &self,
        workspace: &str,
        id: &str,
    ) -> Result<Option<(CheckpointRow, RunRow, Vec<RunEventsRow>)>> {
        const ITS_RUN: &str = "(SELECT run FROM checkpoints WHERE id = ?2 AND workspace IS NOT DISTINCT FROM ?1)";
        let texts = [
            sql::select::<CheckpointRow>(sql::BY_ID),
            sql::select::<RunRow>(&format!("WHERE id = {ITS_RUN} AND workspace IS NOT DISTINCT FROM ?1")),
            sql::select::<RunEventsRow>(&format!(
                "WHERE run = {ITS_RUN} AND workspace IS NOT DISTINCT FROM ?1 ORDER BY seq"
            )),
        ];
        let queries = texts.map(|text| (text.into(), params![workspace, id])).into();
        let mut answers = self.query_all(queries).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let (checkpoints, runs, events) = (next(), next(), next());
        let checkpoint = decode::<CheckpointRow>(checkpoints)?.into_iter().next();
        let Some((checkpoint, run)) = checkpoint.zip(decode::<RunRow>(runs)?.into_iter().next()) else {
            return Ok(None);
        };
        let events = without_gaps(&run.id, 0, decode(events)?)?;
        Ok(Some((checkpoint, run, events)))
    }

    /// Step executions of a run by visit, call and attempt.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_step_executions(&self, workspace: &str, run: &str) -> Result<Vec<StepExecutionRow>> {
        let tail = "WHERE workspace = ?1 AND run = ?2 ORDER BY visit, call, attempt";
        self.rows(tail, params![workspace, run]).await
    }

    /// How many runs match, by status; statuses without a run are left out.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn count_runs_by_status(&self, workspace: &str, filter: &RunFilter) -> Result<Vec<(RunStatus, u64)>> {
        let mut query = Query::default();
        query.push("SELECT status, count(*) FROM runs WHERE workspace = ");
        query.bind(workspace);
        query.and_in("status", &filter.status);
        filter.conditions(&mut query);
        query.push(" GROUP BY status ORDER BY status");
        let rows = self.query(query.text, query.params).await?;
        let pair = |row: Vec<_>| {
            let mut row = row.into_iter();
            Ok((column(&mut row, "runs.status")?, column(&mut row, "count")?))
        };
        rows.into_iter().map(pair).collect()
    }

    /// How many runs of each version stand at each status.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn run_counts(&self, workspace: &str, workflow: Option<&str>) -> Result<Vec<RunCount>> {
        self.counts(workspace, workflow, &[]).await
    }

    /// Like [`Store::run_counts`] for runs that still move or wait; cheap whatever the history.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn active_run_counts(&self, workspace: &str) -> Result<Vec<RunCount>> {
        self.counts(workspace, None, &[RunStatus::Running, RunStatus::Waiting]).await
    }

    async fn counts(&self, workspace: &str, workflow: Option<&str>, status: &[RunStatus]) -> Result<Vec<RunCount>> {
        let mut query = Query::default();
        query.push("SELECT workflow, version, status, count(*) FROM runs WHERE workspace = ");
        query.bind(workspace);
        query.and_some("workflow = ", workflow);
        query.and_in("status", status);
        query.push(" GROUP BY workflow, version, status ORDER BY workflow, version, status");
        let rows = self.query(query.text, query.params).await?;
        let count = |row: Vec<_>| {
            let mut row = row.into_iter();
            Ok(RunCount {
                workflow: column(&mut row, "runs.workflow")?,
                version: column(&mut row, "runs.version")?,
                status: column(&mut row, "runs.status")?,
                count: column(&mut row, "count")?,
            })
        };
        rows.into_iter().map(count).collect()
    }

    /// Runs of all workspaces whose timer has passed, earliest first. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn due_runs(&self, now: i64, limit: u32) -> Result<Vec<RunRow>> {
        let sql = sql::select::<RunRow>("WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2");
        Ok(readable(self.query(sql, params![now, limit]).await?))
    }

    /// The earliest timer of all workspaces. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn next_wake_at(&self) -> Result<Option<i64>> {
        let rows = self.query("SELECT min(wake_at) FROM runs WHERE wake_at IS NOT NULL".to_owned(), vec![]).await?;
        rows.into_iter().next().map_or(Ok(None), |row| column(&mut row.into_iter(), "wake_at"))
    }

    /// Runs of all workspaces with status running, of one node or of any, by id after the last one seen. For the
    /// engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn running_runs(&self, node: Option<&str>, after: Option<&str>, limit: u32) -> Result<Vec<RunRow>> {
        let mut query = Query::default();
        query.push("WHERE status = 'running'");
        query.and_some("node = ", node);
        query.and_some("id > ", after);
        query.push(" ORDER BY id, workspace LIMIT ");
        query.bind(limit);
        Ok(readable(self.query(sql::select::<RunRow>(&query.text), query.params).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::plan_of as plan;

    #[test]
    fn lists_walk_an_index_in_order() {
        let after = PageRequest { after: Some(Cursor { at: 5, id: "r".to_owned() }), limit: 50 };
        let workflow = Some("wf".to_owned());
        for filter in [
            RunFilter::default(),
            RunFilter { status: vec![RunStatus::Waiting], ..Default::default() },
            RunFilter { workflow: workflow.clone(), ..Default::default() },
            RunFilter { workflow, version: Some(2), started_after: Some(1), ..Default::default() },
        ] {
            let lines = plan(&list_by_status("ws", &filter, (after.after.as_ref(), None), 51));
            let searches: Vec<_> = lines.iter().filter(|line| line.contains(" runs ")).collect();
            assert!(!searches.is_empty() && searches.iter().all(|line| line.contains("USING INDEX")), "{lines:#?}");
            // Each branch stops at its limit without sorting; only the few rows that come out are merged.
            let sorted = lines.windows(2).any(|pair| pair[0].contains(" runs ") && pair[1].contains("TEMP B-TREE"));
            assert!(!sorted, "{filter:?} {lines:#?}");
        }
    }

    #[test]
    fn selective_filters_use_their_own_index() {
        let page = PageRequest::default();
        for (filter, index) in [
            (RunFilter { customer: vec!["a".to_owned()], ..Default::default() }, "runs_by_customer"),
            (
                RunFilter { customer: vec!["a".to_owned()], status: vec![RunStatus::Failed], ..Default::default() },
                "runs_by_customer",
            ),
            (RunFilter { conversation: Some("c".to_owned()), ..Default::default() }, "runs_by_conversation"),
            (RunFilter { error_code: Some("e".to_owned()), ..Default::default() }, "runs_by_error"),
        ] {
            let lines = plan(&list_selective("ws", &filter, &page, 51));
            assert!(lines.iter().any(|line| line.contains(index)), "{filter:?} {lines:#?}");
            assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{filter:?} {lines:#?}");
        }
    }

    #[test]
    fn timers_and_counts_do_not_read_the_table() {
        let due = Query {
            text: "SELECT id FROM runs WHERE wake_at <= 5 ORDER BY wake_at LIMIT 9".to_owned(),
            ..Default::default()
        };
        assert!(plan(&due)[0].contains("runs_due"), "{:?}", plan(&due));
        let running = "SELECT id FROM runs WHERE status = 'running' AND node = 'n' AND id > 'r' ORDER BY id LIMIT 9";
        let running = Query { text: running.to_owned(), ..Default::default() };
        assert!(plan(&running)[0].contains("runs_running"), "{:?}", plan(&running));
        let counts = "SELECT workflow, version, status, count(*) FROM runs WHERE workspace = 'w' \
                      AND workflow = 'x' GROUP BY workflow, version, status";
        let counts = Query { text: counts.to_owned(), ..Default::default() };
        assert!(plan(&counts)[0].contains("COVERING INDEX runs_by_workflow"), "{:?}", plan(&counts));
    }
}
