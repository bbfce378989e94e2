//! Customers who turned out to be one. Nothing is moved: whoever turned out to be another points at them, keeps their row and
//! all that has their id, and is read as the other. So taking it back leaves nothing behind.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::database::{Row, Statement, Write, column};
use crate::rows::params;
use crate::sql::{BY_ID, Query, insert};
use crate::store::audited;
use crate::{Change, ChangeKind, CustomerMergeRow, CustomerRow, NewAudit, Result, Store, StoreError};

/// Rows of one customer that are read at most; merging is to stay well below.
const SAME_CUSTOMER_MAX: usize = 200;
/// Merges of one customer that are told.
const MERGES_MAX: u32 = 200;
/// Conversations whose address is looked at.
const CONVERSATIONS_MAX: u32 = 500;
/// How the external id begins of whom the business knows by a channel only: the business's own id goes before it.
pub const BY_SLACK: &str = "slack:";

/// Who is merged into one of these, the oldest first. The sum keeps SQLite off the index by age, by which it would go through
/// all customers.
fn merged_into<'a>(workspace: &str, ids: impl Iterator<Item = &'a str>) -> Query {
    let mut query = Query::in_workspace(workspace);
    query.and_in("merged_into", ids);
    query.push(" ORDER BY created_at + 0, id LIMIT ");
    query.bind(MERGES_MAX);
    query
}

