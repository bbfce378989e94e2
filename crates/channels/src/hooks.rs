//! A request from a platform: checked over the raw bytes, then read. Nothing of it is kept before it was checked.

use crate::{
    account::{ChannelAccount, Secret},
    inbound::{self, Event, Mail},
    verify::{self, Refused, TwilioAlgorithm},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Members of multipart bodies that are read at most.
const PARTS_MAX: usize = 200;

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Headers, names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// Parameters of the query.
    pub query: &'a BTreeMap<String, String>,
    /// The address it was called at, as the caller sees it: path and query on the configured base URL.
    pub url: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
}

impl Call<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn media_type(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }

    /// The fields of a form, of either kind.
    fn fields(&self) -> Vec<(String, String)> {
        if self.media_type().eq_ignore_ascii_case("multipart/form-data") {
            return multipart(self.header("content-type"), self.body);
        }
        url::form_urlencoded::parse(self.body).into_owned().collect()
    }
}

/// What a good request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Empty,
    /// Words the platform wants to read.
    Text(String),
    /// TwiML that does nothing.
    Xml(&'static str),
}

/// A request that is from who it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What it tells, in its order. What is not understood is in it too.
    pub events: Vec<Event>,
    /// What to answer once they are kept.
    pub answer: Answer,
}

/// Checks and reads a request to an account; `now_seconds` since the epoch.
///
/// # Errors
/// When it is not from the platform, is too old, or the account has no secret to check it with.
pub fn receive(account: &ChannelAccount, call: &Call<'_>, now_seconds: i64) -> Result<Received, Refused> {
    let (events, answer) = match account {
        ChannelAccount::Whatsapp { app_secret, .. } => {
            verify::whatsapp(app_secret.expose(), call.header("x-hub-signature-256"), call.body)?;
            (call.json().as_ref().and_then(inbound::whatsapp), Answer::Empty)
        }
        ChannelAccount::Telegram { webhook_secret, .. } => {
            verify::telegram(webhook_secret.expose(), call.header("x-telegram-bot-api-secret-token"))?;
            (call.json().as_ref().and_then(inbound::telegram), Answer::Empty)
        }
        ChannelAccount::Sms { auth_token, signing_key, .. } => {
            let fields = signed_by_twilio(auth_token, signing_key, call)?;
            (inbound::sms(&fields), Answer::Xml("<Response/>"))
        }
        ChannelAccount::Email { webhook_secret, .. } => {
            let fields = if call.json().is_none() { call.fields() } else { Vec::new() };
            posted_by_provider(webhook_secret, call, &fields, now_seconds)?;
            (mail(call, &fields).map(|mail| vec![mail.event()]), Answer::Empty)
        }
        ChannelAccount::Slack { signing_secret, .. } => {
            let (time, signature) = (call.header("x-slack-request-timestamp"), call.header("x-slack-signature"));
            verify::slack(signing_secret.expose(), time, signature, call.body, now_seconds)?;
            let body = call.json().or_else(|| {
                let payload = call.fields().into_iter().find(|(name, _)| name == "payload");
                payload.and_then(|(_, payload)| serde_json::from_str(&payload).ok())
            });
            if let Some(challenge) = body.as_ref().and_then(challenge) {
                return Ok(Received { events: Vec::new(), answer: Answer::Text(challenge) });
            }
            (body.as_ref().and_then(inbound::slack), Answer::Empty)
        }
    };
    let events = match events {
        Some(events) if !events.is_empty() => events,
        Some(_) | None => vec![inbound::unknown(call.body)],
    };
    Ok(Received { events, answer })
}

/// Answers the registration of a webhook, `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.
///
/// # Errors
/// When the token is another one, or the platform has no such registration.
pub fn handshake(account: &ChannelAccount, query: &BTreeMap<String, String>) -> Result<String, Refused> {
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    match account {
        ChannelAccount::Whatsapp { verify_token, .. } => {
            let (mode, token, challenge) = (given("hub.mode"), given("hub.verify_token"), given("hub.challenge"));
            verify::whatsapp_challenge(verify_token.expose(), mode, token, challenge).map(str::to_owned)
        }
        ChannelAccount::Telegram { .. }
        | ChannelAccount::Sms { .. }
        | ChannelAccount::Email { .. }
        | ChannelAccount::Slack { .. } => Err(Refused::Missing),
    }
}

