//! What starts runs of a workflow, and the addresses webhooks are received at.

mod body;
mod trying;
mod xml;

pub(crate) use trying::*;

use super::hooks;
use crate::{
    app::App,
    auth::{Address, Caller},
    http::{
        extract::{Body, Path, Raw, refuse_nul},
        problem::{ApiError, ApiResult},
    },
    rows::json as stored,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use countersign_api::{Page, Trigger, TriggerChangeRequest, TriggerFire, WebhookAccepted};
use countersign_core::text;
use countersign_engine::{Fire, TriggerState, WebhookCall};
use countersign_store::{ChangeTrigger, InboundOutcome, Role, RunRow, RunStatus, TriggerRow};
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest secret of a trigger, characters.
const SECRET_LENGTH_MAX: usize = 500;

fn view(app: &App, state: TriggerState) -> Trigger {
    let row = state.row;
    Trigger {
        kind: state.trigger.tag().to_owned(),
        enabled: row.as_ref().is_none_or(|row| row.enabled),
        url: state.token.map(|token| format!("{}/hooks/t/{token}", app.config.base_url.trim_end_matches('/'))),
        has_secret: row.as_ref().is_some_and(|row| !row.secret_sealed.is_empty()),
        next_at: row.as_ref().filter(|row| row.enabled).and_then(|row| row.next_at),
        last_fires: state.fires.into_iter().map(fired).collect(),
        id: state.id,
    }
}

fn fired(fire: Fire) -> TriggerFire {
    match fire {
        Fire::CameIn(row) => TriggerFire {
            event: Some(row.id),
            at: row.at,
            outcome: row.outcome.map_or_else(|| row.status.to_string(), |outcome| outcome.to_string()),
            run: row.run,
            error: row.error,
        },
        Fire::Started(run) => TriggerFire {
            event: None,
            at: run.started_at,
            outcome: InboundOutcome::Started.to_string(),
            run: Some(run.id),
            error: None,
        },
    }
}

/// The triggers of the active version: addresses, next times, last fires.
#[utoipa::path(get, path = "/workflows/{id}/triggers", operation_id = "listTriggers", tag = "workflows",
    params(("id" = String, Path)), responses((status = 200, description = "Triggers", body = Page<Trigger>)))]
pub(crate) async fn list_triggers(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<Trigger>>> {
    // The address of a webhook is a secret: who may not build does not get it.
    let builds = caller.require(Role::Builder).is_ok();
    let triggers = app.engine.triggers(caller.workspace(), &id).await?;
    let shown = triggers.into_iter().map(|state| {
        let trigger = view(&app, state);
        if builds { trigger } else { Trigger { url: None, ..trigger } }
    });
    Ok(Json(Page::whole(shown.collect())))
}

/// Switches a trigger on or off, or gives a webhook the secret its calls are verified with. Once this answered, nothing starts
/// through a trigger that is off.
#[utoipa::path(patch, path = "/workflows/{id}/triggers/{trigger}", operation_id = "changeTrigger", tag = "workflows",
    params(("id" = String, Path), ("trigger" = String, Path)), request_body = TriggerChangeRequest,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_trigger(
    State(app): State<App>,
    caller: Caller,
    Path((workflow, trigger)): Path<(String, String)>,
    body: Body<TriggerChangeRequest>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Builder)?;
    let TriggerChangeRequest { enabled, secret } = body.value;
    let states = app.engine.triggers(caller.workspace(), &workflow).await?;
    let found = states.into_iter().find(|state| state.id == trigger).and_then(|state| state.row);
    let row = found.ok_or_else(|| ApiError::not_found("trigger"))?;
    let sealed = secret.as_deref().map(|secret| sealed_secret(&app, &row, secret)).transpose()?;
    let (before, after) = (json!({ "enabled": row.enabled }), json!({ "enabled": enabled.unwrap_or(row.enabled) }));
    let detail = json!({ "trigger": trigger, "secret": secret.is_some() });
    let what = ("trigger.changed", format!("workflow:{workflow}"));
    let entry = caller.changed(app.now(), what, (&before, &after), detail);
    let workspace = caller.workspace();
    let change = ChangeTrigger {
        workspace: workspace.to_owned(),
        workflow: workflow.clone(),
        id: trigger,
        enabled,
        secret_sealed: sealed,
    };
    app.store.change_trigger(&change, vec![entry]).await?;
    app.engine.workflow_changed(workspace, &workflow);
    Ok(StatusCode::NO_CONTENT)
}

