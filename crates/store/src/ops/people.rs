//! Workspaces, users and who belongs where. Users are global: one person may work in several workspaces.

use crate::database::{Statement, Write};
use crate::rows::{TableRow, params};
use crate::sql::{insert, update, upsert};
use crate::store::audited;
use crate::{
    Change, ChangeKind, Conflict, Member, MembershipRow, NewAudit, OneTimeTokenRow, Result, Role, Store, StoreError,
    UserRow, WorkspaceRow,
};

/// What a statement of [`Store::change_member`] misses when nobody else is administrator.
const OTHER_ADMIN: &str = "another administrator";
/// What a statement of [`Store::add_member`] misses when the account is another workspace's to set up.
const FREE_ACCOUNT: &str = "free account";

/// What a statement of [`Store::change_workspace`] misses when the workspace is not as it was.
const UNCHANGED_WORKSPACE: &str = "unchanged workspace";

/// Who changes people of a workspace after reading who they are comes one after the other: on PostgreSQL two transactions
/// would not see each other's changes. Statements after this one read what is so then.
fn one_by_one(workspace: &str) -> Statement {
    Statement::new("UPDATE workspaces SET name = name WHERE id = ?1", params![workspace])
}

/// As [`one_by_one`], for changes of one account.
fn account_one_by_one(user: &str) -> Statement {
    Statement::new("UPDATE users SET name = name WHERE id = ?1", params![user])
}

