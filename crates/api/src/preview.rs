//! What a part of a document would do, before there is a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An approval policy to try.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewApproversRequest {
    /// Roles or groups, any of which is enough.
    #[serde(default)]
    pub roles: Vec<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub users: Vec<String>,
    /// How many different people must approve.
    #[serde(default = "one")]
    pub quorum: u32,
    /// Whether who started the run may not decide.
    #[serde(default)]
    pub exclude_requester: bool,
    /// Whether who published the version may not decide.
    #[serde(default)]
    pub exclude_author: bool,
    /// How many of a role or group must be among those who approve.
    #[serde(default)]
    pub counts: BTreeMap<String, u32>,
}

fn one() -> u32 {
    1
}

/// Somebody the policy lets approve.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApproverPreview {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Why they cannot or do not although the policy names them: they are disabled, have not signed in yet or are away.
    pub hindered: Option<String>,
}

/// Who could approve now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApproversPreview {
    /// Everybody the policy names, in order of name.
    pub people: Vec<ApproverPreview>,
    /// Whether enough of them can.
    pub enough: bool,
    /// Whether still enough of them can when one of them started the run, or published the version, where that excludes.
    pub enough_without_requester: bool,
    /// What is missing, in words.
    pub missing: Option<String>,
}

/// A form to try.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewFormRequest {
    /// JSON Schema of the form.
    pub form: Value,
    /// What the customer reads above it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
}

/// The first message of a form where there are none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormMessage {
    /// Its words.
    pub text: String,
    /// What can be pressed or picked; empty where choices are numbers in the words.
    pub choices: Vec<String>,
}

/// How a form is shown over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormShowing {
    /// As the form it is.
    Inline,
    /// One question with buttons.
    Buttons,
    /// One question with a list to choose from.
    List,
    /// One question with numbered answers.
    Numbered,
    /// One question; the next message is the answer.
    Question,
    /// One question after the other.
    Questions,
    /// Not here: it has fields that cannot be asked for in words.
    Link,
}

/// A form over one channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormPreview {
    /// `conversation`, `whatsapp`, `telegram`, `sms` or `email`.
    pub channel: String,
    /// How it is shown there.
    pub showing: FormShowing,
    /// What is sent there; none where the form itself is shown. In the place of the link of a page stands an example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<FormMessage>,
    /// What is cut off or cannot be shown.
    pub problems: Vec<String>,
}

/// A form over every channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormPreviews {
    /// One for each channel.
    pub channels: Vec<FormPreview>,
}

/// A schedule to try.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewScheduleRequest {
    /// Cron expression of five fields, or six that begin with seconds.
    pub cron: String,
    /// IANA time zone.
    pub time_zone: String,
}

/// When a schedule fires.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SchedulePreview {
    /// The next times from now on, milliseconds since the epoch, at most 3; none when it cannot be kept, and the check says why.
    pub times: Vec<i64>,
}
