//! Signing in and out, the set-up link, one's own password.

use crate::{
    app::App,
    auth::{self, Address, Caller, Identity, Setup, check_password_rules},
    http::{
        extract::Body,
        fields::{bounded, email},
        problem::{ApiError, ApiResult},
    },
    rows::Tell,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use countersign_api::{LoginRequest, Me, MeUser, PasswordRequest, SetupRequest, WorkspaceRef};
use countersign_store::{MembershipRow, NewAudit, OneTimeTokenRow, Role, UserRow};
use serde_json::json;
use std::net::IpAddr;
use uuid::Uuid;

type SignedIn = ([(header::HeaderName, HeaderValue); 1], Json<Me>);

fn me(identity: &Identity) -> Me {
    Me {
        user: MeUser {
            id: identity.actor.id.clone(),
            email: identity.actor.email.clone(),
            name: identity.actor.name.clone(),
        },
        workspace: WorkspaceRef {
            id: identity.workspace.id.clone(),
            slug: identity.workspace.slug.clone(),
            name: identity.workspace.name.clone(),
        },
        role: identity.role.tell(),
        groups: identity.groups.clone(),
    }
}

/// Signs in and sets the session cookie.
#[utoipa::path(post, path = "/auth/login", operation_id = "login", tag = "auth",
    request_body = LoginRequest, responses((status = 200, description = "Signed in", body = Me)), security(()))]
pub(crate) async fn login(
    State(app): State<App>,
    Address(address): Address,
    body: Body<LoginRequest>,
) -> ApiResult<SignedIn> {
    let request = body.value;
    let user = prove(&app, &request.email, request.password, address).await?;
    let workspace = place_of(&app, &user.id, request.workspace.as_deref()).await?;
    sign_in(&app, &user, &workspace, ("session.opened", address)).await
}

/// Whose password this is.
///
/// # Errors
/// 401 `invalid_credentials`, on the record of who has another; 429 after too many guesses.
pub(crate) async fn prove(app: &App, email: &str, password: String, address: Option<IpAddr>) -> ApiResult<UserRow> {
    let account = email.trim().to_lowercase();
    app.guesses.sign_in(&account, address)?;
    let user = app.store.find_user(&account).await?;
    let known = user.as_ref().and_then(|user| user.password_hash.clone());
    let right = app.passwords.verify(password, known).await?;
    let known_user = user.clone();
    let Some(user) = user.filter(|_| right) else {
        tracing::warn!(?address, "a sign-in was refused");
        if let Some(user) = known_user {
            refused(app, &user, address).await?;
        }
        return Err(wrong_credentials());
    };
    app.guesses.signed_in(&account, address);
    Ok(user)
}

/// Puts a wrong password on the record of every workspace the account is in.
async fn refused(app: &App, user: &UserRow, address: Option<IpAddr>) -> ApiResult<()> {
    let address = address.map(|address| address.to_string());
    for membership in app.store.memberships_of(&user.id).await? {
        let entry = NewAudit {
            at: app.now(),
            actor: "system:sign-in".to_owned(),
            via: "portal".to_owned(),
            action: "session.refused".to_owned(),
            subject: format!("user:{}", user.id),
            detail: json!({ "email": user.email, "address": address }).to_string(),
        };
        app.store.append_audit(&membership.workspace, vec![entry]).await?;
    }
    Ok(())
}

fn wrong_credentials() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "The e-mail address or the password is wrong")
}

/// The workspace somebody signs in to: the one they name, or their first.
async fn place_of(app: &App, user: &str, slug: Option<&str>) -> ApiResult<String> {
    let mut memberships = app.store.memberships_of(user).await?;
    memberships.retain(|membership| membership.disabled_at.is_none());
    let wanted = match slug {
        Some(slug) => app.store.find_workspace(slug).await?.map(|workspace| workspace.id),
        None => memberships.first().map(|membership| membership.workspace.clone()),
    };
    wanted
        .filter(|wanted| memberships.iter().any(|membership| membership.workspace == *wanted))
        .ok_or_else(wrong_credentials)
}

async fn sign_in(
    app: &App,
    user: &UserRow,
    workspace: &str,
    (action, address): (&str, Option<IpAddr>),
) -> ApiResult<SignedIn> {
    let (secret, cookie) = auth::open(app, &user.id, workspace).await?;
    let identity = auth::by_session(app, &secret).await?;
    let detail = json!({ "name": user.name, "address": address.map(|address| address.to_string()) });
    let entry = NewAudit {
        at: app.now(),
        actor: format!("user:{}", user.id),
        via: "portal".to_owned(),
        action: action.to_owned(),
        subject: format!("user:{}", user.id),
        detail: detail.to_string(),
    };
    app.store.append_audit(workspace, vec![entry]).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me(&identity))))
}

