//! What a call of a webhook would come to, before anybody calls.

use super::body;
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        problem::{ApiError, ApiResult, field_errors},
    },
};
use axum::{Json, extract::State};
use bytes::Bytes;
use countersign_api::{FieldError, TriedTrigger, TryTriggerRequest};
use countersign_core::text;
use countersign_engine::{TriedCall, WebhookCall};
use countersign_store::Role;
use serde_json::Value;
use std::collections::BTreeMap;

/// Says what a call of a webhook would come to: the functions that read a real one read it. It is taken as verified and the
/// trigger as switched on; nothing is kept and nothing is started.
#[utoipa::path(post, path = "/workflows/{id}/triggers/{trigger}/try", operation_id = "tryTrigger", tag = "workflows",
    params(("id" = String, Path), ("trigger" = String, Path)), request_body = TryTriggerRequest,
    responses((status = 200, description = "What would happen", body = TriedTrigger)))]
pub(crate) async fn try_trigger(
    State(app): State<App>,
    caller: Caller,
    Path((workflow, trigger)): Path<(String, String)>,
    request: Body<TryTriggerRequest>,
) -> ApiResult<Json<TriedTrigger>> {
    caller.require(Role::Builder)?;
    let TryTriggerRequest { body, headers, query } = request.value;
    // Names of headers come in small letters, however they were sent.
    let small = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    let mut headers: BTreeMap<String, String> = headers.into_iter().map(small).collect();
    headers.entry("content-type".to_owned()).or_insert_with(|| "application/json".to_owned());
    let bytes = Bytes::from(body);
    let read = body::read(&headers["content-type"], &bytes).await;
    let call = WebhookCall { headers, query, url: String::new(), bytes: Vec::new() };
    let at = (caller.workspace(), workflow.as_str(), trigger.as_str());
    // Also where the body cannot be read: of what is no webhook nothing is told.
    let (mut value, unreadable) = read.map_or_else(|error| (Value::Null, Some(error)), |value| (value, None));
    text::keep(&mut value);
    let tried = app.engine.try_webhook(at, &call, value.clone()).await?;
    Ok(Json(unreadable.map_or_else(|| view(tried, value), unread)))
}

/// A body that cannot be read: its caller is told so, and nothing is kept.
fn unread(error: ApiError) -> TriedTrigger {
    let (pointer, message) = error.told();
    let problems = vec![FieldError { pointer: format!("/body{pointer}"), message }];
    TriedTrigger { outcome: "refused".to_owned(), body: None, input: None, dedup: None, before: None, problems }
}

fn view(tried: TriedCall, body: Value) -> TriedTrigger {
    let TriedCall { dedup, before, filtered, input, problems, failed } = tried;
    let outcome = match &failed {
        Some(("dedup", _)) => "refused",
        _ if before.is_some() => "duplicate",
        Some(_) => "fails",
        None if filtered => "ignored",
        None if !problems.is_empty() => "fails",
        None => "starts",
    };
    let below = |place: &str, error: FieldError| FieldError { pointer: format!("{place}{}", error.pointer), ..error };
    let of_part = failed.map(|(part, message)| FieldError { pointer: format!("/{part}"), message });
    let of_input = field_errors(problems).into_iter().map(|error| below("/input", error));
    let problems = of_part.into_iter().chain(of_input).collect();
    TriedTrigger { outcome: outcome.to_owned(), body: Some(body), input, dedup, before, problems }
}
