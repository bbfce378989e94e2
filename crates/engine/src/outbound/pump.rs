//! Takes what is due and has it told.

use crate::{Engine, EngineError};
use countersign_store::{OutboundKind, OutboundOutcome, OutboundRow, StoreError};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long a process has a row to itself before another may take it, milliseconds: longer than an attempt lasts.
const LEASE_MS: i64 = 60_000;
/// Rows dealt with at once.
const AT_ONCE: usize = 64;
/// The longest pause between two looks, milliseconds.
const LOOK_EVERY_MS: u64 = 1000;
/// Rows that wait, counted up to.
const COUNTED_MAX: u32 = 100_000;
/// Every how many looks waiting rows are counted.
const COUNT_EVERY: u64 = 10;
/// Every how many looks old rows are forgotten.
const FORGET_EVERY: u64 = 3600;
/// How long what was told is remembered, milliseconds.
const REMEMBERED_MS: i64 = 90 * 86_400_000;
/// The shortest and the longest pause before another attempt, milliseconds.
const PAUSE_MS: (i64, i64) = (1_000, 15 * 60_000);
/// Attempts before it counts as undeliverable: some hours.
pub(super) const ATTEMPTS_MAX: u32 = 20;

/// What became of a row.
pub(super) enum Told {
    /// It is done with.
    Ended,
    /// It is to be tried again after so many milliseconds; whether the attempt may have reached the person; why.
    Later { pause: i64, doubt: bool, error: Option<String> },
}

impl Engine {
    /// Has what is due told, until the engine stops.
    pub(crate) async fn tell(self) {
        if !self.0.store.shared()
            && let Err(error) = self.0.store.release_outbound().await
        {
            tracing::warn!(%error, "what an earlier process was telling is told a little later");
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut looks = 0_u64;
        while !self.stopping() {
            let more = match self.take_up_outbound(&places, looks).await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!(%error, "what people are to be told waits for the database");
                    false
                }
            };
            looks += 1;
            if more {
                continue;
            }
            tokio::select! {
                biased;
                () = self.0.to_tell.notified() => {}
                goes_on = self.pause(LOOK_EVERY_MS) => if !goes_on { return },
            }
        }
    }

    /// Begins with what is due; whether there may be more.
    async fn take_up_outbound(&self, places: &Arc<Semaphore>, looks: u64) -> Result<bool, EngineError> {
        // Only as much is taken as is begun at once: what is taken counts as begun.
        let Ok(first) = Arc::clone(places).acquire_owned().await else { return Ok(false) };
        let mut free = vec![first];
        while let Ok(next) = Arc::clone(places).try_acquire_owned() {
            free.push(next);
        }
        let most = u32::try_from(free.len()).unwrap_or(u32::MAX);
        let taken = self.0.store.claim_outbound(LEASE_MS, most).await?;
        let more = taken.len() == free.len();
        for (row, place) in taken.into_iter().zip(free) {
            let engine = self.clone();
            self.0.tasks.spawn(async move {
                engine.deal_with_outbound(row).await;
                drop(place);
            });
        }
        if looks % COUNT_EVERY == COUNT_EVERY - 1 {
            let waiting = self.0.store.count_waiting_outbound(COUNTED_MAX).await?;
            metrics::gauge!("countersign_outbound_waiting").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        }
        if looks % FORGET_EVERY == FORGET_EVERY - 1 {
            self.0.store.purge_outbound(self.now() - REMEMBERED_MS).await?;
        }
        Ok(more)
    }

    /// Sees one row through; what cannot be done now is tried again later, by whoever takes it then.
    async fn deal_with_outbound(&self, row: OutboundRow) {
        let told = match row.kind {
            OutboundKind::Announce => Box::pin(self.announce(&row)).await,
            OutboundKind::Message => Box::pin(self.send_message(&row)).await,
            OutboundKind::Final => Box::pin(self.turn_final(&row)).await,
        };
        let noted = match told.or_else(|error| after(&row, error)) {
            Ok(Told::Ended) => Ok(()),
            Ok(Told::Later { error: Some(error), doubt, .. }) if row.attempts >= ATTEMPTS_MAX => {
                let outcome = if doubt { OutboundOutcome::Unknown } else { OutboundOutcome::Undeliverable };
                self.end_outbound(&row, outcome, Some(error)).await
            }
            Ok(Told::Later { pause, doubt, error }) => {
                let postponed = self.0.store.postpone_outbound(&row, pause, doubt, error.as_deref()).await;
                postponed.map_err(EngineError::from)
            }
            Err(error) => self.end_outbound(&row, OutboundOutcome::Undeliverable, Some(error.to_string())).await,
        };
        if let Err(error) = noted {
            tracing::warn!(row = row.id, %error, "what people are told is taken up again later");
        }
    }

    pub(super) async fn end_outbound(
        &self,
        row: &OutboundRow,
        outcome: OutboundOutcome,
        error: Option<String>,
    ) -> Result<(), EngineError> {
        let end = countersign_store::OutboundEndRow { error, ..row.ending(outcome, self.now()) };
        metrics::counter!("countersign_outbound_total", "outcome" => outcome.as_str()).increment(1);
        Ok(self.0.store.end_outbound(&end, &row.checkpoint).await?)
    }
}

/// What passes is tried again; the rest is the error.
fn after(row: &OutboundRow, error: EngineError) -> Result<Told, EngineError> {
    let passes = match &error {
        EngineError::Busy => true,
        EngineError::Store(StoreError::Conflict(_)) => true,
        EngineError::Store(error) => error.may_pass(),
        EngineError::NotFound(_)
        | EngineError::NotPublished
        | EngineError::NotCurrent(_)
        | EngineError::AlreadyDecided(_)
        | EngineError::RunOver(_)
        | EngineError::Refused(_)
        | EngineError::InvalidInput(_)
        | EngineError::KeyReused
        | EngineError::Corrupt(_)
        | EngineError::Unverified(_)
        | EngineError::Invalid(_) => false,
    };
    if !passes {
        return Err(error);
    }
    Ok(Told::Later { pause: pause(row.attempts, None), doubt: false, error: None })
}

/// How long to wait after so many attempts, milliseconds; at least what the other side asks for.
pub(super) fn pause(attempts: u32, asked_seconds: Option<u64>) -> i64 {
    let (shortest, longest) = PAUSE_MS;
    let doubled = shortest.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(longest);
    let asked = asked_seconds.map_or(0, |seconds| i64::try_from(seconds.min(3600) * 1000).unwrap_or(longest));
    doubled.max(asked)
}
