//! Webhooks of WhatsApp's Cloud API.

use super::{
    Change, Changed, Delivery, DeliveryStatus, Event, Kind, Media, Message, What, event, hash_of, list, number, place,
    strange, text,
};
use crate::{account::Platform, consent::Word};
use serde_json::Value;

/// Kinds of messages that are a file.
const FILES: [&str; 6] = ["image", "audio", "voice", "video", "sticker", "document"];

/// All entries, changes, messages and statuses of a webhook; nothing when it is none.
pub(crate) fn whatsapp(body: &Value) -> Option<Vec<Event>> {
    if body.get("object").and_then(Value::as_str) != Some("whatsapp_business_account") {
        return None;
    }
    let mut all = Vec::new();
    for change in list(body, "/entry").flat_map(|entry| list(entry, "/changes")) {
        let value = change.get("value").unwrap_or(&Value::Null);
        let before = all.len();
        let to = text(value, "/metadata/phone_number_id").unwrap_or_default();
        for (index, message) in list(value, "/messages").enumerate() {
            all.push(said(value, message, &to, index));
        }
        all.extend(list(value, "/statuses").map(status));
        if all.len() == before {
            all.push(strange(&hash_of(change), String::new(), 0, change.clone()));
        }
    }
    Some(all)
}

fn said(value: &Value, message: &Value, to: &str, index: usize) -> Event {
    let (Some(from), Some(id)) = (text(message, "/from"), text(message, "/id")) else {
        return strange(&hash_of(message), String::new(), 0, message.clone());
    };
    let sent_at = text(message, "/timestamp").and_then(|seconds| seconds.parse::<i64>().ok()?.checked_mul(1000));
    // Seconds are all that is said; messages of one webhook are in order.
    let rank = sent_at.unwrap_or_default().saturating_add(i64::try_from(index.min(999)).unwrap_or_default());
    let (key, address) = (format!("message:{id}"), number(&from));
    if let Some(changed) = changed(message) {
        return Event { key, address, rank, what: What::Changed(changed) };
    }
    let contact = list(value, "/contacts").find(|contact| text(contact, "/wa_id").as_ref() == Some(&from));
    let message = Message {
        name: contact.and_then(|contact| text(contact, "/profile/name")),
        to: to.to_owned(),
        reply_to: text(message, "/context/id").into_iter().collect(),
        sent_at,
        ..content(id, message)
    };
    event(key, address, rank, message)
}

/// A message that is about another one.
fn changed(message: &Value) -> Option<Changed> {
    let pointer = |name: &str, field: &str| text(message, &format!("/{name}/{field}"));
    let (id, how) = match text(message, "/type")?.as_str() {
        "reaction" => {
            let emoji = pointer("reaction", "emoji").unwrap_or_default();
            (pointer("reaction", "message_id")?, Change::Reacted { emoji })
        }
        "edit" => {
            (pointer("edit", "original_message_id")?, Change::Edited { text: pointer("edit", "message/text/body")? })
        }
        "revoke" => (pointer("revoke", "original_message_id")?, Change::Deleted),
        _ => return None,
    };
    Some(Changed { id, how })
}

fn content(id: String, message: &Value) -> Message {
    let kind = text(message, "/type").unwrap_or_default();
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| text(message, pointer));
    match kind.as_str() {
        "text" if message.pointer("/text/body").is_some() => {
            let words = text(message, "/text/body").unwrap_or_default();
            Message { consent: Word::of(Platform::Whatsapp, &words), ..Message::new(id, Kind::Text, words) }
        }
        "button" | "interactive" => pressed(id, message),
        "location" => {
            let at = &message["location"];
            let words = place(text(at, "/name"), text(at, "/address"), &at["latitude"], &at["longitude"]);
            Message { raw: at.clone(), ..Message::new(id, Kind::Location, words) }
        }
        "contacts" => {
            let card = |card: &Value| {
                let name = text(card, "/name/formatted_name").unwrap_or_default();
                format!("{name} {}", text(card, "/phones/0/phone").unwrap_or_default()).trim().to_owned()
            };
            let cards: Vec<String> = list(message, "/contacts").map(card).collect();
            Message { raw: message["contacts"].clone(), ..Message::new(id, Kind::Contacts, cards.join(", ")) }
        }
        file if FILES.contains(&file) => {
            let part = |name: &str| text(message, &format!("/{file}/{name}"));
            let media = Media {
                what: file.to_owned(),
                reference: part("id").unwrap_or_default(),
                mime: part("mime_type"),
                name: part("filename"),
                size: None,
            };
            let words = part("caption").or_else(|| part("filename")).unwrap_or_else(|| format!("[{file}]"));
            Message { media: vec![media], raw: message[file].clone(), ..Message::new(id, Kind::Media, words) }
        }
        other => {
            let words = first(&["/errors/0/title", "/system/body"]).unwrap_or_else(|| format!("[{other}]"));
            Message { raw: message.clone(), ..Message::new(id, Kind::Unknown, words) }
        }
    }
}

