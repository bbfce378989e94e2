//! Keys for programs.

use crate::{
    app::App,
    auth::{Caller, random_secret, sha256_hex},
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::{bounded, groups},
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::{Tell, stored_role},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{ApiKey, CreateApiKeyRequest, Page};
use countersign_store::{ApiKeyRow, Role};
use serde_json::json;
use uuid::Uuid;

/// What every key begins with.
const PREFIX: &str = "cs_";
/// Characters of a key that are shown later.
const SHOWN_LENGTH: usize = 9;

async fn view(app: &App, row: ApiKeyRow, key: Option<String>) -> ApiResult<ApiKey> {
    let maker = Some(row.created_by.as_str()).filter(|maker| !maker.is_empty());
    Ok(ApiKey {
        created_by: app.some_person(&row.workspace, maker).await?,
        expires_at: row.expires_at,
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        role: row.role.tell(),
        groups: row.groups,
        may_decide: row.may_decide,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        key,
    })
}

/// A new key and its row; only the row is kept. It decides nothing.
pub(crate) fn new_key(
    workspace: &str,
    name: String,
    role: Role,
    groups: Vec<String>,
) -> ApiResult<(ApiKeyRow, String)> {
    let key = format!("{PREFIX}{}", random_secret()?);
    let row = ApiKeyRow {
        id: Uuid::now_v7().to_string(),
        workspace: workspace.to_owned(),
        name,
        prefix: key.chars().take(SHOWN_LENGTH).collect(),
        key_hash: sha256_hex(key.as_bytes()),
        role,
        groups,
        may_decide: false,
        created_by: String::new(),
        created_at: 0,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    Ok((row, key))
}

/// Keys that work, newest first.
#[utoipa::path(get, path = "/api-keys", operation_id = "listApiKeys", tag = "api-keys",
    responses((status = 200, description = "Keys without their secrets", body = Page<ApiKey>)))]
pub(crate) async fn list_api_keys(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<ApiKey>>> {
    caller.require(Role::Admin)?;
    let rows = app.store.list_api_keys(caller.workspace()).await?;
    let mut working = Vec::new();
    for row in rows.into_iter().filter(|row| row.revoked_at.is_none()) {
        working.push(view(&app, row, None).await?);
    }
    Ok(Json(Page::whole(working)))
}

/// Makes a key. The answer tells it, once.
#[utoipa::path(post, path = "/api-keys", operation_id = "createApiKey", tag = "api-keys",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateApiKeyRequest, responses((status = 201, description = "The key", body = ApiKey)))]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreateApiKeyRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    let once = Once::of(&app, &caller, "api_key", key, body.hash());
    let request = body.value;
    let work = async move {
        let name = bounded("/name", &request.name, 200)?;
        let groups = groups("/groups", &request.groups)?;
        let (row, key) = new_key(caller.workspace(), name, stored_role(request.role), groups)?;
        if request.expires_at.is_some_and(|end| end <= app.now()) {
            return Err(ApiError::invalid("/expires_at", "a time to come"));
        }
        if request.may_decide {
            caller.require_decider()?;
        }
        // A key made with a key belongs to the same person.
        let created_by = caller.identity().person.clone();
        let (may_decide, expires_at) = (request.may_decide, request.expires_at);
        let row = ApiKeyRow { created_by, created_at: app.now(), expires_at, may_decide, ..row };
        let detail = json!({
            "key": row.name, "role": row.role, "groups": row.groups, "may_decide": may_decide, "expires_at": expires_at,
        });
        let entry = caller.audit(app.now(), "api_key.created", format!("api_key:{}", row.id), detail);
        app.store.create_api_key(&row, vec![entry]).await?;
        view(&app, row, Some(key)).await
    };
    once.run_and_keep(work, |answer| answer.key = None).await
}

/// Revokes a key.
#[utoipa::path(delete, path = "/api-keys/{id}", operation_id = "revokeApiKey", tag = "api-keys",
    params(("id" = String, Path)), responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_api_key(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    let known = app.store.list_api_keys(caller.workspace()).await?;
    let row = known.into_iter().find(|row| row.id == id).ok_or_else(|| ApiError::not_found("API key"))?;
    let entry = caller.audit(app.now(), "api_key.revoked", format!("api_key:{id}"), json!({ "key": row.name }));
    app.store.revoke_api_key(caller.workspace(), &id, app.now(), vec![entry]).await?;
    app.identities.clear();
    Ok(StatusCode::NO_CONTENT)
}
