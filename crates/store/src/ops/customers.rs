//! Customers.

use crate::rows::params;
use crate::sql::{Query, contains_pattern, insert, update};
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

    /// Replaces a customer's fields.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_customer(&self, row: &CustomerRow, audit: Vec<NewAudit>) -> Result<()> {
        let statement = update(&with_lower_email(row)).must_hit("customer");
        self.execute_audited(&row.workspace, statement, audit).await.map(|_| ())
    }

    /// One customer.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_customer(&self, workspace: &str, id: &str) -> Result<Option<CustomerRow>> {
        self.row("WHERE workspace = ?1 AND id = ?2", params![workspace, id]).await
    }

    /// The customer recognised by this; the oldest when there are several.
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

    /// Customers, newest first; `text` is looked for in name, address, phone and external id.
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
        if let Some(text) = text {
            let joined = "lower(name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || \
                          coalesce(external_id, '')) LIKE ";
            query.and(joined, contains_pattern(text).as_str());
            query.push(" ESCAPE '!'");
        }
        let cursor = |row: &CustomerRow| Cursor { at: row.created_at, id: row.id.clone() };
        self.newest(query, ("created_at", page), cursor).await
    }
}
