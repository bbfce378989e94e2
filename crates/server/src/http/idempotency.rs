//! `Idempotency-Key` for requests that create: the first answer is kept and told again.

use crate::{
    app::App,
    auth::Caller,
    http::problem::{ApiError, ApiResult, key_reused},
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_store::{IdempotencyRow, Reservation};
use serde::Serialize;
use std::future::Future;

/// A request that creates something, once per key.
pub(crate) struct Once {
    /// The server.
    app: App,
    /// Whose keys.
    workspace: String,
    /// What kind of request; keys of different kinds do not meet.
    scope: String,
    /// The client's key; without one every request counts.
    key: Option<String>,
    /// Hash of the body.
    request_hash: String,
}

impl Once {
    /// What the caller asks for, once per key of that scope.
    pub(crate) fn of(app: &App, caller: &Caller, scope: impl Into<String>, key: Option<String>, hash: String) -> Self {
        let workspace = caller.workspace().to_owned();
        Self { app: app.clone(), workspace, scope: scope.into(), key, request_hash: hash }
    }

    /// Does the work, unless the key says it was done.
    pub(crate) async fn run<T, F>(self, work: F) -> ApiResult<Response>
    where
        T: Serialize + Send,
        F: Future<Output = ApiResult<T>> + Send,
    {
        self.run_and_keep(work, |_| ()).await
    }

    /// As [`Once::run`], for answers with a secret: `forget` takes it out before the answer is kept.
    pub(crate) async fn run_and_keep<T, F>(self, work: F, forget: fn(&mut T)) -> ApiResult<Response>
    where
        T: Serialize + Send,
        F: Future<Output = ApiResult<T>> + Send,
    {
        let Some(key) = self.key.clone() else { return Ok(created(&work.await?)) };
        if let Some(known) = self.reserve(&key).await? {
            return Ok(known);
        }
        // A client that goes away does not stop this: the guard lets every change run to its end.
        let mut answer = match work.await {
            Ok(answer) => answer,
            Err(error) => {
                self.release(&key).await;
                return Err(error);
            }
        };
        let response = created(&answer);
        forget(&mut answer);
        let body = serde_json::to_string(&answer).map_err(ApiError::internal)?;
        let store = &self.app.store;
        store.complete_idempotency(&self.workspace, &self.scope, &key, StatusCode::CREATED.as_u16(), &body).await?;
        Ok(response)
    }

    async fn reserve(&self, key: &str) -> ApiResult<Option<Response>> {
        let row = IdempotencyRow {
            workspace: self.workspace.clone(),
            scope: self.scope.clone(),
            key: key.to_owned(),
            request_hash: self.request_hash.clone(),
            response_status: None,
            response_body: None,
            run: None,
            created_at: self.app.now(),
        };
        let known = match self.app.store.reserve_idempotency(&row).await? {
            Reservation::Fresh => return Ok(None),
            Reservation::Known(known) => known,
        };
        if known.request_hash != self.request_hash {
            return Err(key_reused());
        }
        match (known.response_status, known.response_body) {
            (Some(status), Some(body)) => Ok(Some(replay(status, body))),
            (Some(_) | None, _) => {
                Err(ApiError::conflict("in_progress", "The first request with this Idempotency-Key is still at work")
                    .retry_after(1))
            }
        }
    }

    async fn release(&self, key: &str) {
        if let Err(error) = self.app.store.release_idempotency(&self.workspace, &self.scope, key).await {
            tracing::warn!(%error, "an idempotency key could not be released");
        }
    }
}

fn created<T: Serialize>(answer: &T) -> Response {
    (StatusCode::CREATED, axum::Json(answer)).into_response()
}

fn replay(status: u16, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
