//! Workflows and their drafts.

use crate::{
    api::{
        documents::source,
        test_cases::play,
        workflows::view::{glance, required_workflow, workflow_detail},
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, IfMatch, Path, Query},
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::json,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use countersign_api::{ForkRequest, Page, Workflow, WorkflowSummary, WriteDocumentRequest};
use countersign_core::{difference, play::rehearsal::Suite};
use countersign_store::{Conflict, Role, RunStatus, SaveDraft, StoreError, WorkflowRow};
use serde::Deserialize;
use serde_json::{Value, json as object};
use utoipa::IntoParams;
use uuid::Uuid;

/// Changes of a draft that stand in its entry of the trail.
const CHANGES_MAX: usize = 50;
/// Of each value so many bytes.
const EXCERPT_LENGTH: usize = 300;

type Tagged = ([(header::HeaderName, HeaderValue); 1], Json<Workflow>);

/// Which workflows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowsQuery {
    /// Part of the name.
    text: Option<String>,
    /// Whether archived ones are listed too.
    archived: Option<bool>,
}

/// All workflows by name.
#[utoipa::path(get, path = "/workflows", operation_id = "listWorkflows", tag = "workflows", params(WorkflowsQuery),
    responses((status = 200, description = "Workflows", body = Page<WorkflowSummary>)))]
pub(crate) async fn list_workflows(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<WorkflowsQuery>,
) -> ApiResult<Json<Page<WorkflowSummary>>> {
    let workspace = caller.workspace();
    let rows = app.store.list_workflow_briefs(workspace, query.archived.unwrap_or(false)).await?;
    let counts = app.store.active_run_counts(workspace).await?;
    let text = query.text.unwrap_or_default().to_lowercase();
    let matching: Vec<_> = rows.into_iter().filter(|row| row.name.to_lowercase().contains(&text)).collect();
    let ids: Vec<&str> = matching.iter().map(|row| row.id.as_str()).collect();
    let mut standings = app.store.workflow_standings(workspace, &ids).await?;
    let items = matching.into_iter().map(|row| {
        let count = |status| {
            counts
                .iter()
                .filter(|count| count.workflow == row.id && count.status == status)
                .map(|count| count.count)
                .sum()
        };
        let standing = standings.remove(&row.id).unwrap_or_default();
        WorkflowSummary {
            triggers: row.triggers,
            last_run: standing.last.map(glance),
            last_failure: standing.last_failed.map(glance),
            ended: standing.ended,
            failed: standing.failed,
            running: count(RunStatus::Running),
            waiting: count(RunStatus::Waiting),
            has_unpublished_changes: row.has_unpublished_changes,
            id: row.id,
            name: row.name,
            active_version: row.active_version,
            draft_revision: row.draft_revision,
            draft_updated_at: row.draft_updated_at,
            archived_at: row.archived_at,
        }
    });
    Ok(Json(Page::whole(items.collect())))
}

/// Adds a workflow. Its draft may have errors.
#[utoipa::path(post, path = "/workflows", operation_id = "createWorkflow", tag = "workflows",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = WriteDocumentRequest, responses((status = 201, description = "The workflow", body = Workflow)))]
pub(crate) async fn create_workflow(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<WriteDocumentRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Builder)?;
    let once = Once::of(&app, &caller, "workflow", key, body.hash());
    once.run(add(app, caller, body.value)).await
}

async fn add(app: App, caller: Caller, request: WriteDocumentRequest) -> ApiResult<Workflow> {
    let document = source::read(request.document, request.source.as_deref())?;
    let row = keep_new(&app, &caller, (&document, None), object!({})).await?;
    workflow_detail(&app, row).await
}

/// Stores a document as the draft of a new workflow, with its test cases if it has any; `detail` goes on the record with
/// its name.
pub(crate) async fn keep_new(
    app: &App,
    caller: &Caller,
    (document, suite): (&Value, Option<&Suite>),
    detail: Value,
) -> ApiResult<WorkflowRow> {
    let row = WorkflowRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        name: source::name_of(document)?,
        draft: source::keepable(document)?,
        draft_revision: 1,
        draft_updated_at: app.now(),
        draft_updated_by: Some(caller.id().to_owned()),
        active_version: None,
        last_version: 0,
        created_at: app.now(),
        archived_at: None,
    };
    let mut detail = detail;
    detail["workflow"] = Value::from(row.name.as_str());
    let entry = caller.audit(app.now(), "workflow.created", format!("workflow:{}", row.id), detail);
    let tests = suite.iter().flat_map(|suite| &suite.tests).map(|case| play::row(app, &row, case));
    app.store.create_workflow_with(&row, &tests.collect::<ApiResult<Vec<_>>>()?, vec![entry]).await?;
    app.workflows.clear();
    Ok(row)
}

fn tagged(workflow: Workflow) -> Tagged {
    let tag = HeaderValue::from_str(&format!("\"{}\"", workflow.draft_revision));
    let tag = tag.unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    ([(header::ETAG, tag)], Json(workflow))
}

/// A workflow with its draft. The ETag is the draft's revision.
#[utoipa::path(get, path = "/workflows/{id}", operation_id = "getWorkflow", tag = "workflows",
    params(("id" = String, Path)),
    responses((status = 200, description = "The workflow", body = Workflow, headers(("ETag" = String)))))]
pub(crate) async fn get_workflow(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> ApiResult<Tagged> {
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    Ok(tagged(workflow_detail(&app, row).await?))
}

/// Saves the draft, if nobody else has meanwhile.
#[utoipa::path(put, path = "/workflows/{id}/draft", operation_id = "saveDraft", tag = "workflows",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "ETag of the draft that was changed")),
    request_body = WriteDocumentRequest,
    responses((status = 200, description = "The workflow", body = Workflow, headers(("ETag" = String)))))]
