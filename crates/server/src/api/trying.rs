//! Trying an action: the request is shown, and sent only by who may, knowing exactly what.
//!
//! What reads is sent by builders. What changes something is sent as the workspace's policy says, after the very request
//! was shown; what is of high risk by administrators alone, who say why, and by a key only when it was made to decide.

use crate::{
    api::workspace,
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult, field_errors},
    },
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use countersign_api::{RenderedRequest, TriedAction, TryActionRequest, TryResult, TryWrites};
use countersign_connectors::{CallError, CallOutcome, Exchange};
use countersign_core::{catalogue::Risk, log::StepError, run::FieldProblem};
use countersign_engine::{Trial, TrialError};
use countersign_store::{NewAudit, Role};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Refuses who may not send a call of this risk outside of a run.
pub(crate) async fn permit(app: &App, caller: &Caller, risk: Risk) -> ApiResult<()> {
    let row = app.store.get_workspace(caller.workspace()).await?;
    let writes = row.as_ref().map(workspace::policy).unwrap_or_default().try_writes;
    match (risk, writes) {
        (Risk::Read, TryWrites::Nobody | TryWrites::Admins | TryWrites::Builders) => caller.require(Role::Builder),
        (Risk::Write | Risk::High, TryWrites::Nobody) => {
            let title = "This workspace's policy lets nobody try what changes something";
            Err(ApiError::new(StatusCode::FORBIDDEN, "not_tried_here", title))
        }
        (Risk::Write, TryWrites::Builders) => caller.require(Role::Builder),
        (Risk::Write, TryWrites::Admins) => caller.require(Role::Admin),
        (Risk::High, TryWrites::Admins | TryWrites::Builders) => {
            caller.require(Role::Admin)?;
            caller.require_decider()
        }
    }
}

/// Shows the request of an action, and sends it unless `dry_run`. What reads is sent by builders; what changes something by
/// administrators (or as the workspace's policy says) with `confirm`, the `request_hash` shown before; what is of high risk also
/// needs a `reason`, and an API key that may decide. Each call is in the audit trail before it leaves.
#[utoipa::path(post, path = "/connectors/{name}/actions/{action}/try", operation_id = "tryAction", tag = "connectors",
    params(("name" = String, Path), ("action" = String, Path, description = "Without the connector's name"),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = TryActionRequest,
    responses((status = 200, description = "The request, nothing was sent", body = TriedAction),
        (status = 201, description = "The request and what came of it", body = TriedAction)))]
pub(crate) async fn try_action(
    State(app): State<App>,
    caller: Caller,
    Path((name, action)): Path<(String, String)>,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<TryActionRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Builder)?;
    let action = format!("{name}.{action}");
    if body.value.dry_run {
        return Ok(Json(shown(&app, &caller, &action, body.value).await?).into_response());
    }
    let sent_with =
        key.as_ref().map_or_else(|| format!("try.{}", Uuid::now_v7()), |key| repeatable(&caller, &action, key));
    let once = Once::of(&app, &caller, format!("try.{action}"), key, body.hash());
    once.run(send(app, caller, action, sent_with, body.value)).await
}

/// The same key for the service when the client repeats the request with its own.
fn repeatable(caller: &Caller, action: &str, key: &str) -> String {
    let hash = Sha256::digest([caller.workspace(), action, key].join("/"));
    format!("try.{}", hex::encode(&hash[..16]))
}

async fn trial(app: &App, caller: &Caller, action: &str, request: &TryActionRequest) -> ApiResult<Trial> {
    let input = if request.input.is_null() { Value::Object(Map::new()) } else { request.input.clone() };
    let asked = (action, request.connection.as_deref());
    app.engine.trial(caller.workspace(), asked, input).await.map_err(|error| refused(app, error))
}

fn refused(app: &App, error: TrialError) -> ApiError {
    match error {
        TrialError::Engine(error) => error.into(),
        TrialError::Unfit(error) => unfit(&error),
        TrialError::NoPlace(due) => {
            let seconds = u32::try_from((due - app.now()).div_euclid(1000)).unwrap_or(1);
            ApiError::rate_limited(seconds).detail("the connection has as many calls as it may have")
        }
    }
}

/// Why no request can be made, at the places of the input where they are known.
fn unfit(error: &CallError) -> ApiError {
    let fault = |one: &Value| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        FieldProblem { pointer: format!("/input{}", text("pointer")), message: text("message").to_owned() }
    };
    let faults: Vec<FieldProblem> = error.details.as_array().into_iter().flatten().map(fault).collect();
    let refused = ApiError::unprocessable("action_not_rendered", "No request can be made of this");
    let refused = refused.detail(error.message.clone());
    if faults.is_empty() { refused } else { refused.errors(field_errors(faults)) }
}

