//! Processes that share a database: who is alive, and who takes up the runs of the dead.

use crate::{Engine, EngineError};
use countersign_core::run::Input;
use countersign_store::{DatabaseKind, NodeRow, RunRow};
use futures::{StreamExt, stream};

/// Runs claimed at once.
const CLAIM_BATCH: u32 = 500;
/// Runs recovered at once.
const AT_ONCE: usize = 32;
/// Rounds of claiming in one sweep: bounds the time between two heartbeats.
const CLAIM_ROUNDS: usize = 1000;

impl Engine {
    pub(crate) async fn join_fleet(&self) -> Result<(), EngineError> {
        let now = self.now();
        let node =
            NodeRow { id: self.0.config.node.clone(), address: String::new(), started_at: now, heartbeat_at: now };
        self.0.store.register_node(&node).await?;
        let silent_since = match self.0.store.kind() {
            // The lock on the file says that nobody else is alive.
            DatabaseKind::Sqlite => i64::MAX,
            DatabaseKind::Postgres => self.silent_since(),
        };
        self.take_over(silent_since).await
    }

    pub(crate) async fn leave_fleet(&self) {
        if self.0.cells.len() > 0 {
            // Its runs are still its own: silence hands them over.
            return;
        }
        if let Err(error) = self.0.store.remove_node(&self.0.config.node).await {
            tracing::warn!(%error, "this process could not sign off; the others notice by its silence");
        }
    }

    fn silent_since(&self) -> i64 {
        let silence = i64::try_from(self.0.config.dead_after_ms).unwrap_or(i64::MAX);
        self.now().saturating_sub(silence)
    }

    /// Says that this process is alive, and looks for those that are not, until the engine stops.
    pub(crate) async fn heartbeats(self) {
        while self.pause(self.0.config.heartbeat_ms).await {
            if let Err(error) = self.beat().await {
                tracing::warn!(%error, "no heartbeat: the database is away");
            }
        }
    }

    async fn beat(&self) -> Result<(), EngineError> {
        let now = self.now();
        if !self.0.store.heartbeat(&self.0.config.node, now).await? {
            tracing::warn!("this process was taken for dead; it signs on again and the fence keeps old work out");
            let id = self.0.config.node.clone();
            let node = NodeRow { id, address: String::new(), started_at: now, heartbeat_at: now };
            self.0.store.register_node(&node).await?;
        }
        match self.0.store.kind() {
            DatabaseKind::Sqlite => Ok(()),
            DatabaseKind::Postgres => self.take_over(self.silent_since()).await,
        }
    }

    /// Claims the runs of processes silent since then, and recovers each.
    async fn take_over(&self, silent_since: i64) -> Result<(), EngineError> {
        let dead = self.0.store.list_dead_nodes(silent_since).await?;
        let dead: Vec<String> = dead.into_iter().map(|node| node.id).filter(|id| *id != self.0.config.node).collect();
        for _ in 0..CLAIM_ROUNDS {
            let runs = self.0.store.claim_orphans(&self.0.config.node, &dead, CLAIM_BATCH).await?;
            let last = runs.len() < CLAIM_BATCH as usize;
            if !runs.is_empty() {
                tracing::info!(runs = runs.len(), "taking up runs of a process that is gone");
            }
            stream::iter(runs).for_each_concurrent(AT_ONCE, |row| self.recover(row)).await;
            if last {
                break;
            }
        }
        for node in &dead {
            self.0.store.remove_node(node).await?;
        }
        Ok(())
    }

    async fn recover(&self, row: RunRow) {
        match self.take(&row.workspace, &row.id, Input::Recovered).await {
            Ok(_) => {}
            // It waits for a person or a timer: nothing was under way.
            Err(EngineError::Refused(_)) => {}
            Err(error) => tracing::error!(run = row.id, %error, "the run could not be taken up"),
        }
    }
}
