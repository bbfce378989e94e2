//! Facts for the planner, read inside the transaction of the writer.

use rusqlite::Connection;

use super::query::query;
use crate::audit::AuditHead;
use crate::database::column;
use crate::plan::{Facts, Key, Standing, Wanted};
use crate::rows::{CheckpointRow, IdempotencyRow, Param, TableRow};
use crate::sql::select;
use crate::{ReceiptKeys, Result, StoreError};

/// The SELECTs of the hot path, built once.
#[derive(Debug)]
pub(super) struct LoadSql {
    checkpoint: String,
    idempotency: String,
    /// What decisions are signed with.
    pub(super) receipts: Option<ReceiptKeys>,
}

impl LoadSql {
    pub(super) fn new() -> Self {
        Self {
            checkpoint: select::<CheckpointRow>("WHERE workspace = ?1 AND id = ?2"),
            idempotency: select::<IdempotencyRow>("WHERE workspace = ?1 AND scope = ?2 AND \"key\" = ?3"),
            receipts: None,
        }
    }
}

fn number(connection: &Connection, sql: &str, key: &Key) -> Result<Option<u64>> {
    let rows = query(connection, sql, &[Param::from(&key.0), Param::from(&key.1)])?;
    rows.into_iter().next().map(|row| column(&mut row.into_iter(), "number")).transpose()
}

/// Adds what is wanted to the facts.
pub(super) fn load(connection: &Connection, sql: &LoadSql, wanted: Wanted, facts: &mut Facts) -> Result<()> {
    facts.receipts.clone_from(&sql.receipts);
    for key in wanted.runs {
        let standing = "SELECT seq, status FROM runs WHERE workspace = ?1 AND id = ?2";
        for row in query(connection, standing, &[Param::from(&key.0), Param::from(&key.1)])? {
            let mut values = row.into_iter();
            let seq = column(&mut values, "runs.seq")?;
            facts.runs.insert(key.clone(), Standing { seq, status: column(&mut values, "runs.status")? });
        }
    }
    for key in wanted.pointers {
        let revision = "SELECT pointer_revision FROM workflows WHERE workspace = ?1 AND id = ?2";
        if let Some(revision) = number(connection, revision, &key)? {
            facts.pointers.insert(key, revision);
        }
    }
    for key in wanted.inbound {
        let waits = "SELECT 1 FROM inbound WHERE workspace = ?1 AND id = ?2 AND status = 'waiting'";
        if number(connection, waits, &key)?.is_some() {
            facts.inbound.insert(key);
        }
    }
    for key in wanted.checkpoints {
        for row in query(connection, &sql.checkpoint, &[Param::from(&key.0), Param::from(&key.1)])? {
            facts.checkpoints.insert(key.clone(), CheckpointRow::from_values(&mut row.into_iter())?);
        }
    }
    for key in wanted.conversations {
        let last = "SELECT last_position FROM conversations WHERE workspace = ?1 AND id = ?2";
        if let Some(position) = number(connection, last, &key)? {
            facts.conversations.insert(key, position);
        }
    }
    for key in wanted.messages {
        if number(connection, "SELECT 1 FROM messages WHERE workspace = ?1 AND id = ?2", &key)?.is_some() {
            facts.messages.insert(key);
        }
    }
    for key in wanted.idempotency {
        for row in
            query(connection, &sql.idempotency, &[Param::from(&key.0), Param::from(&key.1), Param::from(&key.2)])?
        {
            facts.idempotency.insert(key.clone(), IdempotencyRow::from_values(&mut row.into_iter())?);
        }
    }
    for workspace in wanted.audit {
        let rows =
            query(connection, "SELECT seq, hash FROM audit_heads WHERE workspace = ?1", &[Param::from(&workspace)])?;
        let mut rows = rows.into_iter();
        let head = match rows.next() {
            None => AuditHead::default(),
            Some(row) => head(row.into_iter())?,
        };
        facts.audit_heads.insert(workspace, head);
    }
    Ok(())
}

fn head(mut row: std::vec::IntoIter<crate::rows::Value>) -> Result<AuditHead, StoreError> {
    Ok(AuditHead { seq: column(&mut row, "audit_heads.seq")?, hash: column(&mut row, "audit_heads.hash")? })
}
