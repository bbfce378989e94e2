//! What platforms send: kept before it is answered, then put into its conversation.

use super::{Came, accepted, end_of, seeded};
use crate::{Engine, EngineError, outbound::OPTED_OUT, vault::OpenAccount};
use countersign_channels::{
    OVER_WHATSAPP, Platform, Press, SendOutcome,
    hooks::{self, Answer, Call},
    inbound::{Change, Changed, Delivery, DeliveryStatus, Event, Kind, Message, What},
};
use countersign_core::contact;
use countersign_store::{
    Author, ConversationRow, ConversationStatus, ConversationUpdate, CustomerKey, CustomerRow, InboundKind,
    InboundOutcome, InboundRow, MessageRow, NewMessage, StoreError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often something about a message that is not known yet is looked at again: the provider may be faster than we are.
const LOOKS_MAX: u32 = 8;
/// The first pause between two of them, milliseconds; each is twice as long.
const LOOK_PAUSE_MS: i64 = 250;
/// Earlier texts of a message that are kept.
const EDITS_MAX: usize = 20;
/// How long a press may take to be answered.
const PRESS_TIMEOUT: Duration = Duration::from_secs(5);

/// A request of a platform, as it came.
#[derive(Debug, Clone, Default)]
pub struct HookCall {
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Parameters of the query.
    pub query: BTreeMap<String, String>,
    /// The address it was called at, as the caller sees it.
    pub url: String,
    /// The body.
    pub bytes: Vec<u8>,
}

/// What a row of a channel holds.
#[derive(Serialize, Deserialize)]
struct Told {
    account: String,
    platform: String,
    event: Event,
}

/// What becomes of a message on its way to the customer, as a message's row has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct DeliveryState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<DeliveryStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<i64>,
    /// How often it was tried.
    #[serde(default)]
    pub(crate) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// When each was told first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) told: BTreeMap<String, i64>,
}

impl DeliveryState {
    pub(crate) fn of(row: &MessageRow) -> Self {
        row.delivery.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// What is known after this was told too, in whatever order.
    pub(crate) fn after(mut self, told: &Delivery, now: i64) -> Self {
        let at = told.at.unwrap_or(now);
        let word = json!(told.status).as_str().unwrap_or_default().to_owned();
        self.told.entry(word).or_insert(at);
        if self.status.is_none_or(|status| told.status.is_after(status)) {
            self.status = Some(told.status);
            self.at = Some(at);
            let failed = told.status == DeliveryStatus::Failed;
            self.code = told.code.clone().filter(|_| failed);
            self.error = told.error.clone().filter(|_| failed);
        }
        self
    }
}

/// What a provider calls a message at an address.
pub(crate) fn reference(account: &str, address: &str, provider_id: &str) -> String {
    format!("{account}/{address}/{provider_id}")
}

impl Engine {
    /// Takes a request of a platform to an account. When this returns, what it tells is on disk; the same again changes
    /// nothing.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, `Unverified`, `Busy`.
    pub async fn accept_hook(&self, platform: Platform, account: &str, call: HookCall) -> Result<Answer, EngineError> {
        let account = self.account_at(platform, account).await?;
        let HookCall { headers, query, url, bytes } = &call;
        let call = Call { headers, query, url, body: bytes };
        let received = hooks::receive(&account.account, &call, self.now() / 1000);
        let received = received.map_err(|refused| EngineError::Unverified(refused.to_string()))?;
        self.posted_to(&account);
        let rows = received.events.into_iter().map(|event| self.kept(&account, event));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(received.answer);
        }
        rows.iter().try_for_each(|_| self.0.inbox.admit())?;
        let new = self.0.store.accept_all_inbound(&rows).await?;
        let fresh: Vec<InboundRow> = rows.into_iter().zip(new).filter(|(_, new)| *new).map(|(row, _)| row).collect();
        let mut sources = BTreeSet::new();
        for row in fresh {
            if !in_turn(&row) {
                let engine = self.clone();
                self.0.tasks.spawn(async move { engine.deal_with(row, None).await });
            } else if sources.insert(row.source.clone()) {
                self.0.tasks.spawn(self.take_turns(row.workspace, row.source));
            }
        }
        Ok(received.answer)
    }

