//! What an account on each channel needs, as schemas from which forms are made.

use countersign_api::ChannelKind;
use serde_json::{Value, json};

/// Every kind of channel an account can be added for.
pub(crate) fn channel_kinds() -> Vec<ChannelKind> {
    vec![whatsapp(), telegram(), sms(), email(), slack()]
}

fn whatsapp() -> ChannelKind {
    kind(
        "whatsapp",
        "WhatsApp Cloud API",
        json!({
            "type": "object",
            "required": ["phone_number_id"],
            "properties": {
                "phone_number_id": text("Phone number id", "Id of the sending number."),
                "base_url": address("https://graph.facebook.com"),
                "version": { "type": "string", "title": "API version", "default": "v23.0" },
            },
        }),
        json!({
            "type": "object",
            "required": ["token"],
            "properties": {
                "token": text("Access token", "Of a system user with whatsapp_business_messaging."),
                "app_secret": text("App secret", "Checks the signature of webhooks."),
                "verify_token": text("Verify token", "Answers the registration of the webhook."),
            },
        }),
    )
}

fn telegram() -> ChannelKind {
    kind(
        "telegram",
        "Telegram bot",
        json!({ "type": "object", "properties": { "base_url": address("https://api.telegram.org") } }),
        json!({
            "type": "object",
            "required": ["token"],
            "properties": {
                "token": text("Bot token", "From BotFather."),
                "webhook_secret": text("Webhook secret", "The secret_token of setWebhook."),
            },
        }),
    )
}

fn sms() -> ChannelKind {
    kind(
        "sms",
        "Text messages (Twilio)",
        json!({
            "type": "object",
            "required": ["account_sid", "from"],
            "properties": {
                "account_sid": text("Account SID", "Begins with AC."),
                "from": text("From", "Number in E.164, or the SID of a messaging service."),
                "base_url": address("https://api.twilio.com"),
            },
        }),
        json!({
            "type": "object",
            "required": ["auth_token"],
            "properties": {
                "auth_token": text("Auth token", "Also checks the signature of webhooks."),
                "signing_key": text("Signing key", "Checks webhooks signed by SHA-256; the auth token when empty."),
            },
        }),
    )
}

fn email() -> ChannelKind {
    kind(
        "email",
        "E-mail (SMTP)",
        json!({
            "type": "object",
            "required": ["host", "from"],
            "properties": {
                "host": text("Host", "Name of the mail server."),
                "port": { "type": "integer", "title": "Port", "minimum": 1, "maximum": 65535 },
                "tls": { "type": "string", "title": "TLS", "enum": ["starttls", "tls", "none"], "default": "starttls" },
                "username": text("User name", "No authentication when empty."),
                "from": text("From", "Sender, for example Support <support@example.com>."),
            },
        }),
        json!({
            "type": "object",
            "properties": {
                "password": text("Password", ""),
                "webhook_secret": text(
                    "Webhook secret",
                    "Lets in mail that a provider posts: Mailgun's signing key, or the password in the address given to \
                     Postmark or SendGrid (https://hook:SECRET@…).",
                ),
            },
        }),
    )
}

fn slack() -> ChannelKind {
    kind(
        "slack",
        "Slack app",
        json!({ "type": "object", "properties": { "base_url": address("https://slack.com/api") } }),
        json!({
            "type": "object",
            "required": ["bot_token"],
            "properties": {
                "bot_token": text("Bot token", "Begins with xoxb-."),
                "signing_secret": text("Signing secret", "Checks the signature of requests."),
            },
        }),
    )
}

fn kind(channel: &str, title: &str, settings_schema: Value, secrets_schema: Value) -> ChannelKind {
    ChannelKind { channel: channel.to_owned(), title: title.to_owned(), settings_schema, secrets_schema }
}

fn text(title: &str, description: &str) -> Value {
    json!({ "type": "string", "title": title, "description": description })
}

fn address(default: &str) -> Value {
    json!({ "type": "string", "title": "Base URL", "format": "uri", "default": default })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign_channels::ChannelAccount;
    use serde_json::Map;

    /// The schemas and the accounts they describe are written in two crates: this keeps them together.
    #[test]
    fn an_account_with_only_the_required_fields_is_an_account() {
        for kind in channel_kinds() {
            let mut account = Map::new();
            account.insert("channel".to_owned(), json!(kind.channel));
            for schema in [&kind.settings_schema, &kind.secrets_schema] {
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                account.extend(required.iter().map(|name| (name.as_str().unwrap().to_owned(), json!("x"))));
            }
            let account: ChannelAccount = serde_json::from_value(Value::Object(account)).unwrap();
            assert_eq!(account.platform().tag(), kind.channel);
        }
    }
}
