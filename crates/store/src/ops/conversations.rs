//! Conversations, messages and notes.

use crate::database::{Statement, Write, column};
use crate::rows::{TableRow, params};
use crate::sql::{BY_ID, Query, insert};
use crate::store::{audited, decode};
use crate::{
    Author, Change, ChangeKind, Conflict, ConversationRow, ConversationStatus, Cursor, InboundEndRow, MessageRefRow,
    MessageRow, NewAudit, NewMessage, NoteRow, Page, PageRequest, Result, Store, StoreError,
};

/// Longest list of messages.
const MESSAGES_MAX: u32 = 1000;

/// Which conversations; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Any of these; empty means any.
    pub status: Vec<ConversationStatus>,
    /// Operator (user id).
    pub assigned_to: Option<String>,
    /// Any of these customers; empty means any. Who was merged is asked for by [`Store::customer_ids`].
    pub customer: Vec<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Only those in *Unanswered*.
    pub unanswered: bool,
    /// With those that are put aside at this time, without them, or both.
    pub snoozed: Snoozed,
}

/// Whether conversations that are put aside are meant.
#[derive(Debug, Clone, Copy, Default)]
pub enum Snoozed {
    /// They as well.
    #[default]
    Any,
    /// Only those that are at this time.
    Only(i64),
    /// Only those that are not at this time.
    Without(i64),
}

/// Until the customer writes again, whenever that is.
pub const SNOOZED_FOR_GOOD: i64 = i64::MAX;

/// A change of a conversation; `None` leaves a field.
#[derive(Debug, Clone, Default)]
pub struct ConversationUpdate {
    /// Workspace.
    pub workspace: String,
    /// Conversation id.
    pub id: String,
    /// When.
    pub at: i64,
    /// New status.
    pub status: Option<ConversationStatus>,
    /// New operator; `Some(None)` gives it back.
    pub assigned_to: Option<Option<String>>,
    /// Customer recognised.
    pub customer: Option<String>,
    /// New subject.
    pub subject: Option<String>,
    /// It needs no reply. Whoever closes or takes it says so too.
    pub answered: bool,
    /// Until when it is put aside; `Some(None)` brings it back. Closing it does so too.
    pub snoozed_until: Option<Option<i64>>,
    /// Position of the newest message that was seen: refused when the customer wrote after it.
    pub seen: Option<u64>,
}

/// What is missing where the customer wrote after what was seen.
const AS_SEEN: &str = "conversation as it was seen";

impl ConversationUpdate {
    /// Whether it leaves *Unanswered* with it.
    fn answers(&self) -> bool {
        let passed_on = match self.status {
            Some(ConversationStatus::Closed | ConversationStatus::WithPerson) => true,
            Some(ConversationStatus::Open) | None => false,
        };
        self.answered || passed_on || matches!(self.assigned_to, Some(Some(_)))
    }

    /// Until when it is put aside from now on, when that changes.
    fn snoozes(&self) -> Option<Option<i64>> {
        self.snoozed_until.or((self.status == Some(ConversationStatus::Closed)).then_some(None))
    }
}

pub(super) fn changed(workspace: &str, conversation: &str) -> Vec<Change> {
    vec![Change { workspace: workspace.to_owned(), kind: ChangeKind::Conversation, id: conversation.to_owned() }]
}

impl Store {
    /// Adds a conversation.
    ///
    /// # Errors
    /// `AlreadyExists` when the id, the visitor's secret or the address on the channel is taken.
    pub async fn create_conversation(&self, row: &ConversationRow, audit: Vec<NewAudit>) -> Result<()> {
        let changes = changed(&row.workspace, &row.id);
        let audit = audited(&row.workspace, audit);
        self.write(Write { statements: vec![insert(row)], audit, changes }).await.map(|_| ())
    }

