//! Connections that a person connects by OAuth 2.0: the way to the service's page and back, and disconnecting.

use super::handlers::{required, view};
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        fields::bounded,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{
    Connecting, Connection, ConnectionTokens, Disconnected, FinishConnectingRequest, TokenGrant, TokenState,
};
use countersign_connectors::{Grant, TokenError, TokenFailure};
use countersign_engine::{Agreeing, ConnectError, EngineError, Revocation, Standing, TokenStanding};
use countersign_store::{AuthorizationRow, ConnectionRow, NewAudit, Role};
use serde_json::{Value, json};

/// Longest text that is taken from a service's redirect.
const GIVEN_MAX: usize = 8192;

/// How tokens stand, as it is told.
pub(super) async fn tokens(app: &App, standing: TokenStanding) -> ApiResult<ConnectionTokens> {
    let TokenStanding { grant, standing, reason, row } = standing;
    let connected_by = match row.as_ref().filter(|row| !row.connected_by.is_empty()) {
        Some(row) => Some(app.person(&row.workspace, &row.connected_by).await?.name),
        None => None,
    };
    Ok(ConnectionTokens {
        grant: match grant {
            Grant::AuthorizationCode => TokenGrant::AuthorizationCode,
            Grant::ClientCredentials => TokenGrant::ClientCredentials,
        },
        state: match standing {
            Standing::NotConnected => TokenState::NotConnected,
            Standing::Connected => TokenState::Connected,
            Standing::Reconnect => TokenState::Reconnect,
            Standing::Refused => TokenState::Refused,
        },
        reason,
        expires_at: row.as_ref().and_then(|row| row.expires_at),
        connected_at: row.as_ref().filter(|row| !row.connected_by.is_empty()).map(|row| row.connected_at),
        connected_by,
        scope: row.map(|row| row.scope).unwrap_or_default(),
    })
}

fn agreeing(caller: &Caller) -> ApiResult<Agreeing> {
    caller.require(Role::Admin)?;
    Ok(Agreeing {
        workspace: caller.workspace().to_owned(),
        person: caller.id().to_owned(),
        session: caller.session()?.to_owned(),
    })
}

fn entry(app: &App, caller: &Caller, act: &str, row: &ConnectionRow, more: Value) -> NewAudit {
    let mut detail = json!({ "connector": row.connector, "connection": row.name });
    if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
    caller.audit(app.now(), act, format!("connection:{}", row.id), detail)
}

fn refused(error: ConnectError) -> ApiError {
    match error {
        ConnectError::Engine(EngineError::NotFound("connection")) => ApiError::not_found("connection"),
        ConnectError::Engine(error) => error.into(),
        ConnectError::Refused(error) => {
            ApiError::unprocessable("connect_refused", "The service gave no access").detail(error.to_string())
        }
        ConnectError::Unfit(why) => {
            ApiError::unprocessable("connect_unfit", "The connection cannot be connected so").detail(why)
        }
    }
}

/// Begins to connect: answers the address of the service's page where the person who asks agrees. They come back to
/// `/oauth/callback`, in the same session.
#[utoipa::path(post, path = "/connections/{id}/connect", operation_id = "beginConnecting", tag = "connections",
    params(("id" = String, Path)), responses((status = 200, description = "Where to go", body = Connecting)))]
pub(crate) async fn begin_connecting(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Connecting>> {
    let who = agreeing(&caller)?;
    let row = required(&app, &caller, &id).await?;
    let audit = vec![entry(&app, &caller, "connection.connecting", &row, json!({}))];
    let address = app.engine.begin_connecting(&who, &row, audit).await.map_err(refused)?;
    Ok(Json(Connecting { address }))
}

/// Ends it with what the service sent the person back with. A state is taken once, from the person and session it was made for.
#[utoipa::path(post, path = "/connections/connected", operation_id = "finishConnecting", tag = "connections",
    request_body = FinishConnectingRequest,
    responses((status = 200, description = "The connection", body = Connection)))]
pub(crate) async fn finish_connecting(
    State(app): State<App>,
    caller: Caller,
    body: Body<FinishConnectingRequest>,
) -> ApiResult<Json<Connection>> {
    let who = agreeing(&caller)?;
    let request = body.value;
    let state = bounded("/state", &request.state, GIVEN_MAX)?;
    let taken = app.engine.take_state(&who, &state).await.map_err(|error| {
        if !matches!(error, EngineError::NotFound(_)) {
            return error.into();
        }
        ApiError::unprocessable("state_unknown", "This is not a way back that is open")
            .detail("it was used, is over, or was begun by somebody else or in another session: connect again")
    })?;
    let row = required(&app, &caller, &taken.connection).await?;
    match connected(&app, &caller, (taken, &row), request).await {
        Ok(row) => view(&app, row).await.map(Json),
        Err(error) => {
            let failed =
                entry(&app, &caller, "connection.connect_failed", &row, json!({ "message": error.to_string() }));
            app.store.append_audit(caller.workspace(), vec![failed]).await?;
            Err(refused(error))
        }
    }
}

async fn connected(
    app: &App,
    caller: &Caller,
    (taken, row): (AuthorizationRow, &ConnectionRow),
    request: FinishConnectingRequest,
) -> Result<ConnectionRow, ConnectError> {
    if let Some(code) = request.error.filter(|code| !code.is_empty()) {
        let told = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
        let message = told(&request.error_description.unwrap_or_else(|| "access was not given".to_owned()));
        return Err(ConnectError::Refused(TokenError { kind: TokenFailure::Refused, code: told(&code), message }));
    }
    let audit = entry(app, caller, "connection.connected", row, json!({}));
    app.engine.finish_connecting(taken, request.code.unwrap_or_default(), audit).await
}

/// Forgets the tokens, and asks the service to take them back. That it did not keeps nobody from disconnecting.
#[utoipa::path(post, path = "/connections/{id}/disconnect", operation_id = "disconnect", tag = "connections",
    params(("id" = String, Path)), responses((status = 200, description = "What came of it", body = Disconnected)))]
pub(crate) async fn disconnect(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<Json<Disconnected>> {
    caller.require(Role::Admin)?;
    let row = required(&app, &caller, &id).await?;
    let revocation = app.engine.revocation(&row).await?;
    let audit = vec![entry(&app, &caller, "connection.disconnected", &row, json!({}))];
    app.store.forget_tokens(caller.workspace(), &id, audit).await?;
    app.engine.forget_connections(caller.workspace());
    let told = match &revocation {
        Some(revocation) => revoke(&app, &caller, &row, revocation).await?,
        None => Ok(()),
    };
    let (revoked, message) = (told.is_ok(), told.err().unwrap_or_default());
    Ok(Json(Disconnected { connection: view(&app, row).await?, revoked, message }))
}

/// Has tokens taken back, and puts on the record what came of it.
pub(super) async fn revoke(
    app: &App,
    caller: &Caller,
    row: &ConnectionRow,
    revocation: &Revocation,
) -> ApiResult<Result<(), String>> {
    let told = app.engine.revoke(revocation).await;
    let act = if told.is_ok() { "connection.revoked" } else { "connection.not_revoked" };
    let message = told.as_ref().err().map_or("", String::as_str);
    let audit = entry(app, caller, act, row, json!({ "message": message }));
    app.store.append_audit(caller.workspace(), vec![audit]).await?;
    Ok(told)
}
