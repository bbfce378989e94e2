//! What arrives from channels, read into one shape. Verify first, over the raw bytes (`verify`); store, answer 2xx,
//! and only then act. Providers repeat and reorder: know messages again by `provider_id`.

use countersign_core::document::Channel;
use serde_json::Value;

/// The body is not what this channel sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {0} webhook")]
pub struct Malformed(&'static str);

/// One thing that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A person wrote, or pressed a button.
    Message(InboundMessage),
    /// The provider tells what became of a message of ours.
    Delivery(DeliveryUpdate),
}

/// A message from a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Where it came from.
    pub channel: Channel,
    /// The provider's id of it.
    pub provider_id: String,
    /// The person's address: digits, E.164 or chat id.
    pub from: String,
    /// Our address: WhatsApp's phone number id, our number; empty for Telegram.
    pub to: String,
    /// What the person calls themselves.
    pub name: Option<String>,
    /// What they wrote, or the label of what they pressed; a caption for media. May be empty.
    pub text: String,
    /// Id of the button or list row they pressed, as we sent it. Anybody can send anything: check that it is ours.
    pub choice: Option<String>,
    /// The answers of a WhatsApp flow, a JSON text.
    pub form: Option<String>,
    /// The message of ours it answers.
    pub reply_to: Option<String>,
    /// When it was sent, milliseconds since the epoch, where the provider says.
    pub sent_at: Option<i64>,
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryUpdate {
    /// The channel.
    pub channel: Channel,
    /// The provider's id of our message.
    pub provider_id: String,
    /// How far it came.
    pub status: DeliveryStatus,
    /// The provider's error number, when it failed.
    pub code: Option<String>,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryStatus {
    /// It left the provider.
    Sent,
    /// It is on the person's device.
    Delivered,
    /// The person has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Reads a webhook of WhatsApp: all entries, changes, messages and statuses in it.
pub fn whatsapp(body: &[u8]) -> Result<Vec<Inbound>, Malformed> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Malformed("WhatsApp"))?;
    if body.get("object").and_then(Value::as_str) != Some("whatsapp_business_account") {
        return Err(Malformed("WhatsApp"));
    }
    let values =
        list(&body, "/entry").flat_map(|entry| list(entry, "/changes")).filter_map(|change| change.get("value"));
    let mut all = Vec::new();
    for value in values {
        let to = text(value, "/metadata/phone_number_id").unwrap_or_default();
        all.extend(list(value, "/messages").filter_map(|message| whatsapp_message(value, message, &to)));
        all.extend(list(value, "/statuses").filter_map(whatsapp_status));
    }
    Ok(all)
}

fn whatsapp_message(value: &Value, message: &Value, to: &str) -> Option<Inbound> {
    let from = text(message, "/from")?;
    let contact = list(value, "/contacts").find(|contact| text(contact, "/wa_id").as_ref() == Some(&from));
    let kind = text(message, "/type").unwrap_or_default();
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| text(message, pointer));
    let words = match kind.as_str() {
        "text" => text(message, "/text/body"),
        "button" => text(message, "/button/text"),
        "interactive" => first(&["/interactive/button_reply/title", "/interactive/list_reply/title"]),
        media => text(message, &format!("/{media}/caption")),
    };
    Some(Inbound::Message(InboundMessage {
        channel: Channel::Whatsapp,
        provider_id: text(message, "/id")?,
        name: contact.and_then(|contact| text(contact, "/profile/name")),
        text: words.unwrap_or_default(),
        choice: first(&["/button/payload", "/interactive/button_reply/id", "/interactive/list_reply/id"]),
        form: text(message, "/interactive/nfm_reply/response_json"),
        reply_to: text(message, "/context/id"),
        sent_at: text(message, "/timestamp").and_then(|seconds| seconds.parse::<i64>().ok()?.checked_mul(1000)),
        to: to.to_owned(),
        from,
    }))
}

fn whatsapp_status(status: &Value) -> Option<Inbound> {
    let how = match text(status, "/status")?.as_str() {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed,
        _ => return None,
    };
    Some(Inbound::Delivery(DeliveryUpdate {
        channel: Channel::Whatsapp,
        provider_id: text(status, "/id")?,
        status: how,
        code: text(status, "/errors/0/code"),
    }))
}

/// Reads an update of Telegram: a message or a pressed button; other updates are nothing.
pub fn telegram(body: &[u8]) -> Result<Option<Inbound>, Malformed> {
    let update: Value = serde_json::from_slice(body).map_err(|_| Malformed("Telegram"))?;
    let id = text(&update, "/update_id").ok_or(Malformed("Telegram"))?;
    let (person, message, words, choice) = if let Some(query) = update.get("callback_query") {
        let choice = text(query, "/data");
        (query.get("from"), query.get("message").unwrap_or(&Value::Null), String::new(), choice)
    } else if let Some(message) = update.get("message") {
        let words = text(message, "/text").or_else(|| text(message, "/caption")).unwrap_or_default();
        (message.get("from"), message, words, None)
    } else {
        return Ok(None);
    };
    let Some(chat) = text(message, "/chat/id") else { return Ok(None) };
    let pressed = choice.is_some();
    let reply = if pressed { "/message_id" } else { "/reply_to_message/message_id" };
    Ok(Some(Inbound::Message(InboundMessage {
        channel: Channel::Telegram,
        provider_id: id,
        from: chat,
        to: String::new(),
        name: person.map(full_name).filter(|name| !name.is_empty()),
        text: words,
        choice,
        form: None,
        reply_to: text(message, reply),
        // The date of a pressed button's message is when we sent it.
        sent_at: (!pressed).then(|| message.get("date")?.as_i64()?.checked_mul(1000)).flatten(),
    })))
}

