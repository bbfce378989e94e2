//! A person connects an account by OAuth 2.0: goes to the service's page, agrees, and comes back. And the way back: disconnecting.

use super::tokens::text;
use crate::{Engine, EngineError};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign_connectors::{Client, TokenError, Tokens, pkce_challenge};
use countersign_store::{AuthorizationRow, ConnectionRow, ConnectionTokenRow, NewAudit, StoreError, TokenStatus};
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long a person may take to agree, milliseconds.
const AGREEING_MS: i64 = 15 * 60_000;
/// How often tokens are tried to be kept because the connection was changed meanwhile.
const KEEPS_MAX: u32 = 4;
/// Longest code that is taken.
const CODE_MAX: usize = 8192;

/// Who agrees: only they can come back, in the session they left with.
#[derive(Debug, Clone)]
pub struct Agreeing {
    /// The workspace.
    pub workspace: String,
    /// User id.
    pub person: String,
    /// SHA-256 hex of the session.
    pub session: String,
}

/// Why an account is not connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No such connection, or no such state: it is another's, was used, or is over.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The service says no.
    #[error("{0}")]
    Refused(TokenError),
    /// The connection cannot be connected as it is.
    #[error("{0}")]
    Unfit(String),
}

impl From<StoreError> for ConnectError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// Tokens to be taken back, and by whom.
pub struct Revocation {
    client: Option<Client>,
    refresh: String,
    access: String,
}

