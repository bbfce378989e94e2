//! Effects performed: each gives back exactly one input.

use crate::{
    Engine, EngineError,
    outbound::{OPTED_OUT, OUTSIDE_WINDOW, Window},
    run::places::Limits,
    vault::{AccountChoice, CHANNEL, NotReady, OpenAccount, Ready, UsedBy},
};
use async_trait::async_trait;
use countersign_channels::{OutboundMessage, Platform, SendOutcome};
use countersign_connectors::{Call, CallError, CallOutcome, Connection, Exchange, Invoker, LookUp};
use countersign_core::{
    approval::connector_of,
    catalogue::Catalogue,
    log::{FailureClass, StepError},
    run::{CallId, Effect, Input, LookUpResult},
    time::{Span, Timestamp},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// When a call is asked for again that the database was away for, milliseconds.
const AWAY_MS: i64 = 1000;
/// How often a look-up waits so long for the database before a person is asked.
const AWAY_TIMES_MAX: usize = 120;

/// What is across the network, as a simulation has it.
#[doc(hidden)]
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// The actions that exist there.
    fn catalogue(&self) -> Arc<Catalogue>;
    /// Performs the effect; what came of it is the run's next input.
    async fn perform(&self, effect: Effect) -> Input;
}

/// The version that asks for a call.
#[derive(Clone, Copy)]
pub(crate) struct Published<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) workflow: &'a str,
    pub(crate) version: u32,
}

/// A run's turn to have an effect performed: whose it is, and the lease of this process it was decided on.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub(crate) of: Published<'a>,
    pub(crate) run: &'a str,
    pub(crate) lease: u64,
}

impl Engine {
    /// Performs an effect; nothing when it may not be performed by this process any more. That is looked at last of all, when
    /// everything that could take its time is there.
    pub(crate) async fn perform(&self, turn: Turn<'_>, effect: Effect) -> Option<Input> {
        if let Some(outside) = &self.0.outside {
            return if self.may_perform(turn, effect.id()).await { Some(outside.perform(effect).await) } else { None };
        }
        match effect {
            Effect::InvokeAction { id, key, action, connection, account, input, timeout, repeated } => {
                let (action, connection, input, key) = (&action, connection.as_deref(), &input, &key);
                let request = Request { action, connection, input, key, timeout, repeated };
                self.invoke(turn, id, &request, account.as_deref()).await
            }
            Effect::SendMessage { id, key, channel, to, subject, body, template, timeout } => {
                let timeout = Duration::from_millis(timeout.0);
                let Some(channel) = Platform::of(channel) else { return Some(self.conversation_takes(turn, id).await) };
                let (to, subject, body, key) = (to.as_str(), subject.as_str(), body.as_str(), key.as_ref());
                let message = OutboundMessage {
                    channel,
                    to,
                    subject,
                    body,
                    key,
                    timeout,
                    choices: &[],
                    thread: None,
                    by_person: false,
                    template: template.as_deref(),
                    unsubscribe: None,
                };
                self.send(turn, id, message).await
            }
            Effect::LookUp { id, key, action, connection, input, timeout } => {
                if !self.may_perform(turn, id).await {
                    return None;
                }
                let (action, connection, input, key) = (&action, connection.as_deref(), &input, &key);
                let request = Request { action, connection, input, key, timeout, repeated: true };
                let result = self.look_up(turn.of, &request).await;
                Some(Input::LookedUp { id, result })
            }
        }
    }

    /// The connections of a workspace whose calls wait for a place in this process: connector, name, how many; the most
    /// first.
    #[must_use]
    pub fn calls_waiting(&self, workspace: &str) -> Vec<(String, Option<String>, usize)> {
        let waiting = self.0.places.waiting(workspace).into_iter();
        waiting.filter(|(connector, ..)| connector != CHANNEL).collect()
    }

    /// Who calls, and with which credentials.
    async fn caller(
        &self,
        of: Published<'_>,
        request: &Request<'_>,
    ) -> Result<(Invoker, Option<Arc<Connection>>), EngineError> {
        let connectors = self.connectors_of(of.workspace, of.workflow, of.version).await?;
        let connector = connector_of(request.action);
        let version = self.version(of.workspace, of.workflow, of.version).await?;
        let choice = AccountChoice::of_step(version.accounts(), connector, request.connection);
        let connection = self.connection(of.workspace, connector, choice).await?;
        Ok((self.0.invoker.knowing(connectors), connection))
    }

