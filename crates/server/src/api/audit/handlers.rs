//! Reading, exporting and verifying the trail.

use super::view::entries;
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Query, invalid_parameter, limit},
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use countersign_api::{AuditEntry, AuditVerifyResponse, Page};
use countersign_store::{AuditFilter, AuditRow, Role};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Who: `user:<id>`, `key:<id>`, `customer:<id>`, `system`.
    actor: Option<String>,
    /// Begin of the action, for example `workflow.`.
    action: Option<String>,
    /// On what, for example `workflow:<id>`.
    subject: Option<String>,
    /// Not before, milliseconds since the epoch.
    after: Option<i64>,
    /// Not after, milliseconds since the epoch.
    before: Option<i64>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Entries, newest first.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "Entries", body = Page<AuditEntry>)))]
pub(crate) async fn list_audit(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> ApiResult<Json<Page<AuditEntry>>> {
    caller.require(Role::Admin)?;
    let not_a_cursor = |_| invalid_parameter(Some("cursor"), "not a cursor of this list");
    let before_seq = query.cursor.as_deref().map(str::parse).transpose().map_err(not_a_cursor)?;
    let limit = limit(query.limit, 50, 200)?;
    let filter = AuditFilter {
        actor: query.actor,
        action_prefix: query.action,
        subject: query.subject,
        after_at: query.after,
        before_at: query.before,
    };
    let mut rows = app.store.list_audit(caller.workspace(), &filter, before_seq, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    Ok(Json(Page { items: entries(&app, caller.workspace(), rows).await?, next }))
}

/// Where an export goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Only entries after this number; 0 when absent.
    after: Option<u64>,
    /// Entries wanted, 1 to 1,000; 1,000 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Entries as stored, oldest first, one JSON object a line, after a line that names the key the receipts are signed with:
/// what `countersign audit verify --file` reads offline.
#[utoipa::path(get, path = "/audit/export", operation_id = "exportAudit", tag = "audit", params(ExportQuery),
    responses((status = 200, description = "JSON lines; empty at the end", body = String,
        content_type = "application/x-ndjson")))]
pub(crate) async fn export_audit(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ExportQuery>,
) -> ApiResult<([(HeaderName, &'static str); 1], String)> {
    caller.require(Role::Admin)?;
    let limit = limit(query.limit, 1000, 1000)?;
    let (workspace, after) = (caller.workspace(), query.after.unwrap_or(0));
    let mut rows = app.store.export_audit(workspace, after, limit).await?;
    // What leaves the house is on the record before, although a GET asks for it. What tells of nothing but the caller's own
    // exports is not, or an export would never end.
    let entry = caller.audit(app.now(), "audit.exported", "audit".to_owned(), json!({ "after": after }));
    let own = |row: &AuditRow| row.action == entry.action && row.actor == entry.actor;
    if after == 0 || !rows.iter().all(own) {
        app.store.append_audit(workspace, vec![entry]).await?;
        rows = app.store.export_audit(workspace, after, limit).await?;
    }
    let mut lines = String::new();
    if let (0, Some(key)) = (after, app.store.receipt_key(workspace)) {
        lines = format!("{}\n", json!({ "workspace": workspace, "public_key": key }));
    }
    for row in &rows {
        lines.push_str(&serde_json::to_string(row).map_err(ApiError::internal)?);
        lines.push('\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines))
}

/// What the chain is held against.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerifyQuery {
    /// Hash of an entry that was noted elsewhere, 64 hex digits: whether the trail still has it.
    head: Option<String>,
}

/// Walks along the chain and says whether it holds.
#[utoipa::path(get, path = "/audit/verify", operation_id = "verifyAudit", tag = "audit", params(VerifyQuery),
    responses((status = 200, description = "Whether the chain holds", body = AuditVerifyResponse)))]
pub(crate) async fn verify_audit(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<VerifyQuery>,
) -> ApiResult<Json<AuditVerifyResponse>> {
    caller.require(Role::Admin)?;
    let noted = query.head.map(|head| head.to_ascii_lowercase());
    if noted.as_ref().is_some_and(|head| head.len() != 64 || !head.bytes().all(|digit| digit.is_ascii_hexdigit())) {
        return Err(invalid_parameter(Some("head"), "the hash of an entry: 64 hex digits"));
    }
    let (verdict, head_at) = app.store.verify_audit_with(caller.workspace(), noted.as_deref()).await?;
    Ok(Json(AuditVerifyResponse {
        entries: verdict.entries,
        ok: verdict.broken_at.is_none() && (noted.is_none() || head_at.is_some()),
        broken_at: verdict.broken_at,
        head: verdict.head,
        head_at,
        public_key: app.store.receipt_key(caller.workspace()),
    }))
}
