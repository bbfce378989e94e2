//! Timers: a column, an index and one loop.

use crate::{Engine, EngineError};
use countersign_core::run::Input;
use countersign_store::{RunRow, StoreError};
use futures::{StreamExt, stream};
use std::collections::BTreeMap;

/// Due runs read at once.
const BATCH: u32 = 256;
/// Due runs decided at once.
const AT_ONCE: usize = 32;
/// The shortest pause between two looks, milliseconds.
const PAUSE_MIN_MS: i64 = 5;
/// The pause between two looks while some due run is put off: its time is past, so it hides when the next one is.
const PAUSE_PUT_OFF_MS: i64 = 250;
/// How long a run is left alone whose timer could not be fired.
const PUT_OFF_MS: i64 = 500;
/// The same when trying again soon is pointless.
const PUT_OFF_CORRUPT_MS: i64 = 60_000;

/// Due runs that could not be fired, and until when they are left alone.
type PutOff = BTreeMap<String, i64>;

impl Engine {
    /// Fires due timers until the engine stops.
    pub(crate) async fn timers(self) {
        let mut stopping = self.0.stopping.subscribe();
        let mut put_off = PutOff::new();
        loop {
            let now = self.now();
            let poll = now.saturating_add(i64::try_from(self.0.config.timer_poll_ms).unwrap_or(i64::MAX));
            let next = match self.fire_due(now, &mut put_off).await {
                Ok(next) => next.map_or(poll, |next| next.min(poll)),
                Err(error) => {
                    tracing::warn!(%error, "timers wait for the database");
                    poll
                }
            };
            tokio::select! {
                biased;
                () = self.0.clock.sleep_until(next) => {}
                () = self.0.timer_set.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// Fires what is due at `now` and tells when the next timer is.
    async fn fire_due(&self, now: i64, put_off: &mut PutOff) -> Result<Option<i64>, EngineError> {
        put_off.retain(|_, until| *until > now);
        // Room for those that are skipped, so that they hold up no other.
        let limit = BATCH.saturating_add(u32::try_from(put_off.len()).unwrap_or(u32::MAX));
        let mut due = self.0.store.due_runs(now, limit).await?;
        let full = due.len() >= limit as usize;
        due.retain(|row| !put_off.contains_key(&row.id));
        let fired = stream::iter(due).map(|row| self.fire(row)).buffer_unordered(AT_ONCE);
        let failed: Vec<(String, i64)> = fired.filter_map(std::future::ready).collect().await;
        put_off.extend(failed.into_iter().map(|(run, pause)| (run, now.saturating_add(pause))));
        if full {
            return Ok(Some(now));
        }
        if !put_off.is_empty() {
            return Ok(Some(now.saturating_add(PAUSE_PUT_OFF_MS)));
        }
        let next = self.0.store.next_wake_at().await?;
        // A row that cannot be read stays due.
        let soon = |next| if next > now { PAUSE_MIN_MS } else { PAUSE_PUT_OFF_MS };
        Ok(next.map(|next| next.max(now.saturating_add(soon(next)))))
    }

    /// Fires one timer; when that was not possible, the run and how long to leave it alone.
    async fn fire(&self, row: RunRow) -> Option<(String, i64)> {
        match self.take(&row.workspace, &row.id, Input::TimerFired).await {
            // A person or another process was faster.
            Ok(_) | Err(EngineError::Refused(_) | EngineError::AlreadyDecided(_)) => None,
            Err(error) => {
                tracing::warn!(run = row.id, %error, "a timer could not be fired yet");
                let corrupt = matches!(error, EngineError::Corrupt(_) | EngineError::Store(StoreError::Corrupt(_)));
                Some((row.id, if corrupt { PUT_OFF_CORRUPT_MS } else { PUT_OFF_MS }))
            }
        }
    }
}