fn pressed(id: String, message: &Value) -> Message {
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| text(message, pointer));
    if let Some(answers) = text(message, "/interactive/nfm_reply/response_json") {
        let words = text(message, "/interactive/nfm_reply/body").unwrap_or_else(|| "[form]".to_owned());
        let form = serde_json::from_str(&answers).unwrap_or(Value::String(answers));
        return Message { form: Some(form), ..Message::new(id, Kind::Flow, words) };
    }
    let label = first(&["/button/text", "/interactive/button_reply/title", "/interactive/list_reply/title"]);
    let choice = first(&["/button/payload", "/interactive/button_reply/id", "/interactive/list_reply/id"]);
    match (label, choice) {
        (None, None) => {
            let raw = message.clone();
            Message { raw, ..Message::new(id, Kind::Unknown, "[interactive]".to_owned()) }
        }
        (label, choice) => {
            // A template's own button to end the messages; buttons of a question are answers to it.
            let word = text(message, "/button/text").and_then(|label| Word::of(Platform::Whatsapp, &label));
            let consent = word.filter(|word| *word == Word::Stop);
            Message { choice, consent, ..Message::new(id, Kind::Choice, label.unwrap_or_default()) }
        }
    }
}

fn status(status: &Value) -> Event {
    let how = match text(status, "/status").unwrap_or_default().as_str() {
        "accepted" => Some(DeliveryStatus::Accepted),
        "sent" => Some(DeliveryStatus::Sent),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" | "played" => Some(DeliveryStatus::Read),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    };
    let address = text(status, "/recipient_id").map(|to| number(&to)).unwrap_or_default();
    let (Some(id), Some(how)) = (text(status, "/id"), how) else {
        return strange(&hash_of(status), address, 0, status.clone());
    };
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| text(status, pointer));
    let delivery = Delivery {
        at: text(status, "/timestamp").and_then(|seconds| seconds.parse::<i64>().ok()?.checked_mul(1000)),
        code: text(status, "/errors/0/code").map(|code| {
            let name = code.parse().ok().and_then(crate::whatsapp::name);
            name.map_or(code, str::to_owned)
        }),
        error: first(&["/errors/0/error_data/details", "/errors/0/message", "/errors/0/title"]),
        status: how,
        id,
    };
    let word = text(status, "/status").unwrap_or_default();
    Event { key: format!("status:{}:{word}", delivery.id), address, rank: 0, what: What::Delivery(delivery) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(messages: Value, statuses: Value) -> Vec<Event> {
        let value = json!({
            "metadata": { "phone_number_id": "555" },
            "contacts": [{ "profile": { "name": "Ada Example" }, "wa_id": "15550001" }],
            "messages": messages, "statuses": statuses,
        });
        let changes = json!([{ "field": "messages", "value": value }]);
        whatsapp(&json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": changes }] }))
            .unwrap()
    }

    fn one(mut message: Value) -> Message {
        message["from"] = json!("15550001");
        message["id"] = json!("wamid.1");
        let What::Message(message) = read(json!([message]), json!([])).remove(0).what else { panic!("no message") };
        *message
    }

    #[test]
    fn every_kind_is_kept() {
        let text = one(json!({ "timestamp": "1700000000", "type": "text", "text": { "body": "upgrade" } }));
        assert_eq!((text.kind, text.text.as_str(), text.to.as_str()), (Kind::Text, "upgrade", "555"));
        assert_eq!((text.name.as_deref(), text.sent_at), (Some("Ada Example"), Some(1_700_000_000_000)));
        let press = json!({ "type": "button_reply", "button_reply": { "id": "yes", "title": "Yes" } });
        let press = one(json!({ "type": "interactive", "context": { "id": "wamid.0" }, "interactive": press }));
        assert_eq!(
            (press.kind, press.choice.as_deref(), &press.reply_to[0]),
            (Kind::Choice, Some("yes"), &"wamid.0".to_owned())
        );
        let pick = json!({ "type": "list_reply", "list_reply": { "id": "r1", "title": "Two" } });
        assert_eq!(one(json!({ "type": "interactive", "interactive": pick })).choice.as_deref(), Some("r1"));
        let template = one(json!({ "type": "button", "button": { "payload": "p", "text": "Go" } }));
        assert_eq!((template.choice.as_deref(), template.text.as_str()), (Some("p"), "Go"));
        let word = |kind: &str, button: Value| one(json!({ "type": kind, kind: button })).consent;
        assert_eq!(word("button", json!({ "payload": "p", "text": "Stop promotions" })), Some(Word::Stop));
        assert_eq!(word("button", json!({ "payload": "p", "text": "STOP" })), Some(Word::Stop));
        assert_eq!(word("button", json!({ "payload": "p", "text": "Yes" })), None);
        let answer = json!({ "type": "button_reply", "button_reply": { "id": "b", "title": "Stop" } });
        assert_eq!(word("interactive", answer), None, "it answers a question");
        let flow = json!({ "type": "nfm_reply", "nfm_reply": { "response_json": "{\"flow_token\":\"t\"}" } });
        assert_eq!(one(json!({ "type": "interactive", "interactive": flow })).form, Some(json!({ "flow_token": "t" })));
        let image =
            one(json!({ "type": "image", "image": { "id": "m", "mime_type": "image/png", "caption": "card" } }));
        assert_eq!((image.kind, image.text.as_str(), image.media[0].reference.as_str()), (Kind::Media, "card", "m"));
        let at = one(json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2, "name": "Here" } }));
        assert_eq!((at.kind, at.text.as_str()), (Kind::Location, "📍 Here (1.5, 2)"));
        let card = json!([{ "name": { "formatted_name": "Bob" }, "phones": [{ "phone": "+1" }] }]);
        assert_eq!(one(json!({ "type": "contacts", "contacts": card })).text, "Bob +1");
        for strange in [
            json!({ "type": "unsupported", "errors": [{ "code": 131_051, "title": "Unsupported" }] }),
            json!({ "type": "order", "order": {} }),
            json!({ "type": 7 }),
            json!({}),
            json!({ "type": "interactive" }),
        ] {
            let kept = one(strange.clone());
            assert_eq!(kept.kind, Kind::Unknown, "{strange}");
            assert!(!kept.text.is_empty() && kept.raw.is_object());
        }
    }

    #[test]
    fn changes_and_statuses_name_their_message() {
        let from = "15550001";
        let all = read(
            json!([
                { "from": from, "id": "w2", "type": "reaction", "reaction": { "message_id": "w1", "emoji": "👍" } },
                { "from": from, "id": "w3", "type": "revoke", "revoke": { "original_message_id": "w1" } },
                { "id": "w4" }]),
            json!([
                { "id": "w9", "status": "failed", "recipient_id": from, "errors": [{ "code": 131_047, "title": "late" }] },
                { "id": "w9", "status": "warning" }]),
        );
        let reacted = Changed { id: "w1".to_owned(), how: Change::Reacted { emoji: "👍".to_owned() } };
        assert_eq!(all[0].what, What::Changed(reacted));
        assert_eq!(all[1].what, What::Changed(Changed { id: "w1".to_owned(), how: Change::Deleted }));
        assert!(matches!(&all[2].what, What::Unknown { .. }));
        let What::Delivery(failed) = &all[3].what else { panic!() };
        assert_eq!((failed.status, failed.code.as_deref()), (DeliveryStatus::Failed, Some("outside_window")));
        assert_eq!((all[3].key.as_str(), all[3].address.as_str()), ("status:w9:failed", "+15550001"));
        assert!(matches!(&all[4].what, What::Unknown { .. }));
        assert_eq!(whatsapp(&json!({ "object": "page" })), None);
        let other =
            json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "account_update" }] }] });
        assert_eq!(whatsapp(&other).unwrap().len(), 1, "what is not about messages is kept too");
    }
}
