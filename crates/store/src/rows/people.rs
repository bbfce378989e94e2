//! Workspaces, users, memberships, sessions, keys and tokens.

use super::{row, text_enum};

text_enum! {
    /// What a member may do; each role may do what the ones before it may.
    pub enum Role {
        /// Sees.
        Viewer = "viewer",
        /// Decides checkpoints and answers conversations.
        Operator = "operator",
        /// Draws and publishes workflows.
        Builder = "builder",
        /// Manages people, connections and policy.
        Admin = "admin",
    }
}

/// The roles an approval may name of a member: their own, those below it, and the groups.
#[must_use]
pub fn roles_of(role: Role, groups: &[String]) -> Vec<String> {
    let roles = Role::ALL.iter().rev().filter(|lower| **lower <= role).map(|role| role.as_str().to_owned());
    roles.chain(groups.iter().cloned()).collect()
}

row! {
    /// A tenant.
    pub struct WorkspaceRow in "workspaces" key(id) {
        /// UUID v7.
        pub id: String,
        /// Unique word in URLs.
        pub slug: String,
        /// Name.
        pub name: String,
        /// JSON policy and settings.
        pub policy: String,
        /// Creation.
        pub created_at: i64,
    }
}

row! {
    /// A person who signs in.
    pub struct UserRow in "users" key(id) {
        /// UUID v7.
        pub id: String,
        /// Unique, kept in lower case.
        pub email: String,
        /// Name.
        pub name: String,
        /// PHC string; `None` for single sign-on only.
        pub password_hash: Option<String>,
        /// Creation.
        pub created_at: i64,
    }
}

row! {
    /// A user's place in a workspace.
    pub struct MembershipRow in "memberships" key(workspace, user_id) {
        /// Workspace.
        pub workspace: String,
        /// User id.
        pub user_id: String,
        /// Role.
        pub role: Role,
        /// Approver groups, such as `manager`.
        pub groups: Vec<String>,
        /// Since when.
        pub created_at: i64,
        /// Set while they are shut out of this workspace.
        pub disabled_at: Option<i64>,
    }
}

/// A membership together with the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: UserRow,
    /// Their place in the workspace.
    pub membership: MembershipRow,
}

row! {
    /// Somebody decides for another for a time, or is away.
    pub struct DelegationRow in "delegations" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Whose decisions (user id).
        pub from_user: String,
        /// Who decides for them; `None` when nobody does.
        pub to_user: Option<String>,
        /// From when.
        pub starts_at: i64,
        /// Until when; set back when it is ended early.
        pub ends_at: i64,
        /// Whether they are away: nobody counts on them.
        pub away: bool,
        /// Why.
        pub reason: String,
        /// Creation.
        pub created_at: i64,
        /// User id.
        pub created_by: String,
    }
}

row! {
    /// What a person allowed in advance.
    pub struct StandingApprovalRow in "standing_approvals" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// The approval step.
        pub step: String,
        /// SHA-256 hex of what may be done by it: another call of the same name is not allowed.
        pub bound_to: String,
        /// By whom (user id).
        pub granted_by: String,
        /// When.
        pub granted_at: i64,
        /// Until when.
        pub until: i64,
        /// The largest amount, a JSON number.
        pub amount_max: String,
        /// How many a day (UTC) at most.
        pub per_day: u32,
        /// Why.
        pub reason: String,
        /// The last day (UTC, since the epoch) it was used on.
        pub day: i64,
        /// How often it was used that day.
        pub used_that_day: u32,
        /// How often in all.
        pub used: u32,
        /// Set when it allows nothing any more.
        pub revoked_at: Option<i64>,
    }
}

row! {
    /// A signed-in browser.
    pub struct SessionRow in "sessions" key(token_hash) {
        /// SHA-256 hex of the cookie's secret.
        pub token_hash: String,
        /// User id.
        pub user_id: String,
        /// Workspace the browser looks at.
        pub workspace: String,
        /// Sign-in.
        pub created_at: i64,
        /// End.
        pub expires_at: i64,
    }
}

row! {
    /// A key for programs.
    pub struct ApiKeyRow in "api_keys" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Name.
        pub name: String,
        /// First characters, shown so that people recognise it.
        pub prefix: String,
        /// SHA-256 hex of the key, unique.
        pub key_hash: String,
        /// Role.
        pub role: Role,
        /// Approver groups.
        pub groups: Vec<String>,
        /// Whether it was made to decide checkpoints.
        pub may_decide: bool,
        /// User who made it; empty when the installation did.
        pub created_by: String,
        /// Creation.
        pub created_at: i64,
        /// When it ends by itself.
        pub expires_at: Option<i64>,
        /// Last use (kept to the minute by the caller).
        pub last_used_at: Option<i64>,
        /// Set when it no longer works.
        pub revoked_at: Option<i64>,
    }
}

row! {
    /// A secret that works once: invitations, password resets, decision links.
    pub struct OneTimeTokenRow in "one_time_tokens" key(token_hash) {
        /// SHA-256 hex of the secret.
        pub token_hash: String,
        /// What it is for; a token is only found with its purpose.
        pub purpose: String,
        /// Workspace.
        pub workspace: String,
        /// User it is personal to.
        pub user_id: Option<String>,
        /// JSON.
        pub payload: String,
        /// Creation.
        pub created_at: i64,
        /// End.
        pub expires_at: i64,
        /// When it was used.
        pub used_at: Option<i64>,
    }
}
