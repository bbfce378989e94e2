//! The accounts behind the connections that guarded requests go through.

use serde::{Deserialize, Serialize};
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

/// Through which accounts a version's calls go, chosen when it was published: by connector and by the name a step says,
/// which is empty where it says none. Whatever is added, renamed or removed later, a run goes on through these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenAccounts(BTreeMap<String, BTreeMap<String, Option<String>>>);

impl ChosenAccounts {
    /// Notes the choice: an account's id, or none at all.
    pub fn choose(&mut self, connector: &str, named: Option<&str>, account: Option<String>) {
        self.0.entry(connector.to_owned()).or_default().insert(named.unwrap_or_default().to_owned(), account);
    }

    /// What was chosen; nothing where there was nothing to choose yet.
    #[must_use]
    pub fn chosen(&self, connector: &str, named: Option<&str>) -> Option<Option<&str>> {
        self.0.get(connector)?.get(named.unwrap_or_default()).map(Option::as_deref)
    }
}

/// The connector of `<connector>.<action>`.
#[must_use]
pub fn connector_of(action: &str) -> &str {
    action.split('.').next().unwrap_or_default()
}
