//! What people received, over all channels: the source of the phone page.

use serde_json::{Value, json};

use super::ring::Ring;

const MESSAGES_MAX: usize = 20_000;

/// Where a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// WhatsApp.
    WhatsApp,
    /// SMS.
    Sms,
    /// Telegram.
    Telegram,
    /// E-mail.
    Email,
    /// Slack, where operators sit; not on the phone page.
    Slack,
}

impl Channel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Telegram => "telegram",
            Self::Email => "email",
            Self::Slack => "slack",
        }
    }

    pub(crate) fn on_phone(self) -> bool {
        match self {
            Self::WhatsApp | Self::Sms | Self::Telegram | Self::Email => true,
            Self::Slack => false,
        }
    }
}

/// One delivered message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The provider's id.
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) channel: Channel,
    /// As the channel addresses people: phone number, chat id, e-mail address, Slack channel.
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    /// Titles of the buttons or rows to choose from.
    pub(crate) choices: Vec<String>,
    /// When it was last edited.
    pub(crate) edited_at: Option<i64>,
    /// What the provider was given, for channels whose messages are structured.
    pub(crate) payload: Value,
}

impl Message {
    pub(crate) fn json(&self, customer: &Value) -> Value {
        json!({
            "id": self.id, "at": self.at, "channel": self.channel.name(), "to": self.to, "from": self.from,
            "customer": customer, "subject": self.subject, "text": self.text, "choices": self.choices,
            "edited_at": self.edited_at, "payload": self.payload,
        })
    }
}

/// The newest 20,000 messages.
#[derive(Debug)]
pub(crate) struct Messages(Ring<Message>);

impl Default for Messages {
    fn default() -> Self {
        Self(Ring::new(MESSAGES_MAX))
    }
}

impl Messages {
    pub(crate) fn deliver(&mut self, message: Message) {
        self.0.push(message);
    }

    /// The message with that id in that place, for edits.
    pub(crate) fn find_mut(&mut self, channel: Channel, to: &str, id: &str) -> Option<&mut Message> {
        self.0.iter_mut().rev().find(|message| message.channel == channel && message.to == to && message.id == id)
    }

    /// Takes a message out; whether it was there.
    pub(crate) fn remove(&mut self, channel: Channel, to: &str, id: &str) -> bool {
        self.0.remove(|message| message.channel == channel && message.to == to && message.id == id)
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.0.iter()
    }

    /// The newest `limit` that pass, oldest first.
    pub(crate) fn newest(&self, limit: usize, passes: impl Fn(&Message) -> bool) -> Vec<&Message> {
        self.0.newest(limit, passes)
    }
}
