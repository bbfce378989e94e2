//! Whether an account works: its provider is asked something that changes nothing and that only good credentials get.

use crate::{
    account::{ChannelAccount, Secret},
    email,
    http::{self, Answer, Credentials},
    sender::{SendOutcome, Sender},
    slack, telegram, whatsapp,
};
use countersign_core::log::FailureClass;
use serde_json::Value;
use std::time::Duration;
use url::form_urlencoded::byte_serialize;

/// What a provider said against an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFault {
    /// Whether it may be over by itself.
    pub class: FailureClass,
    /// Stable short name, as of a message that failed.
    pub code: String,
    /// The provider's words, without secrets.
    pub message: String,
}

/// What a provider says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Whether it takes what is sent, and whom it takes the account for.
    pub outgoing: Result<String, AccountFault>,
    /// What it says of the address that it posts to; none when it does not tell.
    pub incoming: Option<Result<String, AccountFault>>,
}

impl SendOutcome {
    /// What it says against the account that it went by: nothing when it says something of the message or its reader only.
    #[must_use]
    pub fn against_account(&self) -> Option<AccountFault> {
        let Self::Failed { class, code, message, .. } = self else { return None };
        about_account(*class, code).then(|| AccountFault {
            class: *class,
            code: code.clone(),
            message: message.clone(),
        })
    }
}

/// Whether a failure is about the account and not about one message.
fn about_account(class: FailureClass, code: &str) -> bool {
    let refused =
        ["token_invalid", "token_expired", "account_invalid", "host_refused", "url_invalid", "smtp_unsupported"];
    match class {
        FailureClass::Fatal => {
            refused.contains(&code) || matches!(code, "http_401" | "http_403" | "twilio_20003") || is_smtp_login(code)
        }
        FailureClass::Retryable | FailureClass::Unknown => code != "pair_rate",
    }
}

/// RFC 4954: authentication was wrong, too weak or missing.
fn is_smtp_login(code: &str) -> bool {
    matches!(code.strip_prefix("smtp_"), Some("530" | "534" | "535" | "538"))
}

impl Sender {
    /// Asks the account's provider. `address` is where the account is to be posted to.
    pub async fn probe(&self, account: &ChannelAccount, address: &str, timeout: Duration) -> Probed {
        let probed = match account {
            ChannelAccount::Whatsapp { base_url, version, phone_number_id, token, .. } => {
                let url = format!("{}/{version}/{phone_number_id}", base_url.trim_end_matches('/'));
                self.whatsapp(&url, token, timeout).await
            }
            ChannelAccount::Email { host, port, tls, username, password, from, .. } => {
                let server = email::Server { host, port: *port, tls: *tls, username, password };
                let outgoing = email::greet(self.outbound(), server, from, timeout).await;
                Probed { outgoing: outgoing.map_err(|failed| fault(&failed)), incoming: None }
            }
            ChannelAccount::Telegram { base_url, token, .. } => {
                let url = format!("{}/bot{}", base_url.trim_end_matches('/'), token.expose());
                self.telegram(&url, address, timeout).await
            }
            ChannelAccount::Sms { base_url, account_sid, auth_token, from, .. } => {
                let url = format!("{}/2010-04-01/Accounts/{account_sid}", base_url.trim_end_matches('/'));
                self.twilio(&url, (account_sid, auth_token), (from, address), timeout).await
            }
            ChannelAccount::Slack { base_url, bot_token, .. } => {
                let url = format!("{}/auth.test", base_url.trim_end_matches('/'));
                let answer = http::get(self.outbound(), &url, Credentials::Bearer(bot_token), timeout).await;
                Probed { outgoing: told(answer, slack_name, slack::outcome), incoming: None }
            }
        };
        probed.without(account)
    }

