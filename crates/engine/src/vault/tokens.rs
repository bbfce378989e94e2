//! Access tokens of connections (OAuth 2.0): which one a call takes, and when it needs another.

use super::{connections::FRESH_MS, refresh::Refreshed};
use crate::{Engine, EngineError};
use countersign_connectors::{CallError, CallOutcome, Client, Connection, Grant, Invoker, Registry};
use countersign_core::log::FailureClass;
use countersign_store::{ConnectionRow, ConnectionTokenRow, TokenStatus};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

/// A token is refreshed so long before it ends, milliseconds, or a fifth of its life before.
pub(super) const AHEAD_MS: i64 = 60_000;
/// A token that is refused although it is younger than this, milliseconds, is not refreshed: another would be refused too.
const YOUNG_MS: i64 = 30_000;
/// How often it is looked whether another process is done, and how long is waited in between, milliseconds.
const LOOKS_MAX: u32 = 120;
const LOOK_MS: u64 = 250;

/// Workspace and connection.
type Place = (String, String);

/// What tells one token of a connection from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    granted: String,
    seq: i64,
}

#[derive(Clone)]
pub(super) struct Token {
    access: String,
    mark: Mark,
    client: String,
    /// From then on it is refreshed.
    due_at: Option<i64>,
    read_at: i64,
}

/// Tokens that were opened, and whose turn it is to get others.
pub(super) struct KeptTokens {
    open: Cache<Place, Token>,
    turns: Mutex<HashMap<Place, Weak<tokio::sync::Mutex<()>>>>,
}

impl KeptTokens {
    pub(super) fn new(kept_max: usize) -> Self {
        Self { open: Cache::new(kept_max), turns: Mutex::default() }
    }

    pub(super) fn forget(&self, workspace: &str) {
        self.open.retain(|(owner, _), _| owner != workspace);
    }

    /// Of one process only one at a time looks and refreshes.
    fn turn(&self, place: &Place) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock();
        if let Some(turn) = turns.get(place).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(place.clone(), Arc::downgrade(&turn));
        turn
    }
}

/// A connection as a call takes it.
pub(crate) struct Ready {
    pub(crate) connection: Option<Arc<Connection>>,
    /// The token it has, if it has one.
    mark: Option<Mark>,
}

/// Why a connection cannot be called through.
pub(crate) enum NotReady {
    /// The database does not answer, or holds what cannot be read.
    Engine(EngineError),
    /// There is no token for it.
    Token(CallError),
}

impl From<EngineError> for NotReady {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// What a row says of the token in it.
enum Verdict {
    Use(Token),
    /// Another is wanted; until then this one is used, if it still holds.
    Refresh(Option<Token>),
}

impl Engine {
    /// The connection with the token that a call of this action takes; refreshed where it is about to end.
    pub(crate) async fn ready(
        &self,
        workspace: &str,
        (invoker, action): (&Invoker, &str),
        connection: Option<Arc<Connection>>,
    ) -> Result<Ready, NotReady> {
        self.with_token(workspace, (invoker.registry(), action), connection, None).await
    }

    /// The connection with another token, after a call with the one it had was refused for it and did not take place; nothing
    /// where it was not, or there is no other.
    pub(crate) async fn another_token(
        &self,
        workspace: &str,
        (invoker, action): (&Invoker, &str),
        ready: &Ready,
        outcome: &CallOutcome,
    ) -> Option<Result<Ready, CallError>> {
        let mark = ready.mark.as_ref().filter(|_| outcome.refused_credentials())?;
        let connection = ready.connection.clone();
        match self.with_token(workspace, (invoker.registry(), action), connection, Some(mark)).await {
            Ok(again) => (again.mark != ready.mark).then_some(Ok(again)),
            Err(NotReady::Token(error)) => Some(Err(error)),
            // The refusal stands; the next call looks again.
            Err(NotReady::Engine(_)) => None,
        }
    }

