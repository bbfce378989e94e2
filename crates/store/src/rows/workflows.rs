//! Workflows, versions, activations, test cases.

use super::{row, text_enum};

row! {
    /// A workflow: its draft and the pointer to the active version.
    pub struct WorkflowRow in "workflows" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Owning workspace.
        pub workspace: String,
        /// Name, unique among the workspace's workflows that are not archived.
        pub name: String,
        /// The draft document, JSON.
        pub draft: String,
        /// Grows by one with every save; 1 when created.
        pub draft_revision: u64,
        /// Last save.
        pub draft_updated_at: i64,
        /// Who saved.
        pub draft_updated_by: Option<String>,
        /// Version new runs start with.
        pub active_version: Option<u32>,
        /// Highest version ever published, 0 before the first.
        pub last_version: u32,
        /// Creation.
        pub created_at: i64,
        /// Set when archived; archived workflows start no runs.
        pub archived_at: Option<i64>,
    }
}

row! {
    /// Which version a new run of a workflow takes.
    pub struct PointerRow in "workflows" key(workspace, id) {
        /// Owning workspace.
        pub workspace: String,
        /// Workflow id.
        pub id: String,
        /// Version new runs start with.
        pub active_version: Option<u32>,
        /// Grows with every move of what follows and of the above.
        pub pointer_revision: u64,
        /// Version that a part of the new runs starts with instead.
        pub ramp_version: Option<u32>,
        /// How many of a hundred new runs, 1 to 99.
        pub ramp_percent: Option<u32>,
        /// Set when archived; archived workflows start no runs.
        pub archived_at: Option<i64>,
    }
}

row! {
    /// An immutable published document.
    pub struct WorkflowVersionRow in "workflow_versions" key(workspace, workflow, version) {
        /// Owning workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// 1….
        pub version: u32,
        /// The document, JSON.
        pub document: String,
        /// SHA-256 hex of the document text.
        pub hash: String,
        /// The kinds of its triggers, each once.
        pub triggers: Vec<String>,
        /// What the author said.
        pub message: String,
        /// Who published.
        pub author: String,
        /// JSON: policy override and other facts on the record; `null` when none.
        pub detail: Option<String>,
        /// When.
        pub published_at: i64,
    }
}

text_enum! {
    /// Why the active version moved.
    pub enum ActivationKind {
        /// A new version was published.
        Publish = "publish",
        /// An earlier (or later) version was chosen again.
        Rollback = "rollback",
        /// A part of the new runs takes another version from here on.
        Ramp = "ramp",
        /// All new runs take the active version again.
        RampEnd = "ramp_end",
    }
}

row! {
    /// One move of the active version pointer.
    pub struct ActivationRow in "activations" key(workspace, workflow, position) {
        /// Owning workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// Ordinal of the move per workflow, 1….
        pub position: u64,
        /// The version that became active, or that a ramp chose.
        pub version: u32,
        /// When.
        pub at: i64,
        /// Who.
        pub by: String,
        /// Why.
        pub kind: ActivationKind,
        /// Of a ramp: how many of a hundred new runs.
        pub percent: Option<u32>,
        /// How long it took until every new start obeyed, microseconds.
        pub took_us: Option<u64>,
        /// What the person said, where it is not the version's own message.
        pub message: Option<String>,
    }
}

row! {
    /// A rehearsal kept to be played again.
    pub struct TestCaseRow in "test_cases" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Owning workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// Name.
        pub name: String,
        /// JSON: inputs, decisions, expectations.
        pub body: String,
        /// Last result, JSON.
        pub last_result: Option<String>,
        /// Creation.
        pub created_at: i64,
        /// Last change.
        pub updated_at: i64,
    }
}

/// How many runs of one version stand at one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCount {
    /// Workflow id.
    pub workflow: String,
    /// Version.
    pub version: u32,
    /// Status.
    pub status: super::RunStatus,
    /// How many, 1….
    pub count: u64,
}
