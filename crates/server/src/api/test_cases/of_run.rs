//! Test cases made of runs that took place.

use crate::{
    api::{
        test_cases::{
            handlers::{NAME_LENGTH_MAX, kept, view},
            play::within_budget,
        },
        workflows::view::required_workflow,
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
use countersign_api::{KeepRunTestRequest, KeptRunTest, RunTestCase, TestCaseLimit};
use countersign_core::play::rehearsal::{FromRun, Limit, from_run};
use countersign_engine::LoadedRun;
use countersign_store::Role;
use serde_json::json;

/// A run as a test case; nothing is kept. It holds what the run held: the customer's data and the answers of services.
#[utoipa::path(get, path = "/runs/{id}/test-case", operation_id = "getRunTestCase", tag = "rehearsal",
    params(("id" = String, Path)), responses((status = 200, description = "The test case", body = RunTestCase)))]
pub(crate) async fn get_run_test_case(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<RunTestCase>> {
    let loaded = app.engine.load(caller.workspace(), &id).await?;
    let FromRun { case, limits } = made(&app, loaded, format!("Run {}", short(&id))).await?;
    Ok(Json(RunTestCase { case, limits: limits.into_iter().map(limit).collect() }))
}

/// Keeps a run as a test case of its workflow. `not_convertible` says what a test case has no words for.
#[utoipa::path(post, path = "/runs/{id}/test-case", operation_id = "keepRunTestCase", tag = "rehearsal",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = KeepRunTestRequest,
    responses((status = 201, description = "The test case", body = KeptRunTest)))]
pub(crate) async fn keep_run_test_case(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<KeepRunTestRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Builder)?;
    let once = Once::of(&app, &caller, format!("run-test:{id}"), key, body.hash());
    once.run(keep(app, caller, id, body.value)).await
}

async fn keep(app: App, caller: Caller, run: String, request: KeepRunTestRequest) -> ApiResult<KeptRunTest> {
    let name = bounded("/name", &request.name, NAME_LENGTH_MAX)?;
    let loaded = app.engine.load(caller.workspace(), &run).await?;
    let workflow = required_workflow(&app, caller.workspace(), &loaded.row.workflow).await?;
    let rows = app.store.list_test_cases(&workflow.workspace, &workflow.id).await?;
    if rows.iter().any(|row| row.name == name) {
        let detail = format!("there is a test case `{name}` already");
        return Err(ApiError::conflict("name_taken", "This name is taken").detail(detail).pointer("/name"));
    }
    let FromRun { case, limits } = made(&app, loaded, name).await?;
    let detail = json!({ "workflow": workflow.name, "test": case.name, "run": run });
    let test = view(kept(&app, &caller, (&workflow, &rows), &case, detail).await?)?;
    Ok(KeptRunTest { workflow: workflow.id, test, limits: limits.into_iter().map(limit).collect() })
}

/// Made where it keeps no other request waiting.
async fn made(app: &App, loaded: LoadedRun, name: String) -> ApiResult<FromRun> {
    let catalogue =
        app.engine.connectors_of(&loaded.row.workspace, &loaded.row.workflow, loaded.row.version).await?.catalogue();
    let made = move || from_run(&loaded.version, &catalogue, &loaded.log, name);
    within_budget(app, made).await?.map_err(|reason| {
        ApiError::unprocessable("not_convertible", "No test case can be made of this run").detail(reason.to_string())
    })
}

fn limit(limit: Limit) -> TestCaseLimit {
    TestCaseLimit { code: limit.code.to_owned(), message: limit.message }
}

/// The end of an id, which tells runs apart that began together.
fn short(id: &str) -> String {
    let start = id.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    id[start..].to_owned()
}
