//! The dashboard's numbers from what the store read.

use crate::{api::checkpoints::inbox::COUNT_MAX, app::App, http::problem::ApiResult};
use countersign_api::{ApprovalTimes, CallsWaiting, Dashboard, FailingStep, RunCounts, RunsInSlice, StepTimes};
use countersign_core::{log::hint, statistics::spread};
use countersign_store::{
    ApprovalWait, CheckpointFilter, CheckpointKind, CheckpointStatus, ExecutionStatus, RunsInBucket, Span, StepTime,
};
use std::collections::BTreeMap;

/// Lengths of a slice, milliseconds: a minute to a week.
const SLICES: [i64; 9] =
    [60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000, 172_800_000, 604_800_000];
/// Most slices in a period.
const SLICES_MAX: i64 = 60;
/// Steps listed.
const STEPS_MAX: usize = 50;

fn slice_length(length: i64) -> i64 {
    SLICES.into_iter().find(|slice| length / slice <= SLICES_MAX).unwrap_or(SLICES[SLICES.len() - 1])
}

/// The numbers of a period of that length.
pub(crate) async fn dashboard(app: &App, workspace: &str, span: &Span, length: i64) -> ApiResult<Dashboard> {
    let slice_ms = slice_length(length);
    let (store, over_time) = (&app.store, app.store.runs_over_time(workspace, span, slice_ms).await?);
    let (approvals, approvals_all) = approvals(app, workspace, store.approval_waits(workspace, span).await?).await?;
    let open = CheckpointFilter {
        status: Some(CheckpointStatus::Open),
        kind: vec![CheckpointKind::Approval],
        ..CheckpointFilter::default()
    };
    let approvals_open = store.tally_checkpoints(workspace, &open, COUNT_MAX).await?;
    Ok(Dashboard {
        after: span.after,
        before: span.before,
        slice_ms,
        runs: slices(span, slice_ms, &over_time),
        steps: steps(app, workspace, store.step_times(workspace, span).await?).await?,
        approvals,
        approvals_all,
        approvals_open,
        approvals_at_most: COUNT_MAX.into(),
        failing: failing(app, workspace, span).await?,
        calls_waiting: calls_waiting(app, workspace),
    })
}

fn calls_waiting(app: &App, workspace: &str) -> Vec<CallsWaiting> {
    let told = |(connector, connection, count)| CallsWaiting {
        connector,
        connection,
        count: u64::try_from(count).unwrap_or(u64::MAX),
    };
    app.engine.calls_waiting(workspace).into_iter().map(told).collect()
}

fn slices(span: &Span, slice_ms: i64, found: &[RunsInBucket]) -> Vec<RunsInSlice> {
    let mut at: BTreeMap<i64, RunCounts> = BTreeMap::new();
    let mut start = span.after;
    while start < span.before {
        at.insert(start, RunCounts::default());
        start += slice_ms;
    }
    for bucket in found {
        at.entry(bucket.at).or_default().add(bucket.status, bucket.count);
    }
    at.into_iter().map(|(at, runs)| RunsInSlice { at, runs }).collect()
}

async fn title(app: &App, workspace: &str, (workflow, version): (&str, u32), step: &str) -> String {
    // A version that no longer compiles must not hide the numbers.
    let version = app.engine.version(workspace, workflow, version).await;
    version.map_or_else(|_| step.to_owned(), |version| version.title(step).to_owned())
}

#[derive(Default)]
struct Measured {
    version: u32,
    kind: String,
    took: Vec<i64>,
    failed: u64,
}

async fn steps(app: &App, workspace: &str, times: Vec<StepTime>) -> ApiResult<Vec<StepTimes>> {
    let mut by_step: BTreeMap<(String, String), Measured> = BTreeMap::new();
    for time in times {
        let measured = by_step.entry((time.workflow, time.step)).or_default();
        measured.version = measured.version.max(time.version);
        measured.kind = time.kind;
        measured.failed += u64::from(matches!(time.status, ExecutionStatus::Failed | ExecutionStatus::Unknown));
        measured.took.push(time.took_ms.max(0));
    }
    let mut steps = Vec::with_capacity(by_step.len());
    for ((workflow, step), measured) in by_step {
        let Some(times) = spread(measured.took) else { continue };
        steps.push(StepTimes {
            title: title(app, workspace, (&workflow, measured.version), &step).await,
            workflow: app.workflow_ref(workspace, &workflow).await?,
            waits: matches!(measured.kind.as_str(), "collect_form" | "approval" | "human_handoff"),
            kind: measured.kind,
            times: times.into(),
            failed: measured.failed,
            step,
        });
    }
    steps.sort_by_key(|step| std::cmp::Reverse(step.times.p95_ms));
    steps.truncate(STEPS_MAX);
    Ok(steps)
}

#[derive(Default)]
struct Waited {
    version: u32,
    took: Vec<i64>,
    outcomes: BTreeMap<String, u64>,
}

async fn approvals(
    app: &App,
    workspace: &str,
    waits: Vec<ApprovalWait>,
) -> ApiResult<(Vec<ApprovalTimes>, Option<countersign_api::Times>)> {
    let all = spread(waits.iter().map(|wait| (wait.decided_at - wait.opened_at).max(0)).collect());
    let mut by_step: BTreeMap<(String, String), Waited> = BTreeMap::new();
    for wait in waits {
        let waited = by_step.entry((wait.workflow, wait.step)).or_default();
        waited.version = waited.version.max(wait.version);
        waited.took.push((wait.decided_at - wait.opened_at).max(0));
        *waited.outcomes.entry(wait.outcome.word().to_owned()).or_default() += 1;
    }
    let mut approvals = Vec::with_capacity(by_step.len());
    for ((workflow, step), waited) in by_step {
        let Some(times) = spread(waited.took) else { continue };
        approvals.push(ApprovalTimes {
            title: title(app, workspace, (&workflow, waited.version), &step).await,
            workflow: app.workflow_ref(workspace, &workflow).await?,
            times: times.into(),
            outcomes: waited.outcomes,
            step,
        });
    }
    approvals.sort_by_key(|approval| std::cmp::Reverse(approval.times.p95_ms));
    approvals.truncate(STEPS_MAX);
    Ok((approvals, all.map(Into::into)))
}

async fn failing(app: &App, workspace: &str, span: &Span) -> ApiResult<Vec<FailingStep>> {
    let mut failing = Vec::new();
    for found in app.store.failing_steps(workspace, span).await? {
        let hint = hint(&found.error_code);
        let step = Some(found.step).filter(|step| !step.is_empty());
        let title = match &step {
            Some(step) => Some(title(app, workspace, (&found.workflow, found.version), step).await),
            None => None,
        };
        failing.push(FailingStep {
            workflow: app.workflow_ref(workspace, &found.workflow).await?,
            step,
            title,
            cause: hint.map(|hint| hint.cause.to_owned()),
            help: hint.map(|hint| hint.help.to_owned()),
            error_code: found.error_code,
            count: found.count,
            last_run: found.last_run,
            last_at: found.last_at,
        });
    }
    Ok(failing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_few_slices() {
        for days in [1_i64, 7, 30, 90, 400] {
            let length = days * 86_400_000;
            assert!(length / slice_length(length) <= SLICES_MAX, "{days}");
        }
        assert_eq!(slice_length(3_600_000), 60_000);
    }
}