impl Store {
    /// A customer and everybody who is the same: who is left comes first, the others in the order they came. Asked for any of
    /// them it is the same; nobody when there is no such customer.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn same_customer(&self, workspace: &str, id: &str) -> Result<Vec<CustomerRow>> {
        let Some(mut root) = self.get_customer(workspace, id).await? else { return Ok(Vec::new()) };
        for _ in 0..SAME_CUSTOMER_MAX {
            let Some(into) = &root.merged_into else { break };
            let Some(next) = self.get_customer(workspace, into).await? else { break };
            root = next;
        }
        // Those who are merged into them, those who are merged into these, level by level.
        let (mut all, mut level) = (Vec::new(), vec![root]);
        while !level.is_empty() && all.len() < SAME_CUSTOMER_MAX {
            let query = merged_into(workspace, level.iter().map(|row| row.id.as_str()));
            all.append(&mut level);
            level = self.rows(&query.text, query.params).await?;
        }
        all.truncate(SAME_CUSTOMER_MAX);
        Ok(all)
    }

    /// The ids a customer is kept under; the id itself when nobody has it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn customer_ids(&self, workspace: &str, id: &str) -> Result<Vec<String>> {
        let same = self.same_customer(workspace, id).await?;
        Ok(if same.is_empty() { vec![id.to_owned()] } else { same.into_iter().map(|row| row.id).collect() })
    }

    /// Who the customer of an id is now: whom they turned out to be, with what the others knew where they know nothing.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn current_customer(&self, workspace: &str, id: &str) -> Result<Option<CustomerRow>> {
        Ok(as_one(self.same_customer(workspace, id).await?))
    }

    /// As [`Store::current_customer`] for many, by the ids that were asked for.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn current_customers(&self, workspace: &str, ids: &[&str]) -> Result<HashMap<String, CustomerRow>> {
        let rows = self.get_customers(workspace, ids).await?;
        let into = self.rows_by(("merged_into", "customers"), workspace, ("merged_into", ids)).await?;
        let into = into.into_iter().map(|row| column::<String>(&mut row.into_iter(), "customers.merged_into"));
        let into = into.collect::<Result<Vec<_>>>()?;
        let mut all = HashMap::with_capacity(rows.len());
        for row in rows {
            let id = row.id.clone();
            let alone = row.merged_into.is_none() && !into.contains(&id);
            let now = if alone { Some(row) } else { self.current_customer(workspace, &id).await? };
            all.extend(now.map(|now| (id, now)));
        }
        Ok(all)
    }

    /// These ids and those of everybody who is the same as one of them.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub(super) async fn with_same(&self, workspace: &str, ids: Vec<String>) -> Result<Vec<String>> {
        let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        let both = ("id, merged_into", "customers");
        let mut rows = self.rows_by(both, workspace, ("id", &asked)).await?;
        rows.extend(self.rows_by(both, workspace, ("merged_into", &asked)).await?);
        let mut merged = Vec::new();
        for row in rows {
            let mut values = row.into_iter();
            let id: String = column(&mut values, "customers.id")?;
            let into: Option<String> = column(&mut values, "customers.merged_into")?;
            merged.extend(into.map(|_| id));
        }
        let mut all: BTreeSet<String> = ids.into_iter().collect();
        for id in merged {
            all.extend(self.customer_ids(workspace, &id).await?);
        }
        Ok(all.into_iter().collect())
    }

    /// Makes two customers one. `false` when one of them turned out to be another meanwhile, somebody was made one of them, or
    /// one's external id changed since they were read; then nothing is done.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn merge_customers(
        &self,
        (kept, merged): (&CustomerRow, &CustomerRow),
        row: &CustomerMergeRow,
        audit: NewAudit,
    ) -> Result<bool> {
        let set = |read: &CustomerRow, into: Option<&str>| {
            let sql = "UPDATE customers SET merged_into = ?3, merges = ?4 WHERE workspace = ?1 AND id = ?2 \
                       AND merged_into IS NULL AND merges = ?5 AND external_id IS NOT DISTINCT FROM ?6";
            let merges = read.merges + i64::from(into.is_none());
            let values = params![&row.workspace, &read.id, into, merges, read.merges, &read.external_id];
            Statement::new(sql, values).must_hit("customer")
        };
        // Both are written, always in the same order: two people who merge them into each other do it one after the other.
        let mut statements = vec![(&kept.id, set(kept, None)), (&merged.id, set(merged, Some(&kept.id)))];
        statements.sort_by(|one, other| one.0.cmp(other.0));
        let mut statements: Vec<Statement> = statements.into_iter().map(|(_, statement)| statement).collect();
        statements.push(insert(row));
        self.write_merge(statements, row, audit).await
    }

    /// Takes a merge back. `false` when it was taken back before; then nothing is done.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn undo_merge(&self, row: &CustomerMergeRow, (at, by): (i64, &str), audit: NewAudit) -> Result<bool> {
        let undone = "UPDATE customer_merges SET undone_at = ?3, undone_by = ?4 WHERE workspace = ?1 AND id = ?2 \
                      AND undone_at IS NULL";
        let back = "UPDATE customers SET merged_into = NULL WHERE workspace = ?1 AND id = ?2 AND merged_into = ?3";
        let statements = vec![
            Statement::new(undone, params![&row.workspace, &row.id, at, by]).must_hit("merge"),
            Statement::new(back, params![&row.workspace, &row.merged, &row.kept]).must_hit("customer"),
        ];
        self.write_merge(statements, row, audit).await
    }

    async fn write_merge(&self, statements: Vec<Statement>, row: &CustomerMergeRow, audit: NewAudit) -> Result<bool> {
        // Which conversations it is about only the database knows: whoever shows some reads them again.
        let id = format!("customer:{}", row.kept);
        let changes = vec![Change { workspace: row.workspace.clone(), kind: ChangeKind::Conversation, id }];
        let write = Write { statements, audit: audited(&row.workspace, vec![audit]), changes };
        match self.write(write).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One merge.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_merge(&self, workspace: &str, id: &str) -> Result<Option<CustomerMergeRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// The merges into any of these customers that stand, oldest first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_merges(&self, workspace: &str, kept: &[String]) -> Result<Vec<CustomerMergeRow>> {
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::in_workspace(workspace);
        query.and_in("kept", kept);
        query.push(" AND undone_at IS NULL ORDER BY at, id LIMIT ");
        query.bind(MERGES_MAX);
        self.rows(&query.text, query.params).await
    }

    /// From where these customers write: an address of each conversation, the newest conversations of them.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn written_from(&self, workspace: &str, customers: &[String]) -> Result<Vec<WrittenFrom>> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::default();
        query.push("SELECT customer, id, channel, external_id FROM conversations WHERE workspace = ");
        query.bind(workspace);
        query.and_in("customer", customers);
        query.push(" ORDER BY updated_at DESC, id DESC LIMIT ");
        query.bind(CONVERSATIONS_MAX);
        let read = |row: Row| {
            let mut values = row.into_iter();
            Ok(WrittenFrom {
                customer: column(&mut values, "conversations.customer")?,
                conversation: column(&mut values, "conversations.id")?,
                channel: column(&mut values, "conversations.channel")?,
                external_id: column(&mut values, "conversations.external_id")?,
            })
        };
        self.query(query.text, query.params).await?.into_iter().map(read).collect()
    }

    /// How much these customers have.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn customer_holdings(&self, workspace: &str, customers: &[String]) -> Result<CustomerHoldings> {
        let count = async |from: &str, also: &str| {
            let mut query = Query::default();
            query.push(&format!("SELECT count(*) FROM {from} WHERE workspace = "));
            query.bind(workspace);
            query.and_in("customer", customers);
            query.push(also);
            let row = self.query(query.text, query.params).await?.into_iter().next().unwrap_or_default();
            column::<u64>(&mut row.into_iter(), "count")
        };
        if customers.is_empty() {
            return Ok(CustomerHoldings::default());
        }
        Ok(CustomerHoldings {
            conversations: count("conversations", "").await?,
            runs: count("runs", "").await?,
            open_runs: count("runs", " AND status IN ('running', 'waiting')").await?,
            open_checkpoints: count("checkpoints", " AND status = 'open'").await?,
        })
    }
}

