//! Workflows: drafts, versions and the pointer between them.

use super::pointers::position;
use crate::database::{Statement, Write};
use crate::rows::params;
use crate::sql::{self, insert};
use crate::store::audited;
use crate::{
    ActivationKind, ActivationRow, Change, ChangeKind, Conflict, NewAudit, PointerRow, Result, Store, StoreError,
    TestCaseRow, WorkflowRow, WorkflowVersionRow,
};
use serde::Deserialize;

/// Longest list of workflows or versions.
pub(super) const LIST_MAX: u32 = 1000;

/// How often a publish is tried again because another one came between.
const PUBLISH_TRIES: u32 = 16;

/// Saving a draft.
#[derive(Debug, Clone)]
pub struct SaveDraft {
    /// Workspace.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// Name taken from the draft.
    pub name: String,
    /// The draft, JSON.
    pub draft: String,
    /// Revision the edit was made on.
    pub expected_revision: u64,
    /// When.
    pub at: i64,
    /// Who.
    pub by: Option<String>,
}

/// Publishing a version.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Workspace.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// The document, JSON.
    pub document: String,
    /// SHA-256 hex of the document text.
    pub hash: String,
    /// What the author says.
    pub message: String,
    /// Who.
    pub author: String,
    /// JSON: policy override and other facts on the record.
    pub detail: Option<String>,
    /// When given, the version that must be active now.
    pub expected_active: Option<Option<u32>>,
    /// When.
    pub at: i64,
}

/// Choosing another version.
#[derive(Debug, Clone)]
pub struct Activate {
    /// Workspace.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// The version to be active.
    pub version: u32,
    /// Who.
    pub by: String,
    /// When given, the version that must be active now.
    pub expected_active: Option<Option<u32>>,
    /// When.
    pub at: i64,
    /// Why.
    pub message: Option<String>,
}

pub(super) fn changed(workspace: &str, workflow: &str) -> Vec<Change> {
    vec![Change { workspace: workspace.to_owned(), kind: ChangeKind::Workflow, id: workflow.to_owned() }]
}

/// The next entry in the workflow's list of activations; returns its position. The caller holds the workflow's row.
pub(super) fn activation(row: &ActivationRow) -> Statement {
    let sql = "INSERT INTO activations (workspace, workflow, position, version, at, \"by\", kind, percent, message) \
               SELECT workspace, id, coalesce((SELECT max(position) FROM activations \
               WHERE workspace = ?1 AND workflow = ?2), 0) + 1, CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), \
               CAST(?5 AS TEXT), CAST(?6 AS TEXT), CAST(?7 AS BIGINT), CAST(?8 AS TEXT) FROM workflows \
               WHERE workspace = ?1 AND id = ?2 RETURNING position";
    let values =
        params![&row.workspace, &row.workflow, row.version, row.at, &row.by, &row.kind, &row.percent, &row.message];
    Statement::new(sql, values).must_hit("workflow")
}

impl Store {
    /// Adds a workflow.
    ///
    /// # Errors
    /// `AlreadyExists` when the id or the name is taken.
    pub async fn create_workflow(&self, row: &WorkflowRow, audit: Vec<NewAudit>) -> Result<()> {
        self.create_workflow_with(row, &[], audit).await
    }

    /// Adds a workflow together with its test cases: all of them or nothing.
    ///
    /// # Errors
    /// `AlreadyExists` when the id or the name of the workflow, or the id of a test case, is taken.
    pub async fn create_workflow_with(
        &self,
        row: &WorkflowRow,
        tests: &[TestCaseRow],
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let write = Write {
            statements: std::iter::once(insert(row)).chain(tests.iter().map(insert)).collect(),
            audit: audited(&row.workspace, audit),
            changes: changed(&row.workspace, &row.id),
        };
        self.write(write).await.map(|_| ())
    }

