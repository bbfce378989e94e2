//! A run step by step: its points, its state at each, what an expression gives there, and what was sent.

use crate::{
    api::{documents::handlers::evaluated, runs::requests::visit_requests},
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path, Query},
        problem::ApiResult,
    },
};
use axum::{Json, extract::State};
use countersign_api::{EvalResponse, EvaluateRequest, Page, RunPoint, StateAtPoint, VisitRequest};
use countersign_core::{
    difference::json::difference,
    log::{at_point, evaluate_at, points},
};
use countersign_engine::beside_workers;
use countersign_store::Role;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

/// Of an expression so many characters stand in its entry of the trail.
const EXPRESSION_TOLD_MAX: usize = 2_000;

/// Every point of a run's log, in order. The state can be had at each.
#[utoipa::path(get, path = "/runs/{id}/points", operation_id = "listRunPoints", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, description = "Points", body = Page<RunPoint>)))]
pub(crate) async fn list_points(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<RunPoint>>> {
    let loaded = app.engine.load(caller.workspace(), &id).await?;
    Ok(Json(Page::whole(points(&loaded.version, &loaded.log).into_iter().map(Into::into).collect())))
}

/// What a state is compared with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StateQuery {
    /// The point to compare with; the one before when absent.
    from: Option<u32>,
}

/// A run as it was after the first `n` points of its log, and what that changed.
#[utoipa::path(get, path = "/runs/{id}/states/{n}", operation_id = "getRunState", tag = "runs",
    params(("id" = String, Path), ("n" = u32, Path), StateQuery),
    responses((status = 200, description = "The state", body = StateAtPoint)))]
pub(crate) async fn get_state(
    State(app): State<App>,
    caller: Caller,
    Path((id, n)): Path<(String, u32)>,
    Query(query): Query<StateQuery>,
) -> ApiResult<Json<StateAtPoint>> {
    let loaded = app.engine.load(caller.workspace(), &id).await?;
    let reached = at_point(&loaded.log, n);
    let earlier = at_point(&loaded.log, query.from.unwrap_or_else(|| reached.point.saturating_sub(1)));
    let state = reached.state.shown();
    let changes = difference(&earlier.state.shown(), &state);
    Ok(Json(StateAtPoint {
        point: reached.point,
        seq: reached.seq,
        at: reached.at.0,
        state,
        compared_with: earlier.point,
        changes: changes.into_iter().map(Into::into).collect(),
    }))
}

/// Evaluates an expression with the names and at the time of a point of the run. Changes nothing.
#[utoipa::path(post, path = "/runs/{id}/evaluate", operation_id = "evaluateInRun", tag = "runs",
    params(("id" = String, Path)), request_body = EvaluateRequest,
    responses((status = 200, description = "Value or error", body = EvalResponse)))]
pub(crate) async fn evaluate_in_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<EvaluateRequest>,
) -> ApiResult<Json<EvalResponse>> {
    caller.require(Role::Operator)?;
    let EvaluateRequest { point, expression } = body.value;
    let loaded = app.engine.load(caller.workspace(), &id).await?;
    let reached = at_point(&loaded.log, point.unwrap_or(u32::MAX));
    // Whoever reads in a run, with what question, is on the record.
    let asked: String = expression.chars().take(EXPRESSION_TOLD_MAX).collect();
    let detail = json!({ "point": reached.point, "expression": asked });
    let entry = caller.audit(app.now(), "run.evaluated", format!("run:{id}"), detail);
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok(Json(evaluated(beside_workers(|| evaluate_at(&reached, &expression)))))
}

/// What a step entry sent and what came back, without secrets. What was not recorded is rendered anew.
#[utoipa::path(get, path = "/runs/{id}/visits/{n}/requests", operation_id = "listVisitRequests", tag = "runs",
    params(("id" = String, Path), ("n" = u32, Path)),
    responses((status = 200, description = "One for each attempt", body = Page<VisitRequest>)))]
pub(crate) async fn list_requests(
    State(app): State<App>,
    caller: Caller,
    Path((id, n)): Path<(String, u32)>,
) -> ApiResult<Json<Page<VisitRequest>>> {
    let loaded = app.engine.load(caller.workspace(), &id).await?;
    Ok(Json(Page::whole(visit_requests(&app, caller.workspace(), &loaded, n).await)))
}
