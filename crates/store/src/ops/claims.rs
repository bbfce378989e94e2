//! Work that a process takes for a time: what it does not end in that time is taken by another.

use std::collections::BTreeMap;

use crate::database::{Statement, column};
use crate::rows::{TableRow, params};
use crate::sql::{NOW_MS, Query};
use crate::store::readable;
use crate::{Result, Store};

/// Looks of one claim: where several processes take the same rows each look gives some to somebody.
const LOOKS_MAX: u32 = 8;

impl Store {
    /// Takes rows of all workspaces that wait in a table, are due, and that no process has, longest due first, for so many
    /// milliseconds of the database. `tried` is what else is set. Another process may take the same: what counts is the commit
    /// that ends a row. Fewer than `limit` come only when no more are due.
    pub(super) async fn claim_due<R: TableRow>(
        &self,
        table: &str,
        tried: &str,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<R>> {
        let mut taken: Vec<R> = Vec::new();
        for _ in 0..LOOKS_MAX {
            let free = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(limit));
            match self.claim_some(table, tried, lease_ms, free).await {
                Ok((found, rows)) => {
                    taken.extend(rows);
                    // Of those that were found another process may have taken some: then there may be more that nobody has.
                    if found < free || taken.len() >= limit as usize {
                        break;
                    }
                }
                Err(error) if taken.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(taken)
    }

    /// How many were due, at most `limit`, and those of them that were not taken meanwhile. First ids are read over all
    /// workspaces, then each workspace's rows are taken.
    async fn claim_some<R: TableRow>(
        &self,
        table: &str,
        tried: &str,
        lease_ms: i64,
        limit: u32,
    ) -> Result<(u32, Vec<R>)> {
        let sql = format!(
            "SELECT {NOW_MS}, workspace, id FROM {table} WHERE status = 'waiting' AND due_at <= {NOW_MS} \
             ORDER BY due_at LIMIT ?1"
        );
        let mut due: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (mut now, mut found) = (0, 0);
        for row in self.query(sql, params![limit]).await? {
            let mut values = row.into_iter();
            now = column(&mut values, "now")?;
            let workspace: String = column(&mut values, "workspace")?;
            due.entry(workspace).or_default().push(column(&mut values, "id")?);
            found += 1;
        }
        let mut taken = Vec::new();
        for (workspace, ids) in due {
            let mut query = Query::default();
            query.push(&format!("UPDATE {table} SET {tried}, due_at = "));
            query.bind(now + lease_ms);
            query.push(" WHERE workspace = ");
            query.bind(&workspace);
            query.and("due_at <= ", now);
            query.and_in("id", &ids);
            query.push(&format!(" AND status = 'waiting' RETURNING {}", R::column_list()));
            taken.extend(readable(self.execute(Statement::new(query.text, query.params)).await?.rows));
        }
        Ok((found, taken))
    }
}
