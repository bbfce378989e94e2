//! Sending e-mail over SMTP, one connection per message so that it is known how far the conversation came.

use crate::{
    account::{Secret, Tls},
    forms::written,
    http,
    sender::{OutboundMessage, SendOutcome},
};
use countersign_core::log::FailureClass;
use countersign_outbound::{Failure, Outbound, machine_roots};
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use serde_json::json;
use std::{
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long the farewell may take; the message is taken by then.
const QUIT_TIMEOUT: Duration = Duration::from_millis(500);

/// The machine's own certificate authorities, besides the web's.
static MACHINE_ROOTS: LazyLock<Vec<Certificate>> =
    LazyLock::new(|| machine_roots().iter().filter_map(|der| Certificate::from_der(der.to_vec()).ok()).collect());

/// The account's members, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    pub(crate) tls: Tls,
    pub(crate) username: &'a str,
    pub(crate) password: &'a Secret,
}

pub(crate) async fn send(
    outbound: &Outbound,
    server: Server<'_>,
    from: &str,
    message: OutboundMessage<'_>,
) -> SendOutcome {
    let (from, to) = match (from.parse::<Mailbox>(), message.to.trim().parse::<Mailbox>()) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(_), _) => return SendOutcome::fatal("account_invalid", "the account's sender is not an e-mail address"),
        (_, Err(_)) => return SendOutcome::fatal("recipient_invalid", "the recipient is not an e-mail address"),
    };
    let id = message_id(message.key, from.email.domain());
    let built = match build(&from, &to, &id, &message) {
        Ok(built) => built.formatted(),
        Err(error) => return SendOutcome::fatal("message_invalid", error.to_string()),
    };
    let content_begun = AtomicBool::new(false);
    let talk = talk(outbound, server, from.email, to.email, &built, &content_begun);
    match tokio::time::timeout(message.timeout, talk).await {
        Ok(Ok((reply, mut connection))) => {
            drop(tokio::time::timeout(QUIT_TIMEOUT, connection.abort()).await);
            let exchange = json!({ "server": server.host, "message_id": id, "reply": reply });
            SendOutcome::Accepted { provider_id: id, exchange }
        }
        Ok(Err(Broken::NoAddress(failure))) => http::no_answer(failure),
        Ok(Err(Broken::Smtp(error))) => failure(&error, content_begun.load(Ordering::Relaxed)),
        Err(_) if content_begun.load(Ordering::Relaxed) => {
            let text = "the mail server did not answer in time; the message may have been sent";
            SendOutcome::failed(FailureClass::Unknown, "timeout", text)
        }
        Err(_) => SendOutcome::failed(FailureClass::Retryable, "timeout", "the mail server did not answer in time"),
    }
}

/// Greets the server, protected and signed in as a message would be, and leaves.
pub(crate) async fn greet(
    outbound: &Outbound,
    server: Server<'_>,
    from: &str,
    timeout: Duration,
) -> Result<String, SendOutcome> {
    if from.parse::<Mailbox>().is_err() {
        return Err(SendOutcome::fatal("account_invalid", "the account's sender is not an e-mail address"));
    }
    match tokio::time::timeout(timeout, connect(outbound, server)).await {
        Ok(Ok(mut connection)) => {
            drop(tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await);
            let who =
                if server.username.is_empty() { "without signing in".to_owned() } else { server.username.to_owned() };
            Ok(format!("{}, {who}", server.host))
        }
        Ok(Err(Broken::NoAddress(failure))) => Err(http::no_answer(failure)),
        Ok(Err(Broken::Smtp(error))) => Err(failure(&error, false)),
        Err(_) => {
            let text = "the mail server did not answer in time";
            Err(SendOutcome::failed(FailureClass::Retryable, "timeout", text))
        }
    }
}

/// `<key@domain>`: a repeat carries the same id, so mail systems that look for duplicates find it.
fn message_id(key: &str, domain: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let local: String = key.chars().map(plain).collect();
    format!("<{local}@{domain}>")
}

