//! Posts what platforms tell, over plain HTTP on this machine.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::services::customer::Post;

const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The status it was answered with; 0 when there was none.
pub(crate) async fn deliver(post: &Post) -> u16 {
    match tokio::time::timeout(TIMEOUT, exchange(post)).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            tracing::debug!(%error, url = post.url, "a webhook was not taken");
            0
        }
        Err(_) => 0,
    }
}

async fn exchange(post: &Post) -> std::io::Result<u16> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
    let rest = post.url.strip_prefix("http://").ok_or_else(invalid)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let mut head = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in &post.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{}", post.body.len(), post.body));
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(invalid)
}
