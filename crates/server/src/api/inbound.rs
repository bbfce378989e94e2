//! What comes from outside, and what came of it.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Listing, Query, words},
        problem::ApiResult,
    },
    rows::{json, page},
};
use axum::{Json, extract::State};
use countersign_api::{InboundEvent, Page};
use countersign_store::{InboundFilter, InboundRow};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboundQuery {
    /// `waiting` or `done`.
    status: Option<String>,
    /// Through what it came: `conversation:<id>`, `trigger:<workflow>/<trigger>`.
    source: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

fn view(row: InboundRow) -> InboundEvent {
    InboundEvent {
        id: row.id,
        kind: row.kind.to_string(),
        source: row.source,
        payload: json(&row.payload),
        at: row.at,
        attempts: row.attempts,
        status: row.status.to_string(),
        outcome: row.outcome.map(|outcome| outcome.to_string()),
        run: row.run,
        error: row.error,
        done_at: row.done_at,
    }
}

/// What came in, newest first.
#[utoipa::path(get, path = "/inbound", operation_id = "listInbound", tag = "runs", params(InboundQuery),
    responses((status = 200, description = "Events", body = Page<InboundEvent>)))]
pub(crate) async fn list_inbound(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<InboundQuery>,
) -> ApiResult<Json<Page<InboundEvent>>> {
    let wanted = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let status = words("status", query.status.as_deref())?.into_iter().next();
    let filter = InboundFilter { source: query.source, status, ..InboundFilter::default() };
    let found = app.store.list_inbound(caller.workspace(), &filter, &wanted).await?;
    Ok(Json(page(found.items.into_iter().map(view).collect(), found.next)))
}
