//! Who had a hand in what is to be approved.

use crate::run::{Actor, Via};
use serde::{Deserialize, Serialize};

/// The most people kept; more than that have no say left to lose.
const CONTRIBUTORS_MAX: usize = 200;

/// Nobody had.
pub(super) static NOBODY: Contributors = Contributors(Vec::new());

/// The people who had a hand in a run: who started it, sent it on, changed or moved it, or filled in a form for the customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Contributors(Vec<String>);

impl Contributors {
    /// Notes that this person had a hand in it. What a customer says of themselves does not make them one.
    pub fn add(&mut self, actor: &Actor) {
        let person = actor.person();
        if actor.via == Via::Conversation || person.is_empty() || self.0.len() >= CONTRIBUTORS_MAX {
            return;
        }
        if !self.0.iter().any(|known| known == person) {
            self.0.push(person.to_owned());
        }
    }

    /// Notes everybody who had a hand in another run that this one goes on from.
    pub fn extend(&mut self, others: &Self) {
        for person in &others.0 {
            if !self.0.contains(person) {
                self.0.push(person.clone());
            }
        }
    }

    /// Whether this person, the person behind this key, or whom they stand in for had a hand in it.
    #[must_use]
    pub fn includes(&self, actor: &Actor) -> bool {
        self.0.iter().any(|known| actor.people().any(|person| person == known))
    }

    /// Their ids.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether nobody had.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
