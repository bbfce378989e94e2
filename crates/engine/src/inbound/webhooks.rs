//! Calls of webhook triggers: verified, on disk before the answer, and waited for where the trigger says so.

use super::{
    accepted,
    triggers::{evaluated_at, hash, place, source},
};
use crate::{Engine, EngineError};
use countersign_channels::verify::{self, Refused, TwilioAlgorithm};
use countersign_core::{
    document::{RESPOND_WITHIN, Respond, Signature, Trigger, Verify},
    run::FieldProblem,
    time::Timestamp,
};
use countersign_store::{Change, ChangeKind, InboundKind, InboundRow, InboundStatus, RunRow, TriggerRow};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

/// The most fields of a form that is signed by Twilio.
const SIGNED_FIELDS_MAX: usize = 1000;

/// A call of a webhook trigger.
#[derive(Debug, Clone, Default)]
pub struct WebhookCall {
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Parameters of the query.
    pub query: BTreeMap<String, String>,
    /// The address it was called at, as the caller sees it.
    pub url: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

/// The webhook that a verified call is for.
#[derive(Debug)]
pub struct Webhook {
    row: TriggerRow,
    dedup: Option<String>,
    /// What is asked of a call: the filter and the input, where there are such.
    asked: Vec<String>,
    within: Option<Duration>,
}

/// A call of a webhook trigger that is on disk.
#[derive(Debug)]
pub struct WebhookTaken {
    workspace: String,
    /// The inbound event.
    pub event: String,
    /// How long its caller waits for the end, if it does.
    pub within: Option<Duration>,
    /// Whether it counts as one that came before; then the event is that one's.
    pub duplicate: bool,
    /// What starts its run, when it is the first.
    started: Option<JoinHandle<Option<RunRow>>>,
}

/// What a call would come to.
#[derive(Debug, Default, PartialEq)]
pub struct TriedCall {
    /// Its key, where the trigger has calls that are one.
    pub dedup: Option<Value>,
    /// The event of the call that came before with this key: then no run starts.
    pub before: Option<String>,
    /// Whether the filter does not hold.
    pub filtered: bool,
    /// The input of its run.
    pub input: Option<Value>,
    /// Where the input does not fit what the workflow takes: then no run starts.
    pub problems: Vec<FieldProblem>,
    /// The part of the trigger that cannot be calculated, and why.
    pub failed: Option<(&'static str, String)>,
}

impl TriedCall {
    fn failed_at(self, part: &'static str, error: EngineError) -> Result<Self, EngineError> {
        let EngineError::Invalid(why) = error else { return Err(error) };
        Ok(Self { failed: Some((part, why)), ..self })
    }
}

impl Engine {
    /// The webhook at an address, when the call is from who may call it. Nothing but the bytes as they came is looked at.
    ///
    /// # Errors
    /// `NotFound` when nothing is at the address or it is switched off, `Unverified`.
    pub async fn verify_webhook(&self, address: &str, call: &WebhookCall) -> Result<Webhook, EngineError> {
        let (workspace, token) = address.split_once('.').ok_or(EngineError::NotFound("webhook"))?;
        let row = self.0.store.find_trigger(workspace, &hash(token)).await?;
        let row = row.filter(|row| row.enabled).ok_or(EngineError::NotFound("webhook"))?;
        let (_, trigger) = self.trigger_of(&row, None).await?.ok_or(EngineError::NotFound("webhook"))?;
        let Trigger::Webhook { verify, hmac, filter, input, dedup, respond, respond_within, .. } = &trigger else {
            return Err(EngineError::NotFound("webhook"));
        };
        let within = match respond {
            Respond::Accepted => None,
            Respond::End => Some(Duration::from_millis(respond_within.unwrap_or(RESPOND_WITHIN).0)),
        };
        self.verified(&row, (*verify, hmac.as_ref()), call)?;
        let (dedup, asked) = (dedup.clone(), filter.iter().chain(input).cloned().collect());
        Ok(Webhook { row, dedup, asked, within })
    }

