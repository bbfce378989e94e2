//! The workspace and its policy.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::Body,
        fields::bounded,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{Policy, PolicyChange, UpdateWorkspaceRequest, WaitingMessages, Workspace};
use countersign_core::run::WAITING_WORDS_MAX;
use countersign_store::{Role, WorkspaceRow};
use serde_json::json;

/// How often a change is put on top of what others changed meanwhile.
const MERGES_MAX: usize = 20;

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
    if let Some(change) = &request.policy {
        checked(&app, caller.workspace(), change).await?;
    }
    let name = request.name.as_deref().map(|name| bounded("/name", name, 200)).transpose()?;
    for _ in 0..MERGES_MAX {
        let row = app.store.get_workspace(caller.workspace()).await?.ok_or_else(|| ApiError::not_found("workspace"))?;
        let mut changed = row.clone();
        if let Some(name) = &name {
            changed.name.clone_from(name);
        }
        if let Some(change) = &request.policy {
            changed.policy = json!(policy(&row).with(change)).to_string();
        }
        let told = |row: &WorkspaceRow| json!({ "name": row.name, "policy": policy(row) });
        let what = ("workspace.changed", format!("workspace:{}", row.id));
        let entry = caller.changed(app.now(), what, (&told(&row), &told(&changed)), json!({}));
        if app.store.change_workspace(&row, &changed, vec![entry]).await? {
            app.identities.clear();
            app.engine.policy_changed(caller.workspace());
            return Ok(Json(view(changed)));
        }
    }
    Err(ApiError::conflict("workspace_changed", "Others change the workspace at the same moment"))
}

/// Words have a length, and a fallback can be started by a message.
async fn checked(app: &App, workspace: &str, change: &PolicyChange) -> ApiResult<()> {
    if let Some(WaitingMessages { approval, failure }) = &change.waiting_messages {
        for (pointer, text) in [("approval", approval), ("failure", failure)] {
            let pointer = format!("/policy/waiting_messages/{pointer}");
            if !text.is_empty() {
                bounded(&pointer, text, WAITING_WORDS_MAX)?;
            }
        }
    }
    if let Some(workflow) = change.fallback_workflow.as_deref().filter(|workflow| !workflow.is_empty())
        && let Some(reason) = app.engine.why_no_fallback(workspace, workflow).await?
    {
        return Err(ApiError::invalid("/policy/fallback_workflow", &reason));
    }
    Ok(())
}