    /// [`Engine::caller`] for what only reads: while the database is away it waits, as the answer could not be written either.
    async fn patient_caller(&self, of: Published<'_>, request: &Request<'_>) -> Option<(Invoker, Ready)> {
        for _ in 0..AWAY_TIMES_MAX {
            let error = match self.caller(of, request).await {
                Ok((invoker, connection)) => {
                    match self.ready(of.workspace, (&invoker, request.action), connection).await {
                        Ok(ready) => return Some((invoker, ready)),
                        Err(NotReady::Engine(error)) => error,
                        Err(NotReady::Token(_)) => return None,
                    }
                }
                Err(error) => error,
            };
            if !error.may_pass() || !self.pause(AWAY_MS.unsigned_abs()).await {
                return None;
            }
        }
        None
    }

    /// `approved` is the account that the call was approved for.
    async fn invoke(&self, turn: Turn<'_>, id: CallId, request: &Request<'_>, approved: Option<&str>) -> Option<Input> {
        let (invoker, connection) = match self.caller(turn.of, request).await {
            Ok(caller) => caller,
            // Nothing was sent, and trying again chooses no account either.
            Err(error @ EngineError::NoAccount { .. }) => {
                let unsent = not_sent("connection_choice", &error.to_string());
                return Some(failed(id, &CallError { class: FailureClass::Fatal, ..unsent }, None));
            }
            Err(error) => return Some(unsent(id, "connection_unavailable", &error, self.now())),
        };
        let account = connection.as_ref().map_or("", |connection| connection.revision.as_str());
        if approved.is_some_and(|approved| approved != account) {
            let changed = "the connection is not what it was when the call was approved: let it be approved again";
            let error = CallError { class: FailureClass::Fatal, ..not_sent("connection_changed", changed) };
            return Some(failed(id, &error, None));
        }
        let ready = match self.ready(turn.of.workspace, (&invoker, request.action), connection).await {
            Ok(ready) => ready,
            Err(NotReady::Token(error)) => return Some(failed(id, &error, None)),
            Err(NotReady::Engine(error)) => return Some(unsent(id, "connection_unavailable", &error, self.now())),
        };
        let connection = &ready.connection;
        let connector = connector_of(request.action);
        let limits = connection.as_ref().map(|connection| Limits::of(&connection.settings)).unwrap_or_default();
        let name = connection.as_ref().map(|connection| connection.name.clone());
        let account = (turn.of.workspace.to_owned(), connector.to_owned(), name);
        let invoker = match self.0.places.take(account, limits) {
            Ok(taken) => invoker.paced(Arc::new(taken)),
            Err(due) => return Some(put_off(id, due)),
        };
        if !self.may_perform(turn, id).await {
            return None;
        }
        let outcome = self.call(turn, id, (&invoker, request), &ready).await?;
        if let Some(connection) = connection {
            let by = UsedBy::Run(turn.of.workflow, turn.run);
            self.listen((turn.of.workspace, by), &invoker, connection, &outcome);
        }
        Some(match outcome {
            CallOutcome::Succeeded { output, exchange } => {
                Input::CallSucceeded { id, output, exchange: facts(&exchange) }
            }
            CallOutcome::Failed { error, exchange } => failed(id, &error, exchange.as_ref()),
        })
    }

