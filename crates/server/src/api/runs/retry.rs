//! Ended runs that go on, and several runs at once.

use crate::{
    api::runs::handlers::detail,
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, OptionalBody, Path, Query},
        fields::at_most,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, response::Response};
use countersign_api::{
    BulkAction, BulkRequest, BulkResponse, BulkResult, RetryPlan, RetryRequest, RetryState, RetryStep, RetryVersion,
    RunDetail,
};
use countersign_core::{difference::json::difference, run::Version};
use countersign_engine::{IdempotencyKey, RetryBy, RetryRun};
use countersign_store::{Role, RunRow};
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

/// Runs one request may name.
const BULK_MAX: usize = 200;
/// Of these, worked on at once.
const AT_ONCE: usize = 8;

fn retry_of(request: RetryRequest) -> RetryRun {
    let (vars, steps) = request.state.map(|state| (state.vars, Value::Object(state.steps))).unzip();
    RetryRun {
        step: request.step,
        newest: request.version == RetryVersion::Newest,
        point: request.point,
        vars,
        steps,
        set: request.vars,
        repeat: request.repeat,
    }
}

/// Takes an ended run up again from any step, with its state changed or not: on its own version, or as a new run on the
/// active one. What was done is not done again unless `repeat` names it; no earlier approval counts.
#[utoipa::path(post, path = "/runs/{id}/retry", operation_id = "retryRun", tag = "runs",
    params(("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "For `newest`: a repeat answers with the first new run")),
    request_body = RetryRequest,
    responses((status = 200, description = "The run; a new one for `newest`", body = RunDetail)))]
pub(crate) async fn retry_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    IdempotencyHeader(key): IdempotencyHeader,
    OptionalBody(request): OptionalBody<RetryRequest>,
) -> ApiResult<Json<RunDetail>> {
    caller.require(Role::Operator)?;
    // That something is done again is a decision.
    if !request.repeat.is_empty() {
        caller.require_decider()?;
    }
    let asked = serde_json::to_string(&(&id, &request)).map_err(ApiError::internal)?;
    let request_hash = hex::encode(Sha256::digest(asked));
    let idempotency = key.map(|key| IdempotencyKey { key, request_hash });
    let by = RetryBy { actor: caller.actor().clone(), idempotency };
    let row = app.engine.retry(caller.workspace(), &id, retry_of(request), by).await?;
    detail(&app, &caller, &row.id).await
}

/// How it would go on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RetryPlanQuery {
    /// From which step; the one it ended at when absent.
    step: Option<String>,
    /// `same` or `newest`.
    #[serde(default)]
    #[param(inline)]
    version: RetryVersion,
    /// With the state at this point of the log; its end when absent.
    point: Option<u32>,
}

fn choice(version: &Version, step: &str) -> RetryStep {
    let kind = version.workflow().steps.get(step).map_or("", |step| step.kind.tag());
    RetryStep { step: step.to_owned(), title: version.title(step).to_owned(), kind: kind.to_owned() }
}

/// What a retry would mean: with what state, what may be done again, what differs between the versions.
#[utoipa::path(get, path = "/runs/{id}/retry", operation_id = "planRetry", tag = "runs",
    params(("id" = String, Path), RetryPlanQuery),
    responses((status = 200, description = "The plan", body = RetryPlan)))]
pub(crate) async fn plan_retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<RetryPlanQuery>,
) -> ApiResult<Json<RetryPlan>> {
    let newest = query.version == RetryVersion::Newest;
    let retry = RetryRun { step: query.step, newest, point: query.point, ..RetryRun::default() };
    let plan = app.engine.plan_retry(caller.workspace(), &id, &retry).await?;
    let (number, target) = &plan.target;
    let document = |version: &Version| serde_json::to_value(version.workflow()).map_err(ApiError::internal);
    let differences = if *number == plan.loaded.row.version {
        Vec::new()
    } else {
        difference(&document(&plan.loaded.version)?, &document(target)?)
    };
    let steps = match plan.steps {
        Value::Object(steps) => steps,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => serde_json::Map::new(),
    };
    Ok(Json(RetryPlan {
        step: plan.step,
        from_version: plan.loaded.row.version,
        to_version: *number,
        state: RetryState { vars: plan.vars, steps },
        steps: target.workflow().steps.keys().map(|step| choice(target, step)).collect(),
        repeats: plan.repeats,
        asks_again: plan.asked_again.iter().map(|step| choice(target, step)).collect(),
        differences: differences.into_iter().map(Into::into).collect(),
    }))
}

/// Stops several runs, or takes them up again. Each succeeds or is refused for itself; what is over already, or would do
/// something a second time, is refused.
#[utoipa::path(post, path = "/runs/bulk", operation_id = "bulkRuns", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = BulkRequest,
    responses((status = 201, description = "What became of each", body = BulkResponse)))]
pub(crate) async fn bulk_runs(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<BulkRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Operator)?;
    let request_hash = body.hash();
    let request = body.value;
    let reason = at_most("/reason", &request.reason, 2_000)?;
    if request.runs.is_empty() || request.runs.len() > BULK_MAX {
        return Err(ApiError::invalid("/runs", format!("name 1 to {BULK_MAX} runs")));
    }
    let once = Once::of(&app, &caller, "runs.bulk", key, request_hash);
    let work = async move {
        let mut runs: Vec<String> = Vec::new();
        request.runs.into_iter().for_each(|run| {
            if !runs.contains(&run) {
                runs.push(run);
            }
        });
        let named = runs.clone();
        let one = |run: String| one_of_many(&app, &caller, request.action, run, reason.clone());
        let results: Vec<BulkResult> = stream::iter(runs).map(one).buffered(AT_ONCE).collect().await;
        let done = u32::try_from(results.iter().filter(|result| result.ok).count()).unwrap_or(u32::MAX);
        let detail = json!({ "action": request.action, "runs": named, "done": done, "reason": reason });
        let entry = caller.audit(app.now(), "runs.bulk", "runs".to_owned(), detail);
        app.store.append_audit(caller.workspace(), vec![entry]).await?;
        Ok(BulkResponse { done, results })
    };
    once.run(work).await
}

async fn one_of_many(app: &App, caller: &Caller, action: BulkAction, run: String, reason: String) -> BulkResult {
    let (workspace, actor) = (caller.workspace(), caller.actor().clone());
    let done: Result<RunRow, _> = match action {
        BulkAction::Cancel => app.engine.cancel(workspace, &run, reason, actor).await,
        BulkAction::Retry => {
            app.engine.retry(workspace, &run, RetryRun::default(), RetryBy { actor, idempotency: None }).await
        }
    };
    match done.map_err(ApiError::from) {
        Ok(row) => BulkResult { run, ok: true, status: Some(row.status), code: None, detail: None },
        Err(error) => BulkResult {
            run,
            ok: false,
            status: None,
            code: Some(error.code().to_owned()),
            detail: Some(error.for_people()),
        },
    }
}
