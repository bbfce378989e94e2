//! What triggers keep across versions: addresses, secrets, clocks.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{insert_sql, update};
use crate::{InboundRow, NewAudit, Result, Store, StoreError, TriggerRow};

impl Store {
    /// Adds a trigger's row; `false` when there is one.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_trigger(&self, row: &TriggerRow) -> Result<bool> {
        let sql = format!("{} ON CONFLICT DO NOTHING", insert_sql::<TriggerRow>());
        Ok(self.execute(Statement::new(sql, row.params())).await?.affected > 0)
    }

    /// Replaces a trigger's row.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn update_trigger(&self, row: &TriggerRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, update(row).must_hit("trigger"), audit).await.map(|_| ())
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
