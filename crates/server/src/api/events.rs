//! Live pages: hints that something changed. The page reads it again.

use crate::{
    app::App,
    auth::{Caller, Visitor},
    http::problem::{ApiError, ApiResult},
};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use countersign_store::{Change, ChangeKind};
use futures::stream::{self, Stream};
use serde_json::json;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

/// A stream ends after this long; the browser opens it again, with its credentials checked anew.
const STREAM_AGE_MAX: Duration = Duration::from_secs(15 * 60);
/// How often an idle stream says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Live =
    Sse<axum::response::sse::KeepAliveStream<std::pin::Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>>>>;

/// What a stream lets through.
enum Scope {
    /// Everything of a workspace.
    Workspace(String),
    /// One conversation of it.
    Conversation(String, String),
}

impl Scope {
    fn takes(&self, change: &Change) -> bool {
        if change.kind == ChangeKind::Resync {
            return true;
        }
        match self {
            Self::Workspace(workspace) => change.workspace == *workspace,
            Self::Conversation(workspace, conversation) => {
                change.kind == ChangeKind::Conversation && change.workspace == *workspace && change.id == *conversation
            }
        }
    }
}

struct Feed {
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    end: tokio::time::Instant,
    scope: Scope,
    first: bool,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.first) {
            // Tells the browser how soon to come back, and that the stream stands.
            return Some(Event::default().retry(Duration::from_secs(2)).event("hello").data("{}"));
        }
        loop {
            let change = tokio::select! {
                change = self.changes.recv() => change,
                _ = self.closing.wait_for(|closing| *closing) => return None,
                () = tokio::time::sleep_until(self.end) => return None,
            };
            match change {
                Ok(change) if self.scope.takes(&change) => return Some(event(&change)),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(resync()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

fn event(change: &Change) -> Event {
    let name = match change.kind {
        ChangeKind::Run => "run",
        ChangeKind::Checkpoint => "checkpoint",
        ChangeKind::Conversation => "conversation",
        ChangeKind::Workflow => "workflow",
        ChangeKind::Resync => return resync(),
    };
    Event::default().event(name).data(json!({ "kind": name, "id": change.id }).to_string())
}

fn resync() -> Event {
    Event::default().event("resync").data(json!({ "kind": "resync", "id": "" }).to_string())
}

fn live(app: &App, scope: Scope) -> ApiResult<Live> {
    let place = Arc::clone(&app.streams).try_acquire_owned();
    let place = place.map_err(|_| ApiError::busy("too many live pages are open"))?;
    let feed = Feed {
        changes: app.store.subscribe(),
        closing: app.closing.subscribe(),
        end: tokio::time::Instant::now() + STREAM_AGE_MAX,
        scope,
        first: true,
        _place: place,
    };
    let stream: std::pin::Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>> =
        Box::pin(stream::unfold(feed, |mut feed| async move {
            let event = feed.next().await?;
            Some((Ok(event), feed))
        }));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Changes in the workspace, as server-sent events: run, checkpoint, conversation, workflow, resync; data {kind, id}.
#[utoipa::path(get, path = "/events", operation_id = "streamEvents", tag = "events",
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream_events(State(app): State<App>, caller: Caller) -> ApiResult<Live> {
    live(&app, Scope::Workspace(caller.workspace().to_owned()))
}

/// Changes in a chat, as server-sent events: conversation, resync; data {kind, id}.
#[utoipa::path(get, path = "/chat/conversations/{id}/events", operation_id = "streamChat", tag = "chat",
    params(("id" = String, Path), ("visitor" = String, Query, description = "The visitor's secret")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream")),
    security(()))]
pub(crate) async fn stream_chat(State(app): State<App>, Visitor(row): Visitor) -> ApiResult<Live> {
    live(&app, Scope::Conversation(row.workspace, row.id))
}
