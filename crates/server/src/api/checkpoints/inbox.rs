//! The inbox: lists and counts of checkpoints.

use crate::{
    api::checkpoints::summary::{checkpoint_summaries, mine_filter},
    app::App,
    auth::Caller,
    http::{
        extract::{Listing, Query, words},
        fields::at_most,
        problem::{ApiError, ApiResult},
    },
    rows,
};
use axum::{Json, extract::State};
use countersign_api::{CheckpointCounts, CheckpointSummary, Page};
use countersign_core::run::Actor;
use countersign_engine::Reader;
use countersign_store::{CheckpointFilter, CheckpointKind, CheckpointStatus, InboxRange};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Counting stops here.
pub(crate) const COUNT_MAX: u32 = 1_000;
/// What operators are asked; a form is the customer's.
const ASKED: [CheckpointKind; 3] = [CheckpointKind::Approval, CheckpointKind::Handoff, CheckpointKind::UnknownOutcome];

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Scope {
    /// Open ones that the caller may decide now and nobody took, and those the caller took.
    Mine,
    /// Open ones that ask one of the caller's groups.
    Groups,
    /// All; without the forms customers fill in, unless `kind` names them.
    All,
}

/// Which checkpoints.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckpointsQuery {
    /// Whose: mine, groups or all. Everything, forms included, when absent.
    #[param(inline)]
    scope: Option<Scope>,
    /// open or decided; both when absent. What is mine or of my groups is open.
    status: Option<String>,
    /// One or several of approval, form, handoff, unknown_outcome; comma-separated.
    kind: Option<String>,
    /// Part of the summary, the title of the step, the case or a fact, in any case; part of a customer's name; or an address,
    /// a phone number or a run id.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Workflow id.
    workflow: Option<String>,
    /// Step id.
    step: Option<String>,
    /// Run id.
    run: Option<String>,
    /// Customer id.
    customer: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent. A page may hold fewer although there is a next one.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What `scope` was called before: whoever still asks so must not be shown what is everybody's.
    #[param(ignore)]
    mine: Option<String>,
}

/// Checkpoints, newest first: decided ones by when they were decided, all others by when they opened.
#[utoipa::path(get, path = "/checkpoints", operation_id = "listCheckpoints", tag = "checkpoints",
    params(CheckpointsQuery), responses((status = 200, description = "Checkpoints", body = Page<CheckpointSummary>)))]
pub(crate) async fn list_checkpoints(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<CheckpointsQuery>,
) -> ApiResult<Json<Page<CheckpointSummary>>> {
    let page = Listing { cursor: query.cursor.clone(), limit: query.limit }.page()?;
    let scope = query.scope;
    if query.mine.is_some() {
        return Err(ApiError::invalid("/mine", "there is no such parameter any more: ask with `scope=mine`"));
    }
    let for_others = app.engine.stands_in_for(caller.workspace(), caller.actor()).await?;
    let filter = filter(&app, reader(&caller, &for_others), (caller.workspace(), query)).await?;
    let page = app.store.list_checkpoints(caller.workspace(), &filter, &page).await?;
    let mut items = checkpoint_summaries(&app, &caller, (page.items, &for_others)).await?;
    if scope == Some(Scope::Mine) {
        items.retain(|item| mine_filter(&caller, item));
    }
    Ok(Json(rows::page(items, page.next)))
}

async fn filter(
    app: &App,
    reader: Reader<'_>,
    (workspace, query): (&str, CheckpointsQuery),
) -> ApiResult<CheckpointFilter> {
    let CheckpointsQuery { scope, q, workflow, step, run, customer, .. } = query;
    let status: Vec<CheckpointStatus> = words("status", query.status.as_deref())?;
    let status = if status.len() == 1 { status.first().copied() } else { None };
    let kind: Vec<CheckpointKind> = words("kind", query.kind.as_deref())?;
    let text = q.map(|text| at_most("/q", text.trim(), 200)).transpose()?.filter(|text| !text.is_empty());
    let text_customers = match &text {
        Some(text) => app.store.customers_named(workspace, text).await?,
        None => Vec::new(),
    };
    let customer = app.same_customers(workspace, customer.as_deref()).await?;
    let filter =
        CheckpointFilter { status, kind, workflow, step, run, customer, text, text_customers, ..Default::default() };
    match scope {
        None => Ok(filter),
        Some(Scope::All) if filter.kind.is_empty() => Ok(CheckpointFilter { kind: ASKED.into(), ..filter }),
        Some(Scope::All) => Ok(filter),
        Some(Scope::Mine | Scope::Groups) if status == Some(CheckpointStatus::Decided) => {
            Err(ApiError::invalid("/scope", "only what is open is somebody's: ask for all that was decided"))
        }
        Some(Scope::Mine) => Ok(open_among(filter, app.engine.inbox(workspace, reader).await?.mine)),
        Some(Scope::Groups) => Ok(open_among(filter, app.engine.inbox(workspace, reader).await?.groups)),
    }
}

fn open_among(filter: CheckpointFilter, among: Vec<InboxRange>) -> CheckpointFilter {
    CheckpointFilter { status: Some(CheckpointStatus::Open), among: Some(among), ..filter }
}

fn reader<'a>(caller: &'a Caller, for_others: &'a [Actor]) -> Reader<'a> {
    let identity = caller.identity();
    Reader { actor: &identity.actor, groups: &identity.groups, decides: identity.decides, for_others }
}

/// How many there are: for the tabs of the inbox, and for the badge what waits for the caller.
#[utoipa::path(get, path = "/checkpoints/counts", operation_id = "countCheckpoints", tag = "checkpoints",
    responses((status = 200, description = "How many there are", body = CheckpointCounts)))]
pub(crate) async fn count_checkpoints(State(app): State<App>, caller: Caller) -> ApiResult<Json<CheckpointCounts>> {
    let for_others = app.engine.stands_in_for(caller.workspace(), caller.actor()).await?;
    let inbox = app.engine.inbox(caller.workspace(), reader(&caller, &for_others)).await?;
    let tally = |filter: CheckpointFilter| {
        let (app, workspace) = (&app, caller.workspace());
        async move { app.store.tally_checkpoints(workspace, &filter, COUNT_MAX).await }
    };
    let of = |status, kind: &[CheckpointKind]| {
        tally(CheckpointFilter { status: Some(status), kind: kind.into(), ..CheckpointFilter::default() })
    };
    let among = |among| tally(open_among(CheckpointFilter::default(), among));
    let open = CheckpointStatus::Open;
    let (approval, form, handoff, unknown_outcome, decided, mine, groups) = tokio::try_join!(
        of(open, &[CheckpointKind::Approval]),
        of(open, &[CheckpointKind::Form]),
        of(open, &[CheckpointKind::Handoff]),
        of(open, &[CheckpointKind::UnknownOutcome]),
        of(CheckpointStatus::Decided, &ASKED),
        among(inbox.mine),
        among(inbox.groups),
    )?;
    let all = (approval + handoff + unknown_outcome).min(COUNT_MAX.into());
    let at_most = COUNT_MAX.into();
    Ok(Json(CheckpointCounts { approval, form, handoff, unknown_outcome, mine, groups, all, decided, at_most }))
}
