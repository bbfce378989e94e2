//! What the addresses of customers want: who said STOP, or left by the link of a mail, is sent nothing until they say otherwise.

use super::links::hash;
use crate::{Engine, EngineError, vault::OpenAccount};
use countersign_channels::{OVER_WHATSAPP, OutboundMessage, Platform, SendOutcome, consent::plain_address};
use countersign_store::{
    BY_SLACK, ConsentHow, ConsentRow, ConversationRow, CustomerKey, CustomerRow, NewAudit, UnsubscribeLinkRow,
};
use serde_json::json;

/// What a message has failed with whose address wants none.
pub(crate) const OPTED_OUT: &str = "opted_out";
/// Longer texts are no tokens.
const TOKEN_MAX: usize = 100;

/// The address of a conversation, and the mail it began with.
pub(super) fn address_of(conversation: &ConversationRow) -> (String, Option<String>) {
    let address = conversation.external_id.as_deref().unwrap_or_default();
    match address.split_once(' ') {
        Some((to, thread)) => (to.to_owned(), Some(thread.to_owned())),
        None => (address.to_owned(), None),
    }
}

/// The link of a mail and what its reader wants now.
#[derive(Debug)]
pub struct Unsubscribing {
    /// The link.
    pub link: UnsubscribeLinkRow,
    /// Whether they want no more.
    pub opted_out: bool,
    /// The name of who writes to them.
    pub from: String,
}

/// A wish as it is kept.
pub(crate) fn wish(
    workspace: &str,
    (platform, address): (Platform, &str),
    (opted_out, how): (bool, ConsentHow),
    at: i64,
) -> ConsentRow {
    ConsentRow {
        workspace: workspace.to_owned(),
        channel: platform.tag().to_owned(),
        address: plain_address(platform, address),
        opted_out,
        at,
        how,
        message: None,
        told_to: None,
        reason: String::new(),
    }
}

/// What the trail says of a wish that no operator wrote down.
pub(crate) fn entry(row: &ConsentRow, (actor, via): (String, &str), subject: Option<String>) -> NewAudit {
    let wish = if row.opted_out { "no messages" } else { "messages again" };
    let detail = json!({
        "channel": row.channel, "address": row.address, "opted_out": row.opted_out, "wish": wish, "how": row.how.as_str(),
        "message": row.message,
    });
    NewAudit {
        at: row.at,
        actor,
        via: via.to_owned(),
        action: "consent.told".to_owned(),
        subject: subject.unwrap_or_else(|| format!("contact:{}/{}", row.channel, row.address)),
        detail: detail.to_string(),
    }
}

impl Engine {
    /// Why an address is sent nothing; nothing when it takes messages. With its customer, what those said who turned out to be
    /// the same counts too.
    pub(crate) async fn opted_out(
        &self,
        workspace: &str,
        (platform, address): (Platform, &str),
        customer: Option<&str>,
    ) -> Result<Option<String>, EngineError> {
        let known = self.consent_in_force(workspace, (platform, address), customer).await?;
        let address = plain_address(platform, address);
        Ok(known.filter(|row| row.opted_out).map(|row| {
            let how = match row.how {
                ConsentHow::Word => "they wrote so",
                ConsentHow::Link => "they said so by the link of a mail",
                ConsentHow::Provider => "the provider said so",
                ConsentHow::Operator => "an operator was told so",
            };
            let from = if row.address == address { String::new() } else { format!(" for {}", row.address) };
            format!("{address} wants no messages over {}: {how}{from}", platform.tag())
        }))
    }

