//! Which workflows call through a connection.

use crate::{
    api::{documents::source, versions::publishing},
    app::App,
    http::problem::ApiResult,
    rows::json as read_json,
};
use countersign_api::ConnectionUse;
use countersign_core::{
    approval::{ChosenAccounts, connector_of},
    document::Workflow,
};
use countersign_engine::{AccountChoice, chosen};
use countersign_store::{ConnectionRow, WorkflowRow};
use std::collections::BTreeSet;

/// Workflows whose draft calls through it, or a version that starts runs or has some that are not over.
pub(super) async fn uses(app: &App, row: &ConnectionRow) -> ApiResult<Vec<ConnectionUse>> {
    let workspace = &row.workspace;
    let mut others = app.store.list_connections(workspace).await?;
    others.retain(|other| other.connector == row.connector);
    let calls = |workflow: &Workflow, accounts: &ChosenAccounts| {
        publishing::calls(workflow).filter(|call| connector_of(&call.action) == row.connector).any(|call| {
            let choice = AccountChoice::of_step(accounts, &row.connector, call.connection.as_deref());
            matches!(chosen(others.iter(), choice), Ok(Some(account)) if account.id == row.id)
        })
    };
    let catalogue = app.engine.catalogue_of(workspace).await?;
    let under_way = app.store.active_run_counts(workspace).await?;
    let mut uses = Vec::new();
    for workflow in app.store.list_workflows(workspace, true).await? {
        let running = under_way.iter().filter(|count| count.workflow == workflow.id).map(|count| count.version);
        let (running, starting): (BTreeSet<u32>, _) = (running.collect(), starting(app, &workflow).await?);
        let (mut active, mut runs) = (false, false);
        for version in running.union(&starting) {
            let compiled = app.engine.version(workspace, &workflow.id, *version).await?;
            if calls(compiled.workflow(), compiled.accounts()) {
                active |= starting.contains(version);
                runs |= running.contains(version);
            }
        }
        let draft = workflow.archived_at.is_none() && {
            let document = source::check(&read_json(&workflow.draft), &catalogue).0;
            document.is_some_and(|document| calls(&document, &ChosenAccounts::default()))
        };
        if draft || active || runs {
            uses.push(ConnectionUse { workflow: workflow.id, name: workflow.name, active, draft, runs });
        }
    }
    Ok(uses)
}

/// The versions new runs start with.
async fn starting(app: &App, workflow: &WorkflowRow) -> ApiResult<BTreeSet<u32>> {
    if workflow.archived_at.is_some() || workflow.active_version.is_none() {
        return Ok(BTreeSet::new());
    }
    let pointer = app.store.get_pointer(&workflow.workspace, &workflow.id).await?;
    Ok(pointer.into_iter().flat_map(|pointer| [pointer.active_version, pointer.ramp_version]).flatten().collect())
}
