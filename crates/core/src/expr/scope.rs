//! The names an expression can read.

use crate::time::Timestamp;
use serde_json::{Map, Value};

/// What an expression sees: borrowed values by root name, and the time that `$now()` and `$millis()` answer.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    now: Timestamp,
    layers: Vec<Layer<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Layer<'a> {
    One(&'a str, &'a Value),
    All(&'a Map<String, Value>),
}

impl<'a> Scope<'a> {
    /// An empty scope at that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now, layers: Vec::with_capacity(8) }
    }

    /// Adds one name; it hides an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a Value) -> Self {
        self.insert(name, value);
        self
    }

    /// Adds every member of a map as a name; they hide earlier ones.
    #[must_use]
    pub fn with_map(mut self, map: &'a Map<String, Value>) -> Self {
        self.layers.push(Layer::All(map));
        self
    }

    /// Adds one name in place; it hides an earlier one of the same name.
    pub fn insert(&mut self, name: &'a str, value: &'a Value) {
        self.layers.push(Layer::One(name, value));
    }

    /// The value of a root name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.layers.iter().rev().find_map(|layer| match layer {
            Layer::One(own, value) => (*own == name).then_some(*value),
            Layer::All(map) => map.get(name),
        })
    }

    /// The time that `$now()` answers.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Every name and value in order of addition, hidden ones included: the last of a name counts.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.layers.iter().flat_map(|layer| {
            let (one, all) = match *layer {
                Layer::One(name, value) => (Some((name, value)), None),
                Layer::All(map) => (None, Some(map.iter().map(|(name, value)| (name.as_str(), value)))),
            };
            one.into_iter().chain(all.into_iter().flatten())
        })
    }
}