    /// Sends a call; once more with another access token where it was refused for its own: that was for certain, so it is no
    /// second call.
    async fn call(
        &self,
        turn: Turn<'_>,
        id: CallId,
        (invoker, request): (&Invoker, &Request<'_>),
        ready: &Ready,
    ) -> Option<CallOutcome> {
        let outcome = invoker.invoke(request.call(ready.connection.as_deref())).await;
        match self.another_token(turn.of.workspace, (invoker, request.action), ready, &outcome).await {
            None => Some(outcome),
            Some(Err(error)) => Some(CallOutcome::Failed { error, exchange: outcome.exchange().cloned() }),
            Some(Ok(again)) => {
                // The answer may have taken its time.
                if !self.may_perform(turn, id).await {
                    return None;
                }
                Some(invoker.invoke(request.call(again.connection.as_deref())).await)
            }
        }
    }

    async fn look_up(&self, of: Published<'_>, request: &Request<'_>) -> LookUpResult {
        let Some((invoker, ready)) = self.patient_caller(of, request).await else {
            return LookUpResult::Unclear;
        };
        match invoker.look_up(request.call(ready.connection.as_deref())).await {
            LookUp::Happened(output) => LookUpResult::Happened { output },
            LookUp::DidNotHappen => LookUpResult::DidNotHappen,
            LookUp::Unknown => LookUpResult::Unclear,
        }
    }

    /// The message as its channel takes it now: in free words while the customer's window is open, else as the approved
    /// template. Refused when it takes neither, or the customer wants none; where they never wrote as far as is known, the
    /// channel is asked.
    async fn wanted<'a>(
        &self,
        run: &str,
        account: &OpenAccount,
        message: OutboundMessage<'a>,
    ) -> Result<Result<OutboundMessage<'a>, CallError>, EngineError> {
        let whose = self.0.store.get_run(&account.workspace, run).await?.and_then(|run| run.customer);
        let to = (message.channel, message.to);
        let whose = self.whose_word(&account.workspace, to, whose).await?;
        if let Some(why) = self.opted_out(&account.workspace, to, whose.as_deref()).await? {
            return Ok(Err(CallError { class: FailureClass::Fatal, ..not_sent(OPTED_OUT, &why) }));
        }
        Ok(match (self.window(account, message.to).await?, message.template) {
            (Window::Open, _) => Ok(OutboundMessage { template: None, ..message }),
            (Window::Closed | Window::Unknown, Some(_)) | (Window::Unknown, None) => Ok(message),
            (Window::Closed, None) => Err(too_late(&message)),
        })
    }

    /// Where whoever gets it says that they want no more; mail only.
    async fn way_out(&self, workspace: &str, message: &OutboundMessage<'_>) -> Result<Option<String>, EngineError> {
        match message.channel {
            Platform::Email => self.unsubscribe_page(workspace, message.to).await.map(Some),
            Platform::Whatsapp | Platform::Telegram | Platform::Sms | Platform::Slack => Ok(None),
        }
    }

    /// Whether words may be said in the run's conversation: not where its customer wants no messages on its channel. Nothing
    /// leaves by this.
    async fn conversation_takes(&self, turn: Turn<'_>, id: CallId) -> Input {
        match self.conversation_opted_out(turn.of.workspace, turn.run).await {
            Ok(None) => {
                Input::CallSucceeded { id, output: json!({ "channel": "conversation" }), exchange: Value::Null }
            }
            Ok(Some(why)) => failed(id, &CallError { class: FailureClass::Fatal, ..not_sent(OPTED_OUT, &why) }, None),
            Err(error) => unsent(id, "conversation_unavailable", &error, self.now()),
        }
    }

    async fn send(&self, turn: Turn<'_>, id: CallId, message: OutboundMessage<'_>) -> Option<Input> {
        let (workspace, channel) = (turn.of.workspace, message.channel);
        let account = match self.channel_account(workspace, channel).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                let text = format!("the workspace has no {} account", channel.tag());
                let error = CallError { class: FailureClass::Fatal, ..not_sent("no_account", &text) };
                return Some(failed(id, &error, None));
            }
            Err(error) => return Some(unsent(id, "account_unavailable", &error, self.now())),
        };
        let way_out = match self.way_out(workspace, &message).await {
            Ok(way_out) => way_out,
            Err(error) => return Some(unsent(id, "account_unavailable", &error, self.now())),
        };
        let asked = OutboundMessage { unsubscribe: way_out.as_deref(), ..message };
        let message = match self.wanted(turn.run, &account, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => return Some(failed(id, &error, None)),
            Err(error) => return Some(unsent(id, "account_unavailable", &error, self.now())),
        };
        let _taken = match self.0.places.take(account.place(), Limits::default()) {
            Ok(taken) => taken,
            Err(due) => return Some(put_off(id, due)),
        };
        if !self.may_perform(turn, id).await {
            return None;
        }
        let (mut message, mut outcome) = (message, self.send_to_customer(&account, message).await);
        let late = matches!(&outcome, SendOutcome::Failed { code, .. } if code == OUTSIDE_WINDOW);
        if late && message.template.is_none() && asked.template.is_some() {
            // It was refused for certain, so this is no second message. The answer may have taken its time.
            if !self.may_perform(turn, id).await {
                return None;
            }
            (message, outcome) = (asked, self.send_to_customer(&account, asked).await);
        }
        Some(match outcome {
            SendOutcome::Accepted { provider_id, exchange } => {
                let mut output = json!({ "channel": channel.tag(), "provider_id": provider_id });
                if let Some(template) = message.template {
                    output["template"] = json!(template.name);
                }
                Input::CallSucceeded { id, output, exchange }
            }
            SendOutcome::Failed { class, code, message, retry_after_seconds, .. } => {
                let error = CallError { class, code, message, details: Value::Null, retry_after_seconds };
                failed(id, &error, None)
            }
        })
    }
}

