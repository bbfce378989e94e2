//! Opened credentials, kept for a few seconds.

use super::{
    choice::{AccountChoice, NotChosen, chosen},
    tokens::KeptTokens,
};
use crate::{Engine, EngineError};
use countersign_channels::{ChannelAccount, Platform};
use countersign_connectors::{Connection, Manifest, Secrets};
use countersign_core::{
    approval::{Accounts, ChosenAccounts, connector_of},
    catalogue::AccountState,
    check::{AccountNames, ConnectorAccounts},
    run::Version,
};
use countersign_store::{ChannelAccountRow, ConnectionRow};
use quick_cache::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// How long an opened credential is used without looking again, milliseconds: another process may have changed it.
pub(super) const FRESH_MS: i64 = 5000;
/// Stands for a connector where an account on a channel takes a place.
pub(crate) const CHANNEL: &str = "channel";
/// How many of each are kept.
const KEPT_MAX: usize = 5000;

#[derive(Clone)]
struct Kept<T> {
    value: Option<T>,
    read_at: i64,
}

/// Workspace, connector, and the id or the name that chooses.
type Kind = (String, String, Option<String>, Option<String>);

pub(crate) struct Connections {
    connections: Cache<Kind, Kept<Arc<Connection>>>,
    accounts: Cache<(String, Platform), Kept<Arc<OpenAccount>>>,
    by_id: Cache<String, Kept<Arc<OpenAccount>>>,
    /// By a connection's revision: what the calls through it showed last, and when that was compared with its row.
    pub(super) heard: Cache<String, (AccountState, i64)>,
    /// By a connection's id: when it was last written down that it was called through.
    pub(super) used: Cache<String, i64>,
    pub(super) tokens: KeptTokens,
    /// By a channel account's id: when something that its provider posted was last written down.
    pub(super) posted: Cache<String, i64>,
}

/// A channel account with its secrets open.
#[derive(Debug)]
pub(crate) struct OpenAccount {
    pub(crate) workspace: String,
    pub(crate) id: String,
    pub(crate) account: ChannelAccount,
    /// Another text after each change of the account.
    pub(crate) revision: String,
}

impl OpenAccount {
    /// What shares its limits: workspace, channel, and account.
    pub(crate) fn place(&self) -> (String, String, Option<String>) {
        (self.workspace.clone(), CHANNEL.to_owned(), Some(self.id.clone()))
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            connections: Cache::new(KEPT_MAX),
            accounts: Cache::new(KEPT_MAX),
            by_id: Cache::new(KEPT_MAX),
            heard: Cache::new(KEPT_MAX),
            used: Cache::new(KEPT_MAX),
            tokens: KeptTokens::new(KEPT_MAX),
            posted: Cache::new(KEPT_MAX),
        }
    }
}

impl Engine {
    /// The connection that is meant; none when the workspace has none, which suits connectors that need no credentials.
    ///
    /// # Errors
    /// When the name does not exist, `NoAccount`, or when the credentials cannot be read.
    pub async fn connection(
        &self,
        workspace: &str,
        connector: &str,
        choice: AccountChoice<'_>,
    ) -> Result<Option<Arc<Connection>>, EngineError> {
        let (id, name) = match choice {
            AccountChoice::Account(id) => (Some(id.to_owned()), None),
            AccountChoice::Named(name) => (None, Some(name.to_owned())),
            AccountChoice::Unsaid => (None, None),
            AccountChoice::Nobodys => return Ok(None),
        };
        let kind = (workspace.to_owned(), connector.to_owned(), id, name);
        let now = self.now();
        if let Some(kept) = self.0.connections.connections.get(&kind)
            && now.saturating_sub(kept.read_at) < FRESH_MS
        {
            return Ok(kept.value);
        }
        let value = self.read_connection(workspace, connector, choice).await?.map(Arc::new);
        self.0.connections.connections.insert(kind, Kept { value: value.clone(), read_at: now });
        Ok(value)
    }

