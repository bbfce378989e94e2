//! Who did something, and how they were identified.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a person or program reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Signed in to the portal.
    Portal,
    /// An API key.
    Api,
    /// The command line.
    Cli,
    /// The customer, in the conversation.
    Conversation,
    /// A personal single-use link.
    Link,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// User, key or customer id.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// E-mail address, when known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Workspace role and groups, all in one list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// How they were identified.
    pub via: Via,
    /// Of an API key: the user who made it. Empty when the id is the person's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub made_by: String,
}

impl Actor {
    /// The person behind it: where people are counted, a key is who made it.
    #[must_use]
    pub fn person(&self) -> &str {
        if self.made_by.is_empty() { &self.id } else { &self.made_by }
    }
}
