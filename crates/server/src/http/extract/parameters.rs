//! Parts of the path and the query.

use crate::http::problem::{ApiError, ApiResult};
use axum::{
    extract::{FromRequestParts, Query as AxumQuery},
    http::{StatusCode, request::Parts},
};
use countersign_store::{Cursor, PageRequest};
use serde::{Deserialize, de::DeserializeOwned};
use std::str::FromStr;
use utoipa::IntoParams;

/// Parts of the path. What does not parse names nothing: 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        refuse_nul(parts.uri.path())?;
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| ApiError::not_found("this"))
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        refuse_nul(parts.uri.query().unwrap_or_default())?;
        AxumQuery::try_from_uri(&parts.uri)
            .map(|AxumQuery(value)| Self(value))
            .map_err(|error| invalid_parameter(None, error.body_text()))
    }
}

/// U+0000 names nothing and is in nothing that is kept: an encoded part of an address that has it is refused.
pub(crate) fn refuse_nul(encoded: &str) -> ApiResult<()> {
    if encoded.contains("%00") {
        return Err(invalid_parameter(None, "the character U+0000 is in nothing that is kept"));
    }
    Ok(())
}

/// A parameter that makes no sense.
pub(crate) fn invalid_parameter(name: Option<&str>, detail: impl Into<String>) -> ApiError {
    let error = ApiError::new(StatusCode::BAD_REQUEST, "invalid_parameter", "A parameter does not fit").detail(detail);
    match name {
        Some(name) => error.pointer(name),
        None => error,
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

impl Listing {
    pub(crate) fn page(&self) -> ApiResult<PageRequest> {
        let after = match self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(text) => Some(
                Cursor::from_str(text).map_err(|_| invalid_parameter(Some("cursor"), "not a cursor of this list"))?,
            ),
        };
        Ok(PageRequest { after, limit: limit(self.limit, 50, countersign_store::PAGE_MAX)? })
    }
}

/// How many items are wanted: from 1 on, or what is usual.
pub(crate) fn limit(wanted: Option<u32>, usual: u32, most: u32) -> ApiResult<u32> {
    let wanted = wanted.unwrap_or(usual);
    if (1..=most).contains(&wanted) {
        return Ok(wanted);
    }
    Err(invalid_parameter(Some("limit"), format!("{wanted} is not between 1 and {most}")))
}

/// Reads a comma-separated list of words of an enum; absent means none.
pub(crate) fn words<T: FromStr>(name: &str, text: Option<&str>) -> ApiResult<Vec<T>>
where
    T::Err: std::fmt::Display,
{
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    text.split(',')
        .map(|word| word.trim().parse().map_err(|error: T::Err| invalid_parameter(Some(name), error.to_string())))
        .collect()
}
