//! People, workspaces, keys.

use countersign_core::run::WaitingWords;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Decides checkpoints and answers conversations.
    Operator,
    /// Draws and publishes workflows.
    Builder,
    /// Manages people, connections and policy.
    Admin,
}

/// Somebody decides for another for a time, or is away.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delegation {
    /// Id.
    pub id: String,
    /// Whose decisions.
    pub from: PersonRef,
    /// Who decides for them; null when nobody does.
    pub to: Option<PersonRef>,
    /// From when, milliseconds since the epoch.
    pub starts_at: i64,
    /// Until when.
    pub ends_at: i64,
    /// Whether they are away: nobody counts on them.
    pub away: bool,
    /// Why.
    pub reason: String,
    /// Creation.
    pub created_at: i64,
    /// By whom.
    pub created_by: PersonRef,
}

/// Lets somebody decide for another for a time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDelegationRequest {
    /// Whose decisions (user id); the caller's own when absent. Another's needs the admin role.
    pub from: Option<String>,
    /// Who decides for them (user id).
    pub to: Option<String>,
    /// From when, milliseconds since the epoch; now when absent.
    pub starts_at: Option<i64>,
    /// Until when; at most a year.
    pub ends_at: i64,
    /// Whether they are away: nobody counts on them.
    #[serde(default)]
    pub away: bool,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// Somebody, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonRef {
    /// User or API key id.
    pub id: String,
    /// What people call them.
    pub name: String,
}

/// The user part of [`Me`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MeUser {
    /// User id, or the id of the API key.
    pub id: String,
    /// E-mail address; empty for an API key.
    pub email: String,
    /// Name.
    pub name: String,
}

/// A workspace by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceRef {
    /// Id.
    pub id: String,
    /// Word in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// Who is signed in, and where.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Who.
    pub user: MeUser,
    /// Where.
    pub workspace: WorkspaceRef,
    /// What they may do.
    pub role: Role,
    /// Approver groups they are in.
    pub groups: Vec<String>,
}

/// Signs in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Slug of the workspace, for who is in several.
    pub workspace: Option<String>,
}

/// Uses up a set-up link.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// What is behind `#` in the link.
    pub token: String,
    /// The password to have, 10 to 256 characters.
    pub password: String,
    /// Name; needed by the first administrator.
    pub name: Option<String>,
    /// E-mail address; needed by the first administrator.
    pub email: Option<String>,
}

/// Changes one's own password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password so far.
    pub current: String,
    /// The password to have, 10 to 256 characters.
    pub new: String,
}

/// A key for programs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// First characters of the key.
    pub prefix: String,
    /// What it may do.
    pub role: Role,
    /// Approver groups it is in.
    pub groups: Vec<String>,
    /// Whether it was made to decide: approvals, forms, handoffs, unknown outcomes, and that something is done again.
    pub may_decide: bool,
    /// Who made it; it can do no more than they, and ends with them. Null when the installation did.
    pub created_by: Option<PersonRef>,
    /// Creation, milliseconds since the epoch.
    pub created_at: i64,
    /// When it ends by itself, milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Last use, to the minute.
    pub last_used_at: Option<i64>,
    /// The key itself: told once, when it is made.
    pub key: Option<String>,
}

/// Makes a key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKeyRequest {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// What it may do; at most what its maker may.
    pub role: Role,
    /// Approver groups it is in.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether it decides for its maker: approvals, forms, handoffs, unknown outcomes, and that something is done again.
    /// Only who may decide themselves makes such a key: a signed-in person, or a key that may.
    #[serde(default)]
    pub may_decide: bool,
    /// When it ends by itself, milliseconds since the epoch; never when absent.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

/// A member of the workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// User id.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Approver groups, such as `manager`.
    pub groups: Vec<String>,
    /// Whether they are shut out of this workspace.
    pub disabled: bool,
    /// Whether they have not chosen a password yet.
    pub pending: bool,
    /// Link with which they choose a password: told once, when they are invited.
    pub setup_url: Option<String>,
    /// What came of the invitation by e-mail, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<InvitationMail>,
}