    /// Answers the registration of a webhook.
    ///
    /// # Errors
    /// `NotFound`, `Unverified`.
    pub async fn answer_handshake(
        &self,
        platform: Platform,
        account: &str,
        query: &BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        let account = self.account_at(platform, account).await?;
        hooks::handshake(&account.account, query).map_err(|refused| EngineError::Unverified(refused.to_string()))
    }

    async fn account_at(&self, platform: Platform, id: &str) -> Result<std::sync::Arc<OpenAccount>, EngineError> {
        let account = self.account_by_id(id).await?.filter(|open| open.account.platform() == platform);
        account.ok_or(EngineError::NotFound("channel"))
    }

    /// The row of something a platform tells. Messages of an address are dealt with in the platform's order; what is about
    /// an earlier message waits for nobody.
    fn kept(&self, account: &OpenAccount, event: Event) -> Result<InboundRow, EngineError> {
        let lane = match event.what {
            What::Message(_) => "channel",
            What::Changed(_) | What::Delivery(_) | What::Idle { .. } | What::Unknown { .. } => "changes",
        };
        let (rank, dedup) = (event.rank, event.key.clone());
        let source = format!("{lane}:{}/{}", account.id, event.address);
        let platform = account.account.platform().tag().to_owned();
        let told = Told { account: account.id.clone(), platform, event };
        let payload = serde_json::to_string(&told).map_err(|error| EngineError::Invalid(error.to_string()))?;
        let row = accepted(&account.workspace, self.0.clock.new_id(), InboundKind::Channel, self.now());
        // U+0000 cannot be kept by every database, and means nothing in words.
        Ok(InboundRow { source, dedup, rank, payload: payload.replace("\\u0000", "\\ufffd"), ..row })
    }

    /// What follows from a row of a channel.
    pub(super) async fn channel_came(&self, row: &InboundRow) -> Result<Came, EngineError> {
        let told: Told = serde_json::from_str(&row.payload).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        match &told.event.what {
            What::Message(message) => self.message_told(row, &told, message).await,
            What::Changed(changed) => self.change_told(row, &told, changed).await,
            What::Delivery(delivery) => self.delivery_told(row, &told, delivery).await,
            What::Idle { why } => Ok(Came::ignored(why)),
            What::Unknown { .. } => Ok(Came::ignored("nothing that is known; it is kept as it came")),
        }
    }

    async fn message_told(&self, row: &InboundRow, told: &Told, message: &Message) -> Result<Came, EngineError> {
        if told.event.address.is_empty() {
            return Ok(Came::ignored("it does not say who wrote"));
        }
        if let Some(choice) = message.choice.as_deref().filter(|choice| Self::is_decision_button(choice)) {
            return self.decision_pressed(row, told, (choice, message)).await;
        }
        if message.kind == Kind::Choice {
            self.answer_press(told, message, None);
        }
        let (conversation, customer) = self.conversation_at(row, told, message).await?;
        let id = said_id(&row.workspace, told, &message.id);
        let said_by = (Platform::read(&told.platform), told.event.address.as_str(), customer.id.as_str());
        let spoken = self.spoken(&row.workspace, message.consent, said_by).await?;
        let mut data = json!(message);
        for known in ["text", "name", "id"].into_iter().chain(spoken.is_none().then_some("consent")) {
            data.as_object_mut().map(|data| data.remove(known));
        }
        data["provider_id"] = json!(message.id);
        let new = NewMessage {
            id: id.clone(),
            conversation: conversation.id.clone(),
            at: row.at,
            author: Author::Customer,
            author_name: message.name.clone().unwrap_or_else(|| customer.name.clone()),
            body: message.text.clone(),
            form: None,
            checkpoint: None,
            run: None,
            data: Some(data.to_string()),
            leaves: false,
        };
        if let Some(spoken) = spoken {
            return self.word_said(row, &spoken, &new).await;
        }
        let payload = json!({
            "conversation": conversation.id, "message": id, "text": message.text, "choice": message.choice,
        });
        let next = InboundRow {
            source: format!("conversation:{}", conversation.id),
            dedup: id,
            payload: payload.to_string(),
            rank: row.rank,
            ..accepted(&row.workspace, self.0.clock.new_id(), InboundKind::Message, self.now())
        };
        let end = end_of(row, InboundOutcome::Stored, self.now());
        let (_, new) = self.0.store.receive_message(&new, &end, Some(&next)).await?;
        if !new {
            return Ok(Came::Nothing(InboundOutcome::Stored, Some("it was there before".to_owned())));
        }
        self.0.tasks.spawn(self.take_turns(next.workspace, next.source));
        Ok(Came::Ended(None))
    }

