//! Who is told when runs fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is told when runs fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// Roles, groups and e-mail addresses of members.
    pub tell: Vec<String>,
    /// Whether they are told of each run that failed, in one message every five minutes at most; yes when absent.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub each: bool,
    /// They are told, once an hour at most, while at least so many of a hundred of the newest runs failed: of the last 50
    /// that ended, once there are 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
}

/// Runs that must have ended before a rate is told.
const RATED_MIN: u64 = 10;

impl Alerts {
    /// Whether of so many runs that ended so many failed that it is told.
    #[must_use]
    pub fn too_many(&self, ended: u64, failed: u64) -> bool {
        self.percent.is_some_and(|percent| ended >= RATED_MIN && failed * 100 >= ended * u64::from(percent))
    }
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(each: &bool) -> bool {
    *each
}