    /// One workflow.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_workflow(&self, workspace: &str, id: &str) -> Result<Option<WorkflowRow>> {
        self.row(sql::BY_ID, params![workspace, id]).await
    }

    /// The workflow of this name that is not archived.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_workflow(&self, workspace: &str, name: &str) -> Result<Option<WorkflowRow>> {
        self.row("WHERE workspace = ?1 AND name = ?2 AND archived_at IS NULL", params![workspace, name]).await
    }

    /// Workflows by name, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_workflows(&self, workspace: &str, include_archived: bool) -> Result<Vec<WorkflowRow>> {
        let kept = if include_archived { "" } else { "AND archived_at IS NULL" };
        self.rows(&format!("WHERE workspace = ?1 {kept} ORDER BY name, id LIMIT ?2"), params![workspace, LIST_MAX])
            .await
    }

    /// Saves a draft and returns its new revision.
    ///
    /// # Errors
    /// `Conflict::DraftChanged` when somebody else saved meanwhile, `AlreadyExists` when the name is taken.
    pub async fn save_draft(&self, save: &SaveDraft, audit: Vec<NewAudit>) -> Result<u64> {
        let sql = "UPDATE workflows SET name = ?3, draft = ?4, draft_revision = draft_revision + 1, \
                   draft_updated_at = ?5, draft_updated_by = ?6 \
                   WHERE workspace = ?1 AND id = ?2 AND draft_revision = ?7";
        let values = params![
            &save.workspace,
            &save.workflow,
            &save.name,
            &save.draft,
            save.at,
            &save.by,
            &save.expected_revision
        ];
        let write = Write {
            statements: vec![Statement::new(sql, values).must_hit("workflow")],
            audit: audited(&save.workspace, audit),
            changes: changed(&save.workspace, &save.workflow),
        };
        match self.write(write).await {
            Ok(_) => Ok(save.expected_revision + 1),
            Err(StoreError::NotFound(what)) => match self.get_workflow(&save.workspace, &save.workflow).await? {
                Some(row) => Err(Conflict::DraftChanged { revision: row.draft_revision }.into()),
                None => Err(StoreError::NotFound(what)),
            },
            Err(error) => Err(error),
        }
    }

    /// Adds the next version, makes it active, ends a ramp and returns its number, all or nothing. `audit` gets the number.
    /// Once this returned, no start that did not name a version is written on another one.
    ///
    /// # Errors
    /// `Conflict::ActiveChanged`, `NotFound` when there is no such workflow or it is archived.
    pub async fn publish(
        &self,
        publish: &Publish,
        audit: &(dyn Fn(u32) -> Vec<NewAudit> + Send + Sync),
    ) -> Result<u32> {
        for _ in 0..PUBLISH_TRIES {
            let row = self.publishable(publish).await?;
            let version = row.last_version + 1;
            let mut write = publish_write(publish, version, audit(version));
            write.statements.splice(0..0, self.alone(&publish.workspace, &publish.workflow));
            match self.write(write).await {
                Ok(_) => return Ok(version),
                // Another publish took the number: look again.
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Busy("the workflow is being published by others".to_owned()))
    }

    async fn publishable(&self, publish: &Publish) -> Result<WorkflowRow> {
        let row = self.get_workflow(&publish.workspace, &publish.workflow).await?;
        let row = row.filter(|row| row.archived_at.is_none()).ok_or(StoreError::NotFound("workflow"))?;
        match publish.expected_active {
            Some(expected) if expected != row.active_version => {
                Err(Conflict::ActiveChanged { active: row.active_version }.into())
            }
            Some(_) | None => Ok(row),
        }
    }

    /// Makes an earlier (or later) version active and ends a ramp; answers the position among the moves. Once this
    /// returned, no start that did not name a version is written on another one.
    ///
    /// # Errors
    /// `NotFound` when there is no such version, `Conflict::ActiveChanged`.
    pub async fn activate(&self, activate: &Activate, audit: Vec<NewAudit>) -> Result<u64> {
        let sql = "UPDATE workflows SET active_version = ?3, ramp_version = NULL, ramp_percent = NULL, \
                   pointer_revision = pointer_revision + 1 WHERE workspace = ?1 AND id = ?2 AND EXISTS \
                   (SELECT 1 FROM workflow_versions WHERE workspace = ?1 AND workflow = ?2 AND version = ?3)";
        let mut pointer = Statement::new(sql, params![&activate.workspace, &activate.workflow, activate.version]);
        if let Some(expected) = &activate.expected_active {
            pointer.sql = format!("{sql} AND active_version IS NOT DISTINCT FROM ?4").into();
            pointer.params.push(expected.into());
        }
        let entry = ActivationRow {
            workspace: activate.workspace.clone(),
            workflow: activate.workflow.clone(),
            position: 0,
            version: activate.version,
            at: activate.at,
            by: activate.by.clone(),
            kind: ActivationKind::Rollback,
            percent: None,
            took_us: None,
            message: activate.message.clone(),
        };
        let mut statements = self.alone(&activate.workspace, &activate.workflow);
        statements.extend([pointer.must_hit("version"), activation(&entry)]);
        let write = Write {
            statements,
            audit: audited(&activate.workspace, audit),
            changes: changed(&activate.workspace, &activate.workflow),
        };
        match self.write(write).await {
            Ok(done) => position(done),
            Err(StoreError::NotFound(what)) => Err(self.why_not_activated(activate, what).await?),
            Err(error) => Err(error),
        }
    }

    async fn why_not_activated(&self, activate: &Activate, what: &'static str) -> Result<StoreError> {
        let Some(row) = self.get_workflow(&activate.workspace, &activate.workflow).await? else {
            return Ok(StoreError::NotFound("workflow"));
        };
        if self.get_version(&activate.workspace, &activate.workflow, activate.version).await?.is_none() {
            return Ok(StoreError::NotFound(what));
        }
        Ok(Conflict::ActiveChanged { active: row.active_version }.into())
    }

    /// Archives a workflow, or takes it back with `None`.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` when the name was given to another workflow meanwhile.
    pub async fn archive_workflow(
        &self,
        workspace: &str,
        id: &str,
        archived_at: Option<i64>,
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let sql = "UPDATE workflows SET archived_at = ?3, pointer_revision = pointer_revision + 1 \
                   WHERE workspace = ?1 AND id = ?2";
        let mut statements = self.alone(workspace, id);
        statements.push(Statement::new(sql, params![workspace, id, &archived_at]).must_hit("workflow"));
        let write = Write { statements, audit: audited(workspace, audit), changes: changed(workspace, id) };
        self.write(write).await.map(|_| ())
    }

    /// One version.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_version(
        &self,
        workspace: &str,
        workflow: &str,
        version: u32,
    ) -> Result<Option<WorkflowVersionRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 AND version = ?3";
        self.row(tail, params![workspace, workflow, version]).await
    }

    /// Versions, newest first, at most 1,000. [`Store::run_counts`] says how many runs each has.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_versions(&self, workspace: &str, workflow: &str) -> Result<Vec<WorkflowVersionRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 ORDER BY version DESC LIMIT ?3";
        self.rows(tail, params![workspace, workflow, LIST_MAX]).await
    }

    /// Moves of the active pointer, newest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_activations(&self, workspace: &str, workflow: &str) -> Result<Vec<ActivationRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 ORDER BY position DESC LIMIT ?3";
        self.rows(tail, params![workspace, workflow, LIST_MAX]).await
    }

    /// The pointers of all workflows that start runs.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn active_pointers(&self, workspace: &str) -> Result<Vec<PointerRow>> {
        let tail = "WHERE workspace = ?1 AND archived_at IS NULL AND active_version IS NOT NULL ORDER BY id";
        self.rows(tail, params![workspace]).await
    }
}