    /// Takes a call of a webhook with the value of its body. When this returns, it is on disk; the same call again gives the
    /// same event.
    ///
    /// # Errors
    /// `Invalid` when `dedup` fails, `Busy`.
    pub async fn accept_webhook(
        &self,
        webhook: Webhook,
        call: WebhookCall,
        body: Value,
    ) -> Result<WebhookTaken, EngineError> {
        let Webhook { row, dedup, asked, within } = webhook;
        let workspace = row.workspace.as_str();
        let id = self.0.clock.new_id();
        let said = said(&call, body);
        let dedup = self.key_of(dedup.as_deref(), &said)?.map(|key| stored_key(&key));
        let event = InboundRow {
            source: source(&row.workflow, &row.id),
            dedup: dedup.unwrap_or_else(|| id.clone()),
            payload: json!({ "workflow": row.workflow, "trigger": row.id, "call": said }).to_string(),
            ..accepted(workspace, id, InboundKind::Webhook, self.now())
        };
        self.0.inbox.admit()?;
        if !self.0.store.accept_inbound(&event).await? {
            let known = self.0.store.find_inbound(workspace, &event.source, &event.dedup).await?;
            let known = known.ok_or(EngineError::Busy)?;
            let within = within.filter(|_| says_the_same(self.timestamp(), &asked, &known, &said));
            let (workspace, event) = (workspace.to_owned(), known.id);
            return Ok(WebhookTaken { workspace, event, within, duplicate: true, started: None });
        }
        let (engine, id) = (self.clone(), event.id.clone());
        let started = Some(self.0.tasks.spawn(async move { engine.deal_with(event, None).await }));
        Ok(WebhookTaken { workspace: workspace.to_owned(), event: id, within, duplicate: false, started })
    }

    /// What calls that are one have in common: nothing where the trigger does not say, or this call has none of it.
    fn key_of(&self, dedup: Option<&str>, said: &Value) -> Result<Option<Value>, EngineError> {
        dedup.map_or(Ok(None), |dedup| self.evaluated(dedup, said))
    }

    /// What a call with the value of its body would come to, by the active version and as if it were verified and the trigger
    /// switched on. Nothing is kept and nothing is started.
    ///
    /// # Errors
    /// `NotFound` when no webhook is called so.
    pub async fn try_webhook(
        &self,
        (workspace, workflow, trigger): (&str, &str, &str),
        call: &WebhookCall,
        body: Value,
    ) -> Result<TriedCall, EngineError> {
        let pointer = self.pointer(workspace, workflow).await?;
        let active = pointer.active_version.ok_or(EngineError::NotPublished)?;
        let version = self.version(workspace, workflow, active).await?;
        let found = version.workflow().triggers_by_id().find(|(id, _)| id == trigger);
        let Some((id, Trigger::Webhook { filter, input, dedup, .. })) = found else {
            return Err(EngineError::NotFound("webhook"));
        };
        let said = said(call, body);
        let mut tried = TriedCall::default();
        match self.key_of(dedup.as_deref(), &said) {
            Ok(key) => tried.dedup = key,
            Err(error) => return tried.failed_at("dedup", error),
        }
        if let Some(key) = &tried.dedup {
            let before = self.0.store.find_inbound(workspace, &source(workflow, &id), &stored_key(key)).await?;
            tried.before = before.map(|before| before.id);
        }
        match self.filter_holds(filter.as_deref(), &said) {
            Ok(true) => {}
            Ok(false) => return Ok(TriedCall { filtered: true, ..tried }),
            Err(error) => return tried.failed_at("filter", error),
        }
        match self.input_of(input.as_deref(), &said) {
            Ok(input) => tried.input = Some(input),
            Err(error) => return tried.failed_at("input", error),
        }
        tried.problems = tried.input.as_ref().map(|input| version.input_problems(input)).unwrap_or_default();
        Ok(tried)
    }

    /// The run that a call started, when it has stopped or as it is at the end of the wait; nothing when none has started by
    /// then. What was taken goes on, whether anybody waits or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn await_webhook(&self, taken: WebhookTaken, within: Duration) -> Result<Option<RunRow>, EngineError> {
        let deadline = Instant::now() + within;
        let started = match taken.started {
            Some(started) => timeout_at(deadline, started).await.ok().and_then(Result::ok).flatten(),
            None => None,
        };
        let run = match started {
            Some(run) => Some(run.id),
            None => self.until_dealt_with(&taken.workspace, &taken.event, deadline).await?,
        };
        match run {
            Some(run) => self.until_stopped(&taken.workspace, &run, deadline).await,
            None => Ok(None),
        }
    }

    /// The run of an event once it is dealt with, by whichever process; nothing when it started none, or waits at the
    /// deadline.
    async fn until_dealt_with(
        &self,
        workspace: &str,
        event: &str,
        deadline: Instant,
    ) -> Result<Option<String>, EngineError> {
        // Asked to be told before it is looked at: what ends in between is heard of.
        let mut changes = self.0.store.subscribe();
        loop {
            match self.0.store.get_inbound(workspace, event).await? {
                Some(row) if row.status == InboundStatus::Waiting => {}
                row => return Ok(row.and_then(|row| row.run)),
            }
            if timeout_at(deadline, told_of(event, &mut changes)).await != Ok(true) {
                return Ok(None);
            }
        }
    }

