//! Binding, reading and errors of SQLite.

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, ffi};

use crate::database::{Done, Question, Row, Statement, thing_in};
use crate::rows::{Param, ParamRef, Value, storable};
use crate::{Result, StoreError};

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => return Ok(bound(text)),
            Self::Int(number) => ValueRef::Integer(*number),
        }))
    }
}

impl ToSql for ParamRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => return Ok(bound(text)),
            Self::Int(number) => ValueRef::Integer(*number),
        }))
    }
}

fn bound(text: &str) -> ToSqlOutput<'_> {
    match storable(text) {
        Cow::Borrowed(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Cow::Owned(text) => ToSqlOutput::Owned(text.into()),
    }
}

/// Sorts an error by what the caller does about it.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    let Some(code) = error.sqlite_error() else { return StoreError::Other(error.to_string()) };
    if matches!(code.extended_code, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) {
        // "UNIQUE constraint failed: workflows.workspace, workflows.name"
        let message = error.to_string();
        let table = message.rsplit_once("failed: ").and_then(|(_, rest)| rest.split('.').next());
        return StoreError::AlreadyExists(thing_in(table.unwrap_or_default()));
    }
    if code.code == ErrorCode::DiskFull {
        return StoreError::Full;
    }
    if code.code == ErrorCode::ReadOnly {
        return StoreError::ReadOnly;
    }
    if code.code == ErrorCode::SystemIoFailure {
        return StoreError::DiskFailed(error.to_string());
    }
    if matches!(code.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) {
        return StoreError::Busy(error.to_string());
    }
    if matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
        return StoreError::Corrupt(error.to_string());
    }
    StoreError::Other(error.to_string())
}

fn value(value: ValueRef<'_>) -> Result<Value> {
    match value {
        ValueRef::Null => Ok(Param::Null),
        ValueRef::Integer(number) => Ok(Param::Int(number)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Param::Text(text.to_owned())),
            Err(_) => Err(StoreError::Corrupt("text that is not UTF-8".to_owned())),
        },
        ValueRef::Real(_) => Err(StoreError::Corrupt("a floating point number".to_owned())),
        ValueRef::Blob(_) => Err(StoreError::Corrupt("a blob".to_owned())),
    }
}

/// Runs a query with a cached statement.
pub(crate) fn query(connection: &Connection, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
    let fail = |error| store_error(&error);
    let mut statement = connection.prepare_cached(sql).map_err(fail)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(fail)?;
    let mut answer = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let mut values = Vec::with_capacity(columns);
        for index in 0..columns {
            values.push(value(row.get_ref(index).map_err(fail)?)?);
        }
        answer.push(values);
    }
    Ok(answer)
}

/// Runs a statement that writes and returns nothing.
pub(crate) fn execute(connection: &Connection, sql: &str, params: &[impl ToSql]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| store_error(&error))?;
    let affected = statement.execute(rusqlite::params_from_iter(params)).map_err(|error| store_error(&error))?;
    Ok(affected as u64)
}

/// Runs one statement of a write; `now` is SQL for the time.
pub(crate) fn run(connection: &Connection, statement: &Statement, now: &str) -> Result<Done> {
    let sql = crate::sql::for_sqlite(&statement.sql, now);
    let returns = connection.prepare_cached(&sql).map_err(|error| store_error(&error))?.column_count() > 0;
    let done = if returns {
        let rows = query(connection, &sql, &statement.params)?;
        Done { affected: rows.len() as u64, rows }
    } else {
        Done { affected: execute(connection, &sql, &statement.params)?, rows: Vec::new() }
    };
    match statement.must_hit {
        Some(what) if done.affected == 0 => Err(StoreError::NotFound(what)),
        Some(_) | None => Ok(done),
    }
}

/// A question that may name the clock of the database.
pub(super) fn read(connection: &Connection, (sql, params): &Question, now: &str) -> Result<Vec<Row>> {
    if sql.contains(crate::sql::NOW_MS) {
        return query(connection, &crate::sql::for_sqlite(sql, now), params);
    }
    query(connection, sql, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_says_is_told_apart() {
        let told = |code| store_error(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_READONLY, ffi::SQLITE_READONLY_DBMOVED, ffi::SQLITE_READONLY_DIRECTORY] {
            assert!(matches!(told(code), StoreError::ReadOnly), "{code}");
        }
        for code in [ffi::SQLITE_IOERR, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_SHMMAP] {
            assert!(matches!(told(code), StoreError::DiskFailed(_)), "{code}");
        }
        assert!(matches!(told(ffi::SQLITE_FULL), StoreError::Full));
    }
}
