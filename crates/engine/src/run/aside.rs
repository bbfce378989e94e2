//! Decisions that take long are made beside the runtime's workers.
//!
//! A decision takes microseconds, so it is made where the input arrives. But one expression may take as long as its fuse
//! lets it, and on a small machine the runtime has a single worker: everybody would wait. So a version is decided while
//! another thread does the worker's work, until it has been quick for a while, and again once it was long.

use countersign_core::run::Version;
use quick_cache::sync::Cache;
use tokio::runtime::{Handle, RuntimeFlavor};

/// From here on a decision is long, milliseconds. Far above what the scheduler of a busy machine takes from a quick one.
const LONG_MS: i64 = 10;
/// So many quick decisions in a row, and the version counts as quick.
const QUICK_AFTER: u8 = 32;
/// How many versions are known; any other is a stranger.
const KNOWN_MAX: usize = 4096;

/// What is known of the versions.
pub(crate) struct Aside {
    /// Quick decisions each still owes, by where it is in memory: one that takes the place of another is taken for it,
    /// which costs no more than a long decision.
    owed: Cache<usize, u8>,
}

impl Default for Aside {
    fn default() -> Self {
        Self { owed: Cache::new(KNOWN_MAX) }
    }
}

impl Aside {
    /// Makes a decision of a version, on this worker or aside; `elapsed` counts milliseconds on a clock nobody sets.
    pub(crate) fn decide<T>(&self, version: &Version, elapsed: impl Fn() -> i64, decide: impl FnOnce() -> T) -> T {
        let version = std::ptr::from_ref(version).addr();
        self.decide_of(version, elapsed, decide)
    }

    fn decide_of<T>(&self, version: usize, elapsed: impl Fn() -> i64, decide: impl FnOnce() -> T) -> T {
        let owed = self.owed(version);
        let begun = elapsed();
        let decision = if owed > 0 { beside_workers(decide) } else { decide() };
        if elapsed() - begun >= LONG_MS {
            self.note(version, QUICK_AFTER);
        } else if owed > 0 {
            self.note(version, owed - 1);
        }
        decision
    }

    fn owed(&self, version: usize) -> u8 {
        self.owed.get(&version).unwrap_or(QUICK_AFTER)
    }

    fn note(&self, version: usize, owed: u8) {
        self.owed.insert(version, owed);
    }
}

/// Does work that may take long while another thread does what this worker would do; on a runtime without workers just so.
pub fn beside_workers<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        cell::Cell,
        sync::mpsc::{self, RecvTimeoutError},
        time::Duration,
    };

    const VERSION: usize = 7;

    /// A decision that takes so long by a clock of its own.
    fn decided(aside: &Aside, took_ms: i64) {
        let clock = Cell::new(0);
        aside.decide_of(VERSION, || clock.get(), || clock.set(took_ms));
    }

    fn known_as_quick() -> Aside {
        let aside = Aside::default();
        for _ in 0..QUICK_AFTER {
            assert!(aside.owed(VERSION) > 0);
            decided(&aside, LONG_MS - 1);
        }
        aside
    }

    #[test]
    fn a_version_is_decided_aside_until_it_is_quick_and_again_once_it_was_long() {
        let aside = known_as_quick();
        assert_eq!(aside.owed(VERSION), 0);
        assert!(aside.owed(VERSION + 1) > 0, "a stranger");
        decided(&aside, LONG_MS);
        assert_eq!(aside.owed(VERSION), QUICK_AFTER);
        decided(&aside, 0);
        decided(&aside, LONG_MS);
        assert_eq!(aside.owed(VERSION), QUICK_AFTER, "counted anew");
    }

    #[test]
    fn what_is_known_is_bounded() {
        let aside = known_as_quick();
        for version in 0..=KNOWN_MAX {
            aside.note(version, 0);
        }
        assert!(aside.owed.len() <= KNOWN_MAX);
    }

    /// The only worker makes a decision, which waits for another task of the same runtime.
    async fn decided_by_the_only_worker(aside: Aside, patience: Duration) -> Result<&'static str, RecvTimeoutError> {
        let (told, heard) = mpsc::channel();
        let work = async move {
            tokio::spawn(async move { told.send("the other") });
            aside.decide_of(VERSION, || 0, || heard.recv_timeout(patience))
        };
        tokio::spawn(work).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_a_strange_version_decides() {
        let told = decided_by_the_only_worker(Aside::default(), Duration::from_secs(20)).await;
        assert_eq!(told, Ok("the other"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_quick_version_is_decided_on_the_worker() {
        let told = decided_by_the_only_worker(known_as_quick(), Duration::from_millis(1)).await;
        assert_eq!(told, Err(RecvTimeoutError::Timeout));
    }

    #[tokio::test]
    async fn without_workers_it_is_decided_in_place() {
        assert_eq!(Aside::default().decide_of(VERSION, || 0, || 7), 7);
    }
}
