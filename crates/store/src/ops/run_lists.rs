//! Lists of runs and their counts, each bounded whatever the history.

use std::collections::HashMap;

use super::runs::{RunFilter, between, list_by_status, list_selective, newest_first};
use crate::database::{Row, column};
use crate::rows::{Param, TableRow};
use crate::sql::{Query, contains_pattern};
use crate::{Cursor, Page, PageRequest, Result, RunEventsRow, RunRow, RunStatus, Store, StoreError};

/// Rows one page looks at when no index has what is asked for; the next page goes on from there.
const LOOKED_AT_MAX: u32 = 10_000;
/// Counting stops here, per status.
const COUNT_MAX: u32 = 10_000;
/// Customers one text may stand for.
const CUSTOMERS_MAX: u32 = 50;
/// Runs read at once by id.
const IDS_MAX: usize = 200;

/// A row that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRun {
    /// The run, when at least that can be read.
    pub id: String,
    /// Start, when it can be read.
    pub started_at: Option<i64>,
    /// Which column, and why.
    pub reason: String,
}

/// A part of the list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunPage {
    /// Those that can be read.
    pub items: Vec<RunRow>,
    /// Those that cannot.
    pub unreadable: Vec<UnreadableRun>,
    /// Where to go on; `None` at the end. A page may hold fewer than wanted although there is more.
    pub next: Option<Cursor>,
}

/// How many runs match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunTally {
    /// By status; statuses without a run are left out.
    pub counts: Vec<(RunStatus, u64)>,
    /// Whether there may be more: counting stopped at its bound.
    pub at_least: bool,
}

pub(super) fn read(row: Row) -> std::result::Result<RunRow, UnreadableRun> {
    let at = |name: &str| RunRow::COLUMNS.iter().position(|(column, _)| *column == name).and_then(|at| row.get(at));
    let id = match at("id") {
        Some(Param::Text(id)) => id.clone(),
        _ => String::new(),
    };
    let started_at = match at("started_at") {
        Some(Param::Int(at)) => Some(*at),
        _ => None,
    };
    RunRow::from_values(&mut row.into_iter()).map_err(|error| {
        tracing::error!(run = id, %error, "a run cannot be read");
        UnreadableRun { id, started_at, reason: error.to_string() }
    })
}

fn cursor_of(entry: &std::result::Result<RunRow, UnreadableRun>) -> Cursor {
    match entry {
        Ok(row) => Cursor { at: row.started_at, id: row.id.clone() },
        Err(lost) => Cursor { at: lost.started_at.unwrap_or_default(), id: lost.id.clone() },
    }
}

/// Positions of the list with only what an index has, newest first.
fn positions(workspace: &str, filter: &RunFilter, from: Option<&Cursor>, limit: u32) -> Query {
    let statuses = if filter.status.is_empty() { RunStatus::ALL } else { &filter.status };
    let mut query = Query::default();
    query.push("SELECT started_at, id FROM (");
    for (index, status) in statuses.iter().enumerate() {
        query.push(if index > 0 { " UNION ALL " } else { "" });
        query.push("SELECT started_at, id FROM (SELECT started_at, id FROM runs WHERE workspace = ");
        query.bind(workspace);
        query.and("status = ", status);
        filter.indexed_conditions(&mut query);
        between(&mut query, (from, None));
        newest_first(&mut query, limit);
        query.push(&format!(") AS part{index}"));
    }
    query.push(") AS merged");
    query
}

/// Rows whose status is none of the known words: between them, so that the index finds them.
fn unknown_status(workspace: &str, filter: &RunFilter, range: (Option<&Cursor>, Option<&Cursor>), limit: u32) -> Query {
    let mut words: Vec<&str> = RunStatus::ALL.iter().map(|status| status.as_str()).collect();
    words.sort_unstable();
    let after = std::iter::once(None).chain(words.iter().copied().map(Some));
    let gaps = after.zip(words.iter().copied().map(Some).chain(std::iter::once(None)));
    let columns = RunRow::column_list();
    let mut query = Query::default();
    // One range of the index each: with `OR` the whole workspace would be walked.
    for (index, (above, below)) in gaps.enumerate() {
        query.push(if index > 0 { " UNION ALL " } else { "" });
        query.push(&format!("SELECT {columns} FROM (SELECT {columns} FROM runs WHERE workspace = "));
        query.bind(workspace);
        query.and_some("status > ", above);
        query.and_some("status < ", below);
        filter.conditions(&mut query);
        between(&mut query, range);
        newest_first(&mut query, limit);
        query.push(&format!(") AS part{index}"));
    }
    query
}

