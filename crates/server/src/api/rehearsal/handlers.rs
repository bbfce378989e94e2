//! Rehearsals: a draft played by hand. Nothing is kept and nothing leaves, but for a call that is asked for by name.

use crate::{
    api::{
        rehearsal::view,
        test_cases::play::{meant, play},
        trying,
        workflows::view::required_workflow,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path, Query},
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use countersign_api::{
    Answer, Given, Page, RealCallRequest, RealCallResponse, RecordedAnswer, Rehearsal, RehearseRequest, RenderedRequest,
};
use countersign_connectors::{Call, CallOutcome};
use countersign_core::{
    catalogue::Risk,
    log::{AttemptRecord, ExecutionStatus, history},
    play::rehearsal::{self, Waiting},
    run::CallRequest,
};
use countersign_engine::AccountChoice;
use countersign_store::{PageRequest, Role, RunFilter};
use serde::Deserialize;
use serde_json::{Value, json as object};
use std::{sync::Arc, time::Duration};
use utoipa::IntoParams;
use uuid::Uuid;

/// How many of a workflow's latest runs are looked through for recorded answers.
const RUNS_MAX: u32 = 20;
/// How many recorded answers are told at most.
const RECORDED_MAX: usize = 10;

/// Plays a script on the draft, a version or a document. The same script gives the same answer.
#[utoipa::path(post, path = "/workflows/{id}/rehearse", operation_id = "rehearseWorkflow", tag = "rehearsal",
    params(("id" = String, Path)), request_body = RehearseRequest,
    responses((status = 200, description = "Where it stands", body = Rehearsal)))]
pub(crate) async fn rehearse(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<RehearseRequest>,
) -> ApiResult<Json<Rehearsal>> {
    caller.require(Role::Builder)?;
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    let RehearseRequest { document, version, script } = body.value;
    let version = Arc::new(meant(&app, &row, document, version).await?);
    let played = play(&app, caller.workspace(), &version, script).await?;
    Ok(Json(view::rehearsal(&app, caller.workspace(), &version, played).await))
}

/// Makes the call a rehearsal waits for, once, at the real service. High-risk actions are refused; actions that change
/// something need `confirm_write`.
#[utoipa::path(post, path = "/workflows/{id}/rehearse/call", operation_id = "callInRehearsal", tag = "rehearsal",
    params(("id" = String, Path)), request_body = RealCallRequest,
    responses((status = 200, description = "What the service answered", body = RealCallResponse)))]
pub(crate) async fn call(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<RealCallRequest>,
) -> ApiResult<Json<RealCallResponse>> {
    caller.require(Role::Builder)?;
    let row = required_workflow(&app, caller.workspace(), &id).await?;
    let RealCallRequest { document, script, step, confirm, confirm_write } = body.value;
    let version = Arc::new(meant(&app, &row, document, None).await?);
    // What is sent is what the rehearsal would send, not what the request says.
    let played = play(&app, caller.workspace(), &version, script).await?;
    let Waiting::Answer(pending) = played.waiting else {
        return Err(ApiError::conflict("not_waiting", "The rehearsal does not wait for a call"));
    };
    if pending.step != step || played.refused.is_some() {
        let detail = format!("it waits for `{}`", pending.step);
        return Err(ApiError::conflict("not_waiting", "The rehearsal does not wait for this call").detail(detail));
    }
    permit(pending.risk, confirm, confirm_write)?;
    trying::permit(&app, &caller, pending.risk).await?;
    let key = format!("rehearsal.{}", Uuid::now_v7());
    let detail = object!({
        "workflow": row.name, "step": step, "action": pending.action, "connection": pending.connection, "key": key,
    });
    // On the record before it leaves.
    let entry = caller.audit(app.now(), "workflow.rehearsal_called", format!("workflow:{id}"), detail);
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok(Json(send(&app, caller.workspace(), &pending, &key).await?))
}

fn permit(risk: Risk, confirm: bool, confirm_write: bool) -> ApiResult<()> {
    if risk == Risk::High {
        let title = "An action of high risk is never called from a rehearsal";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "high_risk", title));
    }
    if !confirm {
        return Err(ApiError::invalid("/confirm", "say that the service is really to be called"));
    }
    if risk == Risk::Write && !confirm_write {
        return Err(ApiError::invalid("/confirm_write", "this action changes something: say that it may"));
    }
    Ok(())
}

