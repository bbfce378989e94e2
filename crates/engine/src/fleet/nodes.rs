//! Who is alive, and who takes up the runs of the dead.

use crate::{Engine, EngineError, run::Turn};
use countersign_core::run::{CallId, Input};
use countersign_store::RunRow;
use futures::{StreamExt, stream};
use std::collections::BTreeMap;

/// Runs claimed at once.
const CLAIM_BATCH: u32 = 500;
/// Runs recovered at once.
const AT_ONCE: usize = 32;
/// Rounds of claiming in one sweep: bounds the time between two heartbeats.
const CLAIM_ROUNDS: usize = 1000;
/// How many times longer than `dead_after_ms` a silent process stays on the list: while it is there, its return and the
/// claim of its runs exclude each other.
const FORGOTTEN_AFTER: i64 = 10;

impl Engine {
    pub(crate) async fn join_fleet(&self) -> Result<(), EngineError> {
        self.sign_on().await?;
        self.take_over().await
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

    /// The silence after which a process is taken for dead, milliseconds. Alone with its database there is nothing to wait
    /// for: nobody else can be alive.
    fn silence(&self) -> Option<i64> {
        self.0.store.shared().then(|| i64::try_from(self.0.config.dead_after_ms).unwrap_or(i64::MAX))
    }

    /// Says that this process is alive until the engine stops. Does nothing else, so that no work can keep it from it.
    pub(crate) async fn heartbeats(self) {
        while self.pause(self.0.config.heartbeat_ms).await {
            if let Err(error) = self.sign_on().await {
                tracing::warn!(%error, "no heartbeat: the database is away");
            }
        }
    }

    async fn sign_on(&self) -> Result<(), EngineError> {
        let sent = self.0.clock.elapsed();
        self.0.store.sign_on(&self.0.config.node).await?;
        // A quarter is left for requests on their way and clocks that run unevenly.
        let lease = self.0.config.dead_after_ms - self.0.config.dead_after_ms / 4;
        self.0.lease.renew(sent, i64::try_from(lease).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Looks for processes that are gone, and for runs left behind, until the engine stops.
    pub(crate) async fn watch_fleet(self) {
        let (mut looks, mut left) = (0_u64, BTreeMap::new());
        while self.pause(self.0.config.heartbeat_ms).await {
            looks += 1;
            if let Err(error) = self.look(looks, &mut left).await {
                tracing::warn!(%error, "nobody looks after the fleet: the database is away");
            }
        }
    }

    async fn look(&self, looks: u64, left: &mut BTreeMap<String, u64>) -> Result<(), EngineError> {
        if self.0.store.shared() {
            self.take_over().await?;
        }
        if looks.is_multiple_of(self.0.config.sweep_every) { self.sweep(left).await } else { Ok(()) }
    }

    /// Takes up runs of this process that it did not drive at two looks: the answer to a commit was lost, or taking them
    /// over failed.
    async fn sweep(&self, left: &mut BTreeMap<String, u64>) -> Result<(), EngineError> {
        let (mut idle, mut last): (Vec<RunRow>, Option<String>) = (Vec::new(), None);
        for _ in 0..CLAIM_ROUNDS {
            let own = self.0.store.running_runs(Some(&self.0.config.node), last.as_deref(), CLAIM_BATCH).await?;
            let more = !own.is_empty();
            last = own.last().map(|row| row.id.clone());
            idle.extend(own.into_iter().filter(|row| !self.0.cells.holds(&row.id)));
            if !more {
                break;
            }
        }
        let before = std::mem::take(left);
        left.extend(idle.iter().map(|row| (row.id.clone(), row.seq)));
        idle.retain(|row| before.get(&row.id) == Some(&row.seq));
        if !idle.is_empty() {
            tracing::warn!(runs = idle.len(), "taking up runs of this process that nobody drove");
        }
        stream::iter(idle).for_each_concurrent(AT_ONCE, |row| self.recover(row)).await;
        Ok(())
    }

    /// Whether an effect decided on `lease` may still be performed. After a silence somebody may have taken the run up:
    /// then the call is theirs.
    pub(crate) async fn may_perform(&self, turn: Turn<'_>, id: CallId) -> bool {
        if !self.0.store.shared() || self.0.lease.holds(turn.lease, self.0.clock.elapsed()) {
            return true;
        }
        while !self.stopping() {
            match self.still_drives(turn, id).await {
                Ok(Some(answer)) => return answer,
                Ok(None) => {}
                Err(EngineError::Store(error)) if error.may_pass() => {
                    self.pause(self.0.config.heartbeat_ms).await;
                }
                Err(error) => {
                    tracing::error!(run = turn.run, %error, "the run cannot go on");
                    return false;
                }
            }
        }
        false
    }

    /// Nothing when the look took so long that somebody may have taken the run up since.
    async fn still_drives(&self, turn: Turn<'_>, id: CallId) -> Result<Option<bool>, EngineError> {
        // First the sign of life: until its lease is over nobody takes the run after the look.
        self.sign_on().await?;
        let lease = self.0.lease.number();
        let now = self.load(turn.of.workspace, turn.run).await?;
        let ours = now.row.node.as_deref() == Some(&self.0.config.node) && now.state.under_way() == Some(id);
        Ok((!ours || self.0.lease.holds(lease, self.0.clock.elapsed())).then_some(ours))
    }

    /// Claims the runs of processes that are gone, and recovers each.
    async fn take_over(&self) -> Result<(), EngineError> {
        let (node, silence) = (&self.0.config.node, self.silence());
        for _ in 0..CLAIM_ROUNDS {
            let runs = self.0.store.claim_orphans(node, silence, CLAIM_BATCH).await?;
            // A batch may be short of rows that cannot be read.
            if runs.is_empty() {
                break;
            }
            tracing::info!(runs = runs.len(), "taking up runs of a process that is gone");
            stream::iter(runs).for_each_concurrent(AT_ONCE, |row| self.recover(row)).await;
        }
        let forgotten = silence.map(|silence| silence.saturating_mul(FORGOTTEN_AFTER));
        Ok(self.0.store.forget_nodes(node, forgotten).await?)
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
