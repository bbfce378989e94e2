//! Changing a message that was sent, where the channel can.

use crate::{
    account::ChannelAccount,
    sender::{SendOutcome, Sender},
    slack, telegram,
};
use std::time::Duration;

impl Sender {
    /// Replaces the text of a message of this account, at an address and with the provider's id, and takes its buttons away.
    /// Once more does the same.
    pub async fn change(
        &self,
        account: &ChannelAccount,
        (to, id): (&str, &str),
        text: &str,
        timeout: Duration,
    ) -> SendOutcome {
        let outcome = match account {
            ChannelAccount::Telegram { base_url, token, .. } => {
                let base_url = base_url.trim_end_matches('/');
                telegram::change(self.outbound(), (base_url, token), (to, id), text, timeout).await
            }
            ChannelAccount::Slack { base_url, bot_token, .. } => {
                let base_url = base_url.trim_end_matches('/');
                slack::change(self.outbound(), (base_url, bot_token), (to, id), text, timeout).await
            }
            ChannelAccount::Whatsapp { .. } | ChannelAccount::Email { .. } | ChannelAccount::Sms { .. } => {
                SendOutcome::fatal("cannot_change", "what was sent over this channel stays as it is")
            }
        };
        outcome.without(&account.secrets().collect())
    }
}
