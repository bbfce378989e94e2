//! Takes what is due and has it told.

use crate::{Engine, EngineError, pump::Pump};
use countersign_store::{OutboundKind, OutboundOutcome, OutboundRow};

/// How long a process has a row to itself before another may take it, milliseconds: longer than an attempt lasts.
const LEASE_MS: i64 = 60_000;
/// Rows that wait, counted up to.
const COUNTED_MAX: u32 = 100_000;
/// Every how many seconds waiting rows are counted.
const COUNT_EVERY: u64 = 10;
/// Every how many seconds old rows are forgotten.
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

/// What people are to be told.
#[derive(Clone)]
pub(crate) struct ToTell(pub(crate) Engine);

impl Pump for ToTell {
    type Item = OutboundRow;
    const AT_ONCE: usize = 64;
    const WAITS: &'static str = "what people are to be told waits for the database";

    /// What an earlier process was telling is told at once, where there is no other.
    async fn begin(&self) -> Result<(), EngineError> {
        let store = &self.0.0.store;
        if !store.shared() {
            store.release_outbound().await?;
        }
        Ok(())
    }

    async fn beside(&self, times: u64) -> Result<(), EngineError> {
        let store = &self.0.0.store;
        if times % COUNT_EVERY == COUNT_EVERY - 1 {
            let waiting = store.count_waiting_outbound(COUNTED_MAX).await?;
            metrics::gauge!("countersign_outbound_waiting").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        }
        if times % FORGET_EVERY == FORGET_EVERY - 1 {
            store.purge_outbound(self.0.now() - REMEMBERED_MS).await?;
        }
        Ok(())
    }

    async fn take(&self, most: u32) -> Result<Vec<OutboundRow>, EngineError> {
        Ok(self.0.0.store.claim_outbound(LEASE_MS, most).await?)
    }

    async fn deal(&self, row: OutboundRow) {
        self.0.deal_with_outbound(row).await;
    }

    async fn told(&self) {
        self.0.0.to_tell.notified().await;
    }
}

impl Engine {
    /// Sees one row through; what cannot be done now is tried again later, by whoever takes it then.
    async fn deal_with_outbound(&self, row: OutboundRow) {
        let told = match row.kind {
            OutboundKind::Announce => Box::pin(self.announce(&row)).await,
            OutboundKind::Message => Box::pin(self.send_message(&row)).await,
            OutboundKind::Digest => Box::pin(self.send_digest(&row)).await,
            OutboundKind::Alert => Box::pin(self.alert(&row)).await,
            OutboundKind::Warning => Box::pin(self.send_warning(&row)).await,
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
    if !error.may_pass() {
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
