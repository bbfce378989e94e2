//! Customers.

use crate::database::Statement;
use crate::rows::params;
use crate::sql::{Query, contains_pattern, insert};
use crate::{Cursor, CustomerRow, NewAudit, Page, PageRequest, Result, Store};

/// How a customer is recognised.
#[derive(Debug, Clone, Copy)]
pub enum CustomerKey<'a> {
    /// Mail address, whatever its case.
    Email(&'a str),
    /// Phone number, E.164.
    Phone(&'a str),
    /// Telegram user id.
    Telegram(&'a str),
    /// Id in the business's own systems.
    ExternalId(&'a str),
}

fn with_lower_email(row: &CustomerRow) -> CustomerRow {
    CustomerRow { email: row.email.as_ref().map(|email| email.to_lowercase()), ..row.clone() }
}

impl Store {
    /// Adds a customer; the address is kept in lower case.
    ///
    /// # Errors
    /// `AlreadyExists` when the id or the external id is taken.
    pub async fn create_customer(&self, row: &CustomerRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, insert(&with_lower_email(row)), audit).await.map(|_| ())
    }

    /// Replaces a customer's fields; whether it was merged is not one of them.
    ///
    /// # Errors
    /// `NotFound`, also when it was merged or somebody was made it since it was read; `AlreadyExists`.
    pub async fn update_customer(&self, row: &CustomerRow, audit: Vec<NewAudit>) -> Result<()> {
        let row = with_lower_email(row);
        let sql = "UPDATE customers SET external_id = ?3, name = ?4, email = ?5, phone = ?6, telegram = ?7, data = ?8 \
                   WHERE workspace = ?1 AND id = ?2 AND merged_into IS NOT DISTINCT FROM ?9 AND merges = ?10";
        let (own, known) = ((&row.workspace, &row.id), (&row.email, &row.phone, &row.telegram));
        let (name, merged) = ((&row.external_id, &row.name), (&row.merged_into, row.merges));
        let values = params![own.0, own.1, name.0, name.1, known.0, known.1, known.2, &row.data, merged.0, merged.1];
        let statement = Statement::new(sql, values).must_hit("customer");
        self.execute_audited(&row.workspace, statement, audit).await.map(|_| ())
    }

    /// One customer, as their row is. Who they turned out to be is [`Store::current_customer`].
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_customer(&self, workspace: &str, id: &str) -> Result<Option<CustomerRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// The customer recognised by this; the oldest when there are several. One that was merged stays the one it is: what
    /// comes from their address is theirs, and goes with them when the merge is taken back.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_customer(&self, workspace: &str, key: CustomerKey<'_>) -> Result<Option<CustomerRow>> {
        let (column, value) = match key {
            CustomerKey::Email(email) => ("email", email.to_lowercase()),
            CustomerKey::Phone(phone) => ("phone", phone.to_owned()),
            CustomerKey::Telegram(id) => ("telegram", id.to_owned()),
            CustomerKey::ExternalId(id) => ("external_id", id.to_owned()),
        };
        let tail = format!("WHERE workspace = ?1 AND {column} = ?2 ORDER BY created_at, id LIMIT 1");
        self.row(&tail, params![workspace, &value]).await
    }

    /// Customers, newest first, without those who turned out to be another; `text` is looked for in name, address, phone and
    /// external id, theirs and of whoever turned out to be them.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_customers(
        &self,
        workspace: &str,
        text: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<CustomerRow>> {
        let mut query = Query::in_workspace(workspace);
        query.push(" AND merged_into IS NULL");
        if let Some(text) = text {
            query.push(" AND id IN (WITH RECURSIVE found AS (SELECT id, merged_into FROM customers WHERE workspace = ");
            query.bind(workspace);
            let joined = "lower(name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || \
                          coalesce(external_id, '')) LIKE ";
            query.and(joined, contains_pattern(text).as_str());
            query.push(
                " ESCAPE '!' UNION SELECT c.id, c.merged_into FROM customers AS c JOIN found AS f ON c.id = f.merged_into \
                 WHERE c.workspace = ",
            );
            query.bind(workspace);
            query.push(") SELECT id FROM found WHERE merged_into IS NULL)");
        }
        let cursor = |row: &CustomerRow| Cursor { at: row.created_at, id: row.id.clone() };
        self.newest(query, ("created_at", page), cursor).await
    }
}
