//! The next tokens of a connection: asked for by one process of a fleet, seen through to the end.

use super::tokens::{NotReady, context, error, text};
use crate::{Engine, EngineError};
use countersign_connectors::{CallError, Client, Grant, TokenError, TokenFailure, Tokens};
use countersign_core::{catalogue::AccountState, log::FailureClass};
use countersign_store::{ConnectionRow, ConnectionTokenRow, NewAudit, StoreError, TokenStatus};
use serde_json::{Map, Value, json};

/// For how long one process refreshes alone, milliseconds: longer than its request may take.
const LEASE_MS: i64 = 60_000;
/// For how long nobody asks again after a server that did not answer, milliseconds.
const PAUSE_MS: i64 = 5_000;
/// How often tokens that came are tried to be kept, and how long is waited in between, milliseconds.
const KEEPS_MAX: u32 = 40;
const KEEP_MS: u64 = 250;

/// Codes of refusals that are no word of an authorization server: they pass when the server's set-up or the service changes.
const NO_WORDS: [&str; 3] = ["host_refused", "url_invalid", "redirects"];

/// What came of it.
pub(super) enum Refreshed {
    /// The row has other tokens now, or says why it has none.
    Done,
    /// Another process is at it.
    Elsewhere,
    /// There are none now.
    Not(CallError),
}

impl Engine {
    /// Asks for the next tokens, unless another process does.
    pub(super) async fn refresh_token(&self, row: &ConnectionTokenRow, client: &Client) -> Result<Refreshed, NotReady> {
        let lease = super::connect::random()?;
        let leased = self.0.store.lease_token(row, &lease, LEASE_MS).await.map_err(EngineError::from)?;
        if !leased {
            let rests = row.lease.is_empty() && self.0.store.lease_left(row).await.map_err(EngineError::from)? > 0;
            return Ok(if rests { Refreshed::Not(unavailable(&row.reason)) } else { Refreshed::Elsewhere });
        }
        let row = ConnectionTokenRow { lease, ..row.clone() };
        let tokens = if row.sealed.is_empty() { Map::new() } else { self.open_tokens(&row)? };
        // Between the answer and its being kept nothing may stop: a refresh token may be used once.
        let (engine, client) = (self.clone(), client.clone());
        Ok(self.see_through(async move { engine.ask_for_tokens(row, &client, tokens).await }).await?)
    }

    async fn ask_for_tokens(
        &self,
        row: ConnectionTokenRow,
        client: &Client,
        tokens: Map<String, Value>,
    ) -> Result<Refreshed, EngineError> {
        let began = self.now();
        let outbound = self.0.invoker.outbound();
        let refresh = text(&tokens, "refresh");
        let answer = match client.grant() {
            Grant::ClientCredentials => client.own_tokens(outbound).await,
            Grant::AuthorizationCode if refresh.is_empty() => Err(TokenError {
                kind: TokenFailure::Dead,
                code: "no_refresh_token".to_owned(),
                message: "the access token is over, and the service gave no other to renew it with".to_owned(),
            }),
            Grant::AuthorizationCode => client.refresh(outbound, &refresh).await,
        };
        metrics::counter!("countersign_token_refreshes_total", "good" => if answer.is_ok() { "yes" } else { "no" })
            .increment(1);
        match answer {
            Ok(new) => {
                let new = self.sealed_tokens(&row, client, (new, &refresh), began)?;
                self.keep_refreshed(&row, &new).await.map(|()| Refreshed::Done)
            }
            Err(error) => self.give_up_asking(row, error, client.grant()).await,
        }
    }

