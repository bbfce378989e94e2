//! Versions as they are told, and how long a move of the pointer took.

use crate::{
    app::App,
    http::problem::{ApiError, ApiResult},
    rows::json,
};
use countersign_api::{RunCounts, Version};
use countersign_engine::{EngineError, VersionRecord};
use countersign_store::{PointerRow, RunCount, WorkflowVersionRow};
use std::time::Instant;

/// A version for the page; its document only when asked for.
pub(super) async fn view(
    app: &App,
    row: WorkflowVersionRow,
    pointer: &PointerRow,
    counts: &[RunCount],
    with_document: bool,
) -> ApiResult<Version> {
    let mut runs = RunCounts::default();
    for count in counts.iter().filter(|count| count.version == row.version) {
        runs.add(count.status, count.count);
    }
    let record = VersionRecord::read(row.detail.as_deref()).map_err(|error| EngineError::Corrupt(error.to_string()))?;
    Ok(Version {
        author: app.some_person(&row.workspace, Some(&row.author)).await?,
        version: row.version,
        hash: row.hash,
        message: row.message,
        created_at: row.published_at,
        active: pointer.active_version == Some(row.version),
        ramp_percent: pointer.ramp_percent.filter(|_| pointer.ramp_version == Some(row.version)),
        allow_unguarded: record.allow_unguarded,
        runs,
        document: with_document.then(|| json(&row.document)),
    })
}

/// Where the active version points.
pub(super) async fn pointer(app: &App, workspace: &str, id: &str) -> ApiResult<PointerRow> {
    app.store.get_pointer(workspace, id).await?.ok_or_else(|| ApiError::not_found("workflow"))
}

/// A version with its document.
pub(crate) async fn version_detail(app: &App, workspace: &str, id: &str, version: u32) -> ApiResult<Version> {
    let pointer = pointer(app, workspace, id).await?;
    let row = app.store.get_version(workspace, id, version).await?.ok_or_else(|| ApiError::not_found("version"))?;
    let counts = app.store.run_counts(workspace, Some(id)).await?;
    view(app, row, &pointer, &counts, true).await
}

/// Puts on the record how long a move took. It has taken effect by now, so a failure here does not fail it.
pub(super) async fn took(app: &App, workspace: &str, id: &str, position: u64, started: Instant) {
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if let Err(error) = app.store.activation_took(workspace, id, position, micros).await {
        tracing::warn!(%error, "how long a move of the version took is not on the record");
    }
}
