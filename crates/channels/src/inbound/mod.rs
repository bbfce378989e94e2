//! What arrives from channels, read into one shape. Verified first, over the raw bytes (`hooks`); stored, answered, and
//! only then acted on. Providers repeat and reorder: what came before is known again by `Event::key`.

mod email;
mod slack;
mod sms;
mod telegram;
mod whatsapp;

pub(crate) use email::Mail;
pub use email::without_quotes;
pub(crate) use slack::slack;
pub(crate) use sms::sms;
pub(crate) use telegram::telegram;
pub(crate) use whatsapp::whatsapp;

use crate::consent::Word;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Longest text that is kept of something that is not understood, bytes.
const KEPT_BYTES_MAX: usize = 64 * 1024;
/// Longest text of a message, characters; more is cut off and said to be.
const TEXT_MAX: usize = 32_000;

/// One thing that arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same for the same thing, and unique in the account.
    pub key: String,
    /// The address it came from or is about: E.164 number, chat id, e-mail address, Slack channel; may be empty.
    pub address: String,
    /// Where the provider puts it among those of its address; 0 where it does not say.
    pub rank: i64,
    /// What it is.
    pub what: What,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// A person wrote, pressed or sent something.
    Message(Box<Message>),
    /// A person changed something said before.
    Changed(Changed),
    /// The provider tells what became of a message of ours.
    Delivery(Delivery),
    /// It is not for anybody: an echo of our own, an answering machine; why.
    Idle {
        /// What it is.
        why: String,
    },
    /// Nothing that is known; kept as it came.
    Unknown {
        /// As it came.
        raw: Value,
    },
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Words.
    Text,
    /// A button or row that was pressed.
    Choice,
    /// The answers of a WhatsApp flow or web app.
    Flow,
    /// A place.
    Location,
    /// Cards of people.
    Contacts,
    /// A picture, sound, film, sticker or file.
    Media,
    /// Something that is not known; kept as it came.
    Unknown,
}

/// A message from a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The provider's id of it.
    pub id: String,
    /// What kind it is.
    pub kind: Kind,
    /// What they wrote, the label of what they pressed, a caption, or words for what it is.
    pub text: String,
    /// What the person calls themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Our address: phone number id, number, mailbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// Id of the button or row they pressed, as we sent it. Anybody can send anything: check that it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Who pressed it: the platform's id of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the whole message says about messages to them, where a channel has words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Word>,
    /// The answers of a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Value>,
    /// Files, by reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The messages it answers, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
    /// Subject line of a mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was sent, milliseconds since the epoch, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<i64>,
    /// As it came, where the words do not say all.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub raw: Value,
}

impl Message {
    fn new(id: String, kind: Kind, text: String) -> Self {
        let (name, choice, form, subject, sent_at) = (None, None, None, None, None);
        let (by, consent) = (None, None);
        let (media, reply_to, to, raw) = (Vec::new(), Vec::new(), String::new(), Value::Null);
        let text = bounded(text);
        Self { id, kind, text, name, to, choice, by, consent, form, media, reply_to, subject, sent_at, raw }
    }
}

/// A file somebody sent, as the provider keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `image`, `audio`, `video`, `sticker`, `document` and so on.
    pub what: String,
    /// The provider's id or address of it.
    pub reference: String,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// Something said before is different now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The provider's id of the message.
    pub id: String,
    /// How.
    pub how: Change,
}

/// How a message was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It has another text.
    Edited {
        /// The text now.
        text: String,
    },
    /// It was taken back.
    Deleted,
    /// Somebody put a sign on it; empty takes it away.
    Reacted {
        /// The sign.
        emoji: String,
    },
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The provider's id of our message.
    pub id: String,
    /// How far it came.
    pub status: DeliveryStatus,
    /// When, milliseconds since the epoch, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// The provider's error number, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's words, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It is to be sent.
    Queued,
    /// It is being sent; the provider did not answer yet.
    Sending,
    /// The provider has it.
    Accepted,
    /// It left the provider.
    Sent,
    /// It is on the person's device.
    Delivered,
    /// The person has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

impl DeliveryStatus {
    /// Of two that were told in any order, whether this one is the later: a failure is undone by an arrival only.
    #[must_use]
    pub fn is_after(self, other: Self) -> bool {
        let rank = |status| match status {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Accepted => 2,
            Self::Sent => 3,
            Self::Failed => 4,
            Self::Delivered => 5,
            Self::Read => 6,
        };
        rank(self) > rank(other)
    }
}

/// Something that is not known, kept as far as it goes.
pub(crate) fn unknown(body: &[u8]) -> Event {
    let text = String::from_utf8_lossy(body.get(..KEPT_BYTES_MAX).unwrap_or(body)).replace('\0', "\u{fffd}");
    let raw = serde_json::from_str(&text).unwrap_or(Value::String(text));
    strange(&hex::encode(Sha256::digest(body)), String::new(), 0, raw)
}

/// One of several that is not known.
fn strange(key: &str, address: String, rank: i64, raw: Value) -> Event {
    Event { key: format!("unknown:{key}"), address, rank, what: What::Unknown { raw } }
}

/// The key of something that has no id of its own.
fn hash_of(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string().as_bytes()))
}

fn event(key: String, address: String, rank: i64, message: Message) -> Event {
    Event { key, address, rank, what: What::Message(Box::new(message)) }
}

fn bounded(text: String) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}… [cut off]", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// `📍 Town hall, Main street 1 (52.5, 13.4)`.
fn place(name: Option<String>, address: Option<String>, latitude: &Value, longitude: &Value) -> String {
    let words: Vec<String> = [name, address].into_iter().flatten().filter(|word| !word.is_empty()).collect();
    format!("📍 {} ({latitude}, {longitude})", words.join(", ")).replace("  ", " ")
}

/// A number as customers have it.
fn number(digits: &str) -> String {
    if digits.starts_with('+') { digits.to_owned() } else { format!("+{digits}") }
}

/// The fields of a form as an object.
fn object(fields: &[(String, String)]) -> Value {
    let mut object = json!({});
    for (name, value) in fields {
        object[name] = json!(value);
    }
    object
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn statuses_go_forward_in_any_order() {
        use DeliveryStatus::{Accepted, Delivered, Failed, Read, Sent};
        for (one, other) in [(Sent, Accepted), (Delivered, Sent), (Read, Delivered), (Failed, Sent), (Read, Failed)] {
            assert!(one.is_after(other) && !other.is_after(one) && !one.is_after(one), "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_kept_within_bounds() {
        let long = vec![0_u8; 2 * KEPT_BYTES_MAX];
        let What::Unknown { raw: Value::String(text) } = unknown(&long).what else { panic!() };
        assert!(!text.contains('\0') && text.len() <= 4 * KEPT_BYTES_MAX);
        assert_ne!(unknown(b"a").key, unknown(b"b").key);
        assert!(bounded("ä".repeat(TEXT_MAX + 1)).ends_with("[cut off]"));
    }
}
