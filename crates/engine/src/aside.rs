//! Decisions that take long are made beside the runtime's workers.
//!
//! A decision takes microseconds, so it is made where the input arrives. But one expression may take as long as its fuse
//! lets it, and on a small machine the runtime has a single worker: everybody would wait. A version that was long once
//! is therefore decided while another thread does the worker's work, until it has been quick for a while.

use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::runtime::{Handle, RuntimeFlavor};

/// From here on a decision is long, milliseconds. Far above what the scheduler of a busy machine takes from a quick one.
const LONG_MS: i64 = 10;
/// So many quick decisions in a row, and the version counts as quick again.
const QUICK_AGAIN: u8 = 32;

/// A workflow and the number of its version.
type Key = (String, u32);

/// The versions that were long.
#[derive(Default)]
pub(crate) struct Aside {
    /// Whether there is any: nearly always there is none, and then no lock is taken.
    any: AtomicBool,
    /// Quick decisions each still owes.
    owed: RwLock<HashMap<Key, u8>>,
}

impl Aside {
    /// Makes a decision of a version, on this worker or aside; `elapsed` counts milliseconds on a clock nobody sets.
    pub(crate) fn decide<T>(
        &self,
        (workflow, version): (&str, u32),
        elapsed: impl Fn() -> i64,
        decide: impl FnOnce() -> T,
    ) -> T {
        let aside = self.any.load(Ordering::Relaxed) && self.owed.read().contains_key(&(workflow.to_owned(), version));
        let begun = elapsed();
        let decision = if aside && has_workers() { tokio::task::block_in_place(decide) } else { decide() };
        let long = elapsed() - begun >= LONG_MS;
        if long || aside {
            self.note((workflow.to_owned(), version), long);
        }
        decision
    }

    fn note(&self, key: Key, long: bool) {
        let mut owed = self.owed.write();
        if long {
            owed.insert(key, QUICK_AGAIN);
        } else if let Some(left) = owed.get_mut(&key) {
            *left -= 1;
            if *left == 0 {
                owed.remove(&key);
            }
        }
        self.any.store(!owed.is_empty(), Ordering::Relaxed);
    }
}

/// Whether there are workers whose work another thread could do.
fn has_workers() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::Cell, sync::mpsc, time::Duration};

    const SLOW: (&str, u32) = ("slow", 3);

    /// A decision that takes so long by a clock of its own.
    fn decided(aside: &Aside, version: (&str, u32), took_ms: i64) {
        let clock = Cell::new(0);
        aside.decide(version, || clock.get(), || clock.set(took_ms));
    }

    fn is_aside(aside: &Aside, (workflow, version): (&str, u32)) -> bool {
        aside.owed.read().contains_key(&(workflow.to_owned(), version))
    }

    #[test]
    fn a_version_is_decided_aside_until_it_is_quick_again() {
        let aside = Aside::default();
        decided(&aside, SLOW, LONG_MS - 1);
        assert!(!is_aside(&aside, SLOW));
        decided(&aside, SLOW, LONG_MS);
        assert!(is_aside(&aside, SLOW));
        assert!(!is_aside(&aside, ("slow", 4)) && !is_aside(&aside, ("other", 3)));
        for _ in 1..QUICK_AGAIN {
            decided(&aside, SLOW, 0);
        }
        assert!(is_aside(&aside, SLOW));
        decided(&aside, SLOW, LONG_MS);
        for _ in 1..QUICK_AGAIN {
            decided(&aside, SLOW, 0);
        }
        assert!(is_aside(&aside, SLOW), "counted anew after a long one");
        decided(&aside, SLOW, 0);
        assert!(!is_aside(&aside, SLOW));
        assert!(!aside.any.load(Ordering::Relaxed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_a_long_version_decides() {
        let aside = Aside::default();
        decided(&aside, SLOW, LONG_MS);
        let (told, heard) = mpsc::channel();
        // The only worker makes the decision, which waits for another task of the same runtime.
        let work = async move {
            tokio::spawn(async move { told.send("the other") });
            let wait = || heard.recv_timeout(Duration::from_secs(20));
            aside.decide(SLOW, || 0, wait)
        };
        assert_eq!(tokio::spawn(work).await.unwrap(), Ok("the other"));
    }

    #[tokio::test]
    async fn without_workers_it_is_decided_in_place() {
        let aside = Aside::default();
        decided(&aside, SLOW, LONG_MS);
        assert_eq!(aside.decide(SLOW, || 0, || 7), 7);
    }
}
