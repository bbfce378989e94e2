//! What people allow in advance.

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
use countersign_api::{CreateStandingApprovalRequest, Page, StandingApproval, StandingOffer};
use countersign_core::{
    approval::{
        Contributors,
        policy::{Case, shortage},
    },
    document::{Approval, StepKind},
    run::Verdict,
};
use countersign_store::{Role, StandingApprovalRow};
use serde_json::json;
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

async fn view(app: &App, row: StandingApprovalRow) -> ApiResult<StandingApproval> {
    let today = app.now().div_euclid(DAY_MS);
    Ok(StandingApproval {
        granted_by: app.person(&row.workspace, &row.granted_by).await?,
        workflow: app.workflow_ref(&row.workspace, &row.workflow).await?,
        amount_max: row.amount_max.parse().unwrap_or_default(),
        used_today: if row.day == today { row.used_that_day } else { 0 },
        id: row.id,
        step: row.step,
        granted_at: row.granted_at,
        until: row.until,
        per_day: row.per_day,
        reason: row.reason,
        used: row.used,
        revoked_at: row.revoked_at,
    })
}

/// Standing approvals, newest first.
#[utoipa::path(get, path = "/standing-approvals", operation_id = "listStandingApprovals", tag = "checkpoints",
    responses((status = 200, description = "Standing approvals", body = Page<StandingApproval>)))]
pub(crate) async fn list_standing_approvals(
    State(app): State<App>,
    caller: Caller,
) -> ApiResult<Json<Page<StandingApproval>>> {
    let mut all = Vec::new();
    for row in app.store.list_standing_approvals(caller.workspace()).await? {
        all.push(view(&app, row).await?);
    }
    Ok(Json(Page::whole(all)))
}

/// Allows in advance what the step's policy lets the caller approve, within the limits of the step. Each use is a decision in
/// their name.
#[utoipa::path(post, path = "/standing-approvals", operation_id = "createStandingApproval", tag = "checkpoints",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = CreateStandingApprovalRequest,
    responses((status = 201, description = "The standing approval", body = StandingApproval)))]
pub(crate) async fn create_standing_approval(
    State(app): State<App>,
    caller: Caller,
    IdempotencyHeader(key): IdempotencyHeader,
    body: Body<CreateStandingApprovalRequest>,
) -> ApiResult<Response> {
    // A person allows it, who has signed in.
    caller.session()?;
    let once = Once::of(&app, &caller, format!("standing:{}", caller.id()), key, body.hash());
    once.run(grant(app, caller, body.value)).await
}

async fn grant(app: App, caller: Caller, request: CreateStandingApprovalRequest) -> ApiResult<StandingApproval> {
    let workspace = caller.workspace().to_owned();
    let workflow = app.resolve_workflow(&workspace, &request.workflow).await?;
    let workflow = workflow.ok_or_else(|| ApiError::not_found("workflow"))?.0.clone();
    let row = app.store.get_workflow(&workspace, &workflow).await?.ok_or_else(|| ApiError::not_found("workflow"))?;
    let active = row.active_version.filter(|_| row.archived_at.is_none());
    let active = active.ok_or_else(|| ApiError::conflict("not_published", "This workflow has no published version"))?;
    let version = app.engine.version(&workspace, &workflow, active).await?;
    let Some(StepKind::Approval(step)) = version.workflow().steps.get(&request.step).map(|step| &step.kind) else {
        return Err(ApiError::invalid("/step", "the active version has no such approval"));
    };
    let now = app.now();
    within(step, &request, now)?;
    if let Some(reason) = why_not(step, &caller) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "not_an_approver", "You may not approve this").detail(reason));
    }
    if !is_enough(step, &caller) {
        return Err(ApiError::invalid(
            "/step",
            "this approval takes several people: one alone allows nothing in advance",
        ));
    }
    let bound_to = app.engine.standing_hash(&workspace, &version, &request.step).await?;
    let row = StandingApprovalRow {
        id: Uuid::now_v7().to_string(),
        workspace,
        workflow,
        bound_to,
        step: request.step,
        granted_by: caller.id().to_owned(),
        granted_at: now,
        until: request.until,
        amount_max: json!(request.amount_max).to_string(),
        per_day: request.per_day,
        reason: at_most("/reason", request.reason.as_deref().unwrap_or_default(), 500)?,
        day: -1,
        used_that_day: 0,
        used: 0,
        revoked_at: None,
    };
    let detail = json!({
        "standing": row.id, "workflow": row.workflow, "step": row.step, "amount_max": request.amount_max,
        "per_day": row.per_day, "until": row.until, "reason": row.reason,
    });
    let entry = caller.audit(now, "standing.granted", format!("workflow:{}", row.workflow), detail);
    app.store.create_standing_approval(&row, vec![entry]).await?;
    view(&app, row).await
}

