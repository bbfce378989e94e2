//! Live pages: hints that something changed. The page reads it again.

use crate::{
    app::App,
    auth::{Address, Caller, Identity, Visitor, still},
    http::{
        bounds::Share,
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use countersign_store::{Change, ChangeKind};
use futures::stream::{self, Stream};
use serde_json::json;
use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

/// A stream ends after this long; the browser opens it again, with its credentials checked anew.
const STREAM_AGE_MAX: Duration = Duration::from_secs(15 * 60);
/// How often an idle stream says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Live =
    Sse<axum::response::sse::KeepAliveStream<std::pin::Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>>>>;

/// What a stream lets through.
enum Scope {
    /// Everything of a workspace, as long as this one is let in.
    Workspace(Arc<Identity>),
    /// One conversation of it.
    Conversation(String, String),
}

impl Scope {
    fn takes(&self, change: &Change) -> bool {
        if change.kind == ChangeKind::Resync {
            return true;
        }
        match self {
            Self::Workspace(identity) => {
                change.kind != ChangeKind::Inbound && change.workspace == identity.workspace.id
            }
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
    app: App,
    first: bool,
    _place: (OwnedSemaphorePermit, Vec<Share>),
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
                Ok(change) if change.kind == ChangeKind::Access => {
                    if self.scope.takes(&change) && !self.still().await {
                        return None;
                    }
                }
                Ok(change) if self.scope.takes(&change) => return Some(event(&change)),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(resync()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Feed {
    /// Whether who listens would be let in again. A database that does not answer ends the stream: the browser comes back.
    async fn still(&self) -> bool {
        match &self.scope {
            Scope::Workspace(identity) => still(&self.app, identity).await.unwrap_or(false),
            Scope::Conversation(..) => true,
        }
    }
}

fn event(change: &Change) -> Event {
    let name = match change.kind {
        ChangeKind::Run => "run",
        ChangeKind::Checkpoint => "checkpoint",
        ChangeKind::Conversation => "conversation",
        ChangeKind::Workflow => "workflow",
        // Not told to pages.
        ChangeKind::Inbound | ChangeKind::Access | ChangeKind::Resync => return resync(),
    };
    Event::default().event(name).data(json!({ "kind": name, "id": change.id }).to_string())
}

fn resync() -> Event {
    Event::default().event("resync").data(json!({ "kind": "resync", "id": "" }).to_string())
}

/// A place for a stream; visitors' chats take none of the others, and none has more than its part.
fn place(app: &App, scope: &Scope, address: Option<IpAddr>) -> ApiResult<(OwnedSemaphorePermit, Vec<Share>)> {
    let (places, shares) = match scope {
        Scope::Workspace(_) => (&app.streams, Vec::new()),
        Scope::Conversation(_, conversation) => {
            let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
            let shares = vec![app.chats_of_address.take(&address)?, app.chats_of_conversation.take(conversation)?];
            (&app.chat_streams, shares)
        }
    };
    let place = Arc::clone(places).try_acquire_owned();
    Ok((place.map_err(|_| ApiError::busy("too many live pages are open"))?, shares))
}

fn live(app: &App, scope: Scope, address: Option<IpAddr>) -> ApiResult<Live> {
    let place = place(app, &scope, address)?;
    let feed = Feed {
        changes: app.store.subscribe(),
        closing: app.closing.subscribe(),
        end: tokio::time::Instant::now() + STREAM_AGE_MAX,
        scope,
        app: app.clone(),
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
    live(&app, Scope::Workspace(caller.shared_identity()), caller.address())
}

/// Changes in a chat, as server-sent events: conversation, resync; data {kind, id}.
#[utoipa::path(get, path = "/chat/conversations/{id}/events", operation_id = "streamChat", tag = "chat",
    params(("id" = String, Path), ("visitor" = String, Query, description = "The visitor's secret")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream")),
    security(()))]
pub(crate) async fn stream_chat(
    State(app): State<App>,
    Address(address): Address,
    Visitor(row): Visitor,
) -> ApiResult<Live> {
    live(&app, Scope::Conversation(row.workspace, row.id), address)
}
