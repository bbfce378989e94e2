//! The part of the Telegram Bot API that sends, edits and answers buttons.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::{
    memory::messages::{Channel, Message},
    services::{
        customer,
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

const TEXT_MAX: usize = 4_096;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `sendMessage`
    MessageSend,
    /// `editMessageText`
    MessageEditText,
    /// `editMessageReplyMarkup`
    MessageEditReplyMarkup,
    /// `answerCallbackQuery`
    CallbackAnswer,
    /// `sendChatAction`
    ChatAction,
    /// `setWebhook`
    WebhookSet,
    /// `getWebhookInfo`
    WebhookGet,
    /// `getMe`
    Me,
}

impl Op {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MessageSend => "telegram.message.send",
            Self::MessageEditText => "telegram.message.edit_text",
            Self::MessageEditReplyMarkup => "telegram.message.edit_reply_markup",
            Self::CallbackAnswer => "telegram.callback.answer",
            Self::ChatAction => "telegram.chat.action",
            Self::WebhookSet => "telegram.webhook.set",
            Self::WebhookGet => "telegram.webhook.get",
            Self::Me => "telegram.me.get",
        }
    }
}

/// The bot's webhook, as set.
#[derive(Debug, Default)]
pub(crate) struct State {
    webhook_url: String,
}

/// Any HTTP method will do, as with the real one.
pub(crate) fn route(segments: &[&str]) -> Option<Op> {
    let [bot, method] = segments else {
        return None;
    };
    if !bot.strip_prefix("bot").is_some_and(|token| token.contains(':')) {
        return None;
    }
    match method.to_lowercase().as_str() {
        "sendmessage" => Some(Op::MessageSend),
        "editmessagetext" => Some(Op::MessageEditText),
        "editmessagereplymarkup" => Some(Op::MessageEditReplyMarkup),
        "answercallbackquery" => Some(Op::CallbackAnswer),
        "sendchataction" => Some(Op::ChatAction),
        "setwebhook" => Some(Op::WebhookSet),
        "getwebhookinfo" => Some(Op::WebhookGet),
        "getme" => Some(Op::Me),
        _ => None,
    }
}

pub(crate) fn error_body(status: StatusCode, description: &str) -> Value {
    json!({ "ok": false, "error_code": status.as_u16(), "description": description })
}

fn refused(description: &str) -> Reply {
    let body = error_body(StatusCode::BAD_REQUEST, &format!("Bad Request: {description}"));
    Reply::refused(StatusCode::BAD_REQUEST, &body)
}

fn ok(result: &Value, effect: Effect) -> Reply {
    Reply::json(StatusCode::OK, &json!({ "ok": true, "result": result }), effect)
}

/// Answers a call to `/telegram/bot<token>/<method>`.
pub(crate) fn respond(world: &mut World, op: Op, request: &Request, at: At) -> Reply {
    let token = request.segments().get(1).copied().unwrap_or_default().to_owned();
    if customer::is_revoked(&token) {
        return Reply::refused(StatusCode::UNAUTHORIZED, &error_body(StatusCode::UNAUTHORIZED, "Unauthorized"));
    }
    let params = if request.body.is_empty() { request.query_object() } else { request.body_value() };
    let done = match op {
        Op::MessageSend => send(world, request, &params, at),
        Op::MessageEditText | Op::MessageEditReplyMarkup => edit(world, op, &params, at),
        Op::CallbackAnswer => answer_callback(&params),
        Op::ChatAction => chat_of(&params).map(|_| ok(&json!(true), Effect::Read)),
        Op::WebhookSet => set_webhook(world, &params),
        Op::WebhookGet => {
            let set = world.telegram.webhook_url.as_str();
            let url = if set.is_empty() { world.customer.posts_to(Channel::Telegram) } else { set };
            Ok(ok(&json!({ "url": url, "pending_update_count": 0 }), Effect::Read))
        }
        Op::Me => Ok(ok(&me(), Effect::Read)),
    };
    done.unwrap_or_else(|description| refused(&description))
}

fn me() -> Value {
    json!({ "id": 1, "is_bot": true, "first_name": "Sandbox", "username": "sandbox_bot" })
}

/// Ids come as numbers in JSON and as text in forms.
fn id_of(value: &Value) -> Option<String> {
    let number = value.as_i64().map(|id| id.to_string());
    number.or_else(|| value.as_str().filter(|id| !id.is_empty()).map(str::to_owned))
}

fn chat_of(params: &Value) -> Result<String, String> {
    id_of(&params["chat_id"]).ok_or_else(|| "chat_id is empty".to_owned())
}

