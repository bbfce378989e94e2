//! A customer wrote: the run that follows.

use super::{Came, accepted, end_of, triggers::source};
use crate::{
    Engine, EngineError, StartRun, customer_object,
    run::{Origin, Starter},
};
use countersign_core::{
    moves::version_for,
    run::{self, Actor, IncomingMessage, Version, Via},
};
use countersign_store::{
    ConversationRow, ConversationStatus, CustomerRow, InboundEndRow, InboundKind, InboundOutcome, InboundRow,
    MessageRow, NewAudit, NewMessage, PageRequest, RunFilter, RunRow, RunStatus,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// How long whoever wrote waits for what follows before they are answered; it goes on without them.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is asked who wants a message while triggers are switched off.
const ASKED_MAX: u32 = 5;
/// Why a message starts nothing.
const UNWANTED: &str = "no message trigger wants it";

/// A conversation in which somebody wrote, and its customer.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The conversation.
    pub conversation: ConversationRow,
    /// Its customer.
    pub customer: Option<CustomerRow>,
}

/// What a customer said.
#[derive(Clone, Copy)]
struct Said<'a> {
    text: &'a str,
    /// Whether nothing of theirs came before it; `false` where nobody asks.
    first: bool,
}

/// A message about to be wanted by a workflow or not.
#[derive(Clone, Copy)]
struct Wrote<'a> {
    id: &'a str,
    text: &'a str,
    /// As expressions see them.
    customer: &'a Value,
}

/// Who answers a message.
struct Wanted {
    workflow: String,
    /// The trigger; none of the workflow that takes what no trigger wants.
    trigger: Option<String>,
}

/// A message that is stored.
#[derive(Debug, Clone)]
pub struct AcceptedMessage {
    /// The message.
    pub message: MessageRow,
    /// The run it started, as far as that is known by now.
    pub run: Option<RunRow>,
}

impl Engine {
    /// A customer wrote. When this returns, the message is on disk together with what is to be done about it: the run whose
    /// message trigger holds starts, also when the process dies. A conversation that is with a person, or has a run under
    /// way, starts none. The same message again changes nothing.
    ///
    /// # Errors
    /// `Busy` when too much waits, `NotFound` when the conversation does not exist.
    pub async fn accept_message(
        &self,
        mut incoming: Incoming,
        message: NewMessage,
    ) -> Result<AcceptedMessage, EngineError> {
        self.0.inbox.admit()?;
        incoming.conversation = self.opened(incoming.conversation).await?;
        let row = &incoming.conversation;
        let event = InboundRow {
            source: format!("conversation:{}", row.id),
            dedup: message.id.clone(),
            payload: json!({ "conversation": row.id, "message": message.id, "text": message.body }).to_string(),
            ..accepted(&row.workspace, self.0.clock.new_id(), InboundKind::Message, self.now())
        };
        let entry = NewAudit {
            at: message.at,
            actor: format!("customer:{}", row.customer.as_deref().unwrap_or(&row.id)),
            via: "conversation".to_owned(),
            action: "message.received".to_owned(),
            subject: format!("conversation:{}", row.id),
            detail: json!({ "message": message.id, "sha256": hex::encode(Sha256::digest(&message.body)) }).to_string(),
        };
        let (message, new) = self.0.store.accept_message(&message, &event, vec![entry]).await?;
        if !new {
            return Ok(AcceptedMessage { message, run: None });
        }
        let engine = self.clone();
        let work = self.0.tasks.spawn(async move { engine.deal_with(event, Some(incoming)).await });
        let run = tokio::time::timeout(PATIENCE, work).await.ok().and_then(Result::ok).flatten();
        Ok(AcceptedMessage { message, run })
    }

