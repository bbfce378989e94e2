//! Runs.

use crate::{
    api::{
        customers::record,
        runs::view::{run_detail, run_summaries, started_run},
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Listing, OptionalBody, Path, PreferWait, Query, words},
        fields::at_most,
        problem::{ApiError, ApiResult},
    },
    rows::Tell,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use countersign_api::{
    CancelRequest, CustomerChoice, Page, RunCounts, RunDetail, RunEvent, RunList, StartRunRequest, StartedRun,
    WorkflowRef,
};
use countersign_engine::{IdempotencyKey, NamedVersion, StartRun, has_stopped};
use countersign_store::{PageRequest, Role, RunFilter};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use utoipa::IntoParams;

/// Starts a run. With `Prefer: wait=N` it answers when the run ended or waits for a person, or after N seconds.
#[utoipa::path(post, path = "/runs", operation_id = "startRun", tag = "runs",
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeat answers with the first run"),
        ("Prefer" = Option<String>, Header, description = "wait=N, at most 60 seconds")),
    request_body = StartRunRequest,
    responses((status = 201, description = "Started", body = StartedRun),
        (status = 200, description = "Ended or waiting in time, or started before", body = StartedRun),
        (status = 202, description = "Still running after the wait", body = StartedRun)))]
pub(crate) async fn start_run(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    PreferWait(prefer): PreferWait,
    body: Body<StartRunRequest>,
) -> ApiResult<(StatusCode, HeaderMap, Json<StartedRun>)> {
    caller.require(Role::Operator)?;
    let workspace = caller.workspace();
    let idempotency = key.map(|key| IdempotencyKey { key, request_hash: body.hash() });
    let request = body.value;
    let workflow = app.resolve_workflow(workspace, &request.workflow).await?;
    let workflow = workflow.ok_or_else(|| ApiError::not_found("workflow"))?;
    let customer = customer(&app, &caller, request.customer, idempotency.as_ref()).await?;
    // More waiting requests than places: the preference is not honoured, which RFC 7240 allows.
    let place = prefer.and_then(|_| Arc::clone(&app.waiting).try_acquire_owned().ok());
    let wait = prefer.filter(|_| place.is_some());
    let kind = if caller.session().is_ok() { "manual" } else { "api" };
    let start = StartRun {
        workspace: workspace.to_owned(),
        workflow: workflow.0.clone(),
        version: request.version.map(|version| named(&app, &caller, &workflow.0, version)),
        input: request.input.unwrap_or_else(|| json!({})),
        customer,
        conversation: request.conversation,
        trigger: json!({ "type": kind }),
        started_by: Some(caller.actor().clone()),
        idempotency,
        wait,
    };
    let started = app.engine.start_run(start).await?;
    drop(place);
    let status = match wait {
        Some(_) if !has_stopped(&started.run) => StatusCode::ACCEPTED,
        Some(_) => StatusCode::OK,
        None if started.replayed => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let workflow = WorkflowRef { id: workflow.0.clone(), name: workflow.1.clone() };
    let headers = start_headers(&started.run.id, wait, started.replayed);
    Ok((status, headers, Json(started_run(started.run, workflow, started.replayed))))
}

/// Whoever starts runs names the active or the ramped version. Another one may have had weaker approvals: it needs a
/// builder, and is on the record.
fn named(app: &App, caller: &Caller, workflow: &str, version: u32) -> NamedVersion {
    let subject = format!("workflow:{workflow}");
    let entry = || caller.audit(app.now(), "run.started_on_another_version", subject, json!({ "version": version }));
    NamedVersion { version, otherwise: caller.require(Role::Builder).is_ok().then(entry) }
}

fn start_headers(run: &str, wait: Option<Duration>, replayed: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/runs/{run}")) {
        headers.insert(header::LOCATION, location);
    }
    if let Some(wait) = wait
        && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
    {
        headers.insert("preference-applied", applied);
    }
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    headers
}

async fn customer(
    app: &App,
    caller: &Caller,
    choice: Option<CustomerChoice>,
    key: Option<&IdempotencyKey>,
) -> ApiResult<Option<String>> {
    match choice {
        None => Ok(None),
        Some(CustomerChoice::Id(id)) => Ok(Some(id)),
        Some(CustomerChoice::Known(known)) => {
            let seed = key.map(|key| key.key.as_str());
            Ok(Some(record::find_or_add(app, caller, &known, seed).await?.id))
        }
    }
}

/// Which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Id or name of the workflow.
    workflow: Option<String>,
    /// Version.
    version: Option<u32>,
    /// One or several of running, waiting, completed, rejected, failed, cancelled; comma-separated.
    status: Option<String>,
    /// Current step.
    step: Option<String>,
    /// Code of the error.
    error: Option<String>,
    /// Customer id.
    customer: Option<String>,
    /// Conversation id.
    conversation: Option<String>,
    /// Started at this time or later, milliseconds since the epoch.
    after: Option<i64>,
    /// Started before this time, milliseconds since the epoch.
    before: Option<i64>,
    /// Part of the title or of a customer's name, an address, phone number or id of theirs, or the run's id.
    text: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl RunsQuery {
    /// What was asked for.
    pub(crate) fn told(&self) -> Value {
        json!({
            "workflow": self.workflow, "version": self.version, "status": self.status, "step": self.step,
            "error": self.error, "customer": self.customer, "conversation": self.conversation,
            "after": self.after, "before": self.before, "text": self.text,
        })
    }

    fn page(&self) -> ApiResult<PageRequest> {
        Listing { cursor: self.cursor.clone(), limit: self.limit }.page()
    }
}

