//! Twilio's messages: create one, look them up. There is no idempotency key; a look-up is how a caller finds out.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::{
        directory::digits,
        messages::{Channel, Message},
    },
    services::{
        customer,
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

const BODY_MAX: usize = 1_600;
/// The number that wants nothing, as Twilio's own for tests.
const OPTED_OUT: &str = "15005550004";

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `POST …/Messages.json`
    Create,
    /// `GET …/Messages.json?To=&From=&PageSize=`
    List,
    /// `GET …/Messages/{sid}.json`
    Get,
    /// `GET …/Accounts/{sid}.json`
    Account,
    /// `GET …/IncomingPhoneNumbers.json?PhoneNumber=`
    Numbers,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "twilio.message.create",
            Self::List => "twilio.message.list",
            Self::Get => "twilio.message.get",
            Self::Account => "twilio.account.get",
            Self::Numbers => "twilio.number.list",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str]) -> Option<Op> {
    match (method, segments) {
        ("POST", ["2010-04-01", "Accounts", _, "Messages.json"]) => Some(Op::Create),
        ("GET", ["2010-04-01", "Accounts", _, "Messages.json"]) => Some(Op::List),
        ("GET", ["2010-04-01", "Accounts", _, "Messages", _]) => Some(Op::Get),
        ("GET", ["2010-04-01", "Accounts", _]) => Some(Op::Account),
        ("GET", ["2010-04-01", "Accounts", _, "IncomingPhoneNumbers.json"]) => Some(Op::Numbers),
        (_, _) => None,
    }
}

pub(crate) fn error_body(code: u32, message: &str, status: StatusCode) -> Value {
    json!({
        "code": code, "message": message, "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    })
}

pub(crate) fn code_for(status: StatusCode) -> u32 {
    match status.as_u16() {
        401 => 20_003,
        404 => 20_404,
        429 => 20_429,
        500.. => 20_500,
        _ => 20_001,
    }
}

fn refused(code: u32, message: &str) -> Reply {
    let status = match code {
        20_003 => StatusCode::UNAUTHORIZED,
        20_404 => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    Reply::refused(status, &error_body(code, message, status))
}

/// Answers a call to `/twilio/2010-04-01/Accounts/{sid}/…`.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    let segments = request.segments();
    let account = segments.get(3).copied().unwrap_or_default().trim_end_matches(".json");
    // The account's own token, or an API key (SK…) that belongs to it.
    let known =
        |(user, password): (String, String)| (user == account || user.starts_with("SK")) && is_secret(&password);
    if !request.basic().is_some_and(known) {
        return refused(20_003, "Authenticate");
    }
    match op {
        Op::Create => create(world, account, &request.form(), at),
        Op::List => list(world, account, request),
        Op::Account => {
            Reply::read(&json!({ "sid": account, "friendly_name": "Sandbox", "status": "active", "type": "Full" }))
        }
        Op::Numbers => numbers(world, request),
        Op::Get => {
            let sid = segments.last().copied().unwrap_or_default().trim_end_matches(".json");
            let found =
                world.messages.iter().rev().find(|message| message.id == sid && message.channel == Channel::Sms);
            found.map_or_else(
                || refused(20_404, "The requested resource was not found"),
                |message| Reply::read(&shown(account, message, "delivered")),
            )
        }
    }
}

fn is_secret(password: &str) -> bool {
    !password.is_empty() && !customer::is_revoked(password)
}

/// Every number is the account's, and posts where somebody asked for it.
fn numbers(world: &World, request: &Request) -> Reply {
    let number = |number: &str| {
        json!({
            "phone_number": number, "sms_url": world.customer.posts_to(Channel::Sms), "sms_method": "POST",
            "capabilities": { "sms": true, "mms": false, "voice": false },
        })
    };
    let numbers: Value = request.query_value("PhoneNumber").into_iter().map(number).collect();
    Reply::read(&json!({ "incoming_phone_numbers": numbers, "page": 0, "next_page_uri": null }))
}

fn create(world: &mut World, account: &str, params: &Value, at: At) -> Reply {
    let field = |name: &str| params[name].as_str().filter(|value| !value.is_empty());
    let Some(to) = field("To") else {
        return refused(21_604, "A 'To' phone number is required.");
    };
    if digits(to).len() < 5 {
        return refused(21_211, &format!("Invalid 'To' Phone Number: {to}"));
    }
    if digits(to) == OPTED_OUT {
        return refused(21_610, "Attempt to send to unsubscribed recipient");
    }
    let Some(from) = field("From").or_else(|| field("MessagingServiceSid")) else {
        return refused(21_603, "A 'From' phone number is required.");
    };
    let Some(body) = field("Body").or_else(|| field("ContentSid")).or_else(|| field("MediaUrl")) else {
        return refused(21_619, "A text message body or media urls must be specified.");
    };
    if body.chars().count() > BODY_MAX {
        return refused(21_617, "The concatenated message body exceeds the 1600 character limit.");
    }
    let message = Message {
        id: format!("SM{:032x}", world.ids.number("twilio")),
        at: at.now,
        channel: Channel::Sms,
        to: to.to_owned(),
        from: from.to_owned(),
        subject: None,
        text: body.to_owned(),
        choices: Vec::new(),
        edited_at: None,
        payload: params.clone(),
    };
    let reply = Reply::json(StatusCode::CREATED, &shown(account, &message, "queued"), Effect::Changed);
    let (sid, to) = (message.id.clone(), message.to.clone());
    world.messages.deliver(message);
    customer::tell_statuses(world, Channel::Sms, &sid, &to, at.now);
    reply
}

fn list(world: &World, account: &str, request: &Request) -> Reply {
    let fits = |name: &str, have: &str| request.query_value(name).is_none_or(|wanted| digits(wanted) == digits(have));
    let limit = request.query_number("PageSize", 50).clamp(1, 1_000);
    let passes =
        |message: &&Message| message.channel == Channel::Sms && fits("To", &message.to) && fits("From", &message.from);
    let found = world.messages.iter().rev().filter(passes).take(limit);
    let messages: Value = found.map(|message| shown(account, message, "delivered")).collect();
    Reply::read(&json!({ "messages": messages, "page": 0, "page_size": limit, "next_page_uri": null }))
}

fn shown(account: &str, message: &Message, status: &str) -> Value {
    let sid = &message.id;
    json!({
        "sid": sid, "account_sid": account, "to": message.to, "from": message.payload["From"],
        "messaging_service_sid": message.payload["MessagingServiceSid"], "body": message.text, "status": status,
        "direction": "outbound-api", "num_segments": segments(&message.text).to_string(), "num_media": "0",
        "error_code": null, "error_message": null, "price": null, "price_unit": "USD", "api_version": "2010-04-01",
        "date_created": rfc2822(message.at), "date_sent": rfc2822(message.at), "date_updated": rfc2822(message.at),
        "uri": format!("/2010-04-01/Accounts/{account}/Messages/{sid}.json"),
    })
}

/// 160/153 characters per segment in plain text, 70/67 otherwise. ASCII stands in for the GSM alphabet here.
fn segments(text: &str) -> usize {
    let (alone, joined) = if text.is_ascii() { (160, 153) } else { (70, 67) };
    let units = text.encode_utf16().count();
    if units <= alone { 1 } else { units.div_ceil(joined) }
}

/// `Sat, 22 Nov 2026 18:45:00 +0000`, as Twilio writes dates.
fn rfc2822(at_ms: i64) -> String {
    mail_parser::DateTime::from_timestamp(at_ms.div_euclid(1_000)).to_rfc822()
}
