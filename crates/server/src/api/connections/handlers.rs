//! Credentials for connectors.

use crate::{
    api::sealed::{Held, Named, Place},
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::bounded,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::json_object,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{Connection, CreateConnectionRequest, FieldError, Page, UpdateAccountRequest};
use countersign_store::{ConnectionRow, NewAudit, Role};
use uuid::Uuid;

const KIND: &str = "connection";

fn place(row: &ConnectionRow) -> Place<'_> {
    Place { workspace: &row.workspace, kind: KIND, id: &row.id }
}

fn view(app: &App, row: ConnectionRow) -> Connection {
    Connection {
        secret_names: place(&row).secret_names(app, &row.sealed),
        settings: json_object(&row.settings),
        id: row.id,
        connector: row.connector,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Refuses what does not fit the connector's schemas; the messages hold no secret.
async fn check(app: &App, row: &ConnectionRow, held: &Held) -> ApiResult<()> {
    let texts = held.secrets.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let connection = countersign_connectors::Connection {
        connector: row.connector.clone(),
        name: row.name.clone(),
        settings: held.settings.clone(),
        secrets: texts.collect(),
        revision: String::new(),
    };
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
    Ok(Json(Page::whole(rows.into_iter().map(|row| view(&app, row)).collect())))
}

/// Adds a connection.
#[utoipa::path(post, path = "/connections", operation_id = "createConnection", tag = "connections",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateConnectionRequest,
    responses((status = 201, description = "The connection", body = Connection)))]
pub(crate) async fn create_connection(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreateConnectionRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    let workspace = caller.workspace().to_owned();
    let once = Once { app: app.clone(), workspace, scope: KIND.to_owned(), key, request_hash: body.hash() };
    once.run(add(app, caller, body.value)).await
}

async fn add(app: App, caller: Caller, request: CreateConnectionRequest) -> ApiResult<Connection> {
    let now = app.now();
    let held = Held::new(request.settings, request.secrets)?;
    let mut row = ConnectionRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        connector: request.connector,
        name: bounded("/name", &request.name, 200)?,
        settings: String::new(),
        sealed: String::new(),
        created_at: now,
        updated_at: now,
    };
    check(&app, &row, &held).await?;
    (row.settings, row.sealed) = held.columns(&app, place(&row))?;
    app.store.create_connection(&row, vec![audit(&app, &caller, "created", &row, &held)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(view(&app, row))
}

async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ConnectionRow> {
    app.store.get_connection(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("connection"))
}

/// Changes a connection.
#[utoipa::path(patch, path = "/connections/{id}", operation_id = "updateConnection", tag = "connections",
    params(("id" = String, Path)), request_body = UpdateAccountRequest,
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UpdateAccountRequest>,
) -> ApiResult<Json<Connection>> {
    caller.require(Role::Admin)?;
    let mut row = required(&app, &caller, &id).await?;
    let request = body.value;
    let name = request.name.clone();
    let held = Held::changed(&app, place(&row), (&row.name, &row.settings, &row.sealed), request)?;
    if let Some(name) = &name {
        row.name = bounded("/name", name, 200)?;
    }
    check(&app, &row, &held).await?;
    (row.settings, row.sealed) = held.columns(&app, place(&row))?;
    row.updated_at = app.now();
    app.store.update_connection(&row, vec![audit(&app, &caller, "changed", &row, &held)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(Json(view(&app, row)))
}

/// Removes a connection.
#[utoipa::path(delete, path = "/connections/{id}", operation_id = "deleteConnection", tag = "connections",
    params(("id" = String, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    let row = required(&app, &caller, &id).await?;
    let entry = audit(&app, &caller, "removed", &row, &Held::removed((&row.name, &row.settings)));
    app.store.delete_connection(caller.workspace(), &id, vec![entry]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(StatusCode::NO_CONTENT)
}
