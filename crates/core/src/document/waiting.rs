//! What the customer reads while a workflow keeps them waiting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the customer reads in the conversation while they wait for people; nothing when absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`true` for the workspace's words, `false` or a text")]
pub enum WaitingMessage {
    /// `true`: the workspace's words; `false`: nothing is said.
    Standard(bool),
    /// Words of its own, a template; nothing is said when empty.
    Own(String),
}

impl WaitingMessage {
    /// The template, where it has words of its own.
    #[must_use]
    pub fn own(&self) -> Option<&str> {
        match self {
            Self::Own(text) => Some(text),
            Self::Standard(_) => None,
        }
    }
}