    /// Forgets what was opened for a workspace, after a change.
    pub fn forget_connections(&self, workspace: &str) {
        self.0.connections.connections.retain(|(owner, ..), _| owner != workspace);
        self.0.connections.accounts.retain(|(owner, _), _| owner != workspace);
        self.0.connections.tokens.forget(workspace);
        let by_id = &self.0.connections.by_id;
        by_id.retain(|_, kept| kept.value.as_ref().is_none_or(|open| open.workspace != workspace));
    }

    async fn read_connection(
        &self,
        workspace: &str,
        connector: &str,
        choice: AccountChoice<'_>,
    ) -> Result<Option<Connection>, EngineError> {
        let rows = self.0.store.list_connections(workspace).await?;
        let of_connector = rows.iter().filter(|row| row.connector == connector);
        let Some(row) = chosen(of_connector, choice).map_err(|why| match why {
            NotChosen::Unknown => EngineError::NotFound("connection"),
            NotChosen::Gone | NotChosen::Several(_) => EngineError::NoAccount { connector: connector.to_owned(), why },
        })?
        else {
            return Ok(None);
        };
        self.open_connection(row).map(Some)
    }

    /// The account of a row, without its tokens.
    pub(super) fn open_connection(&self, row: &ConnectionRow) -> Result<Connection, EngineError> {
        let context = format!("{}/connection/{}", row.workspace, row.id);
        let secrets: BTreeMap<String, String> =
            self.open_sealed(&context, &row.sealed)?.into_iter().map(|(name, value)| (name, as_text(&value))).collect();
        let settings = object(&row.settings, "connection settings")?;
        let (id, revision, secrets) = (row.id.clone(), revision(row), Secrets::new(secrets));
        let (connector, name) = (row.connector.clone(), row.name.clone());
        Ok(Connection { id, connector, name, settings, secrets, revision })
    }

    /// The accounts there are, as the checks see them.
    ///
    /// # Errors
    /// When the database does not answer, or the connectors cannot be read.
    pub async fn account_names(&self, workspace: &str) -> Result<AccountNames, EngineError> {
        let connectors = self.connectors(workspace).await?;
        let mut names = AccountNames::new();
        for row in self.0.store.list_connections(workspace).await? {
            let needed = connectors.connector(&row.connector).is_none_or(Manifest::needs_account);
            names
                .entry(row.connector)
                .or_insert_with(|| ConnectorAccounts { names: Vec::new(), needed })
                .names
                .push(row.name);
        }
        Ok(names)
    }

    /// The accounts that a version published now would have for these calls, each by its action and the account its step
    /// names. Nothing is chosen where an account is needed and there is none yet, or none is named and there are several.
    ///
    /// # Errors
    /// As [`Engine::account_names`].
    pub async fn choose_accounts<'a>(
        &self,
        workspace: &str,
        calls: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<ChosenAccounts, EngineError> {
        let connectors = self.connectors(workspace).await?;
        let rows = self.0.store.list_connections(workspace).await?;
        let mut accounts = ChosenAccounts::default();
        for (action, named) in calls {
            let connector = connector_of(action);
            let of_connector = rows.iter().filter(|row| row.connector == connector);
            let needed = || connectors.connector(connector).is_none_or(Manifest::needs_account);
            match chosen(of_connector, AccountChoice::of_draft(named)) {
                Ok(Some(row)) => accounts.choose(connector, named, Some(row.id.clone())),
                Ok(None) | Err(NotChosen::Several(_)) if !needed() => accounts.choose(connector, named, None),
                Ok(None) | Err(NotChosen::Several(_) | NotChosen::Unknown | NotChosen::Gone) => {}
            }
        }
        Ok(accounts)
    }

