//! With what customers fill in forms on a page, where their channel has none, and what they have not sent yet.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::insert;
use crate::{FormLinkRow, Result, Store};

impl Store {
    /// Keeps what is filled in of an open form in the place of what was kept before; whether it is open.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn keep_form_draft(&self, workspace: &str, checkpoint: &str, draft: &str) -> Result<bool> {
        let sql =
            "UPDATE checkpoints SET draft = ?3 WHERE workspace = ?1 AND id = ?2 AND kind = 'form' AND status = 'open'";
        let changed = self.execute(Statement::new(sql, params![workspace, checkpoint, draft])).await?;
        Ok(changed.affected > 0)
    }

    /// Lets a token in; one that is there is left as it is.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn keep_form_link(&self, link: &FormLinkRow) -> Result<()> {
        let mut statement = insert::<FormLinkRow>(link);
        statement.sql = format!("{} ON CONFLICT DO NOTHING", statement.sql).into();
        self.execute(statement).await.map(|_| ())
    }

    /// The link of a token, of any workspace: the token is the secret that tells it.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_form_link(&self, token_hash: &str) -> Result<Option<FormLinkRow>> {
        self.row("WHERE token_hash = ?1", params![token_hash]).await
    }

    /// Notes that a form was sent with a link. That it cannot be sent again follows from its checkpoint.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn use_form_link(&self, link: &FormLinkRow, at: i64) -> Result<()> {
        let sql = "UPDATE form_links SET used_at = ?3 WHERE workspace = ?1 AND token_hash = ?2 AND used_at IS NULL";
        self.execute(Statement::new(sql, params![&link.workspace, &link.token_hash, at])).await.map(|_| ())
    }
}
