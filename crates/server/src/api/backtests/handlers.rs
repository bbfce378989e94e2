//! Playing recorded runs to a draft or a version before it is published.

use crate::{
    api::{
        backtests::mask::masked, documents::source, test_cases::play::within_budget, workflows::view::required_workflow,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        problem::{ApiError, ApiResult},
    },
    rows::json,
};
use axum::{Json, extract::State};
use countersign_api::{
    BacktestRequest, BacktestResponse, BacktestVerdict, BacktestedRun, CannotSay, EndChange, PathChange, RequestChange,
    StepRename,
};
use countersign_core::{
    difference::document::renamed,
    play::{self, Backtest},
    run::Version,
};
use countersign_store::{PageRequest, Role, RunFilter, RunRow, WorkflowRow};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};
use tokio::sync::Semaphore;

/// Old id → new id.
type Renames = BTreeMap<String, String>;

/// The most runs played in one request.
const RUNS_MAX: u32 = 500;
/// Runs played when nobody says how many.
const RUNS_DEFAULT: u32 = 50;
/// Differences told of one request.
const FIELDS_MAX: usize = 50;
/// How many requests of this kind are at work at once.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// Plays the last runs to the draft or a version: which would take another path, send other requests or end otherwise.
/// Nothing leaves; answers, forms and decisions are those that were recorded.
#[utoipa::path(post, path = "/workflows/{id}/backtest", operation_id = "backtestWorkflow", tag = "versions",
    params(("id" = String, Path)), request_body = BacktestRequest,
    responses((status = 200, description = "What they would have done", body = BacktestResponse)))]
pub(crate) async fn backtest_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<BacktestRequest>,
) -> ApiResult<Json<BacktestResponse>> {
    caller.require(Role::Builder)?;
    let last = body.value.last.unwrap_or(RUNS_DEFAULT);
    if !(1..=RUNS_MAX).contains(&last) {
        return Err(ApiError::invalid("/last", format!("1 to {RUNS_MAX}")));
    }
    let workflow = required_workflow(&app, caller.workspace(), &id).await?;
    let version = target(&app, &workflow, body.value.version).await?;
    let place = AT_WORK.try_acquire().map_err(|_| ApiError::busy("other back-tests are at work"))?;
    let mut items = Vec::new();
    let mut unreadable = 0;
    let mut renames: BTreeMap<u32, Arc<Renames>> = BTreeMap::new();
    for row in last_runs(&app, &workflow, last).await? {
        let Ok(log) = app.engine.run_log(&row.workspace, &row.id).await else {
            unreadable += 1;
            continue;
        };
        let renamed = match renames.entry(row.version) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(renames_since(&app, &row, &version).await?),
        };
        let (version, renamed) = (Arc::clone(&version), Arc::clone(renamed));
        match within_budget(&app, move || play::backtest_renamed(&log, &version, &renamed)).await? {
            Some(found) => items.push(view(row, found)),
            None => unreadable += 1,
        }
    }
    drop(place);
    let detail = serde_json::json!({ "workflow": workflow.name, "version": body.value.version, "runs": items.len() });
    let entry = caller.audit(app.now(), "workflow.backtested", format!("workflow:{id}"), detail);
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    let count = |wanted: &dyn Fn(BacktestVerdict) -> bool| {
        u32::try_from(items.iter().filter(|item| wanted(item.verdict)).count()).unwrap_or(u32::MAX)
    };
    Ok(Json(BacktestResponse {
        against: body.value.version.map_or_else(|| "draft".to_owned(), |version| version.to_string()),
        runs: count(&|_| true),
        changed: count(&|verdict| !matches!(verdict, BacktestVerdict::Same | BacktestVerdict::CannotSay)),
        cannot_say: count(&|verdict| verdict == BacktestVerdict::CannotSay),
        unreadable,
        items,
    }))
}

/// Steps that were only renamed since the version a run was on. A version that cannot be read tells of none.
async fn renames_since(app: &App, row: &RunRow, now: &Version) -> ApiResult<Arc<Renames>> {
    let Ok(was) = app.engine.version(&row.workspace, &row.workflow, row.version).await else {
        return Ok(Arc::default());
    };
    let document = |version: &Version| serde_json::to_value(version.workflow()).map_err(ApiError::internal);
    Ok(Arc::new(renamed(&document(&was)?, &document(now)?)))
}

async fn target(app: &App, row: &WorkflowRow, version: Option<u32>) -> ApiResult<Arc<Version>> {
    if let Some(version) = version {
        return Ok(app.engine.version(&row.workspace, &row.id, version).await?);
    }
    let catalogue = app.engine.catalogue_of(&row.workspace).await?;
    let (draft, found) = source::check(&json(&row.draft), &catalogue);
    let unfit =
        |found| ApiError::unprocessable("check_failed", "The draft has errors and cannot be played").diagnostics(found);
    let Some(draft) = draft else { return Err(unfit(found)) };
    match Version::compile(draft, &catalogue, true) {
        Ok(version) => Ok(Arc::new(version)),
        Err(error) => Err(unfit(found).pointer(error.pointer).detail(error.message)),
    }
}

async fn last_runs(app: &App, workflow: &WorkflowRow, last: u32) -> ApiResult<Vec<RunRow>> {
    let filter = RunFilter { workflow: Some(workflow.id.clone()), ..RunFilter::default() };
    let mut rows: Vec<RunRow> = Vec::new();
    let mut page = PageRequest { after: None, limit: last };
    loop {
        let found = app.store.list_runs(&workflow.workspace, &filter, &page).await?;
        rows.extend(found.items);
        let missing = last.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        match found.next {
            Some(next) if missing > 0 => page = PageRequest { after: Some(next), limit: missing },
            Some(_) | None => return Ok(rows),
        }
    }
}

fn view(row: RunRow, found: Backtest) -> BacktestedRun {
    let request = |change: play::RequestChange| RequestChange {
        step: change.step,
        occurrence: change.occurrence,
        fields: change.fields.into_iter().take(FIELDS_MAX).map(|field| masked(field.into())).collect(),
    };
    let path =
        |change: play::PathChange| PathChange { after: change.after, recorded: change.recorded, now: change.now };
    let cannot_say = |reason: play::CannotSay| CannotSay {
        step: reason.step,
        code: reason.code.to_owned(),
        message: reason.message,
    };
    let end = |mut change: play::EndChange| {
        crate::api::backtests::mask::mask(&mut change.recorded.output);
        crate::api::backtests::mask::mask(&mut change.now.output);
        EndChange { recorded: change.recorded.into(), now: change.now.into() }
    };
    BacktestedRun {
        run: row.id,
        title: row.title,
        version: row.version,
        status: row.status,
        started_at: row.started_at,
        verdict: found.verdict.into(),
        path: found.path.map(path),
        passing: found.passing.map(path),
        requests: found.requests.into_iter().map(request).collect(),
        end: found.end.map(end),
        cannot_say: found.cannot_say.map(cannot_say),
        renamed: found.renamed.into_iter().map(|(was, now)| StepRename { was, now }).collect(),
    }
}