fn full_name(person: &Value) -> String {
    let parts = [text(person, "/first_name"), text(person, "/last_name")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Reads a webhook of Twilio from its form's fields: a text message, or what became of one of ours.
pub fn sms(fields: &[(String, String)]) -> Result<Option<Inbound>, Malformed> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let provider_id = field("MessageSid").or_else(|| field("SmsSid")).ok_or(Malformed("Twilio"))?;
    let status = field("MessageStatus").or_else(|| field("SmsStatus")).unwrap_or_else(|| "received".to_owned());
    let how = match status.as_str() {
        "received" | "receiving" => {
            return Ok(Some(Inbound::Message(InboundMessage {
                channel: Channel::Sms,
                provider_id,
                from: field("From").ok_or(Malformed("Twilio"))?,
                to: field("To").unwrap_or_default(),
                name: None,
                text: field("Body").unwrap_or_default(),
                choice: None,
                form: None,
                reply_to: None,
                sent_at: None,
            })));
        }
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" | "undelivered" | "canceled" => DeliveryStatus::Failed,
        _ => return Ok(None),
    };
    let code = field("ErrorCode").filter(|code| !code.is_empty());
    Ok(Some(Inbound::Delivery(DeliveryUpdate { channel: Channel::Sms, provider_id, status: how, code })))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(inbound: &Inbound) -> &InboundMessage {
        match inbound {
            Inbound::Message(message) => message,
            Inbound::Delivery(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn whatsapp_gives_every_message_and_status() {
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "metadata": { "phone_number_id": "555" },
            "contacts": [{ "profile": { "name": "Ada Example" }, "wa_id": "15550001" }],
            "messages": [
                { "from": "15550001", "id": "wamid.1", "timestamp": "1700000000", "type": "text", "text": { "body": "upgrade" } },
                { "from": "15550001", "id": "wamid.2", "type": "interactive", "context": { "id": "wamid.0" },
                  "interactive": { "type": "button_reply", "button_reply": { "id": "yes", "title": "Yes" } } },
                { "from": "15550001", "id": "wamid.3", "type": "interactive",
                  "interactive": { "type": "nfm_reply", "nfm_reply": { "response_json": "{\"flow_token\":\"t\"}" } } },
                { "from": "15550001", "id": "wamid.4", "type": "image", "image": { "id": "m", "caption": "my card" } }],
            "statuses": [{ "id": "wamid.9", "status": "failed", "errors": [{ "code": 131_047 }] }] } }] }] });
        let all = whatsapp(body.to_string().as_bytes()).unwrap();
        assert_eq!(all.len(), 5);
        let first = message(&all[0]);
        assert_eq!(
            (first.text.as_str(), first.name.as_deref(), first.to.as_str()),
            ("upgrade", Some("Ada Example"), "555")
        );
        assert_eq!(first.sent_at, Some(1_700_000_000_000));
        let pressed = message(&all[1]);
        assert_eq!((pressed.choice.as_deref(), pressed.reply_to.as_deref()), (Some("yes"), Some("wamid.0")));
        assert_eq!(message(&all[2]).form.as_deref(), Some("{\"flow_token\":\"t\"}"));
        assert_eq!(message(&all[3]).text, "my card");
        let status = Inbound::Delivery(DeliveryUpdate {
            channel: Channel::Whatsapp,
            provider_id: "wamid.9".to_owned(),
            status: DeliveryStatus::Failed,
            code: Some("131047".to_owned()),
        });
        assert_eq!(all[4], status);
        assert!(whatsapp(b"{}").is_err());
        assert!(whatsapp(b"nonsense").is_err());
    }

    #[test]
    fn telegram_gives_messages_and_buttons() {
        let chat = json!({ "id": -42, "type": "private" });
        let from = json!({ "first_name": "Ada", "last_name": "Example" });
        let read = |update: Value| telegram(update.to_string().as_bytes()).unwrap();
        let written = json!({ "update_id": 7, "message": { "message_id": 1, "date": 5, "chat": chat, "from": from, "text": "hi" } });
        let written = read(written).unwrap();
        assert_eq!((message(&written).from.as_str(), message(&written).name.as_deref()), ("-42", Some("Ada Example")));
        let pressed = json!({ "update_id": 8, "callback_query": { "id": "q", "from": from, "data": "k:1", "message": { "message_id": 1, "date": 5, "chat": chat } } });
        let pressed = read(pressed).unwrap();
        assert_eq!((message(&pressed).choice.as_deref(), message(&pressed).sent_at), (Some("k:1"), None));
        assert_eq!(read(json!({ "update_id": 9, "edited_message": {} })), None);
    }

    #[test]
    fn twilio_gives_messages_and_statuses() {
        let fields =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let arrived = sms(&fields(&[
            ("MessageSid", "SM1"),
            ("From", "+1555"),
            ("To", "+1556"),
            ("Body", "1"),
            ("SmsStatus", "received"),
        ]));
        assert_eq!(message(&arrived.unwrap().unwrap()).text, "1");
        let status =
            sms(&fields(&[("MessageSid", "SM2"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")])).unwrap();
        assert!(matches!(status, Some(Inbound::Delivery(update)) if update.code.as_deref() == Some("30003")));
        assert!(sms(&[]).is_err());
    }
}