/// 256 bits in letters, digits, `-` and `_`.
pub(super) fn random() -> Result<String, EngineError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| EngineError::Corrupt(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn hash(state: &str) -> String {
    hex::encode(Sha256::digest(state))
}

impl Engine {
    /// Where a person comes back to who agreed.
    #[must_use]
    pub fn oauth_callback(&self) -> String {
        format!("{}/oauth/callback", self.0.config.base_url.trim_end_matches('/'))
    }

    /// The address of the page where this person agrees. `audit` is kept with it.
    ///
    /// # Errors
    /// `Unfit` when the connection is not connected by a person, or lacks something.
    pub async fn begin_connecting(
        &self,
        who: &Agreeing,
        connection: &ConnectionRow,
        audit: Vec<NewAudit>,
    ) -> Result<String, ConnectError> {
        let client = self.client_of(connection).await?;
        let (state, verifier) = (random()?, random()?);
        let redirect = self.oauth_callback();
        let url = client.authorize_url(&redirect, &state, &pkce_challenge(&verifier));
        let url = url.ok_or_else(|| ConnectError::Unfit("this connection needs nobody to agree".to_owned()))?;
        let held = json!({ "verifier": verifier, "redirect": redirect, "client": client.fingerprint() });
        let now = self.now();
        let mut row = AuthorizationRow {
            workspace: who.workspace.clone(),
            state_hash: hash(&state),
            connection: connection.id.clone(),
            person: who.person.clone(),
            session: who.session.clone(),
            sealed: String::new(),
            expires_at: now + AGREEING_MS,
        };
        let held = held.as_object().cloned().unwrap_or_default();
        let sealed = self.0.vault.seal(&context(&row), &held);
        row.sealed = sealed.map_err(|error| EngineError::Corrupt(error.to_string()))?;
        self.0.store.add_authorization(&row, now, audit).await?;
        Ok(url.into())
    }

    /// What a state stands for; it is taken by it, whatever comes of it. Of another person or session it is not there, and stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn take_state(&self, who: &Agreeing, state: &str) -> Result<AuthorizationRow, EngineError> {
        let gone = EngineError::NotFound("authorization");
        let row = self.0.store.get_authorization(&who.workspace, &hash(state)).await?;
        let Some(row) = row.filter(|row| row.person == who.person && row.session == who.session) else {
            return Err(gone);
        };
        self.0.store.take_authorization(&row).await?;
        if row.expires_at < self.now() { Err(gone) } else { Ok(row) }
    }

    /// Gets tokens for the code that a person came back with, and keeps them. Approvals of calls through the connection are void then.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn finish_connecting(
        &self,
        taken: AuthorizationRow,
        code: String,
        audit: NewAudit,
    ) -> Result<ConnectionRow, ConnectError> {
        if code.is_empty() || code.len() > CODE_MAX {
            return Err(ConnectError::Unfit("the service sent no code that can be used".to_owned()));
        }
        let engine = self.clone();
        // Seen through: a code can be used once.
        let work = async move { Ok(engine.exchanged(taken, &code, audit).await) };
        self.see_through(work).await.map_err(ConnectError::Engine)?
    }

    async fn exchanged(
        &self,
        taken: AuthorizationRow,
        code: &str,
        audit: NewAudit,
    ) -> Result<ConnectionRow, ConnectError> {
        let held = self.open_sealed(&context(&taken), &taken.sealed)?;
        let row = self.connection_row(&taken).await?;
        let client = self.client_of(&row).await?;
        if client.fingerprint() != text(&held, "client") {
            let why = "the connection was changed while you agreed: connect it again";
            return Err(ConnectError::Unfit(why.to_owned()));
        }
        let began = self.now();
        let (redirect, verifier) = (text(&held, "redirect"), text(&held, "verifier"));
        let outbound = self.0.invoker.outbound();
        let tokens = client.exchange(outbound, code, (&redirect, &verifier)).await.map_err(ConnectError::Refused)?;
        let revocation = Revocation {
            refresh: tokens.refresh.clone().unwrap_or_default(),
            access: tokens.access.clone(),
            client: Some(client.clone()),
        };
        let kept = self.keep_connected(&taken, &client, (tokens, began), audit).await;
        if kept.is_err() {
            // Nobody has these tokens.
            drop(self.revoke(&revocation).await);
        }
        self.forget_connections(&taken.workspace);
        kept
    }

    async fn keep_connected(
        &self,
        taken: &AuthorizationRow,
        client: &Client,
        (tokens, began): (Tokens, i64),
        audit: NewAudit,
    ) -> Result<ConnectionRow, ConnectError> {
        let blank = ConnectionTokenRow {
            workspace: taken.workspace.clone(),
            connection: taken.connection.clone(),
            granted: random()?,
            client: client.fingerprint(),
            status: TokenStatus::Connected,
            reason: String::new(),
            sealed: String::new(),
            seq: 1,
            expires_at: None,
            scope: String::new(),
            connected_at: self.now(),
            connected_by: taken.person.clone(),
            refreshed_at: began,
            lease: String::new(),
            lease_until: 0,
            doubts: 0,
        };
        let token = self.sealed_tokens(&blank, client, (tokens, ""), began)?;
        for _ in 0..KEEPS_MAX {
            let read = self.connection_row(taken).await?;
            if self.client_of(&read).await?.fingerprint() != token.client {
                break;
            }
            let place = format!("{}/connection/{}", read.workspace, read.id);
            // Sealed anew it reads otherwise, so it is another account to whoever approved a call.
            let secrets = self.open_sealed(&place, &read.sealed)?;
            let sealed =
                self.0.vault.seal(&place, &secrets).map_err(|error| EngineError::Corrupt(error.to_string()))?;
            let now = ConnectionRow { sealed, health: String::new(), updated_at: self.now(), ..read.clone() };
            match self.0.store.connect((&read, &now), &token, vec![audit.clone()]).await {
                Ok(()) => return Ok(now),
                // Changed since it was read, or gone: the next reading tells.
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ConnectError::Unfit("the connection was changed while you agreed: connect it again".to_owned()))
    }

    /// What disconnecting has to take back at the service; nothing where nothing was connected.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn revocation(&self, connection: &ConnectionRow) -> Result<Option<Revocation>, EngineError> {
        let row = self.0.store.get_connection_token(&connection.workspace, &connection.id).await?;
        let Some(row) = row.filter(|row| !row.sealed.is_empty()) else { return Ok(None) };
        let tokens = self.open_tokens(&row)?;
        // Tokens of another client are not sent to this one's server.
        let client = self.client_of(connection).await.ok().filter(|client| client.fingerprint() == row.client);
        Ok(Some(Revocation { client, refresh: text(&tokens, "refresh"), access: text(&tokens, "access") }))
    }

    /// Takes tokens back at the service, once.
    ///
    /// # Errors
    /// Why they are not, for people.
    pub async fn revoke(&self, revocation: &Revocation) -> Result<(), String> {
        let Some(client) = &revocation.client else {
            return Err("the client's id or address was changed since it was connected".to_owned());
        };
        let outbound = self.0.invoker.outbound();
        for (token, hint) in [(&revocation.refresh, "refresh_token"), (&revocation.access, "access_token")] {
            if !token.is_empty() {
                client.revoke(outbound, token, hint).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    async fn connection_row(&self, taken: &AuthorizationRow) -> Result<ConnectionRow, EngineError> {
        let row = self.0.store.get_connection(&taken.workspace, &taken.connection).await?;
        row.ok_or(EngineError::NotFound("connection"))
    }

    async fn client_of(&self, row: &ConnectionRow) -> Result<Client, ConnectError> {
        let registry = self.connectors(&row.workspace).await?;
        let unfit = |why: String| ConnectError::Unfit(why);
        let client = registry.client(&self.open_connection(row)?).map_err(|error| unfit(error.message))?;
        client.ok_or_else(|| unfit(format!("connections of `{}` take no tokens", row.connector)))
    }
}

fn context(row: &AuthorizationRow) -> String {
    format!("{}/authorization/{}", row.workspace, row.state_hash)
}
