//! Whether the database takes writes: told by what became of the last one, in one line of the log when it changes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Result, StoreError};

/// How long a write that went well is believed.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// How long one that failed is: a probe may have found room since.
const BAD_FOR: Duration = Duration::from_secs(1);

/// What the last write said.
#[derive(Debug)]
pub(crate) struct Health {
    /// What a person calls the database: its file, or PostgreSQL.
    place: String,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    at: Option<Instant>,
    /// Why it cannot be written.
    trouble: Option<StoreError>,
}

impl Health {
    pub(crate) fn new(place: String) -> Self {
        metrics::gauge!("countersign_store_writable").set(1.0);
        Self { place, last: Mutex::default() }
    }

    /// Learns from a write that `began` then. One that went well but began before another failed says nothing: it may have
    /// been on the disk before the trouble was, and only come back later.
    pub(crate) fn note<T>(&self, began: Instant, outcome: &Result<T>) {
        let trouble = match outcome {
            Err(error @ (StoreError::Full | StoreError::ReadOnly | StoreError::DiskFailed(_))) => Some(error),
            // Away, or nothing was written: says nothing of the disk.
            Err(StoreError::Busy(_)) => return,
            Ok(_) | Err(_) => None,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_none() && last.trouble.is_some() && last.at.is_some_and(|failed| began < failed) {
            return;
        }
        match (trouble, &last.trouble) {
            (Some(error), None) => self.told(error),
            (None, Some(_)) => {
                metrics::gauge!("countersign_store_writable").set(1.0);
                tracing::info!(database = self.place, "the database is written again");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        *last = Last { at: Some(Instant::now()), trouble: trouble.cloned() };
    }

    fn told(&self, error: &StoreError) {
        metrics::gauge!("countersign_store_writable").set(0.0);
        let remedy = if matches!(error, StoreError::Full) {
            "make room"
        } else if matches!(error, StoreError::ReadOnly) {
            "make it writable again: mount -o remount,rw, the rights of the files, or default_transaction_read_only"
        } else {
            "look at the kernel's log and mend or replace the disk"
        };
        tracing::error!(
            database = self.place,
            %error,
            remedy,
            "the database cannot be written; nothing accepted is lost, and work goes on by itself once it can"
        );
    }

    /// What is known, or `None` when it is old enough to try.
    pub(crate) fn known(&self) -> Option<Result<()>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let age = last.at?.elapsed();
        match &last.trouble {
            Some(error) => (age < BAD_FOR).then(|| Err(error.clone())),
            None => (age < GOOD_FOR).then_some(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_began_before_the_trouble_does_not_end_it() {
        let health = Health::new("here".to_owned());
        let early = Instant::now();
        health.note(Instant::now(), &Err::<(), _>(StoreError::ReadOnly));
        health.note(early, &Ok(()));
        assert!(matches!(health.known(), Some(Err(StoreError::ReadOnly))));
        health.note(Instant::now(), &Ok(()));
        assert!(matches!(health.known(), Some(Ok(()))));
    }
}
