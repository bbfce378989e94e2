//! Publishing: from a draft to a version that runs.

use crate::{
    app::App,
    documents,
    error::{ApiError, ApiResult},
    extract::Caller,
    wire::{Diagnostic, Policy, Severity, json},
};
use countersign_core::{document::Workflow, run::Version};
use countersign_store::{Publish, WorkflowRow};
use serde_json::json as object;

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
}

/// Publishes the draft of `row`; answers the version's number. Refuses a document with errors.
pub(crate) async fn publish(
    app: &App,
    caller: &Caller,
    row: &WorkflowRow,
    wanted: Wanted,
    policy: &Policy,
) -> ApiResult<u32> {
    let (workflow, found) = documents::check(&json(&row.draft), &app.engine.catalogue());
    let accepted = wanted.allow_unguarded && policy.allow_unguarded;
    let overridden = accept(&found, accepted)?;
    let Some(workflow) = workflow else { return Err(check_failed(found)) };
    compile(app, workflow, !overridden.is_empty())?;
    let hash = documents::hash(&row.draft);
    let publish = Publish {
        workspace: caller.workspace().to_owned(),
        workflow: row.id.clone(),
        document: row.draft.clone(),
        hash: hash.clone(),
        message: wanted.message.clone(),
        author: caller.id().to_owned(),
        // The engine compiles with the permission only when the record has it.
        detail: (!overridden.is_empty())
            .then(|| object!({ "allow_unguarded": true, "overridden": overridden }).to_string()),
        expected_active: wanted.expected_active,
        at: app.now(),
    };
    let detail = object!({
        "workflow": row.name, "hash": hash, "message": wanted.message, "before": row.active_version,
        "overridden": overridden,
    });
    let entry = caller.audit(app.now(), "workflow.published", format!("workflow:{}", row.id), detail);
    let audit = |version: u32| {
        let mut entry = entry.clone();
        let mut detail = json(&entry.detail);
        detail["version"] = object!(version);
        entry.detail = detail.to_string();
        vec![entry]
    };
    let version = app.store.publish(&publish, &audit).await?;
    app.engine.workflow_changed(caller.workspace(), &row.id);
    Ok(version)
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
fn compile(app: &App, workflow: Workflow, allow_unguarded: bool) -> ApiResult<()> {
    Version::compile(workflow, &app.engine.catalogue(), allow_unguarded).map(|_| ()).map_err(|error| {
        check_failed(vec![Diagnostic {
            code: "compile".to_owned(),
            severity: Severity::Error,
            pointer: error.pointer,
            message: error.message,
            help: None,
        }])
    })
}
