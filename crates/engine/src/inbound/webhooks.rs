//! Calls of webhook triggers: verified, on disk before the answer, and waited for where the trigger says so.

use super::{
    accepted,
    triggers::{hash, place, source},
};
use crate::{Engine, EngineError};
use countersign_channels::verify::{self, Refused, TwilioAlgorithm};
use countersign_core::document::{RESPOND_WITHIN, Respond, Trigger, Verify};
use countersign_store::{InboundKind, InboundRow, RunRow, TriggerRow};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
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
    began: Began,
}

/// How the run of a call is found.
#[derive(Debug)]
enum Began {
    /// It starts with this.
    Now(JoinHandle<Option<RunRow>>),
    /// The same call came before; its run, when it has one already.
    Before(Option<String>),
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
        let Trigger::Webhook { verify, dedup, respond, respond_within, .. } = &trigger else {
            return Err(EngineError::NotFound("webhook"));
        };
        let within = match respond {
            Respond::Accepted => None,
            Respond::End => Some(Duration::from_millis(respond_within.unwrap_or(RESPOND_WITHIN).0)),
        };
        self.verified(&row, *verify, call)?;
        let dedup = dedup.clone();
        Ok(Webhook { row, dedup, within })
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
        let Webhook { row, dedup, within } = webhook;
        let workspace = row.workspace.as_str();
        let id = self.0.clock.new_id();
        let said = json!({ "body": body, "headers": shown(&call.headers), "query": call.query });
        let dedup = match dedup {
            Some(dedup) => self.evaluated(&dedup, &said)?.map(|key| format!("key:{key}")),
            None => None,
        };
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
            let (workspace, event, began) = (workspace.to_owned(), known.id, Began::Before(known.run));
            return Ok(WebhookTaken { workspace, event, within, began });
        }
        let (engine, id) = (self.clone(), event.id.clone());
        let began = Began::Now(self.0.tasks.spawn(async move { engine.deal_with(event, None).await }));
        Ok(WebhookTaken { workspace: workspace.to_owned(), event: id, within, began })
    }

    /// The run that a call started, when it has stopped or as it is at the end of the wait; nothing when none has started by
    /// then. What was taken goes on, whether anybody waits or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn await_webhook(&self, taken: WebhookTaken, within: Duration) -> Result<Option<RunRow>, EngineError> {
        let deadline = Instant::now() + within;
        let run = match taken.began {
            Began::Before(run) => run,
            Began::Now(started) => match timeout_at(deadline, started).await {
                Ok(Ok(run)) => run.map(|run| run.id),
                Ok(Err(_)) | Err(_) => None,
            },
        };
        match run {
            Some(run) => self.until_stopped(&taken.workspace, &run, deadline).await,
            None => Ok(None),
        }
    }

    fn verified(&self, row: &TriggerRow, how: Verify, call: &WebhookCall) -> Result<(), EngineError> {
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
                let given = header("x-signature");
                let given = given.strip_prefix("sha256=").unwrap_or(given);
                verify::whatsapp(&secret, &format!("sha256={given}"), &call.bytes)
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
