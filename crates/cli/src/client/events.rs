//! Server-sent events: hints that something changed.

use reqwest::Response;
use serde::Deserialize;

/// Longest text kept while an event is not complete, bytes.
const PENDING_BYTES_MAX: usize = 1024 * 1024;

/// A stream of events.
#[derive(Debug)]
pub struct Events {
    response: Response,
    lines: Lines,
}

/// What an event is about.
#[derive(Debug, Deserialize)]
struct About {
    id: String,
}

/// Events from the text as it comes in.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
    kind: String,
    data: String,
}

impl Events {
    pub(super) fn new(response: Response) -> Self {
        Self { response, lines: Lines::default() }
    }

    /// Waits for news of a run, or that everything may be new; false when the stream is over.
    pub async fn until_run(&mut self, run: &str) -> bool {
        loop {
            while let Some((kind, data)) = self.lines.next() {
                let about = serde_json::from_str::<About>(&data).ok();
                if kind == "resync" || (kind == "run" && about.is_none_or(|about| about.id == run)) {
                    return true;
                }
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) if self.lines.pending.len() + bytes.len() <= PENDING_BYTES_MAX => {
                    self.lines.pending.extend_from_slice(&bytes);
                }
                Ok(_) | Err(_) => return false,
            }
        }
    }
}

impl Lines {
    /// The next complete event: its kind and data.
    fn next(&mut self) -> Option<(String, String)> {
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            if line.is_empty() {
                let event = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
                if !event.0.is_empty() || !event.1.is_empty() {
                    return Some(event);
                }
            } else if let Some(kind) = line.strip_prefix("event:") {
                kind.trim().clone_into(&mut self.kind);
            } else if let Some(data) = line.strip_prefix("data:") {
                self.data.push_str(data.trim_start());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_whatever_the_pieces() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in
            [": hello\n\nevent: ru", "n\ndata: {\"id\":", "\"r1\"}\r\n\r\nevent: resync\ndata: {}\n\nevent: run\n"]
        {
            lines.pending.extend_from_slice(piece.as_bytes());
            while let Some(event) = lines.next() {
                found.push(event);
            }
        }
        let expected = [("run", "{\"id\":\"r1\"}"), ("resync", "{}")];
        assert_eq!(found, expected.map(|(kind, data)| (kind.to_owned(), data.to_owned())));
    }
}
