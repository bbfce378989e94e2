//! Places: how much is worked on at the same time, for all, for one address, for one conversation.

use crate::http::problem::{ApiError, ApiResult};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places of which each key has at most so many.
#[derive(Debug)]
pub(crate) struct Shares {
    each_max: usize,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place of one key, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    taken: Arc<Mutex<HashMap<String, usize>>>,
    key: String,
}

impl Shares {
    pub(crate) fn new(each_max: usize) -> Self {
        Self { each_max, taken: Arc::default() }
    }

    /// A place, unless this key has all of its own.
    pub(crate) fn take(&self, key: &str) -> ApiResult<Share> {
        let mut taken = self.taken.lock();
        let count = taken.entry(key.to_owned()).or_insert(0);
        if *count >= self.each_max {
            return Err(ApiError::rate_limited(5));
        }
        *count += 1;
        Ok(Share { taken: Arc::clone(&self.taken), key: key.to_owned() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

/// Places for requests, some of them kept for callers who were let in lately.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    addresses: Shares,
}

/// A place for one request.
#[derive(Debug)]
pub(crate) struct Place {
    _all: OwnedSemaphorePermit,
    _stranger: Option<(OwnedSemaphorePermit, Share)>,
}

/// As many permits as can be.
pub(crate) fn permits(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}

impl Places {
    pub(crate) fn new(max: usize, reserved: usize, per_address: usize) -> Self {
        // However few there are, strangers have some: somebody must be able to sign in.
        let strangers = max.saturating_sub(reserved).max(max.div_ceil(2));
        Self { all: permits(max), strangers: permits(strangers), addresses: Shares::new(per_address) }
    }

    /// A place for a request of somebody who was let in lately, or of a stranger at this address.
    pub(crate) fn take(&self, stranger: Option<&str>) -> ApiResult<Place> {
        let full = || ApiError::busy("the server works on as many requests as it takes");
        let permit = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_owned().map_err(|_| full());
        let stranger = match stranger {
            Some(address) => Some((permit(&self.strangers)?, self.addresses.take(address)?)),
            None => None,
        };
        Ok(Place { _all: permit(&self.all)?, _stranger: stranger })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn strangers_leave_places_for_those_who_are_known_and_for_each_other() {
        let places = Places::new(6, 2, 3);
        let first: Vec<_> = (0..3).map(|_| places.take(Some("a")).unwrap()).collect();
        assert!(places.take(Some("a")).is_err(), "one address takes all it wants");
        let other = places.take(Some("b")).unwrap();
        assert!(places.take(Some("b")).is_err(), "strangers take the reserve");
        let known = [places.take(None).unwrap(), places.take(None).unwrap()];
        assert!(places.take(None).is_err());
        drop((first, other, known));
        assert!(places.take(Some("a")).is_ok());
        assert!(places.addresses.taken.lock().is_empty(), "who is gone is forgotten");
    }
}
