//! What is played: how a run begins, and what people, clock and services do then.

use crate::{
    approval::Edits,
    document::StepId,
    log::FailureClass,
    run::{Actor, UnknownAnswer, Via},
    time::{Span, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most acts of one script.
pub const ACTS_MAX: usize = 500;

/// A rehearsal as it is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What sets the run off.
    #[serde(default)]
    pub opening: Opening,
    /// What happens then, in order; at most [`ACTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
}

/// What sets the run off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What the customer writes first; the run starts when a message trigger wants it. Absent for a start by hand or API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The run's input.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// The customer: `name`, `email`, `phone`, `telegram` and data of their own.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub customer: Map<String, Value>,
    /// Who starts it, for approvals that exclude the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Persona>,
    /// When it starts, milliseconds since the epoch; the caller's now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A person who is played.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What people call them.
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Role and groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
            on_behalf_of: None,
        }
    }
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        /// `approved`, `rejected` or `changes`.
        outcome: String,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// Who; somebody who may, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
        /// What they change in the requests they approve.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
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
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// Who; some operator when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Persona>,
    },
    /// An operator says what became of a call with an unknown outcome.
    Resolves {
        /// What they found.
        answer: UnknownAnswer,
        /// Their words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// Time passes: timers that fall due fire on the way. It stops where a call wants its answer.
    Waits {
        /// How long; until the next timer when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duration: Option<Span>,
    },
    /// The call under way is answered.
    Answers {
        /// The step that calls; refused when it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// With what.
        answer: Answer,
    },
    /// Somebody stops the run.
    Cancels {
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
}

/// Where an output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Made from the action's schema.
    Sample,
    /// From a run that took place.
    Recorded,
    /// The service itself answered.
    Real,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        /// What it allows.
        #[serde(default = "fatal")]
        class: FailureClass,
        /// Stable short name, for example `http_404`.
        code: String,
        /// For people.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// Whatever the other side said.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        details: Value,
        /// Where it came from; typed by hand when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<Given>,
    },
    /// Not at all: the request left and nothing came back in time.
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
