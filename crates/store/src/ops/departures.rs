//! Messages that leave by the channel of their conversation. Times are the database's.

use crate::database::{Statement, column};
use crate::rows::{TableRow, params};
use crate::sql::{NOW_MS, Query};
use crate::store::readable;
use crate::{MessageRow, Result, Store};
use std::collections::BTreeMap;

impl Store {
    /// Takes messages of all workspaces that are to be sent now and that no process has, for so many milliseconds: of each
    /// conversation the first that is not sent yet. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn claim_departures(&self, lease_ms: i64, limit: u32) -> Result<Vec<MessageRow>> {
        let sql = format!(
            "SELECT {NOW_MS}, workspace, id FROM messages AS due WHERE send_at <= {NOW_MS} AND NOT EXISTS (SELECT 1 FROM \
             messages AS earlier WHERE earlier.workspace = due.workspace AND earlier.conversation = due.conversation AND \
             earlier.position < due.position AND earlier.send_at IS NOT NULL) ORDER BY send_at LIMIT ?1"
        );
        let mut due: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut now: i64 = 0;
        for row in self.query(sql, params![limit]).await? {
            let mut values = row.into_iter();
            now = column(&mut values, "now")?;
            let workspace: String = column(&mut values, "messages.workspace")?;
            due.entry(workspace).or_default().push(column(&mut values, "messages.id")?);
        }
        let mut taken = Vec::new();
        for (workspace, ids) in due {
            let mut query = Query::default();
            query.push("UPDATE messages SET send_at = ");
            query.bind(now + lease_ms);
            query.push(" WHERE workspace = ");
            query.bind(&workspace);
            query.and("send_at <= ", now);
            query.and_in("id", &ids);
            query.push(&format!(" RETURNING {}", MessageRow::column_list()));
            taken.extend(readable(self.execute(Statement::new(query.text, query.params)).await?.rows));
        }
        Ok(taken)
    }
}