fn build(
    from: &Mailbox,
    to: &Mailbox,
    id: &str,
    message: &OutboundMessage<'_>,
) -> Result<Message, lettre::error::Error> {
    let subject: String = message.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut built = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(subject.trim())
        .message_id(Some(id.to_owned()))
        .date_now()
        .header(ContentType::TEXT_PLAIN)
        .body(written(message.body, message.choices))?;
    let mut add = |name: &'static str, value: String| {
        built.headers_mut().insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    };
    if !message.by_person {
        // RFC 3834: keeps vacation notices and other robots from answering.
        add("Auto-Submitted", "auto-generated".to_owned());
    }
    if let Some(page) = message.unsubscribe {
        // RFC 2369 and RFC 8058: one click in the mail program, no page in between.
        add("List-Unsubscribe", format!("<{page}>"));
        add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
    }
    if let Some(thread) = message.thread.filter(|thread| is_id(thread)) {
        add("In-Reply-To", format!("<{thread}>"));
        add("References", format!("<{thread}>"));
    }
    Ok(built)
}

/// Nothing that would end the header.
fn is_id(text: &str) -> bool {
    text.len() <= 900 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
}

async fn talk(
    outbound: &Outbound,
    server: Server<'_>,
    from: Address,
    to: Address,
    content: &[u8],
    content_begun: &AtomicBool,
) -> Result<(String, AsyncSmtpConnection), Broken> {
    let mut connection = connect(outbound, server).await?;
    let mut options = Vec::new();
    if !(from.as_ref() as &str).is_ascii() || !(to.as_ref() as &str).is_ascii() {
        options.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(Some(from), options)).await?;
    connection.command(Rcpt::new(to, Vec::new())).await?;
    connection.command(Data).await?;
    content_begun.store(true, Ordering::Relaxed);
    let reply = connection.message(content).await?;
    let reply = format!("{} {}", reply.code(), reply.message().collect::<Vec<_>>().join(" "));
    Ok((reply, connection))
}

/// Why a conversation with a mail server ended.
enum Broken {
    NoAddress(Failure),
    Smtp(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

#[expect(clippy::disallowed_methods, reason = "connects to the addresses that the policy gave")]
async fn connect(outbound: &Outbound, server: Server<'_>) -> Result<AsyncSmtpConnection, Broken> {
    let parameters = || {
        let builder = TlsParameters::builder(server.host.to_owned());
        MACHINE_ROOTS.iter().cloned().fold(builder, |builder, root| builder.add_root_certificate(root)).build()
    };
    let (default_port, wrapped) = match server.tls {
        Tls::None => (SMTP_PORT, None),
        Tls::Starttls => (SUBMISSION_PORT, None),
        Tls::Tls => (SUBMISSIONS_PORT, Some(parameters()?)),
    };
    let port = server.port.unwrap_or(default_port);
    let addresses = outbound.addresses(server.host, port).await.map_err(Broken::NoAddress)?;
    let hello = ClientId::default();
    let mut connection = AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), None, &hello, wrapped, None).await?;
    match server.tls {
        Tls::Starttls => connection.starttls(parameters()?, &hello).await?,
        Tls::None | Tls::Tls => {}
    }
    if !server.username.is_empty() {
        let credentials = Credentials::new(server.username.to_owned(), server.password.expose().to_owned());
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
    }
    Ok(connection)
}

fn failure(error: &Error, content_begun: bool) -> SendOutcome {
    if let Some(status) = error.status() {
        let class = if error.is_transient() { FailureClass::Retryable } else { FailureClass::Fatal };
        return SendOutcome::failed(class, format!("smtp_{status}"), error.to_string());
    }
    if error.is_client() {
        return SendOutcome::fatal("smtp_unsupported", error.to_string());
    }
    if content_begun {
        let text = format!("the connection to the mail server was lost; the message may have been sent ({error})");
        return SendOutcome::failed(FailureClass::Unknown, "connection_lost", text);
    }
    SendOutcome::failed(FailureClass::Retryable, "connect", error.to_string())
}
