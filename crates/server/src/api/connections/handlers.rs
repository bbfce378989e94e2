//! Credentials for connectors.

use crate::{
    api::{
        connections::{connecting::tokens, uses::uses},
        sealed::{Held, Named, Place},
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path, Query},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::json_object,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{
    AccountHealth, AccountState, Connection, ConnectionUse, ConnectionUsed, CreateConnectionRequest, FieldError, Page,
    UpdateAccountRequest,
};
use countersign_connectors::{Connection as Account, Probed, Registry};
use countersign_store::{ConnectionRow, ConnectionTokenRow, NewAudit, Role};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: &str = "connection";

fn place(row: &ConnectionRow) -> Place<'_> {
    Place { workspace: &row.workspace, kind: KIND, id: &row.id }
}

/// The connection as it is told.
pub(super) async fn view(app: &App, row: ConnectionRow) -> ApiResult<Connection> {
    let token = app.store.get_connection_token(&row.workspace, &row.id).await?;
    let registry = app.engine.connectors(&row.workspace).await?;
    told(app, &registry, row, token).await
}

async fn told(
    app: &App,
    registry: &Registry,
    row: ConnectionRow,
    token: Option<ConnectionTokenRow>,
) -> ApiResult<Connection> {
    Ok(Connection {
        tokens: match app.engine.token_standing(registry, &row, token) {
            Some(standing) => Some(tokens(app, standing).await?),
            None => None,
        },
        used: last_use(app, &row).await?,
        secret_names: place(&row).secret_names(app, &row.sealed),
        settings: json_object(&row.settings),
        health: serde_json::from_str(&row.health).unwrap_or_default(),
        id: row.id,
        connector: row.connector,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

async fn last_use(app: &App, row: &ConnectionRow) -> ApiResult<Option<ConnectionUsed>> {
    let used: serde_json::Value = serde_json::from_str(&row.used).unwrap_or_default();
    let Some(at) = used["at"].as_i64() else { return Ok(None) };
    let workflow = match used["workflow"].as_str() {
        Some(id) => Some(app.workflow_ref(&row.workspace, id).await?),
        None => None,
    };
    let person = match used["person"].as_str() {
        Some(id) => Some(app.person(&row.workspace, id).await?.name),
        None => None,
    };
    Ok(Some(ConnectionUsed { at, workflow, run: used["run"].as_str().map(str::to_owned), person }))
}

/// The account as it would be called through.
fn opened(row: &ConnectionRow, held: &Held) -> Account {
    let texts = held.secrets.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Account {
        id: row.id.clone(),
        connector: row.connector.clone(),
        name: row.name.clone(),
        settings: held.settings.clone(),
        secrets: texts.collect(),
        revision: String::new(),
    }
}

/// Whether the connector names a call to test an account with.
async fn has_probe(app: &App, row: &ConnectionRow) -> ApiResult<bool> {
    let connectors = app.engine.connectors(&row.workspace).await?;
    Ok(connectors.connector(&row.connector).is_some_and(|manifest| manifest.probe.is_some()))
}

/// What the service says of an account. Secrets leave with the question, so where they go is on the record before.
async fn ask(app: &App, caller: &Caller, row: &ConnectionRow, held: &Held) -> ApiResult<AccountHealth> {
    let account = opened(row, held);
    if has_probe(app, row).await? {
        let detail = json!({ "connector": row.connector, "connection": row.name, "settings": held.settings });
        let entry = caller.audit(app.now(), "connection.asked", format!("connection:{}", row.id), detail);
        app.store.append_audit(&row.workspace, vec![entry]).await?;
    }
    let probed = app.engine.probe(&row.workspace, &account).await?;
    let Probed { state, message } = probed.unwrap_or_else(|| Probed {
        state: AccountState::Untried,
        message: format!("the connector `{}` names no call to test an account with", account.connector),
    });
    Ok(AccountHealth { state, message, at: app.now() })
}

/// What the service says of an account that is about to be saved; refused when it does not take the credentials.
async fn prove(app: &App, caller: &Caller, row: &ConnectionRow, (held, untested): (&Held, bool)) -> ApiResult<String> {
    // Of one that takes tokens nothing can be asked before it is saved and has some.
    let registry = app.engine.connectors(&row.workspace).await?;
    let takes_tokens = matches!(registry.client(&opened(row, held)), Ok(Some(_)));
    if untested || takes_tokens || !has_probe(app, row).await? {
        return Ok(String::new());
    }
    let health = ask(app, caller, row, held).await?;
    if health.state == AccountState::Refused {
        let refused = ApiError::unprocessable("connection_refused", "The service does not take these credentials");
        return Err(refused.detail(health.message).pointer("/secrets"));
    }
    Ok(json!(health).to_string())
}

/// Refuses what does not fit the connector's schemas; the messages hold no secret.
async fn check(app: &App, row: &ConnectionRow, held: &Held) -> ApiResult<()> {
    let connection = opened(row, held);
    let problems = app.engine.connectors(&row.workspace).await?.check_connection(&connection);
    if problems.is_empty() {
        return Ok(());
    }
    let errors = problems.into_iter().map(|(pointer, message)| FieldError { pointer, message }).collect();
    Err(ApiError::unprocessable("invalid_connection", "This does not fit the connector").errors(errors))
}

fn audit(app: &App, caller: &Caller, act: &str, row: &ConnectionRow, held: &Held) -> NewAudit {
    let named = Named { belongs_to: ("connector", &row.connector), name: ("connection", &row.name) };
    place(row).audit(app, caller, act, named, held)
}

/// All connections, without their secrets.
#[utoipa::path(get, path = "/connections", operation_id = "listConnections", tag = "connections",
    responses((status = 200, description = "Connections", body = Page<Connection>)))]
pub(crate) async fn list_connections(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<Connection>>> {
    caller.require(Role::Builder)?;
    let rows = app.store.list_connections(caller.workspace()).await?;
    let registry = app.engine.connectors(caller.workspace()).await?;
    let mut tokens = app.store.list_connection_tokens(caller.workspace()).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let own = tokens.iter().position(|token| token.connection == row.id).map(|at| tokens.swap_remove(at));
        items.push(told(&app, &registry, row, own).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// How a connection is saved.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saving {
    /// Do not ask the service whether it takes the credentials.
    #[serde(default)]
    untested: bool,
}

/// Adds a connection, after asking its service whether it takes the credentials, where the connector names a call for that.
/// Credentials that are refused are not saved; a service that cannot be reached or fails stands in `health`.
#[utoipa::path(post, path = "/connections", operation_id = "createConnection", tag = "connections",
    params(("Idempotency-Key" = Option<String>, Header), Saving),
    request_body = CreateConnectionRequest,
    responses((status = 201, description = "The connection", body = Connection)))]
pub(crate) async fn create_connection(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    Query(saving): Query<Saving>,
    body: Body<CreateConnectionRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    let once = Once::of(&app, &caller, KIND, key, body.hash());
    once.run(add(app, caller, body.value, saving.untested)).await
}

async fn add(app: App, caller: Caller, request: CreateConnectionRequest, untested: bool) -> ApiResult<Connection> {
    let now = app.now();
    let held = Held::new(request.settings, request.secrets)?;
    let mut row = ConnectionRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        connector: request.connector,
        name: bounded("/name", &request.name, 200)?,
        settings: String::new(),
        sealed: String::new(),
        health: String::new(),
        used: String::new(),
        created_at: now,
        updated_at: now,
    };
    check(&app, &row, &held).await?;
    row.health = prove(&app, &caller, &row, (&held, untested)).await?;
    (row.settings, row.sealed) = held.columns(&app, place(&row))?;
    app.store.create_connection(&row, vec![audit(&app, &caller, "created", &row, &held)]).await?;
    app.engine.forget_connections(caller.workspace());
    view(&app, row).await
}

