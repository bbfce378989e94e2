//! Filters of the runs list under a name, each person's own.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::{insert, update};
use crate::{NewAudit, Result, SavedViewRow, Store};

/// Views one person may keep.
const VIEWS_MAX: u32 = 50;

impl Store {
    /// A person's views by name.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_saved_views(&self, workspace: &str, user: &str) -> Result<Vec<SavedViewRow>> {
        let tail = "WHERE workspace = ?1 AND user_id = ?2 ORDER BY name LIMIT ?3";
        self.rows(tail, params![workspace, user, VIEWS_MAX]).await
    }

    /// Keeps a view; false when the person has as many as there may be.
    ///
    /// # Errors
    /// `AlreadyExists` when the person has one of that name.
    pub async fn create_saved_view(&self, row: &SavedViewRow, audit: Vec<NewAudit>) -> Result<bool> {
        let kept = self.list_saved_views(&row.workspace, &row.user_id).await?;
        if kept.len() >= VIEWS_MAX as usize {
            return Ok(false);
        }
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| true)
    }

    /// One view of a person.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_saved_view(&self, workspace: &str, user: &str, id: &str) -> Result<Option<SavedViewRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2 AND user_id = ?3", params![workspace, id, user]).await
    }

    /// Replaces a view's name and filters.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_saved_view(&self, row: &SavedViewRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, update(row).must_hit("view"), audit).await.map(|_| ())
    }

    /// Forgets a view of a person.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_saved_view(&self, workspace: &str, user: &str, id: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM saved_views WHERE workspace = ?1 AND id = ?2 AND user_id = ?3";
        let statement = Statement::new(sql, params![workspace, id, user]).must_hit("view");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}
