//! Messages that leave by the channel of their conversation: what runs, operators and forms say. That one is to leave is
//! written with it, in the commit that caused it; here it is sent, in the order of its conversation, with what became of it
//! on the message. One that may have been sent is not sent again: that it is tried is written before it is.

use super::consent::address_of;
use crate::{
    Engine, EngineError,
    inbound::{DeliveryState, is_about_consent, reference},
    outbound::OPTED_OUT,
    pump::Pump,
    run::Limits,
    vault::OpenAccount,
};
use countersign_channels::{
    Choice, Lowered, OutboundMessage, Platform, SendOutcome, has_page,
    inbound::{Delivery, DeliveryStatus},
    lower,
};
use countersign_core::{log::FailureClass, run::PostedForm};
use countersign_store::{Author, MessageRefRow, MessageRow, NewAudit, NewMessage};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How long a process has a message to itself, milliseconds: longer than sending one can take.
const LEASE_MS: i64 = 120_000;
/// How long sending one may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often one is tried.
const ATTEMPTS_MAX: u32 = 8;
/// The shortest and the longest pause before it is tried again, milliseconds.
const PAUSE_MS: (i64, i64) = (1000, 300_000);
/// How often what became of one is written when others change the message at the same time.
const WRITES_MAX: usize = 20;
/// Longest error that is kept, characters.
const ERROR_MAX: usize = 500;
/// What a message of which nobody knows whether it was sent has failed with.
const IN_DOUBT: &str = "in_doubt";

/// What leaves.
struct Departure {
    account: Arc<OpenAccount>,
    to: String,
    customer: Option<String>,
    /// The mail it belongs to.
    thread: Option<String>,
    subject: String,
    text: String,
    choices: Vec<Choice>,
}

/// Messages that are to leave: of each conversation the first, so that they go in their order.
#[derive(Clone)]
pub(crate) struct Departures(pub(crate) Engine);

impl Pump for Departures {
    type Item = MessageRow;
    const AT_ONCE: usize = 32;
    const WAITS: &'static str = "messages wait for the database";

    async fn take(&self, most: u32) -> Result<Vec<MessageRow>, EngineError> {
        Ok(self.0.0.store.claim_departures(LEASE_MS, most).await?)
    }

    async fn deal(&self, message: MessageRow) {
        let id = message.id.clone();
        if let Err(error) = self.0.send_first(message).await {
            tracing::warn!(message = id, %error, "a message leaves later");
        }
        // The next of its conversation may go.
        self.0.0.to_send.notify_one();
    }

    async fn told(&self) {
        self.0.0.to_send.notified().await;
    }
}

impl Engine {
    /// Says something in a conversation.
    ///
    /// # Errors
    /// `NotFound`, `Busy`.
    pub async fn say(
        &self,
        workspace: &str,
        message: &NewMessage,
        audit: Vec<NewAudit>,
    ) -> Result<MessageRow, EngineError> {
        let row = self.0.store.append_message(workspace, message, audit).await?;
        self.0.to_send.notify_one();
        Ok(row)
    }