struct Request<'a> {
    action: &'a str,
    connection: Option<&'a str>,
    input: &'a Value,
    key: &'a str,
    timeout: Span,
    repeated: bool,
}

impl<'a> Request<'a> {
    fn call(&self, connection: Option<&'a Connection>) -> Call<'a> {
        let timeout = Duration::from_millis(self.timeout.0);
        Call { action: self.action, input: self.input, key: self.key, timeout, connection, repeated: self.repeated }
    }
}

fn too_late(message: &OutboundMessage<'_>) -> CallError {
    let text = format!("{} wrote last more than 24 hours ago, and the step names no template", message.to);
    CallError { class: FailureClass::Fatal, ..not_sent(OUTSIDE_WINDOW, &text) }
}

/// Nothing was sent, so trying again is safe. What passes, such as a database that is away, is no attempt of the step.
fn unsent(id: CallId, code: &str, error: &EngineError, now: i64) -> Input {
    if error.may_pass() {
        return put_off(id, now + AWAY_MS);
    }
    failed(id, &not_sent(code, &error.to_string()), None)
}

/// There was no place, or no database: the run waits as a row, and its call is asked for again then.
fn put_off(id: CallId, due: i64) -> Input {
    metrics::counter!("countersign_calls_put_off_total").increment(1);
    Input::CallPutOff { id, due: Timestamp(due) }
}

fn not_sent(code: &str, message: &str) -> CallError {
    CallError {
        class: FailureClass::Retryable,
        code: code.to_owned(),
        message: message.to_owned(),
        details: Value::Null,
        retry_after_seconds: None,
    }
}

fn failed(id: CallId, error: &CallError, exchange: Option<&Exchange>) -> Input {
    Input::CallFailed {
        id,
        error: StepError {
            class: error.class,
            code: error.code.clone(),
            message: error.message.clone(),
            details: error.details.clone(),
        },
        exchange: exchange.map_or(Value::Null, whole),
        retry_after_seconds: error.retry_after_seconds,
        jitter_per_mille: jitter(),
    }
}

/// What is worth keeping of a call that went well: its output is on the record already.
fn facts(exchange: &Exchange) -> Value {
    let mut facts = json!({
        "method": exchange.request.method,
        "url": exchange.request.url,
        "status": exchange.status,
        "duration_ms": exchange.duration_ms,
    });
    if let Some(pages) = exchange.pages {
        facts["pages"] = pages.into();
    }
    facts
}

/// A failed call is kept whole: somebody will have to understand it.
fn whole(exchange: &Exchange) -> Value {
    serde_json::to_value(exchange).unwrap_or_default()
}

/// The only random number of a run: the shell draws it, the machine is told.
fn jitter() -> u16 {
    let mut bytes = [0_u8; 2];
    // Without randomness all pauses have the same length, which is no reason to fail.
    if getrandom::fill(&mut bytes).is_err() {
        return 500;
    }
    u16::from_le_bytes(bytes) % 1001
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_store::StoreError;

    #[test]
    fn a_database_that_is_away_takes_no_attempt_of_the_step() {
        let id = CallId { visit: 1, call: 1, attempt: 1 };
        for away in [EngineError::Busy, EngineError::Store(StoreError::Busy("away".into())), StoreError::Full.into()] {
            assert_eq!(unsent(id, "c", &away, 5), Input::CallPutOff { id, due: Timestamp(5 + AWAY_MS) }, "{away}");
        }
        let corrupt = unsent(id, "c", &EngineError::Corrupt("sealed with another key".into()), 5);
        assert!(matches!(corrupt, Input::CallFailed { error, .. } if error.code == "c"));
    }
}
