//! The processes of the fleet.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::upsert;
use crate::{NodeRow, Result, Store};

impl Store {
    /// Adds a node.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn register_node(&self, row: &NodeRow) -> Result<()> {
        self.execute(upsert(row)).await.map(|_| ())
    }

    /// Notes a sign of life; `false` when the node was removed meanwhile and must register again.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn heartbeat(&self, node: &str, at: i64) -> Result<bool> {
        let sql = "UPDATE nodes SET heartbeat_at = ?2 WHERE id = ?1";
        Ok(self.execute(Statement::new(sql, params![node, at])).await?.affected > 0)
    }

    /// All nodes, oldest first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_nodes(&self) -> Result<Vec<NodeRow>> {
        self.rows("ORDER BY started_at, id LIMIT 1000", vec![]).await
    }

    /// Nodes without a sign of life since `before`.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_dead_nodes(&self, before: i64) -> Result<Vec<NodeRow>> {
        self.rows("WHERE heartbeat_at < ?1 ORDER BY heartbeat_at, id LIMIT 1000", params![before]).await
    }

    /// Removes a node; one that is gone is fine.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn remove_node(&self, id: &str) -> Result<()> {
        self.execute(Statement::new("DELETE FROM nodes WHERE id = ?1", params![id])).await.map(|_| ())
    }
}
