//! Sending a part of the new runs to another version.

use crate::{
    api::{
        versions::view::{took, version_detail},
        workflows::view::required_workflow,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{RampRequest, Version};
use countersign_store::{Role, SetRamp};
use serde_json::json;
use std::time::Instant;

/// Sends a part of the new runs to a version; the others take the active one. Which is told by the run's id.
#[utoipa::path(put, path = "/workflows/{id}/ramp", operation_id = "rampWorkflow", tag = "versions",
    params(("id" = String, Path)), request_body = RampRequest,
    responses((status = 200, description = "The version that is ramped", body = Version)))]
pub(crate) async fn ramp_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<RampRequest>,
) -> ApiResult<Json<Version>> {
    caller.require(Role::Builder)?;
    let RampRequest { version, percent } = body.value;
    if !(1..=99).contains(&percent) {
        return Err(ApiError::invalid("/percent", "1 to 99; to send all new runs there, roll back to that version"));
    }
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    if row.active_version == Some(version) {
        return Err(ApiError::invalid("/version", "this version is active: new runs take it already"));
    }
    set(&app, &caller, &id, Some((version, percent))).await?;
    Ok(Json(version_detail(&app, caller.workspace(), &id, version).await?))
}

/// Ends the ramp: all new runs take the active version.
#[utoipa::path(delete, path = "/workflows/{id}/ramp", operation_id = "endRamp", tag = "versions",
    params(("id" = String, Path)), responses((status = 204, description = "There is no ramp")))]
pub(crate) async fn end_ramp(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> ApiResult<StatusCode> {
    caller.require(Role::Builder)?;
    set(&app, &caller, &id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(app: &App, caller: &Caller, id: &str, ramp: Option<(u32, u32)>) -> ApiResult<()> {
    let started = Instant::now();
    let workspace = caller.workspace();
    let row = required_workflow(app, workspace, id).await?;
    let expected_active = row.active_version;
    let expected_active =
        expected_active.ok_or_else(|| ApiError::conflict("not_published", "This workflow has no published version"))?;
    let before = app.store.get_pointer(workspace, id).await?;
    let before = before.and_then(|pointer| pointer.ramp_version.zip(pointer.ramp_percent));
    if ramp.is_none() && before.is_none() {
        return Ok(());
    }
    let told =
        |ramp: Option<(u32, u32)>| ramp.map(|(version, percent)| json!({ "version": version, "percent": percent }));
    let detail =
        json!({ "workflow": row.name, "active": expected_active, "before": told(before), "after": told(ramp) });
    let action = if ramp.is_some() { "workflow.ramped" } else { "workflow.ramp_ended" };
    let entry = caller.audit(app.now(), action, format!("workflow:{id}"), detail);
    let wanted = SetRamp {
        workspace: workspace.to_owned(),
        workflow: id.to_owned(),
        ramp,
        expected_active,
        by: caller.id().to_owned(),
        at: app.now(),
    };
    let position = app.store.set_ramp(&wanted, vec![entry]).await?;
    app.engine.workflow_changed(workspace, id);
    if let Some(position) = position {
        took(app, workspace, id, position, started).await;
    }
    Ok(())
}
