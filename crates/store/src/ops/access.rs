//! Sessions, API keys and tokens that work once. Only hashes of secrets are stored.

use crate::database::{Statement, Write};
use crate::rows::{TableRow, params};
use crate::sql::insert;
use crate::store::{audited, decode};
use crate::{ApiKeyRow, NewAudit, OneTimeTokenRow, Result, SessionRow, Store};

impl Store {
    /// Adds a session.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn create_session(&self, row: &SessionRow) -> Result<()> {
        self.execute(insert(row)).await.map(|_| ())
    }

    /// The session of this token unless it has ended.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_session(&self, token_hash: &str, now: i64) -> Result<Option<SessionRow>> {
        self.row("WHERE token_hash = ?1 AND expires_at > ?2", params![token_hash, now]).await
    }

    /// Moves the end of a session; one that is gone is fine.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn extend_session(&self, token_hash: &str, expires_at: i64) -> Result<()> {
        let sql = "UPDATE sessions SET expires_at = ?2 WHERE token_hash = ?1";
        self.execute(Statement::new(sql, params![token_hash, expires_at])).await.map(|_| ())
    }

    /// Ends a session of a user; one that is gone is fine.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn delete_session(&self, workspace: &str, user: &str, token_hash: &str) -> Result<()> {
        let statement = Statement::new("DELETE FROM sessions WHERE token_hash = ?1", params![token_hash]);
        let changes = super::people::access(workspace, user);
        self.write(Write { statements: vec![statement], changes, ..Write::default() }).await.map(|_| ())
    }

    /// Ends all sessions of a user, in every workspace. Live pages of `workspace` are told.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn delete_sessions_of(&self, workspace: &str, user: &str) -> Result<()> {
        let statement = Statement::new("DELETE FROM sessions WHERE user_id = ?1", params![user]);
        let changes = super::people::access(workspace, user);
        self.write(Write { statements: vec![statement], changes, ..Write::default() }).await.map(|_| ())
    }

    /// Removes sessions and tokens that have ended; returns how many.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn purge_expired(&self, now: i64) -> Result<u64> {
        let write = Write {
            statements: vec![
                Statement::new("DELETE FROM sessions WHERE expires_at <= ?1", params![now]),
                Statement::new("DELETE FROM one_time_tokens WHERE expires_at <= ?1", params![now]),
            ],
            ..Default::default()
        };
        Ok(self.write(write).await?.iter().map(|done| done.affected).sum())
    }

    /// Adds an API key.
    ///
    /// # Errors
    /// `AlreadyExists`.
    pub async fn create_api_key(&self, row: &ApiKeyRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// The key with this hash, of any workspace, unless it is revoked. For sign-in only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_api_key(&self, key_hash: &str) -> Result<Option<ApiKeyRow>> {
        self.row("WHERE key_hash = ?1 AND revoked_at IS NULL", params![key_hash]).await
    }

    /// Keys, newest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_api_keys(&self, workspace: &str) -> Result<Vec<ApiKeyRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY created_at DESC, id DESC LIMIT 1000", params![workspace]).await
    }

    /// One key, revoked or not.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_api_key(&self, workspace: &str, id: &str) -> Result<Option<ApiKeyRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// Revokes a key; one already revoked keeps its time.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_api_key(&self, workspace: &str, id: &str, at: i64, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?3) WHERE workspace = ?1 AND id = ?2";
        let statement = Statement::new(sql, params![workspace, id, at]).must_hit("API key");
        let changes = super::people::access(workspace, id);
        let write = Write { statements: vec![statement], audit: audited(workspace, audit), changes };
        self.write(write).await.map(|_| ())
    }

    /// Notes a use of a key.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn touch_api_key(&self, workspace: &str, id: &str, at: i64) -> Result<()> {
        let sql = "UPDATE api_keys SET last_used_at = ?3 WHERE workspace = ?1 AND id = ?2";
        self.execute(Statement::new(sql, params![workspace, id, at])).await.map(|_| ())
    }

    /// Adds a token.
    ///
    /// # Errors
    /// `AlreadyExists`.
    pub async fn create_token(&self, row: &OneTimeTokenRow) -> Result<()> {
        self.execute(insert(row)).await.map(|_| ())
    }

    /// A token that could be used now, without using it (a GET shows, a POST decides).
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn peek_token(&self, token_hash: &str, purpose: &str, now: i64) -> Result<Option<OneTimeTokenRow>> {
        let tail = "WHERE token_hash = ?1 AND purpose = ?2 AND expires_at > ?3 AND used_at IS NULL";
        self.row(tail, params![token_hash, purpose, now]).await
    }

    /// Uses a token: of any number of callers one gets the row, ever.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn consume_token(&self, token_hash: &str, purpose: &str, now: i64) -> Result<Option<OneTimeTokenRow>> {
        let sql = format!(
            "UPDATE one_time_tokens SET used_at = ?3 WHERE token_hash = ?1 AND purpose = ?2 AND expires_at > ?3 \
             AND used_at IS NULL RETURNING {}",
            OneTimeTokenRow::column_list()
        );
        let done = self.execute(Statement::new(sql, params![token_hash, purpose, now])).await?;
        Ok(decode(done.rows)?.into_iter().next())
    }
}
