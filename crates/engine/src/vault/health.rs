//! Whether accounts still hold: asked for by a person, and heard from every call that was made through one.

use super::{UsedBy, connections::revision, tokens::NotReady};
use crate::{Engine, EngineError, run::Limits};
use countersign_connectors::{CallOutcome, Connection, Invoker, Probed};
use countersign_core::{catalogue::AccountState, log::FailureClass};
use countersign_store::{Heard, NewAudit};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// How long a service that is asked about an account may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long calls that show the same are not compared with the row again, milliseconds: a person or another process may
/// have heard otherwise.
const HEARD_MS: i64 = 60_000;

impl Engine {
    /// Asks the service whether it takes these credentials; nothing when the connector names no way to ask. The call takes a
    /// place like every other, and where none is free the account is not asked now.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn probe(&self, workspace: &str, connection: &Connection) -> Result<Option<Probed>, EngineError> {
        let invoker = self.0.invoker.knowing(self.connectors(workspace).await?);
        let account = (workspace.to_owned(), connection.connector.clone(), Some(connection.name.clone()));
        let Ok(_taken) = self.0.places.take(account, Limits::of(&connection.settings)) else {
            let message = "the connection has as many calls as it may have: try again in a moment".to_owned();
            return Ok(Some(Probed { state: AccountState::Untried, message }));
        };
        let registry = invoker.registry();
        let Some(probe) = registry.connector(&connection.connector).and_then(|manifest| manifest.probe.as_ref()) else {
            return Ok(None);
        };
        let open = Some(Arc::new(connection.clone()));
        match self.ready(workspace, (&invoker, &probe.action), open).await {
            Ok(ready) => Ok(invoker.probe(ready.connection.as_deref().unwrap_or(connection), TIMEOUT).await),
            Err(NotReady::Engine(error)) => Err(error),
            Err(NotReady::Token(error)) => {
                let state = match error.class {
                    FailureClass::Fatal => AccountState::Refused,
                    FailureClass::Retryable | FailureClass::Unknown => AccountState::Unreachable,
                };
                Ok(Some(Probed { state, message: error.message }))
            }
        }
    }

    /// What a call that was made shows of the account it went through, if it shows anything: other failures than refused
    /// credentials say nothing of the account. Written when it is news. That it was used is kept too.
    pub(crate) fn listen(
        &self,
        (workspace, by): (&str, UsedBy<'_>),
        invoker: &Invoker,
        connection: &Connection,
        outcome: &CallOutcome,
    ) {
        if outcome.exchange().is_some() {
            self.note_use(workspace, connection, by);
        }
        let (state, message) = match outcome {
            CallOutcome::Succeeded { .. } => (AccountState::Sound, String::new()),
            CallOutcome::Failed { error, exchange } => {
                if !invoker.was_refused(&connection.connector, error, exchange.as_ref()) {
                    return;
                }
                (AccountState::Refused, error.message.clone())
            }
        };
        let heard = &self.0.connections.heard;
        let now = self.now();
        let known = |(known, at): (AccountState, i64)| known == state && now.saturating_sub(at) < HEARD_MS;
        if heard.get(&connection.revision).is_some_and(known) {
            return;
        }
        heard.insert(connection.revision.clone(), (state, now));
        let (engine, workspace) = (self.clone(), workspace.to_owned());
        let (name, seen) = (connection.name.clone(), connection.revision.clone());
        self.0.tasks.spawn(async move {
            if let Err(error) = engine.note(&workspace, &seen, (state, &message)).await {
                engine.0.connections.heard.remove(&seen);
                tracing::warn!(connection = name, %error, "what its service said of it is noted with the next call");
            }
        });
    }

    async fn note(
        &self,
        workspace: &str,
        seen: &str,
        (state, message): (AccountState, &str),
    ) -> Result<(), EngineError> {
        let rows = self.0.store.list_connections(workspace).await?;
        let Some(row) = rows.into_iter().find(|row| revision(row) == seen) else { return Ok(()) };
        let known: serde_json::Value = serde_json::from_str(&row.health).unwrap_or_default();
        if known["state"] == json!(state) {
            return Ok(());
        }
        let at = self.now();
        let health = json!({ "state": state, "message": message, "at": at }).to_string();
        let entry = NewAudit {
            at,
            actor: "system".to_owned(),
            via: "call".to_owned(),
            action: "connection.heard".to_owned(),
            subject: format!("connection:{}", row.id),
            detail: json!({
                "connector": row.connector, "connection": row.name, "state": state, "message": message,
                "before": known["state"],
            })
            .to_string(),
        };
        // A health that nobody spoke of yet is none either: what never worked is told as well.
        let alert = state == AccountState::Refused;
        if self.0.store.hear_of_connection(&row, &health, Heard { entry, alert }).await? && alert {
            self.0.to_tell.notify_one();
        }
        Ok(())
    }
}
