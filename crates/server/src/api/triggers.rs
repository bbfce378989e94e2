//! What starts runs of a workflow, and the addresses webhooks are received at.

use super::hooks;
use crate::{
    app::App,
    auth::{Address, Caller},
    http::{
        extract::{Body, Path, Raw, refuse_nul},
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use countersign_api::{Page, Trigger, TriggerChangeRequest, TriggerFire, WebhookAccepted};
use countersign_core::text;
use countersign_engine::{TriggerState, WebhookCall};
use countersign_store::Role;
use serde_json::{Map, Value, json};

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
        last_fires: state
            .fires
            .into_iter()
            .map(|fire| TriggerFire {
                event: fire.id,
                at: fire.at,
                outcome: fire.outcome.map_or_else(|| fire.status.to_string(), |outcome| outcome.to_string()),
                run: fire.run,
                error: fire.error,
            })
            .collect(),
        id: state.id,
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

/// Switches a trigger on or off, or gives it the secret its calls are verified with.
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
    let mut row = found.ok_or_else(|| ApiError::not_found("trigger"))?;
    let before = json!({ "enabled": row.enabled });
    row.enabled = enabled.unwrap_or(row.enabled);
    if let Some(secret) = &secret {
        if secret.chars().count() > SECRET_LENGTH_MAX {
            return Err(ApiError::invalid("/secret", format!("at most {SECRET_LENGTH_MAX} characters")));
        }
        row.secret_sealed = match secret.as_str() {
            "" => String::new(),
            secret => app.engine.seal_trigger_secret(&row, secret)?,
        };
    }
    let detail = json!({ "trigger": trigger, "secret": secret.is_some() });
    let what = ("trigger.changed", format!("workflow:{workflow}"));
    let entry = caller.changed(app.now(), what, (&before, &json!({ "enabled": row.enabled })), detail);
    app.store.update_trigger(&row, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
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
    Ok((StatusCode::ACCEPTED, Json(WebhookAccepted { accepted: true, event })))
}

/// Receives a call of a webhook trigger; answered once it is on disk.
pub(crate) async fn receive(
    State(app): State<App>,
    Path(token): Path<String>,
    Address(address): Address,
    uri: Uri,
    headers: HeaderMap,
    Raw(bytes): Raw,
) -> ApiResult<(StatusCode, Json<WebhookAccepted>)> {
    refuse_nul(uri.query().unwrap_or_default())?;
    let (headers, query) = (hooks::named(&headers), hooks::query_of(&uri));
    let media_type = headers.get("content-type").map_or("", |value| value.split(';').next().unwrap_or_default().trim());
    let (mut body, fields) = read(media_type, &bytes)?;
    // Who calls would only repeat what was refused.
    text::keep(&mut body);
    let url = format!("{}{uri}", app.config.base_url.trim_end_matches('/'));
    let call = WebhookCall { headers, query, url, bytes: bytes.to_vec(), body, fields };
    let event = app.engine.accept_webhook(&token, call).await;
    let event = event.map_err(|error| hooks::refused(&app, address, error))?;
    Ok((StatusCode::ACCEPTED, Json(WebhookAccepted { accepted: true, event })))
}

/// A body as a value: JSON, the fields of a form, or text.
fn read(media_type: &str, bytes: &[u8]) -> ApiResult<(Value, Vec<(String, String)>)> {
    if bytes.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if media_type == "application/x-www-form-urlencoded" {
        let fields: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
        let object: Map<String, Value> =
            fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        return Ok((Value::Object(object), fields));
    }
    let words = || Value::from(String::from_utf8_lossy(bytes));
    let json =
        |bytes: &[u8]| serde_json::from_slice(&text::whole_kept(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)));
    if media_type == "application/json" || media_type.ends_with("+json") {
        let body = json(bytes).map_err(|error| ApiError::invalid("", error.to_string()))?;
        return Ok((body, Vec::new()));
    }
    Ok((json(bytes).unwrap_or_else(|_| words()), Vec::new()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_body_is_json_a_form_or_text() {
        let body = |media_type, bytes: &str| read(media_type, bytes.as_bytes()).unwrap().0;
        assert_eq!(body("application/json", r#"{"a":1}"#), json!({ "a": 1 }));
        assert_eq!(body("application/vnd.api+json", "[1]"), json!([1]));
        assert_eq!(body("application/x-www-form-urlencoded", "a=1&b=%C3%A4+x"), json!({ "a": "1", "b": "ä x" }));
        assert_eq!(body("text/plain", "hello there"), json!("hello there"));
        assert_eq!(body("", ""), Value::Null);
        assert_eq!(body("application/json", "\u{FEFF}[184467440737095516160]"), json!(["184467440737095516160"]));
        assert!(read("application/json", b"{").is_err());
    }
}
