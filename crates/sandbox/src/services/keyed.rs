//! Saved answers by idempotency key, with the rules Stripe documents.

use std::collections::HashMap;

use super::world::{At, World};
use crate::{
    memory::ring::Ring,
    wire::reply::{Effect, Reply},
};

const SAVED_MAX: usize = 100_000;

/// Who saved the answer; each service has its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Stripe's `Idempotency-Key`.
    Stripe,
    /// Shopify's `@idempotent(key:)`.
    Shopify,
    /// The generic REST service's `Idempotency-Key`.
    Rest,
}

/// Why a key could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyConflict {
    /// The key belongs to a different request.
    OtherRequest,
    /// The first request with this key has not been answered yet.
    InUse,
}

#[derive(Debug)]
struct Saved {
    fingerprint: String,
    reply: Reply,
    /// Until this millisecond the first answer is held back and the key counts as in use.
    ready_at: i64,
}

/// The newest 100,000 saved answers; older keys are forgotten, as Stripe forgets them after a day.
#[derive(Debug)]
pub(crate) struct SavedAnswers {
    by_key: HashMap<(Scope, String), Saved>,
    order: Ring<(Scope, String)>,
}

impl Default for SavedAnswers {
    fn default() -> Self {
        Self { by_key: HashMap::new(), order: Ring::new(SAVED_MAX) }
    }
}

impl World {
    /// Runs `execute` once per key: a repeat gets the saved answer, whatever it was. Refusals are not saved.
    pub(crate) fn once(
        &mut self,
        (scope, key): (Scope, &str),
        fingerprint: &str,
        at: At,
        execute: impl FnOnce(&mut Self) -> Reply,
    ) -> Result<Reply, KeyConflict> {
        let slot = (scope, key.to_owned());
        if let Some(saved) = self.saved.by_key.get(&slot) {
            if saved.fingerprint != fingerprint {
                return Err(KeyConflict::OtherRequest);
            }
            if at.now < saved.ready_at {
                return Err(KeyConflict::InUse);
            }
            return Ok(Reply { effect: Effect::Replayed, ..saved.reply.clone() });
        }
        let reply = execute(self);
        if reply.effect != Effect::Refused {
            let ready_at = at.now.saturating_add_unsigned(at.hold_ms);
            let saved = Saved { fingerprint: fingerprint.to_owned(), reply: reply.clone(), ready_at };
            if let Some(oldest) = self.saved.order.push(slot.clone()) {
                self.saved.by_key.remove(&oldest);
            }
            self.saved.by_key.insert(slot, saved);
        }
        Ok(reply)
    }
}