/// What calls of a webhook are verified with, as it is kept; empty without.
fn sealed_secret(app: &App, row: &TriggerRow, secret: &str) -> ApiResult<String> {
    if row.token_hash.is_none() {
        return Err(ApiError::invalid("/secret", "only calls of a webhook are verified with a secret"));
    }
    if secret.chars().count() > SECRET_LENGTH_MAX {
        return Err(ApiError::invalid("/secret", format!("at most {SECRET_LENGTH_MAX} characters")));
    }
    match secret {
        "" => Ok(String::new()),
        secret => Ok(app.engine.seal_trigger_secret(row, secret)?),
    }
}

/// Lets a webhook call or a time of a schedule come once more, as a new event.
#[utoipa::path(post, path = "/inbound/{id}/replay", operation_id = "replayInbound", tag = "runs",
    params(("id" = String, Path)),
    responses((status = 202, description = "Taken", body = WebhookAccepted)))]
pub(crate) async fn replay_inbound(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<WebhookAccepted>)> {
    caller.require(Role::Operator)?;
    let event = app.engine.replay_event(caller.workspace(), &id).await?;
    let entry = caller.audit(app.now(), "inbound.replayed", format!("inbound:{id}"), json!({ "event": event }));
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookAccepted { accepted: true, event, duplicate: false, run: None })))
}

/// Receives a call of a webhook trigger; answered once it is on disk, or with what its run gives where the trigger says so.
pub(crate) async fn receive(
    State(app): State<App>,
    Path(token): Path<String>,
    Address(address): Address,
    uri: Uri,
    headers: HeaderMap,
    Raw(bytes): Raw,
) -> ApiResult<Response> {
    refuse_nul(uri.query().unwrap_or_default())?;
    let (headers, query) = (hooks::named(&headers), hooks::query_of(&uri));
    let url = format!("{}{uri}", app.config.base_url.trim_end_matches('/'));
    let call = WebhookCall { headers, query, url, bytes: bytes.to_vec() };
    let webhook = app.engine.verify_webhook(&token, &call).await;
    let webhook = webhook.map_err(|error| hooks::refused(&app, address, error))?;
    // Only now: whoever proved nothing has nothing read.
    let content_type = call.headers.get("content-type").map_or("", String::as_str);
    let mut body = body::read(content_type, &bytes).await?;
    // Who calls would only repeat what was refused.
    text::keep(&mut body);
    let taken = app.engine.accept_webhook(webhook, call, body).await?;
    let told = WebhookAccepted { accepted: true, event: taken.event.clone(), duplicate: taken.duplicate, run: None };
    // Where no place is free nobody waits: what is on disk is answered as that.
    let place = taken.within.and_then(|within| Some((within, Arc::clone(&app.waiting).try_acquire_owned().ok()?)));
    let run = match place {
        // It is on disk whatever the wait comes to: an error would have the caller send it again.
        Some((within, _place)) => app.engine.await_webhook(taken, within).await.unwrap_or_else(|error| {
            tracing::warn!(%error, event = told.event, "what became of a call of a webhook could not be read");
            None
        }),
        None => None,
    };
    Ok(answer(told, run))
}

/// A run that is over answers with its output; whatever else became of the call, it was taken. That a run failed is no
/// fault of the server's (5xx), after which callers send the call again: its effects may have taken place.
fn answer(told: WebhookAccepted, run: Option<RunRow>) -> Response {
    let Some(run) = run else { return (StatusCode::ACCEPTED, Json(told)).into_response() };
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/runs/{}", run.id)) {
        headers.insert(header::LOCATION, location);
    }
    match run.status {
        RunStatus::Completed | RunStatus::Rejected => {
            let output: Value = run.output.as_deref().map(stored).unwrap_or_default();
            (headers, Json(output)).into_response()
        }
        RunStatus::Failed | RunStatus::Cancelled => {
            let detail = format!("run {} is {}", run.id, run.status);
            (headers, ApiError::run_failed(run.error_code).detail(detail)).into_response()
        }
        RunStatus::Running | RunStatus::Waiting => {
            let accepted = WebhookAccepted { run: Some(run.id), ..told };
            (StatusCode::ACCEPTED, headers, Json(accepted)).into_response()
        }
    }
}
