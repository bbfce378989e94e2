//! What actions exist and how dangerous they are: the part of a connector manifest that the document depends on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;

/// Member of an input that asks for all pages of a list, at most so many; actions whose list comes page by page take it.
pub const ALL_PAGES: &str = "all_pages";

/// The most pages that can be asked for.
pub const ALL_PAGES_MAX: u32 = 100;

/// How much harm an action can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Changes something that can be put right.
    Write,
    /// Moves money or cannot be undone: needs a person's approval on every path to it.
    High,
}

/// What the other side last said of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Nothing yet: nobody asked, or the connector has no way to ask.
    #[default]
    Untried,
    /// Its credentials hold.
    Sound,
    /// Its credentials were refused.
    Refused,
    /// An answer came, but it was a failure of another kind.
    Failing,
    /// No answer came.
    Unreachable,
}

/// How a repeat of the same call is recognised by the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Idempotency {
    /// A header carries the key; the other side answers a repeat with the first result.
    Header {
        /// The header's name, for example `Idempotency-Key`.
        name: String,
    },
    /// Repeating the call has the same effect as making it once (a read, a PUT of a whole value).
    Natural,
    /// A repeat would happen twice.
    None,
}

/// Risk that depends on one member of the input, as a method decides what a plain HTTP request does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskBy {
    /// Name of the input's member.
    pub member: String,
    /// The risk by that member's text; a text that is not here has the action's own risk.
    pub values: BTreeMap<String, Risk>,
}

impl RiskBy {
    /// The member of an input, or what is sent where it is left out; the input itself where it is no object.
    fn member<'a>(&self, input: &'a Value, schema: &'a Value) -> Option<&'a Value> {
        let default = || schema.get("properties")?.get(&self.member)?.get("default");
        match input {
            Value::Null => default(),
            Value::Object(members) => members.get(&self.member).or_else(default),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Some(input),
        }
    }

    fn listed(&self, text: &str) -> Option<Risk> {
        self.values.iter().find(|(value, _)| value.eq_ignore_ascii_case(text)).map(|(_, risk)| *risk)
    }
}

/// One action of a connector, as the checks and the run machine see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionSpec {
    /// `<connector>.<action>`.
    pub name: String,
    /// Human title.
    #[serde(default)]
    pub title: String,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// Where that depends on what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_by: Option<RiskBy>,
    /// How repeats are recognised.
    pub idempotency: Idempotency,
    /// The read action that tells whether a call with an unknown outcome took place, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up: Option<String>,
    /// JSON Schema of the input.
    pub input: Value,
    /// JSON Schema of the output.
    pub output: Value,
}

impl ActionSpec {
    /// How much harm a call that sends this can do.
    #[must_use]
    pub fn risk_of(&self, sent: &Value) -> Risk {
        let Some(by) = &self.risk_by else { return self.risk };
        match by.member(sent, &self.input) {
            None => self.risk,
            Some(Value::String(text)) => by.listed(text).unwrap_or(self.risk),
            Some(_) => self.worst_risk(),
        }
    }

    /// How much harm a step can do whose input is written so: where that is not known before the run (a template), the worst.
    #[must_use]
    pub fn risk_as_written(&self, input: &Value) -> Risk {
        let template = |by: &RiskBy| {
            let member = by.member(input, &self.input);
            member.and_then(Value::as_str).is_some_and(|text| text.contains("{{"))
        };
        if self.risk_by.as_ref().is_some_and(template) { self.worst_risk() } else { self.risk_of(input) }
    }

    /// How much harm it can do at the worst.
    #[must_use]
    pub fn worst_risk(&self) -> Risk {
        let listed = self.risk_by.iter().flat_map(|by| by.values.values());
        listed.copied().fold(self.risk, Risk::max)
    }

    /// Whether sending the same call again is harmless.
    #[must_use]
    pub fn repeatable(&self, input: &Value) -> bool {
        match self.idempotency {
            Idempotency::Header { .. } | Idempotency::Natural => true,
            Idempotency::None => self.risk_of(input) == Risk::Read,
        }
    }
}

/// Every action a document may name, by `<connector>.<action>`. Actions are shared: a catalogue is cheap to put together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    actions: BTreeMap<String, Arc<ActionSpec>>,
}

impl Catalogue {
    /// A catalogue of these actions; a later one of the same name wins.
    pub fn new(actions: impl IntoIterator<Item = ActionSpec>) -> Self {
        Self::of(actions.into_iter().map(Arc::new))
    }

    /// As [`Catalogue::new`], of actions that others have too.
    pub fn of(actions: impl IntoIterator<Item = Arc<ActionSpec>>) -> Self {
        Self { actions: actions.into_iter().map(|action| (action.name.clone(), action)).collect() }
    }

    /// The action of that full name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&ActionSpec> {
        self.actions.get(name).map(Arc::as_ref)
    }

    /// The same, shared.
    pub(crate) fn shared(&self, name: &str) -> Option<Arc<ActionSpec>> {
        self.actions.get(name).cloned()
    }

    /// All actions in order of name.
    pub fn actions(&self) -> impl Iterator<Item = &ActionSpec> {
        self.actions.values().map(Arc::as_ref)
    }
}
