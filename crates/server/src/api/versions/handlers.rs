//! Published versions.

use crate::{
    api::{
        documents::source,
        versions::{
            publishing::{Wanted, publish},
            view::{pointer, took, version_detail, view},
        },
        workflows::view::{required_workflow, workflow_detail},
        workspace,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path, Query, invalid_parameter},
        fields::{at_most, bounded},
        problem::{ApiError, ApiResult},
    },
    rows::json,
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{Activation, ActivationKind, DiffResponse, Page, PublishRequest, RollbackRequest, Version};
use countersign_core::difference::document::difference;
use countersign_store::{Activate, ActivationKind as Kind, Role, WorkflowRow};
use serde::Deserialize;
use serde_json::{Value, json as object};
use std::time::Instant;
use utoipa::IntoParams;

/// Longest message of a version, characters.
const MESSAGE_LENGTH_MAX: usize = 2_000;

/// Publishes the draft: checks it, makes a version of it and makes that active.
#[utoipa::path(post, path = "/workflows/{id}/publish", operation_id = "publishWorkflow", tag = "versions",
    params(("id" = String, Path)), request_body = PublishRequest,
    responses((status = 201, description = "The version", body = Version)))]
pub(crate) async fn publish_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PublishRequest>,
) -> ApiResult<(StatusCode, Json<Version>)> {
    caller.require(Role::Builder)?;
    let request = body.value;
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    if row.archived_at.is_some() {
        return Err(ApiError::conflict("archived", "An archived workflow cannot be published"));
    }
    if request.expected_revision.is_some_and(|expected| expected != row.draft_revision) {
        return Err(crate::http::problem::draft_changed(row.draft_revision));
    }
    let wanted = Wanted {
        message: at_most("/message", &request.message, MESSAGE_LENGTH_MAX)?,
        expected_active: request.expected_active.map(Some),
        allow_unguarded: request.allow_unguarded,
        override_tests: match &request.override_tests {
            Some(reason) => Some(bounded("/override_tests", reason, MESSAGE_LENGTH_MAX)?),
            None => None,
        },
    };
    let workspace = app.store.get_workspace(caller.workspace()).await?;
    let policy = workspace.as_ref().map(workspace::policy).unwrap_or_default();
    let version = match publish(&app, &caller, &row, wanted, &policy).await {
        Ok(version) => version,
        // Somebody else was first: the answer says what is now, so that the difference can be shown.
        Err(error) if error.code() == "active_changed" => {
            let now = required_workflow(&app, caller.workspace(), &id).await?;
            return Err(error.current(workflow_detail(&app, now).await?));
        }
        Err(error) => return Err(error),
    };
    Ok((StatusCode::CREATED, Json(version_detail(&app, caller.workspace(), &id, version).await?)))
}

/// Makes another version active. Runs under way stay on theirs.
#[utoipa::path(post, path = "/workflows/{id}/rollback", operation_id = "rollbackWorkflow", tag = "versions",
    params(("id" = String, Path)), request_body = RollbackRequest,
    responses((status = 200, description = "The version", body = Version)))]
pub(crate) async fn rollback_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<RollbackRequest>,
) -> ApiResult<Json<Version>> {
    caller.require(Role::Builder)?;
    let started = Instant::now();
    let request = body.value;
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    let message = at_most("/message", request.message.as_deref().unwrap_or_default(), MESSAGE_LENGTH_MAX)?;
    let activate = Activate {
        workspace: caller.workspace().to_owned(),
        workflow: id.clone(),
        version: request.version,
        by: caller.id().to_owned(),
        expected_active: request.expected_active.map(Some),
        at: app.now(),
        message: Some(message.clone()).filter(|message| !message.is_empty()),
    };
    let detail = object!({
        "workflow": row.name, "version": request.version, "before": row.active_version, "after": request.version,
        "message": message,
    });
    let entry = caller.audit(app.now(), "workflow.rolled_back", format!("workflow:{id}"), detail);
    let position = app.store.activate(&activate, vec![entry]).await?;
    app.engine.workflow_changed(caller.workspace(), &id);
    took(&app, caller.workspace(), &id, position, started).await;
    Ok(Json(version_detail(&app, caller.workspace(), &id, request.version).await?))
}

