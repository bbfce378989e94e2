//! The ways out of a step: one definition for machine, checks, moves, differences and pages.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A way out of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// The ordinary way on.
    Next,
    /// The branch of a condition with this number, from 1.
    When(usize),
    /// No branch of a condition holds.
    Otherwise,
    /// An approval was given.
    Approved,
    /// An approval was refused.
    Rejected,
    /// Something else was wanted of an approval.
    Changes,
    /// A named outcome of a handoff.
    Named(String),
    /// The step failed.
    Error,
    /// Nobody answered in time.
    Timeout,
    /// The run ends here.
    End,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("next"),
            Self::When(number) => write!(f, "when {number}"),
            Self::Otherwise => f.write_str("otherwise"),
            Self::Approved => f.write_str("approved"),
            Self::Rejected => f.write_str("rejected"),
            Self::Changes => f.write_str("changes"),
            Self::Named(name) => f.write_str(name),
            Self::Error => f.write_str("error"),
            Self::Timeout => f.write_str("timeout"),
            Self::End => f.write_str("end"),
        }
    }
}
