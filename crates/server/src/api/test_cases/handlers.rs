//! Test cases of a workflow.

use crate::{
    api::{
        test_cases::play::{meant, play, read, replace, row as new_row, run},
        workflows::view::required_workflow,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, OptionalBody, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use countersign_api::{
    ImportTestsRequest, Page, RunTestsRequest, TestCase, TestCaseBody, TestReport, WriteTestCaseRequest,
};
use countersign_core::play::rehearsal::{self, CASES_MAX, Suite};
use countersign_store::{Role, TestCaseRow, WorkflowRow};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest name, characters.
pub(super) const NAME_LENGTH_MAX: usize = 200;

pub(super) fn view(row: TestCaseRow) -> ApiResult<TestCase> {
    let body: TestCaseBody = serde_json::from_str(&row.body).map_err(ApiError::internal)?;
    Ok(TestCase {
        last_result: row.last_result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        id: row.id,
        name: row.name,
        body,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The test cases of a workflow by name.
#[utoipa::path(get, path = "/workflows/{id}/tests", operation_id = "listTestCases", tag = "rehearsal",
    params(("id" = String, Path)), responses((status = 200, description = "Test cases", body = Page<TestCase>)))]
pub(crate) async fn list_test_cases(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<TestCase>>> {
    required_workflow(&app, caller.workspace(), &id).await?;
    let rows = app.store.list_test_cases(caller.workspace(), &id).await?;
    Ok(Json(Page::whole(rows.into_iter().map(view).collect::<ApiResult<_>>()?)))
}

/// Keeps a rehearsal as a test case.
#[utoipa::path(post, path = "/workflows/{id}/tests", operation_id = "createTestCase", tag = "rehearsal",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = WriteTestCaseRequest,
    responses((status = 201, description = "The test case", body = TestCase)))]
pub(crate) async fn create_test_case(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<WriteTestCaseRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Builder)?;
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let once = Once::of(&app, &caller, format!("test:{id}"), key, body.hash());
    once.run(add(app, caller, workflow, body.value)).await
}

async fn add(app: App, caller: Caller, workflow: WorkflowRow, request: WriteTestCaseRequest) -> ApiResult<TestCase> {
    let rows = app.store.list_test_cases(&workflow.workspace, &workflow.id).await?;
    let case = case_of(&app, &workflow, request).await?;
    free(&rows, None, &case.name)?;
    let detail = object!({ "workflow": workflow.name, "test": case.name });
    view(kept(&app, &caller, (&workflow, &rows), &case, detail).await?)
}

/// Adds a test case to those there are, and puts that on the record.
pub(super) async fn kept(
    app: &App,
    caller: &Caller,
    (workflow, rows): (&WorkflowRow, &[TestCaseRow]),
    case: &rehearsal::TestCase,
    detail: Value,
) -> ApiResult<TestCaseRow> {
    if rows.len() >= CASES_MAX {
        return Err(ApiError::conflict("too_many", "A workflow has at most 200 test cases"));
    }
    let row = new_row(app, workflow, case)?;
    app.store.put_test_case(&row).await?;
    let entry = caller.audit(app.now(), "workflow.test_kept", format!("workflow:{}", workflow.id), detail);
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok(row)
}

/// Replaces a test case.
#[utoipa::path(put, path = "/workflows/{id}/tests/{test}", operation_id = "updateTestCase", tag = "rehearsal",
    params(("id" = String, Path), ("test" = String, Path)), request_body = WriteTestCaseRequest,
    responses((status = 200, description = "The test case", body = TestCase)))]
pub(crate) async fn update_test_case(
    State(app): State<App>,
    caller: Caller,
    Path((id, test)): Path<(String, String)>,
    body: Body<WriteTestCaseRequest>,
) -> ApiResult<Json<TestCase>> {
    caller.require(Role::Builder)?;
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let old = required_case(&app, &workflow, &test).await?;
    let case = case_of(&app, &workflow, body.value).await?;
    free(&app.store.list_test_cases(&workflow.workspace, &id).await?, Some(&test), &case.name)?;
    let row = TestCaseRow { id: old.id, created_at: old.created_at, ..new_row(&app, &workflow, &case)? };
    app.store.put_test_case(&row).await?;
    record(&app, &caller, &workflow, "workflow.test_kept", &case.name).await?;
    Ok(Json(view(row)?))
}

