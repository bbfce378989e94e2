//! Decisions that are held for a moment, and taking one back.

use crate::{
    api::checkpoints::view::checkpoint_detail,
    app::App,
    auth::Caller,
    http::{extract::Path, problem::ApiResult},
};
use axum::{Json, extract::State};
use countersign_api::{Checkpoint, HeldDecision, PersonRef, TakenBackDecision, closed_by};
use countersign_core::run::ClosedBy;
use countersign_engine::LoadedRun;
use countersign_store::CheckpointRow;

/// Takes back a decision of the caller's while it is held: the checkpoint is open as it was. Once it counts: 409
/// `already_decided`.
#[utoipa::path(post, path = "/checkpoints/{id}/undo", operation_id = "undoDecision", tag = "checkpoints",
    params(("id" = String, Path)), responses((status = 200, description = "The checkpoint", body = Checkpoint)))]
pub(crate) async fn undo_decision(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Checkpoint>> {
    caller.require_decider()?;
    let open = app.engine.take_back(caller.workspace(), &id, caller.actor().clone()).await?;
    Ok(Json(checkpoint_detail(&app, &caller, open).await?))
}

/// Until when a decision of this checkpoint is held.
pub(super) fn held_until(loaded: &LoadedRun, row: &CheckpointRow) -> Option<i64> {
    let of_it = loaded.state.open_checkpoint().as_ref() == Some(&row.id);
    loaded.state.phase.held().filter(|_| of_it).map(|held| held.until.0)
}

/// What is held of this checkpoint, and until when.
pub(super) fn held(caller: &Caller, loaded: &LoadedRun, row: &CheckpointRow) -> Option<HeldDecision> {
    let held = loaded.state.phase.held().filter(|_| loaded.state.open_checkpoint().as_ref() == Some(&row.id))?;
    Some(HeldDecision {
        outcome: held.verdict.word().to_owned(),
        by: closed_by(&ClosedBy::Person { actor: held.by.clone() }),
        comment: Some(held.comment.clone()).filter(|comment| !comment.is_empty()),
        at: held.at.0,
        until: held.until.0,
        yours: held.is_of(caller.actor()),
    })
}

/// What of this checkpoint was taken back.
pub(super) fn taken_back(loaded: &LoadedRun, row: &CheckpointRow) -> Vec<TakenBackDecision> {
    let mut checkpoints = loaded.history().into_iter().flat_map(|execution| execution.checkpoints);
    let found = checkpoints.find(|checkpoint| checkpoint.id == row.id);
    let told = |back: countersign_core::log::TakenBackRecord| TakenBackDecision {
        outcome: back.verdict.word().to_owned(),
        by: PersonRef { id: back.by.id, name: back.by.name },
        said_at: back.said_at.0,
        at: back.at.0,
    };
    found.map_or_else(Vec::new, |found| found.taken_back.into_iter().map(told).collect())
}