impl Store {
    /// Runs, newest start first; one that cannot be read is told apart and hides no other.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn page_runs(&self, workspace: &str, filter: &RunFilter, page: &PageRequest) -> Result<RunPage> {
        let (limit, from) = (page.bounded(), page.after.as_ref());
        let mut floor = None;
        let mut rows = if filter.is_selective() {
            let query = list_selective(workspace, filter, page, limit + 1);
            self.query(query.text, query.params).await?
        } else {
            floor = self.floor(workspace, filter, from).await?;
            let query = list_by_status(workspace, filter, (from, floor.as_ref()), limit + 1);
            self.query(query.text, query.params).await?
        };
        if filter.status.is_empty() && !filter.is_selective() {
            let query = unknown_status(workspace, filter, (from, floor.as_ref()), limit + 1);
            rows.extend(self.query(query.text, query.params).await?);
        }
        let mut entries: Vec<_> = rows.into_iter().map(read).collect();
        let key = |entry: &_| {
            let Cursor { at, id } = cursor_of(entry);
            std::cmp::Reverse((at, id))
        };
        entries.sort_by_key(key);
        let Page { items, next } = Page::cut(entries, limit, cursor_of);
        let mut page = RunPage { next: next.or(floor), ..RunPage::default() };
        for entry in items {
            match entry {
                Ok(row) => page.items.push(row),
                Err(lost) => page.unreadable.push(lost),
            }
        }
        Ok(page)
    }

    /// Runs, newest start first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt` when one of them cannot be read.
    pub async fn list_runs(&self, workspace: &str, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunRow>> {
        let RunPage { items, unreadable, next } = self.page_runs(workspace, filter, page).await?;
        match unreadable.into_iter().next() {
            Some(lost) => Err(StoreError::Corrupt(format!("run {}: {}", lost.id, lost.reason))),
            None => Ok(Page { items, next }),
        }
    }

    /// How far down a list is looked through for what no index has; `None` when to its end.
    async fn floor(&self, workspace: &str, filter: &RunFilter, from: Option<&Cursor>) -> Result<Option<Cursor>> {
        if !filter.looks_at_rows() {
            return Ok(None);
        }
        let mut query = positions(workspace, filter, from, LOOKED_AT_MAX + 1);
        newest_first(&mut query, 1);
        query.push(" OFFSET ");
        query.bind(LOOKED_AT_MAX - 1);
        let rows = self.query(query.text, query.params).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let mut row = row.into_iter();
        Ok(Some(Cursor { at: column(&mut row, "runs.started_at")?, id: column(&mut row, "runs.id")? }))
    }

    /// How many runs match, by status, counted up to a bound: cheap with any number of runs.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn tally_runs(&self, workspace: &str, filter: &RunFilter) -> Result<RunTally> {
        let floor = if filter.is_selective() { None } else { self.floor(workspace, filter, None).await? };
        let statuses = if filter.status.is_empty() { RunStatus::ALL } else { &filter.status };
        let mut query = Query::default();
        for (index, status) in statuses.iter().enumerate() {
            query.push(if index > 0 { " UNION ALL " } else { "" });
            query.push("SELECT ");
            query.bind(status);
            query.push(", count(*) FROM (SELECT 1 AS one FROM runs WHERE workspace = ");
            query.bind(workspace);
            // As in the list: the other index is the right one for a selective filter.
            query.and(if filter.is_selective() { "status || '' = " } else { "status = " }, status);
            filter.conditions(&mut query);
            between(&mut query, (None, floor.as_ref()));
            query.push(" LIMIT ");
            query.bind(COUNT_MAX + 1);
            query.push(&format!(") AS part{index}"));
        }
        let mut tally = RunTally { at_least: floor.is_some(), ..RunTally::default() };
        for row in self.query(query.text, query.params).await? {
            let mut row = row.into_iter();
            let status: RunStatus = column(&mut row, "runs.status")?;
            let count: u64 = column(&mut row, "count")?;
            tally.at_least |= count > u64::from(COUNT_MAX);
            if count > 0 {
                tally.counts.push((status, count.min(u64::from(COUNT_MAX))));
            }
        }
        Ok(tally)
    }

    /// Customers a text stands for: by exact address, phone or external id, or by a part of the name among the newest.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn customers_named(&self, workspace: &str, text: &str) -> Result<Vec<String>> {
        let mut query = Query::default();
        for (index, own) in ["email", "phone", "external_id"].into_iter().enumerate() {
            query.push(if index > 0 { " UNION " } else { "" });
            query.push("SELECT id FROM customers WHERE workspace = ");
            query.bind(workspace);
            let value = if own == "email" { text.to_lowercase() } else { text.to_owned() };
            query.and(&format!("{own} = "), &value);
        }
        query.push(" UNION SELECT id FROM (SELECT id, name, email FROM customers WHERE workspace = ");
        query.bind(workspace);
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ");
        query.bind(LOOKED_AT_MAX);
        query.push(") AS newest WHERE lower(name || ' ' || coalesce(email, '')) LIKE ");
        query.bind(contains_pattern(text).as_str());
        query.push(" ESCAPE '!' LIMIT ");
        query.bind(CUSTOMERS_MAX);
        let rows = self.query(query.text, query.params).await?;
        let ids = rows.into_iter().map(|row| column(&mut row.into_iter(), "customers.id")).collect::<Result<_>>()?;
        self.with_same(workspace, ids).await
    }

    /// The events of several runs, at most 200 at once, each in order and without gaps or `Corrupt`.
    ///
    /// # Errors
    /// `Busy`, `Corrupt` when a row cannot be read at all.
    pub async fn run_events_of(
        &self,
        workspace: &str,
        runs: &[&str],
    ) -> Result<HashMap<String, Result<Vec<RunEventsRow>>>> {
        if runs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query = Query::in_workspace(workspace);
        query.and_in("run", runs.iter().take(IDS_MAX).copied());
        query.push(" ORDER BY run, seq");
        let rows: Vec<RunEventsRow> = self.rows(&query.text, query.params).await?;
        let mut logs: HashMap<String, Result<Vec<RunEventsRow>>> = HashMap::new();
        for row in rows {
            let log = logs.entry(row.run.clone()).or_insert_with(|| Ok(Vec::new()));
            let Ok(events) = log else { continue };
            let expected = events.len() as u64 + 1;
            if row.seq == expected {
                events.push(row);
            } else {
                *log = Err(StoreError::Corrupt(format!("run {} has no events at {expected}", row.run)));
            }
        }
        Ok(logs)
    }

    #[doc(hidden)]
    #[must_use]
    pub fn looked_at_max() -> u32 {
        LOOKED_AT_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::plan_of as plan;

    #[test]
    fn how_far_to_look_is_found_in_an_index_alone() {
        for filter in [
            RunFilter { text: Some("ada".to_owned()), ..Default::default() },
            RunFilter { step: Some("pay".to_owned()), workflow: Some("w".to_owned()), ..Default::default() },
        ] {
            let lines = plan(&positions("ws", &filter, Some(&Cursor { at: 5, id: "r".to_owned() }), 100));
            let searches: Vec<_> = lines.iter().filter(|line| line.contains(" runs ")).collect();
            assert!(searches.iter().all(|line| line.contains("COVERING INDEX")), "{lines:#?}");
        }
    }

    #[test]
    fn rows_of_no_known_status_are_found_by_the_index() {
        let lines = plan(&unknown_status("ws", &RunFilter::default(), (None, None), 51));
        let searches: Vec<_> = lines.iter().filter(|line| line.contains(" runs ")).collect();
        // Not all of the workspace: only what lies between two known words.
        assert!(!searches.is_empty() && searches.iter().all(|line| line.contains("status")), "{lines:#?}");
    }
}
