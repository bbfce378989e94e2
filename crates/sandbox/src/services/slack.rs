//! Slack's messages, reactions, views and people. Errors are HTTP 200 with `ok: false`.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::{
        messages::{Channel, Message},
        ring::Ring,
    },
    services::{
        customer,
        world::{At, World},
    },
    wire::{reply::Reply, request::Request},
};

/// How many triggers and reactions are remembered.
const KEPT_MAX: usize = 10_000;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `chat.postMessage`
    ChatPostMessage,
    /// `chat.postEphemeral`
    ChatPostEphemeral,
    /// `chat.update`
    ChatUpdate,
    /// `chat.delete`
    ChatDelete,
    /// `reactions.add`
    ReactionsAdd,
    /// `views.open`
    ViewsOpen,
    /// `users.lookupByEmail`
    UsersLookupByEmail,
    /// `auth.test`
    AuthTest,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ChatPostMessage => "slack.chat.post_message",
            Self::ChatPostEphemeral => "slack.chat.post_ephemeral",
            Self::ChatUpdate => "slack.chat.update",
            Self::ChatDelete => "slack.chat.delete",
            Self::ReactionsAdd => "slack.reactions.add",
            Self::ViewsOpen => "slack.views.open",
            Self::UsersLookupByEmail => "slack.users.lookup_by_email",
            Self::AuthTest => "slack.auth.test",
        }
    }
}

pub(crate) fn route(segments: &[&str]) -> Option<Op> {
    match segments {
        ["api", "chat.postMessage"] => Some(Op::ChatPostMessage),
        ["api", "chat.postEphemeral"] => Some(Op::ChatPostEphemeral),
        ["api", "chat.update"] => Some(Op::ChatUpdate),
        ["api", "chat.delete"] => Some(Op::ChatDelete),
        ["api", "reactions.add"] => Some(Op::ReactionsAdd),
        ["api", "views.open"] => Some(Op::ViewsOpen),
        ["api", "users.lookupByEmail"] => Some(Op::UsersLookupByEmail),
        ["api", "auth.test"] => Some(Op::AuthTest),
        _ => None,
    }
}

pub(crate) fn error_body(code: &str) -> Value {
    json!({ "ok": false, "error": code })
}

pub(crate) fn code_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "invalid_auth",
        404 => "unknown_method",
        429 => "ratelimited",
        _ => "internal_error",
    }
}

/// Answers a call to `/slack/api/…`, JSON or form.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    let done = match request.bearer() {
        None => Err("not_authed"),
        Some(token) if !token.starts_with("xox") => Err("invalid_auth"),
        Some(token) if customer::is_revoked(token) => Err("token_revoked"),
        Some(_) => match op {
            Op::ChatPostMessage => post(world, &request.body_value(), at),
            Op::ChatPostEphemeral => post_ephemeral(world, &request.body_value(), at),
            Op::ChatUpdate => update(world, &request.body_value(), at),
            Op::ChatDelete => delete(world, &request.body_value()),
            Op::ReactionsAdd => react(world, &request.body_value()),
            Op::ViewsOpen => open(world, &request.body_value()),
            Op::UsersLookupByEmail => find(world, request),
            Op::AuthTest => Ok(Reply::read(
                &json!({ "ok": true, "team": "Sandbox", "team_id": "TSANDBOX", "user": "countersign", "user_id": "USANDBOX" }),
            )),
        },
    };
    done.unwrap_or_else(|code| Reply::refused(StatusCode::OK, &error_body(code)))
}

/// What it keeps besides the messages.
#[derive(Debug)]
pub(crate) struct State {
    /// Triggers that opened a view: each does so once.
    triggers: Ring<String>,
    /// Channel, message and emoji.
    reactions: Ring<(String, String, String)>,
}

impl Default for State {
    fn default() -> Self {
        Self { triggers: Ring::new(KEPT_MAX), reactions: Ring::new(KEPT_MAX) }
    }
}

/// Ids start with C, D, G or U; names with `#`.
fn channel_of(params: &Value) -> Result<&str, &'static str> {
    let channel = params["channel"].as_str().unwrap_or_default();
    if channel.len() > 1 && channel.starts_with(['C', 'D', 'G', 'U', '#']) {
        Ok(channel)
    } else {
        Err("channel_not_found")
    }
}

/// The fallback text and the buttons' captions.
fn content(params: &Value) -> Result<(String, Vec<String>), &'static str> {
    // A form carries the blocks as JSON text.
    let blocks = match params["blocks"].as_str() {
        Some(text) => serde_json::from_str(text).map_err(|_| "invalid_blocks_format")?,
        None => params["blocks"].clone(),
    };
    let text = params["text"].as_str().unwrap_or_default();
    let blocks = blocks.as_array().cloned().unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if text.chars().count() > 40_000 {
        return Err("msg_too_long");
    }
    if blocks.len() > 50 {
        return Err("invalid_blocks");
    }
    let elements = blocks.iter().flat_map(|block| block["elements"].as_array().into_iter().flatten());
    let captions = elements.filter_map(|element| element["text"]["text"].as_str().map(str::to_owned));
    Ok((text.to_owned(), captions.collect()))
}