/// Removes a test case.
#[utoipa::path(delete, path = "/workflows/{id}/tests/{test}", operation_id = "deleteTestCase", tag = "rehearsal",
    params(("id" = String, Path), ("test" = String, Path)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_test_case(
    State(app): State<App>,
    caller: Caller,
    Path((id, test)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Builder)?;
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let row = required_case(&app, &workflow, &test).await?;
    app.store.delete_test_case(caller.workspace(), &test).await?;
    record(&app, &caller, &workflow, "workflow.test_removed", &row.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs the test cases of a workflow on its draft, a version or a document.
#[utoipa::path(post, path = "/workflows/{id}/tests/run", operation_id = "runTestCases", tag = "rehearsal",
    params(("id" = String, Path)), request_body = RunTestsRequest,
    responses((status = 200, description = "How they went", body = TestReport)))]
pub(crate) async fn run_test_cases(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(request): OptionalBody<RunTestsRequest>,
) -> ApiResult<Json<TestReport>> {
    caller.require(Role::Builder)?;
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let mut rows = app.store.list_test_cases(caller.workspace(), &id).await?;
    if let Some(names) = &request.names {
        rows.retain(|row| names.contains(&row.name));
    }
    let of_draft = request.document.is_none() && request.version.is_none();
    let version = meant(&app, &workflow, request.document, request.version).await?;
    let results = run(&app, caller.workspace(), version, rows.clone()).await?;
    record(&app, &caller, &workflow, "workflow.tests_run", &format!("{} test cases", rows.len())).await?;
    if of_draft {
        for (row, result) in rows.into_iter().zip(&results) {
            let last_result = Some(serde_json::to_string(result).map_err(ApiError::internal)?);
            if row.last_result != last_result {
                app.store.put_test_case(&TestCaseRow { last_result, ..row }).await?;
            }
        }
    }
    Ok(Json(TestReport { passed: results.iter().all(|result| result.passed), results }))
}

/// The test cases as a YAML file.
#[utoipa::path(get, path = "/workflows/{id}/tests.yaml", operation_id = "exportTestCases", tag = "rehearsal",
    params(("id" = String, Path)),
    responses((status = 200, description = "YAML", body = String, content_type = "application/yaml")))]
pub(crate) async fn export_test_cases(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<([(header::HeaderName, &'static str); 1], String)> {
    required_workflow(&app, caller.workspace(), &id).await?;
    let rows = app.store.list_test_cases(caller.workspace(), &id).await?;
    let cases = rows.iter().map(|row| serde_json::from_str::<rehearsal::TestCase>(&row.body));
    let tests = cases.collect::<Result<_, _>>().map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/yaml; charset=utf-8")], Suite { tests }.to_yaml()))
}

/// Makes the test cases of a workflow those of a YAML or JSON file.
#[utoipa::path(put, path = "/workflows/{id}/tests", operation_id = "importTestCases", tag = "rehearsal",
    params(("id" = String, Path)), request_body = ImportTestsRequest,
    responses((status = 200, description = "Test cases", body = Page<TestCase>)))]
pub(crate) async fn import_test_cases(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<ImportTestsRequest>,
) -> ApiResult<Json<Page<TestCase>>> {
    caller.require(Role::Builder)?;
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let suite = read(&body.value.source)?;
    replace(&app, &workflow, &suite).await?;
    let what = format!("{} test cases", suite.tests.len());
    record(&app, &caller, &workflow, "workflow.tests_imported", &what).await?;
    let rows = app.store.list_test_cases(caller.workspace(), &id).await?;
    Ok(Json(Page::whole(rows.into_iter().map(view).collect::<ApiResult<_>>()?)))
}

async fn required_case(app: &App, workflow: &WorkflowRow, test: &str) -> ApiResult<TestCaseRow> {
    let row = app.store.get_test_case(&workflow.workspace, test).await?;
    row.filter(|row| row.workflow == workflow.id).ok_or_else(|| ApiError::not_found("test case"))
}

fn free(rows: &[TestCaseRow], own: Option<&str>, name: &str) -> ApiResult<()> {
    if rows.iter().any(|row| row.name == name && Some(row.id.as_str()) != own) {
        return Err(ApiError::invalid("/name", format!("there is a test case `{name}` already")));
    }
    Ok(())
}

/// The test case a request means; what it expects is what comes of it now, when the request does not say.
async fn case_of(app: &App, workflow: &WorkflowRow, request: WriteTestCaseRequest) -> ApiResult<rehearsal::TestCase> {
    let name = bounded("/name", &request.name, NAME_LENGTH_MAX)?;
    let script = request.script;
    if let Some(expect) = request.expect {
        return Ok(rehearsal::TestCase { name, opening: script.opening, acts: script.acts, expect });
    }
    let version = Arc::new(meant(app, workflow, request.document, None).await?);
    let played = play(app, &workflow.workspace, &version, script.clone()).await?;
    if let Some(refused) = played.refused.as_ref().filter(|refused| refused.act.is_some()) {
        return Err(ApiError::invalid("/script", refused.message.clone()));
    }
    Ok(rehearsal::TestCase::keep(name, script, &played))
}

async fn record(app: &App, caller: &Caller, workflow: &WorkflowRow, action: &str, test: &str) -> ApiResult<()> {
    let detail = object!({ "workflow": workflow.name, "test": test });
    let entry = caller.audit(app.now(), action, format!("workflow:{}", workflow.id), detail);
    Ok(app.store.append_audit(caller.workspace(), vec![entry]).await?)
}