    async fn with_token(
        &self,
        workspace: &str,
        (registry, action): (&Registry, &str),
        connection: Option<Arc<Connection>>,
        refused: Option<&Mark>,
    ) -> Result<Ready, NotReady> {
        let as_is = |connection| Ok(Ready { connection, mark: None });
        let Some(open) = &connection else { return as_is(connection) };
        if !registry.takes_token(action, open) {
            return as_is(connection);
        }
        let Some(client) = registry.client(open).map_err(NotReady::Token)? else { return as_is(connection) };
        let token = self.access_token((workspace, &open.id), &client, refused).await?;
        let secrets = open.secrets.with_access_token(&token.access);
        let connection = Some(Arc::new(Connection { secrets, ..Connection::clone(open) }));
        Ok(Ready { connection, mark: Some(token.mark) })
    }

    pub(super) async fn access_token(
        &self,
        (workspace, connection): (&str, &str),
        client: &Client,
        refused: Option<&Mark>,
    ) -> Result<Token, NotReady> {
        let place = (workspace.to_owned(), connection.to_owned());
        let kept = || {
            let kept = self.0.connections.tokens.open.get(&place).filter(|_| refused.is_none())?;
            let now = self.now();
            let fresh = now.saturating_sub(kept.read_at) < FRESH_MS && kept.due_at.is_none_or(|due| due > now);
            (fresh && kept.client == client.fingerprint()).then_some(kept)
        };
        if let Some(kept) = kept() {
            return Ok(kept);
        }
        let turn = self.0.connections.tokens.turn(&place);
        let _turn = turn.lock().await;
        if let Some(kept) = kept() {
            return Ok(kept);
        }
        for _ in 0..LOOKS_MAX {
            let row = self.token_row(workspace, connection, client).await?;
            let fallback = match self.judge_token(&row, client, refused)? {
                Verdict::Use(token) => {
                    self.0.connections.tokens.open.insert(place, token.clone());
                    return Ok(token);
                }
                Verdict::Refresh(fallback) => fallback,
            };
            match (self.refresh_token(&row, client).await?, fallback) {
                (Refreshed::Done, _) => {}
                (Refreshed::Elsewhere | Refreshed::Not(_), Some(token)) => return Ok(token),
                (Refreshed::Elsewhere, None) => {
                    if !self.pause(LOOK_MS).await {
                        break;
                    }
                }
                (Refreshed::Not(error), None) => return Err(NotReady::Token(error)),
            }
        }
        let message = "another process is still asking for an access token: try again in a moment";
        Err(NotReady::Token(error(FailureClass::Retryable, "token_unavailable", message.to_owned())))
    }

    async fn token_row(
        &self,
        workspace: &str,
        connection: &str,
        client: &Client,
    ) -> Result<ConnectionTokenRow, NotReady> {
        if let Some(row) = self.0.store.get_connection_token(workspace, connection).await.map_err(EngineError::from)? {
            return Ok(row);
        }
        if client.grant() == Grant::AuthorizationCode {
            let message = "the connection is not connected: open it and press Connect".to_owned();
            return Err(NotReady::Token(error(FailureClass::Fatal, "not_connected", message)));
        }
        let row = ConnectionTokenRow {
            workspace: workspace.to_owned(),
            connection: connection.to_owned(),
            granted: super::connect::random()?,
            client: client.fingerprint(),
            status: TokenStatus::Connected,
            reason: String::new(),
            sealed: String::new(),
            seq: 0,
            expires_at: None,
            scope: String::new(),
            connected_at: self.now(),
            connected_by: String::new(),
            refreshed_at: 0,
            lease: String::new(),
            lease_until: 0,
            doubts: 0,
        };
        self.0.store.add_connection_token(&row).await.map_err(EngineError::from)?;
        let kept = self.0.store.get_connection_token(workspace, connection).await.map_err(EngineError::from)?;
        Ok(kept.ok_or(EngineError::Busy)?)
    }

