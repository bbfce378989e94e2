//! Accounts on channels.

use crate::{
    api::{channels::kinds::channel_kinds, connections::secrets},
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
use countersign_api::{ChannelAccount, ChannelKind, CreateChannelRequest, Page, UpdateChannelRequest};
use countersign_store::{ChannelAccountRow, NewAudit, Role};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const KIND: &str = "channel";

fn view(app: &App, row: ChannelAccountRow) -> ChannelAccount {
    let context = secrets::context(&row.workspace, KIND, &row.id);
    ChannelAccount {
        secret_names: secrets::names(app, &context, &row.sealed),
        settings: json_object(&row.settings),
        id: row.id,
        channel: row.channel,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Refuses what does not make an account. The message names fields, never values.
fn check(channel: &str, settings: &Map<String, Value>, open: &Map<String, Value>) -> ApiResult<()> {
    let kinds = channel_kinds();
    let Some(kind) = kinds.iter().find(|kind| kind.channel == channel) else {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.channel.as_str()).collect();
        return Err(ApiError::invalid("/channel", format!("choose one of {}", known.join(", "))));
    };
    for (part, schema, given) in
        [("settings", &kind.settings_schema, settings), ("secrets", &kind.secrets_schema, open)]
    {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in required {
            if given.get(name).is_none_or(|value| value.as_str() == Some("")) {
                return Err(ApiError::invalid(format!("/{part}/{name}"), "this is needed"));
            }
        }
        if let Some(name) = given.keys().find(|name| schema["properties"].get(name.as_str()).is_none()) {
            return Err(ApiError::invalid(format!("/{part}/{name}"), "there is no such field"));
        }
    }
    let mut account = settings.clone();
    account.extend(open.clone());
    account.insert("channel".to_owned(), json!(channel));
    let account: Result<countersign_channels::ChannelAccount, _> = serde_json::from_value(Value::Object(account));
    account.map(|_| ()).map_err(|_| ApiError::invalid("/settings", "a field has the wrong type or value"))
}

fn audit(app: &App, caller: &Caller, action: &str, row: &ChannelAccountRow, changed: &Map<String, Value>) -> NewAudit {
    let names: Vec<&String> = changed.keys().collect();
    let detail = json!({
        "channel": row.channel, "account": row.name, "settings": json_object(&row.settings), "secrets": names,
    });
    caller.audit(app.now(), action, format!("channel:{}", row.id), detail)
}

/// What an account on each channel needs.
#[utoipa::path(get, path = "/channel-kinds", operation_id = "listChannelKinds", tag = "channels",
    responses((status = 200, description = "Kinds of channels", body = Page<ChannelKind>)))]
pub(crate) async fn list_channel_kinds(_: Caller) -> Json<Page<ChannelKind>> {
    Json(Page::whole(channel_kinds()))
}

/// All accounts, without their secrets.
#[utoipa::path(get, path = "/channels", operation_id = "listChannels", tag = "channels",
    responses((status = 200, description = "Accounts", body = Page<ChannelAccount>)))]
pub(crate) async fn list_channels(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<ChannelAccount>>> {
    caller.require(Role::Builder)?;
    let rows = app.store.list_channel_accounts(caller.workspace()).await?;
    Ok(Json(Page::whole(rows.into_iter().map(|row| view(&app, row)).collect())))
}

/// Adds an account.
#[utoipa::path(post, path = "/channels", operation_id = "createChannel", tag = "channels",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateChannelRequest, responses((status = 201, description = "The account", body = ChannelAccount)))]
pub(crate) async fn create_channel(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreateChannelRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    let workspace = caller.workspace().to_owned();
    let once = Once { app: app.clone(), workspace, scope: KIND.to_owned(), key, request_hash: body.hash() };
    once.run(add(app, caller, body.value)).await
}

async fn add(app: App, caller: Caller, request: CreateChannelRequest) -> ApiResult<ChannelAccount> {
    let now = app.now();
    let named = request.secrets.clone();
    let mut open = Map::new();
    secrets::change(&mut open, request.secrets)?;
    check(&request.channel, &request.settings, &open)?;
    let mut row = ChannelAccountRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        channel: request.channel,
        name: bounded("/name", &request.name, 200)?,
        settings: json!(request.settings).to_string(),
        sealed: String::new(),
        created_at: now,
        updated_at: now,
    };
    row.sealed = secrets::seal(&app, &secrets::context(&row.workspace, KIND, &row.id), &open)?;
    app.store.create_channel_account(&row, vec![audit(&app, &caller, "channel.created", &row, &named)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(view(&app, row))
}

async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ChannelAccountRow> {
    app.store.get_channel_account(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("channel"))
}

/// Changes an account.
#[utoipa::path(patch, path = "/channels/{id}", operation_id = "updateChannel", tag = "channels",
    params(("id" = String, Path)), request_body = UpdateChannelRequest,
    responses((status = 200, description = "The account", body = ChannelAccount)))]
pub(crate) async fn update_channel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UpdateChannelRequest>,
) -> ApiResult<Json<ChannelAccount>> {
    caller.require(Role::Admin)?;
    // People are told, and given links to decide with, over these.
    caller.require_decider()?;
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
    check(&row.channel, &settings, &open)?;
    row.settings = json!(settings).to_string();
    row.sealed = secrets::seal(&app, &context, &open)?;
    row.updated_at = app.now();
    app.store.update_channel_account(&row, vec![audit(&app, &caller, "channel.changed", &row, &changed)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(Json(view(&app, row)))
}

/// Removes an account.
#[utoipa::path(delete, path = "/channels/{id}", operation_id = "deleteChannel", tag = "channels",
    params(("id" = String, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_channel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    caller.require(Role::Admin)?;
    caller.require_decider()?;
    let row = required(&app, &caller, &id).await?;
    let entry = audit(&app, &caller, "channel.removed", &row, &Map::new());
    app.store.delete_channel_account(caller.workspace(), &id, vec![entry]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(StatusCode::NO_CONTENT)
}
