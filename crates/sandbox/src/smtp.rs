//! A small SMTP server that takes every mail. Bounds: 256 connections, 1,000 commands and 100 recipients per
//! connection and mail, lines of 4 KiB, mails of 1 MiB, one minute of silence.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{
    Shared, now_ms,
    services::{
        customer,
        smtp_sink::{self, Mail, Taken},
    },
};

const CONNECTIONS_MAX: usize = 256;
const COMMANDS_MAX: usize = 1_000;
const RECIPIENTS_MAX: usize = 100;
const LINE_BYTES_MAX: usize = 4 * 1024;
const MAIL_BYTES_MAX: usize = 1024 * 1024;
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Accepts until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, world: Shared) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let world = Arc::clone(&world);
                connections.spawn(async move {
                    if let Err(error) = Session::new(stream).run(&world).await {
                        tracing::debug!(%error, "mail connection ended");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                // Out of file descriptors: give connections a moment to end instead of spinning.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One line from the client.
#[derive(Debug)]
enum Line {
    /// Without its line break.
    Text(Vec<u8>),
    /// Longer than allowed; it has been read and thrown away.
    TooLong,
    /// The client has gone.
    End,
}

/// The mail being put together.
#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

#[derive(Debug)]
struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    envelope: Envelope,
}

/// `PLAIN` with its answer (RFC 4616); every password is right that does not say itself that it was revoked.
fn authenticated(rest: &str) -> &'static str {
    let Some(answer) = rest.strip_prefix("PLAIN ").and_then(|answer| STANDARD.decode(answer.trim()).ok()) else {
        return "504 5.5.4 only AUTH PLAIN with its answer";
    };
    let password = answer.rsplit(|byte| *byte == 0).next().unwrap_or_default();
    if password.is_empty() || customer::is_revoked(&String::from_utf8_lossy(password)) {
        return "535 5.7.8 authentication credentials invalid";
    }
    "235 2.7.0 authenticated"
}

/// Whether the conversation goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Continue,
    Close,
}

impl Session {
    fn new(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::new(reader), writer, envelope: Envelope::default() }
    }

    async fn run(mut self, world: &Shared) -> std::io::Result<()> {
        self.say("220 sandbox ESMTP").await?;
        for _ in 0..COMMANDS_MAX {
            let command = match self.line(LINE_BYTES_MAX).await? {
                Line::Text(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Line::TooLong => {
                    self.say("500 5.5.2 line too long").await?;
                    continue;
                }
                Line::End => return Ok(()),
            };
            if self.command(&command, world).await? == Next::Close {
                return Ok(());
            }
        }
        self.say("421 4.7.0 too many commands").await
    }

    async fn command(&mut self, command: &str, world: &Shared) -> std::io::Result<Next> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.envelope = Envelope::default();
                self.say(&format!(
                    "250-sandbox\r\n250-SIZE {MAIL_BYTES_MAX}\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8"
                ))
                .await?;
            }
            "HELO" => {
                self.envelope = Envelope::default();
                self.say("250 sandbox").await?;
            }
            "AUTH" => self.say(authenticated(rest)).await?,
            "MAIL" => {
                let answer = self.mail_from(rest);
                self.say(answer).await?;
            }
            "RCPT" => {
                let answer = self.recipient(rest);
                self.say(answer).await?;
            }
            "DATA" => return self.data(world).await,
            "RSET" => {
                self.envelope = Envelope::default();
                self.say("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.say("250 2.0.0 nothing done").await?,
            "VRFY" => self.say("252 2.1.5 send it and see").await?,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Next::Close);
            }
            _ => self.say("502 5.5.1 unknown command").await?,
        }
        Ok(Next::Continue)
    }

    fn mail_from(&mut self, rest: &str) -> &'static str {
        let Some((address, options)) = address_after(rest, "FROM:") else {
            return "501 5.5.4 write MAIL FROM:<address>";
        };
        let sizes = options.split_ascii_whitespace().filter_map(|option| option.strip_prefix("SIZE="));
        if sizes.filter_map(|size| size.parse::<usize>().ok()).any(|size| size > MAIL_BYTES_MAX) {
            return "552 5.3.4 over 1 MiB";
        }
        self.envelope = Envelope { from: Some(address), to: Vec::new() };
        "250 2.1.0 sender ok"
    }

    fn recipient(&mut self, rest: &str) -> &'static str {
        if self.envelope.from.is_none() {
            return "503 5.5.1 MAIL comes first";
        }
        match address_after(rest, "TO:") {
            Some((address, _)) if address.contains('@') => {
                if self.envelope.to.len() >= RECIPIENTS_MAX {
                    return "452 4.5.3 too many recipients";
                }
                self.envelope.to.push(address);
                "250 2.1.5 recipient ok"
            }
            Some(_) | None => "501 5.5.4 write RCPT TO:<address>",
        }
    }

    async fn data(&mut self, world: &Shared) -> std::io::Result<Next> {
        let envelope = std::mem::take(&mut self.envelope);
        let (Some(from), false) = (envelope.from, envelope.to.is_empty()) else {
            self.say("503 5.5.1 MAIL and RCPT come first").await?;
            return Ok(Next::Continue);
        };
        self.say("354 end with a dot on a line of its own").await?;
        let mut raw = Vec::new();
        let mut too_large = false;
        loop {
            match self.line(MAIL_BYTES_MAX).await? {
                Line::End => return Ok(Next::Close),
                Line::TooLong => too_large = true,
                Line::Text(line) if line == b"." => break,
                Line::Text(line) => {
                    // A leading dot was doubled by the sender so that it would not end the mail.
                    raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                    raw.extend_from_slice(b"\r\n");
                }
            }
            if raw.len() > MAIL_BYTES_MAX {
                too_large = true;
                raw.clear();
            }
        }
        if too_large {
            self.say("552 5.3.4 over 1 MiB").await?;
            return Ok(Next::Continue);
        }
        let now = now_ms();
        let mail = Mail::parse(&from, &envelope.to, &raw, now);
        let taken = smtp_sink::receive(&mut world.lock(), mail, now);
        match taken {
            Taken::Hangup => Ok(Next::Close),
            Taken::Answer { line, hold_ms } => {
                if hold_ms > 0 {
                    tokio::time::sleep(Duration::from_millis(hold_ms)).await;
                }
                self.say(&line).await?;
                Ok(Next::Continue)
            }
        }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await
    }

    /// Reads one line of at most `max` bytes; what is over is read and thrown away.
    async fn line(&mut self, max: usize) -> std::io::Result<Line> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            let limit = (max + 2 - line.len()) as u64;
            let mut limited = (&mut self.reader).take(limit);
            let read = timeout(SILENCE_MAX, limited.read_until(b'\n', &mut line)).await??;
            if line.last() == Some(&b'\n') {
                break;
            }
            if read == 0 && line.len() < max + 2 {
                return Ok(Line::End);
            }
            if line.len() >= max + 2 {
                too_long = true;
                line.clear();
            }
        }
        if too_long {
            return Ok(Line::TooLong);
        }
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Line::Text(line))
    }
}

/// `FROM:<a@b> SIZE=1` → (`a@b`, ` SIZE=1`). The empty address `<>` is a sender, too.
fn address_after<'a>(text: &'a str, prefix: &str) -> Option<(String, &'a str)> {
    let given = text.trim_start();
    let rest = given.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
    let inner = given[rest.len()..].trim_start().strip_prefix('<')?;
    let (address, options) = inner.split_once('>')?;
    Some((address.to_owned(), options))
}