    /// What was said of an address; or of another address on the same channel of those who turned out to be the same customer,
    /// where that is a later no.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn consent_in_force(
        &self,
        workspace: &str,
        (platform, address): (Platform, &str),
        customer: Option<&str>,
    ) -> Result<Option<ConsentRow>, EngineError> {
        let store = &self.0.store;
        let address = plain_address(platform, address);
        let own = store.get_consent(workspace, platform.tag(), &address).await?;
        let Some(customer) = customer.filter(|_| own.as_ref().is_none_or(|row| !row.opted_out)) else { return Ok(own) };
        let same = store.same_customer(workspace, customer).await?;
        if same.len() < 2 {
            return Ok(own);
        }
        let since = own.as_ref().map_or(i64::MIN, |row| row.at);
        // WhatsApp by Twilio is a channel of its own there.
        let over = address.starts_with(OVER_WHATSAPP);
        let is_other = |other: &String| *other != address && other.starts_with(OVER_WHATSAPP) == over;
        let others = self.customer_addresses(workspace, &same).await?.into_iter();
        let others: Vec<String> =
            others.filter(|(on, other)| *on == platform && is_other(other)).map(|(_, other)| other).collect();
        let said = store.get_consents(workspace, platform.tag(), &others).await?;
        let no = said.into_iter().filter(|row| row.opted_out && row.at > since).max_by_key(|row| row.at);
        Ok(no.or(own))
    }

    /// Whose word counts for a message to an address: the run's customer's, where it is theirs, else that of the customer
    /// known by it. A step that tells somebody else of a customer is not held by the customer's wish.
    pub(crate) async fn whose_word(
        &self,
        workspace: &str,
        (platform, address): (Platform, &str),
        customer: Option<String>,
    ) -> Result<Option<String>, EngineError> {
        let store = &self.0.store;
        let address = plain_address(platform, address);
        if let Some(customer) = customer {
            let same = store.same_customer(workspace, &customer).await?;
            if self.customer_addresses(workspace, &same).await?.contains(&(platform, address.clone())) {
                return Ok(Some(customer));
            }
        }
        let by_slack = format!("{BY_SLACK}{address}");
        let key = match platform {
            Platform::Whatsapp | Platform::Sms => {
                CustomerKey::Phone(address.strip_prefix(OVER_WHATSAPP).unwrap_or(&address))
            }
            Platform::Telegram => CustomerKey::Telegram(&address),
            Platform::Email => CustomerKey::Email(&address),
            Platform::Slack => CustomerKey::ExternalId(&by_slack),
        };
        Ok(store.find_customer(workspace, key).await?.map(|known| known.id))
    }

    /// The addresses of a customer with everybody who is the same: what is kept of them, and from where they wrote.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn customer_addresses(
        &self,
        workspace: &str,
        same: &[CustomerRow],
    ) -> Result<Vec<(Platform, String)>, EngineError> {
        let ids: Vec<String> = same.iter().map(|row| row.id.clone()).collect();
        let from = self.0.store.written_from(workspace, &ids).await?;
        let kept = same.iter().flat_map(|row| {
            let slack = row.external_id.as_deref().and_then(|id| id.strip_prefix(BY_SLACK));
            [
                (Platform::Whatsapp, row.phone.as_deref()),
                (Platform::Sms, row.phone.as_deref()),
                (Platform::Email, row.email.as_deref()),
                (Platform::Telegram, row.telegram.as_deref()),
                (Platform::Slack, slack),
            ]
        });
        let written = from.iter().filter_map(|from| Some((Platform::read(&from.channel)?, from.address())));
        let mut all: Vec<(Platform, String)> = Vec::new();
        for (platform, address) in kept.chain(written) {
            let Some(address) = address.map(|address| plain_address(platform, address)) else { continue };
            if all.iter().all(|(known, text)| (*known, text) != (platform, &address)) {
                all.push((platform, address));
            }
        }
        Ok(all)
    }

    /// Why the customer of a run's conversation gets nothing there; nothing when they do, or it leaves by no channel.
    pub(crate) async fn conversation_opted_out(
        &self,
        workspace: &str,
        run: &str,
    ) -> Result<Option<String>, EngineError> {
        let store = &self.0.store;
        let conversation = match store.get_run(workspace, run).await?.and_then(|run| run.conversation) {
            Some(id) => store.get_conversation(workspace, &id).await?,
            None => None,
        };
        let Some(conversation) = conversation.filter(|row| row.channel_account.is_some()) else { return Ok(None) };
        let Some(platform) = Platform::read(&conversation.channel) else { return Ok(None) };
        let customer = conversation.customer.as_deref();
        self.opted_out(workspace, (platform, &address_of(&conversation).0), customer).await
    }

    /// Sends to a customer by an account. That the provider refuses because of what they want is kept.
    pub(crate) async fn send_to_customer(&self, account: &OpenAccount, message: OutboundMessage<'_>) -> SendOutcome {
        let outcome = self.send_by(account, message).await;
        if let SendOutcome::Failed { code, .. } = &outcome
            && code == OPTED_OUT
        {
            let kept = self.opted_out_at_provider(&account.workspace, message.channel, message.to).await;
            if let Err(error) = kept {
                tracing::warn!(%error, "that an address wants no messages is kept when the provider says so again");
            }
        }
        outcome
    }

    /// Keeps that a provider sends nothing to an address any more.
    pub(crate) async fn opted_out_at_provider(
        &self,
        workspace: &str,
        platform: Platform,
        address: &str,
    ) -> Result<(), EngineError> {
        if self.opted_out(workspace, (platform, address), None).await?.is_some() {
            return Ok(());
        }
        let row = wish(workspace, (platform, address), (true, ConsentHow::Provider), self.now());
        let entry = entry(&row, ("system".to_owned(), "channel"), None);
        Ok(self.0.store.put_consent(&row, vec![entry]).await?)
    }

    /// Where the reader of a mail says that they want no more; the page is let in.
    pub(crate) async fn unsubscribe_page(&self, workspace: &str, to: &str) -> Result<String, EngineError> {
        let (channel, address) = (Platform::Email.tag(), plain_address(Platform::Email, to));
        // Always the same, so that a repetition of the mail has the same link; only its hash is kept.
        let token = self.0.vault.token("unsubscribe", &format!("{workspace}/{channel}/{address}"));
        let link = UnsubscribeLinkRow {
            token_hash: hash(&token),
            workspace: workspace.to_owned(),
            channel: channel.to_owned(),
            address,
            created_at: self.now(),
        };
        self.0.store.keep_unsubscribe_link(&link).await?;
        Ok(format!("{}/u/{token}", self.0.config.base_url.trim_end_matches('/')))
    }

    /// Where the token of a mail leads; nothing for one that was never given out. Changes nothing.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn follow_unsubscribe(&self, token: &str) -> Result<Option<Unsubscribing>, EngineError> {
        if token.is_empty() || token.len() > TOKEN_MAX {
            return Ok(None);
        }
        let store = &self.0.store;
        let Some(link) = store.find_unsubscribe_link(&hash(token)).await? else { return Ok(None) };
        let known = store.get_consent(&link.workspace, &link.channel, &link.address).await?;
        let from = store.get_workspace(&link.workspace).await?.map(|row| row.name).unwrap_or_default();
        Ok(Some(Unsubscribing { link, opted_out: known.is_some_and(|row| row.opted_out), from }))
    }

    /// Keeps what the reader of a mail wants. The same once more changes nothing.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn unsubscribe(&self, followed: &Unsubscribing, opted_out: bool) -> Result<(), EngineError> {
        let link = &followed.link;
        let Some(platform) = Platform::read(&link.channel).filter(|_| followed.opted_out != opted_out) else {
            return Ok(());
        };
        let row = wish(&link.workspace, (platform, &link.address), (opted_out, ConsentHow::Link), self.now());
        let by = format!("contact:{}/{}", row.channel, row.address);
        let entry = entry(&row, (by, "link"), None);
        Ok(self.0.store.put_consent(&row, vec![entry]).await?)
    }
}
