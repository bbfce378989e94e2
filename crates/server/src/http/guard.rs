//! What every request passes: a place among those worked on, a time limit, the net under panics, headers, counting.

use crate::{
    app::App,
    auth::{address, known},
    http::{
        bounds::Place,
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

/// Scripts, styles and connections of our own only. Styles may be inline: editors write them at run time.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
/// The chat may be shown inside the business's own pages.
const CHAT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors *";
/// A page for deciding or for a form has a style and forms, and nothing else may be loaded or sent anywhere.
const DECIDE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
/// Answers of the API are data.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Whether a path belongs to the API.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// Wraps every request.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path();
    let kind = Kind::of(path);
    // Probes must be answered when nothing else is.
    let place = if is_probe(path) { Ok(None) } else { place(&app, &request).map(Some) };
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match place {
        Err(full) => full.into_response(),
        Ok(place) if method.is_safe() => run(app.config.request_timeout, request, next, place).await,
        // A client that goes away must not stop a change half-way: it runs to its end in a task of its own.
        Ok(place) => match tokio::spawn(Box::pin(run(app.config.request_timeout, request, next, place))).await {
            Ok(response) => response,
            Err(error) => ApiError::internal(error).into_response(),
        },
    };
    kind.add_headers(response.headers_mut(), app.config.secure());
    count(&method, route.as_ref(), response.status(), started);
    response
}

/// Who was let in lately takes a place nobody else can; others share what there is, by address.
fn place(app: &App, request: &Request) -> ApiResult<Place> {
    if known(app, request.headers()) {
        return app.requests.take(None);
    }
    let address = address(app, request.headers(), request.extensions());
    app.requests.take(Some(&address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())))
}

async fn run(time: Duration, request: Request, next: Next, place: Option<Place>) -> Response {
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(time, work).await {
        Ok(Ok(response)) => response,
        // The panic hook has logged it.
        Ok(Err(_)) => ApiError::internal("a handler panicked").into_response(),
        Err(_) => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "This took too long")
            .retry_after(5)
            .into_response(),
    };
    drop(place);
    response
}

/// What is answered decides the headers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Api,
    Chat,
    Decide,
    Page,
}

impl Kind {
    fn of(path: &str) -> Self {
        if is_api(path) || is_probe(path) {
            Self::Api
        } else if path.starts_with("/c/") {
            Self::Chat
        } else if ["/d/", "/f/", "/u/"].iter().any(|secret| path.starts_with(secret)) {
            Self::Decide
        } else {
            Self::Page
        }
    }

    fn add_headers(self, headers: &mut HeaderMap, secure: bool) {
        let policy = match self {
            Self::Api => API_POLICY,
            Self::Chat => CHAT_POLICY,
            Self::Decide => DECIDE_POLICY,
            Self::Page => POLICY,
        };
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // The address of such a page is a secret.
        let referrer = if self == Self::Decide { "no-referrer" } else { "same-origin" };
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
        if self != Self::Chat {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        if self == Self::Api && !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if secure {
            let value = HeaderValue::from_static("max-age=31536000");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
}

fn count(method: &axum::http::Method, route: Option<&MatchedPath>, status: StatusCode, started: Instant) {
    let route = route.map_or("other", MatchedPath::as_str).to_owned();
    let labels = [("method", method.to_string()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::counter!("countersign_http_requests_total", &labels).increment(1);
    metrics::histogram!("countersign_http_request_seconds", "route" => labels[1].1.clone())
        .record(started.elapsed().as_secs_f64());
}
