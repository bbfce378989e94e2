//! From a secret to a person or program, asking the database at most every few seconds.

use crate::{
    app::App,
    auth::{
        caller::unauthenticated,
        identity::{Credential, Identity, actor_roles},
        secret::{fingerprint, sha256_hex},
        session,
    },
    http::problem::{ApiError, ApiResult},
};
use axum::http::StatusCode;
use countersign_core::run::{Actor, Via};
use countersign_store::ApiKeyRow;
use std::sync::Arc;

/// How old `last_used_at` of an API key may get.
const LAST_USED_GRAIN_MS: i64 = 60_000;

/// The person behind a session cookie.
pub(crate) async fn by_session(app: &App, secret: &str) -> ApiResult<Arc<Identity>> {
    let key = fingerprint(secret.as_bytes());
    let now = app.now();
    if let Some(known) = app.identities.get(&key).filter(|known| known.expires_at.is_none_or(|end| end > now)) {
        return Ok(known);
    }
    let hash = sha256_hex(secret.as_bytes());
    let Some(session) = app.store.get_session(&hash, now).await? else { return Err(expired()) };
    let user = app.store.get_user(&session.user_id).await?.filter(|user| user.disabled_at.is_none());
    let member = app.store.get_member(&session.workspace, &session.user_id).await?;
    let workspace = app.store.get_workspace(&session.workspace).await?;
    let (Some(user), Some(member), Some(workspace)) = (user, member, workspace) else { return Err(expired()) };
    let expires_at = session::slide(app, &session, now).await?;
    let (role, groups) = (member.membership.role, member.membership.groups);
    let actor =
        Actor { id: user.id, name: user.name, email: user.email, roles: actor_roles(role, &groups), via: Via::Portal };
    let credential = Credential::Session(hash);
    let identity = Arc::new(Identity { credential, workspace, actor, role, groups, expires_at: Some(expires_at) });
    app.identities.put(key, Arc::clone(&identity));
    Ok(identity)
}

/// The program behind an API key.
pub(crate) async fn by_api_key(app: &App, secret: &str) -> ApiResult<Arc<Identity>> {
    let key = fingerprint(secret.as_bytes());
    if let Some(known) = app.identities.get(&key) {
        return Ok(known);
    }
    let Some(row) = app.store.find_api_key(&hex::encode(key)).await? else {
        return Err(unauthenticated().detail("there is no such API key, or it was revoked"));
    };
    let Some(workspace) = app.store.get_workspace(&row.workspace).await? else { return Err(unauthenticated()) };
    touch(app, &row);
    let actor = Actor {
        id: row.id.clone(),
        name: row.name,
        email: String::new(),
        roles: actor_roles(row.role, &row.groups),
        via: Via::Api,
    };
    let credential = Credential::ApiKey(row.id);
    let (role, groups) = (row.role, row.groups);
    let identity = Arc::new(Identity { credential, workspace, actor, role, groups, expires_at: None });
    app.identities.put(key, Arc::clone(&identity));
    Ok(identity)
}

/// Notes the use of a key, beside the request: it is for people, nothing depends on it.
fn touch(app: &App, row: &ApiKeyRow) {
    let now = app.now();
    if row.last_used_at.is_some_and(|last| now - last < LAST_USED_GRAIN_MS) {
        return;
    }
    let (store, workspace, id) = (app.store.clone(), row.workspace.clone(), row.id.clone());
    tokio::spawn(async move {
        if let Err(error) = store.touch_api_key(&workspace, &id, now).await {
            tracing::debug!(%error, "the last use of an API key was not noted");
        }
    });
}

fn expired() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "session_expired", "Your session is over, sign in again")
}