/// The filter a query asks for.
pub(crate) async fn filter(app: &App, workspace: &str, query: &RunsQuery) -> ApiResult<RunFilter> {
    // Counts and exports have no pages, but the whole query is what it says.
    query.page()?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let workflow = match given(&query.workflow) {
        Some(text) => Some(app.resolve_workflow(workspace, &text).await?.map_or(text, |known| known.0.clone())),
        None => None,
    };
    let text = given(&query.text);
    let text_customers = match &text {
        Some(text) => app.store.customers_named(workspace, text).await?,
        None => Vec::new(),
    };
    Ok(RunFilter {
        workflow,
        version: query.version,
        status: words("status", query.status.as_deref())?,
        step: given(&query.step),
        error_code: given(&query.error),
        customer: app.same_customers(workspace, given(&query.customer).as_deref()).await?,
        conversation: given(&query.conversation),
        started_after: query.after,
        started_before: query.before,
        text,
        text_customers,
    })
}

/// Runs, newest first. A page may hold fewer than asked for although there is a next one: a search looks at a bounded part
/// of the runs at a time.
#[utoipa::path(get, path = "/runs", operation_id = "listRuns", tag = "runs", params(RunsQuery),
    responses((status = 200, description = "Runs", body = RunList)))]
pub(crate) async fn list_runs(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RunsQuery>,
) -> ApiResult<Json<RunList>> {
    let page = query.page()?;
    let filter = filter(&app, caller.workspace(), &query).await?;
    let page = app.store.page_runs(caller.workspace(), &filter, &page).await?;
    let items = run_summaries(&app, caller.workspace(), page.items).await?;
    let unreadable = page.unreadable.into_iter().map(Tell::tell).collect();
    Ok(Json(RunList { items, unreadable, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// How many runs stand where, with the filters of the list; counted up to 10,000 of each.
#[utoipa::path(get, path = "/runs/counts", operation_id = "countRuns", tag = "runs", params(RunsQuery),
    responses((status = 200, description = "Counts", body = RunCounts)))]
pub(crate) async fn count_runs(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RunsQuery>,
) -> ApiResult<Json<RunCounts>> {
    let filter = filter(&app, caller.workspace(), &query).await?;
    let mut counts = RunCounts::default();
    let tally = app.store.tally_runs(caller.workspace(), &filter).await?;
    counts.at_least = tally.at_least;
    for (status, count) in tally.counts {
        counts.add(status, count);
    }
    Ok(Json(counts))
}

/// A run with everything that happened.
pub(crate) async fn detail(app: &App, caller: &Caller, id: &str) -> ApiResult<Json<RunDetail>> {
    let loaded = app.engine.load(caller.workspace(), id).await?;
    Ok(Json(run_detail(app, loaded).await?))
}

/// A run with everything that happened.
#[utoipa::path(get, path = "/runs/{id}", operation_id = "getRun", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, description = "The run", body = RunDetail)))]
pub(crate) async fn get_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetail>> {
    detail(&app, &caller, &id).await
}

/// Where a log is continued.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunEventsQuery {
    /// Only what came after this `seq`.
    after: Option<u64>,
}

/// The raw log of a run.
#[utoipa::path(get, path = "/runs/{id}/events", operation_id = "listRunEvents", tag = "runs",
    params(("id" = String, Path), RunEventsQuery),
    responses((status = 200, description = "Events in order", body = Page<RunEvent>)))]
pub(crate) async fn list_run_events(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<RunEventsQuery>,
) -> ApiResult<Json<Page<RunEvent>>> {
    app.store.get_run(caller.workspace(), &id).await?.ok_or_else(|| ApiError::not_found("run"))?;
    let rows = app.store.run_events(caller.workspace(), &id, query.after.unwrap_or(0)).await?;
    let mut items = Vec::new();
    for row in rows {
        let events: Vec<countersign_core::run::Event> =
            serde_json::from_str(&row.events).map_err(ApiError::internal)?;
        items.extend(events.iter().map(|event| {
            let (kind, data) = (event.tag().to_owned(), event.told());
            RunEvent { seq: row.seq, at: row.at, kind, data }
        }));
    }
    Ok(Json(Page::whole(items)))
}

/// The document a run runs on.
#[utoipa::path(get, path = "/runs/{id}/graph", operation_id = "getRunGraph", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, description = "The document of its version", body = Value)))]
pub(crate) async fn get_run_graph(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let row = app.store.get_run(caller.workspace(), &id).await?.ok_or_else(|| ApiError::not_found("run"))?;
    let version = app.store.get_version(caller.workspace(), &row.workflow, row.version).await?;
    Ok(Json(crate::rows::json(&version.ok_or_else(|| ApiError::not_found("version"))?.document)))
}

/// Stops a run; one with a call under way stops once that is answered.
#[utoipa::path(post, path = "/runs/{id}/cancel", operation_id = "cancelRun", tag = "runs",
    params(("id" = String, Path)), request_body = CancelRequest,
    responses((status = 200, description = "The run", body = RunDetail)))]
pub(crate) async fn cancel_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(request): OptionalBody<CancelRequest>,
) -> ApiResult<Json<RunDetail>> {
    caller.require(Role::Operator)?;
    let reason = at_most("/reason", &request.reason, 2_000)?;
    app.engine.cancel(caller.workspace(), &id, reason, caller.actor().clone()).await?;
    detail(&app, &caller, &id).await
}