    /// An operator decides with a button: nothing of it is a customer's.
    async fn decision_pressed(
        &self,
        row: &InboundRow,
        told: &Told,
        (choice, press): (&str, &Message),
    ) -> Result<Came, EngineError> {
        let Some(platform) = Platform::read(&told.platform) else { return Ok(Came::ignored("no platform of ours")) };
        let by = press.by.as_deref();
        let why = Box::pin(self.button_pressed((&row.workspace, platform), by, choice)).await?;
        self.answer_press(told, press, why.as_ref().map(|why| format!("Nothing was decided by this: {why}.")));
        Ok(why.map_or(Came::Nothing(InboundOutcome::Stored, None), |why| Came::ignored(&why)))
    }

    /// Answers whoever pressed a button, beside all else: when it fails the button only waits a while.
    fn answer_press(&self, told: &Told, press: &Message, text: Option<String>) {
        if self.0.outside.is_some() {
            return;
        }
        let (engine, account, to) = (self.clone(), told.account.clone(), told.event.address.clone());
        let (id, by) = (press.id.clone(), press.by.clone());
        self.0.tasks.spawn(async move {
            let Ok(Some(open)) = engine.account_by_id(&account).await else { return };
            let press = Press { to: &to, id: &id, by: by.as_deref() };
            let answered = engine.0.sender.answer_press(&open.account, press, text.as_deref(), PRESS_TIMEOUT).await;
            if let Some(SendOutcome::Failed { code, message, .. }) = answered {
                tracing::info!(account, code, message, "whoever pressed a button was not answered");
            }
        });
    }

