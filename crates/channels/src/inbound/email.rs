//! Mail that providers post: Postmark's JSON, the forms of SendGrid and Mailgun, or the mail as it is.

use super::{Event, Kind, Media, Message, What, event, text};
use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders, decoders::html::html_to_text};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Message ids a mail refers to that are kept, the nearest ones.
const REFERENCES_MAX: usize = 20;
/// Files of a mail that are named.
const FILES_MAX: usize = 50;

/// A mail, whoever posted it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Mail {
    from: String,
    name: Option<String>,
    to: String,
    subject: String,
    /// What was written, without quotes where the provider cut them off.
    words: String,
    cut: bool,
    id: String,
    references: Vec<String>,
    automatic: bool,
    sent_at: Option<i64>,
    files: Vec<Media>,
}

impl Mail {
    /// Postmark's JSON.
    pub(crate) fn of_postmark(body: &Value) -> Option<Self> {
        let headers = || body.get("Headers").and_then(Value::as_array).into_iter().flatten();
        let header = |wanted: &str| {
            let named = |header: &&Value| text(header, "/Name").is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            headers().find(named).and_then(|header| text(header, "/Value"))
        };
        let said = |pointer: &str| text(body, pointer).filter(|text| !text.trim().is_empty());
        let cut = said("/StrippedTextReply");
        let file = |file: &Value| Media {
            what: "file".to_owned(),
            reference: text(file, "/ContentID").unwrap_or_default(),
            mime: text(file, "/ContentType"),
            name: text(file, "/Name"),
            size: file.get("ContentLength").and_then(Value::as_u64),
        };
        let files = body.get("Attachments").and_then(Value::as_array).into_iter().flatten();
        let mut mail = Self {
            from: said("/FromFull/Email").or_else(|| said("/From"))?,
            name: said("/FromFull/Name"),
            to: said("/OriginalRecipient").or_else(|| said("/To")).unwrap_or_default(),
            subject: said("/Subject").unwrap_or_default(),
            cut: cut.is_some(),
            words: cut
                .or_else(|| said("/TextBody"))
                .or_else(|| said("/HtmlBody").map(|html| html_to_text(&html)))
                .unwrap_or_default(),
            id: header("Message-ID").or_else(|| said("/MessageID").map(|id| format!("<{id}>"))).unwrap_or_default(),
            files: files.take(FILES_MAX).map(file).collect(),
            ..Self::default()
        };
        mail.read_headers(&header);
        Some(mail)
    }

    /// The form of Mailgun or SendGrid.
    pub(crate) fn of_fields(fields: &[(String, String)]) -> Option<Self> {
        let field = |wanted: &str| {
            let named =
                |(name, value): &&(String, String)| name.eq_ignore_ascii_case(wanted) && !value.trim().is_empty();
            fields.iter().find(named).map(|(_, value)| value.clone())
        };
        if let Some(raw) = field("body-mime").or_else(|| field("email")) {
            return Self::of_mime(raw.as_bytes());
        }
        let lines = field("headers").unwrap_or_default();
        let raw = format!("{}\r\n\r\n", lines.trim_end());
        let parsed = MessageParser::default().parse(raw.as_bytes());
        let header = |wanted: &str| {
            let of_lines = || match parsed.as_ref()?.header_raw(wanted.to_owned()) {
                Some(value) if !value.trim().is_empty() => Some(value.trim().to_owned()),
                Some(_) | None => None,
            };
            field(wanted).or_else(of_lines)
        };
        let cut = field("stripped-text");
        let (from, name) = address(&field("from").or_else(|| field("sender"))?);
        let mut mail = Self {
            from,
            name,
            to: field("recipient").or_else(|| field("to")).unwrap_or_default(),
            subject: field("subject").unwrap_or_default(),
            cut: cut.is_some(),
            words: cut
                .or_else(|| field("body-plain"))
                .or_else(|| field("text"))
                .or_else(|| field("body-html").or_else(|| field("html")).map(|html| html_to_text(&html)))
                .unwrap_or_default(),
            id: header("Message-Id").unwrap_or_default(),
            files: named_files(&field("attachments").or_else(|| field("attachment-info")).unwrap_or_default()),
            ..Self::default()
        };
        mail.read_headers(&header);
        Some(mail)
    }

