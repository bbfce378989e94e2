//! The part of the WhatsApp Cloud API that sends: text, templates, buttons, lists and flows, with their documented limits.

use std::collections::HashSet;

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
    wire::{reply::Reply, request::Request},
};

const TEXT_MAX: usize = 4_096;
const BODY_MAX: usize = 1_024;
const NUMBERS_MAX: usize = 10_000;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `POST /{version}/{phone number id}/messages`, for messages and for "read" marks.
    MessageSend,
    /// `GET /{version}/{phone number id}`
    NumberGet,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MessageSend => "whatsapp.message.send",
            Self::NumberGet => "whatsapp.number.get",
        }
    }
}

pub(crate) fn route(method: &str, segments: &[&str]) -> Option<Op> {
    match (method, segments) {
        ("POST", [_, _, "messages"]) => Some(Op::MessageSend),
        ("GET", [_, _]) => Some(Op::NumberGet),
        (_, _) => None,
    }
}

/// The caller's mark on a message. WhatsApp gives it back in statuses; it does not prevent a second delivery.
pub(crate) fn key(request: &Request) -> Option<String> {
    request.json()?["biz_opaque_callback_data"].as_str().map(str::to_owned)
}

/// What WhatsApp thinks of numbers; [`State::is_full`] bounds both sets.
#[derive(Debug)]
pub(crate) struct State {
    closed: HashSet<String>,
    unreachable: HashSet<String>,
}

impl State {
    /// Two numbers always misbehave: one has a closed window, one is not on WhatsApp.
    pub(crate) fn seeded() -> Self {
        Self {
            closed: HashSet::from(["15550131047".to_owned()]),
            unreachable: HashSet::from(["15550131026".to_owned()]),
        }
    }

    /// 10,000 numbers have been spoken about.
    pub(crate) fn is_full(&self) -> bool {
        self.closed.len() + self.unreachable.len() >= NUMBERS_MAX
    }

    pub(crate) fn open_window(&mut self, to: &str) {
        self.closed.remove(to);
    }

    pub(crate) fn close_window(&mut self, to: &str) {
        self.closed.insert(to.to_owned());
    }

    pub(crate) fn set_reachable(&mut self, to: &str, reachable: bool) {
        if reachable {
            self.unreachable.remove(to);
        } else {
            self.unreachable.insert(to.to_owned());
        }
    }

    pub(crate) fn recipient_json(&self, to: &str) -> Value {
        let window = if self.closed.contains(to) { "closed" } else { "open" };
        json!({ "to": to, "window": window, "reachable": !self.unreachable.contains(to) })
    }
}

/// Why a message was not taken.
#[derive(Debug)]
struct Refusal {
    code: u32,
    message: &'static str,
    details: String,
}

impl Refusal {
    fn parameter(details: impl Into<String>) -> Self {
        Self { code: 100, message: "(#100) Invalid parameter", details: details.into() }
    }

    fn reply(&self) -> Reply {
        let status = if self.code == 190 { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Reply::refused(status, &error_body(self.code, self.message, Some(&self.details)))
    }
}

/// Meta's error object. Callers decide on `code` and `error_data.details`, never on the words.
pub(crate) fn error_body(code: u32, message: &str, details: Option<&str>) -> Value {
    json!({ "error": {
        "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "sandbox",
        "is_transient": matches!(code, 2 | 130_429 | 131_000 | 131_056),
        "error_data": { "messaging_product": "whatsapp", "details": details.unwrap_or(message) },
    } })
}

pub(crate) fn code_for(status: StatusCode) -> u32 {
    match status.as_u16() {
        401 => 190,
        429 => 130_429,
        500.. => 131_000,
        _ => 100,
    }
}

/// Answers a call to `/whatsapp/{version}/…`.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    let done = match op {
        Op::MessageSend => send(world, request, at),
        Op::NumberGet => number(request),
    };
    done.unwrap_or_else(|refusal| refusal.reply())
}

fn authorized(request: &Request) -> Result<(), Refusal> {
    let details = match request.bearer() {
        None => "Send `Authorization: Bearer <token>`.",
        Some(token) if customer::is_revoked(token) => "The session has been invalidated.",
        Some(_) => return Ok(()),
    };
    Err(Refusal { code: 190, message: "Error validating access token", details: details.to_owned() })
}