async fn shown(app: &App, caller: &Caller, action: &str, request: TryActionRequest) -> ApiResult<TriedAction> {
    let trial = trial(app, caller, action, &request).await?;
    let may_send = permit(app, caller, trial.risk).await.is_ok();
    Ok(view(action, trial, may_send, None))
}

async fn send(
    app: App,
    caller: Caller,
    action: String,
    key: String,
    request: TryActionRequest,
) -> ApiResult<TriedAction> {
    let trial = trial(&app, &caller, &action, &request).await?;
    permit(&app, &caller, trial.risk).await?;
    let reason = deliberate(&trial, &request)?;
    // On the record before it leaves, and what came of it after.
    let entry = |what: &str, more: Value| entry(&app, &caller, what, &trial, &key, more);
    let before = entry("action.try_sent", json!({ "reason": reason }));
    app.store.append_audit(caller.workspace(), vec![before]).await?;
    let sent = app.engine.send_trial(&trial, &key, caller.id()).await;
    let came = match &sent {
        Ok(CallOutcome::Succeeded { exchange, .. }) => {
            json!({ "outcome": "succeeded", "status": exchange.status, "pages": exchange.pages })
        }
        Ok(CallOutcome::Failed { error, exchange }) => {
            json!({ "outcome": error.class, "code": error.code, "status": exchange.as_ref().and_then(|one| one.status) })
        }
        Err(_) => json!({ "outcome": "not_sent" }),
    };
    app.store.append_audit(caller.workspace(), vec![entry("action.tried", came)]).await?;
    let result = result(sent.map_err(|error| refused(&app, error))?);
    Ok(view(&action, trial, true, Some(result)))
}

/// That exactly this request is meant, and for high risk why.
fn deliberate(trial: &Trial, request: &TryActionRequest) -> ApiResult<Option<String>> {
    if trial.risk == Risk::Read {
        return Ok(None);
    }
    if request.confirm.as_deref() != Some(trial.hash.as_str()) {
        let title = match request.confirm {
            None => "This changes something: look at the request first",
            Some(_) => "The request is not the one that was shown",
        };
        let detail = "ask with dry_run, then send with confirm set to the request_hash of what was shown";
        return Err(ApiError::conflict("not_confirmed", title).detail(detail).pointer("/confirm"));
    }
    match (trial.risk, request.reason.as_deref()) {
        (Risk::High, reason) => bounded("/reason", reason.unwrap_or_default(), 1000).map(Some),
        (Risk::Read | Risk::Write, reason) => reason.map(|reason| bounded("/reason", reason, 1000)).transpose(),
    }
}

fn entry(app: &App, caller: &Caller, what: &str, trial: &Trial, key: &str, more: Value) -> NewAudit {
    let action = &trial.action;
    let mut detail = json!({
        "action": action, "connection": trial.connection(), "risk": trial.risk, "method": trial.request.method,
        "url": trial.request.url, "request_hash": trial.hash, "key": key,
    });
    if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    caller.audit(app.now(), what, format!("action:{action}"), detail)
}

fn view(action: &str, trial: Trial, may_send: bool, result: Option<TryResult>) -> TriedAction {
    TriedAction {
        action: action.to_owned(),
        risk: trial.risk,
        connection: trial.connection().map(str::to_owned),
        request_hash: trial.hash,
        request: RenderedRequest {
            method: trial.request.method,
            url: trial.request.url,
            headers: trial.request.headers,
            body: trial.request.body,
        },
        may_send,
        result,
    }
}

fn result(outcome: CallOutcome) -> TryResult {
    let (output, error, exchange) = match outcome {
        CallOutcome::Succeeded { output, exchange } => (output, None, Some(exchange)),
        CallOutcome::Failed { error, exchange } => (Value::Null, Some(error), exchange),
    };
    let told = |error: CallError| {
        StepError { class: error.class, code: error.code, message: error.message, details: error.details }.into()
    };
    let (status, headers, body, truncated, duration_ms) = exchange.map_or_else(Default::default, |exchange| {
        let Exchange { status, response_headers, response_body, response_truncated, duration_ms, .. } = exchange;
        (status, response_headers, response_body, response_truncated, duration_ms)
    });
    TryResult {
        output,
        error: error.map(told),
        status,
        response_headers: headers,
        response_body: body,
        response_truncated: truncated,
        duration_ms,
    }
}
