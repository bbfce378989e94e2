//! Sending against providers of our own: what goes out, and how refusals and silence are told apart.
#![allow(clippy::unwrap_used, missing_docs, clippy::wildcard_enum_match_arm)]

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, Uri},
};
use countersign_channels::{ChannelAccount, Choice, OutboundMessage, Platform as Channel, SendOutcome, Sender};
use countersign_core::log::FailureClass;
use countersign_outbound::Outbound;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

const SECRET: &str = "123456:very-secret";

#[derive(Clone)]
struct Provider {
    url: String,
    answer: (u16, Value),
    seen: Arc<Mutex<Vec<(Uri, HeaderMap, Bytes)>>>,
}

async fn provider(status: u16, answer: Value) -> Provider {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let provider = Provider { url, answer: (status, answer), seen: Arc::default() };
    let app = Router::new().fallback(respond).with_state(provider.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    provider
}

async fn respond(State(provider): State<Provider>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    provider.seen.lock().unwrap().push((uri, headers, body));
    let (status, answer) = provider.answer;
    Response::builder().status(status).body(Body::from(answer.to_string())).unwrap()
}

fn account(channel: Channel, url: &str) -> ChannelAccount {
    let json = match channel {
        Channel::Whatsapp => {
            json!({ "channel": "whatsapp", "base_url": url, "phone_number_id": "555", "token": SECRET })
        }
        Channel::Telegram => json!({ "channel": "telegram", "base_url": url, "token": SECRET }),
        Channel::Sms => {
            json!({ "channel": "sms", "base_url": url, "account_sid": "AC1", "auth_token": SECRET, "from": "+15550000" })
        }
        Channel::Slack => json!({ "channel": "slack", "base_url": url, "bot_token": SECRET }),
        other => panic!("{other:?}"),
    };
    serde_json::from_value(json).unwrap()
}

fn message(channel: Channel) -> OutboundMessage<'static> {
    OutboundMessage {
        channel,
        to: "+1 (555) 000-1",
        subject: "Your plan",
        body: "Grüße & more",
        key: "0190-run.7.1",
        timeout: Duration::from_secs(5),
        choices: &[],
        thread: None,
        by_person: false,
        template: None,
        unsubscribe: None,
    }
}

async fn failure(channel: Channel, status: u16, answer: Value) -> (FailureClass, String, Option<u64>) {
    let provider = provider(status, answer).await;
    match Sender::new(Outbound::with_private()).send(&account(channel, &provider.url), message(channel)).await {
        SendOutcome::Failed { class, code, retry_after_seconds, message, .. } => {
            assert!(!message.contains("very-secret"));
            (class, code, retry_after_seconds)
        }
        accepted => panic!("{accepted:?}"),
    }
}

fn accepted(outcome: SendOutcome) -> String {
    match outcome {
        SendOutcome::Accepted { provider_id, .. } => provider_id,
        failed => panic!("{failed:?}"),
    }
}

#[tokio::test]
async fn whatsapp_gets_a_text_for_one_person() {
    let provider = provider(200, json!({ "messages": [{ "id": "wamid.1", "message_status": "accepted" }] })).await;
    let outcome = Sender::new(Outbound::with_private())
        .send(&account(Channel::Whatsapp, &provider.url), message(Channel::Whatsapp))
        .await;
    assert_eq!(accepted(outcome), "wamid.1");
    let (uri, headers, body) = provider.seen.lock().unwrap().remove(0);
    assert_eq!(uri.path(), "/v23.0/555/messages");
    assert_eq!(headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap(),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "15550001", "type": "text",
            "text": { "body": "Grüße & more", "preview_url": false }, "biz_opaque_callback_data": "0190-run.7.1",
        })
    );
}

