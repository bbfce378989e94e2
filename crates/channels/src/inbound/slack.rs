//! Slack: events of the Events API, and pressed buttons.

use super::{Change, Changed, Event, Kind, Media, Message, What, hash_of, list, strange, text};
use serde_json::Value;

/// One request; nothing when it is none.
pub(crate) fn slack(body: &Value) -> Option<Vec<Event>> {
    match text(body, "/type")?.as_str() {
        "event_callback" => {
            let key = text(body, "/event_id").unwrap_or_else(|| hash_of(body));
            Some(vec![happened(format!("event:{key}"), body)])
        }
        "block_actions" => Some(list(body, "/actions").map(|action| pressed(body, action)).collect()),
        _ => Some(vec![strange(&hash_of(body), String::new(), 0, body.clone())]),
    }
}

/// `1700000000.000100` in microseconds.
fn micros(ts: Option<&String>) -> i64 {
    ts.and_then(|ts| ts.replace('.', "").parse().ok()).unwrap_or_default()
}

fn happened(key: String, body: &Value) -> Event {
    let event = body.get("event").unwrap_or(&Value::Null);
    let kind = text(event, "/type").unwrap_or_default();
    let address = text(event, "/channel").or_else(|| text(event, "/item/channel")).unwrap_or_default();
    let rank = micros(text(event, "/event_ts").or_else(|| text(event, "/ts")).as_ref());
    let subtype = text(event, "/subtype").unwrap_or_default();
    let changed = |id: Option<String>, how| id.map(|id| What::Changed(Changed { id, how }));
    let what = match (kind.as_str(), subtype.as_str()) {
        ("message" | "app_mention", "" | "file_share" | "thread_broadcast") if event.get("bot_id").is_some() => {
            Some(What::Idle { why: "a bot wrote it".to_owned() })
        }
        ("message", "bot_message") => Some(What::Idle { why: "a bot wrote it".to_owned() }),
        ("message", "" | "file_share" | "thread_broadcast") => said(event),
        ("message", "message_changed") => changed(
            text(event, "/message/ts"),
            Change::Edited { text: text(event, "/message/text").unwrap_or_default() },
        ),
        ("message", "message_deleted") => changed(text(event, "/deleted_ts"), Change::Deleted),
        ("reaction_added", _) => {
            let emoji = format!(":{}:", text(event, "/reaction").unwrap_or_default());
            changed(text(event, "/item/ts"), Change::Reacted { emoji })
        }
        ("reaction_removed", _) => changed(text(event, "/item/ts"), Change::Reacted { emoji: String::new() }),
        _ => None,
    };
    match what {
        Some(what) if !address.is_empty() => Event { key, address, rank, what },
        Some(_) | None => strange(&key, address, rank, event.clone()),
    }
}

fn said(event: &Value) -> Option<What> {
    let ts = text(event, "/ts")?;
    let file = |file: &Value| Media {
        what: text(file, "/filetype").unwrap_or_else(|| "file".to_owned()),
        reference: text(file, "/url_private").or_else(|| text(file, "/id")).unwrap_or_default(),
        mime: text(file, "/mimetype"),
        name: text(file, "/name"),
        size: file.get("size").and_then(Value::as_u64),
    };
    let media: Vec<Media> = list(event, "/files").map(file).collect();
    let words = text(event, "/text").filter(|words| !words.is_empty());
    let (kind, words) = match (words, media.first()) {
        (words, Some(file)) => {
            (Kind::Media, words.or_else(|| file.name.clone()).unwrap_or_else(|| format!("[{}]", file.what)))
        }
        (words, None) => (Kind::Text, words.unwrap_or_default()),
    };
    let message = Message {
        name: text(event, "/user"),
        reply_to: text(event, "/thread_ts").filter(|thread| *thread != ts).into_iter().collect(),
        sent_at: Some(micros(Some(&ts)) / 1000).filter(|at| *at > 0),
        media,
        ..Message::new(ts, kind, words)
    };
    Some(What::Message(Box::new(message)))
}

fn pressed(body: &Value, action: &Value) -> Event {
    let at = text(action, "/action_ts");
    let (Some(address), Some(ts)) = (text(body, "/channel/id").or_else(|| text(body, "/container/channel_id")), &at)
    else {
        return strange(&hash_of(action), String::new(), 0, body.clone());
    };
    let words = text(action, "/text/text").or_else(|| text(action, "/selected_option/text/text")).unwrap_or_default();
    let id = format!("press-{ts}-{}", text(action, "/action_id").unwrap_or_default());
    let press = Message {
        name: text(body, "/user/username").or_else(|| text(body, "/user/id")),
        by: text(body, "/user/id"),
        choice: text(action, "/value").or_else(|| text(action, "/selected_option/value")),
        reply_to: text(body, "/container/message_ts").into_iter().collect(),
        ..Message::new(id.clone(), Kind::Choice, words)
    };
    Event { key: id, address, rank: micros(at.as_ref()), what: What::Message(Box::new(press)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn happens(event: &Value) -> Event {
        slack(&json!({ "type": "event_callback", "event_id": "Ev1", "event": event })).unwrap().remove(0)
    }

    #[test]
    fn messages_changes_presses_and_the_unknown() {
        let hello =
            json!({ "type": "message", "channel": "C1", "user": "U1", "text": "hi", "ts": "1700000000.000100" });
        let event = happens(&hello);
        assert_eq!((event.address.as_str(), event.rank), ("C1", 1_700_000_000_000_100));
        let What::Message(said) = event.what else { panic!() };
        assert_eq!((said.text.as_str(), said.sent_at), ("hi", Some(1_700_000_000_000)));
        let bot = json!({ "type": "message", "channel": "C1", "bot_id": "B1", "text": "hi", "ts": "1.0" });
        assert!(matches!(happens(&bot).what, What::Idle { .. }));
        let gone = json!({ "type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.0" });
        assert_eq!(happens(&gone).what, What::Changed(Changed { id: "1.0".to_owned(), how: Change::Deleted }));
        for strange in [json!({ "type": "team_join" }), json!({ "type": "message" }), json!(7)] {
            assert!(matches!(happens(&strange).what, What::Unknown { .. }), "{strange}");
        }
        let action = json!({ "action_id": "a", "action_ts": "2.5", "value": "v", "text": { "text": "Yes" } });
        let press = json!({ "type": "block_actions", "channel": { "id": "C1" }, "actions": [action] });
        let What::Message(press) = slack(&press).unwrap().remove(0).what else { panic!() };
        assert_eq!((press.choice.as_deref(), press.text.as_str()), (Some("v"), "Yes"));
        assert_eq!(slack(&json!({})), None);
    }
}