fn text_of(params: &Value) -> Result<String, String> {
    let text = params["text"].as_str().unwrap_or_default();
    match text.chars().count() {
        0 => Err("message text is empty".to_owned()),
        1..=TEXT_MAX => Ok(text.to_owned()),
        _ => Err("message is too long".to_owned()),
    }
}

/// The keyboard's captions, after checking what Telegram checks. Forms carry the markup as JSON text.
fn keyboard(params: &Value) -> Result<(Value, Vec<String>), String> {
    let markup = match params["reply_markup"].as_str() {
        Some(text) => serde_json::from_str(text).map_err(|_| "can't parse reply keyboard markup JSON object")?,
        None => params["reply_markup"].clone(),
    };
    let rows = markup["inline_keyboard"].as_array().or_else(|| markup["keyboard"].as_array());
    let mut captions = Vec::new();
    for button in rows.into_iter().flatten().flat_map(|row| row.as_array().into_iter().flatten()) {
        let caption = button["text"].as_str().or_else(|| button.as_str()).unwrap_or_default();
        if caption.is_empty() {
            return Err("text buttons must have a text".to_owned());
        }
        if button["callback_data"].as_str().is_some_and(|data| !(1..=64).contains(&data.len())) {
            return Err("BUTTON_DATA_INVALID".to_owned());
        }
        captions.push(caption.to_owned());
    }
    Ok((markup, captions))
}

fn shown(message: &Message) -> Value {
    let number: u64 = message.id.parse().unwrap_or_default();
    let chat = message.to.parse::<i64>().map_or_else(|_| json!(message.to), |id| json!(id));
    let mut json = json!({
        "message_id": number, "from": me(), "chat": { "id": chat, "type": "private" },
        "date": message.at.div_euclid(1_000), "text": message.text,
    });
    if message.payload["inline_keyboard"].is_array() {
        json["reply_markup"] = message.payload.clone();
    }
    if let Some(edited_at) = message.edited_at {
        json["edit_date"] = json!(edited_at.div_euclid(1_000));
    }
    json
}

fn send(world: &mut World, request: &Request, params: &Value, at: At) -> Result<Reply, String> {
    let (to, text) = (chat_of(params)?, text_of(params)?);
    let (markup, choices) = keyboard(params)?;
    let bot = request.segments().get(1).and_then(|bot| bot.split(':').next().map(str::to_owned));
    let message = Message {
        id: world.ids.number("telegram").to_string(),
        at: at.now,
        channel: Channel::Telegram,
        to,
        from: bot.unwrap_or_default(),
        subject: None,
        text,
        choices,
        edited_at: None,
        payload: markup,
    };
    let result = shown(&message);
    world.messages.deliver(message);
    Ok(ok(&result, Effect::Changed))
}

fn edit(world: &mut World, op: Op, params: &Value, at: At) -> Result<Reply, String> {
    let to = chat_of(params)?;
    let text = if op == Op::MessageEditText { Some(text_of(params)?) } else { None };
    let (markup, choices) = keyboard(params)?;
    let id = id_of(&params["message_id"]).ok_or("message identifier is not specified")?;
    let message = world.messages.find_mut(Channel::Telegram, &to, &id).ok_or("message to edit not found")?;
    let same_text = text.as_ref().is_none_or(|text| *text == message.text);
    if same_text && markup == message.payload {
        return Err("message is not modified".to_owned());
    }
    if let Some(text) = text {
        message.text = text;
    }
    message.payload = markup;
    message.choices = choices;
    message.edited_at = Some(at.now);
    Ok(ok(&shown(message), Effect::Changed))
}

fn answer_callback(params: &Value) -> Result<Reply, String> {
    if params["callback_query_id"].as_str().is_none_or(str::is_empty) {
        return Err("query is too old and response timeout expired or query ID is invalid".to_owned());
    }
    if params["text"].as_str().is_some_and(|text| text.chars().count() > 200) {
        return Err("MESSAGE_TOO_LONG".to_owned());
    }
    Ok(ok(&json!(true), Effect::Changed))
}

fn set_webhook(world: &mut World, params: &Value) -> Result<Reply, String> {
    let secret = params["secret_token"].as_str().unwrap_or("x");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if secret.is_empty() || secret.len() > 256 || !secret.bytes().all(allowed) {
        return Err("secret token contains unallowed characters".to_owned());
    }
    world.telegram.webhook_url = params["url"].as_str().ok_or("bad webhook: URL is missing")?.to_owned();
    Ok(ok(&json!(true), Effect::Changed))
}
