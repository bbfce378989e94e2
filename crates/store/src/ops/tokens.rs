//! Access tokens of connections: one process refreshes them at a time, by the clock of the database, and what it writes counts
//! only while nobody connected anew. People on their way to agree: each state is taken once.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{NOW_MS, insert, insert_sql, upsert};
use crate::store::audited;
use crate::{
    AuthorizationRow, ConnectionRow, ConnectionTokenRow, NewAudit, OutboundReason, OutboundRow, Result, Store,
};

/// Of one row while it is refreshed by the holder of this lease.
const HELD: &str = "WHERE workspace = ?1 AND connection = ?2 AND granted = ?3 AND seq = ?4 AND lease = ?5";

impl Store {
    /// The tokens of a connection.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_connection_token(&self, workspace: &str, connection: &str) -> Result<Option<ConnectionTokenRow>> {
        self.row("WHERE workspace = ?1 AND connection = ?2", params![workspace, connection]).await
    }

    /// The tokens of all connections, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_connection_tokens(&self, workspace: &str) -> Result<Vec<ConnectionTokenRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY connection LIMIT 1000", params![workspace]).await
    }

    /// Tokens of all workspaces that end before a time and that nobody refreshes just now, those that end first first; those after
    /// this one. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn tokens_ending(
        &self,
        before: i64,
        after: Option<&ConnectionTokenRow>,
        limit: u32,
    ) -> Result<Vec<ConnectionTokenRow>> {
        let now = self.database_now().await?;
        let (ends, workspace, connection) = after.map_or((i64::MIN, "", ""), |row| {
            (row.expires_at.unwrap_or(i64::MIN), row.workspace.as_str(), row.connection.as_str())
        });
        let sql = "WHERE status = 'connected' AND sealed <> '' AND expires_at < ?1 AND lease_until <= ?2 \
             AND (expires_at, workspace, connection) > (?3, ?4, ?5) \
             ORDER BY expires_at, workspace, connection LIMIT ?6";
        self.rows(sql, params![before, now, ends, workspace, connection, i64::from(limit)]).await
    }

    /// Keeps what a person agreed to, and the connection sealed anew: approvals of calls through it are of another account.
    ///
    /// # Errors
    /// `NotFound` when the connection is gone, or changed since `read`.
    pub async fn connect(
        &self,
        (read, now): (&ConnectionRow, &ConnectionRow),
        token: &ConnectionTokenRow,
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let sql = "UPDATE connections SET sealed = ?3, health = ?4, updated_at = ?5 \
             WHERE workspace = ?1 AND id = ?2 AND sealed = ?6 AND settings = ?7";
        let values =
            params![&read.workspace, &read.id, &now.sealed, &now.health, now.updated_at, &read.sealed, &read.settings];
        let statements = vec![Statement::new(sql, values).must_hit("connection"), upsert(token)];
        self.write(Write { statements, audit: audited(&read.workspace, audit), changes: Vec::new() }).await.map(|_| ())
    }

    /// Adds the row of a connection whose tokens nobody has to agree to; one that is there is left as it is.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_connection_token(&self, row: &ConnectionTokenRow) -> Result<()> {
        let sql = format!("{} ON CONFLICT DO NOTHING", insert_sql::<ConnectionTokenRow>());
        self.execute(Statement::new(sql, row.params())).await.map(|_| ())
    }

    /// Lets the holder of `lease` alone refresh these tokens for so many milliseconds. `false` when somebody else does, or they
    /// are not these any more.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn lease_token(&self, row: &ConnectionTokenRow, lease: &str, milliseconds: i64) -> Result<bool> {
        let now = self.database_now().await?;
        let sql = "UPDATE connection_tokens SET lease = ?5, lease_until = ?6, doubts = doubts + 1 \
             WHERE workspace = ?1 AND connection = ?2 AND granted = ?3 AND seq = ?4 AND lease_until <= ?7";
        let values = params![&row.workspace, &row.connection, &row.granted, row.seq, lease, now + milliseconds, now];
        Ok(self.execute(Statement::new(sql, values)).await?.affected > 0)
    }

    /// Keeps the tokens that the holder of `read.lease` was given, as the next ones. `false` when they are nobody's any more: the
    /// connection is gone, somebody connected anew, or the lease was over and another has been given some.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn keep_tokens(&self, read: &ConnectionTokenRow, new: &ConnectionTokenRow) -> Result<bool> {
        let sql = format!(
            "UPDATE connection_tokens SET sealed = ?6, expires_at = ?7, scope = ?8, refreshed_at = ?9, client = ?10, \
             status = 'connected', reason = '', seq = seq + 1, lease = '', lease_until = 0, doubts = 0 {HELD}"
        );
        let values = params![
            &read.workspace,
            &read.connection,
            &read.granted,
            read.seq,
            &read.lease,
            &new.sealed,
            &new.expires_at,
            &new.scope,
            new.refreshed_at,
            &new.client
        ];
        Ok(self.execute(Statement::new(sql, values)).await?.affected > 0)
    }

    /// Ends a refresh that brought nothing: how the tokens stand now, for how many milliseconds nobody tries again, and whether
    /// it may have taken place. What goes on the record is told to people too.
    ///
    /// # Errors
    /// `Busy`; `NotFound` when the lease is not theirs any more and there is something to put on the record.
    pub async fn give_up_refresh(
        &self,
        read: &ConnectionTokenRow,
        (pause_ms, doubt): (i64, bool),
        audit: Vec<NewAudit>,
    ) -> Result<()> {
        let now = self.database_now().await?;
        let sql = format!(
            "UPDATE connection_tokens SET status = ?6, reason = ?7, lease = '', lease_until = ?8, doubts = doubts - ?9 {HELD}"
        );
        let until = if pause_ms > 0 { now + pause_ms } else { 0 };
        let values = params![
            &read.workspace,
            &read.connection,
            &read.granted,
            read.seq,
            &read.lease,
            &read.status,
            &read.reason,
            until,
            i64::from(!doubt)
        ];
        let statement = Statement::new(sql, values);
        let Some(at) = audit.first().map(|entry| entry.at) else { return self.execute(statement).await.map(|_| ()) };
        // What is put on the record is told, once: with what follows it in one write.
        let lost = (OutboundReason::Disconnected, read.connection.as_str());
        let alert = OutboundRow::alerting(&read.workspace, lost, (at, at));
        let statements = vec![statement.must_hit("lease"), super::outbound::add(&alert)];
        self.write(Write { statements, audit: audited(&read.workspace, audit), changes: Vec::new() }).await.map(|_| ())
    }

    /// Whether the time until which nobody else refreshes is over, by the clock of the database.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn lease_left(&self, row: &ConnectionTokenRow) -> Result<i64> {
        Ok(row.lease_until - self.database_now().await?)
    }

    /// Forgets a connection's tokens.
    ///
    /// # Errors
    /// `NotFound` when there are none.
    pub async fn forget_tokens(&self, workspace: &str, connection: &str, audit: Vec<NewAudit>) -> Result<()> {
        let statement = forget(workspace, connection).must_hit("connected account");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }

    /// After the client of a connection was corrected: tokens are asked for again.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn forgive_refusal(&self, workspace: &str, connection: &str) -> Result<()> {
        let sql = "UPDATE connection_tokens SET status = 'connected', reason = '', lease_until = 0 \
             WHERE workspace = ?1 AND connection = ?2 AND status = 'refused'";
        self.execute(Statement::new(sql, params![workspace, connection])).await.map(|_| ())
    }

    /// Lets a state in, and forgets those of the workspace that ended before `now`.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_authorization(&self, row: &AuthorizationRow, now: i64, audit: Vec<NewAudit>) -> Result<()> {
        let over = "DELETE FROM authorizations WHERE workspace = ?1 AND expires_at < ?2";
        let statements = vec![Statement::new(over, params![&row.workspace, now]), insert(row)];
        self.write(Write { statements, audit: audited(&row.workspace, audit), changes: Vec::new() }).await.map(|_| ())
    }

    /// What a state stands for.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_authorization(&self, workspace: &str, state_hash: &str) -> Result<Option<AuthorizationRow>> {
        self.row("WHERE workspace = ?1 AND state_hash = ?2", params![workspace, state_hash]).await
    }

    /// Takes a state: only one gets it.
    ///
    /// # Errors
    /// `NotFound` when it was taken.
    pub async fn take_authorization(&self, row: &AuthorizationRow) -> Result<()> {
        let sql = "DELETE FROM authorizations WHERE workspace = ?1 AND state_hash = ?2";
        let statement = Statement::new(sql, params![&row.workspace, &row.state_hash]).must_hit("authorization");
        self.execute(statement).await.map(|_| ())
    }

    async fn database_now(&self) -> Result<i64> {
        let rows = self.query(format!("SELECT {NOW_MS}"), vec![]).await?;
        rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "now"))
    }
}

/// Takes a connection's tokens away, if it has any.
pub(super) fn forget(workspace: &str, connection: &str) -> Statement {
    Statement::new(
        "DELETE FROM connection_tokens WHERE workspace = ?1 AND connection = ?2",
        params![workspace, connection],
    )
}
