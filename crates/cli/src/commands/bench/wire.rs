//! HTTP/1.1 on one connection, as little of it as measuring needs: one message at a time, whose length is told beforehand.
//!
//! Written out here over a parser, without a client or server library: load and stub share the machine with what they
//! measure, and what they use of it is missing there.

use anyhow::{Context, bail, ensure};
use httparse::{EMPTY_HEADER, Header, Request, Response, Status};
use std::{io, mem, str};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Lines of a head that are read.
const HEADERS_MAX: usize = 64;
/// Largest head that is read, bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Largest body that is read, bytes.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Room made for each read, bytes.
const READ_BYTES: usize = 4 * 1024;

/// A connection, from either side.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the buffer that belong to the message that was read last.
    used: usize,
}

/// The head of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<T> {
    /// Bytes of the head.
    length: usize,
    /// Bytes of the body after it.
    body: usize,
    /// What was taken from it.
    says: T,
}

impl Wire {
    /// Small messages do not wait for more.
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), used: 0 })
    }

    /// Sends one message.
    pub(super) async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await
    }

    /// The next message, by what `head` takes from its head, and its body; nothing when the other side closed before one.
    ///
    /// # Errors
    /// When it is broken off, too long, or `head` refuses it.
    pub(super) async fn read<T>(
        &mut self,
        head: impl Fn(&[u8]) -> anyhow::Result<Option<Head<T>>>,
    ) -> anyhow::Result<Option<(T, &[u8])>> {
        self.buffer.drain(..mem::take(&mut self.used));
        let Head { length, body, says } = loop {
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
            ensure!(self.buffer.len() < HEAD_BYTES_MAX, "a head without an end");
            if self.fill().await? == 0 {
                ensure!(self.buffer.is_empty(), "closed in the middle of a head");
                return Ok(None);
            }
        };
        ensure!(body <= BODY_BYTES_MAX, "a body of {body} bytes");
        let end = length + body;
        while self.buffer.len() < end {
            ensure!(self.fill().await? > 0, "closed in the middle of a body");
        }
        self.used = end;
        Ok(Some((says, &self.buffer[length..end])))
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.stream.read_buf(&mut self.buffer).await
    }
}

/// Reads the head of a request, once it is there whole; `take` is given method and path.
///
/// # Errors
/// When it is none.
pub(super) fn request<T>(bytes: &[u8], take: impl FnOnce(&str, &str) -> T) -> anyhow::Result<Option<Head<T>>> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
    let says = take(request.method.unwrap_or_default(), request.path.unwrap_or_default());
    Ok(Some(Head { length, body: body_length(request.headers)?, says }))
}

/// Reads the head of an answer, once it is there whole; `take` is given its status and headers.
///
/// # Errors
/// When it is none.
pub(super) fn response<T>(bytes: &[u8], take: impl FnOnce(u16, &[Header<'_>]) -> T) -> anyhow::Result<Option<Head<T>>> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut response = Response::new(&mut headers);
    let Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
    let says = take(response.code.unwrap_or_default(), response.headers);
    Ok(Some(Head { length, body: body_length(response.headers)?, says }))
}

/// The text of a header.
pub(super) fn header<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    str::from_utf8(found.value).ok()
}

fn body_length(headers: &[Header<'_>]) -> anyhow::Result<usize> {
    if let Some(encoding) = header(headers, "transfer-encoding") {
        bail!("a message in pieces ({encoding}), whose length is not told");
    }
    header(headers, "content-length").map_or(Ok(0), |length| length.trim().parse().context("a length that is none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn line(bytes: &[u8]) -> anyhow::Result<Option<Head<String>>> {
        request(bytes, |method, path| format!("{method} {path}"))
    }

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let whole = b"POST /s/1/2 HTTP/1.1\r\nhost: x\r\nContent-Length: 3\r\n\r\nabc";
        let length = whole.len() - 3;
        assert_eq!(line(&whole[..length - 1]).unwrap(), None);
        assert_eq!(line(whole).unwrap(), Some(Head { length, body: 3, says: "POST /s/1/2".to_owned() }));
        let answer = b"HTTP/1.1 204 No Content\r\nset-cookie: a=b; Path=/\r\n\r\n";
        let read = response(answer, |status, headers| (status, header(headers, "Set-Cookie").map(str::to_owned)));
        let says = (204, Some("a=b; Path=/".to_owned()));
        assert_eq!(read.unwrap(), Some(Head { length: answer.len(), body: 0, says }));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bytes in [
            b"nonsense\0\r\n\r\n".as_slice(),
            b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
            b"GET / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        ] {
            assert!(line(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[tokio::test]
    async fn messages_are_told_apart_however_they_arrive() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut wire = Wire::new(listener.accept().await.unwrap().0).unwrap();
        let first = b"POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nxyGET /b HTT";
        client.write_all(first).await.unwrap();
        assert_eq!(wire.read(line).await.unwrap(), Some(("POST /a".to_owned(), b"xy".as_slice())));
        client.write_all(b"P/1.1\r\n\r\n").await.unwrap();
        assert_eq!(wire.read(line).await.unwrap(), Some(("GET /b".to_owned(), b"".as_slice())));
        client.write_all(b"GET /c").await.unwrap();
        drop(client);
        assert!(wire.read(line).await.unwrap_err().to_string().contains("middle of a head"));
    }
}
