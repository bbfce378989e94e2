//! Lists and counts of checkpoints, each merged from ranges that an index has in order of time: as quick with 100,000 open
//! ones as with ten.

use super::checkpoints::CheckpointFilter;
use crate::database::column;
use crate::rows::{TableRow, params};
use crate::sql::{Query, contains_pattern};
use crate::store::decode;
use crate::{CheckpointKind, CheckpointRow, CheckpointStatus, Cursor, Page, PageRequest, Result, Store};
use std::cmp::Reverse;

/// Ranges merged by one statement.
const RANGES_AT_ONCE: usize = 100;
/// Rows one page looks at when no index has what is asked for; the next page goes on from there.
const LOOKED_AT_MAX: u32 = 10_000;

/// Some of the open checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxRange {
    /// Those that ask an audience.
    Asking(String),
    /// Of those the ones that nobody took and that one of these seats may decide. A seat is the people in whose names it would
    /// be decided, none of whom may be barred.
    Free {
        /// The audience.
        audience: String,
        /// The seats.
        seats: Vec<Vec<String>>,
    },
    /// Those that somebody (user or key id) took.
    TakenBy(String),
}

/// An audience that open checkpoints ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAudience {
    /// What [`InboxRange`] knows it by.
    pub audience: String,
    /// JSON: whom it asks, by what they are.
    pub asks: String,
}

/// What an index has in order.
#[derive(Debug, Clone, Copy)]
enum Range<'a> {
    Kind(CheckpointStatus, CheckpointKind),
    Inbox(&'a InboxRange),
}

impl Range<'_> {
    /// `WHERE …`, with the words a partial index is chosen by as they are: what the index has in order.
    fn indexed(self, query: &mut Query, workspace: &str) {
        query.push("WHERE workspace = ");
        query.bind(workspace);
        match self {
            Self::Kind(status, kind) => {
                query.push(&format!(" AND status = '{status}'"));
                query.and("kind = ", &kind);
            }
            Self::Inbox(InboxRange::Asking(audience) | InboxRange::Free { audience, .. }) => {
                query.and("audience = ", audience);
            }
            Self::Inbox(InboxRange::TakenBy(person)) => {
                query.push(" AND status = 'open'");
                query.and("assigned_to = ", person);
            }
        }
    }

    /// ` AND …`: which of these it is, for which each row is looked at.
    fn exact(self, query: &mut Query) {
        match self {
            Self::Inbox(InboxRange::Free { seats, .. }) => {
                query.push(" AND assigned_to IS NULL AND (barred = ''");
                for seat in seats {
                    query.push(" OR (1 = 1");
                    for person in seat {
                        query.and("replace(barred, ", format!("|{person}|").as_str());
                        query.push(", '') = barred");
                    }
                    query.push(")");
                }
                query.push(")");
            }
            Self::Kind(..) | Self::Inbox(InboxRange::Asking(_) | InboxRange::TakenBy(_)) => {}
        }
    }

    /// Whether not all that the index has is of it.
    fn looks_at_rows(self) -> bool {
        match self {
            Self::Inbox(InboxRange::Free { .. }) => true,
            Self::Kind(..) | Self::Inbox(InboxRange::Asking(_) | InboxRange::TakenBy(_)) => false,
        }
    }
}

