//! An account's settings and credentials for a connector.

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// One account at a service.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Name of the connector.
    pub connector: String,
    /// Name of the connection in its workspace.
    pub name: String,
    /// What is not secret; fits the manifest's settings schema.
    pub settings: Map<String, Value>,
    /// What is secret.
    pub secrets: Secrets,
}

/// Secret values by name. They can be put in, but only this crate's request building reads them; `Debug` shows names.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct Secrets(Arc<Inner>);

#[derive(Default)]
struct Inner {
    values: BTreeMap<String, String>,
    /// Every spelling of a value that may turn up in a text, longest first.
    spellings: Vec<String>,
}

/// Values shorter than this are not searched for in texts: they would blot out innocent ones.
const SEARCHED_LENGTH_MIN: usize = 4;

impl Secrets {
    /// Secrets of these names and values.
    #[must_use]
    pub fn new(values: BTreeMap<String, String>) -> Self {
        let mut spellings: Vec<String> = values.values().flat_map(|value| spellings_of(value)).collect();
        spellings.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        Self(Arc::new(Inner { values, spellings }))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values.keys().map(String::as_str)
    }

    pub(crate) fn spellings(&self) -> &[String] {
        &self.0.spellings
    }
}

/// The value as it reads raw, inside JSON, inside a URL or form, and in Base64.
pub(crate) fn spellings_of(value: &str) -> Vec<String> {
    if value.len() < SEARCHED_LENGTH_MIN {
        return Vec::new();
    }
    let json = Value::from(value).to_string();
    vec![
        value.to_owned(),
        json[1..json.len() - 1].to_owned(),
        utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(value, crate::form::RESERVED).to_string(),
        BASE64_STANDARD.encode(value),
    ]
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
