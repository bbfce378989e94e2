//! Members of the workspace.

use crate::{
    app::App,
    auth::{self, Caller},
    http::{
        extract::{Body, IdempotencyHeader, Path, Query},
        fields::{bounded, email, groups},
        idempotency::Once,
        problem::{ApiError, ApiResult},
    },
    rows::{Tell, stored_role},
};
use axum::{Json, extract::State, response::Response};
use countersign_api::{CreatePersonRequest, InvitationMail, Page, Person, UpdatePersonRequest};
use countersign_engine::{EngineError, Invitation};
use countersign_store::{Member, MembershipRow, Role, UserRow};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

fn view(member: Member, setup_url: Option<String>) -> Person {
    let Member { user, membership } = member;
    Person {
        id: user.id,
        email: user.email,
        name: user.name,
        role: membership.role.tell(),
        groups: membership.groups,
        disabled: membership.disabled_at.is_some(),
        pending: user.password_hash.is_none(),
        setup_url,
        mail: None,
    }
}

/// Everybody in the workspace.
#[utoipa::path(get, path = "/people", operation_id = "listPeople", tag = "people",
    responses((status = 200, description = "Members", body = Page<Person>)))]
pub(crate) async fn list_people(State(app): State<App>, caller: Caller) -> ApiResult<Json<Page<Person>>> {
    let members = app.store.list_members(caller.workspace()).await?;
    Ok(Json(Page::whole(members.into_iter().map(|member| view(member, None)).collect())))
}

/// Invites somebody. The answer has the link with which they choose a password.
#[utoipa::path(post, path = "/people", operation_id = "createPerson", tag = "people",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreatePersonRequest, responses((status = 201, description = "The person", body = Person)))]
pub(crate) async fn create_person(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreatePersonRequest>,
) -> ApiResult<Response> {
    caller.require(Role::Admin)?;
    // Who is let in may decide, and the link that lets them in is in the answer.
    caller.require_decider()?;
    let once = Once::of(&app, &caller, "person", key, body.hash());
    once.run_and_keep(add(app, caller, body.value), |person| person.setup_url = None).await
}

async fn add(app: App, caller: Caller, request: CreatePersonRequest) -> ApiResult<Person> {
    let (address, name) = (email("/email", &request.email)?, bounded("/name", &request.name, 200)?);
    let groups = groups("/groups", &request.groups)?;
    let user = match app.store.find_user(&address).await? {
        Some(user) => user,
        None => {
            let user = UserRow {
                id: Uuid::now_v7().to_string(),
                email: address,
                name,
                password_hash: None,
                created_at: app.now(),
            };
            app.store.create_user(&user).await?;
            user
        }
    };
    if app.store.get_member(caller.workspace(), &user.id).await?.is_some() {
        return Err(ApiError::conflict("already_exists", "This person is already a member"));
    }
    let membership = MembershipRow {
        workspace: caller.workspace().to_owned(),
        user_id: user.id.clone(),
        role: stored_role(request.role),
        groups,
        created_at: app.now(),
        disabled_at: None,
    };
    let mut detail = json!({ "email": user.email, "role": membership.role, "groups": membership.groups });
    if request.mail {
        detail["mail"] = json!(true);
    }
    let entry = caller.audit(app.now(), "person.invited", format!("user:{}", user.id), detail);
    app.store.add_member(&membership, vec![entry]).await?;
    let link = setup_link(&app, &caller, &user).await?;
    let mail = if request.mail { Some(mail(&app, &caller, (&user, link.as_deref())).await?) } else { None };
    Ok(Person { mail, ..view(Member { user, membership }, link) })
}

