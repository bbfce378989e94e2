//! What came from outside: accepted, taken by a process, dealt with. Times at which something is due are the database's.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{BY_ID, NOW_MS, Query, insert_sql};
use crate::store::{audited, decode};
use crate::{
    Change, ChangeKind, Cursor, InboundEndRow, InboundRow, InboundStatus, MessageRow, NewAudit, NewMessage, Page,
    PageRequest, Result, Store, StoreError,
};

/// Which events; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct InboundFilter {
    /// Through what it came.
    pub source: Option<String>,
    /// Whether it is dealt with.
    pub status: Option<InboundStatus>,
    /// The message trigger that it was for.
    pub wanted_by: Option<String>,
}

/// Stores an event that a process has for the next `due_at` milliseconds; one with the same key is left as it is.
pub(super) fn accept(row: &InboundRow) -> Statement {
    let sql = insert_sql::<InboundRow>().replacen("?8", &format!("{NOW_MS} + ?8"), 1);
    Statement::new(format!("{sql} ON CONFLICT DO NOTHING"), row.params())
}

/// Ends what waits.
pub(super) fn ended(end: &InboundEndRow) -> Statement {
    let sql = format!("{} AND status = 'waiting'", crate::sql::update_sql::<InboundEndRow>());
    Statement::new(sql, end.params())
}

