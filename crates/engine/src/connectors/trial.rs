//! One call outside of any run: looked at as it would leave, then sent if somebody wants exactly that.

use crate::{
    Engine, EngineError,
    run::Limits,
    vault::{AccountChoice, NotReady, UsedBy},
};
use countersign_connectors::{Call, CallError, CallOutcome, Connection, Invoker, RenderedRequest};
use countersign_core::{approval::connector_of, catalogue::Risk};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

/// How long a call that is tried may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call is not tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// No such action or connection, or they cannot be read now.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The input or the connection makes no request.
    #[error("{0}")]
    Unfit(Box<CallError>),
    /// The connection has no place free until then, milliseconds since the epoch.
    #[error("the connection has as many calls as it may have")]
    NoPlace(i64),
}

/// A call as it would leave now. What is sent is this: neither the connection nor the connector is looked up again.
pub struct Trial {
    workspace: String,
    /// `<connector>.<action>`.
    pub action: String,
    input: Value,
    invoker: Invoker,
    connection: Option<Arc<Connection>>,
    /// How much harm the action can do.
    pub risk: Risk,
    /// What would be sent, without secrets.
    pub request: RenderedRequest,
    /// SHA-256 hex: another one when the request, the connection or its credentials differ.
    pub hash: String,
}

impl Trial {
    /// Name of the connection it goes through.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        self.connection.as_ref().map(|connection| connection.name.as_str())
    }
}

impl Engine {
    /// A call of an action as it would leave now.
    ///
    /// # Errors
    /// As [`TrialError`] says.
    pub async fn trial(
        &self,
        workspace: &str,
        (action, connection): (&str, Option<&str>),
        input: Value,
    ) -> Result<Trial, TrialError> {
        let registry = self.connectors(workspace).await?;
        let risk = registry.catalogue().action(action).ok_or(EngineError::NotFound("action"))?.risk_of(&input);
        let connector = connector_of(action);
        let accounts = self.choose_accounts(workspace, std::iter::once((action, connection))).await?;
        let choice = AccountChoice::of_step(&accounts, connector, connection);
        let connection = self.connection(workspace, connector, choice).await?;
        let invoker = self.0.invoker.knowing(registry);
        let request = invoker
            .render(action, &input, connection.as_deref())
            .map_err(|error| TrialError::Unfit(Box::new(error)))?;
        let hash = hash(workspace, action, connection.as_deref(), &request);
        let (workspace, action) = (workspace.to_owned(), action.to_owned());
        Ok(Trial { workspace, action, input, invoker, connection, risk, request, hash })
    }

    /// Sends it, once, in a place of its connection. `key` is the idempotency key, `person` who tries it.
    ///
    /// # Errors
    /// `NoPlace`; then nothing was sent.
    pub async fn send_trial(&self, trial: &Trial, key: &str, person: &str) -> Result<CallOutcome, TrialError> {
        let ways = (&trial.invoker, trial.action.as_str());
        let ready = match self.ready(&trial.workspace, ways, trial.connection.clone()).await {
            Ok(ready) => ready,
            Err(NotReady::Engine(error)) => return Err(error.into()),
            Err(NotReady::Token(error)) => return Ok(CallOutcome::Failed { error, exchange: None }),
        };
        let connection = ready.connection.as_deref();
        let limits = connection.map(|connection| Limits::of(&connection.settings)).unwrap_or_default();
        let name = connection.map(|connection| connection.name.clone());
        let account = (trial.workspace.clone(), connector_of(&trial.action).to_owned(), name);
        let taken = self.0.places.take(account, limits).map_err(TrialError::NoPlace)?;
        let invoker = trial.invoker.paced(Arc::new(taken));
        let call =
            Call { action: &trial.action, input: &trial.input, key, timeout: TIMEOUT, connection, repeated: false };
        let mut outcome = invoker.invoke(call).await;
        if let Some(Ok(again)) = self.another_token(&trial.workspace, ways, &ready, &outcome).await {
            outcome = invoker.invoke(Call { connection: again.connection.as_deref(), ..call }).await;
        }
        if let Some(connection) = connection {
            self.listen((&trial.workspace, UsedBy::Person(person)), &trial.invoker, connection, &outcome);
        }
        Ok(outcome)
    }
}

fn hash(workspace: &str, action: &str, connection: Option<&Connection>, request: &RenderedRequest) -> String {
    let (name, revision) = connection.map_or(("", ""), |one| (one.name.as_str(), one.revision.as_str()));
    let request = serde_json::to_string(request).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [workspace, action, name, revision, &request] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
