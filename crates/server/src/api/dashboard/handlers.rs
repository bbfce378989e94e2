//! How things go.

use crate::{
    api::dashboard::view::dashboard,
    app::App,
    auth::Caller,
    http::{
        extract::{Query, invalid_parameter},
        problem::ApiResult,
    },
};
use axum::{Json, extract::State};
use countersign_api::Dashboard;
use countersign_store::Span;
use serde::Deserialize;
use utoipa::IntoParams;

const DAY_MS: i64 = 86_400_000;
/// Longest period, days.
const DAYS_MAX: i64 = 400;

/// Which period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DashboardQuery {
    /// Id or name of the workflow; all when absent.
    workflow: Option<String>,
    /// Start of the period, milliseconds since the epoch; a day before its end when absent.
    after: Option<i64>,
    /// End of the period; now when absent. At most 400 days after its start.
    before: Option<i64>,
}

/// How runs went over a period: by status over time, time per step, waiting for approvals, where they fail.
#[utoipa::path(get, path = "/dashboard", operation_id = "getDashboard", tag = "runs", params(DashboardQuery),
    responses((status = 200, description = "Numbers", body = Dashboard)))]
pub(crate) async fn get_dashboard(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<DashboardQuery>,
) -> ApiResult<Json<Dashboard>> {
    let before = query.before.unwrap_or_else(|| app.now());
    let after = query.after.unwrap_or_else(|| before.saturating_sub(DAY_MS));
    let length = before.checked_sub(after).filter(|length| (1..=DAYS_MAX * DAY_MS).contains(length));
    let Some(length) = length else {
        return Err(invalid_parameter(Some("after"), format!("a period of at most {DAYS_MAX} days, start before end")));
    };
    let workflow = match query.workflow.filter(|text| !text.is_empty()) {
        Some(text) => {
            let known = app.resolve_workflow(caller.workspace(), &text).await?;
            Some(known.map_or(text, |known| known.0.clone()))
        }
        None => None,
    };
    Ok(Json(dashboard(&app, caller.workspace(), &Span { workflow, after, before }, length).await?))
}
