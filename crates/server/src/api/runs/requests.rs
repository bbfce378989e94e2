//! What a step sent, as it went out.

use crate::{api::checkpoints::view::Calls, app::App};
use countersign_api::{RenderedRequest, VisitRequest};
use countersign_core::{log::AttemptRecord, run::CallRequest};
use countersign_engine::LoadedRun;
use serde_json::Value;

/// One for each attempt of a step entry, in order. A failed exchange was recorded whole, of others only the facts.
pub(crate) async fn visit_requests(app: &App, workspace: &str, loaded: &LoadedRun, visit: u32) -> Vec<VisitRequest> {
    let executions = loaded.history().into_iter().filter(|execution| execution.visit == visit);
    let mut attempts: Vec<AttemptRecord> = executions.flat_map(|execution| execution.attempts).collect();
    attempts.sort_by_key(|sent| (sent.call, sent.attempt));
    let calls = Calls::of_run(app, workspace, loaded).await;
    let mut requests = Vec::with_capacity(attempts.len());
    for AttemptRecord { call, attempt, request, exchange, output, .. } in attempts {
        let output = output.unwrap_or_default();
        requests.push(one(&calls, (call, attempt), &request, exchange, output).await);
    }
    requests
}

async fn one(
    calls: &Calls<'_>,
    (call, attempt): (u16, u32),
    request: &CallRequest,
    exchange: Value,
    output: Value,
) -> VisitRequest {
    let recorded = exchange.get("request").and_then(recorded);
    let mut shown = VisitRequest {
        call,
        attempt,
        recorded: recorded.is_some(),
        request: recorded,
        response: response(exchange, output),
        error: None,
    };
    if shown.request.is_some() {
        return shown;
    }
    match request {
        CallRequest::Action { action, connection, input, .. } => {
            match calls.render((action, connection.as_deref()), input).await {
                Ok(request) => shown.request = Some(request),
                Err(error) => shown.error = Some(error),
            }
        }
        CallRequest::Message { .. } => shown.error = Some("a message; the channel makes the request".to_owned()),
    }
    shown
}

/// The answer: what the exchange holds of it, with the output as body when that was not kept twice.
fn response(exchange: Value, output: Value) -> Value {
    let Value::Object(mut exchange) = exchange else { return Value::Null };
    for of_request in ["request", "method", "url"] {
        exchange.shift_remove(of_request);
    }
    if !output.is_null() && !exchange.contains_key("response_body") {
        exchange.insert("response_body".to_owned(), output);
    }
    Value::Object(exchange)
}

fn recorded(request: &Value) -> Option<RenderedRequest> {
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(RenderedRequest {
        method: text("method")?,
        url: text("url")?,
        headers: request
            .get("headers")
            .and_then(|headers| serde_json::from_value(headers.clone()).ok())
            .unwrap_or_default(),
        body: request.get("body").cloned().unwrap_or_default(),
    })
}