    fn judge_token(
        &self,
        row: &ConnectionTokenRow,
        client: &Client,
        refused: Option<&Mark>,
    ) -> Result<Verdict, NotReady> {
        let not = |code: &str, message: String| Err(NotReady::Token(error(FailureClass::Fatal, code, message)));
        let another = row.client != client.fingerprint();
        match (row.status, client.grant()) {
            (_, Grant::AuthorizationCode) if another => return not("reconnect_needed", CHANGED.to_owned()),
            (TokenStatus::Reconnect, _) => {
                return not("reconnect_needed", format!("the connection must be connected again: {}", row.reason));
            }
            (TokenStatus::Refused, _) => {
                return not("client_refused", format!("the connection must be corrected: {}", row.reason));
            }
            (TokenStatus::Connected, _) => {}
        }
        if row.sealed.is_empty() || another {
            return Ok(Verdict::Refresh(None));
        }
        let now = self.now();
        let mark = Mark { granted: row.granted.clone(), seq: row.seq };
        let tokens = self.open_tokens(row)?;
        let access = text(&tokens, "access");
        let has_other = client.grant() == Grant::ClientCredentials || !text(&tokens, "refresh").is_empty();
        let ahead = |ends: i64| ends - AHEAD_MS.min(ends.saturating_sub(row.refreshed_at) / 5);
        let due_at = row.expires_at.map(|ends| if has_other { ahead(ends) } else { ends });
        let young = now.saturating_sub(row.refreshed_at) < YOUNG_MS;
        let was_refused = refused == Some(&mark) && !young && has_other;
        let token = Token { access, mark, client: row.client.clone(), due_at, read_at: now };
        if was_refused {
            return Ok(Verdict::Refresh(None));
        }
        match due_at {
            Some(due) if due <= now => {
                let holds = row.expires_at.is_none_or(|ends| ends > now);
                Ok(Verdict::Refresh(holds.then_some(token)))
            }
            Some(_) | None => Ok(Verdict::Use(token)),
        }
    }

    pub(super) fn open_tokens(&self, row: &ConnectionTokenRow) -> Result<Map<String, Value>, EngineError> {
        self.open_sealed(&context(row), &row.sealed)
    }
}

/// Tokens are bound to what somebody agreed to, too.
pub(super) fn context(row: &ConnectionTokenRow) -> String {
    format!("{}/token/{}/{}", row.workspace, row.connection, row.granted)
}

/// Why tokens of another client are of no use.
const CHANGED: &str = "the client's id or address was changed since it was connected: connect it again";

pub(super) fn text(tokens: &Map<String, Value>, name: &str) -> String {
    tokens.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn error(class: FailureClass, code: &str, message: String) -> CallError {
    let retry_after_seconds = (class == FailureClass::Retryable).then_some(5);
    CallError { class, code: code.to_owned(), message, details: Value::Null, retry_after_seconds }
}

/// How the tokens of a connection stand, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has agreed, or nothing was asked for yet.
    NotConnected,
    /// There are tokens.
    Connected,
    /// A person has to agree anew.
    Reconnect,
    /// Somebody has to correct the connection.
    Refused,
}

/// The same with what is known of it.
#[derive(Debug, Clone)]
pub struct TokenStanding {
    /// Who agrees.
    pub grant: Grant,
    /// How it stands.
    pub standing: Standing,
    /// Why it is not connected; empty when it is, or nobody agreed yet.
    pub reason: String,
    /// The tokens, if there are any.
    pub row: Option<ConnectionTokenRow>,
}

impl Engine {
    /// How the tokens of a connection stand; nothing of a connector without OAuth 2.0, or a connection that proves itself otherwise.
    #[must_use]
    pub fn token_standing(
        &self,
        registry: &Registry,
        connection: &ConnectionRow,
        row: Option<ConnectionTokenRow>,
    ) -> Option<TokenStanding> {
        let grant = registry.oauth2(&connection.connector)?.grant;
        let client = self.open_connection(connection).ok().map(|open| registry.client(&open));
        let (standing, reason) = match (client, &row) {
            (Some(Ok(None)), _) => return None,
            (None, _) => (Standing::Refused, "its secrets cannot be opened".to_owned()),
            (Some(Err(error)), _) => (Standing::Refused, error.message),
            (Some(Ok(Some(_))), None) => (Standing::NotConnected, String::new()),
            (Some(Ok(Some(client))), Some(row)) => match row.status {
                TokenStatus::Reconnect => (Standing::Reconnect, row.reason.clone()),
                TokenStatus::Refused => (Standing::Refused, row.reason.clone()),
                TokenStatus::Connected if row.client == client.fingerprint() && !row.sealed.is_empty() => {
                    (Standing::Connected, String::new())
                }
                TokenStatus::Connected if grant == Grant::AuthorizationCode => {
                    (Standing::Reconnect, CHANGED.to_owned())
                }
                TokenStatus::Connected => (Standing::NotConnected, String::new()),
            },
        };
        Some(TokenStanding { grant, standing, reason, row })
    }
}
