//! The workspace and its policy.

use crate::{
    app::App,
    auth::Caller,
    http::{extract::Body, fields::bounded, problem::ApiResult},
};
use axum::{Json, extract::State};
use countersign_api::{Policy, UpdateWorkspaceRequest, Workspace};
use countersign_store::{Role, WorkspaceRow};
use serde_json::json;

/// The policy of a workspace; what cannot be read allows nothing.
pub(crate) fn policy(row: &WorkspaceRow) -> Policy {
    serde_json::from_str(&row.policy).unwrap_or_default()
}

fn view(row: WorkspaceRow) -> Workspace {
    Workspace { policy: policy(&row), id: row.id, slug: row.slug, name: row.name, created_at: row.created_at }
}

/// The workspace and its policy.
#[utoipa::path(get, path = "/workspace", operation_id = "getWorkspace", tag = "workspace",
    responses((status = 200, description = "The workspace", body = Workspace)))]
pub(crate) async fn get_workspace(State(app): State<App>, caller: Caller) -> ApiResult<Json<Workspace>> {
    let row = app.store.get_workspace(caller.workspace()).await?;
    Ok(Json(view(row.unwrap_or_else(|| caller.identity().workspace.clone()))))
}

/// Changes the workspace's name or policy.
#[utoipa::path(patch, path = "/workspace", operation_id = "updateWorkspace", tag = "workspace",
    request_body = UpdateWorkspaceRequest, responses((status = 200, description = "The workspace", body = Workspace)))]
pub(crate) async fn update_workspace(
    State(app): State<App>,
    caller: Caller,
    body: Body<UpdateWorkspaceRequest>,
) -> ApiResult<Json<Workspace>> {
    caller.require(Role::Admin)?;
    let request = body.value;
    let row = app.store.get_workspace(caller.workspace()).await?;
    let mut row = row.unwrap_or_else(|| caller.identity().workspace.clone());
    let before = json!({ "name": row.name, "policy": policy(&row) });
    let name = request.name.as_deref().map(|name| bounded("/name", name, 200)).transpose()?;
    let policy_text = request.policy.as_ref().map(|change| json!(policy(&row).with(change)).to_string());
    row.name = name.clone().unwrap_or(row.name);
    row.policy = policy_text.clone().unwrap_or(row.policy);
    let after = json!({ "name": row.name, "policy": policy(&row) });
    let what = ("workspace.changed", format!("workspace:{}", row.id));
    let entry = caller.changed(app.now(), what, (&before, &after), json!({}));
    app.store.change_workspace(&row.id, name, policy_text, vec![entry]).await?;
    app.identities.clear();
    Ok(Json(view(row)))
}
