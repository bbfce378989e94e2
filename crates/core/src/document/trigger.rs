//! What starts a run.

use super::Workflow;
use crate::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What starts a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// A customer's message for which `when` holds; scope: `text`, `channel`, `customer`, `conversation`, `first`.
    Message {
        /// JSONata condition. `first` is whether nothing of the customer came before it in the conversation.
        when: String,
        /// Its name in the workflow; `message-1` and so on when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// `POST /api/v1/runs`.
    Api,
    /// A call from outside, at an address of the trigger's own that stays the same with every version.
    Webhook {
        /// Its name in the workflow; `webhook-1` and so on when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// How a call shows that it comes from who it should. The secret is given to the trigger, never to the document.
        #[serde(default, skip_serializing_if = "Verify::is_none")]
        verify: Verify,
        /// How the signature of `verify: hmac` is written, where it is not as usual.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hmac: Option<Signature>,
        /// JSONata: only calls for which it holds start a run; scope: `body`, `headers` (names in lower case), `query`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<String>,
        /// JSONata: the run's input; the body when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<String>,
        /// JSONata: what two calls have in common that are one, such as `headers."x-request-id"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dedup: Option<String>,
        /// When a call is answered.
        #[serde(default, skip_serializing_if = "Respond::is_accepted")]
        respond: Respond,
        /// How long a call that is answered at the end waits for it, 1s to 60s; 30s when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        respond_within: Option<Span>,
    },
    /// A cron expression in a time zone.
    Schedule {
        /// Cron expression of five fields, or six that begin with seconds.
        cron: String,
        /// IANA time zone, for example `Europe/Berlin`.
        time_zone: String,
        /// Its name in the workflow; `schedule-1` and so on when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The run's input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
        /// What becomes of times that passed while nothing ran.
        #[serde(default, skip_serializing_if = "Missed::is_default")]
        missed: Missed,
        /// What becomes of a time at which its last run is still under way.
        #[serde(default, skip_serializing_if = "Overlap::is_default")]
        overlap: Overlap,
    },
    /// A person presses start.
    Manual,
}

/// When a call of a webhook trigger is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Respond {
    /// Once it is on disk.
    #[default]
    Accepted,
    /// With the run's output once the run is over; as if accepted when that takes too long or the run waits for a person.
    End,
}

impl Respond {
    fn is_accepted(&self) -> bool {
        *self == Self::Accepted
    }
}

/// How long a call of a webhook trigger waits for the end where the document does not say.
pub const RESPOND_WITHIN: Span = Span(30_000);

/// How a call of a webhook trigger is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// Not at all: who knows the address may call it.
    #[default]
    None,
    /// `X-Webhook-Secret` is the secret.
    SharedSecret,
    /// `X-Signature` is the HMAC-SHA256 of the body in hex, with or without `sha256=` before it; `hmac` says otherwise.
    Hmac,
    /// As Stripe signs.
    Stripe,
    /// As Shopify signs.
    Shopify,
    /// As Slack signs.
    Slack,
    /// As GitHub signs.
    Github,
    /// As Twilio signs forms.
    Twilio,
}

impl Verify {
    /// Whether nothing is verified.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// How the HMAC of a body is written in a header.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Signature {
    /// The header it is in; `x-signature` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The hash function.
    #[serde(skip_serializing_if = "is_default")]
    pub algorithm: SignatureAlgorithm,
    /// How the bytes are written.
    #[serde(skip_serializing_if = "is_default")]
    pub encoding: SignatureEncoding,
    /// What must stand before it; when absent the algorithm and `=` may, such as `sha256=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

impl Signature {
    /// The header it is in, in small letters.
    #[must_use]
    pub fn header(&self) -> String {
        self.header.as_deref().unwrap_or("x-signature").to_ascii_lowercase()
    }
}

/// The hash function of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1.
    Sha1,
    /// SHA-512.
    Sha512,
}

impl SignatureAlgorithm {
    /// As written in the document, and before signatures.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
            Self::Sha512 => "sha512",
        }
    }
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What becomes of times of a schedule that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Nothing.
    Skip,
    /// One run, for the latest.
    #[default]
    One,
    /// A run for each, at most 1,000.
    All,
}

impl Missed {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a time of a schedule at which its last run is still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Nothing.
    Skip,
    /// It starts a run when the last one is over.
    Queue,
    /// It starts a run.
    #[default]
    Allow,
}

impl Overlap {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Trigger {
    /// The type as written in the document.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Api => "api",
            Self::Webhook { .. } => "webhook",
            Self::Schedule { .. } => "schedule",
            Self::Manual => "manual",
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Webhook { path: name, .. } | Self::Schedule { id: name, .. } | Self::Message { id: name, .. } => {
                name.as_deref()
            }
            Self::Api | Self::Manual => None,
        }
    }
}

impl Workflow {
    /// The triggers with their ids: the name given, or the type and its number among those of its type, from 1.
    pub fn triggers_by_id(&self) -> impl Iterator<Item = (String, &Trigger)> {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        self.triggers.iter().map(move |trigger| {
            let count = counts.entry(trigger.tag()).or_default();
            *count += 1;
            let numbered = || format!("{}-{count}", trigger.tag());
            (trigger.name().map_or_else(numbered, str::to_owned), trigger)
        })
    }
}
