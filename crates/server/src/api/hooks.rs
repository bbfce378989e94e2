//! Where platforms post. Nothing is kept before it was shown to come from the platform, and all is on disk before the answer.

use crate::{
    app::App,
    auth::Address,
    http::{
        extract::Raw,
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use countersign_engine::{EngineError, HookAnswer, HookCall, Platform};
use std::{collections::BTreeMap, net::IpAddr};

fn platform(name: &str) -> ApiResult<Platform> {
    Platform::read(name).ok_or_else(|| ApiError::not_found("channel"))
}

/// A request that is not from where it should be costs whoever made it.
pub(super) fn refused(app: &App, address: Option<IpAddr>, error: EngineError) -> ApiError {
    if matches!(error, EngineError::Unverified(_) | EngineError::NotFound(_))
        && let Err(too_many) = app.guesses.hook_refused(address)
    {
        return too_many;
    }
    error.into()
}

/// Answers the registration of a webhook.
pub(crate) async fn handshake(
    State(app): State<App>,
    Address(address): Address,
    Path((channel, account)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> ApiResult<Response> {
    let answered = app.engine.answer_handshake(platform(&channel)?, &account, &query).await;
    let challenge = answered.map_err(|error| refused(&app, address, error))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
}

/// A request as it came.
pub(crate) struct Came {
    address: Option<IpAddr>,
    call: HookCall,
}

impl axum::extract::FromRequest<App> for Came {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, app: &App) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Address(address) =
            match <Address as axum::extract::FromRequestParts<App>>::from_request_parts(&mut parts, app).await {
                Ok(address) => address,
                Err(never) => match never {},
            };
        let call = HookCall {
            headers: named(&parts.headers),
            query: query_of(&parts.uri),
            url: format!("{}{}", app.config.base_url.trim_end_matches('/'), parts.uri),
            bytes: Vec::new(),
        };
        let request = axum::extract::Request::from_parts(parts, body);
        let Raw(bytes) = Raw::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        Ok(Self { address, call: HookCall { bytes: bytes.to_vec(), ..call } })
    }
}

pub(super) fn named(headers: &HeaderMap) -> BTreeMap<String, String> {
    let named = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(named).collect()
}

pub(super) fn query_of(uri: &Uri) -> BTreeMap<String, String> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Receives what a platform tells; answered once it is on disk.
pub(crate) async fn receive(
    State(app): State<App>,
    Path((channel, account)): Path<(String, String)>,
    came: Came,
) -> ApiResult<Response> {
    take(&app, platform(&channel)?, &account, came).await
}

/// The same for mail.
pub(crate) async fn receive_mail(
    State(app): State<App>,
    Path(account): Path<String>,
    came: Came,
) -> ApiResult<Response> {
    take(&app, Platform::Email, &account, came).await
}

async fn take(app: &App, platform: Platform, account: &str, came: Came) -> ApiResult<Response> {
    let Came { address, call } = came;
    let answer = app.engine.accept_hook(platform, account, call).await;
    Ok(match answer.map_err(|error| refused(app, address, error))? {
        HookAnswer::Empty => ().into_response(),
        HookAnswer::Text(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        HookAnswer::Xml(text) => ([(CONTENT_TYPE, "text/xml")], text).into_response(),
    })
}
