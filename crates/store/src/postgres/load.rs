//! Facts for the planner: one statement per kind, or per row where the tables are divided; all sent at once, rows locked in order.

use futures::future::try_join_all;

use super::connection::Connection;
use super::group::Shape;
use super::query::{Failed, decode};
use crate::ReceiptKeys;
use crate::audit::AuditHead;
use crate::database::{Row, column};
use crate::plan::{Facts, Standing, Wanted};
use crate::rows::{CheckpointRow, IdempotencyRow, Param, TableRow};

/// The SELECTs, built once.
#[derive(Debug)]
pub(super) struct LoadSql {
    shape: Shape,
    pointer_locks: String,
    pointers: String,
    runs: String,
    checkpoints: String,
    conversations: String,
    messages: String,
    idempotency: String,
    inbound: String,
    audit_heads: String,
    new_heads: String,
    /// What decisions are signed with.
    receipts: Option<ReceiptKeys>,
}

/// Joins a table to pairs of (workspace, id) given as two arrays. No index serves `IS NOT DISTINCT FROM`, so the one on
/// the id is taken even while the tables are empty and all indexes look alike: a plan made then is kept.
fn by_key(columns: &str, table: &str) -> String {
    format!(
        "SELECT {columns} FROM unnest(?1::text[], ?2::text[]) AS k (w, i) \
         JOIN {table} AS t ON t.id = k.i AND t.workspace IS NOT DISTINCT FROM k.w"
    )
}

/// One row of a table.
fn by_one_key(columns: &str, table: &str) -> String {
    format!("SELECT {columns} FROM {table} AS t WHERE t.workspace = ?1 AND t.id = ?2")
}

/// A fixed order keeps two writers from waiting for each other; row by row they are asked for in that order.
fn locked(shape: Shape, sql: &str) -> String {
    match shape {
        Shape::Together => format!("{sql} ORDER BY t.workspace, t.id FOR UPDATE OF t"),
        Shape::RowByRow => format!("{sql} FOR UPDATE"),
    }
}

const POINTER_LOCKS: &str = "SELECT w FROM unnest(?1::text[], ?2::text[]) AS k (w, i) \
     WHERE pg_advisory_xact_lock_shared(hashtextextended(w || '/' || i, 0)) IS NOT NULL";
const POINTER_LOCK: &str =
    "SELECT ?1::text WHERE pg_advisory_xact_lock_shared(hashtextextended(?1::text || '/' || ?2::text, 0)) IS NOT NULL";
const HEADS: &str = "SELECT workspace, seq, hash FROM audit_heads WHERE workspace = ANY (?1::text[]) \
                     ORDER BY workspace FOR UPDATE";
const HEAD: &str = "SELECT workspace, seq, hash FROM audit_heads WHERE workspace = ?1 FOR UPDATE";
const NEW_HEADS: &str = "INSERT INTO audit_heads (workspace, seq, hash) SELECT w, 0, '' FROM unnest(?1::text[]) AS k (w) \
                         ORDER BY w ON CONFLICT DO NOTHING";
const NEW_HEAD: &str = "INSERT INTO audit_heads (workspace, seq, hash) VALUES (?1, 0, '') ON CONFLICT DO NOTHING";

fn idempotency(shape: Shape) -> String {
    let columns = IdempotencyRow::column_list_of("t");
    match shape {
        Shape::Together => format!(
            "SELECT {columns} FROM unnest(?1::text[], ?2::text[], ?3::text[]) AS k (w, s, i) \
             JOIN idempotency AS t ON t.workspace = k.w AND t.scope = k.s AND t.\"key\" = k.i"
        ),
        Shape::RowByRow => {
            format!("SELECT {columns} FROM idempotency AS t WHERE t.workspace = ?1 AND t.scope = ?2 AND t.\"key\" = ?3")
        }
    }
}

impl LoadSql {
    pub(super) fn new(receipts: Option<ReceiptKeys>, shape: Shape) -> Self {
        let together = shape == Shape::Together;
        let rows = |columns: &str, table: &str| match shape {
            Shape::Together => by_key(columns, table),
            Shape::RowByRow => by_one_key(columns, table),
        };
        Self {
            shape,
            receipts,
            // Shared with other starts, not with whoever moves the choice: see `ops::pointers`. The next statement sees
            // what was committed before the lock was got.
            pointer_locks: if together { POINTER_LOCKS } else { POINTER_LOCK }.to_owned(),
            pointers: rows("t.workspace, t.id, t.pointer_revision", "workflows"),
            runs: locked(shape, &rows("t.workspace, t.id, t.seq, t.status", "runs")),
            checkpoints: locked(shape, &rows(&CheckpointRow::column_list_of("t"), "checkpoints")),
            conversations: locked(shape, &rows("t.workspace, t.id, t.last_position", "conversations")),
            messages: rows("t.workspace, t.id", "messages"),
            idempotency: idempotency(shape),
            inbound: locked(shape, &format!("{} AND t.status = 'waiting'", rows("t.workspace, t.id", "inbound"))),
            audit_heads: if together { HEADS } else { HEAD }.to_owned(),
            new_heads: if together { NEW_HEADS } else { NEW_HEAD }.to_owned(),
        }
    }
}

#[cfg(test)]
impl LoadSql {
    pub(super) fn texts(&self) -> Vec<&String> {
        let Self { pointer_locks, pointers, runs, checkpoints, conversations, .. } = self;
        let Self { messages, idempotency, inbound, audit_heads, new_heads, .. } = self;
        let runs = [pointer_locks, pointers, runs, checkpoints, conversations];
        runs.into_iter().chain([messages, idempotency, inbound, audit_heads, new_heads]).collect()
    }
}

