//! For load balancers and monitoring.

use crate::{
    app::App,
    auth::{bearer, sha256_hex, unauthenticated},
    http::problem::ApiError,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

/// The process is alive.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}

/// The process can take work: the database answers and takes writes, and the engine is not stopping.
pub(crate) async fn readyz(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let database = match app.store.ping().await {
        Ok(()) => app.store.writable().await,
        Err(error) => Err(error),
    };
    let stopping = app.engine.stopping();
    let ready = database.is_ok() && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let database = database.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
    (status, Json(json!({ "ready": ready, "database": database, "stopping": stopping })))
}

/// Prometheus text, for who has the token.
pub(crate) async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(token) = &app.config.metrics_token else { return ApiError::not_found("metrics").into_response() };
    let given = bearer(&headers).unwrap_or_default();
    if !bool::from(sha256_hex(given.as_bytes()).as_bytes().ct_eq(sha256_hex(token.as_bytes()).as_bytes())) {
        return unauthenticated().detail("Send Authorization: Bearer with the token for metrics.").into_response();
    }
    match &app.metrics {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
        }
        None => ApiError::not_found("metrics").into_response(),
    }
}