    /// The mail as it is.
    pub(crate) fn of_mime(raw: &[u8]) -> Option<Self> {
        let parsed = MessageParser::default().parse(raw)?;
        let from = parsed.from().and_then(Address::first)?;
        let file = |part: &mail_parser::MessagePart<'_>| Media {
            what: "file".to_owned(),
            reference: part.content_id().unwrap_or_default().to_owned(),
            mime: part.content_type().map(|kind| match kind.subtype() {
                Some(subtype) => format!("{}/{subtype}", kind.ctype()),
                None => kind.ctype().to_owned(),
            }),
            name: part.attachment_name().map(str::to_owned),
            size: u64::try_from(part.contents().len()).ok(),
        };
        let to = parsed.to().and_then(Address::first).and_then(|to| to.address()).unwrap_or_default();
        let mut mail = Self {
            from: from.address()?.to_owned(),
            name: from.name().map(str::to_owned),
            to: to.to_owned(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            words: parsed.body_text(0).unwrap_or_default().into_owned(),
            id: parsed.message_id().map(|id| format!("<{id}>")).unwrap_or_default(),
            files: parsed.attachments().take(FILES_MAX).map(file).collect(),
            ..Self::default()
        };
        let header = |wanted: &str| match parsed.header(wanted.to_owned())? {
            HeaderValue::Text(value) => Some(value.clone().into_owned()),
            HeaderValue::TextList(values) => Some(values.join(" ")),
            HeaderValue::Address(_)
            | HeaderValue::DateTime(_)
            | HeaderValue::ContentType(_)
            | HeaderValue::Received(_)
            | HeaderValue::Empty => parsed.header_raw(wanted.to_owned()).map(|raw| raw.trim().to_owned()),
        };
        mail.read_headers(&header);
        Some(mail)
    }

    fn read_headers(&mut self, header: &dyn Fn(&str) -> Option<String>) {
        let ids = [header("In-Reply-To"), header("References")].into_iter().flatten();
        // What is answered stands first; references end with what is nearest.
        for id in ids.flat_map(|ids| split_ids(&ids).rev().collect::<Vec<_>>()) {
            if self.references.len() < REFERENCES_MAX && !self.references.contains(&id) {
                self.references.push(id);
            }
        }
        let given = |name: &str| header(name).map(|value| value.trim().to_lowercase());
        let submitted = given("Auto-Submitted").is_some_and(|how| how != "no");
        let bulk = given("Precedence").is_some_and(|how| matches!(how.as_str(), "bulk" | "junk" | "auto_reply"));
        let answered = header("X-Autoreply").is_some() || header("X-Auto-Response-Suppress").is_some();
        // RFC 3834: machines do not answer machines. Only what is surely one counts.
        self.automatic = submitted || bulk || (answered && given("X-Autoreply").is_some());
        let date = header("Date").and_then(|date| mail_parser::DateTime::parse_rfc822(&date));
        self.sent_at =
            date.filter(mail_parser::DateTime::is_valid).and_then(|date| date.to_timestamp().checked_mul(1000));
    }

    /// As an event of its account.
    pub(crate) fn event(self) -> Event {
        let (from, name) = address(&self.from);
        let from = countersign_core::contact::email(&from).unwrap_or_else(|| from.to_lowercase());
        let id = match split_ids(&self.id).next() {
            Some(id) => id,
            // A mail without an id is known by what it says.
            None => {
                let said = format!("{from}\n{}\n{:?}\n{}", self.subject, self.sent_at, self.words);
                format!("{}@none", hex::encode(Sha256::digest(said.as_bytes())))
            }
        };
        let (key, rank) = (format!("message:{id}"), self.sent_at.unwrap_or_default());
        let bounces = ["mailer-daemon@", "postmaster@"].iter().any(|machine| from.starts_with(machine));
        if self.automatic || bounces {
            return Event { key, address: from, rank, what: What::Idle { why: "a machine wrote it".to_owned() } };
        }
        let words = if self.cut { self.words.trim().to_owned() } else { without_quotes(&self.words) };
        let kind = if words.is_empty() && !self.files.is_empty() { Kind::Media } else { Kind::Text };
        let words = match (kind, self.files.first()) {
            (Kind::Media, Some(file)) => file.name.clone().unwrap_or_else(|| "[file]".to_owned()),
            _ => words,
        };
        let message = Message {
            name: self.name.or(name),
            to: self.to,
            reply_to: self.references,
            subject: Some(self.subject).filter(|subject| !subject.is_empty()),
            sent_at: self.sent_at,
            media: self.files,
            ..Message::new(id, kind, words.replace('\0', "\u{fffd}"))
        };
        event(key, from, rank, message)
    }
}

/// `Ada Example <ada@example.com>` as address and name.
fn address(text: &str) -> (String, Option<String>) {
    match text.trim().rsplit_once('<') {
        Some((name, rest)) => {
            let name = name.trim().trim_matches('"').trim().to_owned();
            (rest.trim_end().trim_end_matches('>').trim().to_owned(), Some(name).filter(|name| !name.is_empty()))
        }
        None => (text.trim().to_owned(), None),
    }
}

