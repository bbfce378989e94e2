//! Refusals of the server (RFC 9457), and the findings of its checks.

use super::text::{moment, word};
use crate::output::Exit;
use countersign_api as api;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// A problem document, and what it says.
#[derive(Debug, Clone)]
pub struct Problem {
    told: Box<api::Problem>,
    document: Value,
}

impl Problem {
    /// Reads one; nothing when the bytes are something else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(bytes).ok()?;
        let told = Box::new(api::Problem::deserialize(&document).ok()?);
        Some(Self { told, document })
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.told.status
    }

    /// As the server said it.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// A refusal is a no, a parameter that makes no sense is wrong usage, anything else could not be done.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.status() {
            400 => Exit::Usage,
            403 | 409 | 412 | 422 => Exit::No,
            _ => Exit::CouldNot,
        }
    }

    fn lines(&self) -> Vec<String> {
        let told = &self.told;
        let mut lines = vec![format!("error[{}]: {}", told.code, told.title)];
        lines.extend(self.detail());
        for api::FieldError { pointer, message } in told.errors.iter().flatten() {
            let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
            lines.push(format!("    {place}{message}"));
        }
        if let Some(line) = told.line {
            lines.push(format!("    line {line}, column {}", told.column.unwrap_or_default()));
        }
        if let Some(offered) = told.offered.as_ref().map(|offered| offered.join(", ")) {
            let repeated = told.detail.as_ref().is_some_and(|detail| detail.contains(&offered));
            lines.extend((!repeated).then(|| format!("    offered: {offered}")));
        }
        if let (Some(outcome), Some(when)) = (&told.outcome, told.decided_at) {
            lines.push(format!("    it was {outcome} at {}", moment(when)));
        }
        let findings = diagnostics(told.diagnostics.as_deref().unwrap_or_default());
        lines.extend(findings.into_iter().map(|line| format!("    {line}")));
        for api::Repeat { step, title, action, certain, .. } in told.repeats.iter().flatten() {
            let how = if *certain { "was done" } else { "may have been done" };
            lines.push(format!("    {title} ({action}) {how}: agree with --repeat {step}"));
        }
        match told.status {
            401 => lines.push("    give an API key with --key or COUNTERSIGN_API_KEY".to_owned()),
            412 => lines.push("    somebody saved in between: look at what changed, then push again".to_owned()),
            _ => {}
        }
        lines
    }

    /// What it says more than its title, and where.
    fn detail(&self) -> Option<String> {
        let api::Problem { title, detail, pointer, errors, .. } = &*self.told;
        let (detail, pointer) = (detail.as_deref().unwrap_or_default(), pointer.as_deref().unwrap_or_default());
        // A single field error says the same as the detail.
        let repeated = errors.iter().flatten().any(|field| field.message == detail);
        if !detail.is_empty() && !detail.eq_ignore_ascii_case(title.trim_end_matches('.')) && !repeated {
            return Some(if pointer.is_empty() { format!("    {detail}") } else { format!("    {pointer}: {detail}") });
        }
        let nowhere_else = errors.as_ref().is_none_or(Vec::is_empty);
        (!pointer.is_empty() && nowhere_else).then(|| format!("    at {pointer}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Problem {}

/// Findings of the checks, each with its help.
#[must_use]
pub fn diagnostics(found: &[api::Diagnostic]) -> Vec<String> {
    let line = |diagnostic: &api::Diagnostic| {
        let api::Diagnostic { code, severity, pointer, message, help } = diagnostic;
        let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
        let help = help.as_ref().filter(|help| !help.is_empty()).map(|help| format!("    help: {help}"));
        [format!("{place}{}[{code}]: {message}", word(severity))].into_iter().chain(help)
    };
    found.iter().flat_map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn problem(value: &Value) -> Problem {
        let mut value = value.clone();
        value["type"] = json!("urn:countersign:problem:some");
        Problem::read(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn every_field_error_is_told_once() {
        let problem = problem(&json!({
            "title": "The input does not fit the workflow",
            "status": 422, "code": "invalid_input",
            "errors": [{ "pointer": "/email", "message": "is required" }, { "pointer": "", "message": "too many members" }],
        }));
        let expected = "error[invalid_input]: The input does not fit the workflow\n    /email: is required\n    \
                        too many members";
        assert_eq!(problem.to_string(), expected);
        assert_eq!(problem.exit(), Exit::No);
    }

    #[test]
    fn a_detail_that_repeats_its_field_is_left_out() {
        let problem = problem(&json!({
            "title": "The request does not fit", "status": 422, "code": "invalid_request", "detail": "unknown field `x`",
            "pointer": "/x", "errors": [{ "pointer": "/x", "message": "unknown field `x`" }],
        }));
        assert_eq!(problem.to_string(), "error[invalid_request]: The request does not fit\n    /x: unknown field `x`");
    }

    #[test]
    fn findings_of_the_checks_come_with_their_help() {
        let problem = problem(&json!({
            "title": "The checks failed", "status": 422, "code": "check_failed",
            "diagnostics": [{ "code": "unguarded", "severity": "error", "pointer": "/steps/execute",
                "message": "no approval guards this", "help": "put an approval before it" }],
        }));
        assert_eq!(
            problem.to_string(),
            "error[check_failed]: The checks failed\n    /steps/execute: error[unguarded]: no approval guards this\n        \
             help: put an approval before it"
        );
    }

    #[test]
    fn nothing_is_said_twice() {
        let over = problem(
            &json!({ "title": "The run is over", "status": 409, "code": "run_over", "detail": "the run is over" }),
        );
        assert_eq!(over.to_string(), "error[run_over]: The run is over");
        let offered = problem(
            &json!({ "title": "This outcome is not offered", "status": 422, "code": "outcome_not_offered",
            "detail": "choose one of approved, rejected", "pointer": "/outcome", "offered": ["approved", "rejected"] }),
        );
        let expected =
            "error[outcome_not_offered]: This outcome is not offered\n    /outcome: choose one of approved, rejected";
        assert_eq!(offered.to_string(), expected);
    }

    #[test]
    fn the_exit_tells_a_no_from_a_failure() {
        let exit = |status: u16| problem(&json!({ "title": "t", "status": status, "code": "c" })).exit();
        assert_eq!(exit(400), Exit::Usage);
        assert_eq!(exit(409), Exit::No);
        assert_eq!(exit(403), Exit::No);
        assert_eq!(exit(401), Exit::CouldNot);
        assert_eq!(exit(404), Exit::CouldNot);
        assert_eq!(exit(503), Exit::CouldNot);
    }

    #[test]
    fn other_json_is_no_problem() {
        assert!(Problem::read(b"{\"error\":\"nginx\"}").is_none());
        assert!(Problem::read(b"<html>").is_none());
    }
}