/// One array parameter.
type Array = Vec<Param>;

fn arrays<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Vec<Array> {
    let mut columns = vec![Array::new(); N];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(Param::Text(value));
        }
    }
    columns
}

/// Reads what is wanted, beginning a transaction first if asked to.
pub(super) async fn load(
    connection: &mut Connection,
    sql: &LoadSql,
    wanted: Wanted,
    begin: bool,
) -> Result<Facts, Failed> {
    let pairs = |keys: std::collections::BTreeSet<(String, String)>| arrays(keys.into_iter().map(|(w, i)| [w, i]));
    let pointers = pairs(wanted.pointers);
    let parts: [(&String, Vec<Array>); 9] = [
        (&sql.pointer_locks, pointers.clone()),
        (&sql.pointers, pointers),
        (&sql.idempotency, arrays(wanted.idempotency.into_iter().map(|(w, s, k)| [w, s, k]))),
        (&sql.runs, pairs(wanted.runs)),
        (&sql.checkpoints, pairs(wanted.checkpoints)),
        (&sql.conversations, pairs(wanted.conversations)),
        (&sql.messages, pairs(wanted.messages)),
        (&sql.inbound, pairs(wanted.inbound)),
        (&sql.audit_heads, arrays(wanted.audit.iter().map(|workspace| [workspace.clone()]))),
    ];
    // Of each its kind: what a row that is found is of.
    let mut queries = Vec::with_capacity(parts.len());
    for (part, (text, columns)) in parts.into_iter().enumerate() {
        // Nothing of the kind in this batch: no statement.
        if columns.first().is_none_or(Vec::is_empty) {
            continue;
        }
        let statement = connection.prepare(text).await?;
        queries.extend(sql.shape.cut(columns).into_iter().map(|bound| (part, statement.clone(), bound)));
    }
    let client = &connection.client;
    let begin = async {
        match begin {
            true => client.batch_execute("BEGIN").await,
            false => Ok(()),
        }
    };
    let reads = try_join_all(
        queries.iter().map(|(_, statement, bound)| async move { client.query(statement, &bound.params()).await }),
    );
    // Polled in this order, so sent in this order, without waiting for the answers in between.
    let ((), answers) = tokio::try_join!(begin, reads)?;
    let mut facts = Facts::default();
    for ((part, ..), answer) in queries.iter().zip(&answers) {
        for row in answer {
            add(*part, decode(row)?, &mut facts)?;
        }
    }
    facts.receipts.clone_from(&sql.receipts);
    add_missing_heads(connection, sql, wanted.audit, &mut facts).await?;
    Ok(facts)
}

/// The first entry of a workspace makes the row that later ones lock.
async fn add_missing_heads(
    connection: &mut Connection,
    sql: &LoadSql,
    wanted: std::collections::BTreeSet<String>,
    facts: &mut Facts,
) -> Result<(), Failed> {
    let missing: Array =
        wanted.into_iter().filter(|workspace| !facts.audit_heads.contains_key(workspace)).map(Param::Text).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let insert = connection.prepare(&sql.new_heads).await?;
    let select = connection.prepare(&sql.audit_heads).await?;
    for bound in sql.shape.cut(vec![missing]) {
        connection.client.execute(&insert, &bound.params()).await?;
        for row in connection.client.query(&select, &bound.params()).await? {
            add_head(decode(&row)?, facts)?;
        }
    }
    Ok(())
}

fn add(part: usize, row: Row, facts: &mut Facts) -> Result<(), Failed> {
    let mut values = row.into_iter();
    match part {
        // The lock is all that was wanted.
        0 => {}
        1 => {
            let key = (column(&mut values, "workflows.workspace")?, column(&mut values, "workflows.id")?);
            facts.pointers.insert(key, column(&mut values, "workflows.pointer_revision")?);
        }
        2 => {
            let row = IdempotencyRow::from_values(&mut values)?;
            facts.idempotency.insert((row.workspace.clone(), row.scope.clone(), row.key.clone()), row);
        }
        3 => {
            let key = (column(&mut values, "runs.workspace")?, column(&mut values, "runs.id")?);
            let seq = column(&mut values, "runs.seq")?;
            facts.runs.insert(key, Standing { seq, status: column(&mut values, "runs.status")? });
        }
        4 => {
            let row = CheckpointRow::from_values(&mut values)?;
            facts.checkpoints.insert((row.workspace.clone(), row.id.clone()), row);
        }
        5 => {
            let key = (column(&mut values, "conversations.workspace")?, column(&mut values, "conversations.id")?);
            facts.conversations.insert(key, column(&mut values, "conversations.last_position")?);
        }
        6 => {
            facts.messages.insert((column(&mut values, "messages.workspace")?, column(&mut values, "messages.id")?));
        }
        7 => {
            facts.inbound.insert((column(&mut values, "inbound.workspace")?, column(&mut values, "inbound.id")?));
        }
        _ => return add_head(values.collect(), facts),
    }
    Ok(())
}

fn add_head(row: Row, facts: &mut Facts) -> Result<(), Failed> {
    let mut values = row.into_iter();
    let workspace = column(&mut values, "audit_heads.workspace")?;
    let head =
        AuditHead { seq: column(&mut values, "audit_heads.seq")?, hash: column(&mut values, "audit_heads.hash")? };
    facts.audit_heads.insert(workspace, head);
    Ok(())
}
