//! Sending text messages through Twilio.

use crate::{
    account::Secret,
    forms::written,
    http::{self, Answer, Body, Credentials},
    sender::{OutboundMessage, SendOutcome},
};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use serde_json::Value;

/// The account's members, borrowed.
pub(crate) struct Account<'a> {
    pub(crate) base_url: &'a str,
    pub(crate) account_sid: &'a str,
    pub(crate) auth_token: &'a Secret,
    pub(crate) from: &'a str,
}

pub(crate) async fn send(outbound: &Outbound, account: Account<'_>, message: OutboundMessage<'_>) -> SendOutcome {
    let base_url = account.base_url.trim_end_matches('/');
    let url = format!("{base_url}/2010-04-01/Accounts/{}/Messages.json", account.account_sid);
    let sender = if account.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
    let body = written(message.body, message.choices);
    let form = [("To", message.to.trim()), (sender, account.from), ("Body", body.as_str())];
    let credentials = Credentials::Basic(account.account_sid, account.auth_token);
    match http::post(outbound, &url, credentials, Body::Form(&form), message.timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

pub(crate) fn outcome(answer: Answer) -> SendOutcome {
    if let (true, Some(sid)) = (answer.status.is_success(), answer.body.get("sid").and_then(Value::as_str)) {
        return SendOutcome::Accepted { provider_id: sid.to_owned(), exchange: answer.body };
    }
    let Some(number) = answer.body.get("code").and_then(Value::as_u64) else { return http::bare(&answer) };
    let words = answer.body.get("message").and_then(Value::as_str).unwrap_or("no reason given");
    let class = match number {
        20_429 | 14_107 => FailureClass::Retryable,
        _ if name(number).is_some() => FailureClass::Fatal,
        _ => answer.class,
    };
    let code = name(number).map_or_else(|| format!("twilio_{number}"), str::to_owned);
    let failed = SendOutcome::failed(class, code, format!("Twilio error {number}: {words}"));
    failed.after(answer.retry_after).of_account(matches!(number, 20_429 | 14_107))
}

/// What one of Twilio's errors is called here, whether it comes as the answer or later as the message's status.
pub(crate) fn name(number: u64) -> Option<&'static str> {
    Some(match number {
        20_429 | 14_107 => "throughput",
        20_003 => "token_invalid",
        21_211 | 21_614 => "recipient_invalid",
        21_610 => "opted_out",
        _ => return None,
    })
}
