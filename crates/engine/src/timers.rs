//! Timers: a column, an index and one loop.

use crate::{Engine, EngineError};
use countersign_core::run::Input;
use countersign_store::RunRow;
use futures::{StreamExt, stream};

/// Due runs read at once.
const BATCH: u32 = 256;
/// Due runs decided at once.
const AT_ONCE: usize = 32;
/// The shortest pause between two looks, milliseconds.
const PAUSE_MIN_MS: i64 = 5;

impl Engine {
    /// Fires due timers until the engine stops.
    pub(crate) async fn timers(self) {
        let mut stopping = self.0.stopping.subscribe();
        loop {
            let now = self.now();
            let poll = now.saturating_add(i64::try_from(self.0.config.timer_poll_ms).unwrap_or(i64::MAX));
            let next = match self.fire_due(now).await {
                Ok(next) => next.map_or(poll, |next| next.min(poll)),
                Err(error) => {
                    tracing::warn!(%error, "timers wait for the database");
                    poll
                }
            };
            tokio::select! {
                () = self.0.clock.sleep_until(next) => {}
                () = self.0.timer_set.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// Fires what is due at `now` and tells when the next timer is.
    async fn fire_due(&self, now: i64) -> Result<Option<i64>, EngineError> {
        let due = self.0.store.due_runs(now, BATCH).await?;
        let full = due.len() >= BATCH as usize;
        stream::iter(due).for_each_concurrent(AT_ONCE, |row| self.fire(row)).await;
        if full {
            return Ok(Some(now));
        }
        // A due timer that could not be fired must not become a busy loop.
        let next = self.0.store.next_wake_at().await?;
        Ok(next.map(|next| next.max(now.saturating_add(PAUSE_MIN_MS))))
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
