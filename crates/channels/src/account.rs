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
        /// Sending number in E.164, or the SID of a messaging service (`MG…`).
        from: String,
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
            Self::Email { password, .. } => [password; 3],
            Self::Telegram { token, webhook_secret, .. } => [token, webhook_secret, token],
            Self::Sms { auth_token, .. } => [auth_token; 3],
        };
        all.into_iter().map(Secret::expose)
    }

    /// The channel it sends over.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Whatsapp { .. } => Channel::Whatsapp,
            Self::Email { .. } => Channel::Email,
            Self::Telegram { .. } => Channel::Telegram,
            Self::Sms { .. } => Channel::Sms,
        }
    }
}

fn graph() -> String {
    "https://graph.facebook.com".to_owned()
}

fn graph_version() -> String {
    "v23.0".to_owned()
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
        assert_eq!(account.channel(), Channel::Telegram);
        assert!(!format!("{account:?}").contains("very-secret"));
    }
}