pub(crate) async fn save_draft(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    body: Body<WriteDocumentRequest>,
) -> ApiResult<Tagged> {
    caller.require(Role::Builder)?;
    let before = required_workflow(&app, caller.workspace(), &id).await?;
    let document = source::read(body.value.document, body.value.source.as_deref())?;
    let draft = source::keepable(&document)?;
    let how = ("workflow.draft_saved", object!({}));
    replace_draft(&app, &caller, (before, how), draft, revision).await
}

/// Makes the draft a copy of a version, if nobody else has saved meanwhile.
#[utoipa::path(post, path = "/workflows/{id}/fork", operation_id = "forkDraft", tag = "workflows",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "ETag of the draft that is replaced")),
    request_body = ForkRequest,
    responses((status = 200, description = "The workflow", body = Workflow, headers(("ETag" = String)))))]
pub(crate) async fn fork_draft(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    body: Body<ForkRequest>,
) -> ApiResult<Tagged> {
    caller.require(Role::Builder)?;
    let before = required_workflow(&app, caller.workspace(), &id).await?;
    let version = app.store.get_version(caller.workspace(), &id, body.value.version).await?;
    let version = version.ok_or_else(|| ApiError::not_found("version"))?;
    let how = ("workflow.draft_forked", object!({ "version": version.version }));
    replace_draft(&app, &caller, (before, how), version.document, revision).await
}

/// What a draft differs in from the one before, at most so much of it.
fn told_changes(before: &Value, after: &Value) -> Value {
    let found = difference::json::difference(before, after);
    let told = found.iter().take(CHANGES_MAX).map(|change| {
        let (was, is) = (excerpt(&change.before), excerpt(&change.after));
        object!({ "pointer": change.pointer, "before": was, "after": is })
    });
    told.collect()
}

/// A value as it is, or the begin of its text when it is long.
fn excerpt(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= EXCERPT_LENGTH {
        return value.clone();
    }
    Value::String(text.chars().take(EXCERPT_LENGTH).chain(['…']).collect())
}

/// Saves a document as the draft. Whoever comes second gets what is there now.
async fn replace_draft(
    app: &App,
    caller: &Caller,
    (before, (action, mut detail)): (WorkflowRow, (&str, Value)),
    draft: String,
    revision: Option<u64>,
) -> ApiResult<Tagged> {
    let document = json(&draft);
    detail["workflow"] = object!(source::name_of(&document)?);
    detail["sha256"] = object!(source::hash(&draft));
    detail["changes"] = told_changes(&json(&before.draft), &document);
    let (was, is) = (before.draft_revision, revision.unwrap_or(before.draft_revision) + 1);
    let (was, is) = (object!({ "revision": was }), object!({ "revision": is }));
    let what = (action, format!("workflow:{}", before.id));
    let entry = caller.changed(app.now(), what, (&was, &is), detail);
    let save = SaveDraft {
        workspace: before.workspace,
        workflow: before.id.clone(),
        name: source::name_of(&document)?,
        draft,
        expected_revision: revision.unwrap_or(before.draft_revision),
        at: app.now(),
        by: Some(caller.id().to_owned()),
    };
    match app.store.save_draft(&save, vec![entry]).await {
        Ok(_) => app.workflows.clear(),
        Err(StoreError::Conflict(Conflict::DraftChanged { revision })) => {
            let now = required_workflow(app, caller.workspace(), &before.id).await?;
            return Err(crate::http::problem::draft_changed(revision).current(workflow_detail(app, now).await?));
        }
        Err(error) => return Err(error.into()),
    }
    let row = required_workflow(app, caller.workspace(), &before.id).await?;
    Ok(tagged(workflow_detail(app, row).await?))
}

/// The draft as YAML.
#[utoipa::path(get, path = "/workflows/{id}/draft.yaml", operation_id = "getDraftYaml", tag = "workflows",
    params(("id" = String, Path)),
    responses((status = 200, description = "YAML", body = String, content_type = "application/yaml")))]
pub(crate) async fn get_draft_yaml(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<([(header::HeaderName, &'static str); 1], String)> {
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    let yaml = source::to_yaml(&json(&row.draft))?;
    Ok(([(header::CONTENT_TYPE, "application/yaml; charset=utf-8")], yaml))
}

/// Archives a workflow: it starts no runs any more; those under way go on.
#[utoipa::path(delete, path = "/workflows/{id}", operation_id = "archiveWorkflow", tag = "workflows",
    params(("id" = String, Path)), responses((status = 204, description = "Archived")))]
pub(crate) async fn archive_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let now = app.now();
    set_archived(&app, &caller, &id, Some(now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a workflow out of the archive.
#[utoipa::path(post, path = "/workflows/{id}/restore", operation_id = "restoreWorkflow", tag = "workflows",
    params(("id" = String, Path)), responses((status = 200, description = "The workflow", body = Workflow)))]
pub(crate) async fn restore_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Tagged> {
    set_archived(&app, &caller, &id, None).await?;
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    Ok(tagged(workflow_detail(&app, row).await?))
}

async fn set_archived(app: &App, caller: &Caller, id: &str, archived_at: Option<i64>) -> Result<(), ApiError> {
    caller.require(Role::Builder)?;
    let row = required_workflow(app, caller.workspace(), id).await?;
    let action = if archived_at.is_some() { "workflow.archived" } else { "workflow.restored" };
    let entry = caller.audit(app.now(), action, format!("workflow:{id}"), object!({ "workflow": row.name }));
    app.store.archive_workflow(caller.workspace(), id, archived_at, vec![entry]).await?;
    app.engine.workflow_changed(caller.workspace(), id);
    app.workflows.clear();
    Ok(())
}
