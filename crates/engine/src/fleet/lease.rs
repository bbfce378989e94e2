//! How long a process may act as if nobody took it for dead.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How long this process may believe that nobody took it for dead.
#[derive(Default)]
pub(crate) struct Lease {
    until: AtomicI64,
    /// Counts the silences: what was decided before one is not performed unseen after it.
    number: AtomicU64,
}

impl Lease {
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::SeqCst)
    }

    pub(super) fn holds(&self, number: u64, now: i64) -> bool {
        self.number() == number && now <= self.until.load(Ordering::SeqCst)
    }

    pub(super) fn renew(&self, now: i64, milliseconds: i64) {
        if now > self.until.swap(now.saturating_add(milliseconds), Ordering::SeqCst) {
            self.number.fetch_add(1, Ordering::SeqCst);
        }
    }
}