fn post(world: &mut World, params: &Value, at: At) -> Result<Reply, &'static str> {
    let channel = channel_of(params)?;
    let (text, choices) = content(params)?;
    let ts = format!("{}.{:06}", at.seconds(), world.ids.number("slack") % 1_000_000);
    world.messages.deliver(Message {
        id: ts.clone(),
        at: at.now,
        channel: Channel::Slack,
        to: channel.to_owned(),
        from: "USANDBOX".to_owned(),
        subject: None,
        text: text.clone(),
        choices,
        edited_at: None,
        payload: params.clone(),
    });
    let message = json!({
        "type": "message", "user": "USANDBOX", "text": text, "ts": ts, "blocks": params["blocks"],
        "metadata": params["metadata"],
    });
    Ok(Reply::changed(&json!({ "ok": true, "channel": channel, "ts": ts, "message": message })))
}

/// Shown to one person and kept nowhere.
fn post_ephemeral(world: &mut World, params: &Value, at: At) -> Result<Reply, &'static str> {
    channel_of(params)?;
    content(params)?;
    if !params["user"].as_str().is_some_and(|user| user.len() > 1 && user.starts_with(['U', 'W'])) {
        return Err("user_not_in_channel");
    }
    let ts = format!("{}.{:06}", at.seconds(), world.ids.number("slack") % 1_000_000);
    Ok(Reply::changed(&json!({ "ok": true, "message_ts": ts })))
}

fn update(world: &mut World, params: &Value, at: At) -> Result<Reply, &'static str> {
    let channel = channel_of(params)?;
    let (text, choices) = content(params)?;
    let ts = params["ts"].as_str().unwrap_or_default();
    let message = world.messages.find_mut(Channel::Slack, channel, ts).ok_or("message_not_found")?;
    message.text.clone_from(&text);
    message.choices = choices;
    message.edited_at = Some(at.now);
    message.payload = params.clone();
    Ok(Reply::changed(&json!({ "ok": true, "channel": channel, "ts": ts, "text": text })))
}

fn delete(world: &mut World, params: &Value) -> Result<Reply, &'static str> {
    let (channel, ts) = (channel_of(params)?, params["ts"].as_str().unwrap_or_default());
    if !world.messages.remove(Channel::Slack, channel, ts) {
        return Err("message_not_found");
    }
    Ok(Reply::changed(&json!({ "ok": true, "channel": channel, "ts": ts })))
}

fn react(world: &mut World, params: &Value) -> Result<Reply, &'static str> {
    let text = |name: &str| params[name].as_str().unwrap_or_default().to_owned();
    let channel = channel_of(params)?;
    let reaction = (channel.to_owned(), text("timestamp"), text("name"));
    if reaction.2.is_empty() {
        return Err("invalid_name");
    }
    world.messages.find_mut(Channel::Slack, channel, &reaction.1).ok_or("message_not_found")?;
    if world.slack.reactions.iter().any(|known| *known == reaction) {
        return Err("already_reacted");
    }
    world.slack.reactions.push(reaction);
    Ok(Reply::changed(&json!({ "ok": true })))
}

fn open(world: &mut World, params: &Value) -> Result<Reply, &'static str> {
    let trigger = params["trigger_id"].as_str().filter(|trigger| !trigger.is_empty()).ok_or("invalid_trigger_id")?;
    let view = &params["view"];
    if !view["blocks"].is_array() || !view["title"].is_object() {
        return Err("invalid_arguments");
    }
    if world.slack.triggers.iter().any(|known| known == trigger) {
        return Err("exchanged_trigger_id");
    }
    world.slack.triggers.push(trigger.to_owned());
    let id = format!("V{}", world.ids.number("slack view"));
    let view =
        json!({ "id": id, "type": view["type"], "title": view["title"], "blocks": view["blocks"], "hash": "1.a" });
    Ok(Reply::changed(&json!({ "ok": true, "view": view })))
}

fn find(world: &World, request: &Request) -> Result<Reply, &'static str> {
    let email = request.query_value("email").unwrap_or_default();
    let mut people = (1..).zip(world.directory.people());
    let found = people.find(|(_, person)| person.email.eq_ignore_ascii_case(email));
    let (number, person) = found.ok_or("users_not_found")?;
    let user = json!({ "id": format!("U{number:06}"), "real_name": person.name, "tz": "Europe/Berlin" });
    Ok(Reply::read(&json!({ "ok": true, "user": user })))
}