/// Every number is one of the sandbox's business.
fn number(request: &Request) -> Result<Reply, Refusal> {
    authorized(request)?;
    let id = request.segments().last().copied().unwrap_or_default().to_owned();
    Ok(Reply::read(&json!({
        "id": id, "display_phone_number": "+1 555-555-0100", "verified_name": "Sandbox", "quality_rating": "GREEN",
    })))
}

fn send(world: &mut World, request: &Request, at: At) -> Result<Reply, Refusal> {
    authorized(request)?;
    let body = request.json().ok_or_else(|| Refusal::parameter("The body must be JSON."))?;
    if body["messaging_product"] != "whatsapp" {
        return Err(Refusal::parameter("messaging_product must be `whatsapp`"));
    }
    if body["status"] == "read" {
        text(&body, "/message_id", 1..=512)?;
        return Ok(Reply::changed(&json!({ "success": true })));
    }
    if body["recipient_type"] != "individual" {
        return Err(Refusal::parameter("recipient_type must be `individual`"));
    }
    let to = text(&body, "/to", 1..=64)?;
    let number = digits(to);
    if number.is_empty() {
        return Err(Refusal::parameter(format!("`{to}` is not a phone number")));
    }
    let content = Content::read(&body)?;
    if world.whatsapp.unreachable.contains(&number) {
        let message = "Message undeliverable";
        return Err(Refusal { code: 131_026, message, details: format!("{to} is not on WhatsApp.") });
    }
    if world.whatsapp.closed.contains(&number) && body["type"] != "template" {
        let details = "More than 24 hours have passed since the customer last replied to this number.".to_owned();
        return Err(Refusal { code: 131_047, message: "Re-engagement message", details });
    }
    let id = world.ids.next("wamid.");
    world.messages.deliver(Message {
        id: id.clone(),
        at: at.now,
        channel: Channel::WhatsApp,
        to: format!("+{number}"),
        from: request.segments().get(2).copied().unwrap_or_default().to_owned(),
        subject: None,
        text: content.text,
        choices: content.choices,
        edited_at: None,
        payload: body.clone(),
    });
    customer::tell_statuses(world, Channel::WhatsApp, &id, &number, at.now);
    Ok(Reply::changed(&json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": number }],
        "messages": [{ "id": id, "message_status": "accepted" }],
    })))
}

/// What the customer sees.
#[derive(Debug)]
struct Content {
    text: String,
    choices: Vec<String>,
}

impl Content {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), choices: Vec::new() }
    }

    fn read(body: &Value) -> Result<Self, Refusal> {
        match text(body, "/type", 1..=32)? {
            "text" => Ok(Self::plain(text(body, "/text/body", 1..=TEXT_MAX)?)),
            "template" => template(body),
            "interactive" => interactive(body),
            "image" | "document" | "audio" | "video" | "sticker" => Ok(Self::plain(format!("[{}]", body["type"]))),
            other => {
                Err(Refusal { code: 131_051, ..Refusal::parameter(format!("Unsupported message type `{other}`")) })
            }
        }
    }
}

fn template(body: &Value) -> Result<Content, Refusal> {
    let name = text(body, "/template/name", 1..=512)?;
    text(body, "/template/language/code", 2..=16)?;
    let components = body.pointer("/template/components").and_then(Value::as_array).into_iter().flatten();
    let parameters = components.flat_map(|part| part["parameters"].as_array().into_iter().flatten());
    let words: Vec<&str> = parameters.filter_map(|parameter| parameter["text"].as_str()).collect();
    Ok(Content::plain(format!("[template {name}] {}", words.join(" · ")).trim_end()))
}

fn interactive(body: &Value) -> Result<Content, Refusal> {
    let said = text(body, "/interactive/body/text", 1..=BODY_MAX)?.to_owned();
    optional(body, "/interactive/header/text", 60)?;
    optional(body, "/interactive/footer/text", 60)?;
    let choices = match text(body, "/interactive/type", 1..=32)? {
        "button" => buttons(body)?,
        "list" => rows(body)?,
        "flow" => {
            text(body, "/interactive/action/parameters/flow_token", 1..=512)?;
            let either = ["flow_id", "flow_name"].iter().any(|name| {
                body.pointer(&format!("/interactive/action/parameters/{name}")).is_some_and(Value::is_string)
            });
            if !either {
                return Err(Refusal::parameter("a flow needs flow_id or flow_name"));
            }
            vec![text(body, "/interactive/action/parameters/flow_cta", 1..=30)?.to_owned()]
        }
        "cta_url" => {
            text(body, "/interactive/action/parameters/url", 1..=2_000)?;
            vec![text(body, "/interactive/action/parameters/display_text", 1..=20)?.to_owned()]
        }
        other => return Err(Refusal::parameter(format!("Unsupported interactive type `{other}`"))),
    };
    Ok(Content { text: said, choices })
}

