//! Things by their ids, however many: read so many at a time.

use std::collections::HashMap;

use super::run_lists::read;
use crate::database::{Row, column};
use crate::rows::TableRow;
use crate::sql::Query;
use crate::store::decode;
use crate::{ConversationRow, CustomerRow, Result, RunRow, Store};

/// Ids of one statement.
const IDS_AT_ONCE: usize = 200;

impl Store {
    /// Columns of what has one of these ids; of something that has a `workspace` and an `id`.
    pub(super) async fn rows_of(
        &self,
        (columns, from): (&str, &str),
        workspace: &str,
        ids: &[&str],
    ) -> Result<Vec<Row>> {
        self.rows_by((columns, from), workspace, ("id", ids)).await
    }

    /// As [`Store::rows_of`], by another column.
    pub(super) async fn rows_by(
        &self,
        (columns, from): (&str, &str),
        workspace: &str,
        (by, ids): (&str, &[&str]),
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for part in ids.chunks(IDS_AT_ONCE) {
            let mut query = Query::default();
            query.push(&format!("SELECT {columns} FROM {from} WHERE workspace = "));
            query.bind(workspace);
            query.and_in(by, part.iter().copied());
            rows.extend(self.query(query.text, query.params).await?);
        }
        Ok(rows)
    }

    /// Runs; those that are not there or cannot be read are left out.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn get_runs(&self, workspace: &str, ids: &[&str]) -> Result<Vec<RunRow>> {
        let rows = self.rows_of((&RunRow::column_list(), RunRow::TABLE), workspace, ids).await?;
        Ok(rows.into_iter().filter_map(|row| read(row).ok()).collect())
    }

    /// Customers.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_customers(&self, workspace: &str, ids: &[&str]) -> Result<Vec<CustomerRow>> {
        decode(self.rows_of((&CustomerRow::column_list(), CustomerRow::TABLE), workspace, ids).await?)
    }

    /// Conversations.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_conversations(&self, workspace: &str, ids: &[&str]) -> Result<Vec<ConversationRow>> {
        decode(self.rows_of((&ConversationRow::column_list(), ConversationRow::TABLE), workspace, ids).await?)
    }

    /// Names of workflows, by id.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn workflow_names(&self, workspace: &str, ids: &[&str]) -> Result<HashMap<String, String>> {
        names(self.rows_of(("id, name", "workflows"), workspace, ids).await?)
    }

    /// Names of members and API keys, by id; without people who have none.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn person_names(&self, workspace: &str, ids: &[&str]) -> Result<HashMap<String, String>> {
        let members = "(SELECT m.workspace, u.id, u.name FROM memberships AS m JOIN users AS u ON u.id = m.user_id \
                       WHERE u.name <> '') AS members";
        let mut rows = self.rows_of(("id, name", "api_keys"), workspace, ids).await?;
        rows.extend(self.rows_of(("id, name", members), workspace, ids).await?);
        names(rows)
    }
}

fn names(rows: Vec<Row>) -> Result<HashMap<String, String>> {
    let pair = |row: Row| {
        let mut row = row.into_iter();
        Ok((column(&mut row, "id")?, column(&mut row, "name")?))
    };
    rows.into_iter().map(pair).collect()
}