async fn send(app: &App, workspace: &str, pending: &rehearsal::Call, key: &str) -> ApiResult<RealCallResponse> {
    let connector = pending.action.split('.').next().unwrap_or_default();
    let named = pending.connection.as_deref();
    let accounts = app.engine.choose_accounts(workspace, std::iter::once((pending.action.as_str(), named))).await?;
    let choice = AccountChoice::of_step(&accounts, connector, named);
    let connection = app.engine.connection(workspace, connector, choice).await?;
    let call = Call {
        action: &pending.action,
        input: &pending.input,
        key,
        timeout: Duration::from_millis(pending.timeout_ms),
        connection: connection.as_deref(),
        repeated: false,
    };
    let (answer, exchange) =
        match app.engine.invoker().knowing(app.engine.connectors(workspace).await?).invoke(call).await {
            CallOutcome::Succeeded { output, exchange } => {
                (Answer::Output { output, given: Some(Given::Real) }, Some(exchange))
            }
            CallOutcome::Failed { error, exchange } => {
                let answer = Answer::Error {
                    class: error.class,
                    code: error.code,
                    message: error.message,
                    details: error.details,
                    given: Some(Given::Real),
                };
                (answer, exchange)
            }
        };
    let (status, duration_ms) = exchange.as_ref().map_or((None, 0), |exchange| (exchange.status, exchange.duration_ms));
    let request = exchange.map(|exchange| exchange.request).map(|request| RenderedRequest {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body,
    });
    Ok(RealCallResponse { answer, request, status, duration_ms })
}

/// Which answers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SamplesQuery {
    /// Only of this action: what the step called before says nothing about another.
    action: Option<String>,
}

/// What a step's action answered in the latest runs, newest first, at most ten.
#[utoipa::path(get, path = "/workflows/{id}/steps/{step}/samples", operation_id = "listStepSamples", tag = "rehearsal",
    params(("id" = String, Path), ("step" = String, Path), SamplesQuery),
    responses((status = 200, description = "Answers", body = Page<RecordedAnswer>)))]
pub(crate) async fn samples(
    State(app): State<App>,
    caller: Caller,
    Path((id, step)): Path<(String, String)>,
    Query(query): Query<SamplesQuery>,
) -> ApiResult<Json<Page<RecordedAnswer>>> {
    required_workflow(&app, caller.workspace(), &id).await?;
    let filter = RunFilter { workflow: Some(id), ..RunFilter::default() };
    let page = PageRequest { after: None, limit: RUNS_MAX };
    let runs = app.store.list_runs(caller.workspace(), &filter, &page).await?.items;
    let mut items = Vec::new();
    for run in runs {
        // A run whose version no longer compiles has nothing to tell.
        let Ok(loaded) = app.engine.load(caller.workspace(), &run.id).await else { continue };
        let executions = history(&loaded.version, &loaded.log);
        let attempts = executions.into_iter().filter(|entry| entry.step == step).flat_map(|entry| entry.attempts);
        items.extend(attempts.filter_map(|attempt| recorded(&run.id, attempt)));
        items.retain(|item: &RecordedAnswer| query.action.as_ref().is_none_or(|action| *action == item.action));
        if items.len() >= RECORDED_MAX {
            break;
        }
    }
    items.truncate(RECORDED_MAX);
    Ok(Json(Page::whole(items)))
}

fn recorded(run: &str, attempt: AttemptRecord) -> Option<RecordedAnswer> {
    let CallRequest::Action { action, input, .. } = CallRequest::clone(&attempt.request) else { return None };
    let answer = match (attempt.output, attempt.error) {
        (Some(output), _) if attempt.status == ExecutionStatus::Completed => {
            Answer::Output { output: masked(output), given: Some(Given::Recorded) }
        }
        (_, Some(error)) => Answer::Error {
            class: error.class,
            code: error.code,
            message: error.message,
            details: masked(error.details),
            given: Some(Given::Recorded),
        },
        (Some(_) | None, None) => return None,
    };
    Some(RecordedAnswer { run: run.to_owned(), at: attempt.started_at.0, action, input: masked(input), answer })
}

/// Credentials never reach the history; what a service itself calls a secret is masked here too.
fn masked(value: Value) -> Value {
    const SECRET: [&str; 6] = ["password", "secret", "token", "api_key", "apikey", "authorization"];
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let lower = name.to_lowercase();
                    let secret = value.is_string() && SECRET.iter().any(|word| lower.contains(word));
                    (name, if secret { Value::from("***") } else { masked(value) })
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_called_a_secret_is_masked() {
        let value = object!({ "id": "x", "card": [{ "clientToken": "t", "n": 1 }], "password": "p", "tokens": 5 });
        assert_eq!(
            masked(value),
            object!({ "id": "x", "card": [{ "clientToken": "***", "n": 1 }], "password": "***", "tokens": 5 })
        );
    }

    #[test]
    fn nothing_of_high_risk_is_called_and_a_write_needs_its_own_word() {
        assert_eq!(permit(Risk::High, true, true).unwrap_err().code(), "high_risk");
        assert!(permit(Risk::Read, false, true).is_err());
        assert!(permit(Risk::Write, true, false).is_err());
        assert!(permit(Risk::Write, true, true).is_ok() && permit(Risk::Read, true, false).is_ok());
    }
}