    fn verified(
        &self,
        row: &TriggerRow,
        (how, signature): (Verify, Option<&Signature>),
        call: &WebhookCall,
    ) -> Result<(), EngineError> {
        let secret = match row.secret_sealed.as_str() {
            "" => String::new(),
            sealed => {
                let opened = self.0.vault.open(&place(row, "secret"), sealed);
                let opened = opened.map_err(|error| EngineError::Corrupt(error.to_string()))?;
                opened.get("secret").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
        };
        let header = |name: &str| call.headers.get(name).map_or("", String::as_str);
        let seconds = self.now() / 1000;
        let checked = match how {
            Verify::None => Ok(()),
            Verify::SharedSecret => verify::telegram(&secret, header("x-webhook-secret")),
            Verify::Hmac => {
                let usual = Signature::default();
                let signature = signature.unwrap_or(&usual);
                verify::hmac(&secret, signature, header(&signature.header()), &call.bytes)
            }
            Verify::Stripe => verify::stripe(&secret, header("stripe-signature"), &call.bytes, seconds),
            Verify::Shopify => verify::shopify(&secret, header("x-shopify-hmac-sha256"), &call.bytes),
            Verify::Slack => {
                let (time, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
                verify::slack(&secret, time, signature, &call.bytes, seconds)
            }
            Verify::Github => verify::whatsapp(&secret, header("x-hub-signature-256"), &call.bytes),
            Verify::Twilio => signed_by_twilio(&secret, call, header("x-twilio-signature")),
        };
        checked.map_err(|refused| EngineError::Unverified(refused.to_string()))
    }
}

/// Twilio signs the address and the fields of a form; of another body the address says the hash. A body that is no form is
/// looked at as one all the same: whatever is said to come must be signed.
fn signed_by_twilio(secret: &str, call: &WebhookCall, signature: &str) -> Result<(), Refused> {
    if call.query.contains_key("bodySHA256") {
        return verify::twilio_body(secret, TwilioAlgorithm::Sha1, &call.url, &call.bytes, signature);
    }
    let fields: Vec<_> = form_urlencoded::parse(&call.bytes).into_owned().take(SIGNED_FIELDS_MAX + 1).collect();
    if fields.len() > SIGNED_FIELDS_MAX {
        return Err(Refused::Mismatch);
    }
    verify::twilio(secret, TwilioAlgorithm::Sha1, &call.url, &fields, signature)
}

/// Waits until an event may be dealt with; `false` when nobody will tell.
async fn told_of(event: &str, changes: &mut Receiver<Change>) -> bool {
    loop {
        match changes.recv().await {
            Ok(Change { kind: ChangeKind::Inbound, id, .. }) if id == event => return true,
            Ok(Change { kind: ChangeKind::Resync, .. }) | Err(RecvError::Lagged(_)) => return true,
            Ok(_) => {}
            Err(RecvError::Closed) => return false,
        }
    }
}

/// Whether a call says what the one before it with the same key said, so that its caller may know what became of that one.
/// Headers differ where a time, a signature or a proxy is in them: of them counts what the filter and the input take.
fn says_the_same(now: Timestamp, asked: &[String], known: &InboundRow, said: &Value) -> bool {
    let Ok(before) = serde_json::from_str::<Value>(&known.payload) else { return false };
    let before = &before["call"];
    let same = |expression: &String| {
        let (one, other) = (evaluated_at(now, expression, before), evaluated_at(now, expression, said));
        matches!((one, other), (Ok(one), Ok(other)) if one == other)
    };
    ["body", "query"].into_iter().all(|part| before[part] == said[part]) && asked.iter().all(same)
}

/// What expressions read of a call.
fn said(call: &WebhookCall, body: Value) -> Value {
    json!({ "body": body, "headers": shown(&call.headers), "query": call.query })
}

/// How a key is kept.
fn stored_key(key: &Value) -> String {
    format!("key:{key}")
}

/// Headers that may be kept: none that carries a secret.
fn shown(headers: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let secret = |name: &str| matches!(name, "authorization" | "cookie" | "x-webhook-secret" | "proxy-authorization");
    headers.iter().filter(|(name, _)| !secret(name)).map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_with_secrets_are_not_kept() {
        let headers = ["authorization", "x-webhook-secret", "x-id"].map(|name| (name.to_owned(), "v".to_owned()));
        assert_eq!(shown(&headers.into()).into_keys().collect::<Vec<_>>(), ["x-id"]);
    }
}