/// Sends the link. Who was let in stays so whatever comes of it: the link is in the answer too.
async fn mail(app: &App, caller: &Caller, (user, link): (&UserRow, Option<&str>)) -> ApiResult<InvitationMail> {
    let workspace = app.store.get_workspace(caller.workspace()).await?.map(|row| row.name).unwrap_or_default();
    let invitation = Invitation { workspace: &workspace, by: &caller.actor().name, link };
    match app.engine.send_invitation(caller.workspace(), &user.email, &invitation).await {
        Ok(()) => Ok(InvitationMail { sent: true, error: None }),
        Err(EngineError::Invalid(why)) => Ok(InvitationMail { sent: false, error: Some(why) }),
        Err(EngineError::Busy) => Ok(InvitationMail { sent: false, error: Some("the account is busy".to_owned()) }),
        Err(error) => Err(error.into()),
    }
}

/// A link for who has no password yet. An account that exists keeps its password: no link.
async fn setup_link(app: &App, caller: &Caller, user: &UserRow) -> ApiResult<Option<String>> {
    if user.password_hash.is_some() {
        return Ok(None);
    }
    let place = (caller.workspace(), user.id.as_str());
    Ok(Some(auth::invite(&app.store, &app.config.base_url, app.now(), place).await?.url))
}

/// How somebody is invited again.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteQuery {
    /// Whether the workspace's e-mail account sends them the link.
    mail: Option<bool>,
}

/// Makes a new link for somebody who has no password yet.
#[utoipa::path(post, path = "/people/{id}/invite", operation_id = "invitePerson", tag = "people",
    params(("id" = String, Path), InviteQuery),
    responses((status = 200, description = "The person with a new link", body = Person)))]
pub(crate) async fn invite_person(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<InviteQuery>,
) -> ApiResult<Json<Person>> {
    caller.require(Role::Admin)?;
    caller.require_decider()?;
    let member = required_member(&app, &caller, &id).await?;
    if member.membership.disabled_at.is_some() {
        return Err(ApiError::conflict("disabled", "This person is shut out; let them in first"));
    }
    let Some(link) = setup_link(&app, &caller, &member.user).await? else {
        return Err(ApiError::conflict("has_password", "This person already has a password"));
    };
    let mut detail = json!({ "email": member.user.email });
    let by_mail = query.mail == Some(true);
    if by_mail {
        detail["mail"] = json!(true);
    }
    let entry = caller.audit(app.now(), "person.invited", format!("user:{id}"), detail);
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    let mail = if by_mail { Some(mail(&app, &caller, (&member.user, Some(&link))).await?) } else { None };
    Ok(Json(Person { mail, ..view(member, Some(link)) }))
}

async fn required_member(app: &App, caller: &Caller, id: &str) -> ApiResult<Member> {
    app.store.get_member(caller.workspace(), id).await?.ok_or_else(|| ApiError::not_found("person"))
}

/// Changes what somebody may do.
#[utoipa::path(patch, path = "/people/{id}", operation_id = "updatePerson", tag = "people",
    params(("id" = String, Path)), request_body = UpdatePersonRequest,
    responses((status = 200, description = "The person", body = Person)))]
pub(crate) async fn update_person(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<UpdatePersonRequest>,
) -> ApiResult<Json<Person>> {
    caller.require(Role::Admin)?;
    caller.require_decider()?;
    let Member { user, mut membership } = required_member(&app, &caller, &id).await?;
    let request = body.value;
    let told =
        |row: &MembershipRow| json!({ "role": row.role, "groups": row.groups, "disabled": row.disabled_at.is_some() });
    let before = told(&membership);
    membership.role = request.role.map_or(membership.role, stored_role);
    if let Some(wanted) = &request.groups {
        membership.groups = groups("/groups", wanted)?;
    }
    let since = membership.disabled_at.unwrap_or_else(|| app.now());
    let disabled = request.disabled.unwrap_or(membership.disabled_at.is_some());
    membership.disabled_at = disabled.then_some(since);
    let what = ("person.changed", format!("user:{id}"));
    let detail = json!({ "email": user.email });
    let entry = caller.changed(app.now(), what, (&before, &told(&membership)), detail);
    app.store.change_member(&membership, app.now(), vec![entry]).await?;
    app.identities.clear();
    Ok(Json(view(Member { user, membership }, None)))
}
