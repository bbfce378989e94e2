//! Updates of Telegram's Bot API.

use super::{Change, Changed, Event, Kind, Media, Message, What, list, place, strange, text};
use serde_json::Value;

/// Members of a message that are a file.
const FILES: [&str; 8] = ["photo", "document", "audio", "voice", "video", "video_note", "animation", "sticker"];

/// An update; nothing when it is none.
pub(crate) fn telegram(update: &Value) -> Option<Vec<Event>> {
    let rank = update.get("update_id")?.as_i64()?;
    let key = format!("update:{rank}");
    let read = |name: &str, how: &dyn Fn(&Value) -> Option<(String, What)>| update.get(name).and_then(how);
    let found = read("message", &said)
        .or_else(|| read("callback_query", &pressed))
        .or_else(|| read("edited_message", &edited))
        .or_else(|| read("message_reaction", &reacted));
    Some(vec![match found {
        Some((address, what)) => Event { key, address, rank, what },
        None => strange(&key, String::new(), rank, update.clone()),
    }])
}

fn chat(message: &Value) -> Option<String> {
    text(message, "/chat/id")
}

fn full_name(person: &Value) -> Option<String> {
    let parts = [text(person, "/first_name"), text(person, "/last_name")];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(name).filter(|name| !name.is_empty())
}

fn said(message: &Value) -> Option<(String, What)> {
    let (address, id) = (chat(message)?, text(message, "/message_id")?);
    if message.pointer("/from/is_bot").and_then(Value::as_bool) == Some(true) {
        return Some((address, What::Idle { why: "a bot wrote it".to_owned() }));
    }
    let said = Message {
        name: message.get("from").and_then(full_name),
        reply_to: text(message, "/reply_to_message/message_id").into_iter().collect(),
        sent_at: message.get("date").and_then(Value::as_i64).and_then(|seconds| seconds.checked_mul(1000)),
        ..content(id, message)
    };
    Some((address, What::Message(Box::new(said))))
}

fn content(id: String, message: &Value) -> Message {
    if let Some(words) = text(message, "/text") {
        return Message::new(id, Kind::Text, words);
    }
    let caption = text(message, "/caption");
    for what in FILES {
        let Some(file) = message.get(what) else { continue };
        // Photos come in sizes, the largest last.
        let file = file.as_array().map_or(Some(file), |sizes| sizes.last()).unwrap_or(&Value::Null);
        let name = text(file, "/file_name");
        let media = Media {
            what: what.to_owned(),
            reference: text(file, "/file_id").unwrap_or_default(),
            mime: text(file, "/mime_type"),
            size: file.get("file_size").and_then(Value::as_u64),
            name: name.clone(),
        };
        let words = caption.or(name).or_else(|| text(file, "/emoji")).unwrap_or_else(|| format!("[{what}]"));
        return Message { media: vec![media], ..Message::new(id, Kind::Media, words) };
    }
    if let Some(at) = message.get("location") {
        let venue = |field: &str| text(message, &format!("/venue/{field}"));
        let words = place(venue("title"), venue("address"), &at["latitude"], &at["longitude"]);
        return Message { raw: at.clone(), ..Message::new(id, Kind::Location, words) };
    }
    if let Some(card) = message.get("contact") {
        let words = [full_name(card), text(card, "/phone_number")].into_iter().flatten().collect::<Vec<_>>();
        return Message { raw: card.clone(), ..Message::new(id, Kind::Contacts, words.join(" ")) };
    }
    if let Some(data) = text(message, "/web_app_data/data") {
        let words = text(message, "/web_app_data/button_text").unwrap_or_else(|| "[form]".to_owned());
        let form = serde_json::from_str(&data).unwrap_or(Value::String(data));
        return Message { form: Some(form), ..Message::new(id, Kind::Flow, words) };
    }
    let known = ["message_id", "from", "chat", "date", "sender_chat", "reply_to_message"];
    let named = message.as_object().and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
    let words = named.map_or_else(|| "[message]".to_owned(), |name| format!("[{name}]"));
    Message { raw: message.clone(), ..Message::new(id, Kind::Unknown, words) }
}

