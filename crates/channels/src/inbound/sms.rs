//! Webhooks of Twilio, from the fields of their form: a message, or what became of one of ours.

use super::{Delivery, DeliveryStatus, Event, Kind, Media, Message, What, event, object, strange};
use crate::{account::Platform, consent::Word, twilio::OVER_WHATSAPP};

/// Files of one message that are read at most; Twilio sends up to ten.
const FILES_MAX: usize = 20;

/// One webhook; nothing when it is none.
pub(crate) fn sms(fields: &[(String, String)]) -> Option<Vec<Event>> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let said = |name: &str| field(name).filter(|value| !value.is_empty());
    let id = said("MessageSid").or_else(|| said("SmsSid"))?;
    let status = said("MessageStatus").or_else(|| said("SmsStatus")).unwrap_or_else(|| "received".to_owned());
    let how = match status.as_str() {
        "received" | "receiving" => return received(id, fields, &said),
        "accepted" | "queued" | "scheduled" | "sending" => DeliveryStatus::Accepted,
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" | "undelivered" | "canceled" => DeliveryStatus::Failed,
        _ => return Some(vec![strange(&format!("{id}:{status}"), String::new(), 0, object(fields))]),
    };
    let code = said("ErrorCode").map(|code| {
        let name = code.parse().ok().and_then(crate::twilio::name);
        name.map_or(code, str::to_owned)
    });
    let delivery = Delivery { id, status: how, at: None, code, error: said("ErrorMessage") };
    let (key, address) = (format!("status:{}:{status}", delivery.id), said("To").unwrap_or_default());
    Some(vec![Event { key, address, rank: 0, what: What::Delivery(delivery) }])
}

fn received(id: String, fields: &[(String, String)], said: &dyn Fn(&str) -> Option<String>) -> Option<Vec<Event>> {
    let from = said("From")?;
    let platform = if from.starts_with(OVER_WHATSAPP) { Platform::Whatsapp } else { Platform::Sms };
    let count = said("NumMedia").and_then(|count| count.parse().ok()).unwrap_or(0_usize).min(FILES_MAX);
    let file = |index: usize| {
        let mime = said(&format!("MediaContentType{index}"));
        let what = mime.as_deref().and_then(|mime| mime.split('/').next()).unwrap_or("file").to_owned();
        Some(Media { what, reference: said(&format!("MediaUrl{index}"))?, mime, name: None, size: None })
    };
    let media: Vec<Media> = (0..count).filter_map(file).collect();
    let place = said("Latitude").zip(said("Longitude"));
    let choice = said("ButtonPayload");
    let (kind, words) = match (said("ButtonText").or_else(|| said("Body")), &choice, &place) {
        (Some(words), Some(_), _) => (Kind::Choice, words),
        (words, _, Some((latitude, longitude))) => {
            (Kind::Location, format!("📍 {} ({latitude}, {longitude})", words.unwrap_or_default()).replace("  ", " "))
        }
        (Some(words), None, None) if media.is_empty() => (Kind::Text, words),
        (words, _, None) if !media.is_empty() => (Kind::Media, words.unwrap_or_else(|| format!("[{}]", media[0].what))),
        (words, ..) => (Kind::Text, words.unwrap_or_default()),
    };
    let raw = if kind == Kind::Location { object(fields) } else { serde_json::Value::Null };
    let message = Message {
        name: said("ProfileName"),
        to: plain(&said("To").unwrap_or_default()),
        reply_to: said("OriginalRepliedMessageSid").into_iter().collect(),
        // Twilio says which of its words it is, in whatever language; else it is read here.
        consent: match kind {
            Kind::Text => Word::of(platform, &said("OptOutType").unwrap_or_else(|| words.clone())),
            Kind::Choice | Kind::Flow | Kind::Location | Kind::Contacts | Kind::Media | Kind::Unknown => None,
        },
        choice,
        media,
        raw,
        ..Message::new(id.clone(), kind, words)
    };
    Some(vec![event(format!("message:{id}"), from, 0, message)])
}

/// `whatsapp:+1555` is the number behind it: which of ours was written to.
fn plain(address: &str) -> String {
    address.rsplit(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Option<Event> {
        let fields: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        sms(&fields).map(|mut events| events.remove(0))
    }

    #[test]
    fn messages_files_and_statuses() {
        let base = [("MessageSid", "SM1"), ("From", "+1555"), ("To", "+1556"), ("SmsStatus", "received")];
        let with = |more: &[(&'static str, &'static str)]| {
            // What is said more is what counts.
            let event = read(&[more, &base[..]].concat()).unwrap();
            assert!(event.address.ends_with("+1555") && event.key == "message:SM1", "{event:?}");
            let What::Message(message) = event.what else { panic!("no message") };
            *message
        };
        assert_eq!((with(&[("Body", "1")]).text.as_str(), with(&[]).kind), ("1", Kind::Text));
        assert_eq!((with(&[("Body", "Stop")]).consent, with(&[("Body", "1")]).consent), (Some(Word::Stop), None));
        let told = with(&[("Body", "Aufhören"), ("OptOutType", "STOP")]);
        assert_eq!((told.consent, told.text.as_str()), (Some(Word::Stop), "Aufhören"));
        let picture = [("NumMedia", "1"), ("MediaUrl0", "https://x/1"), ("MediaContentType0", "image/png")];
        let picture = with(&picture);
        assert_eq!((picture.kind, picture.text.as_str(), picture.media.len()), (Kind::Media, "[image]", 1));
        assert_eq!(with(&[("NumMedia", "99999999999")]).media.len(), 0);
        let over = with(&[("From", "whatsapp:+1555"), ("To", "whatsapp:+1556"), ("Body", "cancel")]);
        assert_eq!((over.to.as_str(), over.consent), ("+1556", None), "a word of carriers, not of WhatsApp");
        let pressed = with(&[("ButtonText", "Yes"), ("ButtonPayload", "y")]);
        assert_eq!((pressed.kind, pressed.choice.as_deref()), (Kind::Choice, Some("y")));
        let bad = read(&[("MessageSid", "SM2"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")]).unwrap();
        assert!(matches!(bad.what, What::Delivery(update) if update.code.as_deref() == Some("30003")));
        let new = read(&[("MessageSid", "SM2"), ("MessageStatus", "teleported")]).unwrap();
        assert!(matches!(new.what, What::Unknown { .. }));
        let [from, to, sid] = [("From", "whatsapp:+1555"), ("To", "whatsapp:+1555"), ("MessageSid", "SM1")];
        assert_eq!(read(&[from, sid, ("Body", "hi")]).unwrap().address, "whatsapp:+1555", "not the person's SMS");
        assert_eq!(read(&[to, sid, ("MessageStatus", "sent")]).unwrap().address, "whatsapp:+1555");
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("MessageSid", "SM3")]), None, "nobody wrote it");
    }
}