fn buttons(body: &Value) -> Result<Vec<String>, Refusal> {
    let entries = entries(body, "/interactive/action/buttons", 1..=3)?;
    let titles = entries.iter().map(|button| {
        text(button, "/reply/id", 1..=256)?;
        Ok(text(button, "/reply/title", 1..=20)?.to_owned())
    });
    distinct(titles.collect::<Result<_, Refusal>>()?, "button titles")
}

fn rows(body: &Value) -> Result<Vec<String>, Refusal> {
    text(body, "/interactive/action/button", 1..=20)?;
    let sections = entries(body, "/interactive/action/sections", 1..=10)?;
    let (mut titles, mut ids) = (Vec::new(), Vec::new());
    for section in sections {
        optional(section, "/title", 24)?;
        if sections.len() > 1 && section["title"].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::parameter("several sections need titles"));
        }
        for row in entries(section, "/rows", 1..=10)? {
            ids.push(text(row, "/id", 1..=200)?.to_owned());
            titles.push(text(row, "/title", 1..=24)?.to_owned());
            optional(row, "/description", 72)?;
        }
    }
    if titles.len() > 10 {
        return Err(Refusal::parameter("a list has at most 10 rows over all sections"));
    }
    distinct(ids, "row ids")?;
    Ok(titles)
}

fn distinct(values: Vec<String>, what: &str) -> Result<Vec<String>, Refusal> {
    let different: HashSet<&String> = values.iter().collect();
    if different.len() < values.len() {
        return Err(Refusal::parameter(format!("{what} must differ from one another")));
    }
    Ok(values)
}

fn entries<'a>(
    body: &'a Value,
    pointer: &str,
    count: std::ops::RangeInclusive<usize>,
) -> Result<&'a Vec<Value>, Refusal> {
    let found = body.pointer(pointer).and_then(Value::as_array).filter(|entries| count.contains(&entries.len()));
    found.ok_or_else(|| Refusal::parameter(format!("{pointer} must have {} to {} entries", count.start(), count.end())))
}

fn text<'a>(body: &'a Value, pointer: &str, chars: std::ops::RangeInclusive<usize>) -> Result<&'a str, Refusal> {
    let found = body.pointer(pointer).and_then(Value::as_str).filter(|text| chars.contains(&text.chars().count()));
    found.ok_or_else(|| {
        Refusal::parameter(format!("{pointer} must be text of {} to {} characters", chars.start(), chars.end()))
    })
}

fn optional(body: &Value, pointer: &str, chars_max: usize) -> Result<(), Refusal> {
    match body.pointer(pointer) {
        None => Ok(()),
        Some(_) => text(body, pointer, 1..=chars_max).map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::Content;

    fn list(rows: usize, title: &str) -> Value {
        let rows: Vec<Value> = (0..rows).map(|n| json!({ "id": format!("r{n}"), "title": title })).collect();
        json!({ "type": "interactive", "interactive": {
            "type": "list", "body": { "text": "Pick" }, "action": { "button": "Choose", "sections": [{ "rows": rows }] },
        } })
    }

    #[test]
    fn limits_of_lists_and_buttons_hold() {
        assert_eq!(Content::read(&list(10, "x")).unwrap().choices.len(), 10);
        assert!(Content::read(&list(11, "x")).is_err());
        assert!(Content::read(&list(1, &"x".repeat(25))).is_err());
        let button = |title: &str| json!({ "type": "reply", "reply": { "id": title, "title": title } });
        let buttons = |list: Vec<Value>| {
            json!({ "type": "interactive", "interactive": {
                "type": "button", "body": { "text": "Sure?" }, "action": { "buttons": list },
            } })
        };
        assert_eq!(Content::read(&buttons(vec![button("Yes"), button("No")])).unwrap().choices, ["Yes", "No"]);
        assert!(Content::read(&buttons(vec![button("a"), button("b"), button("c"), button("d")])).is_err());
        assert!(Content::read(&buttons(vec![button("a"), button("a")])).is_err());
        assert!(Content::read(&json!({ "type": "text", "text": { "body": "x".repeat(4097) } })).is_err());
    }
}
