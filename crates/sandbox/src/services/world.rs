//! Everything the sandbox knows: the services' states, and what they share. No IO and no clock in here.

use std::collections::BTreeMap;

use super::{customer, keyed::SavedAnswers, oauth, rest, shopify, slack, smtp_sink, stripe, telegram, whatsapp};
use crate::memory::{directory::Directory, fault::Faults, ledger::Ledger, messages::Messages};

/// When a call is executed and how long its answer will be held back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// Milliseconds since the epoch.
    pub(crate) now: i64,
    /// Milliseconds; an idempotency key counts as in use for this long.
    pub(crate) hold_ms: u64,
}

impl At {
    /// Seconds since the epoch, as Stripe and Telegram count.
    pub(crate) fn seconds(self) -> i64 {
        self.now.div_euclid(1_000)
    }
}

/// Counters behind the ids.
#[derive(Debug, Default)]
pub(crate) struct Ids(BTreeMap<&'static str, u64>);

impl Ids {
    /// The next number of that kind, from 1.
    pub(crate) fn number(&mut self, kind: &'static str) -> u64 {
        let next = self.0.entry(kind).or_default();
        *next += 1;
        *next
    }

    /// `in_` → `in_000001`, `in_000002`, …
    pub(crate) fn next(&mut self, prefix: &'static str) -> String {
        format!("{prefix}{:06}", self.number(prefix))
    }
}

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) directory: Directory,
    pub(crate) stripe: stripe::State,
    pub(crate) whatsapp: whatsapp::State,
    pub(crate) telegram: telegram::State,
    pub(crate) shopify: shopify::State,
    pub(crate) slack: slack::State,
    pub(crate) oauth: oauth::State,
    pub(crate) rest: rest::State,
    pub(crate) mails: smtp_sink::State,
    pub(crate) messages: Messages,
    /// What customers do, and who is told of it.
    pub(crate) customer: customer::State,
    pub(crate) saved: SavedAnswers,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
}

impl World {
    /// A fresh world: seed data, no calls, no faults. `now` anchors the billing periods.
    pub(crate) fn seeded(now: i64) -> Self {
        let directory = Directory::seeded();
        Self {
            ids: Ids::default(),
            stripe: stripe::State::seeded(&directory, now.div_euclid(1_000)),
            whatsapp: whatsapp::State::seeded(),
            telegram: telegram::State::default(),
            shopify: shopify::State::seeded(&directory),
            slack: slack::State::default(),
            oauth: oauth::State::default(),
            rest: rest::State::default(),
            mails: smtp_sink::State::default(),
            messages: Messages::default(),
            customer: customer::State::default(),
            saved: SavedAnswers::default(),
            faults: Faults::default(),
            ledger: Ledger::default(),
            directory,
        }
    }
}
