//! Making things without the API: for the demo, the benchmark and tests.

use crate::{
    api::{api_keys::new_key, sealed::Place, versions::publishing},
    auth::{check_password_rules, hash_password},
    http::problem::{ApiError, ApiResult},
};
use countersign_engine::{Clock, Engine, SystemClock, Vault};
use countersign_store::{
    ApiKeyRow, ChannelAccountRow, ConnectionRow, MembershipRow, Role, Store, UserRow, WorkspaceRow,
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Somebody who can sign in.
#[derive(Debug, Clone, Copy)]
pub struct SeedPerson<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// Name.
    pub name: &'a str,
    /// Password, 10 to 256 characters.
    pub password: &'a str,
    /// What they may do.
    pub role: Role,
    /// Approver groups.
    pub groups: &'a [&'a str],
}

/// An account to seal and keep.
#[derive(Debug, Clone)]
pub struct SeedAccount<'a> {
    /// Connector or channel.
    pub kind: &'a str,
    /// Name of the account.
    pub name: &'a str,
    /// What is not secret.
    pub settings: Map<String, Value>,
    /// What is.
    pub secrets: Map<String, Value>,
}

/// The id of the workspace with that slug; made when there is none.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn workspace(store: &Store, slug: &str, name: &str) -> ApiResult<String> {
    if let Some(known) = store.find_workspace(slug).await? {
        return Ok(known.id);
    }
    let row = WorkspaceRow {
        id: Uuid::now_v7().to_string(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        policy: "{}".to_owned(),
        created_at: SystemClock.now(),
    };
    store.create_workspace(&row).await?;
    Ok(row.id)
}

/// The id of a person in a workspace; made, or given this role and these groups. A person who exists keeps the password.
///
/// # Errors
/// When the password is too short, or the database cannot be read or written.
pub async fn person(store: &Store, workspace: &str, person: SeedPerson<'_>) -> ApiResult<String> {
    check_password_rules("/password", person.password)?;
    let now = SystemClock.now();
    let id = match store.find_user(person.email).await? {
        Some(known) => known.id,
        None => {
            let password = person.password.to_owned();
            let hashed = tokio::task::spawn_blocking(move || hash_password(&password)).await;
            let row = UserRow {
                id: Uuid::now_v7().to_string(),
                email: person.email.to_owned(),
                name: person.name.to_owned(),
                password_hash: Some(hashed.map_err(ApiError::internal)?.map_err(ApiError::internal)?),
                created_at: now,
            };
            store.create_user(&row).await?;
            row.id
        }
    };
    let membership = MembershipRow {
        workspace: workspace.to_owned(),
        user_id: id.clone(),
        role: person.role,
        groups: person.groups.iter().map(|group| (*group).to_owned()).collect(),
        created_at: now,
        disabled_at: None,
    };
    store.put_member(&membership, Vec::new()).await?;
    Ok(id)
}

/// A new API key of the installation; it may decide.
///
/// # Errors
/// When the database cannot be written.
pub async fn api_key(store: &Store, workspace: &str, name: &str, role: Role, groups: &[&str]) -> ApiResult<String> {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    let (row, key) = new_key(workspace, name.to_owned(), role, groups)?;
    store.create_api_key(&ApiKeyRow { created_at: SystemClock.now(), may_decide: true, ..row }, Vec::new()).await?;
    Ok(key)
}

/// A connection with its secrets sealed; one of that name is replaced.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn connection(store: &Store, vault: &Vault, workspace: &str, account: SeedAccount<'_>) -> ApiResult<String> {
    let known = store.find_connection(workspace, account.kind, account.name).await?;
    let now = SystemClock.now();
    let id = known.as_ref().map_or_else(|| Uuid::now_v7().to_string(), |known| known.id.clone());
    let context = Place { workspace, kind: "connection", id: &id }.context();
    let row = ConnectionRow {
        id: id.clone(),
        workspace: workspace.to_owned(),
        connector: account.kind.to_owned(),
        name: account.name.to_owned(),
        settings: Value::Object(account.settings).to_string(),
        sealed: vault.seal(&context, &account.secrets).map_err(ApiError::internal)?,
        health: String::new(),
        used: known.as_ref().map_or_else(String::new, |known| known.used.clone()),
        created_at: known.as_ref().map_or(now, |known| known.created_at),
        updated_at: now,
    };
    match known {
        Some(_) => store.update_connection(&row, Vec::new()).await?,
        None => store.create_connection(&row, Vec::new()).await?,
    }
    Ok(id)
}

/// An account on a channel with its secrets sealed; one of that name is replaced.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn channel(store: &Store, vault: &Vault, workspace: &str, account: SeedAccount<'_>) -> ApiResult<String> {
    let accounts = store.list_channel_accounts(workspace).await?;
    let known = accounts.into_iter().find(|row| row.channel == account.kind && row.name == account.name);
    let now = SystemClock.now();
    let id = known.as_ref().map_or_else(|| Uuid::now_v7().to_string(), |known| known.id.clone());
    let context = Place { workspace, kind: "channel", id: &id }.context();
    let row = ChannelAccountRow {
        id: id.clone(),
        workspace: workspace.to_owned(),
        channel: account.kind.to_owned(),
        name: account.name.to_owned(),
        settings: Value::Object(account.settings).to_string(),
        sealed: vault.seal(&context, &account.secrets).map_err(ApiError::internal)?,
        health: known.as_ref().map(|known| known.health.clone()).unwrap_or_default(),
        heard_at: known.as_ref().and_then(|known| known.heard_at),
        created_at: known.as_ref().map_or(now, |known| known.created_at),
        updated_at: now,
    };
    match known {
        Some(_) => store.update_channel_account(&row, Vec::new()).await?,
        None => store.create_channel_account(&row, Vec::new()).await?,
    }
    Ok(id)
}

/// A workflow from YAML or JSON, published; one of that name with the same document is left alone. Answers its id.
///
/// # Errors
/// When the document has errors, or the database cannot be read or written.
pub async fn workflow(engine: &Engine, workspace: &str, source: &str, author: &str) -> ApiResult<String> {
    publishing::seed(engine, workspace, source, author).await
}
