//! A decision that waits a moment before it counts, so that who took it can take it back: the clock runs, nothing is sent.

use super::{Actor, Verdict};
use crate::{approval::Edits, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A decision that was taken and does not count yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldDecision {
    /// How.
    pub verdict: Verdict,
    /// Who.
    pub by: Actor,
    /// Their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// What they filled in; null for nothing.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub values: Value,
    /// What they change in the requests.
    #[serde(default, skip_serializing_if = "Edits::is_empty")]
    pub edits: Edits,
    /// When they said it.
    pub at: Timestamp,
    /// When it counts.
    pub until: Timestamp,
}

impl HeldDecision {
    /// In a sentence, for whoever comes second.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} by {}; it counts in a moment unless they take it back", self.verdict.word(), self.by.name)
    }

    /// Whether it is theirs to take back: they are the person who took it, whoever it was for.
    #[must_use]
    pub fn is_of(&self, actor: &Actor) -> bool {
        self.by.person() == actor.person()
    }
}

/// Of a decision that was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakenBack {
    /// How it was.
    pub verdict: Verdict,
    /// Who took it, and took it back.
    pub by: Actor,
    /// When they had said it.
    pub said_at: Timestamp,
}
