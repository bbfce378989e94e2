//! Timers: a column, an index and one loop.

use crate::{Engine, EngineError};
use countersign_core::run::Input;
use countersign_store::RunRow;
use futures::{StreamExt, stream};

/// Due runs read at once.
const BATCH: u32 = 256;
/// Due runs decided at once.
const AT_ONCE: usize = 32;

impl Engine {
    /// Fires due timers until the engine stops.
    pub(crate) async fn timers(self) {
        let mut stopping = self.0.stopping.subscribe();
        loop {
            let pause_ms = match self.fire_due().await {
                Ok(pause_ms) => pause_ms,
                Err(error) => {
                    tracing::warn!(%error, "timers wait for the database");
                    self.0.config.timer_poll_ms
                }
            };
            tokio::select! {
                () = self.0.clock.sleep(std::time::Duration::from_millis(pause_ms)) => {}
                () = self.0.timer_set.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// Fires what is due and tells how long nothing else is, at most the poll interval.
    async fn fire_due(&self) -> Result<u64, EngineError> {
        let poll = self.0.config.timer_poll_ms;
        let due = self.0.store.due_runs(self.now(), BATCH).await?;
        let full = due.len() >= BATCH as usize;
        stream::iter(due).for_each_concurrent(AT_ONCE, |row| self.fire(row)).await;
        if full {
            return Ok(0);
        }
        let next = self.0.store.next_wake_at().await?;
        let wait = next.map_or(poll, |next| u64::try_from(next.saturating_sub(self.now())).unwrap_or(0));
        // A due timer that could not be fired must not become a busy loop.
        Ok(wait.clamp(5, poll))
    }

    async fn fire(&self, row: RunRow) {
        match self.take(&row.workspace, &row.id, Input::TimerFired).await {
            Ok(_) => {}
            // A person or another process was faster.
            Err(EngineError::Refused(_) | EngineError::AlreadyDecided(_)) => {}
            Err(error) => tracing::warn!(run = row.id, %error, "a timer could not be fired yet"),
        }
    }
}
