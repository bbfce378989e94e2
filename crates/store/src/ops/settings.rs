//! Connections and channel accounts. Their secrets arrive encrypted and leave encrypted.

use crate::database::{Statement, Write};
use crate::rows::params;
use crate::sql::{insert, update};
use crate::store::audited;
use crate::{ChannelAccountRow, ConnectionRow, NewAudit, OutboundReason, OutboundRow, Result, Store, StoreError};

/// How what was heard of a connection is told.
#[derive(Debug)]
pub struct Heard {
    /// On the record.
    pub entry: NewAudit,
    /// To people.
    pub alert: bool,
}

impl Store {
    /// Adds a connection.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken.
    pub async fn create_connection(&self, row: &ConnectionRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// Replaces a connection's fields.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_connection(&self, row: &ConnectionRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, update(row).must_hit("connection"), audit).await.map(|_| ())
    }

    /// Keeps what the service said of a connection; nothing when it is not there or was changed since, for then the service
    /// spoke of another.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn note_connection_health(&self, row: &ConnectionRow, audit: Vec<NewAudit>) -> Result<()> {
        let sql =
            "UPDATE connections SET health = ?1 WHERE workspace = ?2 AND id = ?3 AND sealed = ?4 AND settings = ?5";
        let params = params![&row.health, &row.workspace, &row.id, &row.sealed, &row.settings];
        self.execute_audited(&row.workspace, Statement::new(sql, params), audit).await.map(|_| ())
    }

    /// Keeps what calls through a connection showed of it, if it still is as it was read, health included; `false` when it is
    /// not, for then somebody else spoke of it or it is another. A refusal is told to people too, once.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn hear_of_connection(&self, read: &ConnectionRow, health: &str, told: Heard) -> Result<bool> {
        let sql = "UPDATE connections SET health = ?1 \
             WHERE workspace = ?2 AND id = ?3 AND sealed = ?4 AND settings = ?5 AND health = ?6";
        let params = params![health, &read.workspace, &read.id, &read.sealed, &read.settings, &read.health];
        let mut statements = vec![Statement::new(sql, params).must_hit("connection")];
        if told.alert {
            let lost = (OutboundReason::Disconnected, read.id.as_str());
            let alert = OutboundRow::alerting(&read.workspace, lost, (told.entry.at, told.entry.at));
            statements.push(super::outbound::add(&alert));
        }
        let audit = audited(&read.workspace, vec![told.entry]);
        match self.write(Write { statements, audit, changes: Vec::new() }).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Keeps when a connection was last called through and by whom.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn note_connection_use(&self, workspace: &str, id: &str, used: &str) -> Result<()> {
        let sql = "UPDATE connections SET used = ?3 WHERE workspace = ?1 AND id = ?2";
        self.execute(Statement::new(sql, params![workspace, id, used])).await.map(|_| ())
    }

    /// One connection.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_connection(&self, workspace: &str, id: &str) -> Result<Option<ConnectionRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// The connection of this connector with this name.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_connection(&self, workspace: &str, connector: &str, name: &str) -> Result<Option<ConnectionRow>> {
        let tail = "WHERE workspace = ?1 AND connector = ?2 AND name = ?3";
        self.row(tail, params![workspace, connector, name]).await
    }

    /// Connections by connector and name, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_connections(&self, workspace: &str) -> Result<Vec<ConnectionRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY connector, name LIMIT 1000", params![workspace]).await
    }

    /// Removes a connection and its tokens.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_connection(&self, workspace: &str, id: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM connections WHERE workspace = ?1 AND id = ?2";
        let ways = "DELETE FROM authorizations WHERE workspace = ?1 AND connection = ?2";
        let statements = vec![
            Statement::new(sql, params![workspace, id]).must_hit("connection"),
            super::tokens::forget(workspace, id),
            Statement::new(ways, params![workspace, id]),
        ];
        let write = Write { statements, audit: audited(workspace, audit), changes: Vec::new() };
        self.write(write).await.map(|_| ())
    }

    /// Adds a channel account.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken.
    pub async fn create_channel_account(&self, row: &ChannelAccountRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// Replaces a channel account's fields.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_channel_account(&self, row: &ChannelAccountRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, update(row).must_hit("channel account"), audit).await.map(|_| ())
    }

    /// One channel account.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_channel_account(&self, workspace: &str, id: &str) -> Result<Option<ChannelAccountRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// The channel account of this id, of any workspace: the address of a webhook tells no workspace.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_channel_account(&self, id: &str) -> Result<Option<ChannelAccountRow>> {
        self.row("WHERE id = ?1", params![id]).await
    }

    /// Channel accounts by channel and name, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_channel_accounts(&self, workspace: &str) -> Result<Vec<ChannelAccountRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY channel, name LIMIT 1000", params![workspace]).await
    }

    /// Channel accounts of all workspaces on one channel; for start-up and incoming webhooks only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn all_channel_accounts(&self, channel: &str) -> Result<Vec<ChannelAccountRow>> {
        self.rows("WHERE channel = ?1 ORDER BY workspace, name LIMIT 10000", params![channel]).await
    }

    /// Keeps what the provider said of an account; nothing when it is not there or was changed since, for then the provider
    /// spoke of another.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn note_channel_health(&self, row: &ChannelAccountRow, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "UPDATE channel_accounts SET health = ?1 WHERE workspace = ?2 AND id = ?3 AND sealed = ?4 AND settings = ?5";
        let params = params![&row.health, &row.workspace, &row.id, &row.sealed, &row.settings];
        self.execute_audited(&row.workspace, Statement::new(sql, params), audit).await.map(|_| ())
    }

    /// Keeps when the provider last posted something to an account.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn note_channel_heard(&self, workspace: &str, id: &str, at: i64) -> Result<()> {
        let sql = "UPDATE channel_accounts SET heard_at = ?3 WHERE workspace = ?1 AND id = ?2 \
                   AND (heard_at IS NULL OR heard_at < ?3)";
        self.execute(Statement::new(sql, params![workspace, id, at])).await.map(|_| ())
    }

    /// Removes a channel account.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_channel_account(&self, workspace: &str, id: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM channel_accounts WHERE workspace = ?1 AND id = ?2";
        let statement = Statement::new(sql, params![workspace, id]).must_hit("channel account");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }
}