fn pressed(query: &Value) -> Option<(String, What)> {
    let message = query.get("message")?;
    let (address, choice) = (chat(message)?, text(query, "/data"));
    let pressed = |button: &&Value| text(button, "/callback_data") == choice;
    let rows = list(message, "/reply_markup/inline_keyboard").filter_map(Value::as_array).flatten();
    let label = rows.into_iter().find(|button| pressed(button)).and_then(|button| text(button, "/text"));
    let words = label.or_else(|| choice.clone()).unwrap_or_default();
    let press = Message {
        name: query.get("from").and_then(full_name),
        reply_to: text(message, "/message_id").into_iter().collect(),
        choice,
        by: text(query, "/from/id"),
        ..Message::new(format!("press-{}", text(query, "/id")?), Kind::Choice, words)
    };
    Some((address, What::Message(Box::new(press))))
}

fn edited(message: &Value) -> Option<(String, What)> {
    let words = text(message, "/text").or_else(|| text(message, "/caption"))?;
    let how = Change::Edited { text: words };
    Some((chat(message)?, What::Changed(Changed { id: text(message, "/message_id")?, how })))
}

fn reacted(reaction: &Value) -> Option<(String, What)> {
    let emoji = list(reaction, "/new_reaction").filter_map(|sign| text(sign, "/emoji")).collect::<String>();
    let how = Change::Reacted { emoji };
    Some((chat(reaction)?, What::Changed(Changed { id: text(reaction, "/message_id")?, how })))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(update: &Value) -> Event {
        telegram(update).unwrap().remove(0)
    }

    fn one(content: &Value) -> Message {
        let mut message = json!({
            "message_id": 1, "date": 5, "chat": { "id": -42 }, "from": { "first_name": "Ada", "last_name": "Example" },
        });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        let event = read(&json!({ "update_id": 7, "message": message }));
        assert_eq!((event.address.as_str(), event.key.as_str(), event.rank), ("-42", "update:7", 7));
        let What::Message(message) = event.what else { panic!("no message") };
        *message
    }

    #[test]
    fn every_kind_is_kept() {
        let hi = one(&json!({ "text": "hi" }));
        assert_eq!((hi.kind, hi.name.as_deref(), hi.sent_at), (Kind::Text, Some("Ada Example"), Some(5000)));
        let photo = one(&json!({ "photo": [{ "file_id": "s" }, { "file_id": "l", "file_size": 9 }], "caption": "me" }));
        assert_eq!((photo.text.as_str(), photo.media[0].reference.as_str(), photo.media[0].size), ("me", "l", Some(9)));
        assert_eq!(one(&json!({ "photo": [] })).kind, Kind::Media);
        assert_eq!(one(&json!({ "location": { "latitude": 1, "longitude": 2 } })).text, "📍 (1, 2)");
        assert_eq!(one(&json!({ "contact": { "first_name": "Bob", "phone_number": "1" } })).text, "Bob 1");
        let dice = one(&json!({ "dice": { "value": 6 } }));
        assert_eq!((dice.kind, dice.text.as_str()), (Kind::Unknown, "[dice]"));
    }

    #[test]
    fn presses_edits_reactions_and_the_unknown() {
        let keyboard = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "k:1" }]] });
        let message = json!({ "message_id": 1, "date": 5, "chat": { "id": 4 }, "reply_markup": keyboard });
        let query = json!({ "id": "q", "from": { "first_name": "Ada" }, "data": "k:1", "message": message });
        let What::Message(press) = read(&json!({ "update_id": 8, "callback_query": query })).what else { panic!() };
        assert_eq!((press.text.as_str(), press.choice.as_deref(), press.sent_at), ("Yes", Some("k:1"), None));
        let chat = json!({ "id": 4 });
        let edit = read(&json!({ "update_id": 9, "edited_message": { "message_id": 1, "chat": chat, "text": "ho" } }));
        let how = Change::Edited { text: "ho".to_owned() };
        assert_eq!(edit.what, What::Changed(Changed { id: "1".to_owned(), how }));
        let signs = json!([{ "type": "emoji", "emoji": "👍" }]);
        let sign = json!({ "chat": chat, "message_id": 1, "new_reaction": signs });
        let how = Change::Reacted { emoji: "👍".to_owned() };
        let reacted = read(&json!({ "update_id": 10, "message_reaction": sign })).what;
        assert_eq!(reacted, What::Changed(Changed { id: "1".to_owned(), how }));
        for strange in [json!({ "update_id": 11, "poll": {} }), json!({ "update_id": 12, "message": {} })] {
            assert!(matches!(read(&strange).what, What::Unknown { .. }), "{strange}");
        }
        assert_eq!(telegram(&json!({ "update_id": "x" })), None);
    }
}
