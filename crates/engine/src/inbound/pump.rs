//! Takes what was accepted and sees it through.

use super::{Came, SWITCHED_OFF, channels::in_turn, end_of, messages::Incoming};
use crate::{Engine, EngineError, pump::Pump};
use countersign_store::{Conflict, InboundEndRow, InboundKind, InboundOutcome, InboundRow, RunRow, StoreError};
use futures::future::BoxFuture;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Mutex;

/// How long a process has an event to itself before another may take it, milliseconds.
pub(super) const LEASE_MS: i64 = 10_000;
/// Events that may wait; more are refused with `Busy`.
const WAITING_MAX: u32 = 50_000;
/// Every how many seconds all triggers are compared with their versions: what published may have died before it did.
const RECONCILE_EVERY: u64 = 30;
/// The shortest and the longest pause before an event is tried again, milliseconds.
const PAUSE_MS: (i64, i64) = (200, 60_000);
/// How long what was dealt with is remembered, milliseconds: a repetition within this time is recognised.
const REMEMBERED_MS: i64 = 30 * 86_400_000;
/// Every how many seconds old events are forgotten.
const FORGET_EVERY: u64 = 3600;
/// Sources share so many lanes; what comes through one source is dealt with one after the other.
const LANES: usize = 256;
/// Events of one source dealt with in one go; the rest is taken up after those of others.
const TURNS_MAX: usize = 1000;

/// What waits here.
pub(crate) struct Inbox {
    /// Roughly: counted here, and counted anew in the database every second.
    waiting: AtomicU64,
    lanes: Vec<Arc<Mutex<()>>>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { waiting: AtomicU64::new(0), lanes: (0..LANES).map(|_| Arc::default()).collect() }
    }
}

impl Inbox {
    /// Takes a place for one more.
    pub(super) fn admit(&self) -> Result<(), EngineError> {
        if self.waiting.load(Ordering::Relaxed) >= u64::from(WAITING_MAX) {
            return Err(EngineError::Busy);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn lane(&self, workspace: &str, source: &str) -> Arc<Mutex<()>> {
        let mut hasher = DefaultHasher::new();
        (workspace, source).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        self.lanes.get(lane).cloned().unwrap_or_default()
    }
}

/// What came in and no process deals with, and the schedules' clock.
#[derive(Clone)]
pub(crate) struct CameIn(pub(crate) Engine);

impl Pump for CameIn {
    type Item = InboundRow;
    const AT_ONCE: usize = 32;
    const WAITS: &'static str = "what comes in waits for the database";

    /// What an earlier process left is taken up at once, where there is no other.
    async fn begin(&self) -> Result<(), EngineError> {
        let store = &self.0.0.store;
        if !store.shared() {
            store.release_inbound().await?;
        }
        Ok(())
    }

    async fn beside(&self, times: u64) -> Result<(), EngineError> {
        let Engine(inner) = &self.0;
        if times.is_multiple_of(RECONCILE_EVERY)
            && let Err(error) = self.0.reconcile_all().await
        {
            tracing::warn!(%error, "triggers are brought up to date a little later");
        }
        if let Err(error) = self.0.tick().await {
            tracing::warn!(%error, "schedules wait");
        }
        let waiting = inner.store.count_waiting_inbound(WAITING_MAX).await?;
        inner.inbox.waiting.store(waiting, Ordering::Relaxed);
        metrics::gauge!("countersign_inbound_waiting").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        if times % FORGET_EVERY == FORGET_EVERY - 1 {
            inner.store.purge_inbound(self.0.now() - REMEMBERED_MS).await?;
        }
        Ok(())
    }

    async fn take(&self, most: u32) -> Result<Vec<InboundRow>, EngineError> {
        Ok(self.0.0.store.claim_inbound(LEASE_MS, most).await?)
    }

    async fn deal(&self, row: InboundRow) {
        if in_turn(&row) {
            self.0.take_turns(row.workspace, row.source).await;
        } else {
            drop(self.0.deal_with(row, None).await);
        }
    }
}

impl Engine {
    async fn reconcile_all(&self) -> Result<(), EngineError> {
        for workspace in self.0.store.list_workspaces().await? {
            for pointer in self.0.store.active_pointers(&workspace.id).await? {
                if let Err(error) = self.reconcile(&workspace.id, &pointer.id).await {
                    tracing::warn!(workflow = pointer.id, %error, "its triggers stay as they were");
                }
            }
        }
        Ok(())
    }

    /// Sees one event through; what cannot be done now is tried again later, by whoever takes it then.
    pub(super) async fn deal_with(&self, row: InboundRow, known: Option<Incoming>) -> Option<RunRow> {
        let lane = self.0.inbox.lane(&row.workspace, &row.source);
        let _turn = lane.lock().await;
        self.deal(row, known).await.0
    }

    /// Deals with what waits of a source, in the order of the other side: what came out of order but waits still is put
    /// right here.
    // Boxed, and not `async`: what is dealt with asks for turns of another source.
    pub(super) fn take_turns(&self, workspace: String, source: String) -> BoxFuture<'static, ()> {
        let engine = self.clone();
        Box::pin(async move {
            let lane = engine.0.inbox.lane(&workspace, &source);
            let _turn = lane.lock().await;
            for _ in 0..TURNS_MAX {
                let done = match engine.0.store.first_waiting_inbound(&workspace, &source).await {
                    Ok(Some(first)) => engine.deal(first, None).await.1,
                    Ok(None) => false,
                    Err(error) => {
                        tracing::warn!(source, %error, "what came in is taken up again later");
                        false
                    }
                };
                if !done {
                    return;
                }
            }
        })
    }

    /// The run that was started, and whether the row is done with.
    async fn deal(&self, mut row: InboundRow, known: Option<Incoming>) -> (Option<RunRow>, bool) {
        let came = match row.kind {
            InboundKind::Message => Box::pin(self.message_came(&mut row, known)).await,
            InboundKind::Channel => Box::pin(self.channel_came(&row)).await,
            InboundKind::Webhook | InboundKind::Schedule => Box::pin(self.trigger_fired(&row)).await,
        };
        let waiting = |waiting: u64| Some(waiting.saturating_sub(1));
        let _counted = self.0.inbox.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, waiting);
        let came = came.unwrap_or_else(|error| after(&row, &error));
        let done = !matches!(came, Came::Later(_));
        match self.noted(&row, came).await {
            Ok(run) => (run, done),
            Err(error) => {
                tracing::warn!(event = row.id, %error, "an event that came in is taken up again later");
                (None, false)
            }
        }
    }

