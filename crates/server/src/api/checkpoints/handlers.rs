//! Checkpoints, one at a time: read, decided, taken, given on.

use crate::{
    api::checkpoints::view::checkpoint_detail,
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        fields::at_most,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{Checkpoint, DecisionRequest, ReassignRequest};
use countersign_engine::{DecideRequest, LoadedCheckpoint};
use countersign_store::{CheckpointKind, CheckpointStatus, Role};
use serde_json::{Value, json};

/// A checkpoint with everything a person needs to decide.
#[utoipa::path(get, path = "/checkpoints/{id}", operation_id = "getCheckpoint", tag = "checkpoints",
    params(("id" = String, Path)), responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn get_checkpoint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Checkpoint>> {
    let found = app.engine.load_checkpoint(caller.workspace(), &id).await?;
    Ok(Json(checkpoint_detail(&app, &caller, found).await?))
}

/// Decides a checkpoint. Of any number of deciders one wins; the others get 409 `already_decided`.
#[utoipa::path(post, path = "/checkpoints/{id}/decision", operation_id = "decideCheckpoint", tag = "checkpoints",
    params(("id" = String, Path)), request_body = DecisionRequest,
    responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn decide_checkpoint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<DecisionRequest>,
) -> ApiResult<Json<Checkpoint>> {
    let decided = decide_one(&app, &caller, &id, body.value).await?;
    Ok(Json(checkpoint_detail(&app, &caller, decided).await?))
}

/// Decides one checkpoint as the caller.
pub(crate) async fn decide_one(
    app: &App,
    caller: &Caller,
    id: &str,
    request: DecisionRequest,
) -> ApiResult<LoadedCheckpoint> {
    // Who may decide an approval or say what became of a call is a rule of the step: a group of viewers may.
    let found = app.engine.load_checkpoint(caller.workspace(), id).await?;
    match found.row.kind {
        CheckpointKind::Approval | CheckpointKind::UnknownOutcome => {}
        CheckpointKind::Form | CheckpointKind::Handoff => caller.require(Role::Operator)?,
    }
    caller.require_decider()?;
    let comment = at_most("/comment", request.comment.as_deref().unwrap_or_default(), 4_000)?;
    let (workspace, by) = (caller.workspace(), caller.deciding());
    if found.row.kind == CheckpointKind::Form && request.outcome == "submitted" {
        let values = request.values.ok_or_else(|| ApiError::invalid("/values", "a form needs its answers"))?;
        return Ok(app.engine.submit_form(workspace, id, Value::Object(values), by).await?);
    }
    let (edits, values) = (request.edits.unwrap_or_default(), request.values.map(Value::Object));
    let (outcome, result, shown) = (request.outcome, request.result, request.shown);
    let decision = DecideRequest { outcome, comment, result, edits, values, shown };
    Ok(app.engine.decide_loaded(found, decision, by).await?)
}

/// Takes a checkpoint: others see that somebody is on it.
#[utoipa::path(post, path = "/checkpoints/{id}/take", operation_id = "takeCheckpoint", tag = "checkpoints",
    params(("id" = String, Path)), responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn take_checkpoint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Checkpoint>> {
    let me = caller.id().to_owned();
    assign(&app, &caller, &id, Some(&me)).await
}

/// Gives a checkpoint to one of those who may decide it. Whoever may decide it themselves does that, and administrators.
#[utoipa::path(post, path = "/checkpoints/{id}/reassign", operation_id = "reassignCheckpoint", tag = "checkpoints",
    params(("id" = String, Path)), request_body = ReassignRequest,
    responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn reassign_checkpoint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<ReassignRequest>,
) -> ApiResult<Json<Checkpoint>> {
    let ReassignRequest { to, reason } = body.value;
    let reason = at_most("/reason", reason.as_deref().unwrap_or_default(), 500)?;
    let LoadedCheckpoint { row: before, run } = app.engine.load_checkpoint(caller.workspace(), &id).await?;
    let deciders = app.engine.deciders(&run).await?;
    let decides = |person: &str| deciders.iter().any(|decider| decider.person == person);
    if !decides(caller.actor().person()) {
        caller.require(Role::Admin)?;
    }
    if before.status == CheckpointStatus::Open && !decides(&to) {
        let detail = "only who may decide this now can be given it: a delegation lets somebody decide for another";
        return Err(ApiError::invalid("/to", detail));
    }
    let detail = json!({ "run": before.run, "before": before.assigned_to, "after": to, "reason": reason });
    let entry = caller.audit(app.now(), "checkpoint.reassigned", format!("checkpoint:{id}"), detail);
    let row = app.store.assign_checkpoint(caller.workspace(), &id, Some(&to), vec![entry]).await?;
    Ok(Json(checkpoint_detail(&app, &caller, LoadedCheckpoint { row, run }).await?))
}

/// Gives a checkpoint back to everybody.
#[utoipa::path(post, path = "/checkpoints/{id}/release", operation_id = "releaseCheckpoint", tag = "checkpoints",
    params(("id" = String, Path)), responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn release_checkpoint(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Checkpoint>> {
    assign(&app, &caller, &id, None).await
}

async fn assign(app: &App, caller: &Caller, id: &str, to: Option<&str>) -> ApiResult<Json<Checkpoint>> {
    let LoadedCheckpoint { row: before, run } = app.engine.load_checkpoint(caller.workspace(), id).await?;
    // A group of viewers may decide, so it may take.
    if !app.engine.deciders(&run).await?.iter().any(|decider| decider.person == caller.actor().person()) {
        caller.require(Role::Operator)?;
    }
    let action = if to.is_some() { "checkpoint.taken" } else { "checkpoint.released" };
    let detail = json!({ "run": before.run, "before": before.assigned_to, "after": to });
    let entry = caller.audit(app.now(), action, format!("checkpoint:{id}"), detail);
    let row = app.store.assign_checkpoint(caller.workspace(), id, to, vec![entry]).await?;
    Ok(Json(checkpoint_detail(app, caller, LoadedCheckpoint { row, run }).await?))
}
