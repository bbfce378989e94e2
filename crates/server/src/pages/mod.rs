//! The web pages, inside the executable.

mod conditions;
pub(crate) mod decide;
pub(crate) mod form;
mod form_pages;
mod html;
pub(crate) mod unsubscribe;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run build` made. A build without it has an API and no pages.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Assets;

/// Names under this folder change with their content.
const HASHED: &str = "assets/";

/// The file at a path, or the page that shows all others.
pub(crate) fn page(path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    if !name.is_empty()
        && let Some(file) = Assets::get(name)
    {
        return answer(name, file, headers);
    }
    // A missing file is missing; everything else is a place inside the application.
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if is_file {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    }
    match Assets::get("index.html") {
        Some(file) => answer("index.html", file, headers),
        None => (StatusCode::NOT_FOUND, "this build has no pages; the API is under /api/v1\n").into_response(),
    }
}

fn answer(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = mime_guess::from_path(name).first_or_octet_stream().to_string();
        let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
        ([(header::CONTENT_TYPE, kind)], Body::from(file.data)).into_response()
    };
    let caching = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