/// What came of an invitation by e-mail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationMail {
    /// Whether the workspace's e-mail account took it.
    pub sent: bool,
    /// Why not.
    pub error: Option<String>,
}

/// Invites somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePersonRequest {
    /// E-mail address.
    pub email: String,
    /// Name, 1 to 200 characters.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Approver groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether the workspace's e-mail account sends them the link.
    #[serde(default)]
    pub mail: bool,
}

/// Changes what is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdatePersonRequest {
    /// What they may do.
    pub role: Option<Role>,
    /// Approver groups.
    pub groups: Option<Vec<String>>,
    /// Whether they are shut out of this workspace: its sessions, links and API keys of theirs end.
    pub disabled: Option<bool>,
}

/// What a workspace allows, and what it does where its workflows leave it to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Policy {
    /// Whether a workflow may be published although a path to a high-risk action passes no approval.
    pub allow_unguarded: bool,
    /// Who may try actions that change something, away from any run.
    pub try_writes: TryWrites,
    /// What customers who wait are told where a workflow leaves the words to the workspace.
    pub waiting_messages: WaitingMessages,
    /// The workflow that takes messages no other wants; null leaves them to people, in *Unanswered*.
    pub fallback_workflow: Option<String>,
}

/// What customers who wait are told; nothing where it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingMessages {
    /// While people decide; at most 1,000 characters.
    pub approval: String,
    /// When a run fails; at most 1,000 characters.
    pub failure: String,
}

impl Default for WaitingMessages {
    fn default() -> Self {
        let WaitingWords { approval, failure } = WaitingWords::default();
        Self { approval, failure }
    }
}

/// What of a policy changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyChange {
    /// See [`Policy::allow_unguarded`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_unguarded: Option<bool>,
    /// See [`Policy::try_writes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub try_writes: Option<TryWrites>,
    /// See [`Policy::waiting_messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_messages: Option<WaitingMessages>,
    /// See [`Policy::fallback_workflow`]; the empty text takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_workflow: Option<String>,
}

impl Policy {
    /// The policy with what changes.
    #[must_use]
    pub fn with(self, change: &PolicyChange) -> Self {
        Self {
            allow_unguarded: change.allow_unguarded.unwrap_or(self.allow_unguarded),
            try_writes: change.try_writes.unwrap_or(self.try_writes),
            waiting_messages: change.waiting_messages.clone().unwrap_or(self.waiting_messages),
            fallback_workflow: match &change.fallback_workflow {
                Some(workflow) => Some(workflow.clone()).filter(|workflow| !workflow.is_empty()),
                None => self.fallback_workflow,
            },
        }
    }
}

/// Who may send a call that changes something to try it. An action of high risk is sent by administrators at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TryWrites {
    /// Nobody: only what reads is sent.
    Nobody,
    /// Administrators.
    #[default]
    Admins,
    /// Builders too, but nothing of high risk.
    Builders,
}

/// The workspace and its policy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Workspace {
    /// Id.
    pub id: String,
    /// Word in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// What it allows.
    pub policy: Policy,
    /// Creation.
    pub created_at: i64,
}

/// Changes what is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWorkspaceRequest {
    /// Name, 1 to 200 characters.
    pub name: Option<String>,
    /// What it allows: what is given; the rest stays as it is.
    pub policy: Option<PolicyChange>,
}

/// One operation of the API and who may do it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Right {
    /// Its name.
    pub operation: String,
    /// HTTP method.
    pub method: String,
    /// Address.
    pub path: String,
    /// What it is about.
    pub subject: String,
    /// What it does, in one sentence.
    pub what: String,
    /// The least role that may; null for whoever knows the address, as customers do.
    pub role: Option<Role>,
    /// What it also takes, where the role alone does not decide.
    pub also: Option<String>,
}