/// A hint that somebody's rights changed.
pub(super) fn access(workspace: &str, id: &str) -> Vec<Change> {
    vec![Change { workspace: workspace.to_owned(), kind: ChangeKind::Access, id: id.to_owned() }]
}

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

    /// Changes name and policy where they are still as in `before`; `false` when somebody else changed them meanwhile.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn change_workspace(
        &self,
        before: &WorkspaceRow,
        after: &WorkspaceRow,
        audit: Vec<NewAudit>,
    ) -> Result<bool> {
        let sql = "UPDATE workspaces SET name = ?2, policy = ?3 WHERE id = ?1 AND name = ?4 AND policy = ?5";
        let params = params![&before.id, &after.name, &after.policy, &before.name, &before.policy];
        let statement = Statement::new(sql, params).must_hit(UNCHANGED_WORKSPACE);
        match self.execute_audited(&before.id, statement, audit).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound(UNCHANGED_WORKSPACE)) => Ok(false),
            Err(error) => Err(error),
        }
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

    /// Adds a member. An account that has no password yet has one workspace: whoever has its link has the account.
    ///
    /// # Errors
    /// `SetUpElsewhere`; `AlreadyExists` for a member.
    pub async fn add_member(&self, row: &MembershipRow, audit: Vec<NewAudit>) -> Result<()> {
        let free = "UPDATE users SET name = name WHERE id = ?1 AND (password_hash IS NOT NULL OR NOT EXISTS \
             (SELECT 1 FROM memberships AS m WHERE m.user_id = ?1 AND m.workspace <> ?2))";
        let free = Statement::new(free, params![&row.user_id, &row.workspace]).must_hit(FREE_ACCOUNT);
        let write = Write {
            statements: vec![account_one_by_one(&row.user_id), free, insert(row)],
            audit: audited(&row.workspace, audit),
            changes: Vec::new(),
        };
        self.write(write).await.map(|_| ()).map_err(|error| {
            if matches!(error, StoreError::NotFound(FREE_ACCOUNT)) { Conflict::SetUpElsewhere.into() } else { error }
        })
    }

    /// Changes role, groups and whether a member is shut out, at `at`. Who is shut out loses sessions, links and API keys of
    /// this workspace. Somebody stays administrator, however many change people at the same moment.
    ///
    /// # Errors
    /// `LastAdmin`, `NotFound`.
    pub async fn change_member(&self, row: &MembershipRow, at: i64, audit: Vec<NewAudit>) -> Result<()> {
        let mut statements = vec![one_by_one(&row.workspace)];
        if row.role != Role::Admin || row.disabled_at.is_some() {
            // Hits nobody only when this one is the last.
            let other = "UPDATE memberships SET role = role WHERE workspace = ?1 AND user_id = ?2 AND (role <> 'admin' \
                 OR disabled_at IS NOT NULL OR EXISTS (SELECT 1 FROM memberships AS o JOIN users AS u ON u.id = o.user_id \
                 WHERE o.workspace = ?1 AND o.user_id <> ?2 AND o.role = 'admin' AND o.disabled_at IS NULL \
                 AND u.password_hash IS NOT NULL))";
            statements.push(Statement::new(other, params![&row.workspace, &row.user_id]).must_hit(OTHER_ADMIN));
        }
        statements.push(update(row).must_hit("member"));
        if row.disabled_at.is_some() {
            let place = || params![&row.workspace, &row.user_id];
            let until = || params![&row.workspace, &row.user_id, at];
            statements.push(Statement::new("DELETE FROM sessions WHERE workspace = ?1 AND user_id = ?2", place()));
            statements.push(Statement::new(
                "UPDATE one_time_tokens SET used_at = ?3 WHERE workspace = ?1 AND user_id = ?2 AND used_at IS NULL",
                until(),
            ));
            statements.push(Statement::new(
                "UPDATE api_keys SET revoked_at = ?3 WHERE workspace = ?1 AND created_by = ?2 AND revoked_at IS NULL",
                until(),
            ));
        }
        let write =
            Write { statements, audit: audited(&row.workspace, audit), changes: access(&row.workspace, &row.user_id) };
        self.write(write).await.map(|_| ()).map_err(|error| {
            if matches!(error, StoreError::NotFound(OTHER_ADMIN)) { Conflict::LastAdmin.into() } else { error }
        })
    }

    /// Uses a set-up link: its person gets this password, once ever, and their other links end. A name replaces theirs.
    ///
    /// # Errors
    /// `NotFound` when the link was used or is too old, or its person has a password.
    pub async fn set_up_account(
        &self,
        token_hash: &str,
        (purpose, now): (&str, i64),
        password_hash: &str,
        name: Option<&str>,
    ) -> Result<()> {
        let account = "UPDATE users SET password_hash = ?4, name = coalesce(?5, name) WHERE password_hash IS NULL \
             AND id = (SELECT t.user_id FROM one_time_tokens AS t WHERE t.token_hash = ?1 AND t.purpose = ?2 \
             AND t.expires_at > ?3 AND t.used_at IS NULL)";
        let links = "UPDATE one_time_tokens SET used_at = ?3 WHERE used_at IS NULL AND purpose = ?2 \
             AND user_id = (SELECT t.user_id FROM one_time_tokens AS t WHERE t.token_hash = ?1)";
        let statements = vec![
            Statement::new(account, params![token_hash, purpose, now, password_hash, name]).must_hit("link"),
            Statement::new(links, params![token_hash, purpose, now]).must_hit("link"),
        ];
        self.write(Write { statements, ..Write::default() }).await.map(|_| ())
    }

    /// Uses a set-up link for the first administrator of a workspace nobody is in; all such links end with it.
    ///
    /// # Errors
    /// `NotFound` when the link was used or is too old, or somebody is in the workspace; `AlreadyExists` for the address.
    pub async fn set_up_first_admin(
        &self,
        token: &OneTimeTokenRow,
        now: i64,
        user: &UserRow,
        membership: &MembershipRow,
    ) -> Result<()> {
        let link = "UPDATE one_time_tokens SET used_at = ?3 WHERE token_hash = ?1 AND purpose = ?2 AND expires_at > ?3 \
             AND used_at IS NULL AND NOT EXISTS (SELECT 1 FROM memberships AS m WHERE m.workspace = ?4)";
        let links = "UPDATE one_time_tokens SET used_at = ?2 WHERE workspace = ?3 AND purpose = ?1 AND user_id IS NULL \
             AND used_at IS NULL";
        let statements = vec![
            one_by_one(&membership.workspace),
            Statement::new(link, params![&token.token_hash, &token.purpose, now, &membership.workspace])
                .must_hit("link"),
            insert(&with_lower_email(user)),
            insert(membership),
            Statement::new(links, params![&token.purpose, now, &membership.workspace]),
        ];
        self.write(Write { statements, ..Write::default() }).await.map(|_| ())
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
