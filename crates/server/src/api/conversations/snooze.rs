//! Putting conversations aside.

use super::handlers::{change, detail, required, updated};
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{Conversation, Snooze, SnoozeRequest};
use countersign_store::{ConversationStatus, ConversationUpdate, Role, SNOOZED_FOR_GOOD};
use serde_json::{Value, json};

/// The longest time aside, milliseconds.
const LONGEST_MS: i64 = 366 * 24 * 3_600_000;

/// As it is told: one whose time is over is back, though nobody wrote so yet.
pub(super) fn snooze_of(until: Option<i64>, now: i64) -> Option<Snooze> {
    let until = until.filter(|until| *until > now)?;
    Some(Snooze { until: (until != SNOOZED_FOR_GOOD).then_some(until) })
}

fn told(until: Option<i64>, now: i64) -> Value {
    json!({ "snoozed": snooze_of(until, now) })
}

/// Puts a conversation aside until a time, or until the customer writes again: it leaves the lists and comes back by itself.
/// With `seen`, 409 `messages_since` when the customer wrote after that message.
#[utoipa::path(post, path = "/conversations/{id}/snooze", operation_id = "snoozeConversation", tag = "conversations",
    params(("id" = String, Path)), request_body = SnoozeRequest,
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn snooze_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<SnoozeRequest>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let before = required(&app, &caller, &id).await?;
    let now = app.now();
    let until = body.value.until.unwrap_or(SNOOZED_FOR_GOOD);
    if body.value.until.is_some_and(|until| until <= now || until > now + LONGEST_MS) {
        return Err(ApiError::invalid("/until", "a time to come, within a year"));
    }
    if before.status == ConversationStatus::Closed {
        return Err(ApiError::conflict("closed", "The conversation is closed"));
    }
    let what = ("conversation.snoozed", format!("conversation:{id}"));
    let detail = json!({ "until": body.value.until });
    let entry = caller.changed(now, what, (&told(before.snoozed_until, now), &told(Some(until), now)), detail);
    let seen = body.value.seen.map(|seen| seen.min(i64::MAX.unsigned_abs()));
    let update = ConversationUpdate { snoozed_until: Some(Some(until)), seen, ..change(&app, &caller, &id) };
    updated(&app, &update, entry).await
}

/// Brings a conversation back that was put aside; one that is not stays as it is.
#[utoipa::path(post, path = "/conversations/{id}/wake", operation_id = "wakeConversation", tag = "conversations",
    params(("id" = String, Path)), responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn wake_conversation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let before = required(&app, &caller, &id).await?;
    let now = app.now();
    if snooze_of(before.snoozed_until, now).is_none() {
        return detail(&app, before, None).await;
    }
    let what = ("conversation.returned", format!("conversation:{id}"));
    let entry = caller.changed(now, what, (&told(before.snoozed_until, now), &told(None, now)), json!({}));
    let update = ConversationUpdate { snoozed_until: Some(None), ..change(&app, &caller, &id) };
    updated(&app, &update, entry).await
}
