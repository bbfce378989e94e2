//! Accounts on channels.

use crate::{
    api::{
        channels::kinds::channel_kinds,
        sealed::{Held, Named, Place},
    },
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
use countersign_api::{
    AccountState, ChannelAccount, ChannelHealth, ChannelKind, CreateChannelRequest, Page, UpdateAccountRequest,
};
use countersign_channels::Platform;
use countersign_engine as engine;
use countersign_store::{ChannelAccountRow, NewAudit, Role};
use serde_json::{Value, json};
use uuid::Uuid;

const KIND: &str = "channel";

fn place(row: &ChannelAccountRow) -> Place<'_> {
    Place { workspace: &row.workspace, kind: KIND, id: &row.id }
}

fn view(app: &App, row: ChannelAccountRow) -> ChannelAccount {
    ChannelAccount {
        secret_names: place(&row).secret_names(app, &row.sealed),
        settings: json_object(&row.settings),
        address: Platform::read(&row.channel).map_or_else(String::new, |on| app.engine.hook_address(on, &row.id)),
        health: health(&row),
        id: row.id,
        channel: row.channel,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn health(row: &ChannelAccountRow) -> ChannelHealth {
    let known: ChannelHealth = serde_json::from_str(&row.health).unwrap_or_default();
    ChannelHealth { heard_at: row.heard_at, ..known }
}

/// Asks an account's provider, and keeps what it says in its row.
async fn ask(app: &App, row: &mut ChannelAccountRow) -> ApiResult<()> {
    let probed = app.engine.probe_channel(row).await?;
    row.health = json!(engine::ChannelHealth::of(row).asked(&probed, app.now())).to_string();
    Ok(())
}

/// Refuses what does not make an account. The message names fields, never values.
fn check(channel: &str, held: &Held) -> ApiResult<()> {
    let kinds = channel_kinds();
    let Some(kind) = kinds.iter().find(|kind| kind.channel == channel) else {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.channel.as_str()).collect();
        return Err(ApiError::invalid("/channel", format!("choose one of {}", known.join(", "))));
    };
    let parts = [("settings", &kind.settings_schema, &held.settings), ("secrets", &kind.secrets_schema, &held.secrets)];
    for (part, schema, given) in parts {
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
    let mut account = held.settings.clone();
    account.extend(held.secrets.clone());
    account.insert("channel".to_owned(), json!(channel));
    let account: Result<countersign_channels::ChannelAccount, _> = serde_json::from_value(Value::Object(account));
    account.map(|_| ()).map_err(|_| ApiError::invalid("/settings", "a field has the wrong type or value"))
}

fn audit(app: &App, caller: &Caller, act: &str, row: &ChannelAccountRow, held: &Held) -> NewAudit {
    let named = Named { belongs_to: ("channel", &row.channel), name: ("account", &row.name) };
    place(row).audit(app, caller, act, named, held)
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
    let once = Once::of(&app, &caller, KIND, key, body.hash());
    once.run(add(app, caller, body.value)).await
}

async fn add(app: App, caller: Caller, request: CreateChannelRequest) -> ApiResult<ChannelAccount> {
    let now = app.now();
    let held = Held::new(request.settings, request.secrets)?;
    check(&request.channel, &held)?;
    let mut row = ChannelAccountRow {
        id: Uuid::now_v7().to_string(),
        workspace: caller.workspace().to_owned(),
        channel: request.channel,
        name: bounded("/name", &request.name, 200)?,
        settings: String::new(),
        sealed: String::new(),
        health: String::new(),
        heard_at: None,
        created_at: now,
        updated_at: now,
    };
    (row.settings, row.sealed) = held.columns(&app, place(&row))?;
    ask(&app, &mut row).await?;
    app.store.create_channel_account(&row, vec![audit(&app, &caller, "created", &row, &held)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(view(&app, row))
}

async fn required(app: &App, caller: &Caller, id: &str) -> ApiResult<ChannelAccountRow> {
    app.store.get_channel_account(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("channel"))
}

/// Changes an account.
#[utoipa::path(patch, path = "/channels/{id}", operation_id = "updateChannel", tag = "channels",
    params(("id" = String, Path)), request_body = UpdateAccountRequest,
    responses((status = 200, description = "The account", body = ChannelAccount)))]
pub(crate) async fn update_channel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UpdateAccountRequest>,
) -> ApiResult<Json<ChannelAccount>> {
    caller.require(Role::Admin)?;
    // People are told, and given links to decide with, over these.
    caller.require_decider()?;
    let mut row = required(&app, &caller, &id).await?;
    let request = body.value;
    let name = request.name.clone();
    let renamed = request.settings.is_none() && request.secrets.is_none();
    let held = Held::changed(&app, place(&row), (&row.name, &row.settings, &row.sealed), request)?;
    if let Some(name) = &name {
        row.name = bounded("/name", name, 200)?;
    }
    check(&row.channel, &held)?;
    if !renamed {
        (row.settings, row.sealed) = held.columns(&app, place(&row))?;
        ask(&app, &mut row).await?;
    }
    row.updated_at = app.now();
    app.store.update_channel_account(&row, vec![audit(&app, &caller, "changed", &row, &held)]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(Json(view(&app, row)))
}

/// Asks an account's provider, now, whether the account works: something that only good credentials get and that changes
/// nothing there. Whether what customers write arrives is told by when the provider last posted something.
#[utoipa::path(post, path = "/channels/{id}/test", operation_id = "testChannel", tag = "channels",
    params(("id" = String, Path)), responses((status = 200, description = "The account and its health", body = ChannelAccount)))]
pub(crate) async fn test_channel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<ChannelAccount>> {
    caller.require(Role::Builder)?;
    let mut row = required(&app, &caller, &id).await?;
    ask(&app, &mut row).await?;
    let ChannelHealth { state, error, .. } = health(&row);
    let code = error.filter(|_| state != AccountState::Sound).map(|error| error.code);
    let detail = json!({ "channel": row.channel, "account": row.name, "state": state, "code": code });
    let entry = caller.audit(app.now(), "channel.tested", format!("channel:{}", row.id), detail);
    app.store.note_channel_health(&row, vec![entry]).await?;
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
    let entry = audit(&app, &caller, "removed", &row, &Held::removed((&row.name, &row.settings)));
    app.store.delete_channel_account(caller.workspace(), &id, vec![entry]).await?;
    app.engine.forget_connections(caller.workspace());
    Ok(StatusCode::NO_CONTENT)
}
