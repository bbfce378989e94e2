//! The customer's side: what people write, press and send, posted to whoever asked for it the way each platform posts it:
//! signed, sometimes twice, sometimes badly, statuses in the wrong order.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use super::world::World;
use crate::memory::{
    directory::digits,
    messages::{Channel, Message},
};

/// How often one message is posted at most.
const TIMES_MAX: u64 = 100;
/// Messages looked through for the button that was pressed.
const LOOK_BACK: usize = 200;

/// A request of a platform to a server of its customer.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Where a platform posts, and what it signs with.
#[derive(Debug, Clone)]
struct Target {
    url: String,
    secret: String,
}

/// Where each platform posts, and what is to be posted.
#[derive(Debug, Default)]
pub(crate) struct State {
    targets: BTreeMap<&'static str, Target>,
    pub(crate) posts: Vec<Post>,
}

impl State {
    /// Where the platform of this channel posts; empty when nobody asked for it.
    pub(crate) fn posts_to(&self, channel: Channel) -> &str {
        self.targets.get(channel.name()).map_or("", |target| &target.url)
    }
}

/// Whether these credentials are refused: the sandbox takes all but those that say so themselves.
pub(crate) fn is_revoked(secret: &str) -> bool {
    secret.contains("revoked")
}

fn channel(name: &str) -> Option<Channel> {
    [Channel::WhatsApp, Channel::Sms, Channel::Telegram, Channel::Email, Channel::Slack]
        .into_iter()
        .find(|channel| channel.name() == name)
}

/// `{channel, url, secret}`: from now on the platform posts there.
pub(crate) fn register(world: &mut World, body: &Value) -> Result<Value, String> {
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let channel = text("channel").as_deref().and_then(channel).ok_or("`channel` is not one of the sandbox's")?;
    let url = text("url").filter(|url| url.starts_with("http://")).ok_or("`url` must begin with http://")?;
    let secret = text("secret").ok_or("`secret` is missing")?;
    world.customer.targets.insert(channel.name(), Target { url, secret });
    Ok(json!({ "channel": channel.name() }))
}

/// `{channel, from, text | press, times?, bad_signature?}`: a customer does that. What is posted is put into `posts`.
pub(crate) fn act(world: &mut World, body: &Value, now: i64) -> Result<(), String> {
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let channel = text("channel").as_deref().and_then(channel).ok_or("`channel` is not one of the sandbox's")?;
    let from = text("from").ok_or("`from` is missing: the customer's number, chat id or address")?;
    let target = world.customer.targets.get(channel.name()).cloned();
    let target = target.ok_or_else(|| format!("nobody asked for what is said on {}", channel.name()))?;
    let pressed = match text("press") {
        Some(title) => Some(button(world, channel, &from, &title).ok_or("nothing of that title can be pressed")?),
        None => None,
    };
    let said = Said { from, text: text("text").unwrap_or_default(), pressed, photo: body["photo"] == true, at: now };
    let mut post = match channel {
        Channel::WhatsApp => whatsapp(world, &target, &said),
        Channel::Telegram => telegram(world, &target, &said),
        Channel::Sms => sms(world, &target, &said),
        Channel::Email => email(world, &target, &said),
        Channel::Slack => slack(world, &target, &said),
    };
    if body["bad_signature"] == true {
        post.body = post.body.replacen(':', " :", 1) + " ";
        for (_, value) in &mut post.headers {
            *value = value.chars().rev().collect();
        }
    }
    let times = usize::try_from(body["times"].as_u64().unwrap_or(1).clamp(1, TIMES_MAX)).unwrap_or(1);
    world.customer.posts.extend(std::iter::repeat_n(post, times));
    Ok(())
}

