//! Facts for the planner: one statement per kind, all sent at once, rows locked in order.

use futures::future::try_join_all;
use tokio_postgres::types::ToSql;

use super::connection::Connection;
use super::query::{Failed, decode};
use crate::ReceiptKeys;
use crate::audit::AuditHead;
use crate::database::{Row, column};
use crate::plan::{Facts, Standing, Wanted};
use crate::rows::{CheckpointRow, IdempotencyRow, Param, TableRow};

/// The SELECTs, built once.
#[derive(Debug)]
pub(super) struct LoadSql {
    pointer_locks: String,
    pointers: String,
    runs: String,
    checkpoints: String,
    conversations: String,
    messages: String,
    idempotency: String,
    inbound: String,
    audit_heads: String,
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

/// A fixed order keeps two writers from waiting for each other.
fn locked(sql: &str) -> String {
    format!("{sql} ORDER BY t.workspace, t.id FOR UPDATE OF t")
}

impl LoadSql {
    pub(super) fn new(receipts: Option<ReceiptKeys>) -> Self {
        Self {
            receipts,
            // Shared with other starts, not with whoever moves the choice: see `ops::pointers`. The next statement sees
            // what was committed before the lock was got.
            pointer_locks: "SELECT w FROM unnest(?1::text[], ?2::text[]) AS k (w, i) \
                            WHERE pg_advisory_xact_lock_shared(hashtextextended(w || '/' || i, 0)) IS NOT NULL"
                .to_owned(),
            pointers: by_key("t.workspace, t.id, t.pointer_revision", "workflows"),
            runs: locked(&by_key("t.workspace, t.id, t.seq, t.status", "runs")),
            checkpoints: locked(&by_key(&CheckpointRow::column_list_of("t"), "checkpoints")),
            conversations: locked(&by_key("t.workspace, t.id, t.last_position", "conversations")),
            messages: by_key("t.workspace, t.id", "messages"),
            idempotency: format!(
                "SELECT {} FROM unnest(?1::text[], ?2::text[], ?3::text[]) AS k (w, s, i) \
                 JOIN idempotency AS t ON t.workspace = k.w AND t.scope = k.s AND t.\"key\" = k.i",
                IdempotencyRow::column_list_of("t")
            ),
            inbound: locked(&format!("{} AND t.status = 'waiting'", by_key("t.workspace, t.id", "inbound"))),
            audit_heads: "SELECT workspace, seq, hash FROM audit_heads WHERE workspace = ANY (?1::text[]) \
                          ORDER BY workspace FOR UPDATE"
                .to_owned(),
        }
    }
}

#[cfg(test)]
impl LoadSql {
    pub(super) fn texts(&self) -> Vec<&String> {
        let Self { pointer_locks, pointers, runs, checkpoints, conversations, .. } = self;
        let Self { messages, idempotency, inbound, audit_heads, .. } = self;
        vec![pointer_locks, pointers, runs, checkpoints, conversations, messages, idempotency, inbound, audit_heads]
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
    let mut queries = Vec::with_capacity(parts.len());
    for (text, columns) in &parts {
        // Nothing of the kind in this batch: no statement.
        let statement = match columns.first().is_some_and(|column| !column.is_empty()) {
            true => Some(connection.prepare(text).await?),
            false => None,
        };
        queries.push((statement, columns));
    }
    let client = &connection.client;
    let begin = async {
        match begin {
            true => client.batch_execute("BEGIN").await,
            false => Ok(()),
        }
    };
    let reads = try_join_all(queries.iter().map(|(statement, columns)| async move {
        let Some(statement) = statement else { return Ok(Vec::new()) };
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        client.query(statement, &params).await
    }));
    // Polled in this order, so sent in this order, without waiting for the answers in between.
    let ((), answers) = tokio::try_join!(begin, reads)?;
    let mut rows = Vec::with_capacity(answers.len());
    for answer in &answers {
        rows.push(answer.iter().map(decode).collect::<Result<Vec<Row>, Failed>>()?);
    }
    let mut facts = collect(rows)?;
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
    let insert = "INSERT INTO audit_heads (workspace, seq, hash) SELECT w, 0, '' FROM unnest(?1::text[]) AS k (w) \
                  ORDER BY w ON CONFLICT DO NOTHING";
    let insert = connection.prepare(insert).await?;
    let select = connection.prepare(&sql.audit_heads).await?;
    connection.client.execute(&insert, &[&missing]).await?;
    for row in connection.client.query(&select, &[&missing]).await? {
        add_head(decode(&row)?, facts)?;
    }
    Ok(())
}

fn collect(answers: Vec<Vec<Row>>) -> Result<Facts, Failed> {
    let mut facts = Facts::default();
    for (part, rows) in answers.into_iter().enumerate() {
        for row in rows {
            add(part, row, &mut facts)?;
        }
    }
    Ok(facts)
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
