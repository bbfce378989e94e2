//! Tokens are renewed before they end also while nobody calls: the next call finds one that holds, and an account that died is
//! told before it is needed.

use super::tokens::{AHEAD_MS, NotReady};
use crate::{Engine, EngineError};
use countersign_connectors::Grant;
use countersign_store::ConnectionTokenRow;
use futures::{StreamExt, stream};

/// Between two looks, milliseconds: several before a token that ends in [`AHEAD_MS`] has ended.
const LOOK_EVERY_MS: u64 = 15_000;
/// Rows read at once, and how often in one look.
const BATCH: u32 = 200;
const ROUNDS: usize = 500;
/// How many are renewed at once.
const AT_ONCE: usize = 4;

impl Engine {
    /// Renews what is about to end, until the engine stops.
    pub(crate) async fn renewals(self) {
        while self.pause(LOOK_EVERY_MS).await {
            if let Err(error) = self.renew_ending().await {
                tracing::warn!(%error, "tokens are not renewed before they are needed: the database is away");
            }
        }
    }

    async fn renew_ending(&self) -> Result<(), EngineError> {
        let (before, mut last) = (self.now().saturating_add(AHEAD_MS), None);
        for _ in 0..ROUNDS {
            let ending = self.0.store.tokens_ending(before, last.as_ref(), BATCH).await?;
            let Some(end) = ending.last().cloned() else { break };
            last = Some(end);
            stream::iter(ending).for_each_concurrent(AT_ONCE, |row| self.renew(row)).await;
            if self.stopping() {
                break;
            }
        }
        Ok(())
    }

    /// What cannot be renewed now is met again at the next look or by the next call.
    async fn renew(&self, row: ConnectionTokenRow) {
        let error = match self.try_renew(&row).await {
            Ok(()) => return,
            Err(NotReady::Token(error)) => error.to_string(),
            Err(NotReady::Engine(error)) => error.to_string(),
        };
        tracing::debug!(connection = row.connection, error, "a token is not renewed ahead");
    }

    /// Only what a person agreed to: a client that gets its own tokens gets another with the next call.
    async fn try_renew(&self, row: &ConnectionTokenRow) -> Result<(), NotReady> {
        let connection =
            self.0.store.get_connection(&row.workspace, &row.connection).await.map_err(EngineError::from)?;
        let Some(connection) = connection else { return Ok(()) };
        let open = self.open_connection(&connection)?;
        let registry = self.connectors(&row.workspace).await?;
        let client = registry.client(&open).map_err(NotReady::Token)?;
        let Some(client) = client.filter(|client| client.grant() == Grant::AuthorizationCode) else { return Ok(()) };
        self.access_token((&row.workspace, &row.connection), &client, None).await.map(|_| ())
    }
}