/// Signs out.
#[utoipa::path(post, path = "/auth/logout", operation_id = "logout", tag = "auth",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn logout(
    State(app): State<App>,
    caller: Caller,
) -> ApiResult<(StatusCode, [(header::HeaderName, HeaderValue); 1])> {
    auth::end(&app, (caller.workspace(), caller.id()), caller.session()?).await?;
    let entry = caller.audit(app.now(), "session.closed", format!("user:{}", caller.id()), json!({}));
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, auth::clear_cookie(&app))]))
}

/// Who is signed in, and where.
#[utoipa::path(get, path = "/auth/me", operation_id = "getMe", tag = "auth",
    responses((status = 200, description = "The caller", body = Me)))]
pub(crate) async fn get_me(caller: Caller) -> Json<Me> {
    Json(me(caller.identity()))
}

/// Uses up a set-up link: chooses a password and signs in.
#[utoipa::path(post, path = "/auth/setup", operation_id = "setUp", tag = "auth",
    request_body = SetupRequest, responses((status = 200, description = "Signed in", body = Me)), security(()))]
pub(crate) async fn set_up(
    State(app): State<App>,
    Address(address): Address,
    body: Body<SetupRequest>,
) -> ApiResult<SignedIn> {
    let request = body.value;
    app.guesses.set_up(address)?;
    check_password_rules("/password", &request.password)?;
    let (purpose, token) = auth::setup_token(&app.store, &request.token, app.now()).await?;
    let user = match purpose {
        Setup::FirstAdmin => {
            let (name, email) = name_and_email(request.name.as_deref(), request.email.as_deref())?;
            let password_hash = Some(app.passwords.hash(request.password).await?);
            let id = Uuid::now_v7().to_string();
            let user = UserRow { id, email, name, password_hash, created_at: app.now() };
            first_admin(&app, &token, &user).await?;
            user
        }
        Setup::Invitation => {
            let name = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            let name = name.map(|name| bounded("/name", name, 200)).transpose()?;
            let hash = app.passwords.hash(request.password).await?;
            let use_up = (token.purpose.as_str(), app.now());
            let done = app.store.set_up_account(&token.token_hash, use_up, &hash, name.as_deref()).await;
            done.map_err(auth::used)?;
            let id = token.user_id.as_deref().unwrap_or_default();
            app.store.get_user(id).await?.ok_or_else(|| ApiError::not_found("user"))?
        }
    };
    sign_in(&app, &user, &token.workspace, ("account.set_up", address)).await
}

fn name_and_email(name: Option<&str>, address: Option<&str>) -> ApiResult<(String, String)> {
    Ok((bounded("/name", name.unwrap_or_default(), 200)?, email("/email", address.unwrap_or_default())?))
}

async fn first_admin(app: &App, token: &OneTimeTokenRow, user: &UserRow) -> ApiResult<()> {
    let membership = MembershipRow {
        workspace: token.workspace.clone(),
        user_id: user.id.clone(),
        role: Role::Admin,
        groups: Vec::new(),
        created_at: app.now(),
        disabled_at: None,
    };
    app.store.set_up_first_admin(token, app.now(), user, &membership).await.map_err(auth::used)
}

/// Changes one's own password and ends all other sessions.
#[utoipa::path(post, path = "/auth/password", operation_id = "changePassword", tag = "auth",
    request_body = PasswordRequest, responses((status = 204, description = "Changed; the session cookie is new")))]
pub(crate) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    body: Body<PasswordRequest>,
) -> ApiResult<(StatusCode, HeaderMap)> {
    caller.session()?;
    let request = body.value;
    check_password_rules("/new", &request.new)?;
    app.guesses.sign_in(&caller.actor().email, caller.address())?;
    let user = app.store.get_user(caller.id()).await?.ok_or_else(|| ApiError::not_found("user"))?;
    if !app.passwords.verify(request.current, user.password_hash.clone()).await? {
        return Err(ApiError::invalid("/current", "this is not your password"));
    }
    let password_hash = Some(app.passwords.hash(request.new).await?);
    app.store.update_user(&UserRow { password_hash, ..user }).await?;
    app.store.delete_sessions_of(caller.workspace(), caller.id()).await?;
    app.identities.clear();
    let (_, cookie) = auth::open(&app, caller.id(), caller.workspace()).await?;
    let entry = caller.audit(app.now(), "password.changed", format!("user:{}", caller.id()), json!({}));
    app.store.append_audit(caller.workspace(), vec![entry]).await?;
    Ok((StatusCode::NO_CONTENT, HeaderMap::from_iter([(header::SET_COOKIE, cookie)])))
}
