//! Takes what was accepted and sees it through.

use super::{Came, channels::in_turn, end_of, messages::Incoming};
use crate::{Engine, EngineError};
use countersign_store::{Conflict, InboundEndRow, InboundKind, InboundOutcome, InboundRow, RunRow, StoreError};
use futures::{StreamExt, future::BoxFuture, stream};
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
/// Events taken at once.
const BATCH: u32 = 256;
/// Events dealt with at once.
const AT_ONCE: usize = 32;
/// Between two looks for events that nobody has, milliseconds.
const LOOK_EVERY_MS: u64 = 1000;
/// Every how many looks all triggers are compared with their versions: what published may have died before it did.
const RECONCILE_EVERY: u64 = 30;
/// The shortest and the longest pause before an event is tried again, milliseconds.
const PAUSE_MS: (i64, i64) = (200, 60_000);
/// How long what was dealt with is remembered, milliseconds: a repetition within this time is recognised.
const REMEMBERED_MS: i64 = 30 * 86_400_000;
/// Every how many looks old events are forgotten.
const FORGET_EVERY: u64 = 3600;
/// Sources share so many lanes; what comes through one source is dealt with one after the other.
const LANES: usize = 256;
/// Events of one source dealt with in one go; the rest is taken up after those of others.
const TURNS_MAX: usize = 1000;

/// What waits here.
pub(crate) struct Inbox {
    /// Roughly: counted here, and counted anew in the database with every look.
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

impl Engine {
    /// Takes up what no process has, until the engine stops.
    pub(crate) async fn pump(self) {
        let mut looks = 0_u64;
        if !self.0.store.shared()
            && let Err(error) = self.0.store.release_inbound().await
        {
            tracing::warn!(%error, "what an earlier process left is taken up a little later");
        }
        while !self.stopping() {
            if looks.is_multiple_of(RECONCILE_EVERY)
                && let Err(error) = self.reconcile_all().await
            {
                tracing::warn!(%error, "triggers are brought up to date a little later");
            }
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "schedules wait");
            }
            match self.take_up(looks).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what comes in waits for the database"),
            }
            looks += 1;
            if !self.pause(LOOK_EVERY_MS).await {
                return;
            }
        }
    }

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

    /// Deals with what is due; whether there may be more.
    async fn take_up(&self, looks: u64) -> Result<bool, EngineError> {
        let store = &self.0.store;
        let taken = store.claim_inbound(LEASE_MS, BATCH).await?;
        let more = taken.len() >= BATCH as usize;
        let dealt = |row: InboundRow| async move {
            if in_turn(&row) {
                self.take_turns(row.workspace, row.source).await;
            } else {
                drop(self.deal_with(row, None).await);
            }
        };
        stream::iter(taken).for_each_concurrent(AT_ONCE, dealt).await;
        let waiting = store.count_waiting_inbound(WAITING_MAX).await?;
        self.0.inbox.waiting.store(waiting, Ordering::Relaxed);
        metrics::gauge!("countersign_inbound_waiting").set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        if looks % FORGET_EVERY == FORGET_EVERY - 1 {
            store.purge_inbound(self.now() - REMEMBERED_MS).await?;
        }
        Ok(more)
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
    async fn deal(&self, row: InboundRow, known: Option<Incoming>) -> (Option<RunRow>, bool) {
        let came = match row.kind {
            InboundKind::Message => Box::pin(self.message_came(&row, known)).await,
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
        | EngineError::Invalid(_) => Came::Nothing(InboundOutcome::Failed, Some(error.to_string())),
    }
}