pub(super) async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ConnectionRow> {
    app.store.get_connection(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("connection"))
}

/// Changes a connection; settings and secrets that change are proven as those of a new one.
#[utoipa::path(patch, path = "/connections/{id}", operation_id = "updateConnection", tag = "connections",
    params(("id" = String, Path), Saving), request_body = UpdateAccountRequest,
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(saving): Query<Saving>,
    body: Body<UpdateAccountRequest>,
) -> ApiResult<Json<Connection>> {
    caller.require(Role::Admin)?;
    let mut row = required(&app, &caller, &id).await?;
    let request = body.value;
    let name = request.name.clone();
    let renamed = request.settings.is_none() && request.secrets.is_none();
    let held = Held::changed(&app, place(&row), (&row.name, &row.settings, &row.sealed), request)?;
    if let Some(name) = &name {
        row.name = bounded("/name", name, 200)?;
    }
    check(&app, &row, &held).await?;
    if !renamed {
        row.health = prove(&app, &caller, &row, (&held, saving.untested)).await?;
        (row.settings, row.sealed) = held.columns(&app, place(&row))?;
    }
    row.updated_at = app.now();
    app.store.update_connection(&row, vec![audit(&app, &caller, "changed", &row, &held)]).await?;
    if !renamed {
        app.store.forgive_refusal(caller.workspace(), &id).await?;
    }
    app.engine.forget_connections(caller.workspace());
    view(&app, row).await.map(Json)
}

