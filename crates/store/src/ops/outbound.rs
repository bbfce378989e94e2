//! What people are told: written with what caused it, taken by a process, sent. Times at which something is due are the
//! database's.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{BY_ID, NOW_MS, Query, insert, insert_sql, update_sql, upsert};
use crate::store::audited;
use crate::{
    Cursor, LinkRow, NewAudit, NotificationsRow, OutboundEndRow, OutboundKind, OutboundOutcome, OutboundRow,
    OutboundStatus, Page, PageRequest, Result, Store,
};

/// Rows told about one checkpoint.
const OF_ONE_MAX: u32 = 2000;

/// Which rows; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct OutboundFilter {
    /// Of one checkpoint.
    pub checkpoint: Option<String>,
    /// Whether it is dealt with.
    pub status: Option<OutboundStatus>,
    /// What came of it.
    pub outcome: Option<OutboundOutcome>,
}

/// Writes a row that is due `due_at` milliseconds from now; one that is there is left as it is.
pub(super) fn add(row: &OutboundRow) -> Statement {
    let sql = insert_sql::<OutboundRow>().replacen("?11", &format!("{NOW_MS} + ?11"), 1);
    Statement::new(format!("{sql} ON CONFLICT DO NOTHING"), row.params())
}

impl Store {
    /// Takes rows of all workspaces that are due and that no process has, for so many milliseconds. For the engine only. An
    /// attempt of which nobody said what came of it counts as a doubt.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn claim_outbound(&self, lease_ms: i64, limit: u32) -> Result<Vec<OutboundRow>> {
        let tried = "attempts = attempts + 1, doubts = doubts + under_way, under_way = 0";
        let mut taken = self.claim_due::<OutboundRow>("outbound", tried, lease_ms, limit).await?;
        taken.sort_by(|one: &OutboundRow, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(taken)
    }

