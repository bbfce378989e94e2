//! Several decisions in one request: each its own checks, its own record, its own refusal.

use crate::{
    api::{checkpoints::handlers::decide_one, links::decided},
    app::App,
    auth::Caller,
    http::{
        extract::Body,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{BatchDecided, BatchDecision, BatchDecisionAnswer, BatchDecisionRequest, DecisionRequest};
use futures::{StreamExt, stream};
use std::collections::BTreeSet;

/// Decisions of one request.
const DECISIONS_MAX: usize = 100;
/// Decisions made at once.
const AT_ONCE: usize = 8;

/// Decides several checkpoints. Each is answered for itself: what is refused does not hold up the others.
#[utoipa::path(post, path = "/checkpoints/decisions", operation_id = "decideCheckpoints", tag = "checkpoints",
    request_body = BatchDecisionRequest,
    responses((status = 200, description = "What came of each, in their order", body = BatchDecisionAnswer)))]
pub(crate) async fn decide_checkpoints(
    State(app): State<App>,
    caller: Caller,
    body: Body<BatchDecisionRequest>,
) -> ApiResult<Json<BatchDecisionAnswer>> {
    let decisions = body.value.decisions;
    if decisions.is_empty() || decisions.len() > DECISIONS_MAX {
        return Err(ApiError::invalid("/decisions", format!("1 to {DECISIONS_MAX} decisions")));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = decisions.iter().position(|decision| !seen.insert(decision.checkpoint.as_str())) {
        return Err(ApiError::invalid(format!("/decisions/{twice}/checkpoint"), "each checkpoint once"));
    }
    let each = decisions.into_iter().map(|decision| one(&app, &caller, decision));
    Ok(Json(BatchDecisionAnswer { results: stream::iter(each).buffered(AT_ONCE).collect().await }))
}

async fn one(app: &App, caller: &Caller, decision: BatchDecision) -> BatchDecided {
    let BatchDecision { checkpoint, outcome, comment, shown } = decision;
    let request = DecisionRequest { outcome, comment, values: None, edits: None, result: None, shown };
    let (decided, problem) = match decide_one(app, caller, &checkpoint, request).await {
        Ok(found) => (Some(decided(&found)), None),
        Err(error) => (None, Some(error.into_problem())),
    };
    BatchDecided { checkpoint, decided, problem }
}