impl CheckpointFilter {
    /// The column the list is in order of: what was decided last, or else opened last, comes first.
    fn time(&self) -> &'static str {
        match self.status {
            Some(CheckpointStatus::Decided) => "decided_at",
            Some(CheckpointStatus::Open) | None => "opened_at",
        }
    }

    fn position(&self, row: &CheckpointRow) -> Cursor {
        let at = match self.status {
            Some(CheckpointStatus::Decided) => row.decided_at.unwrap_or(row.opened_at),
            Some(CheckpointStatus::Open) | None => row.opened_at,
        };
        Cursor { at, id: row.id.clone() }
    }

    fn ranges(&self) -> Vec<Range<'_>> {
        if let Some(among) = &self.among {
            return among.iter().map(Range::Inbox).collect();
        }
        let statuses = self.status.as_ref().map_or(CheckpointStatus::ALL, std::slice::from_ref);
        let kinds = if self.kind.is_empty() { CheckpointKind::ALL } else { &self.kind };
        statuses.iter().flat_map(|status| kinds.iter().map(|kind| Range::Kind(*status, *kind))).collect()
    }

    /// Whether few match, which an index finds.
    fn is_selective(&self) -> bool {
        self.among.is_none() && (self.run.is_some() || !self.customer.is_empty())
    }

    /// Whether it asks for what no index has.
    fn looks_at_rows(&self) -> bool {
        let Self { workflow, step, run, customer, text, .. } = self;
        let asks = [workflow, step, run, text].iter().any(|asked| asked.is_some());
        asks || !customer.is_empty() || self.ranges().into_iter().any(Range::looks_at_rows)
    }

    fn conditions(&self, query: &mut Query) {
        query.and_some("status = ", self.status.as_ref());
        query.and_in("kind", &self.kind);
        query.and_some("workflow = ", self.workflow.as_deref());
        query.and_some("step = ", self.step.as_deref());
        query.and_some("run = ", self.run.as_deref());
        query.and_any_of("customer", &self.customer);
        if let Some(text) = &self.text {
            query.and("(words LIKE ", contains_pattern(&text.to_lowercase()).as_str());
            query.push(" ESCAPE '!' OR run = ");
            query.bind(text);
            for customer in &self.text_customers {
                query.push(" OR customer = ");
                query.bind(customer);
            }
            query.push(")");
        }
    }

    /// The newest of each of these ranges, so many; with `exact` only those that are asked for. The order comes after it.
    fn merged(
        &self,
        (workspace, ranges): (&str, &[Range<'_>]),
        columns: &str,
        (from, floor): (Option<&Cursor>, Option<&Cursor>),
        (exact, limit): (bool, u32),
    ) -> Query {
        let time = self.time();
        let mut query = Query::default();
        query.push(&format!("SELECT {columns} FROM ("));
        for (index, range) in ranges.iter().enumerate() {
            query.push(if index > 0 { " UNION ALL " } else { "" });
            query.push(&format!("SELECT {columns} FROM (SELECT {columns} FROM checkpoints "));
            range.indexed(&mut query, workspace);
            if exact {
                range.exact(&mut query);
                self.conditions(&mut query);
            }
            query.push(&format!(" AND {time} IS NOT NULL"));
            query.after(time, from);
            if let Some(floor) = floor {
                query.and(&format!("({time}, id) >= ("), floor.at);
                query.push(", ");
                query.bind(&floor.id);
                query.push(")");
            }
            query.newest_first(time, limit);
            query.push(&format!(") AS part{index}"));
        }
        query.push(") AS merged");
        query
    }

    /// How many each of these ranges has, counted up to `at_most`.
    fn tally(&self, (workspace, ranges): (&str, &[Range<'_>]), at_most: u32) -> Query {
        let mut query = Query::default();
        for (index, range) in ranges.iter().enumerate() {
            query.push(if index > 0 { " UNION ALL " } else { "" });
            query.push("SELECT count(*) FROM (SELECT 1 AS one FROM ");
            if range.looks_at_rows() {
                query.push("(SELECT assigned_to, barred FROM checkpoints ");
                range.indexed(&mut query, workspace);
                query.newest_first(self.time(), LOOKED_AT_MAX);
                query.push(&format!(") AS looked{index} WHERE 1 = 1"));
                range.exact(&mut query);
            } else {
                query.push("checkpoints ");
                range.indexed(&mut query, workspace);
            }
            query.push(" LIMIT ");
            query.bind(at_most);
            query.push(&format!(") AS part{index}"));
        }
        query
    }
}

impl Store {
    /// Checkpoints, the newest first: decided ones by when they were decided, all others by when they opened. A page may
    /// hold fewer than wanted although there is a next one.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_checkpoints(
        &self,
        workspace: &str,
        filter: &CheckpointFilter,
        page: &PageRequest,
    ) -> Result<Page<CheckpointRow>> {
        let position = |row: &CheckpointRow| filter.position(row);
        if filter.is_selective() {
            let mut query = Query::in_workspace(workspace);
            filter.conditions(&mut query);
            return self.newest(query, (filter.time(), page), position).await;
        }
        let (limit, from) = (page.bounded(), page.after.as_ref());
        let floor = self.looked_at_until(workspace, filter, from).await?;
        let mut rows: Vec<CheckpointRow> = Vec::new();
        for ranges in filter.ranges().chunks(RANGES_AT_ONCE) {
            let (columns, between) = (CheckpointRow::column_list(), (from, floor.as_ref()));
            let mut query = filter.merged((workspace, ranges), &columns, between, (true, limit + 1));
            query.newest_first(filter.time(), limit + 1);
            rows.extend(decode::<CheckpointRow>(self.query(query.text, query.params).await?)?);
        }
        rows.sort_by_key(|row| {
            let Cursor { at, id } = position(row);
            Reverse((at, id))
        });
        let Page { items, next } = Page::cut(rows, limit, position);
        Ok(Page { items, next: next.or(floor) })
    }

    /// How far down the ranges are looked through for what no index has; `None` when to their end.
    async fn looked_at_until(
        &self,
        workspace: &str,
        filter: &CheckpointFilter,
        from: Option<&Cursor>,
    ) -> Result<Option<Cursor>> {
        if !filter.looks_at_rows() {
            return Ok(None);
        }
        let time = filter.time();
        let mut floor: Option<(i64, String)> = None;
        for ranges in filter.ranges().chunks(RANGES_AT_ONCE) {
            let columns = format!("{time}, id");
            let mut query = filter.merged((workspace, ranges), &columns, (from, None), (false, LOOKED_AT_MAX + 1));
            query.newest_first(time, 2);
            query.push(" OFFSET ");
            query.bind(LOOKED_AT_MAX - 1);
            let rows = self.query(query.text, query.params).await?;
            // The last that is looked at only when more come after it.
            if let (Some(row), true) = (rows.first(), rows.len() > 1) {
                let mut row = row.clone().into_iter();
                let at = column(&mut row, "checkpoints.opened_at")?;
                floor = floor.max(Some((at, column(&mut row, "checkpoints.id")?)));
            }
        }
        Ok(floor.map(|(at, id)| Cursor { at, id }))
    }

    /// How many match, counted up to `at_most`: that number means so many or more. Only what the ranges have is looked at,
    /// and only the newest 10,000 of each where every row has to be.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn tally_checkpoints(&self, workspace: &str, filter: &CheckpointFilter, at_most: u32) -> Result<u64> {
        let mut found = 0;
        for ranges in filter.ranges().chunks(RANGES_AT_ONCE) {
            let query = filter.tally((workspace, ranges), at_most);
            for row in self.query(query.text, query.params).await? {
                found += column::<u64>(&mut row.into_iter(), "count")?;
            }
            if found >= u64::from(at_most) {
                return Ok(at_most.into());
            }
        }
        Ok(found)
    }

    /// Whom the open checkpoints ask, each audience once, however many ask it; those after `after`, at most `limit`.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn open_audiences(&self, workspace: &str, after: Option<&str>, limit: u32) -> Result<Vec<AskedAudience>> {
        let next = |after: &str| {
            format!(
                "SELECT audience FROM checkpoints WHERE workspace = ?1 AND audience > {after} ORDER BY audience LIMIT 1"
            )
        };
        let sql = format!(
            "WITH RECURSIVE found (audience) AS (SELECT ({}) UNION ALL SELECT ({}) FROM found \
             WHERE found.audience IS NOT NULL) \
             SELECT audience, (SELECT asks FROM checkpoints WHERE workspace = ?1 AND audience = found.audience LIMIT 1) \
             FROM found WHERE audience IS NOT NULL LIMIT ?3",
            next("?2"),
            next("found.audience"),
        );
        let rows = self.query(sql, params![workspace, after.unwrap_or_default(), limit]).await?;
        let asked = |row: Vec<_>| {
            let mut row = row.into_iter();
            let audience = column(&mut row, "checkpoints.audience")?;
            Ok(AskedAudience { audience, asks: column(&mut row, "checkpoints.asks")? })
        };
        rows.into_iter().map(asked).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::plan_of as plan;

    #[test]
    fn every_range_is_walked_in_order() {
        let mine = vec![
            InboxRange::Free { audience: "a".to_owned(), seats: vec![vec!["u".to_owned()]] },
            InboxRange::Asking("b".to_owned()),
            InboxRange::TakenBy("u".to_owned()),
        ];
        let open = CheckpointFilter { status: Some(CheckpointStatus::Open), ..CheckpointFilter::default() };
        let decided = CheckpointFilter { status: Some(CheckpointStatus::Decided), ..CheckpointFilter::default() };
        let mine = CheckpointFilter { among: Some(mine), ..CheckpointFilter::default() };
        for (filter, indexes) in
            [(open, ["by_status"; 2]), (decided, ["by_decision"; 2]), (mine, ["by_audience", "checkpoints_taken"])]
        {
            let columns = format!("{}, id", filter.time());
            let mut query = filter.merged(("ws", &filter.ranges()), &columns, (None, None), (true, 51));
            query.newest_first(filter.time(), 51);
            let lines = plan(&query);
            let walks: Vec<_> = lines.iter().filter(|line| line.contains("checkpoints")).collect();
            let good = walks.iter().all(|line| indexes.iter().any(|index| line.contains(index)));
            // What a range gives is sorted with the others, but its rows are not.
            let sorts = |pair: &[String]| pair[0].contains("checkpoints") && pair[1].contains("TEMP B-TREE");
            assert!(!walks.is_empty() && good && !lines.windows(2).any(sorts), "{lines:#?}");
            let lines = plan(&filter.tally(("ws", &filter.ranges()), 51));
            // What is only counted needs no order.
            let good = |line: &&String| ["by_status", "by_audience", "_taken"].iter().any(|index| line.contains(index));
            let walks: Vec<_> = lines.iter().filter(|line| line.contains(" checkpoints ")).collect();
            assert!(!walks.is_empty() && walks.iter().all(good), "{lines:#?}");
            assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{lines:#?}");
        }
    }
}
