//! Access tokens of connections, and people who are on their way to agree to them.

use super::{row, text_enum};

text_enum! {
    /// How a connection's tokens stand.
    pub enum TokenStatus {
        /// They are used.
        Connected = "connected",
        /// What was agreed to is over: a person has to agree anew.
        Reconnect = "reconnect",
        /// The client is refused: somebody has to correct the connection.
        Refused = "refused",
    }
}

row! {
    /// The tokens of a connection. They are no part of what approvals are bound to.
    pub struct ConnectionTokenRow in "connection_tokens" key(workspace, connection) {
        /// Workspace.
        pub workspace: String,
        /// Connection id.
        pub connection: String,
        /// Names what was agreed to: another text each time somebody agrees.
        pub granted: String,
        /// Names the client they were given to; of no use to another.
        pub client: String,
        /// How they stand.
        pub status: TokenStatus,
        /// Why they are not used; empty when they are.
        pub reason: String,
        /// Encrypted tokens; empty before the first.
        pub sealed: String,
        /// Number of the tokens: grows with each refresh.
        pub seq: i64,
        /// When the access token ends; absent when its server does not say.
        pub expires_at: Option<i64>,
        /// What was agreed to, in the server's words.
        pub scope: String,
        /// When somebody agreed.
        pub connected_at: i64,
        /// Who; empty where nobody has to.
        pub connected_by: String,
        /// When these tokens came.
        pub refreshed_at: i64,
        /// Who refreshes them; empty when nobody does.
        pub lease: String,
        /// Until then, by the clock of the database, nobody else refreshes them.
        pub lease_until: i64,
        /// Refreshes that began and of which nobody said what came of them.
        pub doubts: i64,
    }
}

row! {
    /// A person on the way to agree, at the page of a service.
    pub struct AuthorizationRow in "authorizations" key(workspace, state_hash) {
        /// Workspace.
        pub workspace: String,
        /// SHA-256 hex of the state that the person comes back with.
        pub state_hash: String,
        /// Connection id.
        pub connection: String,
        /// User id.
        pub person: String,
        /// SHA-256 hex of the session it belongs to.
        pub session: String,
        /// Encrypted: the PKCE verifier and where the person comes back to.
        pub sealed: String,
        /// Not taken after this time.
        pub expires_at: i64,
    }
}