    /// One conversation.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_conversation(&self, workspace: &str, id: &str) -> Result<Option<ConversationRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// The conversation at an address of a channel.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_conversation(
        &self,
        workspace: &str,
        channel: &str,
        external_id: &str,
    ) -> Result<Option<ConversationRow>> {
        let tail = "WHERE workspace = ?1 AND channel = ?2 AND external_id = ?3";
        self.row(tail, params![workspace, channel, external_id]).await
    }

    /// The conversation of a visitor's secret, of any workspace. For the customer's own page only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_conversation_by_token(&self, token_hash: &str) -> Result<Option<ConversationRow>> {
        self.row("WHERE token_hash = ?1", params![token_hash]).await
    }

    /// Conversations, most recent activity first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_conversations(
        &self,
        workspace: &str,
        filter: &ConversationFilter,
        page: &PageRequest,
    ) -> Result<Page<ConversationRow>> {
        let mut query = Query::in_workspace(workspace);
        query.and_in("status", &filter.status);
        query.and_some("assigned_to = ", filter.assigned_to.as_deref());
        query.and_any_of("customer", &filter.customer);
        query.and_some("channel = ", filter.channel.as_deref());
        if filter.unanswered {
            query.push(" AND unanswered_since IS NOT NULL");
        }
        match filter.snoozed {
            Snoozed::Any => {}
            Snoozed::Only(now) => query.and("snoozed_until > ", now),
            Snoozed::Without(now) => query.and("COALESCE(snoozed_until, 0) <= ", now),
        }
        let cursor = |row: &ConversationRow| Cursor { at: row.updated_at, id: row.id.clone() };
        self.newest(query, ("updated_at", page), cursor).await
    }

    /// Changes a conversation and returns it.
    ///
    /// # Errors
    /// `NotFound`, `Conflict::MessagesSince`.
    pub async fn update_conversation(
        &self,
        update: &ConversationUpdate,
        audit: Vec<NewAudit>,
    ) -> Result<ConversationRow> {
        let mut query = Query::default();
        query.push("UPDATE conversations SET updated_at = ");
        query.bind(update.at);
        let mut set = |column: &str, value: Option<crate::rows::Param>| {
            if let Some(value) = value {
                query.push(&format!(", {column} = "));
                query.bind(value);
            }
        };
        set("status", update.status.as_ref().map(Into::into));
        set("assigned_to", update.assigned_to.as_ref().map(Into::into));
        set("customer", update.customer.as_ref().map(Into::into));
        set("subject", update.subject.as_ref().map(Into::into));
        set("snoozed_until", update.snoozes().as_ref().map(Into::into));
        if update.answers() {
            query.push(", unanswered_since = NULL");
        }
        query.push(" WHERE workspace = ");
        query.bind(&update.workspace);
        query.and("id = ", &update.id);
        let mut statements = Vec::new();
        if let Some(seen) = update.seen {
            statements.push(hold(update));
            query.push(" AND NOT EXISTS (SELECT 1 FROM messages WHERE workspace = ");
            query.bind(&update.workspace);
            query.and("conversation = ", &update.id);
            query.and("author = ", Author::Customer.as_str());
            query.and("position > ", &seen);
            query.push(")");
        }
        query.push(&format!(" RETURNING {}", ConversationRow::column_list()));
        let what = if update.seen.is_some() { AS_SEEN } else { "conversation" };
        statements.push(Statement::new(query.text, query.params).must_hit(what));
        let write = Write {
            statements,
            audit: audited(&update.workspace, audit),
            changes: changed(&update.workspace, &update.id),
        };
        let done = self.write(write).await.map_err(since)?.pop().unwrap_or_default();
        decode(done.rows)?.into_iter().next().ok_or(StoreError::NotFound("conversation"))
    }

    /// How many conversations are in *Unanswered* and not put aside at this time, counted up to `most`.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn count_unanswered(&self, workspace: &str, now: i64, most: u32) -> Result<u64> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM conversations WHERE workspace = ?1 AND unanswered_since IS NOT NULL \
                   AND COALESCE(snoozed_until, 0) <= ?2 LIMIT ?3) AS unanswered";
        let rows = self.query(sql.to_owned(), params![workspace, now, most]).await?;
        rows.into_iter().next().map_or(Ok(0), |row| column(&mut row.into_iter(), "count"))
    }

    /// Appends a message and returns it with its position. The same id again returns the stored message unchanged.
    ///
    /// # Errors
    /// `NotFound` when the conversation is not in the workspace.
    pub async fn append_message(
        &self,
        workspace: &str,
        message: &NewMessage,
        audit: Vec<NewAudit>,
    ) -> Result<MessageRow> {
        Ok(self.append_with(workspace, message, (Vec::new(), audit)).await?.0)
    }

    /// One message.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_message(&self, workspace: &str, id: &str) -> Result<Option<MessageRow>> {
        self.row(BY_ID, params![workspace, id]).await
    }

    /// Whether the customer wrote in a conversation before this message of it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn wrote_before(&self, workspace: &str, conversation: &str, message: &str) -> Result<bool> {
        let tail = "WHERE workspace = ?1 AND conversation = ?2 AND author = 'customer' AND position < \
            (SELECT position FROM messages WHERE workspace = ?1 AND id = ?3) ORDER BY position LIMIT 1";
        let before: Option<MessageRow> = self.row(tail, params![workspace, conversation, message]).await?;
        Ok(before.is_some())
    }

    /// The message that shows the form of a checkpoint.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn form_message(
        &self,
        workspace: &str,
        conversation: &str,
        checkpoint: &str,
    ) -> Result<Option<MessageRow>> {
        let tail = "WHERE workspace = ?1 AND conversation = ?2 AND checkpoint = ?3 ORDER BY position DESC LIMIT 1";
        self.row(tail, params![workspace, conversation, checkpoint]).await
    }

    /// Messages after a position, oldest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_messages(
        &self,
        workspace: &str,
        conversation: &str,
        after_position: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        let tail = "WHERE workspace = ?1 AND conversation = ?2 AND position > ?3 ORDER BY position LIMIT ?4";
        self.rows(tail, params![workspace, conversation, &after_position, limit.min(MESSAGES_MAX)]).await
    }

    /// The newest messages before a position, oldest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_messages_before(
        &self,
        workspace: &str,
        conversation: &str,
        before_position: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        let tail = "WHERE workspace = ?1 AND conversation = ?2 AND position < ?3 ORDER BY position DESC LIMIT ?4";
        let values = params![workspace, conversation, &before_position, limit.min(MESSAGES_MAX)];
        let mut rows: Vec<MessageRow> = self.rows(tail, values).await?;
        rows.reverse();
        Ok(rows)
    }

    /// Writes what is different about a message: its text, data, delivery and when it is sent as they are in `now`. `false` when it is not as
    /// it was `before` any more; then nothing is done. `end` is the event that told it, ended in the same piece.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn change_message(
        &self,
        before: &MessageRow,
        now: &MessageRow,
        reference: Option<&MessageRefRow>,
        end: Option<&InboundEndRow>,
    ) -> Result<bool> {
        // When it is to be sent is the pump's: whoever changes something else leaves it.
        let again = if now.send_at == before.send_at { "" } else { ", send_at = ?9" };
        let sql = format!(
            "UPDATE messages SET body = ?3, data = ?4, delivery = ?5{again} WHERE workspace = ?1 AND id = ?2 \
             AND body = ?6 AND data IS NOT DISTINCT FROM ?7 AND delivery IS NOT DISTINCT FROM ?8"
        );
        let mut values = params![
            &before.workspace,
            &before.id,
            &now.body,
            &now.data,
            &now.delivery,
            &before.body,
            &before.data,
            &before.delivery
        ];
        if !again.is_empty() {
            values.extend(params![&now.send_at]);
        }
        let mut statements = vec![Statement::new(sql, values).must_hit("message")];
        statements.extend(reference.map(|row| {
            let insert = insert(row);
            Statement::new(format!("{} ON CONFLICT DO NOTHING", insert.sql), insert.params)
        }));
        statements.extend(end.map(|end| super::inbound::ended(end).must_hit("inbound event")));
        let changes = changed(&before.workspace, &before.conversation);
        match self.write(Write { statements, audit: Vec::new(), changes }).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The message that a provider calls so.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_message(&self, workspace: &str, reference: &str) -> Result<Option<MessageRow>> {
        let found: Option<MessageRefRow> =
            self.row("WHERE workspace = ?1 AND reference = ?2", params![workspace, reference]).await?;
        match found {
            Some(found) => self.get_message(workspace, &found.message).await,
            None => Ok(None),
        }
    }

    /// When the customer at an address wrote last to an account of a channel.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn last_heard(
        &self,
        workspace: &str,
        (channel, account): (&str, &str),
        address: &str,
    ) -> Result<Option<i64>> {
        let sql = "SELECT said.at FROM conversations AS held JOIN messages AS said ON said.workspace = held.workspace AND \
                   said.conversation = held.id WHERE held.workspace = ?1 AND held.channel = ?2 AND held.external_id = ?3 \
                   AND held.channel_account = ?4 AND said.author = ?5 ORDER BY said.position DESC LIMIT 1";
        let asked = params![workspace, channel, address, account, Author::Customer.as_str()];
        let found = self.query(sql.to_owned(), asked).await?.pop();
        found.map(|row| column(&mut row.into_iter(), "messages.at")).transpose()
    }

    /// Adds a note.
    ///
    /// # Errors
    /// `AlreadyExists`.
    pub async fn add_note(&self, row: &NoteRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(row), audit).await.map(|_| ())
    }

    /// Notes about a subject, oldest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_notes(&self, workspace: &str, subject: &str) -> Result<Vec<NoteRow>> {
        let tail = "WHERE workspace = ?1 AND subject = ?2 ORDER BY at, id LIMIT 1000";
        self.rows(tail, params![workspace, subject]).await
    }

    /// Removes a note.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_note(&self, workspace: &str, id: &str) -> Result<()> {
        let sql = "DELETE FROM notes WHERE workspace = ?1 AND id = ?2";
        self.execute(Statement::new(sql, params![workspace, id]).must_hit("note")).await.map(|_| ())
    }
}

