//! From a secret to a person or program, asking the database at most every few seconds.

use crate::{
    app::App,
    auth::{
        caller::unauthenticated,
        identity::{Credential, Identity},
        secret::{fingerprint, sha256_hex},
        session,
    },
    http::problem::{ApiError, ApiResult},
};
use axum::http::StatusCode;
use countersign_core::run::{Actor, Via};
use countersign_store::{ApiKeyRow, Member, Role, roles_of};
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
    let member = member(app, &session.workspace, &session.user_id).await?;
    let workspace = app.store.get_workspace(&session.workspace).await?;
    let (Some(member), Some(workspace)) = (member, workspace) else { return Err(expired()) };
    let expires_at = session::slide(app, &session, now).await?;
    let Member { user, membership } = member;
    let (role, groups, person) = (membership.role, membership.groups, user.id.clone());
    let actor = Actor {
        id: user.id,
        name: user.name,
        email: user.email,
        roles: roles_of(role, &groups),
        via: Via::Portal,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    };
    let credential = Credential::Session(hash);
    let (expires_at, decides, signed_in_at) = (Some(expires_at), true, Some(session.created_at));
    let identity = Identity { credential, workspace, actor, role, groups, decides, signed_in_at, expires_at, person };
    let identity = Arc::new(identity);
    app.known.put(key, ());
    app.identities.put(key, Arc::clone(&identity));
    Ok(identity)
}

/// The program behind an API key.
pub(crate) async fn by_api_key(app: &App, secret: &str) -> ApiResult<Arc<Identity>> {
    let key = fingerprint(secret.as_bytes());
    let now = app.now();
    if let Some(known) = app.identities.get(&key).filter(|known| known.expires_at.is_none_or(|end| end > now)) {
        return Ok(known);
    }
    let row = app.store.find_api_key(&hex::encode(key)).await?;
    let Some(row) = row.filter(|row| row.expires_at.is_none_or(|end| end > now)) else {
        return Err(unauthenticated().detail("there is no such API key, or it has ended"));
    };
    let Some(role) = role_of(app, &row).await? else {
        return Err(unauthenticated().detail("who made this API key is not in the workspace any more"));
    };
    let Some(workspace) = app.store.get_workspace(&row.workspace).await? else { return Err(unauthenticated()) };
    touch(app, &row);
    let actor = Actor {
        id: row.id.clone(),
        name: row.name,
        email: String::new(),
        roles: roles_of(role, &row.groups),
        via: Via::Api,
        made_by: row.created_by.clone(),
        signed_in_at: None,
        on_behalf_of: None,
    };
    let credential = Credential::ApiKey(row.id);
    let (groups, expires_at, person, decides) = (row.groups, row.expires_at, row.created_by, row.may_decide);
    let signed_in_at = None;
    let identity = Identity { credential, workspace, actor, role, groups, decides, signed_in_at, expires_at, person };
    let identity = Arc::new(identity);
    app.known.put(key, ());
    app.identities.put(key, Arc::clone(&identity));
    Ok(identity)
}

/// A member who is not shut out.
async fn member(app: &App, workspace: &str, user: &str) -> ApiResult<Option<Member>> {
    let member = app.store.get_member(workspace, user).await?;
    Ok(member.filter(|member| member.membership.disabled_at.is_none()))
}

/// What a key may do: never more than its maker may now, and nothing when they are gone. The installation's own keys have no
/// maker.
async fn role_of(app: &App, row: &ApiKeyRow) -> ApiResult<Option<Role>> {
    if row.created_by.is_empty() {
        return Ok(Some(row.role));
    }
    let maker = member(app, &row.workspace, &row.created_by).await?;
    Ok(maker.map(|maker| row.role.min(maker.membership.role)))
}

/// Whether somebody who was let in would be let in again.
pub(crate) async fn still(app: &App, identity: &Identity) -> ApiResult<bool> {
    let now = app.now();
    let lets_in = match &identity.credential {
        Credential::Session(hash) => app.store.get_session(hash, now).await?.is_some(),
        Credential::ApiKey(id) => {
            let keys = app.store.list_api_keys(&identity.workspace.id).await?;
            keys.iter().any(|key| key.id == *id && key.revoked_at.is_none())
        }
    };
    let person = &identity.person;
    let stays = person.is_empty() || member(app, &identity.workspace.id, person).await?.is_some();
    Ok(lets_in && stays && identity.expires_at.is_none_or(|end| end > now))
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
