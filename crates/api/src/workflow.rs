//! Workflows, versions, checks.

use crate::{PersonRef, RunCounts, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot be published.
    Error,
    /// It can, but is probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

/// One finding of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diagnostic {
    /// Stable short name.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// JSON pointer into the document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// A document to check, as JSON or as YAML text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckRequest {
    /// The document.
    pub document: Option<Value>,
    /// The document as YAML or JSON text.
    pub source: Option<String>,
}

/// What the checks found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckResponse {
    /// Empty when all is well.
    pub diagnostics: Vec<Diagnostic>,
}

/// An expression or a template, and what it reads.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvalRequest {
    /// JSONata; or `template`.
    #[serde(default)]
    pub expression: Option<String>,
    /// Text with `{{ JSONata }}` in it; or `expression`.
    #[serde(default)]
    pub template: Option<String>,
    /// Its scope: an object's members are names at the root.
    #[serde(default)]
    pub data: Value,
}

/// What an expression gave.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EvalResponse {
    /// The value; null for nothing too, then `nothing` is true.
    pub value: Value,
    /// Whether it gave JSONata's nothing.
    pub nothing: bool,
    /// Why it could not be evaluated.
    pub error: Option<String>,
    /// Stable name of the error.
    pub code: Option<String>,
    /// Byte in the expression or template the error is at, when known.
    pub position: Option<u64>,
}

/// A workflow in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkflowSummary {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version new runs start with.
    pub active_version: Option<u32>,
    /// Grows with every save.
    pub draft_revision: u64,
    /// Last save.
    pub draft_updated_at: i64,
    /// Whether the draft differs from the active version.
    pub has_unpublished_changes: bool,
    /// When it was archived.
    pub archived_at: Option<i64>,
    /// Runs under way.
    pub running: u64,
    /// Runs that wait.
    pub waiting: u64,
    /// What starts runs of the active version: message, webhook, schedule, api, manual, each once.
    pub triggers: Vec<String>,
    /// The run that started last.
    pub last_run: Option<RunGlance>,
    /// The newest run that failed.
    pub last_failure: Option<RunGlance>,
    /// Of the newest runs that ended, at most 50 and without cancelled ones, how many there are.
    pub ended: u64,
    /// How many of these failed.
    pub failed: u64,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunGlance {
    /// Id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub status: RunStatus,
    /// When it started.
    pub started_at: i64,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// A workflow with its draft.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The draft document, see `/api/v1/schemas/workflow.json`; a draft may break its rules.
    pub draft: Value,
    /// Grows with every save; the ETag.
    pub draft_revision: u64,
    /// Last save.
    pub draft_updated_at: i64,
    /// Who saved.
    pub draft_updated_by: Option<PersonRef>,
    /// Version new runs start with.
    pub active_version: Option<u32>,
    /// Highest version ever published, 0 before the first.
    pub last_version: u32,
    /// Whether the draft differs from the active version.
    pub has_unpublished_changes: bool,
    /// When it was archived.
    pub archived_at: Option<i64>,
    /// What the checks say about the draft.
    pub diagnostics: Vec<Diagnostic>,
}

/// A document to keep, as JSON or as YAML text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WriteDocumentRequest {
    /// The document.
    pub document: Option<Value>,
    /// The document as YAML or JSON text.
    pub source: Option<String>,
}

/// Publishes the draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublishRequest {
    /// What changed and why, at most 2,000 characters.
    pub message: String,
    /// The active version this was decided on; refused when it is another now.
    pub expected_active: Option<u32>,
    /// The draft revision this was decided on; refused when it is another now.
    pub expected_revision: Option<u64>,
    /// Publish although a path to a high-risk action passes no approval. The workspace's policy must allow it.
    pub allow_unguarded: bool,
    /// Publish although test cases fail: why, at most 2,000 characters; it goes on the record.
    pub override_tests: Option<String>,
}

/// Makes an earlier version active again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// The version.
    pub version: u32,
    /// Why, at most 2,000 characters.
    pub message: Option<String>,
    /// The active version this was decided on; refused when it is another now.
    pub expected_active: Option<u32>,
}

/// Sends a part of the new runs to a version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RampRequest {
    /// The version; another than the active one.
    pub version: u32,
    /// How many of a hundred new runs, 1 to 99.
    pub percent: u32,
}

/// A published version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// From 1.
    pub version: u32,
    /// SHA-256 hex of the document.
    pub hash: String,
    /// What its author said.
    pub message: String,
    /// Who published it.
    pub author: Option<PersonRef>,
    /// When.
    pub created_at: i64,
    /// Whether new runs start with it.
    pub active: bool,
    /// How many of a hundred new runs start with it while another version is active; null without a ramp to it.
    pub ramp_percent: Option<u32>,
    /// Whether it was published against the checks' advice, by the workspace's policy.
    pub allow_unguarded: bool,
    /// Its runs.
    pub runs: RunCounts,
    /// The document; null in lists.
    pub document: Option<Value>,
}

/// Why the active version moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivationKind {
    /// A new version.
    Publish,
    /// An earlier one again.
    Rollback,
    /// A part of the new runs takes another version.
    Ramp,
    /// All new runs take the active version again.
    RampEnd,
}

/// One move of the active version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Activation {
    /// From 1.
    pub position: u64,
    /// The version that became active.
    pub version: u32,
    /// Why.
    pub kind: ActivationKind,
    /// When.
    pub at: i64,
    /// Who.
    pub by: Option<PersonRef>,
    /// Why, in the words of who did it; of a publish, the version's message.
    pub message: Option<String>,
    /// Of a ramp: how many of a hundred new runs.
    pub percent: Option<u32>,
    /// How long it took until every new start obeyed, microseconds; null where it was not measured.
    pub took_us: Option<u64>,
}

/// Which steps differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepDifference {
    /// Only in the later one.
    pub added: Vec<String>,
    /// Only in the earlier one.
    pub removed: Vec<String>,
    /// In both, not the same.
    pub changed: Vec<String>,
    /// In both, only drawn elsewhere.
    pub moved: Vec<String>,
    /// The same under another id; the id in the later one.
    pub renamed: Vec<String>,
}