    async fn whatsapp(&self, url: &str, token: &Secret, timeout: Duration) -> Probed {
        let url = format!("{url}?fields=display_phone_number,verified_name");
        let answer = http::get(self.outbound(), &url, Credentials::Bearer(token), timeout).await;
        Probed { outgoing: told(answer, whatsapp_name, whatsapp::outcome), incoming: None }
    }

    async fn telegram(&self, url: &str, address: &str, timeout: Duration) -> Probed {
        let ask = async |method: &str| {
            http::get(self.outbound(), &format!("{url}/{method}"), Credentials::InAddress, timeout).await
        };
        let outgoing = told(ask("getMe").await, telegram_name, telegram::outcome);
        if outgoing.is_err() {
            return Probed { outgoing, incoming: None };
        }
        let incoming = told(ask("getWebhookInfo").await, |body| body.get("result").cloned(), telegram::outcome);
        let incoming = incoming.and_then(|webhook| webhook_says(&webhook, address));
        Probed { outgoing, incoming: Some(incoming) }
    }

    async fn twilio(
        &self,
        url: &str,
        (sid, token): (&str, &Secret),
        (from, address): (&str, &str),
        timeout: Duration,
    ) -> Probed {
        let ask = async |url: String| http::get(self.outbound(), &url, Credentials::Basic(sid, token), timeout).await;
        let refused = crate::twilio::outcome;
        let name = told(ask(format!("{url}.json")).await, twilio_name, refused);
        let name = match name {
            Ok((_, status)) if status != "active" => {
                return Probed {
                    outgoing: Err(wrong("account_stopped", format!("the account is {status}"))),
                    incoming: None,
                };
            }
            Ok((name, _)) if from.starts_with('+') => name,
            // What a messaging service does is told on another host.
            named => return Probed { outgoing: named.map(|(name, _)| name), incoming: None },
        };
        let number: String = byte_serialize(from.as_bytes()).collect();
        let found = ask(format!("{url}/IncomingPhoneNumbers.json?PhoneNumber={number}")).await;
        let numbers = told(found, |body| body.get("incoming_phone_numbers").cloned(), refused);
        let number = match numbers {
            Ok(numbers) => numbers.get(0).cloned(),
            Err(fault) => return Probed { outgoing: Err(fault), incoming: None },
        };
        let Some(number) = number else {
            let message = format!("the account of {name} has no number {from}");
            return Probed { outgoing: Err(wrong("number_unknown", message)), incoming: None };
        };
        if number.pointer("/capabilities/sms") == Some(&Value::Bool(false)) {
            return Probed {
                outgoing: Err(wrong("number_no_sms", format!("{from} cannot send text messages"))),
                incoming: None,
            };
        }
        let url = number.get("sms_url").and_then(Value::as_str).unwrap_or_default();
        Probed { outgoing: Ok(format!("{name}, {from}")), incoming: Some(posts_to(url, address)) }
    }
}

impl Probed {
    fn without(mut self, account: &ChannelAccount) -> Self {
        let mask: countersign_outbound::Mask = account.secrets().collect();
        let parts = [Some(&mut self.outgoing), self.incoming.as_mut()];
        for part in parts.into_iter().flatten() {
            match part {
                Ok(words) => mask.text(words),
                Err(AccountFault { code, message, .. }) => {
                    mask.text(code);
                    mask.text(message);
                }
            }
        }
        self
    }
}

/// What an answer says: what is read of a good one, or why it is none.
fn told<T>(
    answer: Result<Answer, SendOutcome>,
    read: impl FnOnce(&Value) -> Option<T>,
    refused: impl FnOnce(Answer) -> SendOutcome,
) -> Result<T, AccountFault> {
    let answer = answer.map_err(|failed| fault(&failed))?;
    let good = answer.status.is_success() && answer.body.get("ok") != Some(&Value::Bool(false));
    match read(&answer.body).filter(|_| good) {
        Some(read) => Ok(read),
        None => Err(fault(&refused(answer))),
    }
}