/// Why the caller could never use what they allowed. What it is worth is looked at again each time it is used.
fn why_not(step: &Approval, caller: &Caller) -> Option<String> {
    let nobody = Contributors::default();
    let case = Case { approvers: &step.approvers, added: [&[], &[]], contributors: &nobody, author: None };
    case.why_not(caller.actor(), Verdict::Approved)
}

/// Whether the caller's yes alone would approve it.
fn is_enough(step: &Approval, caller: &Caller) -> bool {
    shortage(&step.approvers, [caller.actor()], 0).is_none()
}

/// What the caller may allow in advance at a step of the active version: nothing where the step lets nobody, they may not
/// approve it, or their yes alone would not be enough.
pub(crate) async fn offer(
    app: &App,
    caller: &Caller,
    (workflow, step): (&str, &str),
) -> ApiResult<Option<StandingOffer>> {
    let row = app.store.get_workflow(caller.workspace(), workflow).await?;
    let active = row.filter(|row| row.archived_at.is_none()).and_then(|row| row.active_version);
    let (Some(active), Ok(_)) = (active, caller.session()) else { return Ok(None) };
    let version = app.engine.version(caller.workspace(), workflow, active).await?;
    let Some(StepKind::Approval(step)) = version.workflow().steps.get(step).map(|step| &step.kind) else {
        return Ok(None);
    };
    let alone = || is_enough(step, caller) && why_not(step, caller).is_none();
    Ok(step.standing.as_deref().filter(|_| alone()).map(|limits| StandingOffer {
        step: limits.step.clone(),
        field: limits.field.clone(),
        amount_max: limits.max,
        when: limits.when.clone(),
        per_day: limits.per_day,
        days: limits.days,
    }))
}

/// Refuses what is beyond the limits of the step.
fn within(step: &Approval, request: &CreateStandingApprovalRequest, now: i64) -> ApiResult<()> {
    let Some(limits) = &step.standing else {
        return Err(ApiError::invalid("/step", "nothing may be allowed in advance here"));
    };
    if !(request.amount_max >= 0.0 && request.amount_max <= limits.max) {
        return Err(ApiError::invalid("/amount_max", format!("0 to {}", limits.max)));
    }
    if !(1..=limits.per_day).contains(&request.per_day) {
        return Err(ApiError::invalid("/per_day", format!("1 to {}", limits.per_day)));
    }
    let longest = now.saturating_add(i64::from(limits.days).saturating_mul(DAY_MS));
    if request.until <= now || request.until > longest {
        return Err(ApiError::invalid("/until", format!("in the future, at most {} days", limits.days)));
    }
    Ok(())
}

/// Revokes one: it allows nothing any more, at once. Who granted it may, and administrators.
#[utoipa::path(delete, path = "/standing-approvals/{id}", operation_id = "revokeStandingApproval", tag = "checkpoints",
    params(("id" = String, Path)), responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_standing_approval(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let row = app.store.get_standing_approval(caller.workspace(), &id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("standing approval"))?;
    if row.granted_by != caller.actor().person() {
        caller.require(Role::Admin)?;
    }
    let detail = json!({ "standing": id, "step": row.step, "granted_by": row.granted_by, "used": row.used });
    let entry = caller.audit(app.now(), "standing.revoked", format!("workflow:{}", row.workflow), detail);
    app.store.revoke_standing_approval(caller.workspace(), &id, app.now(), vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}
