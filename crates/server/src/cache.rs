//! Small answers remembered for a few seconds.

use quick_cache::{Equivalent, sync};
use std::{
    hash::Hash,
    time::{Duration, Instant},
};

/// A bounded map whose entries are believed for a while.
pub(crate) struct Cache<K, V> {
    entries: sync::Cache<K, (Instant, V)>,
    believed: Duration,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(believed: Duration, entries_max: usize) -> Self {
        Self { entries: sync::Cache::new(entries_max), believed }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        let (since, value) = self.entries.get(key)?;
        (since.elapsed() < self.believed).then_some(value)
    }

    pub(crate) fn put(&self, key: K, value: V) {
        if !self.believed.is_zero() {
            self.entries.insert(key, (Instant::now(), value));
        }
    }

    /// Forgets everything: something behind it changed.
    pub(crate) fn clear(&self) {
        self.entries.clear();
    }
}