fn fault(outcome: &SendOutcome) -> AccountFault {
    match outcome {
        SendOutcome::Failed { class, code, message, .. } => {
            AccountFault { class: *class, code: code.clone(), message: message.clone() }
        }
        SendOutcome::Accepted { .. } => wrong("answer_unclear", "the provider's answer does not name the account"),
    }
}

fn wrong(code: &str, message: impl Into<String>) -> AccountFault {
    AccountFault { class: FailureClass::Fatal, code: code.to_owned(), message: message.into() }
}

fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn whatsapp_name(body: &Value) -> Option<String> {
    let number = text(body, "/display_phone_number")?;
    Some(text(body, "/verified_name").map_or_else(|| number.to_owned(), |name| format!("{name}, {number}")))
}

fn telegram_name(body: &Value) -> Option<String> {
    text(body, "/result/username").map(|name| format!("@{name}"))
}

/// Its name, and whether it is active, suspended or closed.
fn twilio_name(body: &Value) -> Option<(String, String)> {
    let named = text(body, "/friendly_name").or_else(|| text(body, "/sid"))?;
    Some((named.to_owned(), text(body, "/status").unwrap_or("active").to_owned()))
}

fn slack_name(body: &Value) -> Option<String> {
    let user = text(body, "/user")?;
    Some(text(body, "/team").map_or_else(|| user.to_owned(), |team| format!("{user} in {team}")))
}

/// What Telegram says of its webhook; an error that it had since counts.
fn webhook_says(webhook: &Value, address: &str) -> Result<String, AccountFault> {
    posts_to(text(webhook, "/url").unwrap_or_default(), address)?;
    match text(webhook, "/last_error_message") {
        Some(words) if webhook.get("pending_update_count").and_then(Value::as_u64).unwrap_or_default() > 0 => {
            Err(wrong("webhook_failing", format!("Telegram cannot post to {address}: {words}")))
        }
        Some(_) | None => Ok(address.to_owned()),
    }
}

fn posts_to(url: &str, address: &str) -> Result<String, AccountFault> {
    if url == address {
        return Ok(address.to_owned());
    }
    let message = if url.is_empty() {
        format!("the provider posts nowhere: give it {address}")
    } else {
        format!("the provider posts to {url}, not to {address}")
    };
    Err(wrong("webhook_elsewhere", message))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_failure_says_of_the_account() {
        use FailureClass::{Fatal, Retryable, Unknown};
        for (class, code, about) in [
            (Fatal, "token_invalid", true),
            (Fatal, "smtp_535", true),
            (Fatal, "twilio_20003", true),
            (Fatal, "http_401", true),
            (Fatal, "outside_window", false),
            (Fatal, "smtp_550", false),
            (Fatal, "opted_out", false),
            (Retryable, "throughput", true),
            (Retryable, "connect", true),
            (Retryable, "pair_rate", false),
            (Unknown, "timeout", true),
        ] {
            let failed = SendOutcome::failed(class, code, "why");
            assert_eq!(failed.against_account().is_some(), about, "{code}");
        }
    }

    #[test]
    fn a_webhook_that_is_elsewhere_or_fails_is_told() {
        let here = "https://example.com/hooks/telegram/1";
        let says = |webhook: Value| webhook_says(&webhook, here).map_err(|fault| fault.code);
        assert_eq!(says(json!({ "url": here })).unwrap(), here);
        assert_eq!(says(json!({ "url": "" })).unwrap_err(), "webhook_elsewhere");
        assert_eq!(says(json!({ "url": "https://example.org" })).unwrap_err(), "webhook_elsewhere");
        let failing = json!({ "url": here, "last_error_message": "Wrong response", "pending_update_count": 2 });
        assert_eq!(says(failing).unwrap_err(), "webhook_failing");
        let over = json!({ "url": here, "last_error_message": "Wrong response", "pending_update_count": 0 });
        assert!(says(over).is_ok());
    }
}