/// What became of a message, the later state first: platforms promise no order.
pub(crate) fn tell_statuses(world: &mut World, channel: Channel, id: &str, to: &str, now: i64) {
    let Some(target) = world.customer.targets.get(channel.name()).cloned() else { return };
    for status in ["delivered", "sent"] {
        let post = match channel {
            Channel::WhatsApp => {
                let seconds = now.div_euclid(1_000).to_string();
                let status = json!({ "id": id, "status": status, "timestamp": seconds, "recipient_id": digits(to) });
                whatsapp_post(&target, &json!({ "statuses": [status] }))
            }
            Channel::Sms => sms_post(&target, &[("MessageSid", id), ("MessageStatus", status), ("To", to)]),
            Channel::Telegram | Channel::Email | Channel::Slack => return,
        };
        world.customer.posts.push(post);
    }
}

struct Said {
    from: String,
    text: String,
    /// Title and id.
    pressed: Option<(String, String)>,
    photo: bool,
    at: i64,
}

/// The newest button of that title a customer was shown: title and id.
fn button(world: &World, channel: Channel, from: &str, title: &str) -> Option<(String, String)> {
    let to = |message: &Message| {
        let same = message.to == from || (!digits(from).is_empty() && digits(&message.to) == digits(from));
        message.channel == channel && same
    };
    let shown = world.messages.newest(LOOK_BACK, to);
    shown.into_iter().rev().find_map(|message| find(&message.payload, title)).map(|id| (title.to_owned(), id))
}

