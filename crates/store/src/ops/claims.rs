//! Work that a process takes for a time: what it does not end in that time is taken by another.

use std::collections::BTreeMap;

use crate::database::{Statement, column};
use crate::rows::{TableRow, params};
use crate::sql::{NOW_MS, Query};
use crate::store::readable;
use crate::{Result, Store};

impl Store {
    /// Takes rows of all workspaces that wait in a table, are due, and that no process has, longest due first, for so many
    /// milliseconds of the database. `tried` is what else is set. Another process may take the same: what counts is the commit
    /// that ends a row. First ids are read over all workspaces, then each workspace's rows are taken.
    pub(super) async fn claim_due<R: TableRow>(
        &self,
        table: &str,
        tried: &str,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<R>> {
        let sql = format!(
            "SELECT {NOW_MS}, workspace, id FROM {table} WHERE status = 'waiting' AND due_at <= {NOW_MS} \
             ORDER BY due_at LIMIT ?1"
        );
        let mut due: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut now = 0;
        for row in self.query(sql, params![limit]).await? {
            let mut values = row.into_iter();
            now = column(&mut values, "now")?;
            let workspace: String = column(&mut values, "workspace")?;
            due.entry(workspace).or_default().push(column(&mut values, "id")?);
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
        Ok(taken)
    }
}
