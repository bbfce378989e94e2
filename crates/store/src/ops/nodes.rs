//! The processes of the fleet. Their times are the database's, so that no two clocks are compared.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::NOW_MS;
use crate::{NodeRow, Result, Store};

impl Store {
    /// Notes a sign of life; a node that is not on the list, or no longer, is put on it.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn sign_on(&self, node: &str) -> Result<()> {
        let sql = format!(
            "INSERT INTO nodes (id, started_at, heartbeat_at, address) VALUES (?1, {NOW_MS}, {NOW_MS}, '') \
             ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at"
        );
        self.execute(Statement::new(sql, params![node])).await.map(|_| ())
    }

    /// All nodes, oldest first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_nodes(&self) -> Result<Vec<NodeRow>> {
        self.rows("ORDER BY started_at, id LIMIT 1000", vec![]).await
    }

    /// Removes a node; one that is gone is fine.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn remove_node(&self, id: &str) -> Result<()> {
        self.execute(Statement::new("DELETE FROM nodes WHERE id = ?1", params![id])).await.map(|_| ())
    }

    /// Removes all other nodes without a sign of life for this long, milliseconds; `None` removes all others.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn forget_nodes(&self, except: &str, silent_ms: Option<i64>) -> Result<()> {
        let statement = match silent_ms {
            Some(silent) => {
                let sql = format!("DELETE FROM nodes WHERE id <> ?1 AND heartbeat_at < {NOW_MS} - ?2");
                Statement::new(sql, params![except, silent])
            }
            None => Statement::new("DELETE FROM nodes WHERE id <> ?1", params![except]),
        };
        self.execute(statement).await.map(|_| ())
    }
}
