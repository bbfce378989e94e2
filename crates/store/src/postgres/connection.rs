//! One connection with its prepared statements.

use std::collections::HashMap;

use tokio_postgres::{Client, Config, Statement};

use super::query::{Failed, store_error, translate};
use super::tls;
use crate::Result;

/// Filters make many texts; past this the connection starts over.
const STATEMENTS_MAX: usize = 512;

/// A connection; its driver task ends with the client.
pub(super) struct Connection {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
}

impl Connection {
    pub(super) async fn open(config: &Config) -> Result<Self> {
        let (client, driver) = config.connect(tls::connector()?).await.map_err(|error| store_error(&error))?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::warn!(%error, "a connection to PostgreSQL ended");
            }
        });
        Ok(Self { client, statements: HashMap::new() })
    }

    /// The prepared statement of a text with `?1` placeholders.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, Failed> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&translate(sql)).await?;
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }
}