/// Holds a conversation: who writes in it meanwhile is waited for, and what they wrote is seen by the statements after it.
fn hold(update: &ConversationUpdate) -> Statement {
    let sql = "UPDATE conversations SET updated_at = updated_at WHERE workspace = ?1 AND id = ?2";
    Statement::new(sql, params![&update.workspace, &update.id]).must_hit("conversation")
}

fn since(error: StoreError) -> StoreError {
    if matches!(error, StoreError::NotFound(AS_SEEN)) { Conflict::MessagesSince.into() } else { error }
}

/// Appends a message; the last statement returns it. The first hits nothing when it is there already.
pub(super) fn append(workspace: &str, message: &NewMessage) -> Vec<Statement> {
    // An operator's words are the answer.
    let answers = match message.author {
        Author::Operator => ", unanswered_since = NULL",
        // Put aside, it is back with the customer's words.
        Author::Customer => ", snoozed_until = CASE WHEN snoozed_until IS NULL THEN NULL ELSE 0 END",
        Author::Workflow | Author::System => "",
    };
    let place = format!(
        "UPDATE conversations SET last_position = last_position + 1, last_message_at = ?3, \
         updated_at = CASE WHEN updated_at > ?3 THEN updated_at ELSE ?3 END{answers} \
         WHERE workspace = ?1 AND id = ?2 \
         AND NOT EXISTS (SELECT 1 FROM messages WHERE workspace = ?1 AND id = ?4)"
    );
    let values = params![workspace, &message.conversation, message.at, &message.id];
    vec![
        Statement::new(place, values).must_hit("conversation"),
        insert(&crate::plan::message_row(workspace, 0, message)),
        take_position(workspace, message),
    ]
}

/// Puts a conversation into *Unanswered* for what its customer said, unless a person has it or has answered since.
pub(super) fn unanswered(workspace: &str, said: &MessageRow) -> Statement {
    let sql = "UPDATE conversations SET unanswered_since = COALESCE(unanswered_since, ?3) \
               WHERE workspace = ?1 AND id = ?2 AND status = 'open' AND NOT EXISTS (SELECT 1 FROM messages \
               WHERE workspace = ?1 AND conversation = ?2 AND author = 'operator' AND position > ?4)";
    Statement::new(sql, params![workspace, &said.conversation, said.at, &said.position])
}

/// Gives the message just inserted the position its conversation was moved to.
fn take_position(workspace: &str, message: &NewMessage) -> Statement {
    let sql = format!(
        "UPDATE messages SET position = (SELECT last_position FROM conversations WHERE workspace = ?1 AND id = ?2) \
         WHERE workspace = ?1 AND id = ?3 RETURNING {}",
        MessageRow::column_list()
    );
    Statement::new(sql, params![workspace, &message.conversation, &message.id]).must_hit("message")
}