impl Store {
    /// Accepts what came in. `due_at` is how long the accepting process has it to itself, milliseconds. `false` when it
    /// came before.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn accept_inbound(&self, row: &InboundRow) -> Result<bool> {
        Ok(self.execute(accept(row)).await?.affected > 0)
    }

    /// Accepts several in one piece; whether each is new. Of the same key the first counts.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn accept_all_inbound(&self, rows: &[InboundRow]) -> Result<Vec<bool>> {
        let write = Write { statements: rows.iter().map(accept).collect(), ..Write::default() };
        Ok(self.write(write).await?.into_iter().map(|done| done.affected > 0).collect())
    }

    /// The first of a source that waits, in the order of the other side.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn first_waiting_inbound(&self, workspace: &str, source: &str) -> Result<Option<InboundRow>> {
        let tail = "WHERE workspace = ?1 AND source = ?2 AND status = 'waiting' ORDER BY rank, at, id LIMIT 1";
        self.row(tail, params![workspace, source]).await
    }

    /// Appends a message that an event told, ends the event and accepts what is to be done about the message. `false` when
    /// the message was there before or the event was dealt with: then nothing is done.
    ///
    /// # Errors
    /// `NotFound` when the conversation is not in the workspace.
    pub async fn receive_message(
        &self,
        message: &NewMessage,
        end: &InboundEndRow,
        next: Option<&InboundRow>,
    ) -> Result<(MessageRow, bool)> {
        let mut more = vec![ended(end).must_hit("inbound event")];
        more.extend(next.map(accept));
        self.append_with(&end.workspace, message, (more, Vec::new())).await
    }

    /// Asks the customer again, because what they said is no answer: appends the question, ends the event and puts the
    /// conversation into *Unanswered*. `false` when the event was dealt with: then nothing is done.
    ///
    /// # Errors
    /// `NotFound` when the conversation is not in the workspace.
    pub async fn ask_again(&self, question: &NewMessage, end: &InboundEndRow, said: &MessageRow) -> Result<bool> {
        let unanswered = super::conversations::unanswered(&end.workspace, said);
        let more = vec![ended(end).must_hit("inbound event"), unanswered];
        Ok(self.append_with(&end.workspace, question, (more, Vec::new())).await?.1)
    }

    /// Ends the event of what a customer said and nobody answers: the conversation goes into *Unanswered*, unless a person
    /// has it or has answered since. `false` when it was dealt with before.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn end_unanswered(&self, end: &InboundEndRow, said: &MessageRow) -> Result<bool> {
        let mut changes = super::conversations::changed(&end.workspace, &said.conversation);
        changes.push(Change { workspace: end.workspace.clone(), kind: ChangeKind::Inbound, id: end.id.clone() });
        let unanswered = super::conversations::unanswered(&end.workspace, said);
        let statements = vec![ended(end).must_hit("inbound event"), unanswered];
        match self.write(Write { statements, changes, ..Write::default() }).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Appends a message together with what is to be done about it. `false` when it was there before.
    ///
    /// # Errors
    /// `NotFound` when the conversation is not in the workspace.
    pub async fn accept_message(
        &self,
        message: &NewMessage,
        row: &InboundRow,
        audit: Vec<NewAudit>,
    ) -> Result<(MessageRow, bool)> {
        self.append_with(&row.workspace, message, (vec![accept(row)], audit)).await
    }

    /// Takes events of all workspaces that are due and that no process has, oldest first, for so many milliseconds. For
    /// the engine only. Another process may take the same: what counts is the commit that ends it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn claim_inbound(&self, lease_ms: i64, limit: u32) -> Result<Vec<InboundRow>> {
        let mut taken = self.claim_due::<InboundRow>("inbound", "attempts = attempts + 1", lease_ms, limit).await?;
        taken.sort_by(|one: &InboundRow, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(taken)
    }

    /// Nobody takes it for the next so many milliseconds.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn postpone_inbound(&self, workspace: &str, id: &str, milliseconds: i64) -> Result<()> {
        let rows = self.query(format!("SELECT {NOW_MS}"), vec![]).await?;
        let now: i64 = rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "now"))?;
        let sql = "UPDATE inbound SET due_at = ?3 WHERE workspace = ?1 AND id = ?2 AND status = 'waiting'";
        self.execute(Statement::new(sql, params![workspace, id, now + milliseconds])).await.map(|_| ())
    }

    /// Ends what no commit of a run ends; `false` when it was dealt with before.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn end_inbound(&self, end: &InboundEndRow) -> Result<bool> {
        let changed = Change { workspace: end.workspace.clone(), kind: ChangeKind::Inbound, id: end.id.clone() };
        let write = Write { statements: vec![ended(end)], changes: vec![changed], ..Write::default() };
        Ok(self.write(write).await?.iter().any(|done| done.affected > 0))
    }

    /// Lets what a process had that is gone be taken at once. For a process alone with its database.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn release_inbound(&self) -> Result<()> {
        let sql = "UPDATE inbound SET due_at = 0 WHERE status = 'waiting'";
        self.execute(Statement::new(sql, vec![])).await.map(|_| ())
    }

    /// One event.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_inbound(&self, workspace: &str, id: &str) -> Result<Option<InboundRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// The event of a source with this key.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_inbound(&self, workspace: &str, source: &str, dedup: &str) -> Result<Option<InboundRow>> {
        self.row("WHERE workspace = ?1 AND source = ?2 AND dedup = ?3", params![workspace, source, dedup]).await
    }

    /// Events, newest first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_inbound(
        &self,
        workspace: &str,
        filter: &InboundFilter,
        page: &PageRequest,
    ) -> Result<Page<InboundRow>> {
        let mut query = Query::in_workspace(workspace);
        query.and_some("source = ", filter.source.as_deref());
        query.and_some("status = ", filter.status.as_ref());
        query.and_some("wanted_by = ", filter.wanted_by.as_deref());
        let cursor = |row: &InboundRow| Cursor { at: row.at, id: row.id.clone() };
        self.newest(query, ("at", page), cursor).await
    }

    /// Whether a run of a workflow that an event of this source started is not over, however long ago it was.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn has_run_under_way(&self, workspace: &str, workflow: &str, source: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM runs WHERE workspace = ?1 AND workflow = ?2 AND status IN ('running', 'waiting') \
                   AND id IN (SELECT run FROM inbound WHERE workspace = ?1 AND source = ?3 AND run IS NOT NULL) LIMIT 1";
        Ok(!self.query(sql.to_owned(), params![workspace, workflow, source]).await?.is_empty())
    }

    /// How many events of all workspaces wait, counted up to `most`. For the engine only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn count_waiting_inbound(&self, most: u32) -> Result<u64> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM inbound WHERE status = 'waiting' LIMIT ?1) AS waiting";
        let rows = self.query(sql.to_owned(), params![most]).await?;
        rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "count"))
    }

    /// Forgets what was dealt with before this time; returns how many.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn purge_inbound(&self, before: i64) -> Result<u64> {
        Ok(self.execute(Statement::new("DELETE FROM inbound WHERE done_at < ?1", params![before])).await?.affected)
    }

    /// Appends a message and does more with it in one transaction; `false` when the message was there before, and then
    /// nothing is done.
    pub(super) async fn append_with(
        &self,
        workspace: &str,
        message: &NewMessage,
        (more, audit): (Vec<Statement>, Vec<NewAudit>),
    ) -> Result<(MessageRow, bool)> {
        let mut statements = super::conversations::append(workspace, message);
        let position = statements.len() - 1;
        statements.extend(more);
        let changes = super::conversations::changed(workspace, &message.conversation);
        match self.write(Write { statements, audit: audited(workspace, audit), changes }).await {
            Ok(mut done) => {
                let rows = decode(done.swap_remove(position).rows)?;
                Ok((rows.into_iter().next().ok_or(StoreError::NotFound("message"))?, true))
            }
            Err(error @ (StoreError::NotFound(_) | StoreError::AlreadyExists(_))) => {
                let stored = self.get_message(workspace, &message.id).await?;
                let stored = stored.filter(|stored| stored.conversation == message.conversation);
                Ok((stored.ok_or(error)?, false))
            }
            Err(error) => Err(error),
        }
    }
}
