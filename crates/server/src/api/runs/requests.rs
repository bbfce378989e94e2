//! What a step sent, as it went out.

use crate::{api::checkpoints::view::render, app::App};
use countersign_api::{RenderedRequest, VisitRequest};
use countersign_core::run::{CallRequest, Event};
use countersign_engine::LoadedRun;
use serde_json::Value;
use std::collections::BTreeMap;

/// One for each attempt of a step entry, in order. A failed exchange was recorded whole, of others only the facts.
pub(crate) async fn visit_requests(app: &App, workspace: &str, loaded: &LoadedRun, visit: u32) -> Vec<VisitRequest> {
    let mut sent: BTreeMap<(u16, u32), (CallRequest, Value, Value)> = BTreeMap::new();
    for event in loaded.log.iter().flat_map(|entry| &entry.events) {
        if let Event::CallRequested { visit: own, call, attempt, request, .. } = event
            && *own == visit
        {
            sent.insert((*call, *attempt), (request.clone(), Value::Null, Value::Null));
        } else if let Event::CallSucceeded { visit: own, call, attempt, exchange, output } = event
            && *own == visit
            && let Some(known) = sent.get_mut(&(*call, *attempt))
        {
            (known.1, known.2) = (exchange.clone(), output.clone());
        } else if let Event::CallFailed { visit: own, call, attempt, exchange, .. } = event
            && *own == visit
            && let Some(known) = sent.get_mut(&(*call, *attempt))
        {
            known.1.clone_from(exchange);
        }
    }
    let mut requests = Vec::with_capacity(sent.len());
    for ((call, attempt), (request, exchange, output)) in sent {
        requests.push(one(app, workspace, (call, attempt), &request, exchange, output).await);
    }
    requests
}

async fn one(
    app: &App,
    workspace: &str,
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
        CallRequest::Action { action, connection, input } => {
            match render(app, workspace, (action, connection.as_deref()), input).await {
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
