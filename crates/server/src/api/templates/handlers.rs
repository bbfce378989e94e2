//! The gallery.

use crate::{
    api::{
        documents::source,
        templates::{asks, gallery},
        test_cases::play,
        workflows::{handlers::keep_new, view::workflow_detail},
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, response::Response};
use countersign_api::{Page, Template, UseTemplateRequest, Workflow};
use countersign_store::Role;
use serde_json::json as object;

/// Workflows to begin with.
#[utoipa::path(get, path = "/templates", operation_id = "listTemplates", tag = "workflows",
    responses((status = 200, description = "Templates", body = Page<Template>)))]
pub(crate) async fn list_templates(_: Caller) -> Json<Page<Template>> {
    Json(Page::whole(gallery::all().to_vec()))
}

/// Makes a workflow from a template, with its test cases and what the workspace has for what it asks.
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
    let example = gallery::example(&id).ok_or_else(|| ApiError::not_found("template"))?;
    let once = Once::of(&app, &caller, format!("template:{id}"), key, body.hash());
    once.run(make(app, caller, example, body.value)).await
}

async fn make(
    app: App,
    caller: Caller,
    example: &gallery::Example,
    request: UseTemplateRequest,
) -> ApiResult<Workflow> {
    let mut document = source::read(None, Some(example.source))?;
    if let Some(name) = &request.name {
        document["name"] = object!(bounded("/name", name, 200)?);
    }
    asks::answer(&mut document, gallery::asked(example), &request.settings)?;
    let suite = play::read(example.tests)?;
    let detail = object!({ "template": example.id });
    let row = keep_new(&app, &caller, (&document, Some(&suite)), detail).await?;
    workflow_detail(&app, row).await
}
