//! What goes into a call and what comes out of it.

use crate::connection::Connection;
use countersign_core::log::FailureClass;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// One call of an action.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `<connector>.<action>`.
    pub action: &'a str,
    /// The input; checked against the action's schema.
    pub input: &'a Value,
    /// Idempotency key, at most 255 characters; the same on every attempt.
    pub key: &'a str,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// Credentials and settings; the manifest's defaults when absent.
    pub connection: Option<&'a Connection>,
    /// Whether it was sent before and may have taken place.
    pub repeated: bool,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallOutcome {
    /// It took place.
    Succeeded {
        /// The action's output, without secrets.
        output: Value,
        /// What went over the wire, without secrets.
        exchange: Exchange,
    },
    /// It failed, or nobody knows.
    Failed {
        /// Why, and what may be done about it.
        error: CallError,
        /// What went over the wire, without secrets; absent when nothing was about to be sent.
        exchange: Option<Exchange>,
    },
}

impl CallOutcome {
    /// What went over the wire; absent when nothing was about to be sent.
    #[must_use]
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Succeeded { exchange, .. } => Some(exchange),
            Self::Failed { exchange, .. } => exchange.as_ref(),
        }
    }

    /// Whether the credentials were refused and the call certainly did not take place: it may be sent with others.
    #[must_use]
    pub fn refused_credentials(&self) -> bool {
        match self {
            Self::Succeeded { .. } => false,
            Self::Failed { error, exchange } => {
                error.class != FailureClass::Unknown
                    && exchange.as_ref().is_some_and(|exchange| exchange.status == Some(401))
            }
        }
    }
}

/// Why a call failed. Holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    /// What it allows.
    pub class: FailureClass,
    /// Stable short name: the service's own code where it gave one, else `http_404`, `timeout`, `connect`,
    /// `input_invalid` and the like.
    pub code: String,
    /// For people.
    pub message: String,
    /// Whatever else is known, for example the body of the answer.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
    /// How long the other side asked to wait, at most a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl CallError {
    pub(crate) fn new(class: FailureClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, code: code.into(), message: message.into(), details: Value::Null, retry_after_seconds: None }
    }

    pub(crate) fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FailureClass::Fatal, code, message)
    }
}

/// A request as approvers and the history see it: secrets are `***`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedRequest {
    /// HTTP method.
    pub method: String,
    /// Whole URL with its query.
    pub url: String,
    /// Headers by lower-case name. Before sending, the idempotency key reads `(set when sent)`.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON before it is encoded; a string when it is text, null when there is none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// What went over the wire, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Status of the answer; absent when none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The request, with the idempotency key it had.
    pub request: RenderedRequest,
    /// Those headers of the answer that help to explain it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_headers: BTreeMap<String, String>,
    /// The body of the answer as text, at most 64 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response_body: String,
    /// Whether the body was longer than what is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub response_truncated: bool,
    /// How long it took, milliseconds; all pages together.
    pub duration_ms: u64,
    /// Where all pages were asked for: how many requests were sent. What is kept here is the first of a call that went
    /// well, the last of one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
}

/// Whether a call with an unknown outcome took place.
#[derive(Debug, Clone, PartialEq)]
pub enum LookUp {
    /// It did; this is its output as far as the look-up shows it.
    Happened(Value),
    /// It did not.
    DidNotHappen,
    /// The action has no look-up, or the look-up failed: ask a person.
    Unknown,
}
