//! Connectors a workspace brought, and the revisions of all that its versions use.

use super::row;

row! {
    /// One manifest as it was; never changed.
    pub struct ConnectorRevisionRow in "connector_revisions" key(workspace, name, revision) {
        /// Workspace.
        pub workspace: String,
        /// Connector name.
        pub name: String,
        /// 1… per workspace and name.
        pub revision: u32,
        /// SHA-256 hex of the manifest.
        pub hash: String,
        /// JSON.
        pub manifest: String,
        /// When.
        pub created_at: i64,
        /// Who: `user:<id>`, `key:<id>`, `system`.
        pub created_by: String,
    }
}

row! {
    /// A connector that a workspace brought.
    pub struct ConnectorRow in "connectors" key(workspace, name) {
        /// Workspace.
        pub workspace: String,
        /// Connector name.
        pub name: String,
        /// The revision new versions are published with.
        pub revision: u32,
        /// When it was put in.
        pub updated_at: i64,
    }
}
