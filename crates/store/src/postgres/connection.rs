//! One connection with its prepared statements.

use std::time::{Duration, Instant};

use quick_cache::unsync::Cache;
use tokio_postgres::{Client, Config, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::query::{Failed, store_error, translate};
use super::tls::{self, Stream, split_url};
use crate::{Result, StoreConfig, StoreError};

/// Filters make many texts; past this the least used are forgotten.
const STATEMENTS_MAX: usize = 512;

/// A link that went dead says nothing. The system asks after so long, and gives up on what is not acknowledged.
const LINK_IDLE: Duration = Duration::from_secs(10);

/// What the client library waits before it asks, where the URL does not say otherwise.
const KEEPALIVE_DEFAULT: Duration = Duration::from_secs(2 * 60 * 60);

/// A commit that was answered is on the disk, whatever the role, the database or the server say by default.
const DURABLE: &str =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// How to reach the database.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: MakeRustlsConnect,
    answer_timeout: Duration,
}

impl Server {
    pub(super) fn new(StoreConfig { url, answer_timeout, .. }: &StoreConfig) -> Result<Self> {
        let (url, trust) = split_url(url);
        let parsed = url.parse::<Config>();
        let mut config = parsed.map_err(|error| StoreError::Config(format!("the PostgreSQL URL: {error}")))?;
        config.application_name("countersign");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_keepalives_idle() == KEEPALIVE_DEFAULT {
            config.keepalives_idle(LINK_IDLE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(LINK_IDLE);
        }
        Ok(Self { config, tls: tls::connector(&trust)?, answer_timeout: *answer_timeout })
    }

    /// The outcome of an exchange, or a lost connection when nothing comes.
    pub(super) async fn answered<T>(&self, exchange: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
        tokio::time::timeout(self.answer_timeout, exchange).await.unwrap_or_else(|_| {
            let error = StoreError::Busy("PostgreSQL does not answer".to_owned());
            Err(Failed { error, lost: true, again: false })
        })
    }

    /// Whether nothing can be expected any more of what began then.
    pub(super) fn is_overdue(&self, begun: Instant) -> bool {
        begun.elapsed() >= self.answer_timeout
    }

    pub(super) async fn connect(&self) -> Result<(Client, tokio_postgres::Connection<Socket, Stream>)> {
        self.config.connect(self.tls.clone()).await.map_err(|error| store_error(&error))
    }
}

/// A connection; its driver task ends with the client.
pub(super) struct Connection {
    pub(super) client: Client,
    statements: Cache<String, Statement>,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self> {
        let opened = server.answered(async {
            let (client, driver) = server.connect().await?;
            tokio::spawn(async move {
                if let Err(error) = driver.await {
                    tracing::warn!(%error, "a connection to PostgreSQL ended");
                }
            });
            client.batch_execute(DURABLE).await?;
            Ok(Self { client, statements: Cache::new(STATEMENTS_MAX) })
        });
        opened.await.map_err(|failed| failed.error)
    }

    /// The prepared statement of a text with `?1` placeholders.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, Failed> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&translate(sql)).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Ends a transaction that failed; whether the connection can be used again.
    pub(super) async fn roll_back(&self, server: &Server) -> bool {
        server.answered(async { Ok(self.client.batch_execute("ROLLBACK").await?) }).await.is_ok()
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }
}