fn challenge(body: &Value) -> Option<String> {
    let asked = body.get("type").and_then(Value::as_str) == Some("url_verification");
    let challenge = body.get("challenge").and_then(Value::as_str)?;
    asked.then(|| json!({ "challenge": challenge }).to_string())
}

/// The fields of a form that Twilio signed; with `bodySHA256` in the address the body counts as it is.
fn signed_by_twilio(
    auth_token: &Secret,
    signing_key: &Secret,
    call: &Call<'_>,
) -> Result<Vec<(String, String)>, Refused> {
    let settings = call.header("x-twilio-webhooks-signature-settings");
    let algorithm = match settings.split(',').any(|part| part.trim().eq_ignore_ascii_case("algorithm=HMAC_SHA256")) {
        true => TwilioAlgorithm::Sha256,
        false => TwilioAlgorithm::Sha1,
    };
    let secret = match (algorithm, signing_key.expose()) {
        (TwilioAlgorithm::Sha1, _) | (TwilioAlgorithm::Sha256, "") => auth_token.expose(),
        (TwilioAlgorithm::Sha256, key) => key,
    };
    let (fields, signature) = (call.fields(), call.header("x-twilio-signature"));
    if call.query.contains_key("bodySHA256") {
        verify::twilio_body(secret, algorithm, call.url, call.body, signature)?;
    } else {
        verify::twilio(secret, algorithm, call.url, &fields, signature)?;
    }
    match call.json() {
        Some(Value::Object(members)) => {
            let said = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(members.into_iter().map(|(name, value)| (name, said(value))).collect())
        }
        Some(_) | None => Ok(fields),
    }
}

/// Mailgun signs; the others are let in by the secret, as the password of the address, a header or a parameter.
fn posted_by_provider(
    secret: &Secret,
    call: &Call<'_>,
    fields: &[(String, String)],
    now_seconds: i64,
) -> Result<(), Refused> {
    let json = call.json().unwrap_or_default();
    let signed = |name: &str| {
        let field = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        field.or_else(|| json.pointer(&format!("/signature/{name}")).and_then(Value::as_str).map(str::to_owned))
    };
    if let (Some(time), Some(token), Some(signature)) = (signed("timestamp"), signed("token"), signed("signature")) {
        return verify::mailgun(secret.expose(), &time, &token, &signature, now_seconds);
    }
    let authorization = call.header("authorization");
    let basic = authorization.strip_prefix("Basic ").and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
    let basic = basic.and_then(|pair| String::from_utf8(pair).ok());
    let given = [
        basic.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password),
        authorization.strip_prefix("Bearer "),
        Some(call.header("x-webhook-secret")),
        call.query.get("secret").map(String::as_str),
    ];
    let given = given.into_iter().flatten().find(|given| !given.is_empty()).ok_or(Refused::Missing)?;
    verify::token(secret.expose(), given.trim())
}

fn mail(call: &Call<'_>, fields: &[(String, String)]) -> Option<Mail> {
    if call.media_type().eq_ignore_ascii_case("message/rfc822") {
        return Mail::of_mime(call.body);
    }
    match call.json() {
        Some(body) => Mail::of_postmark(&body),
        None => Mail::of_fields(fields),
    }
}

/// The texts of a multipart form. Files are left where they are: they are named elsewhere.
fn multipart(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let mut message = format!("Content-Type: {}\r\n\r\n", content_type.replace(['\r', '\n'], " ")).into_bytes();
    message.extend_from_slice(body);
    let Some(parsed) = MessageParser::default().parse(&message) else { return Vec::new() };
    let field = |part: &mail_parser::MessagePart<'_>| {
        let disposition = part.content_disposition()?;
        let name = disposition.attribute("name")?.to_owned();
        let text = match &part.body {
            _ if disposition.attribute("filename").is_some() => return None,
            PartType::Text(text) | PartType::Html(text) => text.clone().into_owned(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            PartType::Message(_) | PartType::Multipart(_) => return None,
        };
        Some((name, text.trim_end_matches(['\r', '\n']).to_owned()))
    };
    parsed.parts.iter().take(PARTS_MAX).filter_map(field).collect()
}
