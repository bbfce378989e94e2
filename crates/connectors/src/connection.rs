//! An account's settings and credentials for a connector.

use countersign_outbound::Mask;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// The name of an access token among the secrets; no manifest's secret is called so.
const ACCESS_TOKEN: &str = "oauth2/access_token";

/// One account at a service.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Id in its workspace. Empty of one that is only looked at.
    pub id: String,
    /// Name of the connector.
    pub connector: String,
    /// Name of the connection in its workspace.
    pub name: String,
    /// What is not secret; fits the manifest's settings schema.
    pub settings: Map<String, Value>,
    /// What is secret.
    pub secrets: Secrets,
    /// Names this account as it stands: another text after each change. Empty of one that is only looked at.
    pub revision: String,
}

/// Secret values by name. They can be put in, but only this crate's request building reads them; `Debug` shows names.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct Secrets(Arc<Inner>);

#[derive(Default)]
struct Inner {
    values: BTreeMap<String, String>,
    mask: Mask,
}

impl Secrets {
    /// Secrets of these names and values.
    #[must_use]
    pub fn new(values: BTreeMap<String, String>) -> Self {
        let mask = values.values().map(String::as_str).collect();
        Self(Arc::new(Inner { values, mask }))
    }

    /// The same with an access token, for connectors that take one by OAuth 2.0.
    #[must_use]
    pub fn with_access_token(&self, token: &str) -> Self {
        let mut values = self.0.values.clone();
        values.insert(ACCESS_TOKEN.to_owned(), token.to_owned());
        Self::new(values)
    }

    /// The access token, if there is one.
    pub(crate) fn access_token(&self) -> Option<&str> {
        self.get(ACCESS_TOKEN)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values.keys().map(String::as_str)
    }

    pub(crate) fn mask(&self) -> &Mask {
        &self.0.mask
    }
}

impl From<BTreeMap<String, String>> for Secrets {
    fn from(values: BTreeMap<String, String>) -> Self {
        Self::new(values)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self::new(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, "***"))).finish()
    }
}