/// The ids between `<` and `>`, without them; a bare one is one.
fn split_ids(text: &str) -> std::vec::IntoIter<String> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ','));
    let ids: Vec<String> = parts.filter(|part| !part.is_empty() && part.len() <= 998).map(str::to_owned).collect();
    ids.into_iter()
}

/// Files as Mailgun (a list) and SendGrid (an object) name them.
fn named_files(text: &str) -> Vec<Media> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let list = value
        .as_array()
        .map(|list| list.iter().collect())
        .or_else(|| value.as_object().map(|all| all.values().collect()));
    let first = |file: &Value, pointers: [&str; 2]| pointers.into_iter().find_map(|pointer| super::text(file, pointer));
    let file = |file: &Value| Media {
        what: "file".to_owned(),
        reference: first(file, ["/url", "/content-id"]).unwrap_or_default(),
        mime: first(file, ["/content-type", "/type"]),
        name: first(file, ["/name", "/filename"]),
        size: file.get("size").and_then(Value::as_u64),
    };
    let list: Vec<&Value> = list.unwrap_or_default();
    list.into_iter().take(FILES_MAX).map(file).collect()
}

/// What somebody wrote, without the mail they answer and their signature. When nothing is left, all of it.
#[must_use]
pub fn without_quotes(mail: &str) -> String {
    let lines: Vec<&str> = mail.lines().map(str::trim_end).collect();
    let is_quote = |line: &&str| line.starts_with('>');
    let wrote = |at: usize| {
        // `On …, Ada wrote:` may be broken into two lines.
        let line = lines.get(at).copied().unwrap_or_default();
        let both = format!("{line} {}", lines.get(at + 1).copied().unwrap_or_default());
        let begins = ["On ", "Am ", "Le ", "El ", "Il ", "Em ", "Op "].iter().any(|word| line.starts_with(word));
        let ends = |text: &str| {
            let text = text.trim_end();
            text.ends_with(':')
                && ["wrote", "schrieb", "écrit", "escribió", "scritto", "escreveu", "schreef"]
                    .iter()
                    .any(|word| text.contains(word))
        };
        begins && (ends(line) || ends(&both))
    };
    let header = |at: usize| {
        let starts = |at: usize, words: [&str; 2]| {
            lines.get(at).is_some_and(|line| words.iter().any(|word| line.trim_start_matches('*').starts_with(word)))
        };
        starts(at, ["From:", "Von:"])
            && (1..4).any(|next| starts(at + next, ["Sent:", "Gesendet:"]) || starts(at + next, ["Date:", "Subject:"]))
    };
    let ends = |(at, line): (usize, &&str)| {
        let bar = line.len() >= 10
            && (line.chars().all(|c| c == '_') || (line.starts_with("-----") && line.ends_with("-----")));
        *line == "--" || *line == "-- " || bar || wrote(at) || header(at)
    };
    let end = lines.iter().enumerate().position(ends).unwrap_or(lines.len());
    let mut kept: Vec<&str> = lines.get(..end).unwrap_or_default().to_vec();
    while kept.last().is_some_and(|line| is_quote(line) || line.is_empty()) {
        kept.pop();
    }
    let words = kept.join("\n").trim().to_owned();
    if words.is_empty() { mail.trim().to_owned() } else { words }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(mail: Mail) -> (Event, Message) {
        let event = mail.event();
        let What::Message(message) = event.what.clone() else { panic!("no message") };
        (event, *message)
    }

    #[test]
    fn postmark_mailgun_sendgrid_and_the_mail_itself_say_the_same() {
        let postmark = json!({
            "FromFull": { "Email": "Ada@Example.com", "Name": "Ada Example" }, "To": "support@example.org",
            "Subject": "Upgrade", "MessageID": "pm-1", "TextBody": "yes\n\nOn Monday, Support wrote:\n> sure?",
            "Headers": [{ "Name": "Message-ID", "Value": "<m1@example.com>" },
                { "Name": "In-Reply-To", "Value": "<o2@example.org>" },
                { "Name": "References", "Value": "<o1@example.org> <o2@example.org>" },
                { "Name": "Date", "Value": "Tue, 14 Nov 2023 22:13:20 +0000" }],
            "Attachments": [{ "Name": "a.png", "ContentType": "image/png", "ContentLength": 4, "Content": "AAAA" }],
        });
        let fields = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let mailgun = fields(&[
            ("from", "Ada Example <ada@example.com>"),
            ("recipient", "support@example.org"),
            ("subject", "Upgrade"),
            ("stripped-text", "yes"),
            ("body-plain", "yes\n> sure?"),
            ("Message-Id", "<m1@example.com>"),
            ("In-Reply-To", "<o2@example.org>"),
            ("References", "<o1@example.org> <o2@example.org>"),
            ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
            ("attachments", "[{\"name\":\"a.png\",\"size\":4,\"content-type\":\"image/png\",\"url\":\"https://x\"}]"),
        ]);
        let lines = "Message-ID: <m1@example.com>\nIn-Reply-To: <o2@example.org>\nReferences: <o1@example.org>\n <o2@example.org>\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n";
        let sendgrid = fields(&[
            ("from", "\"Ada Example\" <ada@example.com>"),
            ("to", "support@example.org"),
            ("subject", "Upgrade"),
            ("text", "yes\n\nOn Monday, Support\nwrote:\n> sure?"),
            ("headers", lines),
            ("attachment-info", "{\"attachment1\":{\"filename\":\"a.png\",\"type\":\"image/png\"}}"),
        ]);
        let raw = format!(
            "From: Ada Example <ada@example.com>\r\nTo: support@example.org\r\nSubject: Upgrade\r\n{}\r\nyes\r\n> sure?\r\n",
            lines.replace('\n', "\r\n")
        );
        for (who, mail) in [
            ("postmark", Mail::of_postmark(&postmark)),
            ("mailgun", Mail::of_fields(&mailgun)),
            ("sendgrid", Mail::of_fields(&sendgrid)),
            ("mime", Mail::of_mime(raw.as_bytes())),
        ] {
            let (event, said) = message(mail.unwrap());
            assert_eq!(
                (event.key.as_str(), event.address.as_str()),
                ("message:m1@example.com", "ada@example.com"),
                "{who}"
            );
            assert_eq!((said.text.as_str(), said.name.as_deref()), ("yes", Some("Ada Example")), "{who}");
            assert_eq!((said.subject.as_deref(), said.to.as_str()), (Some("Upgrade"), "support@example.org"), "{who}");
            assert_eq!(said.reply_to, ["o2@example.org", "o1@example.org"], "{who}");
            assert_eq!(said.sent_at, Some(1_700_000_000_000), "{who}");
            assert_eq!(said.media.len(), usize::from(who != "mime"), "{who}");
        }
    }

    #[test]
    fn machines_are_not_answered() {
        let mail = |headers: Value| {
            Mail::of_postmark(&json!({ "From": "a@example.com", "TextBody": "x", "Headers": headers }))
        };
        for (name, value) in [("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), ("X-Autoreply", "yes")] {
            let event = mail(json!([{ "Name": name, "Value": value }])).unwrap().event();
            assert!(matches!(event.what, What::Idle { .. }), "{name}");
        }
        let person = mail(json!([{ "Name": "Auto-Submitted", "Value": "no" }])).unwrap().event();
        assert!(matches!(person.what, What::Message(_)));
        let bounce = Mail::of_postmark(&json!({ "From": "MAILER-DAEMON@example.com", "TextBody": "x" })).unwrap();
        assert!(matches!(bounce.event().what, What::Idle { .. }));
        assert_eq!(Mail::of_postmark(&json!({ "TextBody": "x" })), None);
    }

    #[test]
    fn a_mail_without_an_id_is_the_same_when_it_comes_again() {
        let mail =
            |words: &str| Mail::of_postmark(&json!({ "From": "a@example.com", "TextBody": words })).unwrap().event();
        assert_eq!(mail("x").key, mail("x").key);
        assert_ne!(mail("x").key, mail("y").key);
    }

    #[test]
    fn quotes_and_signatures_are_cut() {
        for (mail, words) in [
            ("yes please\n\n> quoted\n> more\n", "yes please"),
            ("yes\n-- \nAda\nExample Inc.", "yes"),
            ("ja\n\nAm 3. Mai schrieb Bob <b@x>:\n> a", "ja"),
            ("ok\n________________________________\nFrom: Bob\nSent: today", "ok"),
            ("ok\n\nFrom: Bob\nSent: today\nSubject: x\n", "ok"),
            ("-----Original Message-----\nall of it", "-----Original Message-----\nall of it"),
            ("> you said\nI answer inline\n> more\nand here", "> you said\nI answer inline\n> more\nand here"),
            ("On Monday I was away", "On Monday I was away"),
        ] {
            assert_eq!(without_quotes(mail), words, "{mail:?}");
        }
    }
}
