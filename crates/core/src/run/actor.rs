//! Who did something, and how they were identified.

use crate::time::Timestamp;
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
    /// What they allowed in advance.
    Standing,
    /// A button of a message in Slack or Telegram, by the account they have there.
    Channel,
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
    /// When they gave their password, where what they did takes that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// Whose decision it is, when somebody else was to decide while they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Box<Represented>>,
}

/// Somebody for whom another person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Represented {
    /// User id.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Their workspace role and groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

impl Actor {
    /// The same person, deciding for another.
    #[must_use]
    pub fn representing(&self, other: &Self) -> Self {
        let Self { id, name, email, roles, .. } = other.clone();
        Self { on_behalf_of: Some(Box::new(Represented { id, name, email, roles })), ..self.clone() }
    }

    /// The people in whose names it is done: their own, and whom they stand in for.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        [self.person()].into_iter().chain(self.on_behalf_of.as_ref().map(|other| other.id.as_str()))
    }

    /// The role and groups that count: of whom they stand in for.
    #[must_use]
    pub fn counted_roles(&self) -> &[String] {
        self.on_behalf_of.as_ref().map_or(&self.roles, |other| &other.roles)
    }

    /// The e-mail address that counts: of whom they stand in for.
    #[must_use]
    pub fn counted_email(&self) -> &str {
        self.on_behalf_of.as_ref().map_or(&self.email, |other| &other.email)
    }

    /// The person behind it: where people are counted, a key is who made it.
    #[must_use]
    pub fn person(&self) -> &str {
        if self.made_by.is_empty() { &self.id } else { &self.made_by }
    }
}