    /// Sends the first message of a conversation that is yet to be sent.
    async fn send_first(&self, message: MessageRow) -> Result<(), EngineError> {
        let store = &self.0.store;
        let taken_at = message.send_at.unwrap_or_default() - LEASE_MS;
        let state = DeliveryState::of(&message);
        if state.status == Some(DeliveryStatus::Sending) {
            return self.settle(message, Err(in_doubt("it was being sent when the process ended"))).await;
        }
        let departure = match self.departure(&message).await {
            Ok(departure) => departure,
            Err(error @ (EngineError::Store(_) | EngineError::Busy)) => return Err(error),
            Err(error) => {
                return self.settle(message, Err(("account_unavailable".to_owned(), error.to_string()))).await;
            }
        };
        if let Some(why) = self.unwanted(&message, &departure).await? {
            return self.settle(message, Err((OPTED_OUT.to_owned(), why))).await;
        }
        let _taken = match self.0.places.take(departure.account.place(), Limits::default()) {
            Ok(taken) => taken,
            Err(due) => {
                let send_at = Some(taken_at + (due - self.now()).max(0));
                store.change_message(&message, &MessageRow { send_at, ..message.clone() }, None, None).await?;
                return Ok(());
            }
        };
        let sending = DeliveryState { status: Some(DeliveryStatus::Sending), attempts: state.attempts + 1, ..state };
        let marked = MessageRow { delivery: Some(json!(sending).to_string()), ..message.clone() };
        if !store.change_message(&message, &marked, None, None).await? {
            return Ok(());
        }
        let Departure { account, to, thread, subject, text, choices, .. } = &departure;
        let outbound = OutboundMessage {
            channel: account.account.platform(),
            to,
            subject,
            body: text,
            key: &message.id,
            timeout: TIMEOUT,
            choices,
            thread: thread.as_deref(),
            by_person: message.author == Author::Operator,
            template: None,
            unsubscribe: None,
        };
        match self.send_to_customer(account, outbound).await {
            SendOutcome::Accepted { provider_id, .. } => {
                let provider_id = provider_id.trim_matches(['<', '>']);
                self.settle(marked, Ok(reference(&account.id, to, provider_id))).await
            }
            SendOutcome::Failed { class: FailureClass::Retryable, message: why, retry_after_seconds, .. }
                if sending.attempts < ATTEMPTS_MAX =>
            {
                let (shortest, longest) = PAUSE_MS;
                let asked = retry_after_seconds.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1000));
                let pause = asked.unwrap_or(0).max(shortest << sending.attempts).min(longest);
                let queued =
                    DeliveryState { status: Some(DeliveryStatus::Queued), error: Some(brief(&why)), ..sending };
                let send_at = Some(taken_at + pause);
                let later = MessageRow { delivery: Some(json!(queued).to_string()), send_at, ..marked.clone() };
                store.change_message(&marked, &later, None, None).await?;
                Ok(())
            }
            SendOutcome::Failed { class: FailureClass::Unknown, message: why, .. } => {
                self.settle(marked, Err(in_doubt(&why))).await
            }
            SendOutcome::Failed { code, message: why, .. } => self.settle(marked, Err((code, why))).await,
        }
    }

    /// Why whoever is to get it wants no messages. That they want none is confirmed, and who writes is told to whoever asks.
    async fn unwanted(&self, message: &MessageRow, departure: &Departure) -> Result<Option<String>, EngineError> {
        if is_about_consent(message) {
            return Ok(None);
        }
        let to = (departure.account.account.platform(), departure.to.as_str());
        self.opted_out(&message.workspace, to, departure.customer.as_deref()).await
    }

    /// Sends by an account. One that is told to wait sends nothing else until then either.
    pub(crate) async fn send_by(&self, account: &OpenAccount, message: OutboundMessage<'_>) -> SendOutcome {
        self.heard(account, self.0.sender.send(&account.account, message).await)
    }

    /// Changes a message that was sent, at an address and with the provider's id, as [`Self::send_by`] sends one.
    pub(crate) async fn change_by(
        &self,
        account: &OpenAccount,
        (to, id): (&str, &str),
        text: &str,
        timeout: Duration,
    ) -> SendOutcome {
        self.heard(account, self.0.sender.change(&account.account, (to, id), text, timeout).await)
    }

    fn heard(&self, account: &OpenAccount, outcome: SendOutcome) -> SendOutcome {
        if let Some(seconds) = outcome.holds_account() {
            self.0.places.hold(account.place(), seconds);
        }
        self.listen_channel(account, &outcome);
        outcome
    }

    /// Where a message goes and what it says there.
    async fn departure(&self, message: &MessageRow) -> Result<Departure, EngineError> {
        let conversation = self.0.store.get_conversation(&message.workspace, &message.conversation).await?;
        let conversation = conversation.ok_or(EngineError::NotFound("conversation"))?;
        let missing = || EngineError::NotFound("channel");
        let account = conversation.channel_account.as_deref().ok_or_else(missing)?;
        let account = self.account_by_id(account).await?.filter(|open| open.workspace == message.workspace);
        let account = account.ok_or_else(missing)?;
        let (to, thread) = address_of(&conversation);
        let subject = match &conversation.subject {
            Some(subject) if subject.to_lowercase().starts_with("re:") => subject.clone(),
            Some(subject) => format!("Re: {subject}"),
            None => message.author_name.clone(),
        };
        let Lowered { text, choices } = self.lowered(message, account.account.platform()).await?;
        Ok(Departure { account, to, customer: conversation.customer, thread, subject, text, choices })
    }

    /// The words of a message where there are no forms, and what can be chosen. The link of a form is let in before it is told.
    async fn lowered(&self, message: &MessageRow, platform: Platform) -> Result<Lowered, EngineError> {
        let form = message.form.as_deref().and_then(|form| serde_json::from_str::<PostedForm>(form).ok());
        let (Some(form), Some(checkpoint)) = (form, &message.checkpoint) else {
            return Ok(Lowered { text: message.body.clone(), choices: choices_of(message) });
        };
        let page = match has_page(platform, &form.schema) {
            true => Some(self.form_page(&message.workspace, checkpoint).await?),
            false => None,
        };
        Ok(lower(&message.body, &form, checkpoint, page.as_deref()))
    }

    /// Writes what became of a message: what the provider calls it, or why it failed.
    async fn settle(&self, message: MessageRow, became: Result<String, (String, String)>) -> Result<(), EngineError> {
        let store = &self.0.store;
        let mut before = message;
        let told = |status| Delivery { id: String::new(), status, at: None, code: None, error: None };
        for _ in 0..WRITES_MAX {
            let state = DeliveryState::of(&before);
            let (state, row) = match &became {
                Ok(reference) => {
                    let (workspace, message) = (before.workspace.clone(), before.id.clone());
                    let row = MessageRefRow { workspace, reference: reference.clone(), message };
                    (state.after(&told(DeliveryStatus::Accepted), self.now()), Some(row))
                }
                Err((code, why)) => {
                    let failed =
                        Delivery { code: Some(code.clone()), error: Some(brief(why)), ..told(DeliveryStatus::Failed) };
                    (state.after(&failed, self.now()), None)
                }
            };
            let now = MessageRow { delivery: Some(json!(state).to_string()), send_at: None, ..before.clone() };
            if store.change_message(&before, &now, row.as_ref(), None).await? {
                return Ok(());
            }
            // Its delivery was told, or it was changed, meanwhile.
            let found = store.get_message(&before.workspace, &before.id).await?;
            before = found.ok_or(EngineError::NotFound("message"))?;
        }
        Err(EngineError::Busy)
    }
}

/// What of a message that is no form can be chosen.
fn choices_of(message: &MessageRow) -> Vec<Choice> {
    let data: Value = message.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    serde_json::from_value(data["choices"].clone()).unwrap_or_default()
}

fn in_doubt(why: &str) -> (String, String) {
    (IN_DOUBT.to_owned(), format!("{why}; it may have arrived, so it is not sent again"))
}

fn brief(text: &str) -> String {
    text.chars().take(ERROR_MAX).collect()
}
