//! A list that forgets its oldest entries.

use std::collections::VecDeque;

/// At most `max` items; pushing onto a full ring drops the oldest.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    max: usize,
}

impl<T> Ring<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self { items: VecDeque::new(), max }
    }

    /// Adds an item and returns the one that had to go.
    pub(crate) fn push(&mut self, item: T) -> Option<T> {
        let evicted = if self.items.len() >= self.max { self.items.pop_front() } else { None };
        self.items.push_back(item);
        evicted
    }

    /// Takes those out that are meant; whether there were any.
    pub(crate) fn remove(&mut self, meant: impl Fn(&T) -> bool) -> bool {
        let before = self.items.len();
        self.items.retain(|item| !meant(item));
        self.items.len() < before
    }

    /// Takes the first one out that is meant.
    pub(crate) fn take(&mut self, meant: impl Fn(&T) -> bool) -> Option<T> {
        let place = self.items.iter().position(meant)?;
        self.items.remove(place)
    }

    pub(crate) fn pop_oldest(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    /// Oldest first.
    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.items.iter_mut()
    }

    /// The newest `limit` items that pass, oldest first.
    pub(crate) fn newest(&self, limit: usize, passes: impl Fn(&T) -> bool) -> Vec<&T> {
        let mut found: Vec<&T> = self.items.iter().rev().filter(|item| passes(item)).take(limit).collect();
        found.reverse();
        found
    }
}
