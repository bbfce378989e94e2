//! One-time links: the first administrator, and people who are invited.

use crate::{
    auth::secret::{random_secret, sha256_hex},
    http::problem::{ApiError, ApiResult},
};
use axum::http::StatusCode;
use countersign_engine::{Clock, SystemClock};
use countersign_store::{OneTimeTokenRow, Store, StoreError, WorkspaceRow};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Purpose of set-up tokens in the database.
const PURPOSE: &str = "setup";
/// How long a link works.
const LIFETIME_MS: i64 = 7 * 86_400_000;
/// Slug of the workspace made at the first start.
const FIRST_WORKSPACE: &str = "main";

/// A link that lets one person set a password, once. Shown to whoever started the server, or to an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// The page to open. The token is behind `#`, so it stays out of servers' logs.
    pub url: String,
    /// The secret alone.
    pub token: String,
}

/// What a set-up token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setup {
    /// Become the first administrator of the workspace.
    FirstAdmin,
    /// Choose a password for an account that exists.
    Invitation,
}

/// Makes the first workspace when there is none, and a set-up link while nobody is in it.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn ensure_admin(store: &Store, base_url: &str) -> ApiResult<Option<SetupLink>> {
    let now = SystemClock.now();
    let workspace = match store.list_workspaces().await?.into_iter().next() {
        Some(workspace) => workspace,
        None => {
            let workspace = WorkspaceRow {
                id: Uuid::now_v7().to_string(),
                slug: FIRST_WORKSPACE.to_owned(),
                name: "Main".to_owned(),
                policy: "{}".to_owned(),
                created_at: now,
            };
            store.create_workspace(&workspace).await?;
            workspace
        }
    };
    if !store.list_members(&workspace.id).await?.is_empty() {
        return Ok(None);
    }
    link(store, base_url, now, (&workspace.id, None)).await.map(Some)
}

/// A link with which `user` chooses a password.
pub(crate) async fn invite(store: &Store, base_url: &str, now: i64, place: (&str, &str)) -> ApiResult<SetupLink> {
    let (workspace, user) = place;
    link(store, base_url, now, (workspace, Some(user))).await
}

async fn link(store: &Store, base_url: &str, now: i64, place: (&str, Option<&str>)) -> ApiResult<SetupLink> {
    let (workspace, user) = place;
    let token = random_secret()?;
    let purpose = if user.is_some() { Setup::Invitation } else { Setup::FirstAdmin };
    let row = OneTimeTokenRow {
        token_hash: sha256_hex(token.as_bytes()),
        purpose: PURPOSE.to_owned(),
        workspace: workspace.to_owned(),
        user_id: user.map(str::to_owned),
        payload: serde_json::to_string(&purpose).unwrap_or_default(),
        created_at: now,
        expires_at: now + LIFETIME_MS,
        used_at: None,
    };
    store.create_token(&row).await?;
    Ok(SetupLink { url: format!("{}/setup#{token}", base_url.trim_end_matches('/')), token })
}

/// What a set-up token is good for now. Whatever is done with it uses it up in the same transaction.
pub(crate) async fn setup_token(store: &Store, token: &str, now: i64) -> ApiResult<(Setup, OneTimeTokenRow)> {
    let hash = sha256_hex(token.as_bytes());
    let row = store.peek_token(&hash, PURPOSE, now).await?.ok_or_else(spent)?;
    let purpose: Setup = serde_json::from_str(&row.payload).map_err(ApiError::internal)?;
    // A link printed by an earlier start must not make a second first administrator.
    if purpose == Setup::FirstAdmin && !store.list_members(&row.workspace).await?.is_empty() {
        return Err(spent());
    }
    Ok((purpose, row))
}

/// The answer to a link that somebody used meanwhile.
pub(crate) fn used(error: StoreError) -> ApiError {
    if matches!(error, StoreError::NotFound("link")) { spent() } else { error.into() }
}

fn spent() -> ApiError {
    ApiError::new(StatusCode::GONE, "link_spent", "This link was used, or is too old")
        .detail("Ask an administrator for a new one.")
}