/// The id beside a title, wherever a payload keeps its buttons.
fn find(value: &Value, title: &str) -> Option<String> {
    match value {
        Value::Object(members) => {
            let is = |name: &str| members.get(name).and_then(Value::as_str) == Some(title);
            let id = ["id", "callback_data", "value"].iter().find_map(|name| members.get(*name)?.as_str());
            let titled = is("title") || is("text") || members.get("text").is_some_and(|text| text["text"] == title);
            match id.filter(|_| titled) {
                Some(id) => Some(id.to_owned()),
                None => members.values().find_map(|member| find(member, title)),
            }
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, title)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn sign(secret: &str, parts: &[&str]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    hex::encode(mac.finalize().into_bytes())
}

fn post(target: &Target, headers: Vec<(&'static str, String)>, body: String) -> Post {
    Post { url: target.url.clone(), headers, body }
}

fn whatsapp(world: &mut World, target: &Target, said: &Said) -> Post {
    let from = digits(&said.from);
    let mut message = json!({
        "from": from, "id": world.ids.next("wamid.in."), "timestamp": said.at.div_euclid(1_000).to_string(),
    });
    match &said.pressed {
        Some((title, id)) => {
            message["type"] = json!("interactive");
            message["interactive"] = json!({ "type": "button_reply", "button_reply": { "id": id, "title": title } });
        }
        None if said.photo => {
            message["type"] = json!("image");
            message["image"] = json!({ "id": "media-1", "mime_type": "image/jpeg", "caption": said.text });
        }
        None => {
            message["type"] = json!("text");
            message["text"] = json!({ "body": said.text });
        }
    }
    let name = world.directory.find(&said.from).map_or_else(|| said.from.clone(), |person| person.name.clone());
    world.whatsapp.open_window(&from);
    let contact = json!({ "profile": { "name": name }, "wa_id": from });
    whatsapp_post(target, &json!({ "contacts": [contact], "messages": [message] }))
}

fn whatsapp_post(target: &Target, content: &Value) -> Post {
    let mut value = json!({ "messaging_product": "whatsapp", "metadata": { "phone_number_id": "15550000001" } });
    for (name, member) in content.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    let changes = json!([{ "field": "messages", "value": value }]);
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": changes }] });
    let body = body.to_string();
    let signature = format!("sha256={}", sign(&target.secret, &[&body]));
    post(target, vec![("content-type", "application/json".to_owned()), ("x-hub-signature-256", signature)], body)
}

fn telegram(world: &mut World, target: &Target, said: &Said) -> Post {
    let update = world.ids.number("telegram update");
    let chat: i64 = said.from.parse().unwrap_or_default();
    let name = world.directory.find(&said.from).map_or_else(|| said.from.clone(), |person| person.name.clone());
    let person = json!({ "id": chat, "is_bot": false, "first_name": name });
    let mut message = json!({
        "message_id": world.ids.number("telegram"), "date": said.at.div_euclid(1_000), "from": person,
        "chat": { "id": chat, "type": "private" },
    });
    let body = match &said.pressed {
        Some((title, id)) => {
            message["reply_markup"] = json!({ "inline_keyboard": [[{ "text": title, "callback_data": id }]] });
            let query = json!({ "id": format!("q{update}"), "from": person, "data": id, "message": message });
            json!({ "update_id": update, "callback_query": query })
        }
        None => {
            message["text"] = json!(said.text);
            json!({ "update_id": update, "message": message })
        }
    };
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-telegram-bot-api-secret-token", target.secret.clone()),
    ];
    post(target, headers, body.to_string())
}

fn sms(world: &mut World, target: &Target, said: &Said) -> Post {
    let sid = format!("SMin{:028x}", world.ids.number("twilio in"));
    let media = if said.photo { "1" } else { "0" };
    let fields = [
        ("Body", said.text.as_str()),
        ("From", &said.from),
        ("MediaContentType0", "image/jpeg"),
        ("MediaUrl0", "https://api.twilio.com/media/1"),
        ("MessageSid", &sid),
        ("NumMedia", media),
        ("SmsStatus", "received"),
        ("To", "+15550000002"),
    ];
    sms_post(target, &fields)
}

fn sms_post(target: &Target, fields: &[(&str, &str)]) -> Post {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let signature = Hmac::<Sha1>::new_from_slice(target.secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(target.url.as_bytes());
            sorted.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
            STANDARD.encode(mac.finalize().into_bytes())
        },
    );
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = "application/x-www-form-urlencoded".to_owned();
    post(target, vec![("content-type", kind), ("x-twilio-signature", signature)], body)
}

fn email(world: &mut World, target: &Target, said: &Said) -> Post {
    let number = world.ids.number("mail in");
    let name = world.directory.find(&said.from).map_or_else(|| said.from.clone(), |person| person.name.clone());
    let mut headers = vec![json!({ "Name": "Message-ID", "Value": format!("<in{number}@mail.example>") })];
    let to = |message: &Message| message.channel == Channel::Email && message.to.eq_ignore_ascii_case(&said.from);
    let answered = world.messages.newest(1, to).first().map(|message| (message.id.clone(), message.text.clone()));
    let mut words = said.text.clone();
    if let Some((id, text)) = answered {
        headers.push(json!({ "Name": "In-Reply-To", "Value": format!("<{id}>") }));
        let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
        words = format!("{words}\n\nOn that day, Support wrote:\n{}", quoted.join("\n"));
    }
    let mail = json!({
        "FromFull": { "Email": said.from, "Name": name }, "From": said.from, "To": "support@example.com",
        "Subject": "A question", "MessageID": format!("pm-{number}"), "TextBody": words, "Headers": headers,
    });
    let basic = format!("Basic {}", STANDARD.encode(format!("hook:{}", target.secret)));
    post(target, vec![("content-type", "application/json".to_owned()), ("authorization", basic)], mail.to_string())
}

fn slack(world: &mut World, target: &Target, said: &Said) -> Post {
    let (number, seconds) = (world.ids.number("slack in"), said.at.div_euclid(1_000));
    let ts = format!("{seconds}.{number:06}");
    let body = match &said.pressed {
        Some((title, id)) => {
            let action = json!({ "action_id": id, "value": id, "action_ts": ts, "text": { "text": title } });
            let body = json!({ "type": "block_actions", "channel": { "id": said.from }, "actions": [action] });
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &body.to_string()).finish()
        }
        None => {
            let event = json!({ "type": "message", "channel": said.from, "user": "U1", "text": said.text, "ts": ts });
            json!({ "type": "event_callback", "event_id": format!("Ev{number}"), "event": event }).to_string()
        }
    };
    let time = seconds.to_string();
    let signature = format!("v0={}", sign(&target.secret, &["v0:", &time, ":", &body]));
    post(target, vec![("x-slack-request-timestamp", time), ("x-slack-signature", signature)], body)
}
