//! How people are told what waits for them, and the links they are told it with.

use crate::{CheckpointKind, CheckpointStatus, DecidedBy, Fact, PersonRef, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One way to tell a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationChannel {
    /// `email`, `slack`, `telegram`, `whatsapp` or `sms`: each once, and once more for where others read too.
    pub channel: String,
    /// An e-mail address, a number in E.164, a chat id, a Slack user. For e-mail the person's own when null. A channel of
    /// Slack (`#name`, `C…`) or a group of Telegram (`-100…`) is read by others too: one message for all who name it, and
    /// no personal link.
    pub address: Option<String>,
    /// What is not told over it: `opened` (and changed), `reminded`, `escalated`, `reassigned`. All is, when empty.
    #[serde(default)]
    pub except: Vec<String>,
}

/// When one message lists what waits, instead of one for each. What is escalated, or would be too late, comes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Times of the day, `08:00`; 1 to 6.
    pub times: Vec<String>,
    /// IANA name, `Europe/Berlin`.
    pub time_zone: String,
}

/// Which way is tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestNotificationRequest {
    /// One of the caller's channels, as they are saved.
    pub channel: String,
    /// Which of their addresses there; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What came of a test message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestNotification {
    /// Whether the channel took it.
    pub sent: bool,
    /// Why not.
    pub error: Option<String>,
}

/// When a person is not told: what comes then comes when they end, unless it were too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Begin, `22:00`.
    pub from: String,
    /// End, `07:00`; on the next day when it is earlier.
    pub to: String,
    /// IANA name, `Europe/Berlin`.
    pub time_zone: String,
}

/// How a person is told what waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationSettings {
    /// Over what, each channel once; nothing at all when empty.
    pub channels: Vec<NotificationChannel>,
    /// When not.
    pub quiet_hours: Option<QuietHours>,
    /// When one message lists what waits.
    pub digest: Option<Digest>,
}

/// How the caller is told, and over what they could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyNotifications {
    /// Over what.
    pub channels: Vec<NotificationChannel>,
    /// When not.
    pub quiet_hours: Option<QuietHours>,
    /// When one message lists what waits.
    pub digest: Option<Digest>,
    /// The channels the workspace has an account for: over any other nothing arrives.
    pub available: Vec<String>,
}

/// Whom a checkpoint reached, over what and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Checkpoint id; empty where it is about none.
    pub checkpoint: String,
    /// The run that failed, the connection that was cut off, or number and hash of the last entry of the audit trail.
    pub about: Option<String>,
    /// Who.
    pub person: Option<PersonRef>,
    /// `email`, `slack`, `telegram`, `whatsapp` or `sms`.
    pub channel: String,
    /// Where.
    pub address: String,
    /// Why: `opened`, `reminded`, `escalated`, `reassigned`, `changed`, `failed`, `disconnected`, `head`; `decided` for a message
    /// that turns final.
    pub reason: String,
    /// `waiting` or `done`.
    pub status: String,
    /// `sent`; `sent_again` when an earlier attempt may have reached them too; `undeliverable`; `unknown` when it may have
    /// been delivered; `in_digest` when it comes with all else that waits; `moot` when it was decided before. Null while it waits.
    pub outcome: Option<String>,
    /// When it was asked for.
    pub at: i64,
    /// When it was sent or given up.
    pub done_at: Option<i64>,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong, at last.
    pub error: Option<String>,
}

/// What a personal link is for. Reading it changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LinkTarget {
    /// Checkpoint id.
    pub checkpoint: String,
    /// Why the run waits.
    pub kind: CheckpointKind,
    /// Who decides with it.
    pub person: PersonRef,
    /// Name of the workflow.
    pub workflow: String,
    /// Title of the step.
    pub title: String,
    /// One line.
    pub summary: String,
    /// Facts beside the summary.
    pub facts: Vec<Fact>,
    /// What approving does, a line each.
    pub effects: Vec<String>,
    /// What may be chosen.
    pub outcomes: Vec<String>,
    /// Since when it waits.
    pub opened_at: i64,
    /// When it ends by itself.
    pub due_at: Option<i64>,
    /// When the link ends by itself.
    pub expires_at: i64,
    /// Whether a decision takes the person's password.
    pub password: bool,
}

/// Decides with a personal link.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkDecisionRequest {
    /// One of the link's `outcomes`.
    pub outcome: String,
    /// Words, at most 4,000 characters.
    pub comment: Option<String>,
    /// The person's password, where the link says that it takes it.
    pub password: Option<String>,
}

/// What was decided.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// Checkpoint id.
    pub checkpoint: String,
    /// `open` while others must decide too, or it is held.
    pub status: CheckpointStatus,
    /// How.
    pub outcome: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
    /// By whom.
    pub decided_by: Option<DecidedBy>,
    /// Until when it can be taken back, where it is held: it counts then.
    pub held_until: Option<i64>,
}

/// One decision of several.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDecision {
    /// Checkpoint id.
    pub checkpoint: String,
    /// One of its `outcomes`.
    pub outcome: String,
    /// Words, at most 4,000 characters.
    pub comment: Option<String>,
    /// The checkpoint's `shown` as it was read.
    pub shown: Option<String>,
}

/// Several decisions: each is checked, recorded and refused for itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDecisionRequest {
    /// 1 to 100, each checkpoint once.
    pub decisions: Vec<BatchDecision>,
}

/// What came of one of several decisions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchDecided {
    /// Checkpoint id.
    pub checkpoint: String,
    /// What was decided; null when it was refused.
    pub decided: Option<Decided>,
    /// Why it was refused.
    pub problem: Option<Problem>,
}

/// What came of several decisions, in their order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchDecisionAnswer {
    /// One for each.
    pub results: Vec<BatchDecided>,
}
