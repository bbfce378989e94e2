//! Where mails end up: parsed, recorded like calls, and shown on the phone page.

use mail_parser::MessageParser;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Operation;
use crate::{
    memory::{
        fault::{Fault, FaultKind},
        ledger::{Called, Record},
        messages::{Channel, Message},
        ring::Ring,
    },
    services::world::World,
    wire::reply::Effect,
};

const MAILS_MAX: usize = 10_000;
const MAIL_BYTES_TOTAL_MAX: usize = 64 * 1024 * 1024;

/// A mail as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    at: i64,
    /// Envelope sender.
    from: String,
    /// Envelope recipients.
    pub(crate) to: Vec<String>,
    subject: Option<String>,
    message_id: Option<String>,
    in_reply_to: Option<String>,
    reply_to: Option<String>,
    references: Vec<String>,
    text: String,
    html: Option<String>,
    raw: String,
}

impl Mail {
    /// Parses what followed DATA. A mail that cannot be parsed is kept with its raw text as text.
    pub(crate) fn parse(from: &str, to: &[String], raw: &[u8], at: i64) -> Self {
        let parsed = MessageParser::default().parse(raw);
        let raw = String::from_utf8_lossy(raw).into_owned();
        let mail = |subject, message_id, text| Self {
            at,
            from: from.to_owned(),
            to: to.to_vec(),
            subject,
            message_id,
            in_reply_to: None,
            reply_to: None,
            references: Vec::new(),
            text,
            html: None,
            raw: raw.clone(),
        };
        let Some(parsed) = parsed else {
            return mail(None, None, raw.clone());
        };
        let text = parsed.body_text(0).map_or_else(String::new, std::borrow::Cow::into_owned);
        let reply_to = parsed.reply_to().and_then(|list| list.first()).and_then(|one| one.address());
        Self {
            in_reply_to: parsed.in_reply_to().as_text().map(str::to_owned),
            reply_to: reply_to.map(str::to_owned),
            references: parsed.references().as_text_list().into_iter().flatten().map(|id| id.to_string()).collect(),
            html: parsed
                .html_bodies()
                .find(|part| part.is_text_html())
                .and_then(|part| part.text_contents())
                .map(str::to_owned),
            ..mail(parsed.subject().map(str::to_owned), parsed.message_id().map(str::to_owned), text)
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "at": self.at, "from": self.from, "to": self.to, "subject": self.subject, "message_id": self.message_id,
            "in_reply_to": self.in_reply_to, "references": self.references, "reply_to": self.reply_to,
            "text": self.text, "html": self.html, "raw": self.raw,
        })
    }
}

/// The newest 10,000 mails, or 64 MiB of them.
#[derive(Debug)]
pub(crate) struct State {
    mails: Ring<Mail>,
    bytes: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { mails: Ring::new(MAILS_MAX), bytes: 0 }
    }
}

impl State {
    fn keep(&mut self, mail: Mail) {
        self.bytes += mail.raw.len();
        if let Some(evicted) = self.mails.push(mail) {
            self.bytes -= evicted.raw.len();
        }
        while self.bytes > MAIL_BYTES_TOTAL_MAX {
            let Some(oldest) = self.mails.pop_oldest() else {
                return;
            };
            self.bytes -= oldest.raw.len();
        }
    }

    /// The newest `limit` that pass, oldest first.
    pub(crate) fn newest(&self, limit: usize, passes: impl Fn(&Mail) -> bool) -> Vec<&Mail> {
        self.mails.newest(limit, passes)
    }
}

/// How the SMTP server answers the end of DATA.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// With this line, after this many milliseconds.
    Answer {
        /// The whole reply line, without the line break.
        line: String,
        /// Milliseconds the answer is held back.
        hold_ms: u64,
    },
    /// With a closed connection.
    Hangup,
}

/// Takes a mail in, as the faults of the service `smtp` allow.
pub(crate) fn receive(world: &mut World, mail: Mail, now: i64) -> Taken {
    let operation = Operation::MailReceive;
    let fault = world.faults.take(operation.service(), operation.name(), || mail.raw.clone());
    let kind = fault.as_ref().map(|fault| fault.kind);
    let params = json!({ "from": mail.from, "to": mail.to, "subject": mail.subject, "text": mail.text });
    let hash = hex::encode(&Sha256::digest(mail.raw.as_bytes())[..8]);
    let (service, operation) = (operation.service(), operation.name());
    let called = Called { service, operation, key: mail.message_id.clone(), path: "smtp".to_owned() };
    let record = Record::new(called, &params, hash, now);
    match kind {
        Some(FaultKind::DropBefore) => {
            world.ledger.push(record.hung_up(kind, Effect::Refused));
            return Taken::Hangup;
        }
        Some(FaultKind::Fail | FaultKind::RateLimit) => {
            let code = smtp_code(fault.as_ref());
            world.ledger.push(record.ended(kind, Effect::Refused, code));
            return Taken::Answer { line: format!("{code} told to refuse this mail"), hold_ms: 0 };
        }
        Some(FaultKind::DropAfter | FaultKind::Delay) | None => {}
    }
    let number = world.ids.number("mail");
    for to in &mail.to {
        world.messages.deliver(Message {
            id: mail.message_id.clone().unwrap_or_else(|| format!("mail.{number:06}")),
            at: now,
            channel: Channel::Email,
            to: to.clone(),
            from: mail.from.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            choices: Vec::new(),
            edited_at: None,
            payload: Value::Null,
        });
    }
    world.mails.keep(mail);
    if kind == Some(FaultKind::DropAfter) {
        world.ledger.push(record.hung_up(kind, Effect::Changed));
        return Taken::Hangup;
    }
    world.ledger.push(record.ended(kind, Effect::Changed, 250));
    let hold_ms = fault.map_or(0, |fault| fault.delay_ms);
    Taken::Answer { line: format!("250 2.0.0 queued as {number:06}"), hold_ms }
}

/// An SMTP status given with the fault, else "try again later".
fn smtp_code(fault: Option<&Fault>) -> u16 {
    let given = fault.and_then(|fault| fault.status).map(|status| status.as_u16());
    given.filter(|code| (400..600).contains(code)).unwrap_or(451)
}
