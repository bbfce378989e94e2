//! What addresses of customers want to get, and with what they say so.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::{Query, insert, upsert};
use crate::{ConsentRow, InboundEndRow, MessageRow, NewAudit, NewMessage, Result, Store, UnsubscribeLinkRow};

impl Store {
    /// What is known of an address of a channel; nothing when nobody said anything.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_consent(&self, workspace: &str, channel: &str, address: &str) -> Result<Option<ConsentRow>> {
        let tail = "WHERE workspace = ?1 AND channel = ?2 AND address = ?3";
        self.row(tail, params![workspace, channel, address]).await
    }

    /// What is known of several addresses of a channel.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_consents(&self, workspace: &str, channel: &str, addresses: &[String]) -> Result<Vec<ConsentRow>> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::in_workspace(workspace);
        query.and("channel = ", channel);
        query.and_in("address", addresses);
        self.rows(&query.text, query.params).await
    }

    /// Keeps what an address wants from now on.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn put_consent(&self, row: &ConsentRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, upsert(row), audit).await.map(|_| ())
    }

    /// Appends a message that says what its address wants, what is answered to it and the event's end, in one piece. `false`
    /// when the message was there before or the event was dealt with: then nothing is done.
    ///
    /// # Errors
    /// `NotFound` when the conversation is not in the workspace.
    pub async fn receive_consent(
        &self,
        (message, answer): (&NewMessage, Option<&NewMessage>),
        end: &InboundEndRow,
        consent: Option<(&ConsentRow, NewAudit)>,
    ) -> Result<(MessageRow, bool)> {
        let mut more = vec![super::inbound::ended(end).must_hit("inbound event")];
        more.extend(answer.into_iter().flat_map(|answer| super::conversations::append(&end.workspace, answer)));
        let mut audit = Vec::new();
        if let Some((row, entry)) = consent {
            more.push(upsert(row));
            audit.push(entry);
        }
        self.append_with(&end.workspace, message, (more, audit)).await
    }

    /// Lets the token of a mail in; one that is there is left as it is.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn keep_unsubscribe_link(&self, link: &UnsubscribeLinkRow) -> Result<()> {
        let insert = insert(link);
        let statement = Statement::new(format!("{} ON CONFLICT DO NOTHING", insert.sql), insert.params);
        self.execute(statement).await.map(|_| ())
    }

    /// The link of a token, of any workspace: the token is the secret that tells it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_unsubscribe_link(&self, token_hash: &str) -> Result<Option<UnsubscribeLinkRow>> {
        self.row("WHERE token_hash = ?1", params![token_hash]).await
    }
}
