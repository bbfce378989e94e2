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
use std::borrow::Cow;

/// Before a number that is reached over WhatsApp (and before ours, when we write to one).
pub const OVER_WHATSAPP: &str = "whatsapp:";

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
    let (to, from) = (message.to.trim(), from_for(message.to.trim(), account.from));
    let form = [("To", to), (sender, from.as_ref()), ("Body", body.as_str())];
    let credentials = Credentials::Basic(account.account_sid, account.auth_token);
    match http::post(outbound, &url, credentials, Body::Form(&form), message.timeout).await {
        Ok(answer) => outcome(answer),
        Err(failed) => failed,
    }
}

/// Ours on the network of the other side. A messaging service has senders on each.
fn from_for<'a>(to: &str, from: &'a str) -> Cow<'a, str> {
    if to.starts_with(OVER_WHATSAPP) && from.starts_with('+') {
        return Cow::Owned(format!("{OVER_WHATSAPP}{from}"));
    }
    Cow::Borrowed(from)
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
        63_016 => "outside_window",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_over_whatsapp_is_answered_there() {
        assert_eq!(from_for("whatsapp:+1555", "+1556"), "whatsapp:+1556");
        assert_eq!(from_for("whatsapp:+1555", "whatsapp:+1556"), "whatsapp:+1556");
        assert_eq!(from_for("whatsapp:+1555", "MG01"), "MG01");
        assert_eq!(from_for("+1555", "+1556"), "+1556");
    }
}
