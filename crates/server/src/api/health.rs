//! For load balancers and monitoring.

use crate::{app::App, http::problem::ApiError};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

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

/// Prometheus text.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    match &app.metrics {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
        }
        None => ApiError::not_found("metrics").into_response(),
    }
}