/// Asks a connection's service, now, whether it takes its credentials.
#[utoipa::path(post, path = "/connections/{id}/test", operation_id = "testConnection", tag = "connections",
    params(("id" = String, Path)), responses((status = 200, description = "The connection and its health", body = Connection)))]
pub(crate) async fn test_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Connection>> {
    caller.require(Role::Builder)?;
    let mut row = required(&app, &caller, &id).await?;
    let unchanged = UpdateAccountRequest { name: None, settings: None, secrets: None };
    let held = Held::changed(&app, place(&row), (&row.name, &row.settings, &row.sealed), unchanged)?;
    // A client that was refused is tried again.
    app.store.forgive_refusal(caller.workspace(), &id).await?;
    let health = ask(&app, &caller, &row, &held).await?;
    let detail = json!({
        "connector": row.connector, "connection": row.name, "state": health.state, "message": health.message,
    });
    let entry = caller.audit(app.now(), "connection.tested", format!("connection:{}", row.id), detail);
    row.health = json!(health).to_string();
    app.store.note_connection_health(&row, vec![entry]).await?;
    view(&app, row).await.map(Json)
}

/// The workflows that call through a connection: their draft, a version that starts runs, or runs that are not over.
#[utoipa::path(get, path = "/connections/{id}/uses", operation_id = "listConnectionUses", tag = "connections",
    params(("id" = String, Path)), responses((status = 200, description = "Workflows", body = Page<ConnectionUse>)))]
pub(crate) async fn list_connection_uses(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Page<ConnectionUse>>> {
    caller.require(Role::Builder)?;
    let row = required(&app, &caller, &id).await?;
    uses(&app, &row).await.map(|uses| Json(Page::whole(uses)))
}

/// Removes a connection. Refused while a draft, a version that starts runs or a run that is not over calls through it.
#[utoipa::path(delete, path = "/connections/{id}", operation_id = "deleteConnection", tag = "connections",
    params(("id" = String, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    let row = required(&app, &caller, &id).await?;
    let uses = uses(&app, &row).await?;
    if !uses.is_empty() {
        let names: Vec<&str> = uses.iter().map(|workflow| workflow.name.as_str()).collect();
        let detail = format!("used by {}", names.join(", "));
        return Err(ApiError::conflict("connection_used", "Workflows call through this connection").detail(detail));
    }
    let entry = audit(&app, &caller, "removed", &row, &Held::removed((&row.name, &row.settings)));
    let revocation = app.engine.revocation(&row).await.ok().flatten();
    app.store.delete_connection(caller.workspace(), &id, vec![entry]).await?;
    app.engine.forget_connections(caller.workspace());
    if let Some(revocation) = revocation {
        drop(super::connecting::revoke(&app, &caller, &row, &revocation).await?);
    }
    Ok(StatusCode::NO_CONTENT)
}
