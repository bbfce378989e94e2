//! The accounts messages are sent from.

use countersign_core::document::Channel;
use serde::Deserialize;
use std::fmt;

/// A secret text: `Debug` shows `***`, and there is no way to serialize it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret of this value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the request or the check that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whose network an account is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// WhatsApp Cloud API.
    Whatsapp,
    /// Telegram bot.
    Telegram,
    /// Text messages over Twilio.
    Sms,
    /// E-mail.
    Email,
    /// Slack.
    Slack,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Whatsapp, Self::Telegram, Self::Sms, Self::Email, Self::Slack];

    /// Its name in rows, addresses and the API.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Slack => "slack",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn read(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.tag() == tag)
    }

    /// Where a step's channel sends; none for the conversation itself.
    #[must_use]
    pub fn of(channel: Channel) -> Option<Self> {
        match channel {
            Channel::Conversation => None,
            Channel::Whatsapp => Some(Self::Whatsapp),
            Channel::Telegram => Some(Self::Telegram),
            Channel::Sms => Some(Self::Sms),
            Channel::Email => Some(Self::Email),
        }
    }
}

/// One account of a channel. In JSON `{"channel": "whatsapp", …}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum ChannelAccount {
    /// WhatsApp Cloud API.
    Whatsapp {
        /// `https://graph.facebook.com` when absent.
        #[serde(default = "graph")]
        base_url: String,
        /// Version of the Graph API; `v23.0` when absent.
        #[serde(default = "graph_version")]
        version: String,
        /// Id of the sending number.
        phone_number_id: String,
        /// Access token.
        token: Secret,
        /// Checks the signature of webhooks.
        #[serde(default)]
        app_secret: Secret,
        /// Answers the webhook's registration.
        #[serde(default)]
        verify_token: Secret,
    },
    /// E-mail over SMTP.
    Email {
        /// Host of the server.
        host: String,
        /// Port; 25, 587 or 465 by `tls` when absent.
        #[serde(default)]
        port: Option<u16>,
        /// How the connection is protected.
        #[serde(default)]
        tls: Tls,
        /// User name; no authentication when empty.
        #[serde(default)]
        username: String,
        /// Password.
        #[serde(default)]
        password: Secret,
        /// Sender, `ada@example.com` or `Ada Example <ada@example.com>`.
        from: String,
        /// Checks mail that a provider posts; Mailgun's signing key.
        #[serde(default)]
        webhook_secret: Secret,
    },
    /// Telegram bot.
    Telegram {
        /// `https://api.telegram.org` when absent.
        #[serde(default = "telegram")]
        base_url: String,
        /// The bot's token.
        token: Secret,
        /// The webhook's `secret_token`.
        #[serde(default)]
        webhook_secret: Secret,
    },
    /// Text messages over Twilio.
    Sms {
        /// `https://api.twilio.com` when absent.
        #[serde(default = "twilio")]
        base_url: String,
        /// Account SID.
        account_sid: String,
        /// Auth token; also checks the signature of webhooks.
        auth_token: Secret,
        /// Shared key that webhooks are signed with by SHA-256; the auth token when empty.
        #[serde(default)]
        signing_key: Secret,
        /// Sending number in E.164, or the SID of a messaging service (`MG…`).
        from: String,
    },
    /// Slack app.
    Slack {
        /// `https://slack.com/api` when absent.
        #[serde(default = "slack")]
        base_url: String,
        /// The bot's token (`xoxb-…`).
        bot_token: Secret,
        /// Checks the signature of requests.
        #[serde(default)]
        signing_secret: Secret,
    },
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: for a relay on the same machine.
    None,
    /// Starts in the clear and must be upgraded (port 587).
    #[default]
    Starttls,
    /// From the first byte (port 465).
    Tls,
}

impl ChannelAccount {
    /// What must not come back in anything that is kept.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let all: [&Secret; 3] = match self {
            Self::Whatsapp { token, app_secret, verify_token, .. } => [token, app_secret, verify_token],
            Self::Email { password, webhook_secret, .. } => [password, webhook_secret, password],
            Self::Telegram { token, webhook_secret, .. } => [token, webhook_secret, token],
            Self::Sms { auth_token, signing_key, .. } => [auth_token, signing_key, auth_token],
            Self::Slack { bot_token, signing_secret, .. } => [bot_token, signing_secret, bot_token],
        };
        all.into_iter().map(Secret::expose)
    }

    /// The network it is on.
    #[must_use]
    pub fn platform(&self) -> Platform {
        match self {
            Self::Whatsapp { .. } => Platform::Whatsapp,
            Self::Email { .. } => Platform::Email,
            Self::Telegram { .. } => Platform::Telegram,
            Self::Sms { .. } => Platform::Sms,
            Self::Slack { .. } => Platform::Slack,
        }
    }
}

fn graph() -> String {
    "https://graph.facebook.com".to_owned()
}

fn graph_version() -> String {
    "v23.0".to_owned()
}

fn slack() -> String {
    "https://slack.com/api".to_owned()
}

fn telegram() -> String {
    "https://api.telegram.org".to_owned()
}

fn twilio() -> String {
    "https://api.twilio.com".to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn accounts_read_from_json_and_hide_their_secrets() {
        let json = r#"{ "channel": "telegram", "token": "123:very-secret" }"#;
        let account: ChannelAccount = serde_json::from_str(json).unwrap();
        assert_eq!(account.platform(), Platform::Telegram);
        assert!(!format!("{account:?}").contains("very-secret"));
    }
}