#[tokio::test]
async fn whatsapp_refusals_are_told_apart() {
    use FailureClass::{Fatal, Retryable, Unknown};
    for (status, number, class, code, wait) in [
        (400, 131_047, Fatal, "outside_window", None),
        (400, 131_026, Fatal, "undeliverable", None),
        (429, 131_056, Retryable, "pair_rate", Some(6)),
        (429, 130_429, Retryable, "throughput", Some(5)),
        (400, 131_000, Retryable, "temporary", None),
        (400, 2, Retryable, "temporary", None),
        (500, 131_000, Unknown, "temporary", None),
        (401, 190, Fatal, "token_expired", None),
        (400, 132_015, Fatal, "whatsapp_132015", None),
    ] {
        let answer = json!({ "error": { "code": number, "message": "no", "error_data": { "details": "because" } } });
        assert_eq!(failure(Channel::Whatsapp, status, answer).await, (class, code.to_owned(), wait), "{number}");
    }
    assert_eq!(failure(Channel::Whatsapp, 502, json!("oops")).await.0, Unknown);
    assert_eq!(failure(Channel::Whatsapp, 200, json!({})).await.0, Unknown);
}

#[tokio::test]
async fn an_account_that_sends_too_fast_is_left_alone_also_when_nobody_says_how_long() {
    let meta = |number: u32| json!({ "error": { "code": number, "message": "no" } });
    let twilio = |number: u32| json!({ "code": number, "message": "no", "status": 429 });
    for (channel, status, answer, held) in [
        (Channel::Whatsapp, 429, meta(130_429), Some(5)),
        (Channel::Whatsapp, 400, meta(4), Some(5)),
        (Channel::Whatsapp, 400, meta(80_007), Some(5)),
        (Channel::Whatsapp, 429, json!("busy"), Some(5)),
        (Channel::Whatsapp, 429, meta(131_056), None),
        (Channel::Sms, 429, twilio(20_429), Some(5)),
        (Channel::Sms, 400, twilio(14_107), Some(5)),
        (Channel::Sms, 400, twilio(21_211), None),
        (Channel::Telegram, 429, json!({ "ok": false, "error_code": 429, "description": "no" }), Some(5)),
        (Channel::Slack, 200, json!({ "ok": false, "error": "ratelimited" }), Some(5)),
    ] {
        let provider = provider(status, answer.clone()).await;
        let sender = Sender::new(Outbound::with_private());
        let outcome = sender.send(&account(channel, &provider.url), message(channel)).await;
        assert_eq!(outcome.holds_account(), held, "{channel:?} {answer}");
    }
}

#[tokio::test]
async fn telegram_and_twilio_send_and_refuse() {
    let telegram = provider(200, json!({ "ok": true, "result": { "message_id": 77 } })).await;
    let outcome = Sender::new(Outbound::with_private())
        .send(&account(Channel::Telegram, &telegram.url), message(Channel::Telegram))
        .await;
    assert_eq!(accepted(outcome), "77");
    assert_eq!(telegram.seen.lock().unwrap()[0].0.path(), "/bot123456:very-secret/sendMessage");

    let slow = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": { "retry_after": 9 } });
    let expected = (FailureClass::Retryable, "throughput".to_owned(), Some(9));
    assert_eq!(failure(Channel::Telegram, 429, slow).await, expected);
    let blocked = json!({ "ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user" });
    assert_eq!(failure(Channel::Telegram, 403, blocked).await.1, "blocked");

    let twilio = provider(201, json!({ "sid": "SM1", "status": "queued" })).await;
    let outcome =
        Sender::new(Outbound::with_private()).send(&account(Channel::Sms, &twilio.url), message(Channel::Sms)).await;
    assert_eq!(accepted(outcome), "SM1");
    let (uri, headers, body) = twilio.seen.lock().unwrap().remove(0);
    assert_eq!(uri.path(), "/2010-04-01/Accounts/AC1/Messages.json");
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "));
    assert_eq!(body, "To=%2B1+%28555%29+000-1&From=%2B15550000&Body=Gr%C3%BC%C3%9Fe+%26+more");
    let invalid = json!({ "code": 21_211, "message": "Invalid 'To'", "status": 400 });
    assert_eq!(failure(Channel::Sms, 400, invalid).await.1, "recipient_invalid");
}

