//! What steps and triggers are tried with.

use crate::database::{Statement, Write};
use crate::rows::params;
use crate::sql::upsert;
use crate::store::audited;
use crate::{Change, ChangeKind, NewAudit, Result, SampleRow, Store};

/// Samples of one workflow; of more the oldest go.
pub const SAMPLES_MAX: u32 = 200;

impl Store {
    /// The samples of a workflow by place.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_samples(&self, workspace: &str, workflow: &str) -> Result<Vec<SampleRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 ORDER BY place LIMIT ?3";
        self.rows(tail, params![workspace, workflow, SAMPLES_MAX]).await
    }

    /// Keeps a sample in the place of the one before.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn keep_sample(&self, row: &SampleRow, audit: Vec<NewAudit>) -> Result<()> {
        let oldest = "DELETE FROM samples WHERE workspace = ?1 AND workflow = ?2 AND place <> ?4 AND place NOT IN \
                      (SELECT place FROM samples WHERE workspace = ?1 AND workflow = ?2 AND place <> ?4 \
                      ORDER BY kept_at DESC, place LIMIT ?3)";
        // Beside this one.
        let values = params![&row.workspace, &row.workflow, SAMPLES_MAX - 1, &row.place];
        let write = Write {
            statements: vec![upsert(row), Statement::new(oldest, values)],
            audit: audited(&row.workspace, audit),
            changes: changed(&row.workspace, &row.workflow),
        };
        self.write(write).await.map(|_| ())
    }

    /// Takes a sample away.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_sample(
        &self,
        workspace: &str,
        workflow: &str,
        place: &str,
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let sql = "DELETE FROM samples WHERE workspace = ?1 AND workflow = ?2 AND place = ?3";
        let statement = Statement::new(sql, params![workspace, workflow, place]).must_hit("sample");
        let (audit, changes) = (audited(workspace, audit), changed(workspace, workflow));
        self.write(Write { statements: vec![statement], audit, changes }).await.map(|_| ())
    }
}

/// Pages show it at once; nothing is started by it.
fn changed(workspace: &str, workflow: &str) -> Vec<Change> {
    vec![Change { workspace: workspace.to_owned(), kind: ChangeKind::Workflow, id: workflow.to_owned() }]
}
