//! Whatever is thrown at the readers of webhooks ends as something that is kept, never as a panic; the same bytes give the
//! same keys. `COUNTERSIGN_FUZZ_CASES` makes it more of it (`make fuzz`).
#![allow(clippy::unwrap_used, missing_docs)]

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_channels::{
    ChannelAccount,
    hooks::{Call, receive},
    inbound::without_quotes,
};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

const NOW: i64 = 1_700_000_000;
const URL: &str = "https://countersign.example/hooks/sms/a";

fn cases() -> u32 {
    std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

fn hex(parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s").unwrap();
    parts.iter().for_each(|part| mac.update(part));
    hex::encode(mac.finalize().into_bytes())
}

/// A signed request with these bytes to each platform.
fn throw(body: &[u8], media_type: &str) {
    let time = NOW.to_string();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let mut sorted: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in &fields {
        sorted.entry(name).or_default().insert(value);
    }
    let mut sms = Hmac::<sha1::Sha1>::new_from_slice(b"s").unwrap();
    sms.update(URL.as_bytes());
    sorted
        .iter()
        .for_each(|(name, values)| values.iter().for_each(|value| sms.update(format!("{name}{value}").as_bytes())));
    let headers = BTreeMap::from([
        ("content-type".to_owned(), media_type.to_owned()),
        ("x-hub-signature-256".to_owned(), format!("sha256={}", hex(&[body]))),
        ("x-telegram-bot-api-secret-token".to_owned(), "s".to_owned()),
        ("x-twilio-signature".to_owned(), BASE64_STANDARD.encode(sms.finalize().into_bytes())),
        ("x-webhook-secret".to_owned(), "s".to_owned()),
        ("x-slack-request-timestamp".to_owned(), time.clone()),
        ("x-slack-signature".to_owned(), format!("v0={}", hex(&[b"v0:", time.as_bytes(), b":", body]))),
    ]);
    let query = BTreeMap::new();
    let call = Call { headers: &headers, query: &query, url: URL, body };
    for account in [
        json!({ "channel": "whatsapp", "phone_number_id": "1", "token": "t", "app_secret": "s" }),
        json!({ "channel": "telegram", "token": "t", "webhook_secret": "s" }),
        json!({ "channel": "sms", "account_sid": "AC1", "auth_token": "s", "from": "+1" }),
        json!({ "channel": "email", "host": "h", "from": "a@example.com", "webhook_secret": "s" }),
        json!({ "channel": "slack", "bot_token": "t", "signing_secret": "s" }),
    ] {
        let account: ChannelAccount = serde_json::from_value(account).unwrap();
        let read = receive(&account, &call, NOW);
        // A multipart body is not what Twilio signs, and a mail may say that it is signed by Mailgun.
        let Ok(received) = read else { continue };
        assert_eq!(receive(&account, &call, NOW).unwrap(), received, "the same bytes are the same");
        for event in &received.events {
            assert!(!event.key.is_empty());
            let kept = serde_json::to_string(event).unwrap();
            assert_eq!(serde_json::from_str::<countersign_channels::inbound::Event>(&kept).unwrap(), *event);
        }
    }
}

/// Names that platforms use, so that what is thrown gets somewhere.
fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "object",
        "entry",
        "changes",
        "value",
        "messages",
        "statuses",
        "contacts",
        "from",
        "id",
        "type",
        "text",
        "body",
        "interactive",
        "button_reply",
        "list_reply",
        "image",
        "location",
        "status",
        "timestamp",
        "update_id",
        "message",
        "callback_query",
        "edited_message",
        "message_reaction",
        "chat",
        "message_id",
        "photo",
        "data",
        "event",
        "event_id",
        "channel",
        "ts",
        "subtype",
        "actions",
        "action_ts",
        "From",
        "FromFull",
        "Email",
        "TextBody",
        "Headers",
        "Name",
        "Value",
        "Attachments",
        "Subject",
        "StrippedTextReply",
        "new_reaction",
        "emoji",
        "reaction",
        "date",
        "payload",
        "files",
    ])
    .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[ -~\\r\\n\u{0}é😀<>]{0,24}".prop_map(Value::from),
        prop::sample::select(vec![
            "whatsapp_business_account",
            "event_callback",
            "message",
            "text",
            "interactive",
            "9e99"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_kept(body in prop::collection::vec(any::<u8>(), 0..300), kind in 0..5_usize) {
        let kinds = ["", "application/json", "application/x-www-form-urlencoded", "message/rfc822", "multipart/form-data; boundary=x"];
        throw(&body, kinds[kind]);
    }

    #[test]
    fn json_of_known_names_is_kept(value in values(), wrapped in 0..5_usize) {
        let value = match wrapped {
            0 => value,
            1 => json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "value": value }] }] }),
            2 => json!({ "update_id": 1, "message": value, "callback_query": value }),
            3 => json!({ "type": "event_callback", "event_id": "E", "event": value }),
            _ => json!({ "From": "a@example.com", "TextBody": value, "Headers": value }),
        };
        throw(value.to_string().as_bytes(), "application/json");
    }

    #[test]
    fn mails_and_forms_are_kept(text in "[ -~\\r\\né>]{0,200}", boundary in "[a-z]{1,5}") {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\n{text}\r\n--{boundary}--\r\n");
        throw(part.as_bytes(), &format!("multipart/form-data; boundary={boundary}"));
        throw(format!("From: a@example.com\r\n{text}").as_bytes(), "message/rfc822");
        throw(format!("MessageSid=1&From=%2B1&Body={text}").as_bytes(), "application/x-www-form-urlencoded");
        let cut = without_quotes(&text);
        assert!(cut.len() <= text.len());
    }
}
