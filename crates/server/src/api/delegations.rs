//! Who decides for whom for a time, and who is away.

use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, IdempotencyHeader, Path},
        fields::at_most,
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use countersign_api::{CreateDelegationRequest, Delegation, Page};
use countersign_store::{DelegationRow, Role};
use serde_json::json;
use uuid::Uuid;

/// The longest delegation, milliseconds: a year.
const LENGTH_MAX_MS: i64 = 366 * 86_400_000;

/// Delegations of one person to another that go on or are to come.
const OPEN_MAX: u64 = 20;

async fn view(app: &App, row: DelegationRow) -> ApiResult<Delegation> {
    let workspace = row.workspace.clone();
    Ok(Delegation {
        from: app.person(&workspace, &row.from_user).await?,
        to: app.some_person(&workspace, row.to_user.as_deref()).await?,
        created_by: app.person(&workspace, &row.created_by).await?,
        id: row.id,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        away: row.away,
        reason: row.reason,
        created_at: row.created_at,
    })
}

/// Whether somebody arranged it or is asked by it to decide.
fn is_of(row: &DelegationRow, person: &str) -> bool {
    row.from_user == person || row.to_user.as_deref() == Some(person)
}

/// Delegations that go on or are to come, soonest end first: the caller's own, everybody's for administrators.
#[utoipa::path(get, path = "/delegations", operation_id = "listDelegations", tag = "people",
    responses((status = 200, description = "Delegations", body = Page<Delegation>)))]
pub(crate) async fn list_delegations(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<Delegation>>> {
    let mut delegations = Vec::new();
    let all = caller.role() >= Role::Admin;
    for row in app.store.list_delegations(caller.workspace(), app.now()).await? {
        if !all && !is_of(&row, caller.actor().person()) {
            continue;
        }
        delegations.push(view(&app, row).await?);
    }
    Ok(Json(Page::whole(delegations)))
}

/// Lets somebody decide for the caller for a time, or notes that they are away. An administrator does it for others too.
#[utoipa::path(post, path = "/delegations", operation_id = "createDelegation", tag = "people",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = CreateDelegationRequest,
    responses((status = 201, description = "The delegation", body = Delegation)))]
pub(crate) async fn create_delegation(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreateDelegationRequest>,
) -> ApiResult<Response> {
    // A key was made for other things than to pass on its maker's power.
    caller.session()?;
    let once = Once::of(&app, &caller, format!("delegation:{}", caller.id()), key, body.hash());
    once.run(add(app, caller, body.value)).await
}

async fn add(app: App, caller: Caller, request: CreateDelegationRequest) -> ApiResult<Delegation> {
    let workspace = caller.workspace().to_owned();
    let from_user = request.from.unwrap_or_else(|| caller.id().to_owned());
    if from_user != caller.id() {
        caller.require(Role::Admin)?;
    }
    let now = app.now();
    let (starts_at, ends_at) = (request.starts_at.unwrap_or(now), request.ends_at);
    if ends_at <= now || ends_at <= starts_at || ends_at.saturating_sub(starts_at) > LENGTH_MAX_MS {
        return Err(ApiError::invalid("/ends_at", "it ends after it begins, in the future, and takes at most a year"));
    }
    if request.to.is_none() && !request.away {
        return Err(ApiError::invalid("/to", "say who decides, or that they are away"));
    }
    if request.to.as_ref() == Some(&from_user) {
        return Err(ApiError::invalid("/to", "nobody decides for themselves on behalf of themselves"));
    }
    member(&app, &workspace, "/from", &from_user).await?;
    if let Some(to) = &request.to {
        member(&app, &workspace, "/to", to).await?;
    }
    let pair = (from_user.as_str(), request.to.as_deref());
    if app.store.count_delegations(&workspace, pair, now).await? >= OPEN_MAX {
        let title = "There are too many delegations between the two";
        let detail = format!("{OPEN_MAX} go on or are to come; end one first");
        return Err(ApiError::conflict("too_many_delegations", title).detail(detail));
    }
    let row = DelegationRow {
        id: Uuid::now_v7().to_string(),
        workspace: workspace.clone(),
        from_user,
        to_user: request.to,
        starts_at,
        ends_at,
        away: request.away,
        reason: at_most("/reason", request.reason.as_deref().unwrap_or_default(), 500)?,
        created_at: now,
        created_by: caller.id().to_owned(),
    };
    let detail = json!({
        "delegation": row.id, "from": row.from_user, "to": row.to_user, "starts_at": row.starts_at,
        "ends_at": row.ends_at, "away": row.away, "reason": row.reason,
    });
    let entry = caller.audit(now, "delegation.created", format!("user:{}", row.from_user), detail);
    app.store.create_delegation(&row, vec![entry]).await?;
    view(&app, row).await
}

/// Somebody who is in the workspace and not shut out.
async fn member(app: &App, workspace: &str, pointer: &str, id: &str) -> ApiResult<()> {
    let member = app.store.get_member(workspace, id).await?;
    if member.is_some_and(|member| member.membership.disabled_at.is_none()) {
        return Ok(());
    }
    Err(ApiError::invalid(pointer, "no such person is in the workspace"))
}

/// Ends a delegation at once. Whose it is and who it is given to may, and administrators.
#[utoipa::path(delete, path = "/delegations/{id}", operation_id = "endDelegation", tag = "people",
    params(("id" = String, Path)), responses((status = 204, description = "Ended")))]
pub(crate) async fn end_delegation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let row = app.store.get_delegation(caller.workspace(), &id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("delegation"))?;
    if !is_of(&row, caller.id()) {
        caller.require(Role::Admin)?;
    }
    let detail = json!({ "delegation": id, "from": row.from_user, "to": row.to_user, "before": row.ends_at });
    let entry = caller.audit(app.now(), "delegation.ended", format!("user:{}", row.from_user), detail);
    app.store.end_delegation(caller.workspace(), &id, app.now(), vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}
