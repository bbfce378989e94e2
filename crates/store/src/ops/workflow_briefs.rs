//! What a list of workflows shows of each; drafts and documents stay in the database.

use super::workflows::LIST_MAX;
use crate::database::{Row, column};
use crate::rows::params;
use crate::{Result, Store};

/// A workflow at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowBrief {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version new runs start with.
    pub active_version: Option<u32>,
    /// Grows by one with every save of the draft.
    pub draft_revision: u64,
    /// Last save of the draft, milliseconds since the epoch.
    pub draft_updated_at: i64,
    /// Set when archived.
    pub archived_at: Option<i64>,
    /// The kinds of triggers of the active version, each once.
    pub triggers: Vec<String>,
    /// Whether the draft is another text than the active version, or there is none.
    pub has_unpublished_changes: bool,
}

impl WorkflowBrief {
    fn read(row: Row) -> Result<Self> {
        let mut row = row.into_iter();
        Ok(Self {
            id: column(&mut row, "workflows.id")?,
            name: column(&mut row, "workflows.name")?,
            active_version: column(&mut row, "workflows.active_version")?,
            draft_revision: column(&mut row, "workflows.draft_revision")?,
            draft_updated_at: column(&mut row, "workflows.draft_updated_at")?,
            archived_at: column(&mut row, "workflows.archived_at")?,
            triggers: column(&mut row, "workflow_versions.triggers")?,
            has_unpublished_changes: column(&mut row, "unpublished changes")?,
        })
    }
}

impl Store {
    /// Workflows by name at a glance, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_workflow_briefs(&self, workspace: &str, include_archived: bool) -> Result<Vec<WorkflowBrief>> {
        let kept = if include_archived { "" } else { "AND w.archived_at IS NULL" };
        let sql = format!(
            "SELECT w.id, w.name, w.active_version, w.draft_revision, w.draft_updated_at, w.archived_at, \
             coalesce(v.triggers, '[]'), CASE WHEN v.document = w.draft THEN 0 ELSE 1 END \
             FROM workflows AS w LEFT JOIN workflow_versions AS v ON v.workspace = w.workspace AND v.workflow = w.id \
             AND v.version = w.active_version WHERE w.workspace = ?1 {kept} ORDER BY w.name, w.id LIMIT ?2"
        );
        let rows = self.query(sql, params![workspace, LIST_MAX]).await?;
        rows.into_iter().map(WorkflowBrief::read).collect()
    }
}
