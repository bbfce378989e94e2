//! What triggers keep across versions: addresses, secrets, clocks.

use super::workflows::changed;
use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, Value, params};
use crate::sql::insert_sql;
use crate::store::audited;
use crate::{InboundRow, NewAudit, Result, RunRow, Store, StoreError, TriggerRow};

/// What to change of a trigger; absent stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeTrigger {
    /// Workspace.
    pub workspace: String,
    /// Workflow id.
    pub workflow: String,
    /// The trigger's id.
    pub id: String,
    /// Whether it starts runs.
    pub enabled: Option<bool>,
    /// What calls are verified with, encrypted; empty without.
    pub secret_sealed: Option<String>,
}

impl Store {
    /// Adds a trigger's row; `false` when there is one.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_trigger(&self, row: &TriggerRow) -> Result<bool> {
        let sql = format!("{} ON CONFLICT DO NOTHING", insert_sql::<TriggerRow>());
        Ok(self.execute(Statement::new(sql, row.params())).await?.affected > 0)
    }

    /// Changes a trigger. Switching it moves the workflow's pointers on: every start is written either before, or looks at
    /// the switch again.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn change_trigger(&self, change: &ChangeTrigger, audit: Vec<NewAudit>) -> Result<()> {
        let ChangeTrigger { workspace, workflow, id, enabled, secret_sealed } = change;
        let mut statements = Vec::new();
        if enabled.is_some() {
            statements.extend(self.alone(workspace, workflow));
            let sql = "UPDATE workflows SET pointer_revision = pointer_revision + 1 WHERE workspace = ?1 AND id = ?2";
            statements.push(Statement::new(sql, params![workspace, workflow]).must_hit("workflow"));
        }
        let sql = "UPDATE triggers SET enabled = coalesce(?4, enabled), secret_sealed = coalesce(?5, secret_sealed) \
                   WHERE workspace = ?1 AND workflow = ?2 AND id = ?3";
        let values = params![workspace, workflow, id, enabled, secret_sealed];
        statements.push(Statement::new(sql, values).must_hit("trigger"));
        let (audit, changes) = (audited(workspace, audit), changed(workspace, workflow));
        self.write(Write { statements, audit, changes }).await.map(|_| ())
    }

    /// The triggers of a workspace that are switched off, each with its workflow first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn switched_off(&self, workspace: &str) -> Result<Vec<(String, String)>> {
        let sql = "SELECT workflow, id FROM triggers WHERE workspace = ?1 AND enabled = 0";
        let of = |row: Vec<Value>| {
            let mut row = row.into_iter();
            Ok((column(&mut row, "triggers.workflow")?, column(&mut row, "triggers.id")?))
        };
        self.query(sql.to_owned(), params![workspace]).await?.into_iter().map(of).collect()
    }

    /// The triggers of a workflow that are switched off.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn switched_off_of(&self, workspace: &str, workflow: &str) -> Result<Vec<String>> {
        let sql = "SELECT id FROM triggers WHERE workspace = ?1 AND workflow = ?2 AND enabled = 0";
        let rows = self.query(sql.to_owned(), params![workspace, workflow]).await?;
        rows.into_iter().map(|row| column(&mut row.into_iter(), "triggers.id")).collect()
    }

    /// The last runs of a workflow that were started by a person (`manual`) or by the API (`api`), newest first; none that
    /// repeats another.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn started_by_hand(
        &self,
        workspace: &str,
        workflow: &str,
        trigger: &str,
        limit: u32,
    ) -> Result<Vec<RunRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 AND \"trigger\" = ?3 AND \"trigger\" IN ('api', 'manual') \
                    AND retry_of IS NULL ORDER BY started_at DESC, id DESC LIMIT ?4";
        self.rows(tail, params![workspace, workflow, trigger, limit]).await
    }

    /// Gives a schedule its definition and its next time, unless it fired since it was read or the workflow's pointers were
    /// moved since `seen` (their revision): who read an earlier version says nothing any more.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn set_clock(
        &self,
        read: &TriggerRow,
        (definition, next_at): (&str, Option<i64>),
        seen: u64,
    ) -> Result<bool> {
        let sql = "UPDATE triggers SET definition = ?4, next_at = ?5 WHERE workspace = ?1 AND workflow = ?2 AND id = ?3 \
                   AND next_at IS NOT DISTINCT FROM ?6 AND EXISTS (SELECT 1 FROM workflows AS w \
                   WHERE w.workspace = ?1 AND w.id = ?2 AND w.pointer_revision = ?7)";
        let values = params![
            &read.workspace,
            &read.workflow,
            &read.id,
            definition,
            &next_at,
            &read.next_at,
            i64::try_from(seen).unwrap_or(i64::MAX)
        ];
        Ok(self.execute(Statement::new(sql, values)).await?.affected > 0)
    }

    /// Gives a trigger that has no address one; one that it has meanwhile stays.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn give_address(&self, row: &TriggerRow, token_hash: &str, token_sealed: &str) -> Result<()> {
        let sql = "UPDATE triggers SET token_hash = ?4, token_sealed = ?5 WHERE workspace = ?1 AND workflow = ?2 \
                   AND id = ?3 AND token_hash IS NULL";
        let values = params![&row.workspace, &row.workflow, &row.id, token_hash, token_sealed];
        self.execute(Statement::new(sql, values)).await.map(|_| ())
    }

    /// Stops the clock of a schedule that cannot be read, until its workflow is published anew.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn stop_clock(&self, read: &TriggerRow) -> Result<()> {
        let sql = "UPDATE triggers SET next_at = NULL WHERE workspace = ?1 AND workflow = ?2 AND id = ?3 \
                   AND definition = ?4";
        let values = params![&read.workspace, &read.workflow, &read.id, &read.definition];
        self.execute(Statement::new(sql, values)).await.map(|_| ())
    }

    /// One trigger.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_trigger(&self, workspace: &str, workflow: &str, id: &str) -> Result<Option<TriggerRow>> {
        self.row("WHERE workspace = ?1 AND workflow = ?2 AND id = ?3", params![workspace, workflow, id]).await
    }

    /// Triggers of a workflow by id.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_triggers(&self, workspace: &str, workflow: &str) -> Result<Vec<TriggerRow>> {
        self.rows("WHERE workspace = ?1 AND workflow = ?2 ORDER BY id LIMIT 1000", params![workspace, workflow]).await
    }

    /// The trigger at an address.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_trigger(&self, workspace: &str, token_hash: &str) -> Result<Option<TriggerRow>> {
        self.row("WHERE workspace = ?1 AND token_hash = ?2", params![workspace, token_hash]).await
    }

    /// Schedules of all workspaces that should fire, earliest first. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn due_triggers(&self, now: i64, limit: u32) -> Result<Vec<TriggerRow>> {
        self.rows("WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2", params![now, limit]).await
    }

    /// When the next schedule of all workspaces fires. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn next_trigger_at(&self) -> Result<Option<i64>> {
        let sql = "SELECT min(next_at) FROM triggers WHERE next_at IS NOT NULL";
        let rows = self.query(sql.to_owned(), vec![]).await?;
        rows.into_iter().next().map_or(Ok(None), |row| column(&mut row.into_iter(), "next_at"))
    }

    /// Moves a schedule on from the time that was read and accepts its fires, in one transaction; `false` when another
    /// process was faster, and then nothing is written.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn fire_trigger(&self, read: &TriggerRow, next_at: Option<i64>, fires: &[InboundRow]) -> Result<bool> {
        let sql = "UPDATE triggers SET next_at = ?4, last_at = ?5 WHERE workspace = ?1 AND workflow = ?2 AND id = ?3 \
                   AND next_at = ?5 AND definition = ?6";
        let values = params![&read.workspace, &read.workflow, &read.id, &next_at, &read.next_at, &read.definition];
        let mut statements = vec![Statement::new(sql, values).must_hit("trigger")];
        statements.extend(fires.iter().map(super::inbound::accept));
        match self.write(Write { statements, ..Write::default() }).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
