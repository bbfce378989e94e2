//! Personal links: what one is for, and deciding with it. Nobody signs in: the token says who it is.

use crate::{
    api::{
        account::prove,
        checkpoints::view::{hand_back, outcomes},
    },
    app::App,
    auth::Address,
    http::{
        extract::{Body, Path},
        fields::at_most,
        problem::{ApiError, ApiResult},
    },
    rows::{decided_by, outcome},
};
use axum::{Json, extract::State};
use countersign_api::{Decided, Fact, LinkDecisionRequest, LinkTarget, PersonRef};
use countersign_core::run::{Opened, Refusal};
use countersign_engine::{DecideRequest, EngineError, FollowedLink, LinkOver, LoadedCheckpoint};
use countersign_store::{CheckpointRow, CheckpointStatus};
use std::net::IpAddr;

/// Where a token leads. Guesses from one address are few.
///
/// # Errors
/// 404 for a token that was never given out, 429 after too many of those.
pub(crate) async fn follow(app: &App, token: &str, address: Option<IpAddr>) -> ApiResult<FollowedLink> {
    app.guesses.link_allowed(address)?;
    if let Some(found) = app.engine.follow_link(token).await? {
        return Ok(found);
    }
    app.guesses.link_missed(address)?;
    Err(ApiError::not_found("link"))
}

/// Why nothing can be decided with a link any more, with who decided and when.
pub(crate) fn over(row: &CheckpointRow, over: &LinkOver) -> ApiError {
    ApiError::link_over(row).detail(match over {
        LinkOver::Decided => match decided_by(row) {
            Some(by) => format!("already decided by {}", by.name),
            None => "already decided".to_owned(),
        },
        LinkOver::Used => "you have decided with it; others must decide too".to_owned(),
        LinkOver::Removed => "whose link it was does not belong to the workspace any more".to_owned(),
        LinkOver::Changed => {
            "what is to be decided was changed since; a newer message has a link of its own".to_owned()
        }
        LinkOver::Expired => "it is too old".to_owned(),
        LinkOver::Held(held) => return Refusal::Held(held.clone()).into(),
        LinkOver::NotTheirs(why) => why.clone(),
    })
}

/// What a link is for.
///
/// # Errors
/// 410 for one that is dead.
pub(crate) async fn target(app: &App, followed: &FollowedLink) -> ApiResult<LinkTarget> {
    let FollowedLink { link, checkpoint, person, over: dead } = followed;
    let (row, run) = (&checkpoint.row, &checkpoint.run);
    let (Some(person), None) = (person, dead) else {
        return Err(over(row, dead.as_ref().unwrap_or(&LinkOver::Removed)));
    };
    let (requests, facts) = match serde_json::from_str(&row.payload) {
        Ok(Opened::Approval { requests, facts, .. }) => (requests.to_vec(), facts),
        Ok(Opened::Form { .. } | Opened::Handoff { .. } | Opened::UnknownOutcome { .. }) | Err(_) => {
            (Vec::new(), Vec::new())
        }
    };
    Ok(LinkTarget {
        checkpoint: row.id.clone(),
        kind: row.kind,
        person: PersonRef { id: person.id.clone(), name: person.name.clone() },
        workflow: app.workflow_ref(&row.workspace, &row.workflow).await?.name,
        title: run.version.title(&row.step).to_owned(),
        summary: row.title.clone(),
        facts: facts.into_iter().map(|fact| Fact { label: fact.label, value: fact.value }).collect(),
        effects: requests.iter().map(|it| format!("{} ({})", run.version.title(&it.step), it.action)).collect(),
        // What is filled in takes more than a link.
        outcomes: if hand_back(run, row).is_some() { Vec::new() } else { outcomes(run, row) },
        opened_at: row.opened_at,
        due_at: row.due_at,
        expires_at: link.expires_at,
        password: followed.takes_password(),
    })
}

