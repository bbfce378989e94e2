//! Sending over WhatsApp's Cloud API.

use crate::{
    account::{Platform, Secret},
    forms::{Choice, WHATSAPP_BUTTON_TITLE_MAX, WHATSAPP_BUTTONS_MAX, pressed, written},
    http::{self, Answer, Body, Credentials},
    sender::{OutboundMessage, SendOutcome},
};
use countersign_core::{document::MessageTemplate, log::FailureClass};
use countersign_outbound::Outbound;
use serde_json::{Value, json};

/// Seconds between two messages to one person, after which error 131056 is over.
const PAIR_RATE_SECONDS: u64 = 6;

pub(crate) async fn send(outbound: &Outbound, url: &str, token: &Secret, message: OutboundMessage<'_>) -> SendOutcome {
    let to: String = message.to.chars().filter(char::is_ascii_digit).collect();
    let mut body = json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": to });
    match (message.template, interactive(&message)) {
        (Some(template), _) => {
            body["type"] = json!("template");
            body["template"] = approved(template);
        }
        (None, Some(interactive)) => {
            body["type"] = json!("interactive");
            body["interactive"] = interactive;
        }
        (None, None) => {
            body["type"] = json!("text");
            body["text"] = json!({ "body": written(message.body, message.choices), "preview_url": false });
        }
    }
    // Comes back in the delivery statuses; it does not keep WhatsApp from sending twice.
    body["biz_opaque_callback_data"] = json!(message.key);
    match http::post(outbound, url, Credentials::Bearer(token), Body::Json(&body), message.timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

/// A message that WhatsApp approved, filled in.
fn approved(template: &MessageTemplate) -> Value {
    let parameter = |text: &String| json!({ "type": "text", "text": text });
    let parameters: Vec<Value> = template.parameters.iter().map(parameter).collect();
    let mut approved = json!({ "name": template.name, "language": { "code": template.language } });
    if !parameters.is_empty() {
        approved["components"] = json!([{ "type": "body", "parameters": parameters }]);
    }
    approved
}

/// Buttons or a list, where what can be chosen fits into them.
fn interactive(message: &OutboundMessage<'_>) -> Option<Value> {
    if message.choices.is_empty() || !pressed(Platform::Whatsapp, message.body, message.choices) {
        return None;
    }
    let (body, choices) = (json!({ "text": message.body }), message.choices);
    let short = choices.iter().all(|choice| choice.title.chars().count() <= WHATSAPP_BUTTON_TITLE_MAX);
    if short && choices.len() <= WHATSAPP_BUTTONS_MAX {
        let button = |choice: &Choice| json!({ "type": "reply", "reply": { "id": choice.id, "title": choice.title } });
        let buttons: Vec<Value> = choices.iter().map(button).collect();
        return Some(json!({ "type": "button", "body": body, "action": { "buttons": buttons } }));
    }
    let row = |choice: &Choice| json!({ "id": choice.id, "title": choice.title });
    let rows: Vec<Value> = choices.iter().map(row).collect();
    Some(json!({ "type": "list", "body": body, "action": { "button": "Choose", "sections": [{ "rows": rows }] } }))
}

pub(crate) fn outcome(answer: Answer) -> SendOutcome {
    if let (true, Some(id)) =
        (answer.status.is_success(), answer.body.pointer("/messages/0/id").and_then(Value::as_str))
    {
        return SendOutcome::Accepted { provider_id: id.to_owned(), exchange: answer.body };
    }
    let Some(error) = answer.body.get("error") else { return http::bare(&answer) };
    let number = error.get("code").and_then(Value::as_u64).unwrap_or_default();
    let words = error
        .pointer("/error_data/details")
        .or_else(|| error.get("message"))
        .and_then(Value::as_str)
        .unwrap_or("no reason given");
    let (code, class, wait) = meaning(number, error.get("is_transient") == Some(&Value::Bool(true)), &answer);
    let failed = SendOutcome::failed(class, code, format!("WhatsApp error {number}: {words}"));
    // The pair rate is about one person; the throughput is about the number that sends.
    failed.after(answer.retry_after.or(wait)).of_account(matches!(number, 130_429 | 4 | 80_007))
}

/// Meta: decide on the code, not on the words.
fn meaning(number: u64, transient: bool, answer: &Answer) -> (String, FailureClass, Option<u64>) {
    // A temporary failure behind a 5xx may have struck after the message was taken.
    let temporary = if answer.status.is_server_error() { FailureClass::Unknown } else { FailureClass::Retryable };
    let (class, wait) = match number {
        131_056 => (FailureClass::Retryable, Some(PAIR_RATE_SECONDS)),
        130_429 | 4 | 80_007 => (FailureClass::Retryable, None),
        2 | 131_000 | 131_016 => (temporary, None),
        _ if name(number).is_some() => (FailureClass::Fatal, None),
        _ if transient => (temporary, None),
        _ => (answer.class, None),
    };
    (name(number).map_or_else(|| format!("whatsapp_{number}"), str::to_owned), class, wait)
}

/// What one of WhatsApp's errors is called here, whether it comes as the answer or later as the message's status.
pub(crate) fn name(number: u64) -> Option<&'static str> {
    Some(match number {
        131_056 => "pair_rate",
        130_429 | 4 | 80_007 => "throughput",
        2 | 131_000 | 131_016 => "temporary",
        131_047 => "outside_window",
        // They chose at WhatsApp to get no more marketing from this business.
        131_050 => "opted_out",
        131_026 => "undeliverable",
        131_048 => "spam_limit",
        131_049 => "marketing_limit",
        132_000 => "template_parameters",
        132_001 => "template_missing",
        190 => "token_expired",
        100 => "invalid_parameter",
        _ => return None,
    })
}
