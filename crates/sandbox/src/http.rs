//! The HTTP listener. hyper is used directly because a service that returns an error closes the connection without an
//! answer, which is exactly what the `drop_*` faults need and what a router on top would turn into a 500.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Response, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::{
    Shared, now_ms,
    pass::Outcome,
    post,
    services::customer::Post,
    wire::{reply::Reply, request::Request},
};

const BODY_BYTES_MAX: usize = 1024 * 1024;
const CONNECTIONS_MAX: usize = 4_096;
/// Longer than the 90 seconds clients keep idle connections, so that none is closed under a request on its way.
const HEADER_TIMEOUT: Duration = Duration::from_secs(120);
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed without an answer")]
struct Hangup;

/// Accepts until the task is aborted. At most 4,096 connections at a time; the rest wait in the backlog.
pub(crate) async fn serve(listener: TcpListener, world: Shared) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors: give connections a moment to end instead of spinning.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small; waiting to fill a packet would only add latency.
        stream.set_nodelay(true).ok();
        let world = Arc::clone(&world);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&world, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(slot);
        });
    }
}

async fn answer(world: &Shared, request: hyper::Request<Incoming>) -> Result<Response<Full<Bytes>>, Hangup> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Ok(too_large());
    }
    let collected = match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(collected)) => collected,
        Ok(Err(_)) => return Ok(too_large()),
        Err(_) => return Err(Hangup),
    };
    let request = Request::new(&head, collected.to_bytes());
    let (outcome, posts) = {
        let mut world = world.lock();
        let outcome = world.handle(&request, now_ms());
        (outcome, std::mem::take(&mut world.customer.posts))
    };
    if request.path == "/_/customer" && !posts.is_empty() {
        let statuses = deliver_all(&posts).await;
        return Ok(render(Reply::read(&json!({ "statuses": statuses }))));
    }
    if !posts.is_empty() {
        tokio::spawn(async move { deliver_all(&posts).await });
    }
    match outcome {
        Outcome::Answer { reply, hold } => {
            if !hold.is_zero() {
                tokio::time::sleep(hold).await;
            }
            Ok(render(reply))
        }
        Outcome::Hangup => Err(Hangup),
    }
}

/// Posts one after the other; what each was answered with.
async fn deliver_all(posts: &[Post]) -> Vec<u16> {
    let mut statuses = Vec::with_capacity(posts.len());
    for post in posts {
        statuses.push(post::deliver(post).await);
    }
    statuses
}

fn render(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

fn too_large() -> Response<Full<Bytes>> {
    let body = json!({ "error": { "code": "too_large", "message": "The body is over 1 MiB." } });
    render(Reply::refused(StatusCode::PAYLOAD_TOO_LARGE, &body))
}