    /// Whatever comes of it, `row` says which trigger wants it, if one does.
    pub(super) async fn message_came(
        &self,
        row: &mut InboundRow,
        known: Option<Incoming>,
    ) -> Result<Came, EngineError> {
        let payload: Value =
            serde_json::from_str(&row.payload).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let text = |name: &str| payload[name].as_str().unwrap_or_default();
        let incoming = match known {
            Some(known) => known,
            None => self.incoming(&row.workspace, text("conversation")).await?,
        };
        if incoming.conversation.status != ConversationStatus::Open {
            return Ok(Came::ignored("a person has the conversation"));
        }
        // The chat on our own pages has forms; elsewhere a message is the answer.
        if incoming.conversation.channel_account.is_some()
            && let Some(came) = self.form_answered(row, &incoming, text("message")).await?
        {
            return Ok(came);
        }
        if self.has_run_under_way(&row.workspace, &incoming.conversation.id).await? {
            if incoming.conversation.channel_account.is_none()
                && let Some(came) = self.written_beside_form(row, &incoming, text("message")).await?
            {
                return Ok(came);
            }
            return Ok(Came::unanswered("a run is under way in the conversation"));
        }
        let known = incoming.customer.as_ref().map_or(Value::Null, customer_object);
        let message = Wrote { id: text("message"), text: text("text"), customer: &known };
        for _ in 0..ASKED_MAX {
            match self.answered_by_run(row, &incoming, message).await {
                // Switched off since it was asked who wants the message.
                Err(EngineError::TriggerOff(_)) => {
                    row.wanted_by = None;
                    self.workflows_changed();
                }
                came => return came,
            }
        }
        Err(EngineError::Busy)
    }

    /// Starts the run of the workflow that wants a message. One conversation, one token: the first that wants it has it.
    async fn answered_by_run(
        &self,
        row: &mut InboundRow,
        incoming: &Incoming,
        message: Wrote<'_>,
    ) -> Result<Came, EngineError> {
        let Incoming { conversation, customer } = incoming;
        // The run's id decides between the active and the ramped version.
        let run = self.0.clock.new_id();
        let wanted = match self.wanted_by(conversation, &run, message).await? {
            Some(wanted) => Some(wanted),
            None => {
                let fallback = self.conduct(&row.workspace).await?.fallback_workflow.clone();
                fallback.map(|workflow| Wanted { workflow, trigger: None })
            }
        };
        let Some(Wanted { workflow, trigger }) = wanted else { return Ok(Came::unanswered(UNWANTED)) };
        let mut request = message_start(conversation, &workflow, message.customer, message.text);
        match &trigger {
            Some(id) => request.trigger["id"] = json!(id),
            None => request.trigger["fallback"] = json!(true),
        }
        row.wanted_by = trigger.as_ref().map(|id| source(&workflow, id));
        let origin = Origin {
            run: Some(run),
            inbound: Some(row.id.clone()),
            wanted_by: row.wanted_by.clone(),
            known: Some((conversation.clone(), customer.clone())),
            ..Origin::default()
        };
        match self.start_from(request, origin).await {
            Ok(started) => Ok(Came::Ended(Some(Box::new(started.run)))),
            // It was one that could be started when it was chosen.
            Err(error @ (EngineError::NotFound(_) | EngineError::NotPublished | EngineError::InvalidInput(_)))
                if trigger.is_none() =>
            {
                Ok(Came::Unanswered(format!("{UNWANTED}, and the fallback cannot start: {error}")))
            }
            Err(error) => Err(error),
        }
    }

    /// The first workflow that wants a message, and its trigger.
    async fn wanted_by(
        &self,
        conversation: &ConversationRow,
        run: &str,
        message: Wrote<'_>,
    ) -> Result<Option<Wanted>, EngineError> {
        let workspace = &conversation.workspace;
        let starters = self.starters(workspace).await?;
        let wanted = self.wanted_of(&starters, conversation, (run, message), true).await?;
        if wanted.is_some() || starters.iter().all(|starter| starter.off.is_empty()) {
            return Ok(wanted);
        }
        // What wants it and is off: another process may have switched it on, and the word of it not have come yet.
        if self.wanted_of(&starters, conversation, (run, message), false).await?.is_none() {
            return Ok(None);
        }
        let starters = self.starters_anew(workspace).await?;
        self.wanted_of(&starters, conversation, (run, message), true).await
    }

