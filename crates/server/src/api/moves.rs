//! Moving waiting runs to another version, in one batch, and taking that back.

use crate::{
    api::workflows::view::required_workflow,
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{
    MoveReason, MoveRunsRequest, MoveRunsResponse, MoveVerdict, MovedRun, UndoMovesRequest, UndoMovesResponse,
    UndoneMove,
};
use countersign_engine::{CheckedMove, EngineError, MoveRun};
use countersign_store::{PageRequest, Role, RunFilter, RunStatus};

/// The most runs looked at in one request.
const RUNS_MAX: usize = 500;
/// Runs read at once.
const PAGE: u32 = 200;

/// Says of waiting runs whether they can go on with another version, and moves those that can, unless it is a dry run.
/// Checkpoints, people, timers and links stay.
#[utoipa::path(post, path = "/workflows/{id}/moves", operation_id = "moveRuns", tag = "versions",
    params(("id" = String, Path)), request_body = MoveRunsRequest,
    responses((status = 200, description = "Each run", body = MoveRunsResponse)))]
pub(crate) async fn move_runs(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<MoveRunsRequest>,
) -> ApiResult<Json<MoveRunsResponse>> {
    caller.require(Role::Builder)?;
    let request = body.value;
    required_workflow(&app, caller.workspace(), &id).await?;
    app.store.get_version(caller.workspace(), &id, request.to).await?.ok_or_else(|| ApiError::not_found("version"))?;
    let (runs, more) = waiting(&app, caller.workspace(), &id, &request).await?;
    let wanted = MoveRun { to: request.to, mapping: request.mapping };
    let mut items = Vec::with_capacity(runs.len());
    for run in runs {
        let checked = match app.engine.check_move(caller.workspace(), &run, &wanted).await {
            Ok(checked) => checked,
            Err(EngineError::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        if checked.row.workflow != id {
            return Err(ApiError::invalid("/runs", format!("{run} is no run of this workflow")));
        }
        let mut item = view(checked);
        if !request.dry_run && item.verdict == MoveVerdict::Safe {
            match app.engine.move_run(caller.workspace(), &run, &wanted, caller.actor()).await {
                Ok(_) => item.moved = true,
                // It went on between the look and the move.
                Err(EngineError::Refused(refusal)) => {
                    item.verdict = MoveVerdict::Unsafe;
                    item.reasons = vec![MoveReason { code: "moved_on".to_owned(), message: refusal.to_string() }];
                }
                Err(error) => return Err(error.into()),
            }
        }
        items.push(item);
    }
    Ok(Json(MoveRunsResponse { items, more }))
}

/// Ids of the runs meant, and whether there are more.
async fn waiting(app: &App, workspace: &str, id: &str, request: &MoveRunsRequest) -> ApiResult<(Vec<String>, bool)> {
    if let Some(runs) = &request.runs {
        if runs.len() > RUNS_MAX {
            return Err(ApiError::invalid("/runs", format!("at most {RUNS_MAX}")));
        }
        return Ok((runs.clone(), false));
    }
    let filter = RunFilter {
        workflow: Some(id.to_owned()),
        version: request.from,
        status: vec![RunStatus::Waiting],
        ..RunFilter::default()
    };
    let (mut runs, mut page) = (Vec::new(), PageRequest { after: None, limit: PAGE });
    loop {
        let found = app.store.list_runs(workspace, &filter, &page).await?;
        let others = found.items.into_iter().filter(|row| row.version != request.to);
        runs.extend(others.map(|row| row.id));
        match found.next {
            Some(next) if runs.len() < RUNS_MAX => page.after = Some(next),
            next => {
                let more = next.is_some() || runs.len() > RUNS_MAX;
                runs.truncate(RUNS_MAX);
                return Ok((runs, more));
            }
        }
    }
}

fn view(checked: CheckedMove) -> MovedRun {
    let CheckedMove { row, check } = checked;
    MovedRun {
        run: row.id,
        title: row.title,
        from: row.version,
        step: check.step,
        now_at: check.now_at,
        waiting_for: row.waiting_for,
        verdict: check.verdict.into(),
        reasons: check.reasons.into_iter().map(Into::into).collect(),
        notes: check.notes.into_iter().map(Into::into).collect(),
        candidates: check.candidates,
        moved: false,
    }
}

/// Takes back the last move of runs, as long as nothing has happened to them since.
#[utoipa::path(post, path = "/workflows/{id}/moves/undo", operation_id = "undoMoves", tag = "versions",
    params(("id" = String, Path)), request_body = UndoMovesRequest,
    responses((status = 200, description = "Each run", body = UndoMovesResponse)))]
pub(crate) async fn undo_moves(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UndoMovesRequest>,
) -> ApiResult<Json<UndoMovesResponse>> {
    caller.require(Role::Builder)?;
    required_workflow(&app, caller.workspace(), &id).await?;
    if body.value.runs.len() > RUNS_MAX {
        return Err(ApiError::invalid("/runs", format!("at most {RUNS_MAX}")));
    }
    let mut items = Vec::with_capacity(body.value.runs.len());
    for run in body.value.runs {
        let row = app.store.get_run(caller.workspace(), &run).await?.filter(|row| row.workflow == id);
        if row.is_none() {
            return Err(ApiError::invalid("/runs", format!("{run} is no run of this workflow")));
        }
        items.push(match app.engine.undo_move(caller.workspace(), &run, caller.actor()).await {
            Ok(row) => UndoneMove { run, version: Some(row.version), reason: None },
            Err(error @ (EngineError::Refused(_) | EngineError::Store(_))) => {
                UndoneMove { run, version: None, reason: Some(error.to_string()) }
            }
            Err(error) => return Err(error.into()),
        });
    }
    Ok(Json(UndoMovesResponse { items }))
}
