//! Publishing: from a draft to a version that runs.

use crate::{
    api::{documents::source, test_cases::play},
    app::App,
    auth::Caller,
    http::problem::{ApiError, ApiResult},
    rows::json,
};
use countersign_api::{Diagnostic, Policy, Severity};
use countersign_core::{
    catalogue::Catalogue,
    check::Among,
    document::{StepKind, ToolCall, Workflow},
    run::Version,
};
use countersign_engine::{Engine, VersionRecord};
use countersign_store::{NewAudit, Publish, WorkflowRow};
use serde_json::json as object;
use uuid::Uuid;

/// Codes of findings that the workspace's policy may override.
const OVERRIDABLE: &[&str] = &["unguarded_action"];

/// What somebody wants to publish, and how.
pub(crate) struct Wanted {
    /// What changed and why.
    pub(crate) message: String,
    /// The active version it was decided on.
    pub(crate) expected_active: Option<Option<u32>>,
    /// Whether findings the policy may override are accepted.
    pub(crate) allow_unguarded: bool,
    /// Why test cases that fail do not stand in the way.
    pub(crate) override_tests: Option<String>,
}

/// A draft that may be published.
struct Publishable {
    /// SHA-256 hex of its text.
    hash: String,
    /// Findings the policy overrides.
    overridden: Vec<String>,
    /// With its types.
    workflow: Workflow,
}

impl Publishable {
    /// Refuses a draft with errors.
    async fn check(engine: &Engine, workspace: &str, draft: &str, accepted: bool) -> ApiResult<Self> {
        let (catalogue, accounts) = (engine.catalogue_of(workspace).await?, engine.account_names(workspace).await?);
        let among = Among { accounts: Some(&accounts), ..Among::default() };
        let (workflow, found) = source::check_among(&json(draft), &catalogue, among);
        let overridden = accept(&found, accepted)?;
        let Some(workflow) = workflow else { return Err(check_failed(found)) };
        compile(workflow.clone(), &catalogue, !overridden.is_empty())?;
        Ok(Self { hash: source::hash(draft), overridden, workflow })
    }

    /// What the version's record says; the engine compiles with the permission only when it is there, and goes on with
    /// these revisions of the connectors and these accounts.
    async fn record(&self, engine: &Engine, workspace: &str) -> ApiResult<Option<String>> {
        let connectors = engine.pin_connectors(workspace, connectors(&self.workflow)).await?;
        let allow_unguarded = !self.overridden.is_empty();
        let named = calls(&self.workflow).map(|call| (call.action.as_str(), call.connection.as_deref()));
        let accounts = engine.choose_accounts(workspace, named).await?;
        let record = VersionRecord { allow_unguarded, overridden: self.overridden.clone(), connectors, accounts };
        Ok((record != VersionRecord::default()).then(|| object!(record).to_string()))
    }
}

/// Publishes the draft of `row`; answers the version's number. Refuses a document with errors.
pub(crate) async fn publish(
    app: &App,
    caller: &Caller,
    row: &WorkflowRow,
    wanted: Wanted,
    policy: &Policy,
) -> ApiResult<u32> {
    let accepted = wanted.allow_unguarded && policy.allow_unguarded;
    let publishable = Publishable::check(&app.engine, caller.workspace(), &row.draft, accepted).await?;
    let failed_tests = play::gate(app, row, publishable.workflow.clone(), wanted.override_tests.as_deref()).await?;
    let mut detail = object!({
        "workflow": row.name, "hash": publishable.hash, "message": wanted.message, "before": row.active_version,
        "overridden": publishable.overridden,
    });
    if !failed_tests.is_empty() {
        detail["failed_tests"] = object!({ "names": failed_tests, "reason": wanted.override_tests });
    }
    let entry = caller.audit(app.now(), "workflow.published", format!("workflow:{}", row.id), detail);
    let audit = |version: u32| {
        let mut detail = json(&entry.detail);
        detail["version"] = object!(version);
        vec![NewAudit { detail: detail.to_string(), ..entry.clone() }]
    };
    let publish = Publish {
        workspace: caller.workspace().to_owned(),
        workflow: row.id.clone(),
        document: row.draft.clone(),
        detail: publishable.record(&app.engine, caller.workspace()).await?,
        hash: publishable.hash.clone(),
        message: wanted.message,
        author: caller.id().to_owned(),
        expected_active: wanted.expected_active,
        at: app.now(),
    };
    let version = app.store.publish(&publish, &audit).await?;
    app.engine.workflow_changed(caller.workspace(), &row.id);
    Ok(version)
}

