//! How a wait for a person ends, and what is found out about a call: words of the API, meanings here.

use super::{CheckpointKind, UnknownAnswer};
pub use crate::document::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How a checkpoint ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The form was sent.
    Submitted,
    /// An approval was decided.
    Decided(Verdict),
    /// The conversation was handed back.
    HandedBack(HandedBack),
    /// Somebody said what became of a call.
    Resolved(Resolution),
    /// Nobody answered in time.
    Timeout,
    /// What was written was no answer too often.
    Unusable,
    /// The run was stopped.
    Cancelled,
}

/// With what a conversation is handed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandedBack {
    /// Nothing in particular.
    Returned,
    /// One of the step's named outcomes.
    Named(String),
}

/// What a person said about a call with an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It took place.
    Happened,
    /// It did not: send it.
    NotHappened,
    /// Stop here.
    Stop,
}

/// What a look-up found about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It took place.
    Happened,
    /// It did not.
    DidNotHappen,
    /// It could not be told.
    Unclear,
}

impl Outcome {
    /// The word for it in rows and the API.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Submitted => "submitted",
            Self::Decided(verdict) => verdict.word(),
            Self::HandedBack(back) => back.word(),
            Self::Resolved(resolution) => resolution.word(),
            Self::Timeout => "timeout",
            Self::Unusable => "unusable",
            Self::Cancelled => "cancelled",
        }
    }

    /// What the word in the row of a checkpoint of that kind means; none for a word that has no meaning there.
    #[must_use]
    pub fn read(kind: CheckpointKind, word: &str) -> Option<Self> {
        match (kind, word) {
            (_, "timeout") => Some(Self::Timeout),
            (_, "cancelled") => Some(Self::Cancelled),
            (CheckpointKind::Form, "unusable") => Some(Self::Unusable),
            (CheckpointKind::Form, "submitted") => Some(Self::Submitted),
            (CheckpointKind::Form, _) => None,
            (CheckpointKind::Approval, word) => Verdict::read(word).map(Self::Decided),
            (CheckpointKind::Handoff, word) => Some(Self::HandedBack(HandedBack::read(word))),
            (CheckpointKind::UnknownOutcome, word) => Resolution::read(word).map(Self::Resolved),
        }
    }
}

impl HandedBack {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Returned => "returned",
            Self::Named(name) => name,
        }
    }

    /// `returned`, or the name of an outcome; whether the step has that, the step says.
    #[must_use]
    pub fn read(word: &str) -> Self {
        if word == "returned" { Self::Returned } else { Self::Named(word.to_owned()) }
    }
}

impl Resolution {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Happened, Self::NotHappened, Self::Stop];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::NotHappened => "not_happened",
            Self::Stop => "stop",
        }
    }

    /// The answer it is, with the result of what happened.
    #[must_use]
    pub fn answer(self, result: Value) -> UnknownAnswer {
        match self {
            Self::Happened => UnknownAnswer::Happened { result },
            Self::NotHappened => UnknownAnswer::NotHappened,
            Self::Stop => UnknownAnswer::Stop,
        }
    }

    /// What the word means; none for any other word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.word() == word)
    }
}

impl Found {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Happened => "happened",
            Self::DidNotHappen => "did_not_happen",
            Self::Unclear => "unclear",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_something_only_where_it_is_offered() {
        let approval = CheckpointKind::Approval;
        assert_eq!(Outcome::read(approval, "approved"), Some(Outcome::Decided(Verdict::Approved)));
        assert_eq!(Outcome::read(approval, "aproved"), None, "never as if rejected");
        assert_eq!(Outcome::read(CheckpointKind::Form, "approved"), None);
        assert_eq!(Outcome::read(CheckpointKind::UnknownOutcome, "rejected"), None);
        let named = Outcome::HandedBack(HandedBack::Named("rejected".into()));
        assert_eq!(Outcome::read(CheckpointKind::Handoff, "rejected"), Some(named.clone()), "a name of the author's");
        let text = serde_json::to_string(&named).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Outcome>(&text).ok(), Some(named), "written and read it stays what it is");
        assert!(serde_json::from_str::<Outcome>(r#"{"decided":"maybe"}"#).is_err());
    }
}
