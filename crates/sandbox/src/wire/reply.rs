//! One answer, and what producing it did to the world.

use hyper::{StatusCode, body::Bytes};
use serde_json::Value;

/// What an answered call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Looked, changed nothing.
    Read,
    /// Changed the world.
    Changed,
    /// Turned away before execution began: bad credentials, bad parameters. Never saved under an idempotency key.
    Refused,
    /// Execution began and ended in an error. Saved under an idempotency key, as Stripe documents.
    Failed,
    /// The saved answer of an earlier call with the same key.
    Replayed,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) effect: Effect,
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json(status: StatusCode, body: &Value, effect: Effect) -> Self {
        Self {
            status,
            content_type: "application/json",
            headers: Vec::new(),
            body: Bytes::from(body.to_string()),
            effect,
        }
    }

    /// 200 for something that was only looked at.
    pub(crate) fn read(body: &Value) -> Self {
        Self::json(StatusCode::OK, body, Effect::Read)
    }

    /// 200 for something that changed the world.
    pub(crate) fn changed(body: &Value) -> Self {
        Self::json(StatusCode::OK, body, Effect::Changed)
    }

    /// An error before execution began.
    pub(crate) fn refused(status: StatusCode, body: &Value) -> Self {
        Self::json(status, body, Effect::Refused)
    }

    /// The same answer with one more header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