    /// The row with these tokens; `began` is when they were asked for, so that they are not believed for longer than they hold.
    pub(super) fn sealed_tokens(
        &self,
        row: &ConnectionTokenRow,
        client: &Client,
        (new, refresh): (Tokens, &str),
        began: i64,
    ) -> Result<ConnectionTokenRow, EngineError> {
        let lifetime = new.lifetime_seconds.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1000));
        let refresh = new.refresh.as_deref().unwrap_or(refresh);
        let held = Map::from_iter([
            ("access".to_owned(), Value::from(new.access)),
            ("refresh".to_owned(), Value::from(refresh)),
        ]);
        let sealed = self.0.vault.seal(&context(row), &held);
        Ok(ConnectionTokenRow {
            sealed: sealed.map_err(|error| EngineError::Corrupt(error.to_string()))?,
            client: client.fingerprint(),
            expires_at: lifetime.map(|lifetime| began.saturating_add(lifetime)),
            scope: if new.scope.is_empty() { row.scope.clone() } else { new.scope },
            refreshed_at: began,
            ..row.clone()
        })
    }

    /// Keeps tokens that came. A database that is away for a moment does not lose them.
    async fn keep_refreshed(&self, row: &ConnectionTokenRow, new: &ConnectionTokenRow) -> Result<(), EngineError> {
        for _ in 0..KEEPS_MAX {
            match self.0.store.keep_tokens(row, new).await {
                Ok(true) => return Ok(()),
                // The connection is gone, or somebody connected anew: these are nobody's.
                Ok(false) => {
                    tracing::info!(connection = row.connection, "tokens came for what was connected before; dropped");
                    return Ok(());
                }
                Err(error) if error.may_pass() => {
                    tracing::warn!(connection = row.connection, %error, "tokens that came are not kept yet");
                    if !self.pause(KEEP_MS).await {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Busy)
    }

    async fn give_up_asking(
        &self,
        row: ConnectionTokenRow,
        error: TokenError,
        grant: Grant,
    ) -> Result<Refreshed, EngineError> {
        tracing::warn!(connection = row.connection, code = error.code, error = error.message, "no access token");
        let status = match (error.kind, grant) {
            (TokenFailure::Dead, Grant::AuthorizationCode) => TokenStatus::Reconnect,
            (TokenFailure::Dead, Grant::ClientCredentials) => TokenStatus::Refused,
            (TokenFailure::Refused, _) if lasts(&error.code) => TokenStatus::Refused,
            (TokenFailure::Refused | TokenFailure::Later | TokenFailure::Unknown, _) => TokenStatus::Connected,
        };
        let mut reason = error.to_string();
        if status == TokenStatus::Reconnect && row.doubts > 0 {
            reason.push_str("; an earlier refresh was never answered, so its tokens may have been lost");
        }
        let ended = ConnectionTokenRow { status, reason: reason.clone(), ..row };
        let doubt = error.kind == TokenFailure::Unknown;
        if status == TokenStatus::Connected {
            self.0.store.give_up_refresh(&ended, (PAUSE_MS, doubt), Vec::new()).await?;
            return Ok(Refreshed::Not(unavailable(&reason)));
        }
        let connection = self.0.store.get_connection(&ended.workspace, &ended.connection).await?;
        let audit = connection.iter().map(|connection| lost(connection, &ended, self.now())).collect();
        match self.0.store.give_up_refresh(&ended, (0, doubt), audit).await {
            // Somebody connected anew meanwhile.
            Ok(()) => self.0.to_tell.notify_one(),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(connection) = connection {
            let health = json!({ "state": AccountState::Refused, "message": reason, "at": self.now() }).to_string();
            self.0.store.note_connection_health(&ConnectionRow { health, ..connection }, Vec::new()).await?;
        }
        Ok(Refreshed::Done)
    }
}

fn lost(connection: &ConnectionRow, token: &ConnectionTokenRow, at: i64) -> NewAudit {
    NewAudit {
        at,
        actor: "system".to_owned(),
        via: "call".to_owned(),
        action: "connection.lost".to_owned(),
        subject: format!("connection:{}", connection.id),
        detail: json!({
            "connector": connection.connector, "connection": connection.name, "state": token.status.to_string(),
            "message": token.reason,
        })
        .to_string(),
    }
}

/// Whether a refusal stays until somebody corrects the connection.
fn lasts(code: &str) -> bool {
    !NO_WORDS.contains(&code) && !code.starts_with("http_")
}

fn unavailable(reason: &str) -> CallError {
    error(FailureClass::Retryable, "token_unavailable", format!("there is no access token now: {reason}"))
}