#[tokio::test]
async fn a_text_means_nothing_but_what_it_reads() {
    let provider = provider(200, json!({ "ok": true, "result": { "message_id": 77 } })).await;
    let raw = OutboundMessage { body: "<b>x</b> *y* [your bank](http://evil.example)", ..message(Channel::Telegram) };
    let sender = Sender::new(Outbound::with_private());
    accepted(sender.send(&account(Channel::Telegram, &provider.url), raw).await);
    let sent: Value = serde_json::from_slice(&provider.seen.lock().unwrap()[0].2).unwrap();
    assert_eq!(sent, json!({ "chat_id": "+1 (555) 000-1", "text": raw.body }));
}

#[tokio::test]
async fn a_provider_that_echoes_the_account_tells_no_secret() {
    let half = SECRET.split_once(':').unwrap().1;
    let echo = json!({ "ok": true, "result": { "message_id": 7, "by": SECRET, "half": half, "at": "/bot123456%3Avery-secret/" } });
    let provider = provider(200, echo).await;
    let sender = Sender::new(Outbound::with_private());
    let outcome = sender.send(&account(Channel::Telegram, &provider.url), message(Channel::Telegram)).await;
    assert!(!format!("{outcome:?}").contains("very-secret"), "{outcome:?}");
    let error = json!({ "ok": false, "error_code": 400, "description": format!("bad {half}") });
    failure(Channel::Telegram, 400, error).await;
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_arrive() {
    let provider = provider(200, json!({})).await;
    let account = account(Channel::Telegram, &provider.url);
    let long = "x".repeat(4097);
    let sender = Sender::new(Outbound::with_private());
    for (message, expected) in [
        (OutboundMessage { to: " ", ..message(Channel::Telegram) }, "recipient_missing"),
        (OutboundMessage { body: "\n", ..message(Channel::Telegram) }, "text_empty"),
        (OutboundMessage { body: &long, ..message(Channel::Telegram) }, "text_too_long"),
        (message(Channel::Sms), "channel_mismatch"),
    ] {
        let SendOutcome::Failed { class, code, .. } = sender.send(&account, message).await else { panic!("accepted") };
        assert_eq!((class, code.as_str()), (FailureClass::Fatal, expected));
    }
    assert!(provider.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn silence_is_unknown_and_a_closed_port_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let accept = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        while socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    });
    let quick = OutboundMessage { timeout: Duration::from_millis(150), ..message(Channel::Telegram) };
    let outcome = Sender::new(Outbound::with_private()).send(&account(Channel::Telegram, &url), quick).await;
    assert!(matches!(&outcome, SendOutcome::Failed { class: FailureClass::Unknown, code, .. } if code == "timeout"));
    accept.await.unwrap();
    let outcome = Sender::new(Outbound::with_private()).send(&account(Channel::Telegram, &url), quick).await;
    assert!(matches!(&outcome, SendOutcome::Failed { class: FailureClass::Retryable, code, .. } if code == "connect"));
    assert!(!format!("{outcome:?}").contains("very-secret"));
}

/// Replies by verb; `.` is the end of the content.
type Script = &'static [(&'static str, &'static str)];

/// A mail server that answers each command with the scripted reply for its verb, `250 ok` else; `drop` hangs up.
async fn mail_server(script: Script) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(String::new()));
    let ear = Arc::clone(&heard);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"220 ready\r\n").await.unwrap();
        let mut lines = BufReader::new(socket);
        let mut content = false;
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            ear.lock().unwrap().push_str(&line);
            let verb =
                if content { if line == ".\r\n" { "." } else { continue } } else { line.get(..4).unwrap_or_default() };
            content = verb == "DATA";
            let standard = if content { "354 go on" } else { "250 ok" };
            let reply = script.iter().find(|(known, _)| *known == verb).map_or(standard, |(_, reply)| reply);
            content &= reply.starts_with('3');
            if reply == "drop" {
                return;
            }
            lines.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        }
    });
    (port, heard)
}

async fn mail(script: Script) -> (SendOutcome, String) {
    let (port, heard) = mail_server(script).await;
    let account = json!({ "channel": "email", "host": "127.0.0.1", "port": port, "tls": "none", "from": "Desk <desk@example.com>" });
    let account: ChannelAccount = serde_json::from_value(account).unwrap();
    let message = OutboundMessage {
        to: "ada@example.com",
        subject: "Your plan\r\nBcc: all@example.com",
        unsubscribe: Some("https://example.com/u/abc"),
        ..message(Channel::Email)
    };
    let outcome = Sender::new(Outbound::with_private()).send(&account, message).await;
    let heard = heard.lock().unwrap().clone();
    (outcome, heard)
}

