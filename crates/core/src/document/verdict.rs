//! What is said about an approval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is said about an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Something else is wanted.
    Changes,
}

impl Verdict {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Approved, Self::Rejected, Self::Changes];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Changes => "changes",
        }
    }

    /// What the word means; none for any other word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}
