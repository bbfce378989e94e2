//! Workspaces, users and who belongs where. Users are global: one person may work in several workspaces.

use crate::database::Statement;
use crate::rows::{TableRow, params};
use crate::sql::{insert, update, upsert};
use crate::{Member, MembershipRow, NewAudit, Result, Store, UserRow, WorkspaceRow};

fn with_lower_email(row: &UserRow) -> UserRow {
    UserRow { email: row.email.to_lowercase(), ..row.clone() }
}

impl Store {
    /// Adds a workspace.
    ///
    /// # Errors
    /// `AlreadyExists` when the slug is taken.
    pub async fn create_workspace(&self, row: &WorkspaceRow) -> Result<()> {
        self.execute(insert(row)).await.map(|_| ())
    }

    /// One workspace.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_workspace(&self, id: &str) -> Result<Option<WorkspaceRow>> {
        self.row("WHERE id = ?1", params![id]).await
    }

    /// The workspace with this slug.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_workspace(&self, slug: &str) -> Result<Option<WorkspaceRow>> {
        self.row("WHERE slug = ?1", params![slug]).await
    }

    /// All workspaces by slug, at most 10,000. For the engine and the command line only.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_workspaces(&self) -> Result<Vec<WorkspaceRow>> {
        self.rows("ORDER BY slug LIMIT 10000", vec![]).await
    }

    /// Replaces slug, name and policy.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_workspace(&self, row: &WorkspaceRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.id, update(row).must_hit("workspace"), audit).await.map(|_| ())
    }

    /// Adds a user; the address is kept in lower case.
    ///
    /// # Errors
    /// `AlreadyExists` when the address is taken.
    pub async fn create_user(&self, row: &UserRow) -> Result<()> {
        self.execute(insert(&with_lower_email(row))).await.map(|_| ())
    }

    /// One user.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_user(&self, id: &str) -> Result<Option<UserRow>> {
        self.row("WHERE id = ?1", params![id]).await
    }

    /// The user with this address, whatever its case.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn find_user(&self, email: &str) -> Result<Option<UserRow>> {
        self.row("WHERE email = ?1", params![&email.to_lowercase()]).await
    }

    /// Replaces a user's fields.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`.
    pub async fn update_user(&self, row: &UserRow) -> Result<()> {
        self.execute(update(&with_lower_email(row)).must_hit("user")).await.map(|_| ())
    }

    /// Adds a member or changes their role and groups.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn put_member(&self, row: &MembershipRow, audit: Vec<NewAudit>) -> Result<()> {
        self.execute_audited(&row.workspace, upsert(row), audit).await.map(|_| ())
    }

    /// One member with their user.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn get_member(&self, workspace: &str, user: &str) -> Result<Option<Member>> {
        let tail = "WHERE m.workspace = ?1 AND m.user_id = ?2";
        Ok(self.members(tail, params![workspace, user]).await?.into_iter().next())
    }

    /// Members by address, at most 10,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_members(&self, workspace: &str) -> Result<Vec<Member>> {
        self.members("WHERE m.workspace = ?1 ORDER BY u.email LIMIT 10000", params![workspace]).await
    }

    async fn members(&self, tail: &str, params: Vec<crate::rows::Param>) -> Result<Vec<Member>> {
        let sql = format!(
            "SELECT {}, {} FROM memberships AS m JOIN users AS u ON u.id = m.user_id {tail}",
            UserRow::column_list_of("u"),
            MembershipRow::column_list_of("m")
        );
        let member = |row: Vec<_>| {
            let mut row = row.into_iter();
            Ok(Member { user: UserRow::from_values(&mut row)?, membership: MembershipRow::from_values(&mut row)? })
        };
        self.query(sql, params).await?.into_iter().map(member).collect()
    }

    /// Removes a member; the user stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_member(&self, workspace: &str, user: &str, audit: Vec<NewAudit>) -> Result<()> {
        let sql = "DELETE FROM memberships WHERE workspace = ?1 AND user_id = ?2";
        let statement = Statement::new(sql, params![workspace, user]).must_hit("member");
        self.execute_audited(workspace, statement, audit).await.map(|_| ())
    }

    /// The workspaces of a user, oldest membership first.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn memberships_of(&self, user: &str) -> Result<Vec<MembershipRow>> {
        self.rows("WHERE user_id = ?1 ORDER BY created_at, workspace", params![user]).await
    }
}
