//! JSON bodies, with errors that say where.

use crate::{
    app::App,
    http::problem::{ApiError, ApiResult},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use countersign_core::text::{names_nul, whole_beyond};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The longest an upload may take to arrive.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// A JSON body, and its bytes for the hash of the request.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    bytes: Bytes,
}

/// A JSON body that holds a whole file: at most [`UPLOAD_BYTES_MAX`].
pub(crate) struct Upload<T>(pub(crate) T);

/// Longest body of an upload, bytes.
const UPLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A body as it came, of any media type.
pub(crate) struct Raw(pub(crate) Bytes);

impl FromRequest<App> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> ApiResult<Self> {
        read(request, app).await.map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T> Body<T> {
    /// SHA-256 hex of the body: what an idempotency key stands for.
    pub(crate) fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> ApiResult<Self> {
        check_media_type(request.headers())?;
        let bytes = read(request, app).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> ApiResult<Self> {
        let media_type = check_media_type(request.headers());
        let bytes = read(request, app).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        media_type?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Upload<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> ApiResult<Self> {
        check_media_type(request.headers())?;
        let arrived = in_time(UPLOAD_TIMEOUT, axum::body::to_bytes(request.into_body(), UPLOAD_BYTES_MAX)).await?;
        let bytes = arrived.map_err(|_| {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
                .detail("At most 64 MiB.")
        })?;
        parse(&bytes).map(Self)
    }
}

fn check_media_type(headers: &HeaderMap) -> ApiResult<()> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5
            && essence.is_char_boundary(essence.len() - 5)
            && essence[essence.len() - 5..].eq_ignore_ascii_case("+json"));
    if json {
        return Ok(());
    }
    let title = "Send JSON with Content-Type: application/json";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", title))
}

async fn read(request: Request, app: &App) -> ApiResult<Bytes> {
    in_time(app.config.body_timeout, Bytes::from_request(request, app)).await?.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large();
        }
        ApiError::new(StatusCode::BAD_REQUEST, "body_unreadable", "The body could not be read")
    })
}

/// A place is held for a request whose body is on its way.
async fn in_time<T>(limit: Duration, arrives: impl Future<Output = T>) -> ApiResult<T> {
    let late = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body did not arrive in time");
    tokio::time::timeout(limit, arrives).await.map_err(late)
}

/// The body is over its bound.
pub(crate) fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
        .detail("At most 2 MiB, a workflow document at most 1 MiB.")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    if names_nul(bytes) {
        return Err(ApiError::invalid("", "the character U+0000 cannot be kept: leave it out"));
    }
    if let Some(digits) = whole_beyond(bytes) {
        let detail =
            format!("{digits} is a whole number beyond 64 bits, of which digits would be lost: send it as text");
        return Err(ApiError::invalid("", detail));
    }
    // Some editors and programs put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // An object is also read from the list of its members' values, which is nothing that anybody means.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::invalid("", "expected an object, not a list").position(1, 1));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        shape_error(pointer, error.inner())
    })?;
    deserializer.end().map_err(|error| shape_error(String::new(), &error))?;
    Ok(value)
}

fn shape_error(pointer: String, error: &serde_json::Error) -> ApiError {
    let message = error.to_string();
    // serde_json appends " at line 1 column 2"; that is told in members of its own.
    let detail = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text).to_owned();
    match error.classify() {
        serde_json::error::Category::Data => ApiError::invalid(pointer, detail).position(error.line(), error.column()),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
            ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", "The body is not JSON")
                .detail(detail)
                .position(error.line(), error.column())
        }
    }
}

/// A JSON pointer from the path of serde_path_to_error.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => countersign_core::pointer::token(key),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}
