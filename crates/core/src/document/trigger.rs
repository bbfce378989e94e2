//! What starts a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What starts a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// A customer's message for which `when` holds; scope: `text`, `channel`, `customer`, `conversation`.
    Message {
        /// JSONata condition.
        when: String,
    },
    /// `POST /api/v1/runs`.
    Api,
    /// A signed call from outside.
    Webhook {
        /// The last part of the address it is received at.
        path: String,
    },
    /// A cron expression in a time zone.
    Schedule {
        /// Five-field cron expression.
        cron: String,
        /// IANA time zone, for example `Europe/Berlin`.
        time_zone: String,
    },
    /// A person presses start.
    Manual,
}