    async fn wanted_of(
        &self,
        starters: &[Starter],
        conversation: &ConversationRow,
        (run, message): (&str, Wrote<'_>),
        heeds_switches: bool,
    ) -> Result<Option<Wanted>, EngineError> {
        let workspace = &conversation.workspace;
        let none = BTreeSet::new();
        let mut first = None;
        for starter in starters {
            let Starter { workflow, active, ramp, off, versions } = starter;
            let Some(version) = versions.get(&version_for(run, *active, *ramp)) else { continue };
            if first.is_none() && run::asks_whether_first(version) {
                first = Some(!self.0.store.wrote_before(workspace, &conversation.id, message.id).await?);
            }
            let said = Said { text: message.text, first: first.unwrap_or_default() };
            let wrote = (conversation, message.customer, said);
            let off = if heeds_switches { off } else { &none };
            if let Some(trigger) = self.message_starts(version, off, wrote) {
                return Ok(Some(Wanted { workflow: workflow.clone(), trigger: Some(trigger) }));
            }
        }
        Ok(None)
    }

    /// Ends the event of a message that nobody and no workflow answers, and puts its conversation into *Unanswered*.
    pub(super) async fn unanswered(&self, row: &InboundRow, why: String) -> Result<(), EngineError> {
        let end = InboundEndRow { error: Some(why), ..end_of(row, InboundOutcome::Ignored, self.now()) };
        let payload: Value = serde_json::from_str(&row.payload).unwrap_or_default();
        let message = payload["message"].as_str().unwrap_or_default();
        match self.0.store.get_message(&row.workspace, message).await? {
            Some(said) => self.0.store.end_unanswered(&end, &said).await?,
            None => self.0.store.end_inbound(&end).await?,
        };
        Ok(())
    }

    async fn incoming(&self, workspace: &str, conversation: &str) -> Result<Incoming, EngineError> {
        let store = &self.0.store;
        let row = store.get_conversation(workspace, conversation).await?;
        let conversation = row.ok_or(EngineError::NotFound("conversation"))?;
        let customer = match &conversation.customer {
            Some(id) => store.current_customer(workspace, id).await?,
            None => None,
        };
        Ok(Incoming { conversation, customer })
    }

    async fn has_run_under_way(&self, workspace: &str, conversation: &str) -> Result<bool, EngineError> {
        let filter = RunFilter {
            conversation: Some(conversation.to_owned()),
            status: vec![RunStatus::Running, RunStatus::Waiting],
            ..RunFilter::default()
        };
        let page = PageRequest { after: None, limit: 1 };
        Ok(!self.0.store.list_runs(workspace, &filter, &page).await?.items.is_empty())
    }

    /// The trigger that wants a message.
    fn message_starts(
        &self,
        version: &Arc<Version>,
        off: &BTreeSet<String>,
        (row, customer, said): (&ConversationRow, &Value, Said<'_>),
    ) -> Option<String> {
        let (text, channel) = (Value::from(said.text), Value::from(row.channel.as_str()));
        let conversation = json!({ "id": row.id, "channel": row.channel });
        let first = said.first;
        let message = IncomingMessage { text: &text, channel: &channel, customer, conversation: &conversation, first };
        let decide = || run::message_starts(version, message, off, self.timestamp());
        let (starts, failed) = self.0.aside.decide(version, || self.0.clock.elapsed(), decide);
        for error in failed {
            tracing::warn!(workflow = version.workflow().name, %error, "a message trigger failed");
        }
        starts.map(str::to_owned)
    }
}

fn message_start(row: &ConversationRow, workflow: &str, customer: &Value, text: &str) -> StartRun {
    let name = customer["name"].as_str().unwrap_or("customer").to_owned();
    let actor = Actor {
        id: row.customer.clone().unwrap_or_else(|| row.id.clone()),
        name,
        email: customer["email"].as_str().unwrap_or_default().to_owned(),
        roles: Vec::new(),
        via: Via::Conversation,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    };
    StartRun {
        workspace: row.workspace.clone(),
        workflow: workflow.to_owned(),
        version: None,
        input: json!({}),
        customer: row.customer.clone(),
        conversation: Some(row.id.clone()),
        trigger: json!({ "type": "message", "text": text, "channel": row.channel }),
        started_by: Some(actor),
        idempotency: None,
        wait: None,
    }
}
