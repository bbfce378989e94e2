//! Binding, reading and errors of PostgreSQL.

use std::error::Error as _;

use bytes::BytesMut;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::connection::Connection;
use crate::database::{Done, Question, Row, Statement, thing_in};
use crate::rows::{Param, ParamRef, storable};
use crate::{Result, StoreError};

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => storable(text).to_sql(ty, out),
            // LIMIT and substr() are narrower than the columns.
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) => number.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::INT8 | Type::INT4)
    }

    to_sql_checked!();
}

impl ToSql for ParamRef<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => storable(text).to_sql(ty, out),
            Self::Int(number) => number.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::INT8)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Param {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Int),
            Type::INT4 => i32::from_sql(ty, raw).map(|number| Self::Int(i64::from(number))),
            _ => <&str>::from_sql(ty, raw).map(|text| Self::Text(text.to_owned())),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::INT8 | Type::INT4)
    }
}

/// `?1` becomes `$1`. No statement of this crate holds a question mark otherwise.
pub(super) fn translate(sql: &str) -> String {
    sql.replace('?', "$")
}

/// An error, and whether the transaction may nevertheless have been written.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: StoreError,
    /// The connection broke: a COMMIT on its way may have arrived.
    pub(super) lost: bool,
    /// The database asks to try the same again.
    pub(super) again: bool,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self { error, lost: false, again: false }
    }
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        let code = error.code();
        let again = matches!(code, Some(code)
            if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE);
        let lost = code.is_none_or(is_going_away);
        Self { error: store_error(&error), lost, again }
    }
}

/// The server is stopping, starting or out of connections.
fn is_going_away(code: &SqlState) -> bool {
    *code == SqlState::ADMIN_SHUTDOWN
        || *code == SqlState::CRASH_SHUTDOWN
        || *code == SqlState::CANNOT_CONNECT_NOW
        || *code == SqlState::TOO_MANY_CONNECTIONS
        || code.code().starts_with("08")
}

/// Sorts an error by what the caller does about it.
pub(super) fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        let cause = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        return match io.map(std::io::Error::kind) {
            // What TLS says about certificates; waiting does not help.
            Some(std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput) => {
                let hint = super::tls::hint(&cause);
                StoreError::Config(cause + hint)
            }
            Some(_) => StoreError::Busy(cause),
            None if error.is_closed() => StoreError::Busy(cause),
            None => StoreError::Other(cause),
        };
    };
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::AlreadyExists(thing_in(db.table().unwrap_or_default()));
    }
    if *code == SqlState::DISK_FULL {
        return StoreError::Full;
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return StoreError::ReadOnly;
    }
    if *code == SqlState::IO_ERROR {
        return StoreError::DiskFailed(db.message().to_owned());
    }
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return StoreError::Corrupt(db.message().to_owned());
    }
    if is_going_away(code)
        || *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::QUERY_CANCELED
    {
        return StoreError::Busy(db.message().to_owned());
    }
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_CATALOG_NAME {
        return StoreError::Config(db.message().to_owned());
    }
    StoreError::Other(format!("{} ({})", db.message(), code.code()))
}

pub(super) fn decode(row: &tokio_postgres::Row) -> Result<Row, Failed> {
    (0..row.len()).map(|index| row.try_get::<_, Param>(index).map_err(unreadable)).collect()
}

fn unreadable(error: tokio_postgres::Error) -> Failed {
    StoreError::Corrupt(error.to_string()).into()
}

/// References to parameters, the way the driver wants them.
pub(super) fn refs(params: &[Param]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

/// Runs a query with a cached statement.
pub(super) async fn query(connection: &mut Connection, sql: &str, params: &[Param]) -> Result<Vec<Row>, Failed> {
    let statement = connection.prepare(sql).await?;
    let rows = connection.client.query(&statement, &refs(params)).await?;
    rows.iter().map(decode).collect()
}

/// Runs queries with cached statements, all sent before the first is answered.
pub(super) async fn query_all(connection: &mut Connection, queries: &[Question]) -> Result<Vec<Vec<Row>>, Failed> {
    let mut prepared = Vec::with_capacity(queries.len());
    for (sql, params) in queries {
        prepared.push((connection.prepare(sql).await?, refs(params)));
    }
    let client = &connection.client;
    let answers = prepared.iter().map(|(statement, params)| client.query(statement, params));
    let answers = futures::future::try_join_all(answers).await?;
    answers.iter().map(|rows| rows.iter().map(decode).collect()).collect()
}

/// Runs one statement of a write.
pub(super) async fn run(connection: &mut Connection, statement: &Statement) -> Result<Done, Failed> {
    let prepared = connection.prepare(&statement.sql).await?;
    let params = refs(&statement.params);
    let done = if prepared.columns().is_empty() {
        Done { affected: connection.client.execute(&prepared, &params).await?, rows: Vec::new() }
    } else {
        let rows = connection.client.query(&prepared, &params).await?;
        let rows: Vec<Row> = rows.iter().map(decode).collect::<Result<_, _>>()?;
        Done { affected: rows.len() as u64, rows }
    };
    match statement.must_hit {
        Some(what) if done.affected == 0 => Err(StoreError::NotFound(what).into()),
        Some(_) | None => Ok(done),
    }
}
