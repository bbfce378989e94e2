//! A customer says with a word what they want: STOP, START, HELP. It stays in the conversation and is no answer to anything.

use super::{Came, end_of};
use crate::{
    Engine, EngineError,
    outbound::{consent_entry, wish},
};
use countersign_channels::{ChannelAccount, OVER_WHATSAPP, Platform, consent::Word};
use countersign_store::{Author, ConsentHow, InboundOutcome, InboundRow, MessageRow, NewMessage};
use serde_json::{Value, json};

/// A word and where it was said.
pub(super) struct Spoken<'a> {
    pub(super) word: Word,
    pub(super) platform: Platform,
    pub(super) address: &'a str,
    pub(super) customer: &'a str,
    /// Whether it says something new.
    pub(super) changes: bool,
}

impl Engine {
    /// What a word says here; nothing when it is a word like any other: START and YES from whom nothing is kept.
    pub(super) async fn spoken<'a>(
        &self,
        workspace: &str,
        word: Option<Word>,
        (platform, address, customer): (Option<Platform>, &'a str, &'a str),
    ) -> Result<Option<Spoken<'a>>, EngineError> {
        let (Some(word), Some(platform)) = (word, platform) else { return Ok(None) };
        // A no is kept for the address it comes from, whatever was said elsewhere.
        let whose = (word == Word::Start).then_some(customer);
        let opted_out = self.opted_out(workspace, (platform, address), whose).await?.is_some();
        let changes = match word {
            Word::Stop => !opted_out,
            Word::Start if opted_out => true,
            Word::Start => return Ok(None),
            Word::Help => false,
        };
        Ok(Some(Spoken { word, platform, address, customer, changes }))
    }

    /// Keeps the message, what it says and the answer to it, all or nothing.
    pub(super) async fn word_said(
        &self,
        row: &InboundRow,
        spoken: &Spoken<'_>,
        said: &NewMessage,
    ) -> Result<Came, EngineError> {
        let answer = self.answer_to(&row.workspace, spoken, said).await?;
        let how = (spoken.word == Word::Stop, ConsentHow::Word);
        let mut wish = wish(&row.workspace, (spoken.platform, spoken.address), how, said.at);
        wish.message = Some(said.id.clone());
        let (actor, subject) = (format!("customer:{}", spoken.customer), format!("conversation:{}", said.conversation));
        let entry = consent_entry(&wish, (actor, "conversation"), Some(subject));
        let consent = spoken.changes.then_some((&wish, entry));
        let end = end_of(row, InboundOutcome::Stored, self.now());
        let (_, new) = self.0.store.receive_consent((said, answer.as_ref()), &end, consent).await?;
        self.0.to_send.notify_one();
        match new {
            true => Ok(Came::Ended(None)),
            false => Ok(Came::Nothing(InboundOutcome::Stored, Some("it was there before".to_owned()))),
        }
    }

    /// What is answered: STOP and START once, and not where Twilio does it; HELP with who writes and how they are reached.
    async fn answer_to(
        &self,
        workspace: &str,
        spoken: &Spoken<'_>,
        said: &NewMessage,
    ) -> Result<Option<NewMessage>, EngineError> {
        let found = self.0.store.get_workspace(workspace).await?;
        let name = found.map(|row| row.name).unwrap_or_default();
        let by_carrier = spoken.platform == Platform::Sms && !spoken.address.starts_with(OVER_WHATSAPP);
        let body = match spoken.word {
            Word::Stop | Word::Start if !spoken.changes || by_carrier => return Ok(None),
            Word::Stop => format!("{name}: you get no more messages here. Write START to get them again."),
            Word::Start => format!("{name}: you get messages here again. Write STOP to get no more."),
            Word::Help => {
                let contact = self.contact(workspace).await?;
                format!("{name}: you reach us at {contact}. Write STOP to get no more messages.")
            }
        };
        Ok(Some(NewMessage {
            id: format!("{}.w", said.id),
            at: self.now(),
            author: Author::System,
            author_name: name,
            body,
            data: Some(json!({ "consent": spoken.word }).to_string()),
            leaves: true,
            ..said.clone()
        }))
    }

    /// How a workspace is reached: by the sender of its mails, else on its pages.
    async fn contact(&self, workspace: &str) -> Result<String, EngineError> {
        let account = self.channel_account(workspace, Platform::Email).await?;
        Ok(match account.as_deref().map(|open| &open.account) {
            Some(ChannelAccount::Email { from, .. }) => from.clone(),
            Some(
                ChannelAccount::Whatsapp { .. }
                | ChannelAccount::Telegram { .. }
                | ChannelAccount::Sms { .. }
                | ChannelAccount::Slack { .. },
            )
            | None => self.0.config.base_url.clone(),
        })
    }
}

/// Whether a message says, or answers, what somebody wants to get.
pub(crate) fn is_about_consent(message: &MessageRow) -> bool {
    let data = message.data.as_deref().and_then(|data| serde_json::from_str::<Value>(data).ok());
    data.is_some_and(|data| data.get("consent").is_some())
}
