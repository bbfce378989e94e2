//! The accounts behind the connections that guarded requests go through.

use std::collections::BTreeMap;

/// Each account as it stands: another text after each change of its address, settings or secrets, or when the name leads to
/// another account. Known to the shell only; a decision is handed what holds in that moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts(BTreeMap<(String, Option<String>), String>);

impl Accounts {
    /// Nothing is known, as in a rehearsal.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Notes what an action of this connector reaches through this connection.
    pub fn note(&mut self, connector: &str, connection: Option<&str>, account: String) {
        self.0.insert((connector.to_owned(), connection.map(str::to_owned)), account);
    }

    /// What an action reaches.
    #[must_use]
    pub fn behind(&self, action: &str, connection: Option<&str>) -> Option<&str> {
        let key = (connector_of(action).to_owned(), connection.map(str::to_owned));
        self.0.get(&key).map(String::as_str)
    }
}

/// The connector of `<connector>.<action>`.
#[must_use]
pub fn connector_of(action: &str) -> &str {
    action.split('.').next().unwrap_or_default()
}
