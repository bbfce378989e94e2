//! What each action of a connector is asked, sends, is answered and gives: tables in YAML, one a connector.
#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use countersign_connectors::Connection;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub settings: Map<String, Value>,
    pub secrets: BTreeMap<String, String>,
    /// Headers that each request has.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// By the part of an action's name after the connector's.
    pub actions: BTreeMap<String, Case>,
    /// All pages of lists.
    #[serde(default)]
    pub pages: BTreeMap<String, Pages>,
    #[serde(default)]
    pub failures: Vec<Failing>,
}

/// An action with its input; where the service is invented here also what is sent, answered and given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub input: Value,
    /// Method, path and query.
    pub request: Option<String>,
    /// As JSON, or as text where it is a form.
    #[serde(default)]
    pub body: Value,
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub output: Value,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, headers: BTreeMap::new(), body: Value::Null }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    pub input: Value,
    /// Each request with its answer; `{base}` in a header or text is the service's address.
    pub exchanges: Vec<Exchange>,
    pub output: Value,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub request: String,
    #[serde(default)]
    pub sent: Value,
    pub answer: Answer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    pub action: String,
    pub answer: Answer,
    pub code: String,
    /// As the record has it: `retryable`, `unknown` or `fatal`.
    pub class: String,
    pub message: String,
    #[serde(default)]
    pub retry_after_seconds: Option<u64>,
}

impl Table {
    /// Of that connector, where there is one.
    pub fn of(connector: &str) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/contracts/{connector}.yaml"));
        let text = std::fs::read_to_string(path).ok()?;
        Some(serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{connector}.yaml: {error}")))
    }

    pub fn connection(&self, connector: &str, base_url: Option<&str>) -> Connection {
        let mut settings = self.settings.clone();
        if let Some(url) = base_url {
            settings.insert("base_url".to_owned(), Value::from(url));
            for (_, other) in settings.iter_mut().filter(|(name, _)| name.ends_with("_url")) {
                *other = Value::from(url);
            }
        }
        Connection {
            id: String::new(),
            connector: connector.to_owned(),
            name: "main".to_owned(),
            settings,
            secrets: self.secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            revision: String::new(),
        }
    }
}
