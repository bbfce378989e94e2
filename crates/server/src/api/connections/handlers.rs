//! Credentials for connectors.

use crate::{
    api::connections::secrets,
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
use countersign_api::{Connection, CreateConnectionRequest, FieldError, Page, UpdateConnectionRequest};
use countersign_store::{ConnectionRow, NewAudit, Role};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const KIND: &str = "connection";

fn view(app: &App, row: ConnectionRow) -> Connection {
    let context = secrets::context(&row.workspace, KIND, &row.id);
    Connection {
        secret_names: secrets::names(app, &context, &row.sealed),
        settings: json_object(&row.settings),
        id: row.id,
        connector: row.connector,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Refuses what does not fit the connector's schemas; the messages hold no secret.
async fn check(
    app: &App,
    row: &ConnectionRow,
    settings: &Map<String, Value>,
    open: &Map<String, Value>,
) -> ApiResult<()> {
    let texts = open.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let connection = countersign_connectors::Connection {
        connector: row.connector.clone(),
        name: row.name.clone(),
        settings: settings.clone(),
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

fn audit(app: &App, caller: &Caller, action: &str, row: &ConnectionRow, changed: &Map<String, Value>) -> NewAudit {
    let names: Vec<&String> = changed.keys().collect();
    let detail = json!({
        "connector": row.connector, "connection": row.name, "settings": json_object(&row.settings), "secrets": names,
    });
    caller.audit(app.now(), action, format!("connection:{}", row.id), detail)
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
    let mut row = ConnectionRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        connector: request.connector,
        name: bounded("/name", &request.name, 200)?,
        settings: json!(request.settings).to_string(),
        sealed: String::new(),
        created_at: now,
        updated_at: now,
    };
    let mut open = Map::new();
    let named = request.secrets.clone();
    secrets::change(&mut open, request.secrets)?;
    check(&app, &row, &request.settings, &open).await?;
    row.sealed = secrets::seal(&app, &secrets::context(&row.workspace, KIND, &row.id), &open)?;
    app.store.create_connection(&row, vec![audit(&app, &caller, "connection.created", &row, &named)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(view(&app, row))
}

async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ConnectionRow> {
    app.store.get_connection(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("connection"))
}

/// Changes a connection.
#[utoipa::path(patch, path = "/connections/{id}", operation_id = "updateConnection", tag = "connections",
    params(("id" = String, Path)), request_body = UpdateConnectionRequest,
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UpdateConnectionRequest>,
) -> ApiResult<Json<Connection>> {
    caller.require(Role::Admin)?;
    let mut row = required(&app, &caller, &id).await?;
    let request = body.value;
    let context = secrets::context(&row.workspace, KIND, &row.id);
    let mut open = secrets::open(&app, &context, &row.sealed)?;
    let changed = request.secrets.unwrap_or_default();
    secrets::change(&mut open, changed.clone())?;
    if let Some(name) = &request.name {
        row.name = bounded("/name", name, 200)?;
    }
    let settings = request.settings.unwrap_or_else(|| json_object(&row.settings));
    check(&app, &row, &settings, &open).await?;
    row.settings = json!(settings).to_string();
    row.sealed = secrets::seal(&app, &context, &open)?;
    row.updated_at = app.now();
    app.store.update_connection(&row, vec![audit(&app, &caller, "connection.changed", &row, &changed)]).await?;
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
    let entry = audit(&app, &caller, "connection.removed", &row, &Map::new());
    app.store.delete_connection(caller.workspace(), &id, vec![entry]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(StatusCode::NO_CONTENT)
}