    async fn noted(&self, row: &InboundRow, came: Came) -> Result<Option<RunRow>, EngineError> {
        let (outcome, error) = match came {
            Came::Ended(run) => return Ok(run.map(|run| *run)),
            Came::Later(pause) => {
                self.0.store.postpone_inbound(&row.workspace, &row.id, pause).await?;
                return Ok(None);
            }
            Came::Nothing(outcome, error) => (outcome, error),
            Came::Unanswered(why) => {
                self.unanswered(row, why).await?;
                return Ok(None);
            }
        };
        let end = InboundEndRow { error, ..end_of(row, outcome, self.now()) };
        self.0.store.end_inbound(&end).await?;
        Ok(None)
    }
}

/// What an error means for an event.
fn after(row: &InboundRow, error: &EngineError) -> Came {
    match error {
        EngineError::Store(StoreError::Conflict(Conflict::InboundDone { .. })) => Came::Ended(None),
        EngineError::Busy | EngineError::Store(_) => {
            tracing::warn!(event = row.id, %error, "an event that came in waits");
            let (shortest, longest) = PAUSE_MS;
            Came::Later(shortest.saturating_mul(1 << row.attempts.min(10)).min(longest))
        }
        EngineError::TriggerOff(_) => Came::ignored(SWITCHED_OFF),
        EngineError::NotFound(_)
        | EngineError::NotPublished
        | EngineError::AlreadyDecided(_)
        | EngineError::RunOver(_)
        | EngineError::Refused(_)
        | EngineError::InvalidInput(_)
        | EngineError::KeyReused
        | EngineError::Unverified(_)
        | EngineError::Corrupt(_)
        | EngineError::NotCurrent(_)
        | EngineError::NoAccount { .. }
        | EngineError::Invalid(_) => Came::Nothing(InboundOutcome::Failed, Some(error.to_string())),
    }
}