/// What starts runs of a document, each kind once; only that is read of it.
fn trigger_kinds(document: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Triggered {
        #[serde(default)]
        triggers: Vec<Kind>,
    }
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    let mut kinds = Vec::new();
    for Kind { kind } in serde_json::from_str::<Triggered>(document).map(|it| it.triggers).unwrap_or_default() {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn publish_write(publish: &Publish, version: u32, audit: Vec<NewAudit>) -> Write {
    let sql = "UPDATE workflows SET last_version = ?3, active_version = ?3, ramp_version = NULL, ramp_percent = NULL, \
               pointer_revision = pointer_revision + 1 \
               WHERE workspace = ?1 AND id = ?2 AND last_version = ?3 - 1 AND archived_at IS NULL";
    let mut pointer = Statement::new(sql, params![&publish.workspace, &publish.workflow, version]);
    if let Some(expected) = &publish.expected_active {
        pointer.sql = format!("{sql} AND active_version IS NOT DISTINCT FROM ?4").into();
        pointer.params.push(expected.into());
    }
    let row = WorkflowVersionRow {
        workspace: publish.workspace.clone(),
        workflow: publish.workflow.clone(),
        version,
        document: publish.document.clone(),
        hash: publish.hash.clone(),
        triggers: trigger_kinds(&publish.document),
        message: publish.message.clone(),
        author: publish.author.clone(),
        detail: publish.detail.clone(),
        published_at: publish.at,
    };
    let entry = ActivationRow {
        workspace: publish.workspace.clone(),
        workflow: publish.workflow.clone(),
        position: 0,
        version,
        at: publish.at,
        by: publish.author.clone(),
        kind: ActivationKind::Publish,
        percent: None,
        took_us: None,
        message: None,
    };
    Write {
        statements: vec![pointer.must_hit("workflow"), insert(&row), activation(&entry)],
        audit: audited(&publish.workspace, audit),
        changes: changed(&publish.workspace, &publish.workflow),
    }
}
