//! Answering whoever pressed a button, where they pressed it: nobody else sees it.

use crate::{
    account::ChannelAccount,
    http::{self, Body, Credentials},
    sender::{SendOutcome, Sender},
    slack, telegram,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest answer, characters (Telegram).
const TEXT_MAX: usize = 200;

/// A button that was pressed, as `inbound` read it.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// Address of the message with the button.
    pub to: &'a str,
    /// Id of the press.
    pub id: &'a str,
    /// Who pressed it: the platform's id of them.
    pub by: Option<&'a str>,
}

impl Sender {
    /// Ends the waiting of a button, and says what is to be said to who pressed it; nothing where the channel has no way.
    /// Nobody is told more if it fails.
    pub async fn answer_press(
        &self,
        account: &ChannelAccount,
        press: Press<'_>,
        text: Option<&str>,
        timeout: Duration,
    ) -> Option<SendOutcome> {
        let text: Option<String> = text.map(|text| text.chars().take(TEXT_MAX).collect());
        let (url, credentials, body) = match account {
            ChannelAccount::Telegram { base_url, token, .. } => {
                let url = format!("{}/bot{}/answerCallbackQuery", base_url.trim_end_matches('/'), token.expose());
                let mut body = json!({ "callback_query_id": press.id.strip_prefix("press-")? });
                if let Some(text) = text {
                    body["text"] = Value::from(text);
                    body["show_alert"] = Value::from(true);
                }
                (url, Credentials::InAddress, body)
            }
            ChannelAccount::Slack { base_url, bot_token, .. } => {
                let url = format!("{}/chat.postEphemeral", base_url.trim_end_matches('/'));
                let body = json!({ "channel": press.to, "user": press.by?, "text": slack::escaped(&text?) });
                (url, Credentials::Bearer(bot_token), body)
            }
            ChannelAccount::Whatsapp { .. } | ChannelAccount::Email { .. } | ChannelAccount::Sms { .. } => return None,
        };
        let outcome = match http::post(self.outbound(), &url, credentials, Body::Json(&body), timeout).await {
            Ok(answer) if answer.body.get("ok").and_then(Value::as_bool) == Some(true) => {
                SendOutcome::Accepted { provider_id: press.id.to_owned(), exchange: answer.body }
            }
            Ok(answer) if matches!(account, ChannelAccount::Slack { .. }) => slack::outcome(answer),
            Ok(answer) => telegram::outcome(answer),
            Err(failed) => failed,
        };
        Some(outcome.without(&account.secrets().collect()))
    }
}