#[tokio::test]
async fn mail_carries_its_own_id_and_keeps_robots_quiet() {
    let (outcome, heard) = mail(&[]).await;
    assert_eq!(accepted(outcome), "<0190-run.7.1@example.com>");
    for line in [
        "MAIL FROM:<desk@example.com>\r\n",
        "RCPT TO:<ada@example.com>\r\n",
        "Message-ID: <0190-run.7.1@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "List-Unsubscribe: <https://example.com/u/abc>\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Subject: Your plan  Bcc: all@example.com\r\n",
    ] {
        assert!(heard.contains(line), "{line} in {heard}");
    }
}

#[tokio::test]
async fn mail_failures_are_told_apart() {
    use FailureClass::{Fatal, Retryable, Unknown};
    let cases: [(Script, FailureClass, &str); 6] = [
        (&[("RCPT", "450 4.2.0 greylisted")], Retryable, "smtp_450"),
        (&[("RCPT", "550 5.1.1 no such user")], Fatal, "smtp_550"),
        (&[(".", "554 5.7.1 spam")], Fatal, "smtp_554"),
        (&[("DATA", "drop")], Retryable, "connect"),
        (&[("MAIL", "drop")], Retryable, "connect"),
        (&[(".", "drop")], Unknown, "connection_lost"),
    ];
    for (script, expected, expected_code) in cases {
        let (outcome, _) = mail(script).await;
        let SendOutcome::Failed { class, code, .. } = outcome else { panic!("accepted with {script:?}") };
        assert_eq!((class, code.as_str()), (expected, expected_code), "{script:?}");
    }
}

#[tokio::test]
async fn what_can_be_chosen_is_shown_as_each_channel_can() {
    let choices = |titles: &[&str]| -> Vec<Choice> {
        titles
            .iter()
            .enumerate()
            .map(|(at, title)| Choice { id: format!("t.0.{at}"), title: (*title).to_owned() })
            .collect()
    };
    let sent = async |channel: Channel, answer: Value, choices: &[Choice]| {
        let provider = provider(200, answer).await;
        let asked = OutboundMessage { choices, ..message(channel) };
        accepted(Sender::new(Outbound::with_private()).send(&account(channel, &provider.url), asked).await);
        let (.., body) = provider.seen.lock().unwrap().remove(0);
        body
    };
    let json = |body: Bytes| serde_json::from_slice::<Value>(&body).unwrap();
    let whatsapp = json!({ "messages": [{ "id": "w" }] });
    let few = json(sent(Channel::Whatsapp, whatsapp.clone(), &choices(&["Yes", "No"])).await);
    assert_eq!(few["interactive"]["action"]["buttons"][1]["reply"], json!({ "id": "t.0.1", "title": "No" }));
    let some = json(sent(Channel::Whatsapp, whatsapp.clone(), &choices(&["a", "b", "c", "d"])).await);
    assert_eq!(some["interactive"]["action"]["sections"][0]["rows"][3]["id"], "t.0.3");
    let long = json(sent(Channel::Whatsapp, whatsapp, &choices(&["a label that does not fit into a row"])).await);
    assert!(
        long["text"]["body"]
            .as_str()
            .unwrap()
            .ends_with("\n1. a label that does not fit into a row\nReply with the number.")
    );
    let telegram = json!({ "ok": true, "result": { "message_id": 4 } });
    let keyboard = json(sent(Channel::Telegram, telegram, &choices(&["Yes"])).await);
    assert_eq!(keyboard["reply_markup"]["inline_keyboard"][0][0], json!({ "text": "Yes", "callback_data": "t.0.0" }));
    let sms = sent(Channel::Sms, json!({ "sid": "SM1" }), &choices(&["Yes"])).await;
    assert!(String::from_utf8(sms.to_vec()).unwrap().contains("1.+Yes"));
}
