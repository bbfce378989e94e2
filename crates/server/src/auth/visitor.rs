//! A customer in the chat: no account, one secret per conversation.

use crate::{
    app::App,
    auth::secret::sha256_hex,
    http::problem::{ApiError, ApiResult},
};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{StatusCode, request::Parts},
};
use countersign_store::ConversationRow;
use subtle::ConstantTimeEq;

/// The conversation the visitor's secret opens, which must be the one in the path.
pub(crate) struct Visitor(pub(crate) ConversationRow);

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let header = parts.headers.get("x-visitor").and_then(|value| value.to_str().ok()).map(str::to_owned);
        // An EventSource cannot send headers: only the stream takes the secret from the address.
        let query = || {
            if !parts.uri.path().ends_with("/events") {
                return None;
            }
            let query = parts.uri.query()?;
            query.split('&').find_map(|pair| pair.strip_prefix("visitor=")).map(str::to_owned)
        };
        let secret = header.or_else(query).filter(|secret| !secret.is_empty()).ok_or_else(|| {
            ApiError::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Send X-Visitor with the conversation's token")
        })?;
        let path = RawPathParams::from_request_parts(parts, app).await.map_err(ApiError::internal)?;
        let wanted = path.iter().find(|(name, _)| *name == "id").map(|(_, value)| value.to_owned()).unwrap_or_default();
        let found = app.store.find_conversation_by_token(&sha256_hex(secret.as_bytes())).await?;
        let row = found.filter(|row| bool::from(row.id.as_bytes().ct_eq(wanted.as_bytes())));
        // Another conversation's secret must not tell whether this one exists.
        row.map(Self).ok_or_else(|| ApiError::not_found("conversation"))
    }
}
