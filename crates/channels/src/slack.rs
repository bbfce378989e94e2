//! Posting into Slack.

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
    let url = format!("{base_url}/chat.postMessage");
    let text = escaped(&written(message.body, message.choices));
    let mut body = json!({ "channel": message.to.trim(), "text": text });
    if let Some(thread) = message.thread {
        body["thread_ts"] = json!(thread);
    }
    if !message.choices.is_empty() && pressed(Platform::Slack, message.body, message.choices) {
        let button = |choice: &Choice| {
            let title = json!({ "type": "plain_text", "text": choice.title });
            json!({ "type": "button", "action_id": choice.id, "value": choice.id, "text": title })
        };
        let buttons: Vec<Value> = message.choices.iter().map(button).collect();
        let words = json!({ "type": "section", "text": { "type": "plain_text", "text": message.body } });
        body["blocks"] = json!([words, { "type": "actions", "elements": buttons }]);
    }
    match http::post(outbound, &url, Credentials::Bearer(token), Body::Json(&body), message.timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

/// Replaces a message's text and takes its buttons away.
pub(crate) async fn change(
    outbound: &Outbound,
    (base_url, token): (&str, &Secret),
    (to, id): (&str, &str),
    text: &str,
    timeout: Duration,
) -> SendOutcome {
    let url = format!("{base_url}/chat.update");
    // A direct message is changed where Slack put it, which is not the person it was sent to.
    let (channel, ts) = id.split_once('/').unwrap_or((to.trim(), id));
    let body = json!({ "channel": channel, "ts": ts, "text": escaped(text), "blocks": [] });
    match http::post(outbound, &url, Credentials::Bearer(token), Body::Json(&body), timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

/// What people wrote is text: `<`, `>` and `&` mean something to Slack.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Slack answers 200 to what it refuses too.
pub(crate) fn outcome(answer: Answer) -> SendOutcome {
    let said = |name: &str| answer.body.get(name).and_then(Value::as_str);
    if let (Some(true), Some(ts)) = (answer.body.get("ok").and_then(Value::as_bool), said("ts")) {
        return SendOutcome::Accepted { provider_id: ts.to_owned(), exchange: answer.body };
    }
    let Some(error) = said("error") else { return http::bare(&answer) };
    let class = match error {
        "ratelimited" | "rate_limited" => FailureClass::Retryable,
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => FailureClass::Unknown,
        _ => FailureClass::Fatal,
    };
    let code = match error {
        "ratelimited" | "rate_limited" => "throughput".to_owned(),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" => "token_invalid".to_owned(),
        other => format!("slack_{other}"),
    };
    let fast = matches!(error, "ratelimited" | "rate_limited");
    SendOutcome::failed(class, code, format!("Slack error {error}")).after(answer.retry_after).of_account(fast)
}
