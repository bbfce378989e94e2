//! Runs.

use crate::{
    app::App,
    http::problem::ApiResult,
    rows::{Tell, json},
};
use countersign_api::{CustomerRef, FailedStep, RunDetail, RunSummary, StartedRun, WorkflowRef};
use countersign_engine::LoadedRun;
use countersign_store::RunRow;

/// What starting a run answers.
pub(crate) fn started_run(row: RunRow, workflow: WorkflowRef, replayed: bool) -> StartedRun {
    StartedRun {
        id: row.id,
        workflow,
        version: row.version,
        status: row.status,
        step: row.step,
        waiting_for: row.waiting_for,
        started_at: row.started_at,
        updated_at: row.updated_at,
        ended_at: row.ended_at,
        output: row.output.as_deref().map(json).unwrap_or_default(),
        error_code: row.error_code,
        error_message: row.error_message,
        replayed,
    }
}

/// Runs for a list.
pub(crate) async fn run_summaries(app: &App, workspace: &str, rows: Vec<RunRow>) -> ApiResult<Vec<RunSummary>> {
    let customers = app.customers(workspace, rows.iter().filter_map(|row| row.customer.as_deref())).await?;
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        let customer = row.customer.as_ref().and_then(|id| customers.get(id)).map(Tell::tell);
        summaries.push(summary(app, row, customer).await?);
    }
    Ok(summaries)
}

async fn summary(app: &App, row: RunRow, customer: Option<CustomerRef>) -> ApiResult<RunSummary> {
    let workspace = &row.workspace;
    // A version that no longer compiles must not hide the run.
    let version = app.engine.version(workspace, &row.workflow, row.version).await.ok();
    let title = |step: &String| version.as_ref().map(|version| version.title(step).to_owned());
    Ok(RunSummary {
        workflow: app.workflow_ref(workspace, &row.workflow).await?,
        version: row.version,
        status: row.status,
        failed_step: row.failed_step.map(|step| FailedStep {
            title: title(&step).unwrap_or_else(|| step.clone()),
            message: row.failed_message.unwrap_or_default(),
            step,
        }),
        step_title: row.step.as_ref().and_then(title),
        step: row.step,
        waiting_for: row.waiting_for,
        title: row.title,
        trigger: row.trigger,
        customer,
        conversation: row.conversation,
        started_by: app.some_person(workspace, row.started_by.as_deref()).await?,
        retry_of: row.retry_of,
        started_at: row.started_at,
        updated_at: row.updated_at,
        ended_at: row.ended_at,
        error_code: row.error_code,
        error_message: row.error_message,
        id: row.id,
    })
}

/// A run with everything that happened.
pub(crate) async fn run_detail(app: &App, loaded: LoadedRun) -> ApiResult<RunDetail> {
    let steps = loaded.history().into_iter().map(Into::into).collect();
    let LoadedRun { row, state, .. } = loaded;
    let seq = row.seq;
    let output = row.output.as_deref().map(json).unwrap_or_default();
    let customer = match &row.customer {
        Some(id) => app.store.current_customer(&row.workspace, id).await?.as_ref().map(Tell::tell),
        None => None,
    };
    let summary = summary(app, row, customer).await?;
    Ok(RunDetail { summary, input: state.info.input, vars: state.vars, output, seq, steps })
}
