//! Callers that wait for a run to end or to need a person.

use countersign_store::RunRow;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::sync::oneshot;

#[derive(Default)]
pub(crate) struct Waiters {
    /// Spares the lock on every commit while nobody waits.
    count: AtomicUsize,
    waiting: Mutex<HashMap<String, Vec<oneshot::Sender<RunRow>>>>,
}

impl Waiters {
    pub(crate) fn wait(&self, run: &str) -> oneshot::Receiver<RunRow> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().entry(run.to_owned()).or_default().push(sender);
        self.count.fetch_add(1, Ordering::SeqCst);
        receiver
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

    pub(crate) fn forget(&self, run: &str) {
        if let Some(senders) = self.waiting.lock().remove(run) {
            self.count.fetch_sub(senders.len(), Ordering::SeqCst);
        }
    }
}
