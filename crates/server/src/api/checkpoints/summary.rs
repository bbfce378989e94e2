//! Checkpoints in a list, and whether the caller may decide them.

use super::held::held_until;
use crate::{
    app::App,
    auth::Caller,
    http::problem::ApiResult,
    rows::{Tell, decided_by},
};
use countersign_api::{CheckpointRun, CheckpointSummary, Fact};
use countersign_core::{
    document::StepKind,
    run::{Actor, OpenApproval, OpenDoubt, Opened, Version},
};
use countersign_engine::LoadedRun;
use countersign_store::{CheckpointKind, CheckpointRow, CheckpointStatus, CustomerRow, Role, RunRow};
use std::collections::HashMap;

/// Why the caller may not decide this checkpoint; nothing when they may.
pub(super) fn why_not(
    caller: &Caller,
    for_others: &[Actor],
    row: &CheckpointRow,
    loaded: &LoadedRun,
) -> Option<String> {
    if row.status == CheckpointStatus::Decided {
        return Some("it is already decided".to_owned());
    }
    if !caller.identity().decides {
        return Some("this API key was not made to decide".to_owned());
    }
    match row.kind {
        CheckpointKind::Approval => {
            let Some(open) = OpenApproval::of(&loaded.version, &loaded.state) else {
                return Some("the run has moved on".to_owned());
            };
            open.seat(caller.actor(), for_others, None).err()
        }
        CheckpointKind::UnknownOutcome => {
            let Some(doubt) = OpenDoubt::of(&loaded.version, &loaded.state) else {
                return Some("the run has moved on".to_owned());
            };
            doubt.seat(caller.actor(), for_others).err()
        }
        CheckpointKind::Form | CheckpointKind::Handoff => needs_operator(caller),
    }
}

fn needs_operator(caller: &Caller) -> Option<String> {
    (caller.role() < Role::Operator).then(|| "this needs the operator role".to_owned())
}

/// Whether this belongs in the caller's own list: taken by them, or by nobody and theirs to decide.
pub(super) fn mine_filter(caller: &Caller, summary: &CheckpointSummary) -> bool {
    match &summary.assigned_to {
        Some(person) => person.id == caller.id(),
        None => summary.may_decide,
    }
}

/// Checkpoints for a list.
pub(crate) async fn checkpoint_summaries(
    app: &App,
    caller: &Caller,
    (rows, for_others): (Vec<CheckpointRow>, &[Actor]),
) -> ApiResult<Vec<CheckpointSummary>> {
    let workspace = caller.workspace();
    let customers = app.customers(workspace, rows.iter().filter_map(|row| row.customer.as_deref())).await?;
    let mut ids: Vec<&str> = rows.iter().map(|row| row.run.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let runs = app.store.get_runs(workspace, &ids).await?;
    let runs: HashMap<String, RunRow> = runs.into_iter().map(|run| (run.id.clone(), run)).collect();
    // Of an approval and a call in doubt the state decides who may; the rest is in the rows.
    let needs_state = |row: &CheckpointRow| {
        let by_policy = matches!(row.kind, CheckpointKind::Approval | CheckpointKind::UnknownOutcome);
        row.status == CheckpointStatus::Open && by_policy
    };
    let asked = rows.iter().filter(|row| needs_state(row)).filter_map(|row| runs.get(&row.run).cloned()).collect();
    let states = app.engine.load_many(workspace, asked).await?;
    let mut summaries = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(run) = runs.get(&row.run) else { continue };
        let customer = row.customer.as_ref().and_then(|id| customers.get(id)).cloned();
        let may_decide = if needs_state(&row) {
            match states.get(&row.run) {
                Some(Ok(loaded)) => why_not(caller, for_others, &row, loaded).is_none(),
                // A run that cannot be read must not hide the others.
                Some(Err(error)) => {
                    tracing::error!(run = row.run, %error, "a run cannot be read");
                    false
                }
                None => false,
            }
        } else {
            row.status == CheckpointStatus::Open && caller.identity().decides && needs_operator(caller).is_none()
        };
        let loaded = states.get(&row.run).and_then(|loaded| loaded.as_ref().ok());
        let held_until = loaded.and_then(|loaded| held_until(loaded, &row));
        let item = summary(app, row, customer, (run, may_decide)).await?;
        summaries.push(CheckpointSummary { held_until, ..item });
    }
    Ok(summaries)
}

/// Whether a yes takes answers of the approver.
fn asks_for_a_form(version: &Version, step: &str) -> bool {
    let step = version.workflow().steps.get(step).map(|step| &step.kind);
    matches!(step, Some(StepKind::Approval(approval)) if approval.form.is_some())
}

pub(super) async fn summary(
    app: &App,
    row: CheckpointRow,
    customer: Option<CustomerRow>,
    (run, may_decide): (&RunRow, bool),
) -> ApiResult<CheckpointSummary> {
    let workspace = &row.workspace;
    let opened: Option<Opened> = serde_json::from_str(&row.payload).ok();
    let version = app.engine.version(workspace, &row.workflow, row.version).await.ok();
    let is_told = |opened: &&Opened| {
        let takes_a_form = version.as_ref().is_none_or(|version| asks_for_a_form(version, &row.step));
        row.status == CheckpointStatus::Open && opened.is_told_in_lists() && !takes_a_form
    };
    let shown = opened.as_ref().filter(is_told).map(Opened::shown_hash);
    let workflow = app.workflow_ref(workspace, &row.workflow).await?;
    Ok(CheckpointSummary {
        decided_by: decided_by(&row),
        kind: row.kind,
        status: row.status,
        run: CheckpointRun {
            id: row.run,
            workflow: workflow.id,
            name: workflow.name,
            version: row.version,
            status: run.status,
            title: run.title.clone(),
        },
        title: version.map_or_else(|| row.step.clone(), |version| version.title(&row.step).to_owned()),
        step: row.step,
        summary: row.title,
        opened_at: row.opened_at,
        due_at: row.due_at,
        customer: customer.map(Tell::tell),
        assigned_to: app.some_person(workspace, row.assigned_to.as_deref()).await?,
        outcome: row.outcome.map(|outcome| outcome.word().to_owned()),
        decided_at: row.decided_at,
        facts: opened.map(facts).unwrap_or_default(),
        may_decide,
        held_until: None,
        shown,
        id: row.id,
    })
}

fn facts(opened: Opened) -> Vec<Fact> {
    match opened {
        Opened::Approval { facts, .. } => {
            facts.into_iter().map(|fact| Fact { label: fact.label, value: fact.value }).collect()
        }
        Opened::Form { .. } | Opened::Handoff { .. } | Opened::UnknownOutcome { .. } => Vec::new(),
    }
}
