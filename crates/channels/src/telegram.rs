//! Sending through Telegram's Bot API.

use crate::{
    account::{Platform, Secret},
    forms::{Choice, pressed, written},
    http::{self, Answer, Body, Credentials},
    sender::{OutboundMessage, SendOutcome},
};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) async fn send(
    outbound: &Outbound,
    base_url: &str,
    token: &Secret,
    message: OutboundMessage<'_>,
) -> SendOutcome {
    let url = format!("{base_url}/bot{}/sendMessage", token.expose());
    let mut body = json!({ "chat_id": message.to.trim() });
    if message.choices.is_empty() || !pressed(Platform::Telegram, message.body, message.choices) {
        body["text"] = json!(written(message.body, message.choices));
    } else {
        let button = |choice: &Choice| json!([{ "text": choice.title, "callback_data": choice.id }]);
        let rows: Vec<Value> = message.choices.iter().map(button).collect();
        body["text"] = json!(message.body);
        body["reply_markup"] = json!({ "inline_keyboard": rows });
    }
    match http::post(outbound, &url, Credentials::InAddress, Body::Json(&body), message.timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

/// Replaces a message's text and takes its buttons away. That it says so already is as good.
pub(crate) async fn change(
    outbound: &Outbound,
    (base_url, token): (&str, &Secret),
    (to, id): (&str, &str),
    text: &str,
    timeout: Duration,
) -> SendOutcome {
    let url = format!("{base_url}/bot{}/editMessageText", token.expose());
    let number = id.parse::<i64>().map_or_else(|_| json!(id), |number| json!(number));
    let body = json!({ "chat_id": to.trim(), "message_id": number, "text": text });
    match http::post(outbound, &url, Credentials::InAddress, Body::Json(&body), timeout).await {
        Ok(answer) => {
            let words = answer.body.get("description").and_then(Value::as_str).unwrap_or_default();
            if words.contains("message is not modified") {
                return SendOutcome::Accepted { provider_id: id.to_owned(), exchange: answer.body };
            }
            outcome(answer)
        }
        Err(failed) => failed,
    }
}

pub(crate) fn outcome(answer: Answer) -> SendOutcome {
    let id = answer.body.pointer("/result/message_id").and_then(Value::as_i64);
    if let (Some(true), Some(id)) = (answer.body.get("ok").and_then(Value::as_bool), id) {
        return SendOutcome::Accepted { provider_id: id.to_string(), exchange: answer.body };
    }
    let Some(words) = answer.body.get("description").and_then(Value::as_str) else { return http::bare(&answer) };
    let parameter = |name: &str| answer.body.get("parameters").and_then(|parameters| parameters.get(name)).cloned();
    let wait = parameter("retry_after").and_then(|seconds| seconds.as_u64()).or(answer.retry_after);
    let number = answer.body.get("error_code").and_then(Value::as_u64).unwrap_or_else(|| answer.status.as_u16().into());
    let (code, class) = match number {
        429 => ("throughput".to_owned(), FailureClass::Retryable),
        403 => ("blocked".to_owned(), FailureClass::Fatal),
        401 | 404 => ("token_invalid".to_owned(), FailureClass::Fatal),
        400 if parameter("migrate_to_chat_id").is_some() => ("chat_moved".to_owned(), FailureClass::Fatal),
        _ => (format!("telegram_{number}"), answer.class),
    };
    SendOutcome::failed(class, code, format!("Telegram error {number}: {words}")).after(wait).of_account(number == 429)
}
