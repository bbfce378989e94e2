//! Errors as clients read them (RFC 9457).

use crate::{Diagnostic, TestResult, Workflow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem document (RFC 9457). Branch on `code`; `title` and `detail` are for people.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:countersign:problem:<code>`; of a run that gave no output `urn:countersign:problem:run_failed`, whatever the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable short name.
    pub code: String,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// JSON pointer into the request's body, or the name of a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Line of a syntax error, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column of a syntax error, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Each field that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
    /// What may be chosen instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<Vec<String>>,
    /// `already_decided`, `decision_held`, `run_over`: how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// `already_decided`, `decision_held`, `run_over`: by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// `already_decided`, `decision_held`, `run_over`: when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<i64>,
    /// `decision_held`: when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<i64>,
    /// `draft_changed`: the workflow as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Workflow>>,
    /// `would_repeat`: what would be done a second time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Vec<super::Repeat>>,
    /// `check_failed`: what the checks found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<Vec<Diagnostic>>,
    /// `tests_failed`: how the test cases went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<TestResult>>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the submitted values.
    pub pointer: String,
    /// For the person who filled it in.
    pub message: String,
}

/// By whom or what something was decided.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DecidedBy {
    /// User, key or customer id; null for a timeout.
    pub id: Option<String>,
    /// What people call them.
    pub name: String,
    /// How: portal, api, cli, conversation, link, timeout, cancel.
    pub via: Option<String>,
    /// Whose decision it was, when somebody decided for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<crate::PersonRef>,
}