    /// Says that an attempt begins now. `false` when the row ended meanwhile or another process took it: then nothing may be
    /// sent.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn begin_outbound(&self, row: &OutboundRow) -> Result<bool> {
        let sql = "UPDATE outbound SET under_way = 1 WHERE workspace = ?1 AND id = ?2 AND attempts = ?3 \
             AND status = 'waiting'";
        Ok(self.execute(Statement::new(sql, params![&row.workspace, &row.id, row.attempts])).await?.affected > 0)
    }

    /// Ends what happened to a checkpoint by what is to be told of it, and the links it is told with. What was written
    /// before is left as it is. `due_at` of the rows is how many milliseconds from now.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn announce(&self, end: &OutboundEndRow, rows: &[OutboundRow], links: &[LinkRow]) -> Result<()> {
        let mut statements: Vec<Statement> = rows.iter().map(add).collect();
        let kept = |link| {
            let mut statement = insert::<LinkRow>(link);
            statement.sql = format!("{} ON CONFLICT DO NOTHING", statement.sql).into();
            statement
        };
        statements.extend(links.iter().map(kept));
        statements.push(ended(end));
        // What is dealt with by being written down shows at once, as does a warning, which may have been written before; of
        // the rest its end tells.
        let shows = |row: &&OutboundRow| row.status == OutboundStatus::Done || row.kind == OutboundKind::Warning;
        let done = rows.iter().find(shows);
        let changes =
            done.map(|row| super::checkpoints::changed(&row.workspace, &row.checkpoint)).into_iter().collect();
        self.write(Write { statements, changes, ..Write::default() }).await.map(|_| ())
    }

    /// Ends one row, which is about this checkpoint. A row that ended keeps how.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn end_outbound(&self, end: &OutboundEndRow, checkpoint: &str) -> Result<()> {
        let changes = vec![super::checkpoints::changed(&end.workspace, checkpoint)];
        self.write(Write { statements: vec![ended(end)], changes, ..Write::default() }).await.map(|_| ())
    }

    /// Nobody takes it for the next so many milliseconds; `doubt` when its attempt may have reached the person.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn postpone_outbound(
        &self,
        row: &OutboundRow,
        milliseconds: i64,
        doubt: bool,
        error: Option<&str>,
    ) -> Result<()> {
        let rows = self.query(format!("SELECT {NOW_MS}"), vec![]).await?;
        let now: i64 = rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "now"))?;
        let sql = "UPDATE outbound SET due_at = ?3, under_way = 0, doubts = doubts + ?4, error = coalesce(?5, error) \
             WHERE workspace = ?1 AND id = ?2 AND status = 'waiting'";
        let values = params![&row.workspace, &row.id, now + milliseconds, i64::from(doubt), error];
        self.execute(Statement::new(sql, values)).await.map(|_| ())
    }

    /// Ends the messages about a checkpoint that nobody is sending: it is decided. One that may have been delivered says so.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn drop_outbound(&self, workspace: &str, checkpoint: &str, at: i64) -> Result<u64> {
        let sql = "UPDATE outbound SET status = 'done', done_at = ?3, \
             outcome = CASE WHEN doubts > 0 THEN 'unknown' ELSE 'moot' END \
             WHERE workspace = ?1 AND checkpoint = ?2 AND kind = 'message' AND status = 'waiting' AND under_way = 0";
        Ok(self.execute(Statement::new(sql, params![workspace, checkpoint, at])).await?.affected)
    }

    /// Writes rows beside what others write.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn add_outbound(&self, rows: &[OutboundRow]) -> Result<()> {
        let statements = rows.iter().map(add).collect();
        self.write(Write { statements, ..Write::default() }).await.map(|_| ())
    }

    /// One row.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_outbound(&self, workspace: &str, id: &str) -> Result<Option<OutboundRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// What was and is to be told about a checkpoint, oldest first, at most 2000 rows.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn outbound_of(&self, workspace: &str, checkpoint: &str) -> Result<Vec<OutboundRow>> {
        let tail = "WHERE workspace = ?1 AND checkpoint = ?2 ORDER BY at, id LIMIT ?3";
        self.rows(tail, params![workspace, checkpoint, OF_ONE_MAX]).await
    }

    /// What people were and are to be told, newest first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_outbound(
        &self,
        workspace: &str,
        filter: &OutboundFilter,
        page: &PageRequest,
    ) -> Result<Page<OutboundRow>> {
        let mut query = Query::in_workspace(workspace);
        query.and("kind <> ", &OutboundKind::Announce);
        query.and("kind <> ", &OutboundKind::Alert);
        query.and_some("checkpoint = ", filter.checkpoint.as_deref());
        query.and_some("status = ", filter.status.as_ref());
        query.and_some("outcome = ", filter.outcome.as_ref());
        let cursor = |row: &OutboundRow| Cursor { at: row.at, id: row.id.clone() };
        self.newest(query, ("at", page), cursor).await
    }

    /// How many rows of all workspaces wait, counted up to `most`. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn count_waiting_outbound(&self, most: u32) -> Result<u64> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM outbound WHERE status = 'waiting' LIMIT ?1) AS waiting";
        let rows = self.query(sql.to_owned(), params![most]).await?;
        rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "count"))
    }

    /// Lets what a process had that is gone be taken at once. For a process alone with its database.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn release_outbound(&self) -> Result<()> {
        let sql = "UPDATE outbound SET due_at = 0 WHERE status = 'waiting' AND attempts > 0";
        self.execute(Statement::new(sql, vec![])).await.map(|_| ())
    }

    /// Forgets what was told before this time, and links that ended before it.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn purge_outbound(&self, before: i64) -> Result<u64> {
        for sql in ["DELETE FROM links WHERE expires_at < ?1", "DELETE FROM form_links WHERE expires_at < ?1"] {
            self.execute(Statement::new(sql, params![before])).await?;
        }
        Ok(self.execute(Statement::new("DELETE FROM outbound WHERE done_at < ?1", params![before])).await?.affected)
    }

    /// The link of a token, of any workspace: the token is the secret that tells it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_link(&self, token_hash: &str) -> Result<Option<LinkRow>> {
        self.row("WHERE token_hash = ?1", params![token_hash]).await
    }

    /// Notes that a link was decided with.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn use_link(&self, link: &LinkRow, at: i64) -> Result<()> {
        let sql = "UPDATE links SET used_at = ?3 WHERE workspace = ?1 AND token_hash = ?2 AND used_at IS NULL";
        self.execute(Statement::new(sql, params![&link.workspace, &link.token_hash, at])).await.map(|_| ())
    }

    /// How a person wants to be told, when they said.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_notifications(&self, workspace: &str, user: &str) -> Result<Option<NotificationsRow>> {
        self.row("WHERE workspace = ?1 AND user_id = ?2", params![workspace, user]).await
    }

    /// How the people of a workspace want to be told, as far as they said, at most 10,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_notifications(&self, workspace: &str) -> Result<Vec<NotificationsRow>> {
        self.rows("WHERE workspace = ?1 ORDER BY user_id LIMIT 10000", params![workspace]).await
    }

    /// Keeps how a person wants to be told.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn put_notifications(&self, row: &NotificationsRow, audit: Vec<NewAudit>) -> Result<()> {
        let write = Write { statements: vec![upsert(row)], audit: audited(&row.workspace, audit), changes: Vec::new() };
        self.write(write).await.map(|_| ())
    }
}

fn ended(end: &OutboundEndRow) -> Statement {
    Statement::new(format!("{} AND status = 'waiting'", update_sql::<OutboundEndRow>()), end.params())
}
