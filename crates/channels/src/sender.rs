//! The one door for outgoing messages.

use crate::{
    account::{ChannelAccount, Platform},
    email,
    forms::Choice,
    slack, telegram, twilio, whatsapp,
};
use countersign_core::{document::MessageTemplate, log::FailureClass};
use countersign_outbound::{Mask, Outbound};
use serde_json::Value;
use std::time::Duration;

/// How long an account that sends too fast is left alone when nobody says how long, seconds.
const THROTTLED_SECONDS: u64 = 5;

/// A message to one address.
#[derive(Debug, Clone, Copy)]
pub struct OutboundMessage<'a> {
    /// Must be the account's.
    pub channel: Platform,
    /// E.164 number, e-mail address, Telegram chat id or Slack channel.
    pub to: &'a str,
    /// Subject line; only e-mail shows it.
    pub subject: &'a str,
    /// The text.
    pub body: &'a str,
    /// Name of this sending, the same on every attempt; at most 255 characters.
    pub key: &'a str,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// What can be chosen: buttons, a list or numbers, as the channel can.
    pub choices: &'a [Choice],
    /// Message id of the mail it belongs to, or Slack's thread.
    pub thread: Option<&'a str>,
    /// Whether a person wrote it.
    pub by_person: bool,
    /// What WhatsApp approved; it is sent instead of the text.
    pub template: Option<&'a MessageTemplate>,
    /// Where its reader says that they want no more (<https://…>); only mail tells it.
    pub unsubscribe: Option<&'a str>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum SendOutcome {
    /// The provider took it. Whether it arrives is told later, where the channel tells it.
    Accepted {
        /// The provider's id of the message: `wamid…`, `SM…`, Telegram's message id, the e-mail's Message-ID.
        provider_id: String,
        /// What the provider said, without secrets.
        exchange: Value,
    },
    /// It was not taken, or nobody knows.
    Failed {
        /// What it allows.
        class: FailureClass,
        /// Stable short name, for example `outside_window`, `http_500` or `smtp_550`.
        code: String,
        /// For people; never holds a secret.
        message: String,
        /// How long to wait before trying again.
        retry_after_seconds: Option<u64>,
        /// Whether the account as a whole sends too fast: whatever else is sent by it now is refused as well.
        whole_account: bool,
    },
}

impl SendOutcome {
    pub(crate) fn failed(class: FailureClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Failed {
            class,
            code: code.into(),
            message: message.into(),
            retry_after_seconds: None,
            whole_account: false,
        }
    }

    pub(crate) fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::failed(FailureClass::Fatal, code, message)
    }

    /// The same without secrets, whatever the other side echoed.
    pub(crate) fn without(mut self, mask: &Mask) -> Self {
        match &mut self {
            Self::Accepted { provider_id, exchange } => {
                mask.text(provider_id);
                mask.value(exchange);
            }
            Self::Failed { code, message, .. } => {
                mask.text(code);
                mask.text(message);
            }
        }
        self
    }

    /// The same, about the account as a whole or not; as a whole it has a wait, whether or not the provider gave one.
    pub(crate) fn of_account(mut self, whole: bool) -> Self {
        if let Self::Failed { whole_account, retry_after_seconds, .. } = &mut self {
            *whole_account = whole;
            if whole {
                retry_after_seconds.get_or_insert(THROTTLED_SECONDS);
            }
        }
        self
    }

    /// How long the account is to be left alone, seconds.
    #[must_use]
    pub fn holds_account(&self) -> Option<u64> {
        match self {
            Self::Failed { whole_account: true, retry_after_seconds, .. } => *retry_after_seconds,
            Self::Failed { whole_account: false, .. } | Self::Accepted { .. } => None,
        }
    }

    /// The same, with a wait when it is a failure.
    pub(crate) fn after(mut self, seconds: Option<u64>) -> Self {
        if let Self::Failed { retry_after_seconds, .. } = &mut self {
            *retry_after_seconds = seconds;
        }
        self
    }
}

/// Sends messages; share one per process (it is cheap to clone).
#[derive(Debug, Clone)]
pub struct Sender {
    outbound: Outbound,
}

impl Sender {
    /// A sender that sends by that way.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Sends one message, one attempt.
    pub async fn send(&self, account: &ChannelAccount, message: OutboundMessage<'_>) -> SendOutcome {
        if let Some(refused) = check(account, &message) {
            return refused;
        }
        let outcome = match account {
            ChannelAccount::Whatsapp { base_url, version, phone_number_id, token, .. } => {
                let url = format!("{}/{version}/{phone_number_id}/messages", base_url.trim_end_matches('/'));
                whatsapp::send(&self.outbound, &url, token, message).await
            }
            ChannelAccount::Email { host, port, tls, username, password, from, .. } => {
                let server = email::Server { host, port: *port, tls: *tls, username, password };
                email::send(&self.outbound, server, from, message).await
            }
            ChannelAccount::Telegram { base_url, token, .. } => {
                telegram::send(&self.outbound, base_url.trim_end_matches('/'), token, message).await
            }
            ChannelAccount::Sms { base_url, account_sid, auth_token, from, .. } => {
                let account = twilio::Account { base_url, account_sid, auth_token, from };
                twilio::send(&self.outbound, account, message).await
            }
            ChannelAccount::Slack { base_url, bot_token, .. } => {
                slack::send(&self.outbound, base_url.trim_end_matches('/'), bot_token, message).await
            }
        };
        outcome.without(&account.secrets().collect())
    }
}

fn check(account: &ChannelAccount, message: &OutboundMessage<'_>) -> Option<SendOutcome> {
    if account.platform() != message.channel {
        let text = format!("a message for {} cannot go over {}", message.channel.tag(), account.platform().tag());
        return Some(SendOutcome::fatal("channel_mismatch", text));
    }
    if message.to.trim().is_empty() {
        return Some(SendOutcome::fatal("recipient_missing", "there is no address to send to"));
    }
    if message.body.trim().is_empty() {
        return Some(SendOutcome::fatal("text_empty", "there is nothing to send"));
    }
    let (length, longest) = match message.channel {
        Platform::Whatsapp => (message.body.chars().count(), 4096),
        Platform::Telegram => (message.body.encode_utf16().count(), 4096),
        Platform::Sms => (message.body.encode_utf16().count(), 1600),
        Platform::Slack => (message.body.chars().count(), 40_000),
        Platform::Email => return None,
    };
    (length > longest).then(|| {
        let text = format!("the text has {length} characters; {} takes {longest}", message.channel.tag());
        SendOutcome::fatal("text_too_long", text)
    })
}
