//! The gallery.

use crate::{
    app::App,
    documents,
    error::{ApiError, ApiResult},
    extract::{Body, Caller, IdempotencyHeader, Path},
    handlers::bounded,
    idempotency::Once,
    templates, test_cases,
    views::workflow_detail,
    wire::{Page, Template, UseTemplateRequest, Workflow},
};
use axum::{Json, extract::State, response::Response};
use countersign_store::{Role, WorkflowRow};
use serde_json::json as object;
use uuid::Uuid;

/// Workflows to begin with.
#[utoipa::path(get, path = "/templates", operation_id = "listTemplates", tag = "workflows",
    responses((status = 200, description = "Templates", body = Page<Template>)))]
pub(crate) async fn list_templates(_: Caller) -> Json<Page<Template>> {
    Json(Page::whole(templates::all().to_vec()))
}

/// Makes a workflow from a template, with its test cases.
#[utoipa::path(post, path = "/templates/{name}/use", operation_id = "useTemplate", tag = "workflows",
    params(("name" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = UseTemplateRequest,
    responses((status = 201, description = "The workflow", body = Workflow)))]
pub(crate) async fn use_template(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<UseTemplateRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Builder)?;
    let example = templates::example(&id).ok_or_else(|| ApiError::not_found("template"))?;
    let (workspace, scope) = (caller.workspace().to_owned(), format!("template:{id}"));
    let once = Once { app: app.clone(), workspace, scope, key, request_hash: body.hash() };
    once.run(make(app, caller, example, body.value)).await
}

async fn make(
    app: App,
    caller: Caller,
    example: &templates::Example,
    request: UseTemplateRequest,
) -> ApiResult<Workflow> {
    let mut document = documents::read(None, Some(example.source))?;
    if let Some(name) = &request.name {
        document["name"] = object!(bounded("/name", name, 200)?);
    }
    let row = WorkflowRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        name: documents::name_of(&document)?,
        draft: documents::keepable(&document)?,
        draft_revision: 1,
        draft_updated_at: app.now(),
        draft_updated_by: Some(caller.id().to_owned()),
        active_version: None,
        last_version: 0,
        created_at: app.now(),
        archived_at: None,
    };
    let detail = object!({ "workflow": row.name, "template": example.id });
    let entry = caller.audit(app.now(), "workflow.created", format!("workflow:{}", row.id), detail);
    app.store.create_workflow(&row, vec![entry]).await?;
    app.workflows.clear();
    test_cases::replace(&app, &row, &test_cases::read(example.tests)?).await?;
    workflow_detail(&app, row).await
}
