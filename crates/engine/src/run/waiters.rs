//! Callers that wait for a run to end or to need a person.

use crate::Engine;
use countersign_store::{ChangeKind, RunRow, RunStatus, WaitingFor};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{broadcast::error::RecvError, oneshot};

#[derive(Default)]
pub(crate) struct Waiters {
    /// Spares the lock on every commit while nobody waits.
    count: AtomicUsize,
    waiting: Mutex<HashMap<String, Vec<oneshot::Sender<RunRow>>>>,
}

/// A place among them, given up when dropped.
pub(crate) struct Wait<'a> {
    waiters: &'a Waiters,
    run: String,
    answer: oneshot::Receiver<RunRow>,
}

impl Wait<'_> {
    /// The run, once it has stopped.
    pub(crate) async fn stopped(&mut self) -> Option<RunRow> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.answer.close();
        self.waiters.tidy(&self.run);
    }
}

/// Whether a run is over or waits for a person; one that pauses before another attempt moves.
#[must_use]
pub fn has_stopped(row: &RunRow) -> bool {
    row.status != RunStatus::Running && row.waiting_for != Some(WaitingFor::Timer)
}

impl Waiters {
    pub(crate) fn wait(&self, run: &str) -> Wait<'_> {
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().entry(run.to_owned()).or_default().push(sender);
        self.count.fetch_add(1, Ordering::SeqCst);
        Wait { waiters: self, run: run.to_owned(), answer }
    }

    fn waits_for(&self, run: &str) -> bool {
        self.count.load(Ordering::SeqCst) > 0 && self.waiting.lock().contains_key(run)
    }

    /// The run ended or waits for a person.
    pub(crate) fn stopped(&self, row: &RunRow) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let Some(senders) = self.waiting.lock().remove(&row.id) else { return };
        self.count.fetch_sub(senders.len(), Ordering::SeqCst);
        for sender in senders {
            // A caller that gave up has dropped its end.
            drop(sender.send(row.clone()));
        }
    }

    /// Takes out those who gave up.
    fn tidy(&self, run: &str) {
        let mut waiting = self.waiting.lock();
        let Some(senders) = waiting.get_mut(run) else { return };
        let before = senders.len();
        senders.retain(|sender| !sender.is_closed());
        self.count.fetch_sub(before - senders.len(), Ordering::SeqCst);
        if senders.is_empty() {
            waiting.remove(run);
        }
    }
}

impl Engine {
    /// Tells those who wait here for a run that another process moves, and forgets what another process changed, until the engine stops.
    pub(crate) async fn follow(self) {
        let mut stopping = self.0.stopping.subscribe();
        let mut changes = self.0.store.subscribe();
        loop {
            let change = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                change = changes.recv() => change,
            };
            let change = match change {
                Ok(change) => change,
                // What was missed is read by whoever waits, at the end of their wait.
                Err(RecvError::Lagged(_)) => {
                    self.workflows_changed();
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            match change.kind {
                ChangeKind::Workflow => self.workflow_changed(&change.workspace, &change.id),
                ChangeKind::Resync => self.workflows_changed(),
                ChangeKind::Run
                | ChangeKind::Checkpoint
                | ChangeKind::Conversation
                | ChangeKind::Inbound
                | ChangeKind::Access => {}
            }
            if change.kind != ChangeKind::Run || !self.0.waiters.waits_for(&change.id) || self.0.cells.holds(&change.id)
            {
                continue;
            }
            match self.0.store.get_run(&change.workspace, &change.id).await {
                Ok(Some(row)) if has_stopped(&row) => self.0.waiters.stopped(&row),
                Ok(_) => {}
                Err(error) => tracing::warn!(run = change.id, %error, "a run somebody waits for cannot be read"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_up_leaves_nothing_behind_and_disturbs_nobody() {
        let waiters = Waiters::default();
        let (first, second) = (waiters.wait("run"), waiters.wait("run"));
        drop(first);
        assert!(waiters.waits_for("run"));
        assert_eq!(waiters.count.load(Ordering::SeqCst), 1);
        drop(second);
        assert!(!waiters.waits_for("run"));
        assert_eq!(waiters.count.load(Ordering::SeqCst), 0);
        assert!(waiters.waiting.lock().is_empty());
    }
}
