//! Small answers remembered for a few seconds.

use parking_lot::RwLock;
use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// A bounded map whose entries are believed for a while. Full means forgotten: it starts over empty.
pub(crate) struct Cache<K, V> {
    entries: RwLock<HashMap<K, (Instant, V)>>,
    believed: Duration,
    entries_max: usize,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(believed: Duration, entries_max: usize) -> Self {
        Self { entries: RwLock::new(HashMap::new()), believed, entries_max }
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entries = self.entries.read();
        let (since, value) = entries.get(key)?;
        (since.elapsed() < self.believed).then(|| value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V) {
        if self.believed.is_zero() {
            return;
        }
        let mut entries = self.entries.write();
        if entries.len() >= self.entries_max {
            entries.clear();
        }
        entries.insert(key, (Instant::now(), value));
    }

    /// Forgets everything: something behind it changed.
    pub(crate) fn clear(&self) {
        self.entries.write().clear();
    }
}
