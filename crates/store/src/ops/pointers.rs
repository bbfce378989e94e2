//! Which version a new run takes: the active one, or for a part of the runs the ramped one.
//!
//! Whoever moves the choice holds it alone; starts share it until they are written (`Commit::pointed`). So every start is
//! written either before a move, on the old choice, or after it, on the new one.

use super::workflows::{activation, changed};
use crate::database::{DatabaseKind, Done, Statement, Write, column};
use crate::rows::params;
use crate::sql::BY_ID;
use crate::store::audited;
use crate::{ActivationKind, ActivationRow, Conflict, NewAudit, PointerRow, Result, Store, StoreError};

/// Sending a part of the new runs to another version, or ending that.
#[derive(Debug, Clone)]
pub struct SetRamp {
    /// Workspace.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// The version and how many of a hundred new runs it gets; none ends the ramp.
    pub ramp: Option<(u32, u32)>,
    /// The version that must be active now.
    pub expected_active: u32,
    /// Who.
    pub by: String,
    /// When.
    pub at: i64,
}

impl Store {
    /// Which version a new run takes.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_pointer(&self, workspace: &str, workflow: &str) -> Result<Option<PointerRow>> {
        self.row(BY_ID, params![workspace, workflow]).await
    }

    /// Sends a part of the new runs to another version, or all to the active one again. Answers the position among the
    /// moves; none when there was no ramp to end.
    ///
    /// # Errors
    /// `NotFound` when there is no such workflow or version, `Conflict::ActiveChanged`.
    pub async fn set_ramp(&self, ramp: &SetRamp, audit: Vec<NewAudit>) -> Result<Option<u64>> {
        let before =
            self.get_pointer(&ramp.workspace, &ramp.workflow).await?.ok_or(StoreError::NotFound("workflow"))?;
        if before.active_version != Some(ramp.expected_active) {
            return Err(Conflict::ActiveChanged { active: before.active_version }.into());
        }
        let (version, percent) = (ramp.ramp.map(|(version, _)| version), ramp.ramp.map(|(_, percent)| percent));
        let Some(named) = version.or(before.ramp_version) else { return Ok(None) };
        if self.get_version(&ramp.workspace, &ramp.workflow, named).await?.is_none() {
            return Err(StoreError::NotFound("version"));
        }
        let sql = "UPDATE workflows SET ramp_version = ?3, ramp_percent = ?4, pointer_revision = pointer_revision + 1 \
                   WHERE workspace = ?1 AND id = ?2 AND active_version = ?5 AND archived_at IS NULL";
        let values = params![&ramp.workspace, &ramp.workflow, &version, &percent, ramp.expected_active];
        let entry = ActivationRow {
            workspace: ramp.workspace.clone(),
            workflow: ramp.workflow.clone(),
            position: 0,
            version: named,
            at: ramp.at,
            by: ramp.by.clone(),
            kind: if ramp.ramp.is_some() { ActivationKind::Ramp } else { ActivationKind::RampEnd },
            percent,
            took_us: None,
            message: None,
        };
        let mut statements = self.alone(&ramp.workspace, &ramp.workflow);
        statements.extend([Statement::new(sql, values).must_hit("workflow"), activation(&entry)]);
        let write = Write {
            statements,
            audit: audited(&ramp.workspace, audit),
            changes: changed(&ramp.workspace, &ramp.workflow),
        };
        position(self.write(write).await?).map(Some)
    }

    /// Puts on the record how long a move took until every new start obeyed, microseconds.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn activation_took(&self, workspace: &str, workflow: &str, position: u64, took_us: u64) -> Result<()> {
        let sql = "UPDATE activations SET took_us = ?4 WHERE workspace = ?1 AND workflow = ?2 AND position = ?3";
        let values = params![workspace, workflow, &position, &took_us];
        self.execute(Statement::new(sql, values).must_hit("activation")).await.map(|_| ())
    }

    /// Waits until no start that shares the choice is being written, and keeps others out until the end of the
    /// transaction. SQLite has one writer and needs no lock.
    pub(super) fn alone(&self, workspace: &str, workflow: &str) -> Vec<Statement> {
        match self.kind() {
            DatabaseKind::Sqlite => Vec::new(),
            DatabaseKind::Postgres => {
                let sql = "SELECT CASE WHEN pg_advisory_xact_lock(hashtextextended(?1 || '/' || ?2, 0)) IS NULL \
                           THEN '' ELSE '' END";
                vec![Statement::new(sql, params![workspace, workflow])]
            }
        }
    }
}

/// The position that the last statement, an [`activation`], returned.
pub(super) fn position(mut done: Vec<Done>) -> Result<u64> {
    let row = done.pop().and_then(|mut last| last.rows.pop()).ok_or(StoreError::NotFound("activation"))?;
    column(&mut row.into_iter(), "activations.position")
}
