//! Canned replies: texts with variables, kept by administrators, filled in for a conversation.

use super::handlers::required;
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{CannedReply, CannedReplyRequest, FilledReply, Page};
use countersign_core::canned;
use countersign_engine::{conversation_object, customer_object};
use countersign_store::{CannedReplyRow, Role};
use serde_json::{Value, json};
use uuid::Uuid;

/// Longest name, characters.
const NAME_LENGTH_MAX: usize = 40;
/// Longest text, characters.
const BODY_LENGTH_MAX: usize = 4_000;

fn view(row: CannedReplyRow) -> CannedReply {
    CannedReply { id: row.id, name: row.name, body: row.body, updated_at: row.updated_at }
}

fn told(row: &CannedReplyRow) -> Value {
    json!({ "name": row.name, "body": row.body })
}

fn checked(request: &CannedReplyRequest) -> ApiResult<(String, String)> {
    let name = bounded("/name", &request.name, NAME_LENGTH_MAX)?;
    if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        return Err(ApiError::invalid("/name", "letters, digits, `-` and `_`"));
    }
    let body = bounded("/body", &request.body, BODY_LENGTH_MAX)?;
    canned::check(&body).map_err(|found| {
        let there = canned::VARIABLES.map(|name| format!("`{{{{{name}}}}}`")).join(", ");
        ApiError::invalid("/body", format!("`{found}` is no variable; there are {there}"))
    })?;
    Ok((name, body))
}

/// Refuses words with a gap of a canned reply in them.
pub(super) fn without_gaps(body: String) -> ApiResult<String> {
    match canned::gaps(&body).as_slice() {
        [] => Ok(body),
        gaps => {
            let gaps: Vec<String> = gaps.iter().map(|gap| format!("{{{{{gap}}}}}")).collect();
            Err(ApiError::invalid("/body", format!("fill in or take out {} first", gaps.join(", "))))
        }
    }
}

/// The workspace's canned replies by name.
#[utoipa::path(get, path = "/canned-replies", operation_id = "listCannedReplies", tag = "conversations",
    responses((status = 200, description = "Canned replies", body = Page<CannedReply>)))]
pub(crate) async fn list_canned_replies(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<CannedReply>>> {
    let rows = app.store.list_canned_replies(caller.workspace()).await?;
    Ok(Json(Page::whole(rows.into_iter().map(view).collect())))
}

/// Keeps a canned reply; at most 200.
#[utoipa::path(post, path = "/canned-replies", operation_id = "createCannedReply", tag = "conversations",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = CannedReplyRequest,
    responses((status = 201, description = "The reply", body = CannedReply)))]
pub(crate) async fn create_canned_reply(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CannedReplyRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    let once = Once::of(&app, &caller, "canned_reply", key, body.hash());
    let work = async move {
        let (name, body) = checked(&body.value)?;
        let row = CannedReplyRow {
            id: Uuid::now_v7().to_string(),
            workspace: caller.workspace().to_owned(),
            name,
            body,
            updated_at: app.now(),
        };
        let what = ("reply.created", format!("reply:{}", row.id));
        let entry = caller.changed(app.now(), what, (&json!({}), &told(&row)), json!({ "reply": row.name }));
        if !app.store.create_canned_reply(&row, vec![entry]).await? {
            return Err(ApiError::conflict("too_many", "There are as many canned replies as there may be"));
        }
        Ok(view(row))
    };
    once.run(work).await
}

async fn kept(app: &App, caller: &Caller, id: &str) -> ApiResult<CannedReplyRow> {
    let row = app.store.get_canned_reply(caller.workspace(), id).await?;
    row.ok_or_else(|| ApiError::not_found("canned reply"))
}

/// Gives a canned reply another name or text.
#[utoipa::path(put, path = "/canned-replies/{id}", operation_id = "updateCannedReply", tag = "conversations",
    params(("id" = String, Path)), request_body = CannedReplyRequest,
    responses((status = 200, description = "The reply", body = CannedReply)))]
pub(crate) async fn update_canned_reply(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<CannedReplyRequest>,
) -> ApiResult<Json<CannedReply>> {
    caller.require(Role::Admin)?;
    let before = kept(&app, &caller, &id).await?;
    let (name, body) = checked(&body.value)?;
    let row = CannedReplyRow { name, body, updated_at: app.now(), ..before.clone() };
    let what = ("reply.changed", format!("reply:{id}"));
    let entry = caller.changed(app.now(), what, (&told(&before), &told(&row)), json!({ "reply": row.name }));
    app.store.update_canned_reply(&row, vec![entry]).await?;
    Ok(Json(view(row)))
}

/// Removes a canned reply.
#[utoipa::path(delete, path = "/canned-replies/{id}", operation_id = "deleteCannedReply", tag = "conversations",
    params(("id" = String, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_canned_reply(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    let row = kept(&app, &caller, &id).await?;
    let what = ("reply.removed", format!("reply:{id}"));
    let entry = caller.changed(app.now(), what, (&told(&row), &json!({})), json!({ "reply": row.name }));
    app.store.delete_canned_reply(caller.workspace(), &id, vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The canned replies as they would be in a conversation, by name.
#[utoipa::path(get, path = "/conversations/{id}/canned-replies", operation_id = "fillCannedReplies",
    tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, description = "Canned replies", body = Page<FilledReply>)))]
pub(crate) async fn fill_canned_replies(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<FilledReply>>> {
    caller.require(Role::Operator)?;
    let conversation = required(&app, &caller, &id).await?;
    let customer = match &conversation.customer {
        Some(id) => app.store.current_customer(caller.workspace(), id).await?,
        None => None,
    };
    let workspace = app.store.get_workspace(caller.workspace()).await?;
    let known = json!({
        "customer": customer.as_ref().map(customer_object),
        "conversation": conversation_object(&conversation),
        "operator": { "name": caller.actor().name },
        "workspace": { "name": workspace.map(|row| row.name) },
    });
    let filled = |row: CannedReplyRow| {
        let canned::Filled { text, gaps } = canned::fill(&row.body, &known);
        FilledReply { id: row.id, name: row.name, text, gaps }
    };
    let rows = app.store.list_canned_replies(caller.workspace()).await?;
    Ok(Json(Page::whole(rows.into_iter().map(filled).collect())))
}
