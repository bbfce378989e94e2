//! Effects of the planner: one statement per table, whatever the size of the batch, all sent at once.

use futures::future::try_join_all;
use tokio_postgres::types::ToSql;

use super::connection::Connection;
use super::query::Failed;
use crate::plan::{AuditHeadRow, ConversationChangeRow, Effects, RunMoveRow, Values};
use crate::rows::{
    AuditRow, CheckpointRow, IdempotencyRow, InboundEndRow, Kind, MessageRow, OutboundRow, ParamRef, RunEventsRow,
    RunRow, StepExecutionRow, TableRow,
};
use crate::sql::on_conflict_update;

/// The statements, built once.
#[derive(Debug)]
pub(super) struct ApplySql {
    new_runs: String,
    moved_runs: String,
    changed_runs: String,
    events: String,
    step_executions: String,
    checkpoints: String,
    messages: String,
    conversations: String,
    audit: String,
    audit_heads: String,
    idempotency: String,
    inbound: String,
    outbound: String,
}

/// `unnest(?1::text[], ?2::bigint[], …)`: one array per column.
fn unnest<T: TableRow>() -> String {
    let arrays: Vec<String> = T::COLUMNS
        .iter()
        .enumerate()
        .map(|(index, (_, kind))| match kind {
            Kind::Text => format!("?{}::text[]", index + 1),
            Kind::Int => format!("?{}::bigint[]", index + 1),
        })
        .collect();
    format!("unnest({})", arrays.join(", "))
}

fn insert<T: TableRow>() -> String {
    format!("INSERT INTO {} ({}) SELECT * FROM {}", T::TABLE, T::column_list(), unnest::<T>())
}

fn upsert<T: TableRow>() -> String {
    format!("{} {}", insert::<T>(), on_conflict_update::<T>())
}

/// Updates by key; `set` says what a column becomes.
fn update<T: TableRow>(set: impl Fn(&str) -> String) -> String {
    let columns = || T::COLUMNS.iter().map(|(name, _)| *name);
    let sets: Vec<String> =
        columns().filter(|name| !T::KEY.contains(name)).map(|name| format!("\"{name}\" = {}", set(name))).collect();
    // See `load`: the index on the id is the one to take.
    let equal = |name: &str| if name == "workspace" { "IS NOT DISTINCT FROM" } else { "=" };
    let keys: Vec<String> = T::KEY.iter().map(|name| format!("t.\"{name}\" {} u.\"{name}\"", equal(name))).collect();
    format!(
        "UPDATE {} AS t SET {} FROM {} AS u ({}) WHERE {}",
        T::TABLE,
        sets.join(", "),
        unnest::<T>(),
        T::column_list(),
        keys.join(" AND ")
    )
}

impl ApplySql {
    pub(super) fn new() -> Self {
        Self {
            new_runs: insert::<RunRow>(),
            moved_runs: update::<RunMoveRow>(|name| format!("u.\"{name}\"")),
            changed_runs: update::<RunRow>(|name| format!("u.\"{name}\"")),
            events: insert::<RunEventsRow>(),
            step_executions: upsert::<StepExecutionRow>(),
            checkpoints: upsert::<CheckpointRow>(),
            messages: insert::<MessageRow>(),
            conversations: update::<ConversationChangeRow>(|name| match name {
                "last_position" => "u.last_position".to_owned(),
                "updated_at" => "greatest(t.updated_at, u.updated_at)".to_owned(),
                other => format!("coalesce(u.\"{other}\", t.\"{other}\")"),
            }),
            audit: insert::<AuditRow>(),
            audit_heads: upsert::<AuditHeadRow>(),
            idempotency: insert::<IdempotencyRow>(),
            inbound: update::<InboundEndRow>(|name| format!("u.\"{name}\"")),
            outbound: insert::<OutboundRow>(),
        }
    }
}

#[cfg(test)]
impl ApplySql {
    pub(super) fn texts(&self) -> Vec<&String> {
        let Self { new_runs, moved_runs, changed_runs, events, step_executions, checkpoints, .. } = self;
        let Self { messages, conversations, audit, audit_heads, idempotency, inbound, outbound, .. } = self;
        let runs = [new_runs, moved_runs, changed_runs, events, step_executions, checkpoints];
        runs.into_iter().chain([messages, conversations, audit, audit_heads, idempotency, inbound, outbound]).collect()
    }
}

/// A statement's text with its arrays, unless there is nothing to write.
fn part<'a>(sql: &'a str, rows: &'a [impl Values]) -> Option<(&'a str, Vec<Vec<ParamRef<'a>>>)> {
    let (first, rest) = rows.split_first()?;
    let mut columns: Vec<Vec<_>> = first.values().into_iter().map(|value| vec![value]).collect();
    for row in rest {
        for (column, value) in columns.iter_mut().zip(row.values()) {
            column.push(value);
        }
    }
    Some((sql, columns))
}

/// Writes everything and ends the transaction with COMMIT.
pub(super) async fn apply_and_commit(
    connection: &mut Connection,
    sql: &ApplySql,
    effects: &Effects<'_>,
) -> Result<(), Failed> {
    let parts = [
        part(&sql.new_runs, effects.new_runs.rows()),
        part(&sql.moved_runs, effects.moved_runs.rows()),
        part(&sql.changed_runs, effects.changed_runs.rows()),
        part(&sql.events, &effects.events),
        part(&sql.step_executions, effects.step_executions.rows()),
        part(&sql.checkpoints, effects.checkpoints.rows()),
        part(&sql.messages, &effects.messages),
        part(&sql.conversations, effects.conversations.rows()),
        part(&sql.audit, &effects.audit),
        part(&sql.audit_heads, effects.audit_heads.rows()),
        part(&sql.idempotency, &effects.idempotency),
        part(&sql.inbound, &effects.inbound),
        part(&sql.outbound, &effects.outbound),
    ];
    let mut writes = Vec::with_capacity(parts.len());
    for (text, columns) in parts.into_iter().flatten() {
        writes.push((connection.prepare(text).await?, columns));
    }
    let client = &connection.client;
    let statements = try_join_all(writes.iter().map(|(statement, columns)| async move {
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        client.execute(statement, &params).await
    }));
    // After a failed statement the server turns this COMMIT into a ROLLBACK, so it can be on its way already.
    let commit = client.batch_execute("COMMIT");
    let (rows, ()) = tokio::try_join!(statements, commit)?;
    metrics::counter!("countersign_store_rows_total").increment(rows.into_iter().sum());
    Ok(())
}
