//! What is played: how a run begins, and what people, clock and services do then.

use crate::{
    approval::Edits,
    document::StepId,
    log::FailureClass,
    run::{Actor, UnknownAnswer, Via},
    time::{Span, Timestamp},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The most acts of one script.
pub const ACTS_MAX: usize = 500;

/// A rehearsal as it is kept: how a run begins, and what people, clock and services do then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What sets the run off.
    #[serde(default)]
    pub opening: Opening,
    /// What happens then, in order; at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
}

/// What sets a rehearsed run off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What the customer writes first; absent for a start by hand or API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The run's input.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// The customer: `name`, `email`, `phone`, `telegram` and data of their own.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<Map<String, Value>>)]
    pub customer: Map<String, Value>,
    /// Who starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Persona>,
    /// When it starts; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub at: Option<Timestamp>,
}

/// A person who is played.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What people call them.
    pub name: String,
    /// E-mail address.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    #[schema(value_type = Option<String>)]
    pub email: String,
    /// Role and groups.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    pub roles: Vec<String>,
}

impl Persona {
    pub(super) fn actor(&self) -> Actor {
        let id = if self.email.is_empty() { self.name.to_lowercase() } else { self.email.to_lowercase() };
        Actor {
            id,
            name: self.name.clone(),
            email: self.email.clone(),
            roles: self.roles.clone(),
            via: Via::Portal,
            made_by: String::new(),
            signed_in_at: None,
            on_behalf_of: None,
        }
    }
}

/// One thing that happens in a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The customer writes.
    Says {
        /// The words.
        text: String,
    },
    /// The customer sends the form.
    Submits {
        /// The answers.
        values: Value,
    },
    /// An operator decides an approval.
    Decides {
        /// approved, rejected or changes.
        outcome: String,
        /// Their words.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
        #[schema(value_type = Option<String>)]
        comment: String,
        /// Who; somebody who may, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
        /// What they change in the requests they approve: by guarded step, by JSON pointer into its input.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
        #[schema(value_type = Option<BTreeMap<String, Map<String, Value>>>)]
        edits: Edits,
        /// What they fill in with a yes.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        values: Value,
    },
    /// An operator hands the conversation back.
    HandsBack {
        /// `returned` or a named outcome.
        outcome: String,
        /// Their words.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
        #[schema(value_type = Option<String>)]
        comment: String,
        /// Who; some operator when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
        /// What they fill in.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        values: Value,
    },
    /// An operator says what became of a call with an unknown outcome.
    Resolves {
        /// What they found.
        answer: UnknownAnswer,
        /// Their words.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
        #[schema(value_type = Option<String>)]
        comment: String,
    },
    /// Time passes; it stops where a call wants its answer.
    Waits {
        /// How long, for example `4h`; until the next timer when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        duration: Option<Span>,
    },
    /// The call under way is answered.
    Answers {
        /// The step that calls; refused when it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        step: Option<StepId>,
        /// With what.
        answer: Answer,
    },
    /// Somebody stops the run.
    Cancels {
        /// Why.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
        #[schema(value_type = Option<String>)]
        reason: String,
    },
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Made from the action's schema.
    Sample,
    /// From a run that took place.
    Recorded,
    /// The service itself answered.
    Real,
}

/// How a call is answered in a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Well.
    Output {
        /// The action's output.
        output: Value,
        /// Where it came from; typed by hand when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Given>,
    },
    /// Badly.
    Error {
        /// What it allows; fatal when absent.
        #[serde(default = "fatal", deserialize_with = "or_fatal")]
        #[schema(value_type = Option<FailureClass>)]
        class: FailureClass,
        /// Stable short name, for example `http_404`.
        code: String,
        /// For people.
        #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
        #[schema(value_type = Option<String>)]
        message: String,
        /// Whatever the other side said.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        details: Value,
        /// Where it came from; typed by hand when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Given>,
    },
    /// Not at all.
    Timeout,
    /// A look-up found that the call took place.
    Happened {
        /// What the call would have answered.
        output: Value,
    },
    /// A look-up found that it did not.
    DidNotHappen,
    /// A look-up could not tell.
    Unclear,
}

fn fatal() -> FailureClass {
    FailureClass::Fatal
}

fn or_fatal<'de, D: Deserializer<'de>>(from: D) -> Result<FailureClass, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_else(fatal))
}

/// What is null is not set.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
