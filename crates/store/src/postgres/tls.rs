//! TLS to PostgreSQL.

use tokio_postgres::NoTls;

use crate::Result;

/// What the driver asks for an encrypted stream.
pub(super) fn connector() -> Result<NoTls> {
    Ok(NoTls)
}
