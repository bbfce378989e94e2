//! Running runs of processes that are gone. Each statement is about one table, and what it locks is of one workspace or of
//! `nodes` alone, so that the runs may be spread over several databases.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{NOW_MS, SHARE_SKIP_LOCKED, SKIP_LOCKED};
use crate::store::readable;
use crate::{Result, RunRow, Store, StoreError};

/// Nodes with running runs that are looked at in one claim.
const HOLDERS_MAX: u32 = 1_000;
/// Workspaces of one node that are looked at in one claim; the next claim finds the rest.
const WORKSPACES_MAX: u32 = 1_000;

/// Why the node of a run does not drive it.
enum Orphaned {
    /// On the list and silent.
    Silent,
    /// Not on the list, or the run names none.
    Gone,
}

impl Store {
    /// Gives running runs to `node`: those of other nodes without a sign of life for `silent_ms` milliseconds (`None`: of
    /// all others), of nodes that are not on the list, and of no node. Several nodes may claim at once; each run goes to
    /// one of them. A silent node that comes back meanwhile either is passed over or learns, from its sign of life on,
    /// whose its runs are. Works on all workspaces; for the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn claim_orphans(&self, node: &str, silent_ms: Option<i64>, limit: u32) -> Result<Vec<RunRow>> {
        // The holders first, then the list: whoever took a run before had signed on before.
        let holders = self.other_holders(node).await?;
        let listed = self.listed(&holders, silent_ms).await?;
        let mut orphaned = vec![(None, Orphaned::Gone)];
        for holder in holders {
            match listed.iter().find(|(id, _)| *id == holder) {
                Some((_, false)) => {}
                Some((_, true)) => orphaned.push((Some(holder), Orphaned::Silent)),
                None => orphaned.push((Some(holder), Orphaned::Gone)),
            }
        }
        let mut claimed: Vec<RunRow> = Vec::new();
        for (holder, why) in orphaned {
            let left = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
            let silent_ms = silent_ms.filter(|_| matches!(why, Orphaned::Silent));
            claimed.extend(self.claim_of(holder.as_deref(), silent_ms, node, left).await?);
        }
        claimed.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(claimed)
    }

    /// Nodes other than this that running runs name.
    async fn other_holders(&self, node: &str) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT node FROM runs WHERE status = 'running' AND node <> ?1 ORDER BY node LIMIT ?2";
        self.texts(sql, params![node, HOLDERS_MAX]).await
    }

    /// Which of these are on the list, and whether they are silent.
    async fn listed(&self, holders: &[String], silent_ms: Option<i64>) -> Result<Vec<(String, bool)>> {
        if holders.is_empty() {
            return Ok(Vec::new());
        }
        let mut params = params![&silent_ms.unwrap_or(-1)];
        let mut places = Vec::with_capacity(holders.len());
        for holder in holders {
            params.push(holder.into());
            places.push(format!("?{}", params.len()));
        }
        // On the way of writes: their SQL knows the time.
        let sql = format!(
            "SELECT id, CASE WHEN heartbeat_at < {NOW_MS} - ?1 OR ?1 < 0 THEN 1 ELSE 0 END FROM nodes WHERE id IN ({})",
            places.join(", ")
        );
        let rows = self.execute(Statement::new(sql, params)).await?.rows;
        let pair = |row: Vec<_>| {
            let mut row = row.into_iter();
            let id = column(&mut row, "nodes.id")?;
            Ok((id, column::<i64>(&mut row, "silent")? == 1))
        };
        rows.into_iter().map(pair).collect()
    }

    /// Claims of one holder, one workspace after the other.
    async fn claim_of(
        &self,
        holder: Option<&str>,
        silent_ms: Option<i64>,
        node: &str,
        limit: u32,
    ) -> Result<Vec<RunRow>> {
        let mut claimed: Vec<RunRow> = Vec::new();
        if limit == 0 {
            return Ok(claimed);
        }
        for workspace in self.workspaces_of(holder).await? {
            let left = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            let mut statements = Vec::new();
            if let Some((holder, silent_ms)) = holder.zip(silent_ms) {
                statements.push(still_silent(holder, silent_ms));
            }
            statements.push(claim(&workspace, holder, node, left));
            match self.write(Write { statements, ..Write::default() }).await {
                Ok(mut done) => claimed.extend(readable::<RunRow>(done.pop().unwrap_or_default().rows)),
                // It is just coming back.
                Err(StoreError::NotFound(_)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(claimed)
    }

    async fn workspaces_of(&self, holder: Option<&str>) -> Result<Vec<String>> {
        match holder {
            Some(holder) => {
                let sql = "SELECT DISTINCT workspace FROM runs WHERE status = 'running' AND node = ?1 \
                           ORDER BY workspace LIMIT ?2";
                self.texts(sql, params![holder, WORKSPACES_MAX]).await
            }
            None => {
                let sql = "SELECT DISTINCT workspace FROM runs WHERE status = 'running' AND node IS NULL \
                           ORDER BY workspace LIMIT ?1";
                self.texts(sql, params![WORKSPACES_MAX]).await
            }
        }
    }

    async fn texts(&self, sql: &str, params: Vec<crate::rows::Param>) -> Result<Vec<String>> {
        let rows = self.query(sql.to_owned(), params).await?;
        rows.into_iter().map(|row| column(&mut row.into_iter(), "text")).collect()
    }
}

/// A node's sign of life changes its row, so it waits for this lock, or this finds nothing.
fn still_silent(node: &str, silent_ms: i64) -> Statement {
    let sql = format!("SELECT id FROM nodes WHERE id = ?1 AND heartbeat_at < {NOW_MS} - ?2 {SHARE_SKIP_LOCKED}");
    Statement::new(sql, params![node, &silent_ms]).must_hit("silent node")
}

fn claim(workspace: &str, holder: Option<&str>, node: &str, limit: u32) -> Statement {
    let mut params = params![workspace, node, limit];
    let of_holder = match holder {
        Some(holder) => {
            params.push(holder.into());
            "node = ?4"
        }
        None => "node IS NULL",
    };
    let sql = format!(
        "WITH picked (picked_id) AS MATERIALIZED (SELECT id FROM runs WHERE workspace = ?1 AND status = 'running' \
         AND {of_holder} ORDER BY id LIMIT ?3 {SKIP_LOCKED}) \
         UPDATE runs SET node = ?2 FROM picked WHERE workspace = ?1 AND id = picked_id RETURNING {}",
        RunRow::column_list()
    );
    Statement::new(sql, params)
}