    /// The conversation a message belongs to and its customer; made when there is none, opened when it was closed.
    async fn conversation_at(
        &self,
        row: &InboundRow,
        told: &Told,
        message: &Message,
    ) -> Result<(ConversationRow, CustomerRow), EngineError> {
        let (store, workspace, address) = (&self.0.store, row.workspace.as_str(), told.event.address.as_str());
        let own = self.customer_at(row, told, message).await?;
        let customer = store.current_customer(workspace, &own.id).await?.unwrap_or_else(|| own.clone());
        // A mail belongs to the thread it answers, all else to its address.
        let thread = match told.platform == Platform::Email.tag() {
            true => match self.thread_of(workspace, told, message).await? {
                Some(found) => return Ok((self.opened(found).await?, customer)),
                None => message.id.as_str(),
            },
            false => "",
        };
        let id = seeded(&[workspace, &told.account, "conversation", address, thread]);
        if let Some(found) = store.get_conversation(workspace, &id).await? {
            return Ok((self.opened(found).await?, customer));
        }
        let now = self.now();
        let new = ConversationRow {
            id,
            workspace: workspace.to_owned(),
            // Theirs whose address it is, also when they turned out to be another.
            customer: Some(own.id),
            channel: told.platform.clone(),
            channel_account: Some(told.account.clone()),
            external_id: Some(format!("{address} {thread}").trim_end().to_owned()),
            subject: message.subject.clone(),
            status: ConversationStatus::Open,
            token_hash: None,
            assigned_to: None,
            last_position: 0,
            created_at: now,
            updated_at: now,
            last_message_at: None,
            unanswered_since: None,
            snoozed_until: None,
        };
        match store.create_conversation(&new, Vec::new()).await {
            Ok(()) => Ok((new, customer)),
            // Another process made it.
            Err(StoreError::AlreadyExists(_)) => {
                let found = store.get_conversation(workspace, &new.id).await?;
                Ok((found.ok_or(EngineError::NotFound("conversation"))?, customer))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The conversation of the mail this one answers: one of ours to the same address, or of theirs.
    async fn thread_of(
        &self,
        workspace: &str,
        told: &Told,
        message: &Message,
    ) -> Result<Option<ConversationRow>, EngineError> {
        let store = &self.0.store;
        for id in &message.reply_to {
            let ours = store.find_message(workspace, &reference(&told.account, &told.event.address, id)).await?;
            let found = match ours {
                Some(ours) => Some(ours),
                None => store.get_message(workspace, &said_id(workspace, told, id)).await?,
            };
            if let Some(found) = found {
                return Ok(store.get_conversation(workspace, &found.conversation).await?);
            }
        }
        Ok(None)
    }

    async fn customer_at(&self, row: &InboundRow, told: &Told, message: &Message) -> Result<CustomerRow, EngineError> {
        let (store, workspace, address) = (&self.0.store, row.workspace.as_str(), told.event.address.as_str());
        let platform = Platform::read(&told.platform);
        let (phone, telegram, external_id) = match platform {
            Some(Platform::Whatsapp | Platform::Sms) => {
                (contact::phone(address.strip_prefix(OVER_WHATSAPP).unwrap_or(address)), None, None)
            }
            Some(Platform::Telegram) => (None, Some(address.to_owned()), None),
            // Anybody can write any sender into a mail: it is what they say of themselves, and finds nobody.
            Some(Platform::Email) => (None, None, None),
            Some(Platform::Slack) | None => (None, None, Some(format!("{}:{address}", told.platform))),
        };
        let keys = [
            phone.as_deref().map(CustomerKey::Phone),
            telegram.as_deref().map(CustomerKey::Telegram),
            external_id.as_deref().map(CustomerKey::ExternalId),
        ];
        for key in keys.into_iter().flatten() {
            if let Some(known) = store.find_customer(workspace, key).await? {
                return Ok(known);
            }
        }
        let name: String = message.name.clone().unwrap_or_else(|| address.to_owned()).chars().take(200).collect();
        let claimed = match platform {
            Some(Platform::Email) => json!({ "claimed": { "email": address, "name": message.name } }),
            Some(Platform::Whatsapp | Platform::Telegram | Platform::Sms | Platform::Slack) | None => json!({}),
        };
        // Who writes in two ways at once is one person too.
        let by = phone.as_deref().map_or((told.platform.as_str(), address), |phone| ("phone", phone));
        let new = CustomerRow {
            id: seeded(&[workspace, "customer", by.0, by.1]),
            workspace: workspace.to_owned(),
            external_id,
            name,
            email: None,
            phone,
            telegram,
            data: claimed.to_string(),
            created_at: self.now(),
            merged_into: None,
            merges: 0,
        };
        match store.create_customer(&new, Vec::new()).await {
            Ok(()) => Ok(new),
            Err(StoreError::AlreadyExists(_)) => {
                store.get_customer(workspace, &new.id).await?.ok_or(EngineError::NotFound("customer"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A message opens a conversation that was closed.
    pub(super) async fn opened(&self, row: ConversationRow) -> Result<ConversationRow, EngineError> {
        if row.status != ConversationStatus::Closed {
            return Ok(row);
        }
        let update = ConversationUpdate {
            workspace: row.workspace.clone(),
            id: row.id.clone(),
            at: self.now(),
            status: Some(ConversationStatus::Open),
            ..ConversationUpdate::default()
        };
        Ok(self.0.store.update_conversation(&update, Vec::new()).await?)
    }

    async fn change_told(&self, row: &InboundRow, told: &Told, changed: &Changed) -> Result<Came, EngineError> {
        let store = &self.0.store;
        let theirs = store.get_message(&row.workspace, &said_id(&row.workspace, told, &changed.id)).await?;
        let found = match theirs {
            Some(theirs) => Some(theirs),
            None => self.known(row, told, &changed.id).await?,
        };
        let Some(before) = found else { return Ok(not_known(row)) };
        let now = applied(&before, &changed.how, row);
        self.change(row, &before, &now).await
    }

    async fn delivery_told(&self, row: &InboundRow, told: &Told, delivery: &Delivery) -> Result<Came, EngineError> {
        let Some(before) = self.known(row, told, &delivery.id).await? else { return Ok(not_known(row)) };
        if delivery.code.as_deref() == Some(OPTED_OUT)
            && let Some(platform) = Platform::read(&told.platform)
        {
            self.opted_out_at_provider(&row.workspace, platform, &told.event.address).await?;
        }
        let state = DeliveryState::of(&before).after(delivery, row.at);
        let now = MessageRow { delivery: Some(json!(state).to_string()), ..before.clone() };
        self.change(row, &before, &now).await
    }

    /// A message of ours by the provider's id.
    async fn known(&self, row: &InboundRow, told: &Told, id: &str) -> Result<Option<MessageRow>, EngineError> {
        let reference = reference(&told.account, &told.event.address, id);
        Ok(self.0.store.find_message(&row.workspace, &reference).await?)
    }

    async fn change(&self, row: &InboundRow, before: &MessageRow, now: &MessageRow) -> Result<Came, EngineError> {
        let end = end_of(row, InboundOutcome::Applied, self.now());
        match self.0.store.change_message(before, now, None, Some(&end)).await? {
            true => Ok(Came::Ended(None)),
            // It changed meanwhile, or this was dealt with: what is stored decides.
            false => Ok(Came::Later(LOOK_PAUSE_MS)),
        }
    }
}

/// Whether it takes its turn among those of its source.
pub(super) fn in_turn(row: &InboundRow) -> bool {
    match row.kind {
        InboundKind::Channel => row.source.starts_with("channel:"),
        InboundKind::Message => true,
        InboundKind::Webhook | InboundKind::Schedule => false,
    }
}

/// The id of a message that came from an address.
fn said_id(workspace: &str, told: &Told, provider_id: &str) -> String {
    seeded(&[workspace, &told.account, "message", &told.event.address, provider_id])
}

fn not_known(row: &InboundRow) -> Came {
    if row.attempts > LOOKS_MAX {
        return Came::ignored("it is about a message that is not known");
    }
    Came::Later(LOOK_PAUSE_MS.saturating_mul(1 << row.attempts.min(LOOKS_MAX)))
}

/// The message with the change.
fn applied(before: &MessageRow, how: &Change, row: &InboundRow) -> MessageRow {
    let mut now = before.clone();
    let data = before.data.as_deref().and_then(|data| serde_json::from_str::<Value>(data).ok());
    let mut data = data.filter(Value::is_object).unwrap_or_else(|| json!({}));
    match how {
        Change::Edited { text } => {
            let newest = data["edit_rank"].as_i64().is_none_or(|rank| rank < row.rank || row.rank == 0);
            let mut edits = data["edits"].as_array().cloned().unwrap_or_default();
            // An older edit that comes later is one of the earlier texts.
            let earlier = if newest { std::mem::replace(&mut now.body, text.clone()) } else { text.clone() };
            edits.push(json!({ "text": earlier, "at": row.at }));
            edits.drain(..edits.len().saturating_sub(EDITS_MAX));
            data["edits"] = Value::Array(edits);
            if newest {
                data["edit_rank"] = json!(row.rank);
                data["edited_at"] = json!(row.at);
            }
        }
        Change::Deleted => data["deleted_at"] = json!(row.at),
        Change::Reacted { emoji } => {
            let newest = data["reaction_rank"].as_i64().is_none_or(|rank| rank <= row.rank);
            if newest {
                data["reaction"] = json!(Some(emoji).filter(|emoji| !emoji.is_empty()));
                data["reaction_rank"] = json!(row.rank);
            }
        }
    }
    now.data = Some(data.to_string());
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: DeliveryStatus, at: i64) -> Delivery {
        Delivery { id: "w".to_owned(), status, at: Some(at), code: Some("1".to_owned()), error: None }
    }

    #[test]
    fn deliveries_in_any_order_lead_to_the_same() {
        use DeliveryStatus::{Delivered, Read, Sent};
        let all = [told(Sent, 1), told(Delivered, 2), told(Read, 3)];
        let fold = |order: [usize; 3]| {
            let state = order.into_iter().fold(DeliveryState::default(), |state, at| state.after(&all[at], 9));
            json!(state)
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
            assert_eq!(fold(order), fold([0, 1, 2]), "{order:?}");
        }
        assert_eq!(fold([2, 1, 0])["status"], "read");
        let failed = DeliveryState::default().after(&told(DeliveryStatus::Failed, 1), 9);
        assert_eq!(failed.code.as_deref(), Some("1"));
        assert_eq!(failed.after(&told(Sent, 2), 9).status, Some(DeliveryStatus::Failed));
    }
}
