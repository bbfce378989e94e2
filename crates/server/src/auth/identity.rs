//! Who somebody is, whatever they showed for it.

use countersign_core::run::Actor;
use countersign_store::{Role, WorkspaceRow};

/// How the caller was identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The session cookie; SHA-256 hex of its secret.
    Session(String),
    /// An API key, by id.
    ApiKey(String),
}

/// Who somebody is, in one workspace.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) credential: Credential,
    pub(crate) workspace: WorkspaceRow,
    pub(crate) actor: Actor,
    pub(crate) role: Role,
    pub(crate) groups: Vec<String>,
    /// Whether they decide: people do, an API key only when it was made for that.
    pub(crate) decides: bool,
    /// When they gave their password; never, of an API key.
    pub(crate) signed_in_at: Option<i64>,
    /// When the credential ends by itself, milliseconds since the epoch.
    pub(super) expires_at: Option<i64>,
    /// The user behind it: of an API key, who made it; empty when the installation did.
    pub(crate) person: String,
}
