//! One connection with its prepared statements.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::{Client, Config, Socket, Statement};

use super::query::{Failed, store_error, translate};
use super::tls::{Stream, Tls, split_url};
use crate::{Result, StoreError};

/// Filters make many texts; past this the connection starts over.
const STATEMENTS_MAX: usize = 512;

/// How to reach the database.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: Tls,
}

impl Server {
    pub(super) fn new(url: &str) -> Result<Self> {
        let (url, trust) = split_url(url);
        let parsed = url.parse::<Config>();
        let mut config = parsed.map_err(|error| StoreError::Config(format!("the PostgreSQL URL: {error}")))?;
        config.application_name("countersign");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        Ok(Self { config, tls: Tls::new(&trust)? })
    }

    pub(super) async fn connect(&self) -> Result<(Client, tokio_postgres::Connection<Socket, Stream>)> {
        self.config.connect(self.tls.clone()).await.map_err(|error| store_error(&error))
    }
}

/// A connection; its driver task ends with the client.
pub(super) struct Connection {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self> {
        let (client, driver) = server.connect().await?;
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