/// Adds a workflow from YAML or JSON and publishes it, unless the same is there already; answers its id.
pub(crate) async fn seed(engine: &Engine, workspace: &str, source: &str, author: &str) -> ApiResult<String> {
    let document = source::read(None, Some(source))?;
    let (name, draft) = (source::name_of(&document)?, source::keepable(&document)?);
    let publishable = Publishable::check(engine, workspace, &draft, false).await?;
    let (store, now) = (engine.store(), engine.now());
    let row = match store.find_workflow(workspace, &name).await? {
        Some(row) => row,
        None => {
            let row = WorkflowRow {
                id: Uuid::now_v7().to_string(),
                workspace: workspace.to_owned(),
                name,
                draft: draft.clone(),
                draft_revision: 1,
                draft_updated_at: now,
                draft_updated_by: Some(author.to_owned()),
                active_version: None,
                last_version: 0,
                created_at: now,
                archived_at: None,
            };
            store.create_workflow(&row, Vec::new()).await?;
            row
        }
    };
    let versions = store.list_versions(workspace, &row.id).await?;
    if versions.iter().any(|version| version.hash == publishable.hash) {
        return Ok(row.id);
    }
    let publish = Publish {
        workspace: workspace.to_owned(),
        workflow: row.id.clone(),
        document: draft,
        hash: publishable.hash.clone(),
        message: "Added with the installation".to_owned(),
        author: author.to_owned(),
        detail: publishable.record(engine, workspace).await?,
        expected_active: None,
        at: now,
    };
    store.publish(&publish, &|_| Vec::new()).await?;
    engine.workflow_changed(workspace, &row.id);
    Ok(row.id)
}

/// Names of the connectors a workflow calls, one for each call.
pub(crate) fn connectors(workflow: &Workflow) -> impl Iterator<Item = &str> {
    calls(workflow).filter_map(|call| call.action.split_once('.').map(|(connector, _)| connector))
}

/// The calls a workflow may make.
pub(crate) fn calls(workflow: &Workflow) -> impl Iterator<Item = &ToolCall> {
    workflow.steps.values().filter_map(|step| match &step.kind {
        StepKind::ToolCall(call) => Some(call),
        StepKind::CollectForm(_)
        | StepKind::Condition(_)
        | StepKind::Notify(_)
        | StepKind::Approval(_)
        | StepKind::HumanHandoff(_)
        | StepKind::End(_) => None,
    })
}

/// The findings that are overridden; an error when others stand in the way.
fn accept(found: &[Diagnostic], accepted: bool) -> ApiResult<Vec<String>> {
    let errors = || found.iter().filter(|finding| finding.severity == Severity::Error);
    let overridable = |finding: &&Diagnostic| OVERRIDABLE.contains(&finding.code.as_str());
    if errors().any(|finding| !(accepted && overridable(&finding))) {
        return Err(check_failed(found.to_vec()));
    }
    Ok(errors().map(|finding| format!("{} at {}", finding.code, finding.pointer)).collect())
}

fn check_failed(found: Vec<Diagnostic>) -> ApiError {
    ApiError::unprocessable("check_failed", "The workflow has errors and cannot be published").diagnostics(found)
}

/// The last word: what does not compile cannot run, whatever the checks said.
fn compile(workflow: Workflow, catalogue: &Catalogue, allow_unguarded: bool) -> ApiResult<()> {
    Version::compile(workflow, catalogue, allow_unguarded).map(|_| ()).map_err(|error| {
        check_failed(vec![Diagnostic {
            code: "compile".to_owned(),
            severity: Severity::Error,
            pointer: error.pointer,
            message: error.message,
            help: None,
        }])
    })
}
