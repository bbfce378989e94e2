//! Checkpoints: the inbox.

use crate::{
    api::checkpoints::view::{checkpoint_detail, checkpoint_summaries, mine_filter},
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Listing, Path, Query, words},
        fields::at_most,
        problem::{ApiError, ApiResult},
    },
    rows,
};
use axum::{Json, extract::State};
use countersign_api::{Checkpoint, CheckpointCounts, CheckpointSummary, DecisionRequest, Page, ReassignRequest};
use countersign_engine::{DecideRequest, LoadedCheckpoint};
use countersign_store::{CheckpointFilter, CheckpointKind, CheckpointStatus, Role};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

/// Which checkpoints.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckpointsQuery {
    /// open or decided; both when absent.
    status: Option<String>,
    /// One or several of approval, form, handoff, unknown_outcome; comma-separated.
    kind: Option<String>,
    /// Only what the caller took, or may decide and nobody took.
    mine: Option<bool>,
    /// Workflow id.
    workflow: Option<String>,
    /// Run id.
    run: Option<String>,
    /// Customer id.
    customer: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent. With `mine` a page may hold fewer although there is a next one.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Checkpoints, newest first.
#[utoipa::path(get, path = "/checkpoints", operation_id = "listCheckpoints", tag = "checkpoints",
    params(CheckpointsQuery), responses((status = 200, description = "Checkpoints", body = Page<CheckpointSummary>)))]
pub(crate) async fn list_checkpoints(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<CheckpointsQuery>,
) -> ApiResult<Json<Page<CheckpointSummary>>> {
    let page = Listing { cursor: query.cursor, limit: query.limit }.page()?;
    let status: Vec<CheckpointStatus> = words("status", query.status.as_deref())?;
    let filter = CheckpointFilter {
        status: if status.len() == 1 { status.first().copied() } else { None },
        kind: words("kind", query.kind.as_deref())?,
        workflow: query.workflow,
        run: query.run,
        customer: query.customer,
        ..CheckpointFilter::default()
    };
    let page = app.store.list_checkpoints(caller.workspace(), &filter, &page).await?;
    let mut items = checkpoint_summaries(&app, &caller, page.items).await?;
    if query.mine.unwrap_or(false) {
        items.retain(|item| mine_filter(&caller, item));
    }
    Ok(Json(rows::page(items, page.next)))
}

/// How many are open.
#[utoipa::path(get, path = "/checkpoints/counts", operation_id = "countCheckpoints", tag = "checkpoints",
    responses((status = 200, description = "Open checkpoints", body = CheckpointCounts)))]
pub(crate) async fn count_checkpoints(State(app): State<App>, caller: Caller) -> ApiResult<Json<CheckpointCounts>> {
    let mut counts = CheckpointCounts::default();
    for (kind, count) in app.store.count_open_checkpoints(caller.workspace()).await? {
        match kind {
            CheckpointKind::Form => counts.form = count,
            CheckpointKind::Approval => counts.approval = count,
            CheckpointKind::Handoff => counts.handoff = count,
            CheckpointKind::UnknownOutcome => counts.unknown_outcome = count,
        }
    }
    Ok(Json(counts))
}

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
    let (workspace, by) = (caller.workspace(), caller.actor().clone());
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
