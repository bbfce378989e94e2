//! Effects of the planner: one statement per table, whatever the size of the batch, or one per row where the tables are
//! divided; all sent at once.

use futures::future::try_join_all;

use super::connection::Connection;
use super::group::Shape;
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
    shape: Shape,
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

/// `VALUES (?1, ?2, …)`: one row.
fn values<T: TableRow>() -> String {
    let values: Vec<String> = (1..=T::COLUMNS.len()).map(|number| format!("?{number}")).collect();
    format!("VALUES ({})", values.join(", "))
}

fn insert<T: TableRow>(shape: Shape) -> String {
    let rows = match shape {
        Shape::Together => format!("SELECT * FROM {}", unnest::<T>()),
        Shape::RowByRow => values::<T>(),
    };
    format!("INSERT INTO {} ({}) {rows}", T::TABLE, T::column_list())
}

fn upsert<T: TableRow>(shape: Shape) -> String {
    format!("{} {}", insert::<T>(shape), on_conflict_update::<T>())
}

/// Updates by key; `set` says what a column becomes, given its name and its new value.
fn update<T: TableRow>(shape: Shape, set: impl Fn(&str, &str) -> String) -> String {
    let columns = || T::COLUMNS.iter().enumerate().map(|(index, (name, _))| (index + 1, *name));
    let new = |number: usize, name: &str| match shape {
        Shape::Together => format!("u.\"{name}\""),
        Shape::RowByRow => format!("?{number}"),
    };
    let is_key = |name: &str| T::KEY.contains(&name);
    let sets = columns().filter(|(_, name)| !is_key(name));
    let sets: Vec<String> =
        sets.map(|(number, name)| format!("\"{name}\" = {}", set(name, &new(number, name)))).collect();
    // See `load`: the index on the id is the one to take.
    let equal = |name: &str| match shape {
        Shape::Together if name == "workspace" => "IS NOT DISTINCT FROM",
        Shape::Together | Shape::RowByRow => "=",
    };
    let keys = columns().filter(|(_, name)| is_key(name));
    let keys: Vec<String> =
        keys.map(|(number, name)| format!("t.\"{name}\" {} {}", equal(name), new(number, name))).collect();
    let from = match shape {
        Shape::Together => format!(" FROM {} AS u ({})", unnest::<T>(), T::column_list()),
        Shape::RowByRow => String::new(),
    };
    format!("UPDATE {} AS t SET {}{from} WHERE {}", T::TABLE, sets.join(", "), keys.join(" AND "))
}

impl ApplySql {
    pub(super) fn new(shape: Shape) -> Self {
        let as_it_is = |_: &str, new: &str| new.to_owned();
        Self {
            shape,
            new_runs: insert::<RunRow>(shape),
            moved_runs: update::<RunMoveRow>(shape, as_it_is),
            changed_runs: update::<RunRow>(shape, as_it_is),
            events: insert::<RunEventsRow>(shape),
            step_executions: upsert::<StepExecutionRow>(shape),
            checkpoints: upsert::<CheckpointRow>(shape),
            messages: insert::<MessageRow>(shape),
            conversations: update::<ConversationChangeRow>(shape, |name, new| match name {
                "last_position" => new.to_owned(),
                "updated_at" => format!("greatest(t.updated_at, {new})"),
                "snoozed_until" => {
                    format!("CASE WHEN t.snoozed_until IS NULL THEN NULL ELSE coalesce({new}, t.snoozed_until) END")
                }
                other => format!("coalesce({new}, t.\"{other}\")"),
            }),
            audit: insert::<AuditRow>(shape),
            audit_heads: upsert::<AuditHeadRow>(shape),
            idempotency: insert::<IdempotencyRow>(shape),
            inbound: update::<InboundEndRow>(shape, as_it_is),
            outbound: insert::<OutboundRow>(shape),
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
        let statement = connection.prepare(text).await?;
        writes.extend(sql.shape.cut(columns).into_iter().map(|bound| (statement.clone(), bound)));
    }
    let client = &connection.client;
    let statements = try_join_all(
        writes.iter().map(|(statement, bound)| async move { client.execute(statement, &bound.params()).await }),
    );
    // After a failed statement the server turns this COMMIT into a ROLLBACK, so it can be on its way already.
    let commit = client.batch_execute("COMMIT");
    let (rows, ()) = tokio::try_join!(statements, commit)?;
    metrics::counter!("countersign_store_rows_total").increment(rows.into_iter().sum());
    Ok(())
}