/// From where a customer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFrom {
    /// Customer id.
    pub customer: String,
    /// Conversation id.
    pub conversation: String,
    /// Its channel.
    pub channel: String,
    /// The address, for a mail with its thread; none in the chat on a page.
    pub external_id: Option<String>,
}

impl WrittenFrom {
    /// The address without the thread of a mail.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.external_id.as_deref()?.split(' ').next()
    }
}

/// How much a customer has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CustomerHoldings {
    /// Conversations.
    pub conversations: u64,
    /// Runs.
    pub runs: u64,
    /// Those of them that go on.
    pub open_runs: u64,
    /// Forms, approvals and the like that wait.
    pub open_checkpoints: u64,
}

/// Several rows of one customer as one: the first, and what it lacks from the others.
fn as_one(rows: Vec<CustomerRow>) -> Option<CustomerRow> {
    let mut rows = rows.into_iter();
    let mut one = rows.next()?;
    let own = |row: &CustomerRow| serde_json::from_str::<Map<String, Value>>(&row.data).unwrap_or_default();
    for other in rows {
        let fill = |place: &mut Option<String>, from: &Option<String>| {
            if place.is_none() {
                place.clone_from(from);
            }
        };
        let own_id = one.external_id.as_deref().filter(|id| !id.starts_with(BY_SLACK));
        if own_id.is_none() && (one.external_id.is_none() || other.external_id.is_some()) {
            one.external_id.clone_from(&other.external_id);
        }
        fill(&mut one.email, &other.email);
        fill(&mut one.phone, &other.phone);
        fill(&mut one.telegram, &other.telegram);
        if one.name.is_empty() {
            one.name.clone_from(&other.name);
        }
        let mut data = own(&one);
        let mut more = false;
        for (name, value) in own(&other) {
            more |= !data.contains_key(&name);
            data.entry(name).or_insert(value);
        }
        if more {
            one.data = Value::Object(data).to_string();
        }
    }
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rows::TableRow, sqlite::plan_of};

    /// Whoever writes is looked for with everybody who is the same, at every message.
    #[test]
    fn who_is_the_same_is_found_by_an_index_however_many_customers_there_are() {
        let query = merged_into("ws", ["a", "b"].into_iter());
        let text = format!("SELECT {} FROM customers {}", CustomerRow::column_list(), query.text);
        let lines = plan_of(&Query { text, ..query });
        assert!(
            lines.iter().any(|line| line.contains("INDEX customers_merged (workspace=? AND merged_into=?)")),
            "{lines:#?}"
        );
    }
}