/// What was decided, as it is told.
pub(crate) fn decided(found: &LoadedCheckpoint) -> Decided {
    let (row, held) = (&found.row, found.run.state.phase.held());
    let open = row.status == CheckpointStatus::Open;
    Decided {
        held_until: held.filter(|_| open).map(|held| held.until.0),
        checkpoint: row.id.clone(),
        status: row.status,
        outcome: outcome(row),
        decided_at: row.decided_at,
        decided_by: decided_by(row),
    }
}

/// Decides as the person whose link it is.
///
/// # Errors
/// 410 for a link that is dead, also by who was faster; 403 `step_up_needed` where it takes a password, 401 for a wrong one.
pub(crate) async fn decide(
    app: &App,
    followed: FollowedLink,
    LinkDecisionRequest { outcome, comment, password }: LinkDecisionRequest,
    address: Option<IpAddr>,
) -> ApiResult<LoadedCheckpoint> {
    let comment = at_most("/comment", comment.as_deref().unwrap_or_default(), 4_000)?;
    if let Some(dead) = &followed.over {
        return Err(over(&followed.checkpoint.row, dead));
    }
    let followed = match password.filter(|password| !password.is_empty()) {
        // Whoever has the link may not be its person: their password says so.
        Some(password) if followed.takes_password() => {
            let email = followed.person.as_ref().map(|person| person.email.clone()).unwrap_or_default();
            prove(app, &email, password, address).await?;
            followed.signed_in(app.now())
        }
        Some(_) | None => followed,
    };
    let shown = Some(followed.link.shown.clone());
    let decision = DecideRequest { outcome, comment, shown, ..DecideRequest::default() };
    match app.engine.decide_by_link(followed, decision).await {
        Ok(found) => Ok(found),
        Err(EngineError::AlreadyDecided(row)) => Err(over(&row, &LinkOver::Decided)),
        Err(error) => Err(error.into()),
    }
}

/// Takes back what the person whose link it is decided, while it is held.
///
/// # Errors
/// 410 once it counts, 409 where nothing is held, 403 where another person decided.
pub(crate) async fn undo(app: &App, followed: &FollowedLink) -> ApiResult<LoadedCheckpoint> {
    if followed.person.is_none() {
        return Err(over(&followed.checkpoint.row, &LinkOver::Removed));
    }
    match app.engine.take_back_by_link(followed).await {
        Ok(found) => Ok(found),
        Err(EngineError::AlreadyDecided(row)) => Err(over(&row, &LinkOver::Decided)),
        Err(error) => Err(error.into()),
    }
}

/// What a personal link is for. Reading it changes nothing, however often.
#[utoipa::path(get, path = "/links/{token}", operation_id = "getLink", tag = "checkpoints",
    params(("token" = String, Path)), security(()),
    responses((status = 200, description = "What it is for", body = LinkTarget)))]
pub(crate) async fn get_link(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
) -> ApiResult<Json<LinkTarget>> {
    let followed = follow(&app, &token, address).await?;
    Ok(Json(target(&app, &followed).await?))
}

/// Decides with a personal link, as the person whose it is. Afterwards the link is dead: 410 with who decided and when.
#[utoipa::path(post, path = "/links/{token}/decision", operation_id = "decideLink", tag = "checkpoints",
    params(("token" = String, Path)), request_body = LinkDecisionRequest, security(()),
    responses((status = 200, description = "What was decided", body = Decided)))]
pub(crate) async fn decide_link(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
    body: Body<LinkDecisionRequest>,
) -> ApiResult<Json<Decided>> {
    let followed = follow(&app, &token, address).await?;
    Ok(Json(decided(&decide(&app, followed, body.value, address).await?)))
}

/// Takes back, with a personal link, what its person decided and is held: then it can be decided with again.
#[utoipa::path(post, path = "/links/{token}/undo", operation_id = "undoLink", tag = "checkpoints",
    params(("token" = String, Path)), security(()),
    responses((status = 200, description = "It is open again", body = Decided)))]
pub(crate) async fn undo_link(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
) -> ApiResult<Json<Decided>> {
    let followed = follow(&app, &token, address).await?;
    Ok(Json(decided(&undo(&app, &followed).await?)))
}
