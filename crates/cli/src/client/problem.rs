//! Refusals of the server (RFC 9457), and the findings of its checks.

use super::text::at;
use crate::output::Exit;
use serde_json::Value;
use std::fmt;

/// A problem document.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Value);

impl Problem {
    /// Reads one; nothing when the bytes are something else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        (value.get("status")?.is_u64() && value.get("code")?.is_string()).then_some(Self(value))
    }

    /// Stable short name.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u64 {
        self.0.get("status").and_then(Value::as_u64).unwrap_or_default()
    }

    /// As the server said it.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.0
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
        let (title, detail, pointer) = (at(&self.0, "/title"), at(&self.0, "/detail"), at(&self.0, "/pointer"));
        let mut lines = vec![format!("error[{}]: {title}", self.code())];
        let fields = self.0.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        // A single field error says the same as the detail.
        let repeated = fields.iter().any(|field| at(field, "/message") == detail);
        if !detail.is_empty() && !detail.eq_ignore_ascii_case(title.trim_end_matches('.')) && !repeated {
            lines.push(if pointer.is_empty() { format!("    {detail}") } else { format!("    {pointer}: {detail}") });
        } else if !pointer.is_empty() && fields.is_empty() {
            lines.push(format!("    at {pointer}"));
        }
        for field in fields {
            let pointer = at(field, "/pointer");
            let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
            lines.push(format!("    {place}{}", at(field, "/message")));
        }
        if let Some(line) = self.0.get("line") {
            lines.push(format!("    line {line}, column {}", at(&self.0, "/column")));
        }
        if let Some(offered) = self.0.get("offered").and_then(Value::as_array) {
            let offered = offered.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            lines.extend((!detail.contains(&offered)).then(|| format!("    offered: {offered}")));
        }
        if let (outcome, Some(when)) = (at(&self.0, "/outcome"), self.0.get("decided_at").and_then(Value::as_i64)) {
            lines.push(format!("    it was {outcome} at {}", super::text::moment(when)));
        }
        lines.extend(diagnostics(&self.0).into_iter().map(|line| format!("    {line}")));
        for done in self.0.get("repeats").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
            let certain = done.get("certain").and_then(Value::as_bool).unwrap_or(true);
            let how = if certain { "was done" } else { "may have been done" };
            let (step, title, action) = (at(done, "/step"), at(done, "/title"), at(done, "/action"));
            lines.push(format!("    {title} ({action}) {how}: agree with --repeat {step}"));
        }
        match self.status() {
            401 => lines.push("    give an API key with --key or COUNTERSIGN_API_KEY".to_owned()),
            412 => lines.push("    somebody saved in between: look at what changed, then push again".to_owned()),
            _ => {}
        }
        lines
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Problem {}

/// The `diagnostics` of an answer, each with its help.
#[must_use]
pub fn diagnostics(answer: &Value) -> Vec<String> {
    let found = answer.get("diagnostics").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let line = |diagnostic: &Value| {
        let (pointer, help) = (at(diagnostic, "/pointer"), at(diagnostic, "/help"));
        let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
        let (severity, code) = (at(diagnostic, "/severity"), at(diagnostic, "/code"));
        let mut lines = vec![format!("{place}{severity}[{code}]: {}", at(diagnostic, "/message"))];
        lines.extend((!help.is_empty()).then(|| format!("    help: {help}")));
        lines
    };
    found.iter().flat_map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn problem(value: &Value) -> Problem {
        Problem::read(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn every_field_error_is_told_once() {
        let problem = problem(&json!({
            "type": "urn:countersign:problem:invalid_input", "title": "The input does not fit the workflow",
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
        assert_eq!(Problem::read(b"{\"error\":\"nginx\"}"), None);
        assert_eq!(Problem::read(b"<html>"), None);
    }
}
