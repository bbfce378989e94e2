//! Workflows.

use crate::{
    api::documents::{around::check_in, source},
    app::App,
    http::problem::{ApiError, ApiResult},
    rows::json,
};
use countersign_api::{RunGlance, Workflow};
use countersign_store::{RunBrief, WorkflowRow};

/// The workflow of that id, or 404.
pub(crate) async fn required_workflow(app: &App, workspace: &str, id: &str) -> ApiResult<WorkflowRow> {
    app.store.get_workflow(workspace, id).await?.ok_or_else(|| ApiError::not_found("workflow"))
}

/// A run at a glance.
pub(crate) fn glance(row: RunBrief) -> RunGlance {
    RunGlance {
        id: row.id,
        title: row.title,
        status: row.status,
        started_at: row.started_at,
        error_message: row.error_message,
    }
}

/// A workflow with its draft and what the checks say.
pub(crate) async fn workflow_detail(app: &App, row: WorkflowRow) -> ApiResult<Workflow> {
    let has_unpublished_changes = match row.active_version {
        Some(active) => {
            let version = app.store.get_version(&row.workspace, &row.id, active).await?;
            version.is_none_or(|version| version.hash != source::hash(&row.draft))
        }
        None => true,
    };
    let draft = json(&row.draft);
    let diagnostics = check_in(app, &row.workspace, &draft).await?;
    Ok(Workflow {
        draft_updated_by: app.some_person(&row.workspace, row.draft_updated_by.as_deref()).await?,
        id: row.id,
        name: row.name,
        draft,
        draft_revision: row.draft_revision,
        draft_updated_at: row.draft_updated_at,
        active_version: row.active_version,
        last_version: row.last_version,
        has_unpublished_changes,
        archived_at: row.archived_at,
        diagnostics,
    })
}
