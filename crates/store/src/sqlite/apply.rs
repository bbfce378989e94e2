//! Effects of the planner as prepared statements in a loop.

use rusqlite::Connection;

use super::query::store_error;
use crate::Result;
use crate::plan::{AuditHeadRow, Effects, RunMoveRow, Values};
use crate::rows::{
    AuditRow, CheckpointRow, IdempotencyRow, InboundEndRow, MessageRow, OutboundRow, RunEventsRow, RunRow,
    StepExecutionRow, TableRow,
};
use crate::sql::{insert_sql, on_conflict_update, update_sql};

/// The statements of the hot path, built once.
#[derive(Debug)]
pub(super) struct ApplySql {
    new_run: String,
    moved_run: String,
    changed_run: String,
    event: String,
    step_execution: String,
    checkpoint: String,
    message: String,
    audit: String,
    audit_head: String,
    idempotency: String,
    inbound: String,
    outbound: String,
}

fn upsert_sql<T: TableRow>() -> String {
    format!("{} {}", insert_sql::<T>(), on_conflict_update::<T>())
}

const CONVERSATION: &str = "UPDATE conversations SET last_position = ?3, \
    last_message_at = coalesce(?4, last_message_at), updated_at = max(updated_at, ?5), \
    status = coalesce(?6, status), customer = coalesce(?7, customer), \
    snoozed_until = CASE WHEN snoozed_until IS NULL THEN NULL ELSE coalesce(?8, snoozed_until) END \
    WHERE workspace = ?1 AND id = ?2";

impl ApplySql {
    pub(super) fn new() -> Self {
        Self {
            new_run: insert_sql::<RunRow>(),
            moved_run: update_sql::<RunMoveRow>(),
            changed_run: update_sql::<RunRow>(),
            event: insert_sql::<RunEventsRow>(),
            step_execution: upsert_sql::<StepExecutionRow>(),
            checkpoint: upsert_sql::<CheckpointRow>(),
            message: insert_sql::<MessageRow>(),
            audit: insert_sql::<AuditRow>(),
            audit_head: upsert_sql::<AuditHeadRow>(),
            idempotency: insert_sql::<IdempotencyRow>(),
            inbound: update_sql::<InboundEndRow>(),
            outbound: insert_sql::<OutboundRow>(),
        }
    }
}

fn each(connection: &Connection, sql: &str, rows: &[impl Values]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let fail = |error| store_error(&error);
    let mut statement = connection.prepare_cached(sql).map_err(fail)?;
    for row in rows {
        statement.execute(rusqlite::params_from_iter(row.values())).map_err(fail)?;
    }
    Ok(())
}

/// Writes everything; the caller's transaction makes it all or nothing.
pub(super) fn apply(connection: &Connection, sql: &ApplySql, effects: &Effects<'_>) -> Result<()> {
    each(connection, &sql.new_run, effects.new_runs.rows())?;
    each(connection, &sql.moved_run, effects.moved_runs.rows())?;
    each(connection, &sql.changed_run, effects.changed_runs.rows())?;
    each(connection, &sql.event, &effects.events)?;
    each(connection, &sql.step_execution, effects.step_executions.rows())?;
    each(connection, &sql.checkpoint, effects.checkpoints.rows())?;
    each(connection, &sql.message, &effects.messages)?;
    each(connection, CONVERSATION, effects.conversations.rows())?;
    each(connection, &sql.audit, &effects.audit)?;
    each(connection, &sql.audit_head, effects.audit_heads.rows())?;
    each(connection, &sql.idempotency, &effects.idempotency)?;
    each(connection, &sql.inbound, &effects.inbound)?;
    each(connection, &sql.outbound, &effects.outbound)
}