/// Versions, newest first.
#[utoipa::path(get, path = "/workflows/{id}/versions", operation_id = "listVersions", tag = "versions",
    params(("id" = String, Path)), responses((status = 200, description = "Versions", body = Page<Version>)))]
pub(crate) async fn list_versions(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<Version>>> {
    let pointer = pointer(&app, caller.workspace(), &id).await?;
    let counts = app.store.run_counts(caller.workspace(), Some(&id)).await?;
    let rows = app.store.list_versions(caller.workspace(), &id).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(view(&app, row, &pointer, &counts, false).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// One version with its document.
#[utoipa::path(get, path = "/workflows/{id}/versions/{n}", operation_id = "getVersion", tag = "versions",
    params(("id" = String, Path), ("n" = u32, Path)),
    responses((status = 200, description = "The version", body = Version)))]
pub(crate) async fn get_version(
    State(app): State<App>,
    caller: Caller,
    Path((id, n)): Path<(String, u32)>,
) -> ApiResult<Json<Version>> {
    Ok(Json(version_detail(&app, caller.workspace(), &id, n).await?))
}

/// What to compare.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// Version number, or `draft`; the active version when absent.
    from: Option<String>,
    /// Version number, or `draft`; the draft when absent.
    to: Option<String>,
}

/// What differs between two versions, or a version and the draft.
#[utoipa::path(get, path = "/workflows/{id}/diff", operation_id = "diffVersions", tag = "versions",
    params(("id" = String, Path), DiffQuery),
    responses((status = 200, description = "Differences", body = DiffResponse)))]
pub(crate) async fn diff_versions(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<DiffQuery>,
) -> ApiResult<Json<DiffResponse>> {
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    let active = row.active_version.map(|version| version.to_string());
    let from = query.from.or(active).unwrap_or_else(|| "none".to_owned());
    let to = query.to.unwrap_or_else(|| "draft".to_owned());
    let (before, after) = (document(&app, &row, "from", &from).await?, document(&app, &row, "to", &to).await?);
    let (before_text, after_text) = (yaml(&before)?, yaml(&after)?);
    let found = difference(&before, &after);
    Ok(Json(DiffResponse {
        text_diff: source::text_difference((&from, &before_text), (&to, &after_text)),
        steps: source::step_difference(&found),
        changes: found.steps.into_iter().map(Into::into).collect(),
        connections: found.connections.into_iter().map(Into::into).collect(),
        document: found.document.into_iter().map(Into::into).collect(),
        from,
        to,
    }))
}

fn yaml(document: &Value) -> ApiResult<String> {
    if document.is_null() { Ok(String::new()) } else { source::to_yaml(document) }
}

/// A document by version number, `draft`, or `none` for a workflow that was never published.
async fn document(app: &App, row: &WorkflowRow, name: &str, which: &str) -> ApiResult<Value> {
    match which {
        "draft" => return Ok(json(&row.draft)),
        "none" => return Ok(Value::Null),
        _ => {}
    }
    let version = which.parse().map_err(|_| invalid_parameter(Some(name), "a version number, or `draft`"))?;
    let version = app.store.get_version(&row.workspace, &row.id, version).await?;
    Ok(json(&version.ok_or_else(|| ApiError::not_found("version"))?.document))
}

/// Moves of the active version, newest first.
#[utoipa::path(get, path = "/workflows/{id}/activations", operation_id = "listActivations", tag = "versions",
    params(("id" = String, Path)), responses((status = 200, description = "Moves", body = Page<Activation>)))]
pub(crate) async fn list_activations(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<Activation>>> {
    required_workflow(&app, caller.workspace(), &id).await?;
    let versions = app.store.list_versions(caller.workspace(), &id).await?;
    let rows = app.store.list_activations(caller.workspace(), &id).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let version = versions.iter().find(|version| version.version == row.version);
        items.push(Activation {
            position: row.position,
            version: row.version,
            kind: match row.kind {
                Kind::Publish => ActivationKind::Publish,
                Kind::Rollback => ActivationKind::Rollback,
                Kind::Ramp => ActivationKind::Ramp,
                Kind::RampEnd => ActivationKind::RampEnd,
            },
            at: row.at,
            by: app.some_person(caller.workspace(), Some(&row.by)).await?,
            message: row.message.or_else(|| version.map(|version| version.message.clone())),
            percent: row.percent,
            took_us: row.took_us,
        });
    }
    Ok(Json(Page::whole(items)))
}
