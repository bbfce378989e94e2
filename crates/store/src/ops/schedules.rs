//! The clocks of schedule triggers.

use crate::database::{Statement, column};
use crate::rows::params;
use crate::sql::upsert;
use crate::{Result, ScheduleRow, Store};

impl Store {
    /// Adds or replaces a schedule.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn put_schedule(&self, row: &ScheduleRow) -> Result<()> {
        self.execute(upsert(row)).await.map(|_| ())
    }

    /// Schedules of a workflow by trigger.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_schedules(&self, workspace: &str, workflow: &str) -> Result<Vec<ScheduleRow>> {
        let tail = "WHERE workspace = ?1 AND workflow = ?2 ORDER BY \"trigger\"";
        self.rows(tail, params![workspace, workflow]).await
    }

    /// Removes the schedules of a workflow.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn delete_schedules(&self, workspace: &str, workflow: &str) -> Result<()> {
        let sql = "DELETE FROM schedules WHERE workspace = ?1 AND workflow = ?2";
        self.execute(Statement::new(sql, params![workspace, workflow])).await.map(|_| ())
    }

    /// Schedules of all workspaces that should fire, earliest first. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn due_schedules(&self, now: i64, limit: u32) -> Result<Vec<ScheduleRow>> {
        self.rows("WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2", params![now, limit]).await
    }

    /// When the next schedule of all workspaces fires. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn next_schedule_at(&self) -> Result<Option<i64>> {
        let rows = self.query("SELECT min(next_at) FROM schedules".to_owned(), vec![]).await?;
        rows.into_iter().next().map_or(Ok(None), |row| column(&mut row.into_iter(), "next_at"))
    }

    /// Moves a schedule on from the firing that was read; `false` when another node was faster.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn advance_schedule(&self, read: &ScheduleRow, next_at: i64, fired_at: i64) -> Result<bool> {
        let sql = "UPDATE schedules SET next_at = ?4, last_at = ?5 \
                   WHERE workspace = ?1 AND workflow = ?2 AND \"trigger\" = ?3 AND next_at = ?6 AND definition = ?7";
        let values =
            params![&read.workspace, &read.workflow, read.trigger, next_at, fired_at, read.next_at, &read.definition];
        Ok(self.execute(Statement::new(sql, values)).await?.affected > 0)
    }
}
