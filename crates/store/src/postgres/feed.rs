//! The change feed between processes: LISTEN and NOTIFY on a connection of its own.
//!
//! Notifications are sent after the commit, not in it: inside, PostgreSQL would let only one committing transaction of
//! the whole fleet through at a time. They are hints, so losing some with the process is fine.

use std::future::poll_fn;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client};

use super::connection::Server;
use super::query::store_error;
use crate::feed::Feed;
use crate::{Change, ChangeKind, Result};

/// Longest payload, below PostgreSQL's 8,000 bytes.
const PAYLOAD_BYTES_MAX: usize = 7_800;

/// Changes that may wait to be sent; more are replaced by one `Resync` for the other processes.
const WAITING_MAX: usize = 1_024;

/// Longest pause between attempts to connect again.
const PAUSE_SECONDS_MAX: u64 = 10;

/// What travels: several changes at once.
#[derive(Serialize, Deserialize)]
struct Payload {
    changes: Vec<Change>,
}

/// Tells this process at once and the others soon.
#[derive(Clone)]
pub(super) struct Announcer {
    feed: Feed,
    outbox: mpsc::Sender<Vec<Change>>,
}

impl Announcer {
    pub(super) fn announce(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.feed.publish(&changes);
        if self.outbox.try_send(changes).is_err() {
            metrics::counter!("countersign_store_announcements_dropped_total").increment(1);
        }
    }
}

/// Connects and starts the task; it ends when every [`Announcer`] is gone.
pub(super) async fn start(server: Server, feed: Feed) -> Result<(Announcer, tokio::task::JoinHandle<()>)> {
    let (outbox, inbox) = mpsc::channel(WAITING_MAX);
    let first = Line::open(&server).await?;
    let task = tokio::spawn(keep_listening(server, feed.clone(), inbox, first));
    Ok((Announcer { feed, outbox }, task))
}

/// A listening connection.
struct Line {
    client: Client,
    /// Who we are, to leave out our own notifications.
    backend: i32,
    heard: mpsc::Receiver<(i32, String)>,
}

impl Line {
    async fn open(server: &Server) -> Result<Self> {
        let fail = |error: tokio_postgres::Error| store_error(&error);
        let (client, mut driver) = server.connect().await?;
        let (tell, heard) = mpsc::channel(WAITING_MAX);
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message {
                    let heard = (notification.process_id(), notification.payload().to_owned());
                    if tell.send(heard).await.is_err() {
                        return;
                    }
                }
            }
        });
        client.batch_execute("LISTEN countersign").await.map_err(fail)?;
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(fail)?;
        let backend = row.try_get(0).map_err(fail)?;
        Ok(Self { client, backend, heard })
    }
}

async fn keep_listening(server: Server, feed: Feed, mut inbox: mpsc::Receiver<Vec<Change>>, first: Line) {
    let mut line = Some(first);
    let mut pause = Duration::from_secs(1);
    loop {
        if let Some(open) = line.take() {
            if listen(open, &feed, &mut inbox).await {
                return;
            }
            tracing::warn!("the connection for notifications was lost");
        }
        tokio::time::sleep(pause).await;
        if inbox.is_closed() && inbox.is_empty() {
            return;
        }
        match Line::open(&server).await {
            Ok(open) => {
                pause = Duration::from_secs(1);
                feed.publish(&[resync()]);
                line = Some(open);
            }
            Err(error) => {
                tracing::warn!(%error, "listening for notifications again failed");
                pause = (pause * 2).min(Duration::from_secs(PAUSE_SECONDS_MAX));
            }
        }
    }
}

fn resync() -> Change {
    Change { workspace: String::new(), kind: ChangeKind::Resync, id: String::new() }
}

/// Passes on what is heard and sends what is announced; `true` when everything was sent and nobody announces any more.
async fn listen(mut line: Line, feed: &Feed, inbox: &mut mpsc::Receiver<Vec<Change>>) -> bool {
    let mut waiting = Vec::new();
    loop {
        tokio::select! {
            heard = line.heard.recv() => match heard {
                Some((backend, _)) if backend == line.backend => {}
                Some((_, payload)) => match serde_json::from_str::<Payload>(&payload) {
                    Ok(payload) => feed.publish(&payload.changes),
                    Err(error) => tracing::warn!(%error, "a notification could not be read"),
                },
                None => return false,
            },
            count = inbox.recv_many(&mut waiting, WAITING_MAX) => {
                if count == 0 {
                    return true;
                }
                let payloads = payloads(waiting.drain(..).flatten());
                let sql = "SELECT pg_notify('countersign', p) FROM unnest($1::text[]) AS n (p)";
                if line.client.query(sql, &[&payloads]).await.is_err() {
                    return false;
                }
            }
        }
    }
}

/// Packs changes, each once, into as few payloads as fit.
fn payloads(changes: impl Iterator<Item = Change>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut packed = Vec::new();
    let mut next = Payload { changes: Vec::new() };
    let mut bytes = 0;
    let mut finish = |payload: &mut Payload| {
        // Text always serialises.
        packed.push(serde_json::to_string(payload).unwrap_or_default());
        payload.changes.clear();
    };
    for change in changes.filter(|change| seen.insert(change.clone())) {
        let size = serde_json::to_string(&change).map_or(0, |text| text.len() + 1);
        if bytes + size > PAYLOAD_BYTES_MAX && !next.changes.is_empty() {
            finish(&mut next);
            bytes = 0;
        }
        bytes += size;
        next.changes.push(change);
    }
    if !next.changes.is_empty() {
        finish(&mut next);
    }
    packed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn payloads_stay_below_the_limit_and_lose_nothing() {
        let change = |index: usize| Change {
            workspace: "w".repeat(36),
            kind: ChangeKind::Checkpoint,
            id: format!("{}-{index}", "x".repeat(index % 60)),
        };
        let changes: Vec<Change> = (0..500).map(change).collect();
        let packed = payloads(changes.iter().chain(&changes).cloned());
        assert!(packed.iter().all(|payload| payload.len() < 8_000));
        let read: Vec<Change> =
            packed.iter().flat_map(|payload| serde_json::from_str::<Payload>(payload).unwrap().changes).collect();
        assert_eq!(read, changes);
        assert!(payloads(std::iter::empty()).is_empty());
    }
}