    /// What the guarded requests of a version would reach now; for the decision that follows.
    pub(crate) async fn accounts(&self, workspace: &str, version: &Version) -> Result<Accounts, EngineError> {
        let mut accounts = Accounts::NONE;
        if self.0.outside.is_some() {
            return Ok(accounts);
        }
        for (action, name) in version.guarded_calls() {
            let connector = connector_of(action);
            let choice = AccountChoice::of_step(version.accounts(), connector, name);
            let account = match self.connection(workspace, connector, choice).await {
                Ok(connection) => connection.map_or_else(String::new, |connection| connection.revision.clone()),
                // The call itself will say so.
                Err(EngineError::NotFound(_) | EngineError::NoAccount { .. }) => String::new(),
                Err(error) => return Err(error),
            };
            accounts.note(connector, name, account);
        }
        Ok(accounts)
    }

    pub(crate) async fn channel_account(
        &self,
        workspace: &str,
        channel: Platform,
    ) -> Result<Option<Arc<OpenAccount>>, EngineError> {
        let kind = (workspace.to_owned(), channel);
        let now = self.now();
        if let Some(kept) = self.0.connections.accounts.get(&kind)
            && now.saturating_sub(kept.read_at) < FRESH_MS
        {
            return Ok(kept.value);
        }
        let value = self.read_account(workspace, channel).await?.map(Arc::new);
        self.0.connections.accounts.insert(kind, Kept { value: value.clone(), read_at: now });
        Ok(value)
    }

    async fn read_account(&self, workspace: &str, channel: Platform) -> Result<Option<OpenAccount>, EngineError> {
        let rows = self.0.store.list_channel_accounts(workspace).await?;
        // The first that was made: another one does not take over what people are told by.
        let of_channel = rows.into_iter().filter(|row| row.channel == channel.tag());
        let Some(row) = of_channel.min_by_key(|row| (row.created_at, row.id.clone())) else { return Ok(None) };
        let account = self.opened_account(&row)?;
        Ok(Some(OpenAccount { revision: channel_revision(&row), workspace: row.workspace, id: row.id, account }))
    }

    pub(super) fn opened_account(&self, row: &ChannelAccountRow) -> Result<ChannelAccount, EngineError> {
        let context = format!("{}/channel/{}", row.workspace, row.id);
        let mut account = object(&row.settings, "channel settings")?;
        account.extend(self.open_sealed(&context, &row.sealed)?);
        account.insert("channel".into(), Value::from(row.channel.as_str()));
        serde_json::from_value(Value::Object(account))
            .map_err(|error| EngineError::Invalid(format!("the {} account is incomplete: {error}", row.channel)))
    }

    /// The account of this id, of any workspace.
    pub(crate) async fn account_by_id(&self, id: &str) -> Result<Option<Arc<OpenAccount>>, EngineError> {
        let now = self.now();
        if let Some(kept) = self.0.connections.by_id.get(id)
            && now.saturating_sub(kept.read_at) < FRESH_MS
        {
            return Ok(kept.value);
        }
        let Some(row) = self.0.store.find_channel_account(id).await? else { return Ok(None) };
        let account = self.opened_account(&row)?;
        let open =
            Arc::new(OpenAccount { revision: channel_revision(&row), workspace: row.workspace, id: row.id, account });
        self.0.connections.by_id.insert(id.to_owned(), Kept { value: Some(Arc::clone(&open)), read_at: now });
        Ok(Some(open))
    }

    pub(super) fn open_sealed(&self, context: &str, sealed: &str) -> Result<Map<String, Value>, EngineError> {
        if sealed.is_empty() {
            return Ok(Map::new());
        }
        self.0.vault.open(context, sealed).map_err(|error| EngineError::Corrupt(error.to_string()))
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn object(text: &str, what: &str) -> Result<Map<String, Value>, EngineError> {
    serde_json::from_str(text).map_err(|error| EngineError::Corrupt(format!("{what}: {error}")))
}

/// Another text after each change: of the settings, of a secret (sealed anew, it reads otherwise), or of the row.
pub(super) fn revision(row: &ConnectionRow) -> String {
    hashed([&row.id, &row.settings, &row.sealed])
}

/// As [`revision`], of an account on a channel.
pub(super) fn channel_revision(row: &ChannelAccountRow) -> String {
    hashed([&row.id, &row.settings, &row.sealed])
}

fn hashed(parts: [&String; 3]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
